/* Puts the values of a Tuya storage together from its pages. */
#include "config/tuya_storage.h"

#include "base/bytes.h"
#include "config/tuya_cipher.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX   (1u << 20)
#define CHOICES_MAX 256u
#define INDEXES_MAX 2048u

bool rk_tuya_index_parse(const uint8_t *page, unsigned number, struct rk_tuya_index *out)
{
    unsigned name = page[17], pages = 0;

    memset(out, 0, sizeof *out);
    out->sum = rk_get_le32(page);
    out->length = rk_get_le32(page + 4);
    out->block = rk_get_le16(page + 8);
    out->part_count = rk_get_le16(page + 11);
    if (page[10] != number || out->part_count < 1 || out->part_count > RK_TUYA_PARTS_MAX ||
        name < 1 || name >= RK_TUYA_NAME_MAX)
        return false;
    size_t end = 18 + name + 4 * (size_t)out->part_count;
    if (end > RK_TUYA_PAGE || page[18 + name - 1] != 0)
        return false;
    for (unsigned i = 0; i + 1 < name; i++)
        if (page[18 + i] < 0x21 || page[18 + i] > 0x7E)
            return false;
    memcpy(out->name, page + 18, name);
    for (unsigned i = 0; i < out->part_count; i++) {
        const uint8_t *p = page + 18 + name + 4 * i;
        out->parts[i].block = rk_get_le16(p);
        out->parts[i].first = p[2];
        out->parts[i].last = p[3];
        if (p[2] < 1 || p[3] < p[2] || p[3] >= RK_TUYA_PAGES)
            return false;
        pages += p[3] - p[2] + 1u;
    }
    return out->length <= pages * RK_TUYA_PAGE && out->length <= VALUE_MAX;
}

/* An index page and the sector it was found in. */
struct entry {
    size_t sector;
    unsigned page;
    struct rk_tuya_index index;
};

/* The copies of one block that a value may come from, best first. */
struct copies {
    uint16_t block;
    size_t count, chosen;
    size_t sectors[8];
};

static void order_copies(const struct rk_tuya *t, struct copies *c)
{
    for (size_t i = 0; i < t->sector_count; i++) {
        if (t->sectors[i].block != c->block || c->count >= 8)
            continue;
        size_t k = c->count++;
        for (; k > 0 && t->sectors[c->sectors[k - 1]].generation < t->sectors[i].generation; k--)
            c->sectors[k] = c->sectors[k - 1];
        c->sectors[k] = i;
    }
}

/* Copies the value out of the chosen copies; returns its sum. */
static uint32_t assemble(const struct rk_tuya *t, const struct entry *e, const struct copies *sets,
                         size_t set_count, uint8_t *out)
{
    uint32_t done = 0;

    for (unsigned p = 0; p < e->index.part_count; p++) {
        size_t s = 0;
        while (s < set_count && sets[s].block != e->index.parts[p].block)
            s++;
        if (s == set_count)
            break;
        const uint8_t *plain = t->plain[sets[s].sectors[sets[s].chosen]];
        for (unsigned page = e->index.parts[p].first;
             page <= e->index.parts[p].last && done < e->index.length; page++) {
            uint32_t n = e->index.length - done;
            if (n > RK_TUYA_PAGE)
                n = RK_TUYA_PAGE;
            memcpy(out + done, plain + page * RK_TUYA_PAGE, n);
            done += n;
        }
    }
    return rk_tuya_sum(out, e->index.length);
}

/* Next combination of copies; false when all were seen. */
static bool next_choice(struct copies *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (++sets[i].chosen < sets[i].count)
            return true;
        sets[i].chosen = 0;
    }
    return false;
}

/* The blocks a value lies in, with their copies. False if one of them does not exist. The sector
 * of the index page itself is the first choice for its own block. */
