#include <rekindle/littlefs.h>

#include "base/bytes.h"
#include "base/text.h"
#include "config/littlefs_log.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR    4096u
#define BLOCK_MIN 128u
#define BLOCK_MAX 65536u
#define FILES_MAX 4096u
#define DEPTH_MAX 16u
#define SLOTS_MAX 0x3FFu
#define PATH_MAX_ 512u
#define CONTENTS  (16u << 20)

/* A file or folder of one metadata pair while its log is read. */
struct slot {
    uint16_t type; /* RK_LFS_REG, _DIR, _SUPERBLOCK; 0 = has no name (yet) */
    uint16_t form; /* RK_LFS_DIRSTRUCT, ... */
    uint32_t name, name_len;
    uint32_t data, data_len; /* where its structure is in the block */
};

/* What one metadata pair says, after all its commits. */
struct pair {
    const uint8_t *block;
    struct slot slots[SLOTS_MAX];
    size_t count;
    uint32_t tail[2];
    uint16_t tail_type; /* 0 = none */
    uint32_t move[3];   /* its part of the move that was going on */
};

/* Where the contents of a file are. */
struct contents {
    const uint8_t *inline_at; /* in a metadata block, else NULL */
    uint32_t head;            /* last block of a chain */
    uint32_t size;
};

struct rk_littlefs {
    const uint8_t *data; /* the first block */
    struct rk_littlefs_facts facts;
    struct rk_littlefs_file *files;
    struct contents *contents;
    size_t count, room;
    uint32_t root[2];
    uint32_t move[3]; /* a move that was not completed: its source counts as deleted */
    bool failed;      /* out of memory */
    uint32_t steps;   /* metadata pairs visited: folders that contain themselves come to an end */
    struct pair *scratch;
};

static const uint8_t *block_at(const struct rk_littlefs *fs, uint32_t index)
{
    return index < fs->facts.available ? fs->data + (size_t)index * fs->facts.block_size : NULL;
}

/* ---- one metadata pair ---- */

static void splice(struct pair *p, const struct rk_lfs_tag *tag)
{
    if (tag->type == RK_LFS_CREATE && tag->id <= p->count && p->count < SLOTS_MAX) {
        memmove(p->slots + tag->id + 1, p->slots + tag->id,
                (p->count - tag->id) * sizeof p->slots[0]);
        memset(&p->slots[tag->id], 0, sizeof p->slots[0]);
        p->count++;
    } else if (tag->type == RK_LFS_DELETE && tag->id < p->count) {
        p->count--;
        memmove(p->slots + tag->id, p->slots + tag->id + 1,
                (p->count - tag->id) * sizeof p->slots[0]);
    }
}

/* The slot a tag speaks of; a log that was written anew names files without creating them. */
static struct slot *slot_of(struct pair *p, uint16_t id)
{
    if (id >= SLOTS_MAX)
        return NULL;
    while (p->count <= id)
        memset(&p->slots[p->count++], 0, sizeof p->slots[0]);
    return &p->slots[id];
}

static void apply(void *user, const struct rk_lfs_tag *tag)
{
    struct pair *p = user;
    uint16_t kind = tag->type & 0x700;
    struct slot *slot;

    if (kind == 0x400) {
        splice(p, tag);
    } else if (kind == 0x000 && tag->size != RK_LFS_NONE && (slot = slot_of(p, tag->id))) {
        slot->type = tag->type;
        slot->name = tag->at;
        slot->name_len = tag->size;
    } else if (kind == 0x200 && tag->size != RK_LFS_NONE && (slot = slot_of(p, tag->id))) {
        slot->form = tag->type;
        slot->data = tag->at;
        slot->data_len = tag->size;
    } else if (kind == 0x600 && tag->size == 8) {
        p->tail_type = tag->type;
        p->tail[0] = rk_get_le32(p->block + tag->at);
        p->tail[1] = rk_get_le32(p->block + tag->at + 4);
    } else if (tag->type == RK_LFS_MOVESTATE && tag->size == 12) {
        for (unsigned i = 0; i < 3; i++)
            p->move[i] = rk_get_le32(p->block + tag->at + 4 * i);
    }
}

