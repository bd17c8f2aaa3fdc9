#include "image/beken/uf2.h"

#include "base/bytes.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC_0        0x0A324655u
#define MAGIC_1        0x9E5D5157u
#define MAGIC_END      0x0AB16F30u
#define DATA_MAX       476u
#define FLAG_NOT_FLASH 0x00000001u
#define FLAG_FAMILY    0x00002000u
#define FLAG_TAGS      0x00008000u
#define TABLE_ENTRY    48u
#define FLASH_LIMIT    0x1000000u
#define SCHEME_FLASHER 3u /* nibble of the partition info for a UART flasher */

enum {
    TAG_VERSION = 0x9FC7BC,
    TAG_FIRMWARE = 0x00DE43,
    TAG_BOARD = 0xCA25C8,
    TAG_SDK = 0x59563D,
    TAG_PART_INFO = 0xC0EE0C,
    TAG_PART_TABLE = 0x8288ED
};

struct tag {
    uint32_t type;
    const uint8_t *value;
    size_t len;
};

static bool is_block(const uint8_t *p)
{
    return rk_get_le32(p) == MAGIC_0 && rk_get_le32(p + 4) == MAGIC_1 &&
           rk_get_le32(p + 508) == MAGIC_END && rk_get_le32(p + 16) <= DATA_MAX;
}

/* Steps through the tags behind a block's data; *at begins as 0. */
static bool next_tag(const uint8_t *block, size_t *at, struct tag *out)
{
    size_t start = (size_t)rk_get_le32(block + 16) + *at, size;
    const uint8_t *p = block + 32;

    if (!(rk_get_le32(block + 8) & FLAG_TAGS) || start + 4 > DATA_MAX)
        return false;
    size = p[start];
    if (size < 4 || start + size > DATA_MAX)
        return false;
    out->type = (uint32_t)p[start + 1] | (uint32_t)p[start + 2] << 8 | (uint32_t)p[start + 3] << 16;
    out->value = p + start + 4;
    out->len = size - 4;
    *at += (size + 3) / 4 * 4;
    return true;
}

static void read_table(const struct tag *tag, struct rk_uf2 *out)
{
    for (size_t at = 0; tag->len - at >= TABLE_ENTRY && out->part_count < RK_UF2_PARTS_MAX;
         at += TABLE_ENTRY) {
        const uint8_t *p = tag->value + at;
        struct rk_uf2_part *part = &out->parts[out->part_count];

        if (memcmp(p, "01PE", 4) != 0)
            return;
        rk_text_escape(part->name, sizeof part->name, p + 4, strnlen((const char *)p + 4, 16));
        part->addr = rk_get_le32(p + 36);
        part->len = rk_get_le32(p + 40);
        out->part_count++;
    }
}

static const char *chip_of(uint32_t family)
{
    static const struct {
        uint32_t family;
        const char *chip;
    } families[] = {{0xAFE81D49, "BK7231Q"},
                    {0x675A40B0, "BK7231T"},
                    {0x7B3EF230, "BK7231N"},
                    {0x159AC324, "BK7238"},
                    {0x6A82CC42, "BK7252"}};

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (families[i].family == family)
            return families[i].chip;
    }
    return NULL;
}

bool rk_uf2_read(const uint8_t *data, size_t len, struct rk_uf2 *out)
{
    struct tag tag;
    size_t at = 0;

    *out = (struct rk_uf2){0};
    if (len < RK_UF2_BLOCK || !is_block(data))
        return false;
    if (rk_get_le32(data + 8) & FLAG_FAMILY)
        out->family = rk_get_le32(data + 28);
    out->chip = chip_of(out->family);
    out->blocks = rk_get_le32(data + 24);
    out->complete = out->blocks <= len / RK_UF2_BLOCK && len % RK_UF2_BLOCK == 0;
    while (next_tag(data, &at, &tag)) {
        if (tag.type == TAG_VERSION)
            rk_text_escape(out->version, sizeof out->version, tag.value, tag.len);
        else if (tag.type == TAG_FIRMWARE)
            rk_text_escape(out->firmware, sizeof out->firmware, tag.value, tag.len);
        else if (tag.type == TAG_BOARD)
            rk_text_escape(out->board, sizeof out->board, tag.value, tag.len);
        else if (tag.type == TAG_SDK)
            rk_text_escape(out->sdk, sizeof out->sdk, tag.value, tag.len);
        else if (tag.type == TAG_PART_TABLE)
            read_table(&tag, out);
    }
    return true;
}

