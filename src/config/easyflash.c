#include "config/easyflash.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The shapes of the log. Status fields are made of bits, bytes or words that are cleared one after
 * the other, from the front; of a word only the first byte is looked at. */
struct shape {
    unsigned granularity;
    uint32_t magic_at, header; /* of a sector */
    uint32_t fields_at; /* of an entry: mark, length, CRC, length of the name, of the value */
    uint32_t entry_header;
    bool
        marked; /* entries begin with "KV40"; where not, fields_at counts a mark that is not there */
};

static const struct shape shapes[] = {
    {1, 4, 0x10, 4, 0x18, true},
    {8, 8, 0x14, 8, 0x1C, true},
    {32, 0x18, 0x24, 0x14, 0x28, true},
    {32, 0x18, 0x24, 0x10, 0x24, false}, /* the SDKs of TR6260 and ECR6600; OpenTR6260 ef_env.c */
};

enum { ENTRY_STATES = 6, STATE_WRITTEN = 2, STATE_DELETING = 3, STATE_DELETED = 4 };
enum { STORE_EMPTY = 1, STORE_USING = 2, DIRTY_CLEAN = 1, DIRTY_YES = 2 };

/* An ECR6600 writes "EF41". */
static bool is_sector(const struct shape *s, const uint8_t *sector)
{
    const uint8_t *mark = sector + s->magic_at;

    return memcmp(mark, "EF4", 3) == 0 && (mark[3] == '0' || (mark[3] == '1' && !s->marked));
}

/* Entries tell marked and unmarked logs apart; a sector without any is taken for an unmarked one. */
static const struct shape *shape_of(const uint8_t *sector)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const struct shape *s = &shapes[i];
        if (is_sector(s, sector) && (s->granularity < 32 || !s->marked ||
                                     memcmp(sector + s->header + s->fields_at, "KV40", 4) == 0))
            return s;
    }
    return NULL;
}

/* The shape of a whole area: that of a sector with entries, if there is one. */
static const struct shape *shape_of_area(const uint8_t *area, uint32_t length)
{
    const struct shape *found = NULL;

    for (uint32_t at = 0; at + RK_EASYFLASH_SECTOR <= length; at += RK_EASYFLASH_SECTOR) {
        const struct shape *s = shape_of(area + at);
        if (s && (!found || s->marked))
            found = s;
    }
    return found;
}

unsigned rk_easyflash_granularity(const uint8_t *sector)
{
    const struct shape *shape = shape_of(sector);

    return shape ? shape->granularity : 0;
}

/* Bytes that are written at a time. */
static uint32_t unit_of(const struct shape *s)
{
    return (s->granularity + 7) / 8;
}

/* How many steps of a status field are done: cleared bits, bytes or words at its front. */
static unsigned status_read(const struct shape *s, const uint8_t *p, unsigned states)
{
    unsigned step = 0;

    for (; step < states - 1; step++)
        if (s->granularity == 1 ? (*p >> (7 - step) & 1) : p[step * unit_of(s)] != 0)
            break;
    return step;
}

static void status_write(const struct shape *s, uint8_t *p, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        if (s->granularity == 1)
            *p = (uint8_t)(*p & ~(0x80u >> i));
        else
            p[i * unit_of(s)] = 0;
    }
}

/* Where a sector says whether entries of it were deleted. */
static uint8_t *dirty_field(const struct shape *s, uint8_t *sector)
{
    return sector + (s->granularity == 1 ? 1 : 3 * unit_of(s));
}

static uint32_t padded(const struct shape *s, uint32_t len)
{
    uint32_t unit = unit_of(s);

    return (len + unit - 1) / unit * unit;
}

/* CRC over the length fields, the name and the value, as the library takes it. */
static uint32_t entry_crc(const struct shape *s, const uint8_t *entry, uint32_t total)
{
    uint32_t lengths = s->fields_at + 12;

    return rk_crc32(0, entry + lengths, total - lengths);
}

/* An entry at p of at most `room` bytes. */
struct entry {
    uint32_t total, name_length, value_length;
    unsigned state;
    bool intact;
};

static bool entry_read(const struct shape *s, const uint8_t *p, uint32_t room, struct entry *out)
{
    const uint8_t *fields = p + s->fields_at;

    if (room < s->entry_header || (s->marked && memcmp(fields, "KV40", 4) != 0))
        return false;
    out->total = rk_get_le32(fields + 4);
    out->name_length = fields[12];
    out->value_length = rk_get_le32(fields + 16);
    out->state = status_read(s, p, ENTRY_STATES);
    if (out->total > room || out->total < s->entry_header)
        return false;
    out->intact = out->value_length <= room &&
                  s->entry_header + padded(s, out->name_length) + padded(s, out->value_length) ==
                      out->total &&
                  entry_crc(s, p, out->total) == rk_get_le32(fields + 8);
    return true;
}

