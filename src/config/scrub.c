/* Empties settings of secrets. The storage of Tuya is deciphered, masked, given its checksums and
 * enciphered again, so that what remains can still be read by every tool. */
#include <rekindle/littlefs.h>
#include <rekindle/scrub.h>

#include "base/bytes.h"
#include "config/easyflash.h"
#include "config/obk.h"
#include "config/scrub_bl602.h"
#include "config/secret_list.h"
#include "config/tuya_cipher.h"
#include "config/tuya_storage.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH_MAX (16u << 20)

/* A Tuya storage that is being rebuilt. */
struct rebuild {
    const struct rk_tuya *tuya;
    const struct rk_secret_list *secrets;
    uint8_t **plain; /* new plain sectors, parallel to tuya->sectors */
};

static size_t live_sector(const struct rk_tuya *t, uint16_t block)
{
    for (size_t i = 0; i < t->sector_count; i++)
        if (t->sectors[i].block == block && t->sectors[i].live)
            return i;
    return SIZE_MAX;
}

/* The value of a key without its secrets. Text that is damaged cannot be trusted to show where its
 * secrets begin, so all of it goes. */
static void mask_value(const struct rebuild *r, const struct rk_tuya_key *key, uint8_t *value)
{
    bool damaged = !key->certain && strncmp(key->name, "gw_", 3) == 0;

    memcpy(value, key->value, key->length);
    if (key->secret || damaged)
        memset(value, 'x', key->text_length);
    else
        rk_secrets_mask_members(key->name, value, key->text_length);
    (void)rk_secrets_mask(r->secrets, value, key->length);
}

/* Copies the index page and the pages of a value into the new sectors. */
static bool keep_key(struct rebuild *r, const struct rk_tuya_key *key)
{
    const struct rk_tuya *t = r->tuya;
    size_t home = live_sector(t, key->block);
    struct rk_tuya_index index;

    if (home == SIZE_MAX || key->from_old_copy ||
        !rk_tuya_index_parse(t->plain[home] + key->page * RK_TUYA_PAGE, key->page, &index) ||
        strcmp(index.name, key->name) != 0)
        return true;
    uint8_t *value = malloc((size_t)key->length + 1),
            *page = r->plain[home] + key->page * RK_TUYA_PAGE;
    if (!value)
        return false;
    mask_value(r, key, value);
    size_t name = strlen(index.name) + 1;
    memset(page, 0xFF, RK_TUYA_PAGE);
    memcpy(page, t->plain[home] + key->page * RK_TUYA_PAGE, 18 + name + 4 * index.part_count);
    rk_put_le32(page, rk_tuya_sum(value, key->length));
    rk_put_le32(r->plain[home] + 15, rk_get_le32(r->plain[home] + 15) | 1u << key->page);
    uint32_t done = 0;
    for (unsigned i = 0; i < index.part_count; i++) {
        size_t s = live_sector(t, index.parts[i].block);
        for (unsigned p = index.parts[i].first; s != SIZE_MAX && p <= index.parts[i].last; p++) {
            uint32_t n = key->length - done < RK_TUYA_PAGE ? key->length - done : RK_TUYA_PAGE;
            memcpy(r->plain[s] + p * RK_TUYA_PAGE, value + done, n);
            done += n;
        }
    }
    free(value);
    return true;
}

/* A new sector with the header of the old one and nothing else. */
static void empty_sector(uint8_t *out, const uint8_t *old)
{
    memset(out, 0xFF, RK_TUYA_SECTOR);
    memcpy(out, old, 15);
    rk_put_le32(out + 15, 0);
}

static bool rebuild_sectors(struct rebuild *r, uint8_t *out)
{
    const struct rk_tuya *t = r->tuya;
    struct rk_cipher cipher;
    bool ok = true;

    for (size_t i = 0; i < t->sector_count; i++)
        empty_sector(r->plain[i], t->plain[i]);
    for (size_t i = 0; i < t->key_count && ok; i++)
        ok = keep_key(r, &t->keys[i]);
    rk_cipher_init(&cipher, t->facts.data_key, true);
    for (size_t i = 0; i < t->sector_count; i++) {
        rk_put_le32(r->plain[i] + 4, rk_tuya_sum(r->plain[i] + 8, RK_TUYA_SECTOR - 8));
        rk_cipher_run(&cipher, r->plain[i], out + t->sectors[i].offset, RK_TUYA_SECTOR);
    }
    rk_cipher_free(&cipher);
    return ok;
}

/* Sectors between the first and the last of the storage that could not be read: no telling what is
 * in them. */
static void blank_gaps(const struct rk_tuya *t, uint8_t *out)
{
    uint32_t last = t->sectors[t->sector_count - 1].offset;

    for (uint32_t at = t->sectors[0].offset; at < last; at += RK_TUYA_SECTOR) {
        bool known = false;
        for (size_t i = 0; i < t->sector_count; i++)
            known |= t->sectors[i].offset == at;
        for (size_t i = 0; i < t->seed_count; i++)
            known |= t->seeds[i].offset == at && t->seeds[i].key_block;
        for (size_t i = 0; i < t->protected_count; i++)
            known |= t->protected_at[i] == at;
        if (!known)
            memset(out + at, 0xFF, RK_TUYA_SECTOR);
    }
}

