/* Finds an OpenBeken record in a dump, makes a new one, and puts one back. */
#include "config/obk.h"

#include "base/bytes.h"
#include "base/text.h"
#include "config/easyflash.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR 4096u

/* Records that are tried where none is expected; hostile bytes could hold a mark every few bytes. */
#define TRIES_MAX 256u

/* The platform whose devices are named like this: the longest prefix that fits. */
static const struct rk_obk_platform *platform_by_name(const uint8_t *record)
{
    const char *name = (const char *)record + 0x2FE;
    const struct rk_obk_platform *best = NULL;
    size_t best_length = 0;

    for (size_t i = 0; i < rk_obk_platform_count; i++) {
        const char *prefix = rk_obk_platform_rows[i].long_prefix;
        size_t n = strlen(prefix);
        if (n > best_length && n < 64 && memcmp(name, prefix, n) == 0 &&
            (name[n] == '_' || name[n] == '\0')) {
            best = &rk_obk_platform_rows[i];
            best_length = n;
        }
    }
    return best;
}

/* The platform that keeps a raw record at this offset. */
static const struct rk_obk_platform *platform_by_place(uint32_t offset, enum rk_obk_crc crc)
{
    for (size_t i = 0; i < rk_obk_platform_count; i++) {
        const struct rk_obk_platform *p = &rk_obk_platform_rows[i];
        if (p->store == RK_OBK_RAW && offset && p->addresses[0] == offset &&
            (crc == RK_OBK_CRC_UNKNOWN || p->crc == crc))
            return p;
    }
    return NULL;
}

struct search {
    const uint8_t *data;
    size_t len;
    const struct rk_obk_platform *platform; /* told by the caller; may be NULL */
    struct rk_obk_facts best;
    bool found;
    uint32_t broken; /* of a record whose checksum is wrong */
    bool has_broken;
};

/* Looks for a record at this offset. */
static bool try_at(struct search *s, uint32_t offset)
{
    struct rk_obk_facts facts = {0};

    if (offset >= s->len || s->len - offset < 8)
        return false;
    const uint8_t *p = s->data + offset;
    if (memcmp(p, "CFG", 3) != 0)
        return false;
    uint32_t version = rk_get_le32(p + 4);
    if (!rk_obk_check(p, s->len - offset, &facts)) {
        if (version >= 1 && version <= 5 && !s->has_broken) {
            s->has_broken = true;
            s->broken = offset;
        }
        return false;
    }
    facts.place.store = RK_OBK_RAW;
    facts.place.offset = offset;
    facts.place.key = "";
    s->best = facts;
    s->found = true;
    return true;
}

static bool try_known_places(struct search *s)
{
    for (size_t i = 0; i < rk_obk_platform_count; i++) {
        const struct rk_obk_platform *p = &rk_obk_platform_rows[i];
        if (p->store != RK_OBK_RAW || (s->platform && p != s->platform))
            continue;
        for (size_t k = 0; k < 3 && p->addresses[k]; k++)
            if (try_at(s, p->addresses[k]))
                return true;
    }
    return false;
}

static bool try_easyflash(struct search *s)
{
    static const char *const keys[] = {"ObkCfg", "mY0bcFg"};
    uint32_t start, length, end = 0;
    struct rk_easyflash_entry entry;

    for (uint32_t at = 0; at + SECTOR <= s->len; at += SECTOR) {
        if (at < end || !rk_easyflash_granularity(s->data + at))
            continue;
        rk_easyflash_area(s->data, s->len, at, &start, &length);
        end = start + length;
        for (size_t k = 0; k < 2; k++)
            if (rk_easyflash_find(s->data, start, length, keys[k], &entry) &&
                try_at(s, entry.value)) {
                s->best.place.store = RK_OBK_EASYFLASH;
                s->best.place.area = start;
                s->best.place.length = length;
                s->best.place.granularity = (uint8_t)rk_easyflash_granularity(s->data + start);
                s->best.place.key = keys[k];
                return true;
            }
    }
    return false;
}

static bool try_everywhere(struct search *s)
{
    unsigned tries = 0;

    for (size_t at = 0; at + SECTOR <= s->len; at += SECTOR)
        if (try_at(s, (uint32_t)at))
            return true;
    for (size_t at = 0; at + RK_OBK_LENGTH_OLD <= s->len; at++) {
        const uint8_t *hit = memchr(s->data + at, 'C', s->len - RK_OBK_LENGTH_OLD - at + 1);
        if (!hit)
            return false;
        at = (size_t)(hit - s->data);
        if (try_at(s, (uint32_t)at))
            return true;
        tries += memcmp(hit, "CFG", 3) == 0;
        if (tries > TRIES_MAX)
            return false;
    }
    return false;
}

