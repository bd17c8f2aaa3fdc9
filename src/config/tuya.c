#include <rekindle/tuya.h>

#include "base/bytes.h"
#include "config/secrets.h"
#include "config/tuya_cipher.h"
#include "config/tuya_storage.h"
#include "config/pin_text.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH_MAX (16u << 20)

/* Where sectors begin if they do not begin at multiples of 4096: the filling of a key block shows
 * it. 0 if it is not there. */
static size_t find_shift(const uint8_t *data, size_t len)
{
    for (size_t i = 32; i + 64 <= len; i++) {
        const uint8_t *hit = memchr(data + i, rk_tuya_blank_block[0], len - 64 - i + 1);
        if (!hit)
            return 0;
        i = (size_t)(hit - data);
        if (memcmp(hit, rk_tuya_blank_block, 16) == 0 &&
            memcmp(hit + 16, rk_tuya_blank_block, 16) == 0)
            return (i - 32) % RK_TUYA_SECTOR;
    }
    return 0;
}

static enum rk_status read_at(struct rk_tuya *t, const uint8_t *data, size_t len, size_t shift,
                              bool *found)
{
    enum rk_status st = rk_tuya_find_seeds(t, data, len, shift);

    /* A protected block holds the inner key, too. */
    for (size_t i = 0; st == RK_OK && i < t->protected_count && t->seed_count < RK_TUYA_SEEDS;
         i++) {
        struct rk_tuya_seed *seed = &t->seeds[t->seed_count];
        uint8_t plain[32];
        struct rk_cipher master;
        rk_cipher_init(&master, rk_tuya_master_key, false);
        rk_cipher_run(&master, data + t->protected_at[i], plain, sizeof plain);
        rk_cipher_free(&master);
        memset(seed, 0, sizeof *seed);
        memcpy(seed->inner, plain + 8, 16);
        seed->offset = t->protected_at[i];
        t->seed_count++;
    }
    if (st == RK_OK)
        st = rk_tuya_load_sectors(t, data, len, shift, found);
    if (st == RK_OK && *found)
        st = rk_tuya_read_pages(t);
    if (st == RK_OK)
        st = rk_tuya_read_protected(t, data);
    t->facts.protected_copies = (uint32_t)t->protected_count;
    return st;
}

/* The storage is gone but a protected copy is left: its entries are the keys. */
static void fall_back_to_protected(struct rk_tuya *t)
{
    t->facts.kind = RK_TUYA_PROTECTED;
    t->facts.offset = t->protected_at[0];
    t->facts.variant = rk_tuya_variant_name(0);
    t->keys = t->guarded;
    t->key_count = t->guarded_count;
}

static enum rk_status say_none(const uint8_t *data, size_t len, struct rk_error *err)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "config.none", "no Tuya settings in these %zu bytes", len);
    if (rk_bytes_all(data, len, 0xFF))
        rk_error_detail(err, "every byte is 0xFF: an erased flash");
    else if (rk_bytes_all(data, len, 0))
        rk_error_detail(err, "every byte is 0: nothing was read");
    else if (len >= 3 && memcmp(data, "CFG", 3) == 0)
        rk_error_detail(err, "they begin with CFG: an OpenBeken configuration");
    else
        rk_error_detail(err,
                        "no key block, no protected copy and no sector that a known key opens");
    rk_error_hint(err, "use a backup of the whole flash, made before other firmware was written");
    return RK_ERR_IMAGE_FORMAT;
}

static enum rk_status read_any(struct rk_tuya *t, const uint8_t *data, size_t len, bool *found)
{
    enum rk_status st = read_at(t, data, len, 0, found);
    size_t shift;

    if (st != RK_OK || *found)
        return st;
    if (t->guarded_count > 0) {
        fall_back_to_protected(t);
        *found = true;
        return RK_OK;
    }
    shift = find_shift(data, len);
    if (shift)
        st = read_at(t, data, len, shift, found);
    if (st == RK_OK && !*found)
        st = rk_tuya_read_psm(t, data, len, found);
    return st;
}