/* Reads a pair: of its two blocks the one that is whole, and newer. */
static bool read_pair(const struct rk_littlefs *fs, const uint32_t at[2], struct pair *out)
{
    const uint8_t *best = NULL;
    uint32_t newest = 0, revision;

    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *block = block_at(fs, at[i]);
        if (!block || !rk_lfs_log(block, fs->facts.block_size, &revision, NULL, NULL))
            continue;
        if (!best || (int32_t)(revision - newest) > 0) {
            best = block;
            newest = revision;
        }
    }
    memset(out, 0, sizeof *out);
    if (!best)
        return false;
    out->block = best;
    return rk_lfs_log(best, fs->facts.block_size, &revision, apply, out);
}

static const struct slot *superblock_of(const struct pair *p)
{
    const struct slot *s = p->count ? &p->slots[0] : NULL;

    return s && s->type == RK_LFS_SUPERBLOCK && s->name_len == 8 && s->data_len >= 12 &&
                   s->form == RK_LFS_INLINESTRUCT && memcmp(p->block + s->name, "littlefs", 8) == 0
               ? s
               : NULL;
}

/* ---- the whole ---- */

/* Follows the list of all pairs: the last one with a superblock is the root, and together they say
 * what was being moved. */
static bool mount(struct rk_littlefs *fs)
{
    uint32_t at[2] = {0, 1};
    bool found = false;

    for (uint32_t i = 0; i <= fs->facts.available; i++) {
        if (!read_pair(fs, at, fs->scratch))
            break;
        if (superblock_of(fs->scratch)) {
            memcpy(fs->root, at, sizeof at);
            found = true;
        }
        for (unsigned k = 0; k < 3; k++)
            fs->move[k] ^= fs->scratch->move[k];
        if (!fs->scratch->tail_type)
            break;
        memcpy(at, fs->scratch->tail, sizeof at);
    }
    return found;
}

static bool is_moved_away(const struct rk_littlefs *fs, const uint32_t at[2], size_t id)
{
    uint32_t type = fs->move[0] >> 20 & 0x7FF;

    return type == RK_LFS_DELETE && (fs->move[0] >> 10 & 0x3FF) == id &&
           ((fs->move[1] == at[0] && fs->move[2] == at[1]) ||
            (fs->move[1] == at[1] && fs->move[2] == at[0]));
}

/* Bytes of file contents in the block of that number; pointers to earlier blocks come first. */
static uint32_t contents_in(uint32_t block_size, uint32_t number)
{
    uint32_t pointers = 0;

    for (uint32_t n = number; n && (pointers == 0 || !(n >> (pointers - 1) & 1)); pointers++)
        continue;
    return block_size - 4 * pointers;
}

/* The last block's number in a chain of that size. */
static uint32_t last_number(uint32_t block_size, uint32_t size)
{
    uint32_t number = 0, have = contents_in(block_size, 0);

    while (have < size)
        have += contents_in(block_size, ++number);
    return number;
}

/* Walks the chain from its end to its beginning and copies, if `out` is given. */
static bool walk(const struct rk_littlefs *fs, const struct contents *c, uint8_t *out)
{
    uint32_t size = fs->facts.block_size;

    if (c->size > CONTENTS || c->size / (size - 64) > fs->facts.block_count)
        return false;
    uint32_t number = last_number(size, c->size), at = c->head, end = c->size, begin = 0;
    for (uint32_t i = 0; i < number; i++)
        begin += contents_in(size, i);
    for (;; begin -= contents_in(size, --number)) {
        const uint8_t *block = block_at(fs, at);
        if (!block)
            return false;
        if (out && end > begin)
            memcpy(out + begin, block + (size - contents_in(size, number)), end - begin);
        if (number == 0)
            return true;
        end = begin;
        at = rk_get_le32(block);
    }
}

static bool add(struct rk_littlefs *fs, const char *path, bool folder, struct contents c)
{
    if (fs->count == fs->room) {
        size_t room = fs->room ? 2 * fs->room : 16;
        void *files = realloc(fs->files, room * sizeof fs->files[0]);
        if (files)
            fs->files = files;
        void *contents = files ? realloc(fs->contents, room * sizeof fs->contents[0]) : NULL;
        if (!contents)
            return !(fs->failed = true);
        fs->contents = contents;
        fs->room = room;
    }
    char *copy = malloc(strlen(path) + 1);
    if (!copy)
        return !(fs->failed = true);
    memcpy(copy, path, strlen(path) + 1);
    fs->contents[fs->count] = c;
    fs->files[fs->count++] = (struct rk_littlefs_file){
        copy, folder, folder || c.inline_at || c.size == 0 || walk(fs, &c, NULL), c.size};
    return true;
}

