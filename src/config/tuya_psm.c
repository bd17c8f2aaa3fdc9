/* The text storage of ESP8266 modules with Tuya firmware: "name=value" strings behind the mark
 * PSM1, plain or enciphered under a key with one unknown byte. */
#include "config/tuya_cipher.h"
#include "config/tuya_storage.h"

#include <string.h>

#define PAIRS_MAX   512u
#define PAIRS_CLEAR 10u /* so many pairs are a storage whatever their names are */
#define PAIRS_KNOWN 3u  /* so many pairs with names of the field are one, too */

static const char psm_mark[4] = {'P', 'S', 'M', '1'};
static const char psm_key[16] = {'Q', 'b', 'y', '6', 0,   'T', 'H', '9',
                                 'b', 'j', '8', 'G', 'i', 'e', 'x', 'U'};
static const char *const psm_words[] = {"ty_ws_", "device_", "gw_", "local_key",
                                        "ssid",   "passwd",  "ESP."};

static bool has_word(const uint8_t *data, size_t len)
{
    for (size_t w = 0; w < sizeof psm_words / sizeof psm_words[0]; w++) {
        size_t n = strlen(psm_words[w]);
        for (size_t i = 0; i + n <= len; i++)
            if (memcmp(data + i, psm_words[w], n) == 0)
                return true;
    }
    return false;
}

static bool is_name(const uint8_t *p, size_t len)
{
    if (len == 0 || len > 64)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
              (p[i] >= '0' && p[i] <= '9') || p[i] == '_' || p[i] == '.' || p[i] == '-'))
            return false;
    return true;
}

static enum rk_status add_pair(struct rk_tuya *t, const uint8_t *text, size_t len, uint32_t offset)
{
    const uint8_t *equal = memchr(text, '=', len);

    if (!equal || !is_name(text, (size_t)(equal - text)) || t->key_count >= PAIRS_MAX)
        return RK_OK;
    struct rk_tuya_key *key = &t->keys[t->key_count];
    size_t size = len - (size_t)(equal - text) - 1;
    key->name = rk_arena_copy(&t->arena, text, (size_t)(equal - text));
    key->value = (const uint8_t *)rk_arena_copy(&t->arena, equal + 1, size);
    if (!key->name || !key->value)
        return RK_ERR_NOMEM;
    key->length = (uint32_t)size;
    key->offset = offset;
    key->parts = 1;
    key->doubt = "this kind of storage has no checksums";
    rk_tuya_classify(key);
    t->key_count++;
    return RK_OK;
}

/* Splits a deciphered region at NUL and 0xFF. */
static enum rk_status add_pairs(struct rk_tuya *t, const uint8_t *plain, size_t len,
                                uint32_t offset)
{
    enum rk_status st = RK_OK;

    for (size_t i = 0; i < len && st == RK_OK;) {
        size_t n = 0;
        while (i + n < len && plain[i + n] != 0 && plain[i + n] != 0xFF)
            n++;
        if (n)
            st = add_pair(t, plain + i, n, offset + (uint32_t)i);
        i += n + 1;
    }
    return st;
}

static bool looks_right(const struct rk_tuya *t)
{
    size_t known = 0;

    for (size_t i = 0; i < t->key_count; i++)
        known += has_word((const uint8_t *)t->keys[i].name, strlen(t->keys[i].name));
    return known >= PAIRS_KNOWN || t->key_count >= PAIRS_CLEAR;
}

/* Reads the region that begins at `at`; cipher is NULL for a plain one. */
static enum rk_status read_region(struct rk_tuya *t, struct rk_cipher *cipher, const uint8_t *data,
                                  size_t len, size_t at, bool *found)
{
    uint8_t plain[RK_TUYA_SECTOR];
    unsigned misses = 0;
    enum rk_status st = RK_OK;

    t->key_count = 0;
    for (size_t s = at; st == RK_OK && s + RK_TUYA_SECTOR <= len && misses < 2;
         s += RK_TUYA_SECTOR) {
        if (cipher)
            rk_cipher_run(cipher, data + s, plain, sizeof plain);
        else
            memcpy(plain, data + s, sizeof plain);
        bool marked = memcmp(plain, psm_mark, sizeof psm_mark) == 0;
        if (!marked && !has_word(plain, sizeof plain)) {
            misses++;
            continue;
        }
        misses = 0;
        size_t skip = marked ? sizeof psm_mark : 0;
        st = add_pairs(t, plain + skip, sizeof plain - skip, (uint32_t)(s + skip));
    }
    *found = st == RK_OK && looks_right(t);
    if (*found) {
        t->facts.kind = RK_TUYA_PSM;
        t->facts.offset = (uint32_t)at;
        t->facts.variant = cipher ? "PSM enciphered" : "PSM plain";
    } else {
        t->key_count = 0;
    }
    return st;
}

static enum rk_status try_cipher(struct rk_tuya *t, struct rk_cipher *cipher, const uint8_t *data,
                                 size_t len, bool *found)
{
    uint8_t head[16];
    enum rk_status st = RK_OK;

    for (size_t at = 0; st == RK_OK && !*found && at + RK_TUYA_SECTOR <= len;
         at += RK_TUYA_SECTOR) {
        if (cipher)
            rk_cipher_run(cipher, data + at, head, sizeof head);
        else
            memcpy(head, data + at, sizeof head);
        if (memcmp(head, psm_mark, sizeof psm_mark) == 0)
            st = read_region(t, cipher, data, len, at, found);
    }
    return st;
}

enum rk_status rk_tuya_read_psm(struct rk_tuya *t, const uint8_t *data, size_t len, bool *found)
{
    *found = false;
    t->keys = rk_arena_alloc(&t->arena, PAIRS_MAX * sizeof t->keys[0]);
    if (!t->keys)
        return RK_ERR_NOMEM;
    enum rk_status st = try_cipher(t, NULL, data, len, found);
    for (unsigned byte = 0; byte < 256 && st == RK_OK && !*found; byte++) {
        struct rk_cipher cipher;
        uint8_t key[16];
        memcpy(key, psm_key, 16);
        key[4] = (uint8_t)byte;
        rk_cipher_init(&cipher, key, false);
        st = try_cipher(t, &cipher, data, len, found);
        rk_cipher_free(&cipher);
    }
    return st;
}