static bool gather_copies(const struct rk_tuya *t, const struct entry *e, struct copies *sets,
                          size_t *count)
{
    *count = 0;
    for (unsigned p = 0; p < e->index.part_count; p++) {
        uint16_t block = e->index.parts[p].block;
        size_t s = 0;
        while (s < *count && sets[s].block != block)
            s++;
        if (s < *count)
            continue;
        sets[s] = (struct copies){.block = block};
        if (block == e->index.block && !t->sectors[e->sector].live) {
            sets[s].sectors[0] = e->sector;
            sets[s].count = 1;
        } else {
            order_copies(t, &sets[s]);
        }
        if (sets[s].count == 0)
            return false;
        (*count)++;
    }
    return true;
}

static void say_doubt(const struct rk_tuya *t, const struct entry *e, const struct copies *sets,
                      size_t count, bool sum_right, struct rk_tuya_key *key)
{
    bool old = !t->sectors[e->sector].live, damaged = !t->sectors[e->sector].sum_right;

    for (size_t i = 0; i < count; i++) {
        old |= sets[i].chosen > 0;
        damaged |= !t->sectors[sets[i].sectors[sets[i].chosen]].sum_right;
    }
    key->from_old_copy = old;
    key->doubt = !sum_right ? "the checksum of the value is wrong"
                 : old      ? "taken from an older copy, the newest one is damaged"
                 : damaged  ? "the checksum of its sector is wrong"
                            : "";
    key->certain = key->doubt[0] == '\0';
}

/* Reads the value of an index page, from the copies under which its checksum holds. *key is filled
 * if the pages exist; *right says whether the checksum holds. */
static enum rk_status read_entry(struct rk_tuya *t, const struct entry *e, struct rk_tuya_key *key,
                                 bool *right, bool *exists)
{
    struct copies sets[RK_TUYA_PARTS_MAX];
    size_t count, tried = 0;

    *right = *exists = false;
    if (!gather_copies(t, e, sets, &count))
        return RK_OK;
    uint8_t *value = rk_arena_alloc(&t->arena, (size_t)e->index.length + 1);
    char *name = rk_arena_copy(&t->arena, e->index.name, strlen(e->index.name));
    if (!value || !name)
        return RK_ERR_NOMEM;
    do {
        *right = assemble(t, e, sets, count, value) == e->index.sum;
    } while (!*right && ++tried < CHOICES_MAX && next_choice(sets, count));
    if (!*right) {
        for (size_t i = 0; i < count; i++)
            sets[i].chosen = 0;
        (void)assemble(t, e, sets, count, value);
    }
    memset(key, 0, sizeof *key);
    key->name = name;
    key->value = value;
    key->length = e->index.length;
    key->offset = t->sectors[e->sector].offset + e->page * RK_TUYA_PAGE;
    key->block = t->sectors[e->sector].block;
    key->page = (uint8_t)e->page;
    key->parts = e->index.part_count;
    say_doubt(t, e, sets, count, *right, key);
    rk_tuya_classify(key);
    *exists = true;
    return RK_OK;
}

/* Collects the index pages of a sector. Where the bitmap can be believed, only those in it. */
static size_t collect(const struct rk_tuya *t, size_t sector, struct entry *out, size_t cap)
{
    const uint8_t *plain = t->plain[sector];
    uint32_t bitmap = t->trusted[sector] ? rk_get_le32(plain + 15) : UINT32_MAX;
    size_t count = 0;

    for (unsigned page = 1; page < RK_TUYA_PAGES && count < cap; page++) {
        struct entry *e = &out[count];
        if (!(bitmap >> page & 1) ||
            !rk_tuya_index_parse(plain + page * RK_TUYA_PAGE, page, &e->index) ||
            e->index.block != t->sectors[sector].block)
            continue;
        e->sector = sector;
        e->page = page;
        count++;
    }
    return count;
}

/* The place of the key of that name, or of the next new one. */
static size_t find_key(const struct rk_tuya *t, const char *name)
{
    size_t i = 0;

    while (i < t->key_count && strcmp(t->keys[i].name, name) != 0)
        i++;
    return i;
}

