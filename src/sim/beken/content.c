/* The flash of a scenario: boot loader, application and RF calibration made of our own bytes. No
 * vendor code is in it and no chip would run it, but every test of form passes: vectors, key, CRC
 * of each block, names, and the fingerprint by which public tools know a boot loader. */
#include "sim/beken/beken.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"
#include "image/beken/blocks.h"
#include "image/beken/key.h"
#include "image/beken/scrambler.h"

#include <stdlib.h>
#include <string.h>

#define APP_ADDR     0x11000u
#define APP_LOGICAL  0x10000u
#define BOOT_SIZE    0x9000u
#define APP_SIZE     0x18000u
#define TABLE_SIZE   0xC0u
#define TABLE_ENTRY  0x40u
#define MARK_OFFSET  0x100u
#define NAME_OFFSET  0x300u
#define APP_NAME     0x800u
#define FORGED_BLOCK 7u /* bytes 252 to 256 of the flash lie in it */

static const uint32_t tuya_key[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};
static const uint32_t zero_key[4] = {0};

/* What the word of a recipe asks for. */
struct piece {
    char name[12], variant[12]; /* "boot", "zero" */
    uint32_t addr;              /* UINT32_MAX = the usual place */
};

/* What differs between the series. */
struct series {
    const char *mark; /* at +0x100 of code; NULL = code */
    const char *boot, *app;
    uint32_t handler, entry; /* of the application's vectors */
    uint32_t download;
    uint32_t rf;
};
static const struct series series_n = {
    "BK7231", "BK7231N_1.0.1", "OpenBK7231N_1.18.300", 0x106C0, 0x0E, 0x12A000, 0x1D0000};
static const struct series series_t = {
    NULL, "BK7231S_1.0.5", "OpenBK7231T_1.18.300", 0x10260, 0x18, 0x132000, 0x1E0000};
static const struct series series_7238 = {
    "BK7238", "BK7238_1.0.15", "OpenBK7238_1.18.300", 0x106A0, 0x0E, 0x132000, 0x1E0000};

static const struct series *series_of(const struct beken_model *model)
{
    return model->family == BEKEN_LOADER ? &series_t
           : strncmp(model->name, "BK7231", 6) == 0 || strncmp(model->name, "BL2028", 6) == 0
               ? &series_n
               : &series_7238;
}

static void put_vectors(uint8_t *code, uint32_t entry, uint32_t handler)
{
    rk_put_le32(code, 0xEA000000u | entry);
    for (uint32_t i = 1; i < 8; i++)
        rk_put_le32(code + 4 * i, 0xE59FF014u);
    for (uint32_t i = 8; i < 15; i++)
        rk_put_le32(code + 4 * i, handler + (i - 8) * 0x20);
    rk_put_le32(code + 60, 0xDEADBEEFu);
}

/* Neither blank nor random: as in code, some values are frequent. */
static void put_filler(uint8_t *code, size_t len, uint64_t seed)
{
    struct rk_rng rng = {seed};

    for (size_t i = 0; i < len; i++) {
        uint32_t draw = rk_rng_below(&rng, 64);
        code[i] = draw < 20   ? 0x00
                  : draw < 30 ? 0xE5
                  : draw < 36 ? 0xE1
                              : (uint8_t)rk_rng_below(&rng, 256);
    }
}

static void put_partition(uint8_t *entry, const char *name, const char *device, uint32_t addr,
                          uint32_t len)
{
    memset(entry, 0, TABLE_ENTRY);
    memcpy(entry, "01PE", 4);
    memcpy(entry + 4, name, strlen(name));
    memcpy(entry + 28, device, strlen(device));
    rk_put_le32(entry + 52, addr);
    rk_put_le32(entry + 56, len);
    rk_put_le32(entry + 60, rk_crc32(0, entry, 60));
}

/* The four bytes that end with data[len) give the data a CRC-32: the register run backwards over
 * them, then what they must have been. */
