/* Plausible Beken images made of our own bytes: a boot loader with a version and a partition table,
 * an application with a chip mark and a name, an RF sector. No vendor code is in them and no chip
 * would run them, but every test of form passes. Header only, so that each test program has it. */
#ifndef RK_TESTS_IMAGE_MODEL_H
#define RK_TESTS_IMAGE_MODEL_H

#include "base/bytes.h"
#include "base/crc.h"
#include "base/rng.h"
#include "base/text.h"
#include "image/beken/blocks.h"
#include "image/beken/key.h"
#include "image/beken/scrambler.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct model {
    const char *chip;         /* for messages only */
    const char *mark;         /* at +0x100; NULL = code */
    const char *boot_version; /* NULL = no boot loader in the file */
    const char *app_name;     /* "OpenBK7231N_1.18.300" or "oem_bk7231n_plug" NUL-free */
    const char *app_version;  /* for Tuya's form; NULL for the OpenBK form */
    uint32_t key[4];          /* of the application */
    uint32_t boot_key[4];
    uint32_t handler;  /* word 8 of the application */
    uint32_t app_size; /* bytes of plain application code */
    uint32_t rf_addr;  /* 0 = none */
    uint32_t flash_size;
    uint32_t app_end;  /* logical length of the app partition */
    uint32_t download; /* address of the download partition */
};

#define MODEL_BOOT_PAYLOAD 0x9000u
#define MODEL_KEY_TUYA                                                                             \
    {                                                                                              \
        0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03                                             \
    }

static inline void model_vectors(uint8_t *p, uint32_t entry, uint32_t handler)
{
    rk_put_le32(p, 0xEA000000u | entry);
    for (uint32_t i = 1; i < 8; i++)
        rk_put_le32(p + 4 * i, 0xE59FF014u);
    for (uint32_t i = 8; i < 15; i++)
        rk_put_le32(p + 4 * i, handler + (i - 8) * 0x20);
    rk_put_le32(p + 60, 0xDEADBEEFu);
}

/* Bytes that are neither blank nor random: like code, some values are frequent. */
static inline void model_filler(uint8_t *p, size_t len, uint64_t seed)
{
    struct rk_rng rng = {seed};

    for (size_t i = 0; i < len; i++) {
        uint32_t r = rk_rng_below(&rng, 64);

        p[i] = r < 20 ? 0x00 : r < 30 ? 0xE5 : r < 36 ? 0xE1 : (uint8_t)rk_rng_below(&rng, 256);
    }
}

static inline void model_entry(uint8_t *p, const char *name, const char *device, uint32_t offset,
                               uint32_t len)
{
    memset(p, 0, 64);
    memcpy(p, "01PE", 4);
    memcpy(p + 4, name, strlen(name));
    memcpy(p + 28, device, strlen(device));
    rk_put_le32(p + 52, offset);
    rk_put_le32(p + 56, len);
    rk_put_le32(p + 60, rk_crc32(0, p, 60));
}

/* 96 bytes of an on-flash RBL header. */
static inline void model_rbl(uint8_t *p, const char *name, const uint8_t *raw, uint32_t len)
{
    uint32_t hash = 0x811C9DC5u;

    memset(p, 0, 96);
    memcpy(p, "RBL", 4);
    rk_put_le32(p + 8, 1600000000);
    memcpy(p + 12, name, strlen(name));
    memcpy(p + 28, "1.00", 4);
    memset(p + 52, '0', 23);
    for (uint32_t i = 0; i < len; i++)
        hash = (hash ^ raw[i]) * 0x01000193u;
    rk_put_le32(p + 76, rk_crc32(0, raw, len));
    rk_put_le32(p + 80, hash);
    rk_put_le32(p + 84, len);
    rk_put_le32(p + 88, len);
    rk_put_le32(p + 92, rk_crc32(0, p, 92));
}