static bool same_value(const struct rk_tuya_key *a, const struct rk_tuya_key *b)
{
    return a->length == b->length && memcmp(a->value, b->value, a->length) == 0;
}

/* Takes a key in. One whose checksum holds displaces one whose checksum does not; two copies that
 * agree prove each other. */
static void take_key(struct rk_tuya *t, const struct rk_tuya_key *key, bool right, bool *proven)
{
    size_t i = find_key(t, key->name);

    if (i == t->key_count) {
        t->keys[t->key_count++] = *key;
        proven[i] = right;
    } else if (right && !proven[i]) {
        t->keys[i] = *key;
        proven[i] = true;
    } else if (right && !t->keys[i].certain && same_value(&t->keys[i], key)) {
        t->keys[i].certain = true;
        t->keys[i].doubt = "";
    }
}

/* Sectors in the order in which their keys count: live ones by block, then older copies of blocks
 * whose live copy is damaged, newest first. */
static size_t order_sectors(const struct rk_tuya *t, size_t *order)
{
    size_t count = 0;

    for (int round = 0; round < 2; round++) {
        size_t start = count;
        for (size_t i = 0; i < t->sector_count; i++) {
            const struct rk_tuya_sector *s = &t->sectors[i];
            bool damaged = false;
            for (size_t j = 0; j < t->sector_count; j++)
                damaged |= t->sectors[j].block == s->block && t->sectors[j].live &&
                           !t->sectors[j].sum_right;
            if (round == 0 ? !s->live : s->live || !damaged)
                continue;
            size_t k = count++;
            for (; k > start; k--) {
                const struct rk_tuya_sector *o = &t->sectors[order[k - 1]];
                if (o->block < s->block || (o->block == s->block && o->generation >= s->generation))
                    break;
                order[k] = order[k - 1];
            }
            order[k] = i;
        }
    }
    return count;
}

/* A page of the erased flash deciphers to the same 16 bytes over and over. */
static bool is_unwritten(const uint8_t *page)
{
    return memcmp(page, page + 16, RK_TUYA_PAGE - 16) == 0;
}

/* True if the index page `old` of an older copy is the earlier state of a listed index page of the
 * live copy that cannot be read any more. Deciphering spreads a flipped bit over 16 bytes, so
 * either what stands in front of the name or a part of the name is still there. A page that is
 * listed but blank was never written: the power went away while the block was copied. */
static bool replaces_damaged(const struct rk_tuya *t, const struct entry *old)
{
    const uint8_t *mine = t->plain[old->sector] + old->page * RK_TUYA_PAGE;
    size_t name = strlen(old->index.name);

    for (size_t s = 0; s < t->sector_count; s++) {
        if (!t->sectors[s].live || t->sectors[s].block != old->index.block)
            continue;
        if (!t->trusted[s])
            return true;
        uint32_t bitmap = rk_get_le32(t->plain[s] + 15);
        for (unsigned page = 1; page < RK_TUYA_PAGES; page++) {
            const uint8_t *p = t->plain[s] + page * RK_TUYA_PAGE;
            struct rk_tuya_index index;
            if (!(bitmap >> page & 1) ||
                (rk_tuya_index_parse(p, page, &index) && index.block == t->sectors[s].block))
                continue;
            if (is_unwritten(p) || memcmp(p, mine, 11) == 0 ||
                (p[17] == name + 1 && memcmp(p + 18, mine + 18, name) == 0))
                return true;
        }
    }
    return false;
}