static void forge_crc32(uint8_t *data, size_t len, uint32_t crc)
{
    uint32_t table[256], want = ~crc;

    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
        table[i] = value;
    }
    for (int i = 0; i < 4; i++) {
        unsigned index = 0;
        while (table[index] >> 24 != want >> 24)
            index++;
        want = (want ^ table[index]) << 8 | index;
    }
    rk_put_le32(data + len - 4, want ^ ~rk_crc32(0, data, len - 4));
}

/* Gives the boot loader the fingerprint of the real one: loaders in flash are known by their first
 * 256 bytes, those on chips with a ROM by 257. */
static void forge_fingerprint(const struct beken *beken, uint8_t *flash)
{
    size_t span = beken->model->family == BEKEN_ROM ? 257 : 256;
    uint8_t *block = flash + FORGED_BLOCK * RK_BLOCK_SPAN;

    if (!beken->loader->fingerprint)
        return;
    forge_crc32(flash, span, beken->loader->fingerprint);
    rk_put_be16(block + RK_BLOCK_DATA, rk_crc16_beken(block, RK_BLOCK_DATA));
}

static void put_boot(const struct beken *beken, const uint32_t key[4], bool known, uint8_t *code,
                     uint8_t *flash)
{
    const struct series *series = series_of(beken->model);
    uint8_t *table = code + BOOT_SIZE - TABLE_SIZE;
    struct rk_scrambler scrambler;

    put_filler(code, BOOT_SIZE, 2);
    put_vectors(code, 0x200, 0x1000);
    memset(code + NAME_OFFSET, 0, 32);
    memcpy(code + NAME_OFFSET, series->boot, strlen(series->boot));
    rk_scrambler_init(&scrambler, key);
    rk_scrambler_run(&scrambler, 0, code, code, BOOT_SIZE - TABLE_SIZE);
    put_partition(table, "bootloader", "beken_onchip_crc", 0, APP_LOGICAL);
    put_partition(table + TABLE_ENTRY, "app", "beken_onchip_crc", APP_LOGICAL, 0x108700);
    put_partition(table + 2 * TABLE_ENTRY, "download", "beken_onchip", series->download, 0xA6000);
    rk_blocks_add(code, BOOT_SIZE, flash);
    if (known)
        forge_fingerprint(beken, flash);
}

static void put_app(const struct series *series, const char *name, const uint32_t key[4],
                    uint8_t *code, uint8_t *flash)
{
    struct rk_scrambler scrambler;

    put_filler(code, APP_SIZE, 1);
    put_vectors(code, series->entry, series->handler);
    if (series->mark) {
        memset(code + MARK_OFFSET, 0, 8);
        memcpy(code + MARK_OFFSET, series->mark, strlen(series->mark));
    }
    memset(code + APP_NAME, 0, 64);
    memcpy(code + APP_NAME, name, strlen(name));
    if (strncmp(name, "oem_", 4) == 0)
        memcpy(code + APP_NAME + strlen(name) + 1, "1.1.7", 5);
    rk_scrambler_init(&scrambler, key);
    rk_scrambler_run(&scrambler, APP_LOGICAL, code, code, APP_SIZE);
    rk_blocks_add(code, APP_SIZE, flash);
}

/* Calibration groups with filler, and a MAC address: a group of items, then three without. */
static void put_rf(uint8_t *sector, const uint8_t mac[6])
{
    size_t at = 16;

    memcpy(sector, "TLV\0", 4);
    rk_put_le32(sector + 8, 0x11111100);
    for (uint32_t item = 0x11111101; item <= 0x11111107; item++) {
        uint32_t len = item == 0x11111102 ? 6 : 4;
        rk_put_le32(sector + at, item);
        rk_put_le32(sector + at + 4, len);
        memset(sector + at + 8, 0x11, len);
        if (len == 6)
            memcpy(sector + at + 8, mac, 6);
        at += 8 + len;
    }
    rk_put_le32(sector + 12, (uint32_t)(at - 16));
    for (uint32_t group = 0x22222200; group <= 0x44444400; group += 0x11111100) {
        rk_put_le32(sector + at, group);
        rk_put_le32(sector + at + 4, 32);
        memset(sector + at + 8, 0x5A, 32);
        at += 40;
    }
    rk_put_le32(sector + 4, (uint32_t)(at - 8));
}