static void list_folder(struct rk_littlefs *fs, const uint32_t start[2], const char *path,
                        unsigned depth);

static void list_slot(struct rk_littlefs *fs, const struct pair *p, const struct slot *s,
                      const char *path, unsigned depth)
{
    char name[256], full[PATH_MAX_];
    const uint8_t *form = p->block + s->data;
    struct contents c = {NULL, RK_LFS_NONE, 0};

    rk_text_escape(name, sizeof name, p->block + s->name, s->name_len);
    rk_text_format(full, sizeof full, "%s%s%s", path, *path ? "/" : "", name);
    if (s->type == RK_LFS_DIR && s->form == RK_LFS_DIRSTRUCT && s->data_len == 8) {
        const uint32_t at[2] = {rk_get_le32(form), rk_get_le32(form + 4)};
        if (add(fs, full, true, c))
            list_folder(fs, at, full, depth + 1);
    } else if (s->type == RK_LFS_REG && s->form == RK_LFS_INLINESTRUCT) {
        c.inline_at = form;
        c.size = s->data_len;
        add(fs, full, false, c);
    } else if (s->type == RK_LFS_REG && s->form == RK_LFS_CTZSTRUCT && s->data_len == 8) {
        c.head = rk_get_le32(form);
        c.size = rk_get_le32(form + 4);
        add(fs, full, false, c);
    } else if (s->type == RK_LFS_REG && s->form == 0) {
        add(fs, full, false, c);
    }
}

static void mark_damaged(struct rk_littlefs *fs, const char *path)
{
    for (size_t i = 0; i < fs->count; i++)
        if (fs->files[i].folder && strcmp(fs->files[i].path, path) == 0)
            fs->files[i].intact = false;
    fs->facts.damaged += *path == '\0';
}

static void list_folder(struct rk_littlefs *fs, const uint32_t start[2], const char *path,
                        unsigned depth)
{
    uint32_t at[2] = {start[0], start[1]};
    struct pair *p = malloc(sizeof *p);

    fs->failed |= !p;
    while (p && !fs->failed && fs->count < FILES_MAX) {
        if (depth > DEPTH_MAX || fs->steps++ > fs->facts.available || !read_pair(fs, at, p)) {
            mark_damaged(fs, path);
            break;
        }
        for (size_t i = 0; i < p->count && fs->count < FILES_MAX && !fs->failed; i++)
            if (!is_moved_away(fs, at, i))
                list_slot(fs, p, &p->slots[i], path, depth);
        if (p->tail_type != RK_LFS_HARDTAIL)
            break;
        memcpy(at, p->tail, sizeof at);
    }
    free(p);
}

/* Takes the geometry from the superblock in this sector; false if it makes no sense. */
static bool geometry(const uint8_t *data, size_t len, size_t at, struct rk_littlefs_facts *out)
{
    const uint8_t *p = data + at;

    /* revision, tag, "littlefs", tag, version, block size, block count */
    if (len - at < 32 || memcmp(p + 8, "littlefs", 8) != 0)
        return false;
    out->version = rk_get_le32(p + 20);
    out->block_size = rk_get_le32(p + 24);
    out->block_count = rk_get_le32(p + 28);
    return out->version >> 16 == 2 && out->block_size >= BLOCK_MIN &&
           out->block_size <= BLOCK_MAX && out->block_count >= 2 && out->block_count <= 1u << 20;
}

static bool open_at(struct rk_littlefs *fs, const uint8_t *data, size_t len, size_t offset)
{
    size_t available = (len - offset) / fs->facts.block_size;

    fs->data = data + offset;
    fs->facts.offset = (uint32_t)offset;
    fs->facts.available =
        available < fs->facts.block_count ? (uint32_t)available : fs->facts.block_count;
    memset(fs->move, 0, sizeof fs->move);
    return fs->facts.available >= 2 && mount(fs);
}

static void forget_files(struct rk_littlefs *fs)
{
    for (size_t i = 0; i < fs->count; i++)
        free((char *)(uintptr_t)fs->files[i].path);
    fs->count = 0;
    fs->steps = 0;
    fs->facts.damaged = 0;
}

