#include "image/bouffalo/header.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "flash/bl602_parts.h"

#include <string.h>

#define IGNORED_MARK 0xDEADBEEFu

bool rk_bfl_header_read(const uint8_t *data, size_t len, struct rk_bfl_header *out)
{
    uint32_t crc;

    *out = (struct rk_bfl_header){0};
    if (len < RK_BFL_HEADER || memcmp(data, "BFNP", 4) != 0)
        return false;
    crc = rk_get_le32(data + 172);
    out->boot_cfg = rk_get_le32(data + 116);
    out->crc_good =
        crc == rk_crc32(0, data, 172) || (crc == IGNORED_MARK && out->boot_cfg & RK_BFL_CRC_IGNORE);
    out->flash_good =
        memcmp(data + 8, "FCFG", 4) == 0 && rk_get_le32(data + 96) == rk_crc32(0, data + 12, 84);
    out->clock_good =
        memcmp(data + 100, "PCFG", 4) == 0 && rk_get_le32(data + 112) == rk_crc32(0, data + 104, 8);
    out->io_mode = data[12];
    out->crystal = data[104];
    out->other_chip = out->boot_cfg & RK_BFL_BL702_BOOT2 || rk_get_le32(data + 164) == 0x1000;
    out->plain = !(out->boot_cfg & (RK_BFL_SIGN | RK_BFL_ENCRYPT));
    out->flat = out->boot_cfg & RK_BFL_NO_SEGMENT;
    out->cached = out->boot_cfg & RK_BFL_CACHE_ENABLE;
    out->length = rk_get_le32(data + 120);
    out->start = rk_get_le32(data + 128);
    memcpy(out->hash, data + 132, sizeof out->hash);
    out->hash_ignored =
        out->boot_cfg & RK_BFL_HASH_IGNORE && rk_get_le32(out->hash) == IGNORED_MARK;
    return true;
}

bool rk_bfl_hash_check(const struct rk_bfl_header *header, const uint8_t *data, size_t len,
                       size_t offset)
{
    uint8_t digest[32];

    if (header->length == 0 || offset > len || header->length > len - offset)
        return false;
    if (header->hash_ignored)
        return true;
    rk_sha256(data + offset, header->length, digest);
    return memcmp(digest, header->hash, sizeof digest) == 0;
}

#define BOOT_CFG 0x00003300u /* cached, flat, three ways of the cache kept as RAM */

void rk_bfl_header_reseal(uint8_t head[RK_BFL_HEADER], const uint8_t *parameters)
{
    if (parameters)
        memcpy(head + 12, parameters, RK_BL602_FLASH_PARAMETERS);
    rk_put_le32(head + 96, rk_crc32(0, head + 12, RK_BL602_FLASH_PARAMETERS));
    rk_put_le32(head + 112, rk_crc32(0, head + 104, 8));
    rk_put_le32(head + 172, rk_crc32(0, head, 172));
}

void rk_bfl_header_make(uint8_t out[RK_BFL_HEADER], const uint8_t *parameters, const uint8_t *image,
                        size_t len, uint32_t start)
{
    static const uint8_t clock[8] = {RK_BFL_CRYSTAL_40M, 4, 0, 1, 3, 1, 0, 0};

    memset(out, 0, RK_BFL_HEADER);
    memcpy(out, "BFNP", 4);
    rk_put_le32(out + 4, 1);
    memcpy(out + 8, "FCFG", 4);
    memcpy(out + 100, "PCFG", 4);
    memcpy(out + 104, clock, sizeof clock);
    rk_put_le32(out + 116, BOOT_CFG);
    rk_put_le32(out + 120, (uint32_t)len);
    rk_put_le32(out + 128, start);
    rk_sha256(image, len, out + 132);
    rk_bfl_header_reseal(out, parameters);
}