/* A protected block: outer layer under the master key, entries under the data key inside. */
static void scrub_protected(const struct rk_tuya *t, const struct rebuild *r, uint8_t *out,
                            uint32_t offset)
{
    uint8_t block[RK_TUYA_SECTOR], key[16];
    struct rk_cipher cipher;

    rk_cipher_init(&cipher, rk_tuya_master_key, false);
    rk_cipher_run(&cipher, out + offset, block, sizeof block);
    rk_cipher_free(&cipher);
    uint32_t length = rk_get_le32(block + 24);
    memset(block + 32, 0xFF, sizeof block - 32);
    for (size_t i = 0; i < t->guarded_count; i++) {
        const struct rk_tuya_key *k = &t->guarded[i];
        if (k->offset < offset + 32 || k->offset >= offset + RK_TUYA_SECTOR)
            continue;
        uint8_t *p = block + (k->offset - offset);
        memset(p, 0, 36);
        rk_put_le32(p, k->length);
        memcpy(p + 4, k->name, strlen(k->name));
        memcpy(p + 36, k->value, k->length);
        rk_secrets_mask_members(k->name, p + 36, k->length);
        (void)rk_secrets_mask(r->secrets, p + 36, k->length);
    }
    rk_put_le32(block + 24, length);
    rk_tuya_data_key(block + 8, 0, key);
    rk_cipher_init(&cipher, key, true);
    rk_cipher_run(&cipher, block + 32, block + 32, sizeof block - 32);
    rk_cipher_free(&cipher);
    rk_put_le32(block + 4, rk_tuya_sum(block + 8, sizeof block - 8));
    rk_cipher_init(&cipher, rk_tuya_master_key, true);
    rk_cipher_run(&cipher, block, out + offset, sizeof block);
    rk_cipher_free(&cipher);
}

/* The storage of an ESP8266 cannot be kept readable page by page: it goes as a whole. */
static void blank_keys(const struct rk_tuya *t, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < t->key_count; i++) {
        uint32_t at = t->keys[i].offset / RK_TUYA_SECTOR * RK_TUYA_SECTOR;
        if (at + RK_TUYA_SECTOR <= len)
            memset(out + at, 0xFF, RK_TUYA_SECTOR);
    }
}

static bool scrub_tuya(const struct rk_tuya *t, const struct rk_secret_list *secrets, uint8_t *out,
                       size_t len)
{
    struct rebuild r = {.tuya = t, .secrets = secrets};
    bool ok = true;

    if (t->facts.kind == RK_TUYA_PSM) {
        blank_keys(t, out, len);
        return true;
    }
    r.plain = calloc(t->sector_count + 1, sizeof r.plain[0]);
    uint8_t *room = malloc((t->sector_count + 1) * RK_TUYA_SECTOR);
    if (r.plain && room && t->sector_count) {
        for (size_t i = 0; i < t->sector_count; i++)
            r.plain[i] = room + i * RK_TUYA_SECTOR;
        ok = rebuild_sectors(&r, out);
        blank_gaps(t, out);
    }
    ok = ok && r.plain && room;
    for (size_t i = 0; i < t->protected_count && ok; i++)
        scrub_protected(t, &r, out, t->protected_at[i]);
    free(room);
    free(r.plain);
    return ok;
}

/* Every named secret of a record, in place. */
static void mask_record(struct rk_obk *obk)
{
    for (size_t i = 0; i < rk_obk_field_count; i++) {
        const struct rk_obk_field *f = &rk_obk_fields[i];
        struct rk_obk_span span = rk_obk_span_of(obk, f);
        uint8_t *p = obk->bytes + span.offset;
        size_t n = 0;
        while (n < span.size && p[n])
            n++;
        if (!f->secret || span.size == 0)
            continue;
        memset(p, 0, span.size);
        memset(p, 'x', n);
    }
}

/* Puts the masked record back; in a log, without the older entries. */
static enum rk_status store_record(const struct rk_obk *obk, uint8_t *out, size_t len)
{
    const struct rk_obk_place *place = &obk->facts.place;
    struct rk_obk_patch patch;
    enum rk_status st = rk_obk_patch(obk, out, len, &patch, NULL);

    if (st == RK_OK) {
        memcpy(out + patch.addr, patch.data, patch.len);
        free(patch.data);
        if (place->store == RK_OBK_EASYFLASH)
            st = rk_easyflash_tidy(out + place->area, place->length, NULL);
    }
    if (st == RK_OK || st == RK_ERR_NOMEM)
        return st;
    memset(out + place->offset, 0xFF, obk->facts.length);
    return RK_OK;
}

static enum rk_status scrub_obk(uint8_t *out, size_t len, struct rk_secret_list *secrets)
{
    struct rk_obk *obk = NULL;
    struct rk_error err = {0};
    size_t length;