static void list(struct rk_littlefs *fs)
{
    forget_files(fs);
    list_folder(fs, fs->root, "", 0);
    for (size_t i = 0; i < fs->count; i++)
        fs->facts.damaged += !fs->files[i].intact;
}

/* A superblock is in both of the first two blocks, or only in the second one. */
static bool open_around(struct rk_littlefs *fs, const uint8_t *data, size_t len, size_t at)
{
    size_t size = fs->facts.block_size;
    bool first = open_at(fs, data, len, at);

    if (first)
        list(fs);
    if ((first && !fs->facts.damaged) || at < size)
        return first;
    uint32_t damaged = fs->facts.damaged;
    if (open_at(fs, data, len, at - size)) {
        list(fs);
        if (!first || fs->facts.damaged < damaged)
            return true;
    }
    if (first && open_at(fs, data, len, at))
        list(fs);
    return first;
}

enum rk_status rk_littlefs_find(const uint8_t *data, size_t len, struct rk_littlefs **out,
                                struct rk_error *err)
{
    struct rk_littlefs *fs = calloc(1, sizeof *fs);
    size_t seen = SIZE_MAX;
    bool found = false;

    *out = NULL;
    if (fs)
        fs->scratch = malloc(sizeof *fs->scratch);
    if (!fs || !fs->scratch) {
        rk_littlefs_free(fs);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    for (size_t at = 0; at < len && !found && !fs->failed; at += SECTOR) {
        if (!geometry(data, len, at, &fs->facts))
            continue;
        seen = seen == SIZE_MAX ? at : seen;
        found = open_around(fs, data, len, at);
    }
    bool failed = fs->failed;
    if (found && !failed) {
        *out = fs;
        return RK_OK;
    }
    rk_littlefs_free(fs);
    if (failed)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    if (seen == SIZE_MAX)
        return rk_fail(err, RK_ERR_IMAGE_FORMAT, "files.none", "no file system in %zu bytes", len);
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "files.damaged",
            "the file system at 0x%06zx is damaged: its first blocks cannot be read", seen);
    rk_error_hint(err, "use an older backup; a firmware update over the air may have erased it");
    rk_error_at(err, (uint32_t)seen);
    return RK_ERR_IMAGE_FORMAT;
}

void rk_littlefs_free(struct rk_littlefs *fs)
{
    if (!fs)
        return;
    forget_files(fs);
    free(fs->files);
    free(fs->contents);
    free(fs->scratch);
    free(fs);
}

const struct rk_littlefs_facts *rk_littlefs_facts(const struct rk_littlefs *fs)
{
    return &fs->facts;
}

size_t rk_littlefs_files(const struct rk_littlefs *fs, const struct rk_littlefs_file **out)
{
    *out = fs->files;
    return fs->count;
}

enum rk_status rk_littlefs_read(const struct rk_littlefs *fs, size_t index, uint8_t **bytes,
                                size_t *len, struct rk_error *err)
{
    if (index >= fs->count || fs->files[index].folder)
        return rk_fail(err, RK_ERR_ARG, "files.name", "there is no such file");
    const struct contents *c = &fs->contents[index];
    const char *path = fs->files[index].path;
    if (!fs->files[index].intact) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "files.damaged", "the file \"%s\" is damaged", path);
        rk_error_detail(err, "not all of its blocks are in the bytes at hand");
        rk_error_hint(err, "read the whole flash, or use an older backup");
        return RK_ERR_IMAGE_FORMAT;
    }
    uint8_t *copy = malloc(c->size ? c->size : 1);
    if (!copy)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    if (c->inline_at)
        memcpy(copy, c->inline_at, c->size);
    else if (c->size && !walk(fs, c, copy))
        memset(copy, 0xFF, c->size);
    *bytes = copy;
    *len = c->size;
    return RK_OK;
}

bool rk_littlefs_extent(const uint8_t *data, size_t len, size_t *offset, size_t *extent)
{
    struct rk_littlefs_facts facts;

    for (size_t at = 0; at < len; at += SECTOR) {
        if (!geometry(data, len, at, &facts))
            continue;
        uint64_t whole = (uint64_t)facts.block_size * facts.block_count;
        *offset = at;
        *extent = whole < len - at ? (size_t)whole : len - at;
        return true;
    }
    return false;
}
