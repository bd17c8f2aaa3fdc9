#include "image/beken/rbl.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"
#include "image/search.h"

#include <string.h>

#define FNV_START 0x811C9DC5u
#define FNV_PRIME 0x01000193u
#define OTA_ALGO  0x0102u /* AES and gzip */

uint32_t rk_fnv1a(const uint8_t *data, size_t len)
{
    uint32_t hash = FNV_START;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ data[i]) * FNV_PRIME;
    return hash;
}

/* Texts in vendor-made headers have garbage behind their NUL, and may have it before. */
static void read_text(char *dst, size_t cap, const uint8_t *p, size_t len)
{
    rk_text_escape(dst, cap, p, strnlen((const char *)p, len));
}

bool rk_rbl_read(const uint8_t *data, size_t len, struct rk_rbl *out)
{
    if (len < RK_RBL_HEADER || memcmp(data, "RBL", 4) != 0 ||
        rk_crc32(0, data, RK_RBL_HEADER - 4) != rk_get_le32(data + RK_RBL_HEADER - 4))
        return false;
    *out = (struct rk_rbl){.cipher = data[4],
                           .packing = data[5],
                           .time = rk_get_le32(data + 8),
                           .crc = rk_get_le32(data + 76),
                           .hash = rk_get_le32(data + 80),
                           .raw_size = rk_get_le32(data + 84),
                           .package_size = rk_get_le32(data + 88)};
    read_text(out->partition, sizeof out->partition, data + 12, 16);
    read_text(out->version, sizeof out->version, data + 28, 24);
    return true;
}

bool rk_rbl_same(const struct rk_rbl *a, const struct rk_rbl *b)
{
    return a->cipher == b->cipher && a->packing == b->packing && a->time == b->time &&
           a->crc == b->crc && a->hash == b->hash && a->raw_size == b->raw_size &&
           a->package_size == b->package_size && strcmp(a->version, b->version) == 0;
}

const char *rk_rbl_version(const struct rk_rbl *rbl)
{
    return rbl->version[0] && rbl->version[0] != '-' ? rbl->version : "no version";
}

void rk_rbl_write(const struct rk_rbl *rbl, uint8_t out[RK_RBL_HEADER])
{
    memset(out, 0, RK_RBL_HEADER);
    memcpy(out, "RBL", 4);
    out[4] = rbl->cipher;
    out[5] = rbl->packing;
    rk_put_le32(out + 8, rbl->time);
    memcpy(out + 12, rbl->partition, strnlen(rbl->partition, 15));
    memcpy(out + 28, rbl->version, strnlen(rbl->version, 23));
    memset(out + 52, '0', 23);
    rk_put_le32(out + 76, rbl->crc);
    rk_put_le32(out + 80, rbl->hash);
    rk_put_le32(out + 84, rbl->raw_size);
    rk_put_le32(out + 88, rbl->package_size);
    rk_put_le32(out + 92, rk_crc32(0, out, RK_RBL_HEADER - 4));
}

static bool read_at(const uint8_t *p, size_t len, struct rk_rbl_place *out)
{
    uint8_t header[RK_RBL_HEADER];

    out->in_blocks = len >= RK_RBL_SPAN && rk_blocks_run(p, RK_RBL_SPAN) == 3;
    if (!out->in_blocks)
        return rk_rbl_read(p, len, &out->rbl);
    rk_blocks_strip(p, 3, header);
    return rk_rbl_read(header, sizeof header, &out->rbl);
}

size_t rk_rbl_find(const uint8_t *flash, size_t len, struct rk_rbl_place *out, size_t cap)
{
    size_t count = 0;

    for (size_t at = rk_search(flash, len, 0, "RBL", 4); at < len && count < cap;
         at = rk_search(flash, len, at + 1, "RBL", 4)) {
        out[count].addr = (uint32_t)at;
        count += read_at(flash + at, len - at, &out[count]);
    }
    return count;
}

/* Packages are padded to 16 bytes with the pad length as value; the boot loader's is padded to 4,
 * or not at all. */
static bool crc_with_pad(const struct rk_rbl *rbl, const uint8_t *stored)
{
    uint32_t crc = rk_crc32(0, stored, rbl->raw_size);
    uint32_t pad = rbl->package_size - rbl->raw_size;
    uint8_t filler[16];

    if (pad > sizeof filler)
        return false;
    memset(filler, (int)pad, sizeof filler);
    return rk_crc32(crc, filler, pad) == rbl->crc;
}

enum rk_rbl_state rk_rbl_check_code(const struct rk_rbl *rbl, const struct rk_code *code)
{
    if (rbl->raw_size > rk_code_size(code))
        return RK_RBL_TOO_LONG;
    if ((rbl->cipher | rbl->packing << 8) == OTA_ALGO)
        return code->plain && rk_fnv1a(code->plain, rbl->raw_size) == rbl->hash ? RK_RBL_OTA
                                                                                : RK_RBL_STALE;
    if (rk_fnv1a(code->stored, rbl->raw_size) != rbl->hash || !crc_with_pad(rbl, code->stored))
        return RK_RBL_STALE;
    return RK_RBL_GOOD;
}