/* Visits the entries of one sector; *end is where free space begins. */
static bool next_entry(const struct shape *s, const uint8_t *sector, uint32_t *at,
                       struct entry *out)
{
    if (*at >= RK_EASYFLASH_SECTOR || !entry_read(s, sector + *at, RK_EASYFLASH_SECTOR - *at, out))
        return false;
    return true;
}

void rk_easyflash_area(const uint8_t *data, size_t len, uint32_t sector, uint32_t *start,
                       uint32_t *length)
{
    unsigned granularity = rk_easyflash_granularity(data + sector);
    uint32_t end = sector + RK_EASYFLASH_SECTOR;

    while (sector >= RK_EASYFLASH_SECTOR &&
           rk_easyflash_granularity(data + sector - RK_EASYFLASH_SECTOR) == granularity)
        sector -= RK_EASYFLASH_SECTOR;
    while (end + RK_EASYFLASH_SECTOR <= len && rk_easyflash_granularity(data + end) == granularity)
        end += RK_EASYFLASH_SECTOR;
    *start = sector;
    *length = end - sector;
}

bool rk_easyflash_find(const uint8_t *data, uint32_t start, uint32_t length, const char *name,
                       struct rk_easyflash_entry *out)
{
    size_t name_length = strlen(name);
    bool found = false;
    unsigned best = 0;

    for (uint32_t sector = start; sector + RK_EASYFLASH_SECTOR <= start + length;
         sector += RK_EASYFLASH_SECTOR) {
        const struct shape *s = shape_of(data + sector);
        struct entry e;
        if (!s)
            continue;
        for (uint32_t at = s->header; next_entry(s, data + sector, &at, &e); at += e.total) {
            const uint8_t *p = data + sector + at;
            if (!e.intact || e.name_length != name_length ||
                memcmp(p + s->entry_header, name, name_length) != 0 ||
                (e.state != STATE_WRITTEN && e.state != STATE_DELETING))
                continue;
            /* One that is about to be deleted counts only while there is no newer one. */
            unsigned rank = e.state == STATE_WRITTEN ? 2 : 1;
            if (rank < best)
                continue;
            best = rank;
            found = true;
            out->at = sector + at;
            out->value = sector + at + s->entry_header + padded(s, e.name_length);
            out->length = e.value_length;
            out->total = e.total;
        }
    }
    return found;
}

/* Firmware that counts its starts: the SDK of the BL602, OpenBeken old and new. */
static bool is_harmless(const char *name)
{
    return strcmp(name, "boot_times") == 0 || strcmp(name, "myBtCnts") == 0 ||
           strcmp(name, "OBK_FV") == 0;
}

/* The live entries of one sector of an area. */
static size_t list_sector(const uint8_t *data, uint32_t start, uint32_t length, uint32_t sector,
                          struct rk_store_key *out, size_t cap)
{
    const struct shape *s = shape_of(data + sector);
    struct rk_easyflash_entry live;
    char name[256];
    struct entry e;
    size_t count = 0;

    for (uint32_t at = s->header; next_entry(s, data + sector, &at, &e); at += e.total) {
        if (!e.intact)
            continue;
        memcpy(name, data + sector + at + s->entry_header, e.name_length);
        name[e.name_length] = '\0';
        if (strlen(name) != e.name_length || !rk_easyflash_find(data, start, length, name, &live) ||
            live.at != sector + at)
            continue;
        if (count < cap) {
            rk_text_escape(out[count].name, sizeof out[count].name, (const uint8_t *)name,
                           e.name_length);
            out[count].offset = live.value;
            out[count].length = live.length;
            out[count].harmless = is_harmless(name);
        }
        count++;
    }
    return count;
}

size_t rk_store_keys(const uint8_t *data, size_t len, struct rk_store_key *out, size_t cap)
{
    uint32_t start, length;
    size_t count = 0, at = 0;

    while (at + RK_EASYFLASH_SECTOR <= len) {
        if (!rk_easyflash_granularity(data + at)) {
            at += RK_EASYFLASH_SECTOR;
            continue;
        }
        rk_easyflash_area(data, len, (uint32_t)at, &start, &length);
        for (uint32_t i = 0; i < length; i += RK_EASYFLASH_SECTOR)
            count += list_sector(data, start, length, start + i, count < cap ? out + count : out,
                                 count < cap ? cap - count : 0);
        at = (size_t)start + length;
    }
    return count;
}

static void format_sector(const struct shape *s, uint8_t *sector, const uint8_t *mark)
{
    memset(sector, 0xFF, RK_EASYFLASH_SECTOR);
    status_write(s, sector, STORE_EMPTY);
    status_write(s, dirty_field(s, sector), DIRTY_CLEAN);
    memcpy(sector + s->magic_at, mark, 4);
}

