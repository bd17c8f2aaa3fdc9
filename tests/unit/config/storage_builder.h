/* Builds a small Tuya storage from nothing, so that tests need no capture. */
#ifndef RK_TESTS_CONFIG_STORAGE_BUILDER_H
#define RK_TESTS_CONFIG_STORAGE_BUILDER_H

#include "base/bytes.h"
#include "config/tuya_cipher.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t builder_inner[16] = {0x36, 0xC7, 0x23, 0xD0, 0x30, 0x15, 0xB4, 0xE2,
                                          0x0A, 0x26, 0x3A, 0x44, 0xC6, 0xF0, 0xC9, 0x6E};

/* A plain data sector without any page. */
static inline void builder_sector(uint8_t *plain, uint16_t block, uint32_t generation)
{
    memset(plain, 0xFF, 4096);
    rk_put_le32(plain, 0x98761234);
    rk_put_le16(plain + 8, block);
    rk_put_le32(plain + 10, generation);
    plain[14] = 4;
    rk_put_le32(plain + 15, 0);
}

/* Adds an index page; the value's pages are parts of (block, first, last), three bytes each. */
static inline void builder_index(uint8_t *plain, unsigned page, const char *name, uint32_t sum,
                                 uint32_t length, const uint8_t *parts, unsigned part_count)
{
    uint8_t *p = plain + 128 * page;
    size_t n = strlen(name) + 1;

    rk_put_le32(plain + 15, rk_get_le32(plain + 15) | 1u << page);
    rk_put_le32(p, sum);
    rk_put_le32(p + 4, length);
    rk_put_le16(p + 8, rk_get_le16(plain + 8));
    p[10] = (uint8_t)page;
    rk_put_le16(p + 11, (uint16_t)part_count);
    p[17] = (uint8_t)n;
    memcpy(p + 18, name, n);
    for (unsigned i = 0; i < part_count; i++) {
        uint8_t *q = p + 18 + n + 4 * i;
        rk_put_le16(q, parts[3 * i]);
        q[2] = parts[3 * i + 1];
        q[3] = parts[3 * i + 2];
    }
}

/* Adds a value that lies on the pages behind its index page. */
static inline void builder_value(uint8_t *plain, unsigned page, const char *name, const char *text)
{
    size_t n = strlen(text);
    uint8_t part[3] = {(uint8_t)rk_get_le16(plain + 8), (uint8_t)(page + 1),
                       (uint8_t)(page + (n + 127) / 128)};

    memcpy(plain + 128 * (page + 1), text, n);
    builder_index(plain, page, name, rk_tuya_sum((const uint8_t *)text, n), (uint32_t)n, part, 1);
}

/* Sets the sum over the sector and enciphers it into place. */
static inline void builder_store(uint8_t *flash, uint8_t *plain, unsigned variant)
{
    struct rk_cipher cipher;
    uint8_t key[16];

    rk_put_le32(plain + 4, rk_tuya_sum(plain + 8, 4088));
    rk_tuya_data_key(builder_inner, variant, key);
    rk_cipher_init(&cipher, key, true);
    rk_cipher_run(&cipher, plain, flash, 4096);
    rk_cipher_free(&cipher);
}

static inline void builder_key_block(uint8_t *flash)
{
    struct rk_cipher master;
    uint8_t plain[4096];

    memset(plain, 0xFF, sizeof plain);
    rk_put_le32(plain, 0x13579753);
    rk_put_le32(plain + 4, rk_tuya_sum(builder_inner, 16));
    memcpy(plain + 8, builder_inner, 16);
    rk_cipher_init(&master, rk_tuya_master_key, true);
    rk_cipher_run(&master, plain, flash, 4096);
    rk_cipher_free(&master);
}

#endif