    if (rk_obk_find(out, len, NULL, &obk, &err) != RK_OK) {
        /* A damaged record still holds its passwords. */
        if (err.has_addr)
            memset(out + err.addr, 0xFF, len - err.addr < 4096 ? len - err.addr : 4096);
        return err.status == RK_ERR_NOMEM ? RK_ERR_NOMEM : RK_OK;
    }
    rk_secrets_of_obk(secrets, obk);
    mask_record(obk);
    (void)rk_obk_seal(obk, &length);
    enum rk_status st = store_record(obk, out, len);
    rk_obk_free(obk);
    return st;
}

/* Scripts and pages may hold passwords in any form: no file of OpenBeken is kept. */
static void blank_files(uint8_t *out, size_t len)
{
    size_t at, extent;

    if (rk_littlefs_extent(out, len, &at, &extent))
        memset(out + at, 0xFF, extent);
}

/* Searches the result: its bytes, and what the storage in it says when it is deciphered. */
static bool is_clean(const struct rk_secret_list *secrets, const struct rk_tuya *before,
                     const uint8_t *out, size_t len)
{
    uint8_t plain[RK_TUYA_SECTOR];
    struct rk_cipher data, master;
    bool clean = !rk_secrets_in(secrets, out, len);

    if (!before || before->facts.kind == RK_TUYA_PSM)
        return clean;
    size_t shift = before->facts.offset % RK_TUYA_SECTOR;
    rk_cipher_init(&data, before->facts.data_key, false);
    rk_cipher_init(&master, rk_tuya_master_key, false);
    for (size_t at = shift; clean && at + RK_TUYA_SECTOR <= len; at += RK_TUYA_SECTOR) {
        rk_cipher_run(&data, out + at, plain, sizeof plain);
        clean = !rk_secrets_in(secrets, plain, sizeof plain);
        rk_cipher_run(&master, out + at, plain, sizeof plain);
        clean = clean && !rk_secrets_in(secrets, plain, sizeof plain);
        rk_cipher_run(&data, plain + 32, plain + 32, sizeof plain - 32);
        clean = clean && !rk_secrets_in(secrets, plain + 32, sizeof plain - 32);
    }
    rk_cipher_free(&data);
    rk_cipher_free(&master);
    return clean;
}

static enum rk_status scrub_copy(const uint8_t *data, size_t len, uint8_t *out,
                                 struct rk_scrub_report *report, struct rk_error *err)
{
    struct rk_secret_list secrets = {0};
    struct rk_tuya *t = NULL;
    enum rk_status st = rk_tuya_read(data, len, &t, NULL);

    if (st == RK_OK) {
        for (size_t i = 0; i < t->key_count; i++)
            rk_secrets_of_key(&secrets, &t->keys[i]);
        for (size_t i = 0; i < t->guarded_count; i++)
            rk_secrets_of_key(&secrets, &t->guarded[i]);
        st = scrub_tuya(t, &secrets, out, len) ? RK_OK : RK_ERR_NOMEM;
    } else if (st == RK_ERR_IMAGE_FORMAT) {
        st = RK_OK;
    }
    if (st == RK_OK)
        st = scrub_obk(out, len, &secrets);
    if (st == RK_OK)
        st = rk_scrub_bl602(out, len, &secrets);
    blank_files(out, len);
    if (st == RK_OK) {
        report->secrets = (uint32_t)secrets.count;
        for (size_t i = 0; i < secrets.count; i++)
            report->searched += secrets.items[i].len >= RK_SECRET_SEARCHED;
        report->elsewhere = (uint32_t)rk_secrets_mask(&secrets, out, len);
        report->proven = !secrets.failed && is_clean(&secrets, t, out, len);
        for (size_t at = 0; at < len; at += RK_TUYA_SECTOR) {
            size_t n = len - at < RK_TUYA_SECTOR ? len - at : RK_TUYA_SECTOR;
            report->sectors += memcmp(data + at, out + at, n) != 0;
        }
        if (!report->proven) {
            st = rk_fail(err, RK_ERR_VERIFY, "config.scrub",
                         "a secret of the settings is still in the scrubbed copy");
            rk_error_hint(err, "do not publish this dump; please report the case");
        }
    } else {
        rk_fail(err, st, "internal.memory", "out of memory");
    }
    rk_tuya_free(t);
    rk_secrets_free(&secrets);
    return st;
}

enum rk_status rk_scrub(const uint8_t *data, size_t len, uint8_t **out,
                        struct rk_scrub_report *report, struct rk_error *err)
{
    memset(report, 0, sizeof *report);
    if (len == 0 || len > LENGTH_MAX)
        return rk_fail(err, RK_ERR_ARG, "config.size", "%zu bytes cannot be a flash", len);
    uint8_t *copy = malloc(len);
    if (!copy)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memcpy(copy, data, len);
    enum rk_status st = scrub_copy(data, len, copy, report, err);
    if (st == RK_OK)
        *out = copy;
    else
        free(copy);
    return st;
}