static enum rk_status say_none(const struct search *s, struct rk_error *err)
{
    if (s->has_broken) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "config.checksum",
                "the OpenBeken configuration at 0x%06x is damaged", (unsigned)s->broken);
        rk_error_detail(err, "its checksum is wrong for every length and variant");
        rk_error_hint(err, "the firmware would start with its defaults; use an older backup");
        rk_error_at(err, s->broken);
        return RK_ERR_IMAGE_FORMAT;
    }
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "config.none", "no OpenBeken configuration in %zu bytes",
            s->len);
    rk_error_hint(err, "a new module has none until it was configured and restarted once");
    return RK_ERR_IMAGE_FORMAT;
}

static enum rk_status resolve_platform(const char *name, const struct rk_obk_platform **out,
                                       struct rk_error *err)
{
    *out = name ? rk_obk_platform_find(name) : NULL;
    if (name && !*out) {
        const char *near = rk_text_nearest(name, &rk_obk_platform_rows[0].name,
                                           rk_obk_platform_count, sizeof rk_obk_platform_rows[0]);
        rk_fail(err, RK_ERR_ARG, "config.platform", "OpenBeken does not run on a \"%s\"", name);
        if (near)
            rk_error_hint(err, "did you mean %s?", near);
        return RK_ERR_ARG;
    }
    return RK_OK;
}

/* Fills what follows from the record itself, the place and the platform. */
static void judge(struct rk_obk *obk, const struct search *s)
{
    struct rk_obk_facts *f = &obk->facts;

    memcpy(obk->bytes, s->data + f->place.offset, f->length);
    f->platform = s->platform;
    if (!f->platform) {
        f->platform = platform_by_place(f->place.offset, f->crc);
        if (!f->platform)
            f->platform = platform_by_name(obk->bytes);
        f->platform_guessed = f->platform != NULL;
    }
    /* A platform that computes the checksum the other way cannot have written this record. */
    if (f->platform_guessed && f->crc != RK_OBK_CRC_UNKNOWN &&
        f->platform->crc != RK_OBK_CRC_UNKNOWN && f->platform->crc != f->crc)
        f->platform = NULL;
    f->group = f->platform ? f->platform->group : 'D';
    obk->layout = rk_obk_layout_of(f->version, f->group);
}

enum rk_status rk_obk_find(const uint8_t *data, size_t len, const char *platform,
                           struct rk_obk **out, struct rk_error *err)
{
    struct search s = {.data = data, .len = len};
    enum rk_status st = resolve_platform(platform, &s.platform, err);

    if (st != RK_OK)
        return st;
    if (!try_at(&s, 0) && !try_known_places(&s) && !try_easyflash(&s) && !try_everywhere(&s))
        return say_none(&s, err);
    struct rk_obk *obk = calloc(1, sizeof *obk);
    if (!obk)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    obk->facts = s.best;
    judge(obk, &s);
    *out = obk;
    return RK_OK;
}

/* The firmware's own defaults. */
static void fill_defaults(struct rk_obk *obk, const uint8_t mac[6])
{
    const struct rk_obk_platform *p = obk->facts.platform;
    char tail[12], name[64];
    const char *const fixed[][2] = {
        {"mqtt.port", "1883"},
        {"mqtt.user", "homeassistant"},
        {"mqtt.password", "qqqqqqqqqq"},
        {"web.app", "https://openbekeniot.github.io/webapp/"},
        {"ntp.server", "217.147.223.78"},
        {"ping.host", "192.168.0.1"},
        {"boot.seconds", "5"},
        {"button.short", "3"},
        {"button.long", "10"},
        {"button.hold", "5"},
        {"flag.10", "1"},
        {"led.correction", "1 1 1 2.2 0.1 0.1"},
    };

    memcpy(obk->bytes + 0x2D8, mac, 6);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        (void)!rk_obk_set(obk, fixed[i][0], fixed[i][1], NULL);
    rk_text_format(tail, sizeof tail, "%02X%02X%02X%02X", mac[2], mac[3], mac[4], mac[5]);
    rk_text_format(name, sizeof name, "%s%s", p->short_prefix, tail);
    (void)!rk_obk_set(obk, "name.short", name, NULL);
    (void)!rk_obk_set(obk, "mqtt.client", name, NULL);
    rk_text_format(name, sizeof name, "%s_%s", p->long_prefix, tail);
    (void)!rk_obk_set(obk, "name.long", name, NULL);
    (void)!rk_obk_set(obk, "mqtt.group",
                      strcmp(p->name, "BK7231N") == 0   ? "bekens_n"
                      : strcmp(p->name, "BK7231T") == 0 ? "bekens_t"
                                                        : "obks",
                      NULL);
}

enum rk_status rk_obk_new(const char *platform, const uint8_t mac[6], struct rk_obk **out,
                          struct rk_error *err)
{
    const struct rk_obk_platform *p;
    enum rk_status st = resolve_platform(platform, &p, err);