static enum rk_status read_sectors(struct rk_tuya *t, const size_t *order, size_t count,
                                   struct entry *entries, bool *proven)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = collect(t, order[i], entries, RK_TUYA_PAGES);
        for (size_t k = 0; k < n && t->key_count < INDEXES_MAX; k++) {
            struct rk_tuya_key key;
            bool right, exists, live = t->sectors[order[i]].live;
            if (!live && find_key(t, entries[k].index.name) == t->key_count &&
                !replaces_damaged(t, &entries[k]))
                continue;
            enum rk_status st = read_entry(t, &entries[k], &key, &right, &exists);
            if (st != RK_OK)
                return st;
            /* A page that is not in a bitmap may be a deleted one: only its checksum speaks. */
            if (exists && (right || (live && t->trusted[order[i]])))
                take_key(t, &key, right, proven);
        }
    }
    return RK_OK;
}

enum rk_status rk_tuya_read_pages(struct rk_tuya *t)
{
    struct entry *entries = malloc(RK_TUYA_PAGES * sizeof *entries);
    size_t *order = malloc((t->sector_count + 1) * sizeof *order);
    bool *proven = calloc(INDEXES_MAX + 1, sizeof *proven);
    enum rk_status st = RK_ERR_NOMEM;

    t->keys = rk_arena_alloc(&t->arena, (INDEXES_MAX + 1) * sizeof t->keys[0]);
    if (entries && order && proven && t->keys)
        st = read_sectors(t, order, order_sectors(t, order), entries, proven);
    free(entries);
    free(order);
    free(proven);
    return st;
}

#define GUARD_HEAD  32u /* outer header of a protected block */
#define GUARD_ENTRY 36u /* value length and name */

static enum rk_status read_guarded_entries(struct rk_tuya *t, const uint8_t *inner, uint32_t length,
                                           uint32_t offset)
{
    for (uint32_t at = 0; at + GUARD_ENTRY <= length && t->guarded_count < RK_TUYA_SEEDS;) {
        uint32_t size = rk_get_le32(inner + at);
        const char *name = (const char *)inner + at + 4;
        size_t name_length = 0;
        while (name_length < 32 && name[name_length] > 0x20 && name[name_length] < 0x7F)
            name_length++;
        if (name_length == 0 || name_length == 32 || size > length - at - GUARD_ENTRY)
            break;
        struct rk_tuya_key *key = &t->guarded[t->guarded_count++];
        key->name = rk_arena_copy(&t->arena, name, name_length);
        key->value = (const uint8_t *)rk_arena_copy(&t->arena, inner + at + GUARD_ENTRY, size);
        if (!key->name || !key->value)
            return RK_ERR_NOMEM;
        key->length = size;
        key->offset = offset + GUARD_HEAD + at;
        key->parts = 1;
        key->doubt = "from a protected copy, which is written rarely and may be older";
        rk_tuya_classify(key);
        at += GUARD_ENTRY + size;
    }
    return RK_OK;
}

enum rk_status rk_tuya_read_protected(struct rk_tuya *t, const uint8_t *data)
{
    uint8_t outer[RK_TUYA_SECTOR], key[16];
    struct rk_cipher master;
    enum rk_status st = RK_OK;

    t->guarded = rk_arena_alloc(&t->arena, RK_TUYA_SEEDS * sizeof t->guarded[0]);
    if (!t->guarded)
        return RK_ERR_NOMEM;
    rk_cipher_init(&master, rk_tuya_master_key, false);
    for (size_t i = 0; i < t->protected_count && st == RK_OK; i++) {
        rk_cipher_run(&master, data + t->protected_at[i], outer, sizeof outer);
        uint32_t length = rk_get_le32(outer + 24);
        if (length > RK_TUYA_SECTOR - GUARD_HEAD)
            continue;
        struct rk_cipher cipher;
        rk_tuya_data_key(outer + 8, 0, key);
        rk_cipher_init(&cipher, key, false);
        rk_cipher_run(&cipher, outer + GUARD_HEAD, outer + GUARD_HEAD, RK_TUYA_SECTOR - GUARD_HEAD);
        rk_cipher_free(&cipher);
        st = read_guarded_entries(t, outer + GUARD_HEAD, length, t->protected_at[i]);
    }
    rk_cipher_free(&master);
    return st;
}