/* The partition a UART flasher writes this input to, from a partition info tag: six nibbles, one
 * per scheme, each the 1-based number of a name behind them; 0 = not used. */
static const struct rk_uf2_part *target_of(const struct tag *tag, const struct rk_uf2 *uf2)
{
    const char *names = (const char *)tag->value + 3;
    unsigned wanted;
    size_t left;

    if (tag->len <= 3)
        return NULL;
    wanted = tag->value[SCHEME_FLASHER / 2];
    wanted = SCHEME_FLASHER % 2 ? wanted & 15 : wanted >> 4;
    left = tag->len - 3;
    while (wanted > 1 && left > 0) {
        size_t n = strnlen(names, left);

        if (n == left)
            return NULL;
        names += n + 1;
        left -= n + 1;
        wanted--;
    }
    for (size_t i = 0; wanted == 1 && i < uf2->part_count; i++) {
        size_t n = strnlen(names, left);

        if (strlen(uf2->parts[i].name) == n && memcmp(uf2->parts[i].name, names, n) == 0)
            return &uf2->parts[i];
    }
    return NULL;
}

static enum rk_status damaged(struct rk_error *err, size_t at, const char *what)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "uf2.damaged", "block %zu of the UF2 file %s",
            at / RK_UF2_BLOCK, what);
    return RK_ERR_IMAGE_FORMAT;
}

/* Walks over all blocks; places them into out unless that is NULL. Sets the range they cover. */
static enum rk_status walk(const uint8_t *data, size_t len, const struct rk_uf2 *uf2, uint8_t *out,
                           uint32_t *start, uint32_t *end, struct rk_error *err)
{
    const struct rk_uf2_part *part = NULL;
    uint32_t low = UINT32_MAX, high = 0;

    for (size_t at = 0; at < len; at += RK_UF2_BLOCK) {
        const uint8_t *block = data + at;
        struct tag tag;
        size_t tag_at = 0;
        uint32_t offset, size;

        if (!is_block(block))
            return damaged(err, at, "is damaged");
        while (next_tag(block, &tag_at, &tag)) {
            if (tag.type == TAG_PART_INFO)
                part = target_of(&tag, uf2);
        }
        offset = rk_get_le32(block + 12);
        size = rk_get_le32(block + 16);
        if (size == 0 || rk_get_le32(block + 8) & FLAG_NOT_FLASH || !part)
            continue;
        if (part->addr > FLASH_LIMIT || offset > FLASH_LIMIT - part->addr - size)
            return damaged(err, at, "lies outside of every flash");
        offset += part->addr;
        low = offset < low ? offset : low;
        high = offset + size > high ? offset + size : high;
        if (out)
            memcpy(out + (offset - *start), block + 32, size);
    }
    *start = low;
    *end = high;
    return RK_OK;
}

enum rk_status rk_uf2_unpack(const uint8_t *data, size_t len, uint8_t **out, size_t *out_len,
                             uint32_t *addr, struct rk_error *err)
{
    struct rk_uf2 uf2;
    uint32_t start = 0, end = 0;
    enum rk_status status;

    if (!rk_uf2_read(data, len, &uf2))
        return rk_fail(err, RK_ERR_IMAGE_FORMAT, "uf2.magic", "this is no UF2 file");
    if (!uf2.complete) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "uf2.truncated", "the UF2 file is cut short");
        rk_error_detail(err, "%u blocks claimed, %zu there", uf2.blocks, len / RK_UF2_BLOCK);
        return RK_ERR_IMAGE_FORMAT;
    }
    status = walk(data, len, &uf2, NULL, &start, &end, err);
    if (status != RK_OK)
        return status;
    if (end <= start) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "uf2.empty",
                "the UF2 file has no data for flashing over UART");
        rk_error_hint(err, "it is an OTA-only file, or its board has no partition table in it");
        return RK_ERR_IMAGE_FORMAT;
    }
    *out = malloc(end - start);
    if (!*out)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(*out, 0xFF, end - start);
    *out_len = end - start;
    *addr = start;
    return walk(data, len, &uf2, *out, &start, &end, err);
}