enum rk_status rk_tuya_read(const uint8_t *data, size_t len, struct rk_tuya **out,
                            struct rk_error *err)
{
    bool found = false;

    if (len == 0 || len > LENGTH_MAX)
        return rk_fail(err, RK_ERR_ARG, "config.size", "%zu bytes cannot be a flash (1 to %u)", len,
                       LENGTH_MAX);
    struct rk_tuya *t = calloc(1, sizeof *t);
    enum rk_status st = t ? read_any(t, data, len, &found) : RK_ERR_NOMEM;
    if (st == RK_ERR_NOMEM)
        rk_fail(err, st, "internal.memory", "out of memory");
    else if (st == RK_OK && !found)
        st = say_none(data, len, err);
    if (st != RK_OK)
        rk_tuya_free(t);
    else
        *out = t;
    return st;
}

void rk_tuya_free(struct rk_tuya *tuya)
{
    if (!tuya)
        return;
    rk_arena_free(&tuya->arena);
    free(tuya);
}

const struct rk_tuya_facts *rk_tuya_facts(const struct rk_tuya *tuya)
{
    return &tuya->facts;
}

size_t rk_tuya_keys(const struct rk_tuya *tuya, const struct rk_tuya_key **out)
{
    *out = tuya->keys;
    return tuya->key_count;
}

size_t rk_tuya_sectors(const struct rk_tuya *tuya, const struct rk_tuya_sector **out)
{
    *out = tuya->sectors;
    return tuya->sector_count;
}

size_t rk_tuya_protected(const struct rk_tuya *tuya, const struct rk_tuya_key **out)
{
    *out = tuya->guarded;
    return tuya->guarded_count;
}

const struct rk_tuya_key *rk_tuya_find(const struct rk_tuya *tuya, const char *name)
{
    for (size_t i = 0; i < tuya->key_count; i++)
        if (strcmp(tuya->keys[i].name, name) == 0)
            return &tuya->keys[i];
    return NULL;
}

static bool is_text(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((p[i] < 0x20 && p[i] != '\t' && p[i] != '\n' && p[i] != '\r') || p[i] == 0x7F)
            return false;
    return true;
}

static bool is_number(const uint8_t *p, size_t len)
{
    size_t i = len > 1 && p[0] == '-';

    if (len == 0 || len > 18)
        return false;
    for (; i < len; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

static enum rk_value_kind kind_of(const struct rk_tuya_key *key)
{
    const uint8_t *p = key->value;

    if (strcmp(key->name, "user_param_key") == 0 && is_text(p, key->text_length))
        return RK_VALUE_PINS;
    if (is_number(p, key->text_length))
        return RK_VALUE_NUMBER;
    if (!is_text(p, key->text_length))
        return RK_VALUE_BINARY;
    return key->text_length && (p[0] == '{' || p[0] == '[') ? RK_VALUE_JSON : RK_VALUE_TEXT;
}

void rk_tuya_classify(struct rk_tuya_key *key)
{
    unsigned stored, computed;

    key->text_length = key->length;
    while (key->text_length && key->value[key->text_length - 1] == 0)
        key->text_length--;
    key->kind = kind_of(key);
    key->secret = rk_secret_key(key->name);
    if (key->kind != RK_VALUE_PINS)
        return;
    key->has_check =
        rk_pin_text_check((const char *)key->value, key->text_length, &stored, &computed);
    key->check_right = key->has_check && stored == computed;
    if (key->has_check && !key->check_right && key->certain) {
        key->certain = false;
        key->doubt = "the check value inside the text is wrong";
    }
}

const char *rk_tuya_kind_name(enum rk_tuya_kind kind)
{
    static const char *const names[] = {"none", "classic", "tuyaos3", "protected", "psm"};

    return names[kind];
}

const char *rk_value_kind_name(enum rk_value_kind kind)
{
    static const char *const names[] = {"text", "number", "json", "pins", "binary"};

    return names[kind];
}