static void put_entry(const struct shape *s, uint8_t *p, const char *name, uint32_t name_length,
                      const uint8_t *value, uint32_t value_length)
{
    uint8_t *fields = p + s->fields_at;
    uint32_t total = s->entry_header + padded(s, name_length) + padded(s, value_length);

    memset(p, 0xFF, total);
    if (s->marked)
        memcpy(fields, "KV40", 4);
    status_write(s, p, STATE_WRITTEN);
    rk_put_le32(fields + 4, total);
    fields[12] = (uint8_t)name_length;
    rk_put_le32(fields + 16, value_length);
    memcpy(p + s->entry_header, name, name_length);
    memcpy(p + s->entry_header + padded(s, name_length), value, value_length);
    rk_put_le32(fields + 8, entry_crc(s, p, total));
}

/* Where the free space of a sector begins; its size if there is none. */
static uint32_t free_space(const struct shape *s, const uint8_t *sector)
{
    struct entry e;
    uint32_t at = s->header;

    while (next_entry(s, sector, &at, &e))
        at += e.total;
    return at < RK_EASYFLASH_SECTOR && rk_bytes_all(sector + at, RK_EASYFLASH_SECTOR - at, 0xFF)
               ? at
               : RK_EASYFLASH_SECTOR;
}

/* Appends to the first sector with room. The library wants one empty sector left for its own tidying:
 * the last empty one is not touched. */
static bool append(const struct shape *s, uint8_t *area, uint32_t length, const char *name,
                   const uint8_t *value, uint32_t value_length)
{
    uint32_t name_length = (uint32_t)strlen(name), empty = 0;
    uint32_t total = s->entry_header + padded(s, name_length) + padded(s, value_length);

    for (uint32_t i = 0; i < length; i += RK_EASYFLASH_SECTOR)
        empty += free_space(s, area + i) == s->header;
    for (uint32_t i = 0; i < length; i += RK_EASYFLASH_SECTOR) {
        uint32_t at = free_space(s, area + i);
        if (RK_EASYFLASH_SECTOR - at < total || (at == s->header && empty < 2))
            continue;
        put_entry(s, area + i + at, name, name_length, value, value_length);
        status_write(s, area + i, STORE_USING);
        return true;
    }
    return false;
}

static void delete_entry(const struct shape *s, uint8_t *area, const struct rk_easyflash_entry *e)
{
    uint8_t *sector = area + e->at / RK_EASYFLASH_SECTOR * RK_EASYFLASH_SECTOR;

    status_write(s, area + e->at, STATE_DELETED);
    status_write(s, dirty_field(s, sector), DIRTY_YES);
}

/* Writes the log anew: every live entry but the named one, then that. value may be NULL: then there
 * is no such entry any more. */
static bool rewrite(const struct shape *s, uint8_t *fresh, const uint8_t *area, uint32_t length,
                    const char *name, const uint8_t *value, uint32_t value_length)
{
    char other[256];
    struct rk_easyflash_entry live;
    struct entry e;

    for (uint32_t i = 0; i < length; i += RK_EASYFLASH_SECTOR)
        format_sector(s, fresh + i, area + s->magic_at);
    for (uint32_t i = 0; i < length; i += RK_EASYFLASH_SECTOR)
        for (uint32_t at = s->header; next_entry(s, area + i, &at, &e); at += e.total) {
            if (!e.intact)
                continue;
            memcpy(other, area + i + at + s->entry_header, e.name_length);
            other[e.name_length] = '\0';
            if (strcmp(other, name) == 0 || !rk_easyflash_find(area, 0, length, other, &live) ||
                live.at != i + at)
                continue;
            if (!append(s, fresh, length, other, area + live.value, live.length))
                return false;
        }
    return !value || append(s, fresh, length, name, value, value_length);
}

/* rewrite() into the area itself. */
static enum rk_status replace(const struct shape *s, uint8_t *area, uint32_t length,
                              const char *name, const uint8_t *value, uint32_t value_length,
                              struct rk_error *err)
{
    uint8_t *fresh = malloc(length);

    if (!fresh)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    bool ok = rewrite(s, fresh, area, length, name, value, value_length);
    if (ok)
        memcpy(area, fresh, length);
    free(fresh);
    return ok ? RK_OK
              : rk_fail(err, RK_ERR_UNSUPPORTED, "config.store",
                        "the settings do not fit into the EasyFlash area of %u bytes",
                        (unsigned)length);
}

enum rk_status rk_easyflash_set(uint8_t *area, uint32_t length, const char *name,
                                const uint8_t *value, uint32_t value_length, struct rk_error *err)
{
    const struct shape *s = shape_of_area(area, length);
    struct rk_easyflash_entry old;

    if (!s)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "config.store", "there is no EasyFlash area");
    bool had = rk_easyflash_find(area, 0, length, name, &old);
    if (append(s, area, length, name, value, value_length)) {
        if (had)
            delete_entry(s, area, &old);
        return RK_OK;
    }
    return replace(s, area, length, name, value, value_length, err);
}

enum rk_status rk_easyflash_tidy(uint8_t *area, uint32_t length, struct rk_error *err)
{
    const struct shape *s = shape_of_area(area, length);

    if (!s)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "config.store", "there is no EasyFlash area");
    return replace(s, area, length, "", NULL, 0, err);
}