/* "app:zero@0": name, variant, address; returns what follows. */
static const char *next_piece(const char *recipe, struct piece *piece)
{
    char word[40];
    size_t len = strcspn(recipe, " ");

    rk_text_format(word, sizeof word, "%.*s", (int)len, recipe);
    char *at = strchr(word, '@'), *colon = strchr(word, ':');
    piece->addr = at ? (uint32_t)strtoul(at + 1, NULL, 0) : UINT32_MAX;
    if (at)
        *at = '\0';
    if (colon)
        *colon = '\0';
    rk_text_copy(piece->name, sizeof piece->name, word);
    rk_text_copy(piece->variant, sizeof piece->variant, colon ? colon + 1 : "");
    recipe += len;
    return *recipe ? recipe + 1 : recipe;
}

static const uint32_t *usual_key(const struct beken *beken)
{
    /* flash loaders are enciphered too, the efuse of their chips just cannot be read */
    return beken->model->family == BEKEN_LOADER ? tuya_key : beken->model->key;
}

static void build_boot(const struct beken *beken, const struct piece *piece, uint8_t *code,
                       uint8_t *flash)
{
    const uint32_t *key = strcmp(piece->variant, "zero") == 0   ? zero_key
                          : strcmp(piece->variant, "tuya") == 0 ? tuya_key
                                                                : usual_key(beken);

    if (strcmp(piece->variant, "random") == 0)
        put_filler(flash, BEKEN_BOOT_AREA, 5);
    else
        put_boot(beken, rk_key_classify(key) == RK_KEY_ZERO ? zero_key : key, !piece->variant[0],
                 code, flash);
}

static void build_app(const struct beken *beken, const struct piece *piece, uint8_t *code,
                      uint8_t *flash)
{
    const struct series *series = series_of(beken->model);
    const uint32_t *key = usual_key(beken);
    const char *name = series->app;

    if (strcmp(piece->variant, "n") == 0) {
        series = &series_n;
        name = series_n.app;
        key = tuya_key;
    } else if (strcmp(piece->variant, "zero") == 0) {
        key = zero_key;
    } else if (strcmp(piece->variant, "tuya") == 0) {
        name = "oem_bk7231n_plug";
    }
    put_app(series, name, rk_key_classify(key) == RK_KEY_ZERO ? zero_key : key, code,
            flash + (piece->addr == UINT32_MAX ? APP_ADDR : piece->addr));
}

void beken_stand_in(const struct beken_loader *loader, uint8_t area[256])
{
    memset(area, 0xA5, 256);
    rk_text_format((char *)area, 252, "stand-in for boot loader %s of a virtual module",
                   loader->version_text ? loader->version_text : loader->name);
    forge_crc32(area, 256, loader->fingerprint);
}

bool beken_content(const struct beken *beken, const char *recipe, uint8_t *flash, size_t size)
{
    static const uint8_t mac[6] = {0xB8, 0x06, 0x0D, 0x00, 0x00, 0x01};
    static const uint8_t everybodys_mac[6] = {0xC8, 0x47, 0x8C, 0x00, 0x00, 0x00};
    uint8_t *code = malloc(APP_SIZE);
    struct piece piece;

    if (!code)
        return false;
    memset(flash, 0xFF, size);
    while (*recipe) {
        recipe = next_piece(recipe, &piece);
        if (strcmp(piece.name, "zeros") == 0)
            memset(flash, 0, size);
        else if (strcmp(piece.name, "boot") == 0)
            build_boot(beken, &piece, code, flash);
        else if (strcmp(piece.name, "app") == 0)
            build_app(beken, &piece, code, flash);
        else
            put_rf(flash + series_of(beken->model)->rf, piece.variant[0] ? everybodys_mac : mac);
    }
    free(code);
    return true;
}