    if (st != RK_OK)
        return st;
    if (!p)
        return rk_fail(err, RK_ERR_ARG, "config.platform", "a new record needs a platform");
    struct rk_obk *obk = calloc(1, sizeof *obk);
    if (!obk)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    obk->facts.version = 5;
    obk->facts.length = RK_OBK_LENGTH;
    obk->facts.group = p->group;
    obk->facts.platform = p;
    obk->facts.crc = p->crc;
    obk->facts.place.store = p->store;
    obk->facts.place.offset = p->addresses[0];
    obk->facts.place.area = p->store == RK_OBK_EASYFLASH ? p->addresses[0] : 0;
    obk->facts.place.length = p->area;
    obk->facts.place.key = p->key;
    obk->layout = rk_obk_layout_of(5, p->group);
    memcpy(obk->bytes, "CFG", 3);
    rk_put_le32(obk->bytes + 4, 5);
    fill_defaults(obk, mac);
    *out = obk;
    return RK_OK;
}

void rk_obk_free(struct rk_obk *obk)
{
    free(obk);
}

/* A raw record gets its sectors, blank behind it as the firmware leaves them. Where it does not
 * begin at a sector, the bytes in front of it stay. */
static enum rk_status patch_raw(const struct rk_obk *obk, const uint8_t *flash, size_t len,
                                struct rk_obk_patch *out, struct rk_error *err)
{
    uint32_t offset = obk->facts.place.offset, start = offset / SECTOR * SECTOR;
    uint32_t end = (offset + obk->facts.length + SECTOR - 1) / SECTOR * SECTOR;
    bool bare = len == obk->facts.length && offset == 0;

    if (!bare && (start >= len || end > len)) {
        rk_fail(err, RK_ERR_RANGE, "config.place",
                "the configuration belongs at 0x%06x, behind the end of these %zu bytes",
                (unsigned)offset, len);
        rk_error_hint(err, "use a backup of the whole flash");
        return RK_ERR_RANGE;
    }
    uint32_t size = bare ? obk->facts.length : end - start;
    uint8_t *data = malloc(size);
    if (!data)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memcpy(data, flash + start, size);
    memcpy(data + (offset - start), obk->bytes, obk->facts.length);
    if (offset == start)
        memset(data + obk->facts.length, 0xFF, size - obk->facts.length);
    *out = (struct rk_obk_patch){start, size, data};
    return RK_OK;
}

enum rk_status rk_obk_patch(const struct rk_obk *obk, const uint8_t *flash, size_t len,
                            struct rk_obk_patch *out, struct rk_error *err)
{
    const struct rk_obk_place *place = &obk->facts.place;

    if (place->store == RK_OBK_RAW)
        return patch_raw(obk, flash, len, out, err);
    if (place->store != RK_OBK_EASYFLASH || place->length == 0 || place->area > len ||
        place->length > len - place->area) {
        rk_fail(err, RK_ERR_UNSUPPORTED, "config.store",
                "the configuration of this platform cannot be written into a flash yet");
        rk_error_hint(err, "write it to a file and load it with the web application");
        return RK_ERR_UNSUPPORTED;
    }
    uint8_t *data = malloc(place->length);
    if (!data)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memcpy(data, flash + place->area, place->length);
    enum rk_status st =
        rk_easyflash_set(data, place->length, place->key, obk->bytes, obk->facts.length, err);
    if (st != RK_OK) {
        free(data);
        return st;
    }
    *out = (struct rk_obk_patch){place->area, place->length, data};
    return RK_OK;
}

/* The old store of the boot counters: records appended behind a mark, the newest one last. */
static bool old_boots(const uint8_t *data, size_t len, uint32_t at, struct rk_obk_boots *out)
{
    if (at + 2 * SECTOR > len || rk_get_le32(data + at) != 0xFEFEFEFE)
        return false;
    uint32_t end = at + 2 * SECTOR;
    while (end > at + 4 && data[end - 1] == 0xFF)
        end--;
    uint32_t size = data[end - 1];
    if (size < 4 || size > end - at - 4)
        return false;
    out->found = true;
    out->offset = end - size;
    out->boots = rk_get_le16(data + end - size);
    out->successes = rk_get_le16(data + end - size + 2);
    return true;
}

void rk_obk_boots(const uint8_t *data, size_t len, struct rk_obk_boots *out)
{
    static const char *const keys[] = {"OBK_FV", "myBtCnts"};
    static const uint32_t old_places[] = {0x1D3000, 0x1E3000};
    struct rk_easyflash_entry entry;
    uint32_t start, length, end = 0;

    memset(out, 0, sizeof *out);
    for (uint32_t at = 0; at + SECTOR <= len; at += SECTOR) {
        if (at < end || !rk_easyflash_granularity(data + at))
            continue;
        rk_easyflash_area(data, len, at, &start, &length);
        end = start + length;
        for (size_t k = 0; k < 2 && !out->found; k++)
            if (rk_easyflash_find(data, start, length, keys[k], &entry) && entry.length >= 4) {
                out->found = true;
                out->offset = entry.value;
                out->boots = rk_get_le16(data + entry.value);
                out->successes = rk_get_le16(data + entry.value + 2);
            }
    }
    for (size_t i = 0; i < 2 && !out->found; i++)
        (void)old_boots(data, len, old_places[i], out);
}