/* The plain application; free() it. Its length is m->app_size. */
static inline uint8_t *model_app_plain(const struct model *m)
{
    uint8_t *p = malloc(m->app_size);

    assert(p && m->app_size >= 0x1000);
    model_filler(p, m->app_size, 1);
    model_vectors(p, m->handler == 0x10260 ? 0x18 : 0x0E, m->handler);
    if (m->mark) {
        memset(p + 0x100, 0, 8);
        memcpy(p + 0x100, m->mark, strlen(m->mark));
    }
    memset(p + 0x800, 0, 128);
    memcpy(p + 0x800, m->app_name, strlen(m->app_name));
    if (m->app_version)
        memcpy(p + 0x800 + strlen(m->app_name) + 1, m->app_version, strlen(m->app_version));
    return p;
}

/* The application as it stands in flash (UA file); free() it. */
static inline uint8_t *model_ua(const struct model *m, size_t *len)
{
    uint8_t *plain = model_app_plain(m), *out;
    struct rk_scrambler s;

    rk_scrambler_init(&s, m->key);
    rk_scrambler_run(&s, 0x10000, plain, plain, m->app_size);
    *len = rk_blocks_span(m->app_size);
    out = malloc(*len);
    assert(out);
    rk_blocks_add(plain, m->app_size, out);
    free(plain);
    return out;
}

/* The boot loader area, 0x11000 bytes, into out. */
static inline void model_boot(const struct model *m, uint8_t *out)
{
    uint8_t *plain = malloc(0x10000);
    struct rk_scrambler s;
    uint8_t header[96];

    assert(plain);
    memset(plain, 0xFF, 0x10000);
    model_filler(plain, MODEL_BOOT_PAYLOAD, 2);
    model_vectors(plain, 0x200, 0x1000);
    memset(plain + 0x300, 0, 32);
    memcpy(plain + 0x300, m->boot_version, strlen(m->boot_version));
    rk_scrambler_init(&s, m->boot_key);
    rk_scrambler_run(&s, 0, plain, plain, MODEL_BOOT_PAYLOAD - 0xC0);
    if (m->mark && strcmp(m->mark, "BK7231") == 0)
        memcpy(plain + 0x100, "BK7231\0\0", 8);
    model_entry(plain + MODEL_BOOT_PAYLOAD - 0xC0, "bootloader", "beken_onchip_crc", 0, 0x10000);
    model_entry(plain + MODEL_BOOT_PAYLOAD - 0x80, "app", "beken_onchip_crc", 0x10000, m->app_end);
    model_entry(plain + MODEL_BOOT_PAYLOAD - 0x40, "download", "beken_onchip", m->download,
                0xA6000);
    memset(out, 0xFF, 0x11000);
    rk_blocks_add(plain, MODEL_BOOT_PAYLOAD, out);
    model_rbl(header, "bootloader", plain, MODEL_BOOT_PAYLOAD);
    rk_blocks_add(header, 96, out + 0x10F9A);
    free(plain);
}

/* An RF sector with calibration and a MAC into out[4096]. */
static inline void model_rf(uint8_t *out, const uint8_t mac[6])
{
    static const struct {
        uint32_t type, len;
    } items[] = {{0x11111101, 4}, {0x11111102, 6}, {0x11111103, 4}, {0x11111104, 4},
                 {0x11111105, 4}, {0x11111106, 4}, {0x11111107, 8}};
    size_t at = 16;

    memset(out, 0xFF, 4096);
    memcpy(out, "TLV\0", 4);
    rk_put_le32(out + 8, 0x11111100);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        rk_put_le32(out + at, items[i].type);
        rk_put_le32(out + at + 4, items[i].len);
        memset(out + at + 8, 0x11, items[i].len);
        if (items[i].type == 0x11111102)
            memcpy(out + at + 8, mac, 6);
        at += 8 + items[i].len;
    }
    rk_put_le32(out + 12, (uint32_t)(at - 16));
    for (uint32_t group = 0x22222200; group <= 0x44444400; group += 0x11111100) {
        rk_put_le32(out + at, group);
        rk_put_le32(out + at + 4, 32);
        memset(out + at + 8, 0x5A, 32); /* filler instead of items: real sectors have some */
        at += 40;
    }
    rk_put_le32(out + 4, (uint32_t)(at - 8));
}

/* Boot loader, application and its RBL, up to the end of the app partition; free() it. */
static inline uint8_t *model_qio(const struct model *m, size_t *len)
{
    uint32_t end = rk_physical(0x10000 + m->app_end);
    size_t ua_len;
    uint8_t *ua = model_ua(m, &ua_len), *out = malloc(end), header[96], *stored;

    assert(out && 0x11000 + ua_len + 102 <= end);
    memset(out, 0xFF, end);
    model_boot(m, out);
    memcpy(out + 0x11000, ua, ua_len);
    stored = malloc(ua_len);
    assert(stored);
    rk_blocks_strip(ua, ua_len / RK_BLOCK_SPAN, stored);
    model_rbl(header, "app", stored, m->app_size);
    rk_blocks_add(header, 96, out + end - 102);
    free(stored);
    free(ua);
    *len = end;
    return out;
}

/* A whole flash; free() it. */
static inline uint8_t *model_dump(const struct model *m, size_t *len)
{
    static const uint8_t mac[6] = {0x84, 0xE3, 0x42, 0x12, 0x34, 0x56};
    size_t qio_len;
    uint8_t *qio = model_qio(m, &qio_len), *out = malloc(m->flash_size);

    assert(out && qio_len <= m->flash_size);
    memset(out, 0xFF, m->flash_size);
    memcpy(out, qio, qio_len);
    if (m->rf_addr)
        model_rf(out + m->rf_addr, mac);
    free(qio);
    *len = m->flash_size;
    return out;
}

static const struct model model_list[] = {
    {"BK7231N", "BK7231", "BK7231N_1.0.1", "oem_bk7231n_plug", "1.1.7", MODEL_KEY_TUYA,
     MODEL_KEY_TUYA, 0x106C0, 0x20000, 0x1D0000, 0x200000, 0x108700, 0x12A000},
    {"BK7231M",
     "BK7231",
     "BK7231N_1.0.1",
     "OpenBK7231N_1.18.300",
     NULL,
     {0},
     {0},
     0x106C0,
     0x20010,
     0x1D0000,
     0x200000,
     0x108700,
     0x12A000},
    {"BK7231T", NULL, "BK7231S_1.0.5", "oem_bk7231s_light_ty", "2.9.16", MODEL_KEY_TUYA,
     MODEL_KEY_TUYA, 0x10260, 0x20000, 0x1E0000, 0x200000, 0x108700, 0x132000},
    {"BK7231U",
     NULL,
     "BK7231u_1.0.15",
     "OpenBK7231U_1.18.300",
     NULL,
     {0},
     {0},
     0x10660,
     0x20000,
     0x1E0000,
     0x200000,
     0x110000,
     0x132000},
    {"BK7238",
     "BK7238",
     "BK7238_1.0.15",
     "OpenBK7238_1.18.300",
     NULL,
     {0},
     {0},
     0x106A0,
     0x20000,
     0x1E0000,
     0x200000,
     0x110000,
     0x132000},
    {"BK7252N",
     "BK7238",
     "BK7252N_1.0.15",
     "OpenBK7252N_1.18.300",
     NULL,
     {0},
     {0},
     0x106A0,
     0x20000,
     0x1E0000,
     0x200000,
     0x110000,
     0x132000},
    {"BK7252",
     NULL,
     "BK7251_1.0.15",
     "OpenBK7252_1.18.300",
     NULL,
     {0},
     {0},
     0x10660,
     0x20000,
     0x3E0000,
     0x400000,
     0x110000,
     0x132000},
};
#define MODEL_COUNT (sizeof model_list / sizeof model_list[0])

#endif
