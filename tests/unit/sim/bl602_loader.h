/* A made-up image that the BL602's ROM accepts as a loader: header, one segment, no code of anybody. */
#ifndef RK_TESTS_BL602_LOADER_H
#define RK_TESTS_BL602_LOADER_H

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"

#include <string.h>

#define LOADER_DATA 8192u
#define LOADER_SIZE (176u + 16u + LOADER_DATA)

static inline void loader_make(uint8_t out[LOADER_SIZE])
{
    uint8_t *segment = out + 176;

    memset(out, 0, LOADER_SIZE);
    for (uint32_t i = 0; i < LOADER_DATA; i++)
        segment[16 + i] = (uint8_t)(i * 7);
    rk_put_le32(segment, 0x22010000);
    rk_put_le32(segment + 4, LOADER_DATA);
    rk_put_le32(segment + 12, rk_crc32(0, segment, 12));
    memcpy(out, "BFNP", 4);
    rk_put_le32(out + 4, 1);
    rk_put_le32(out + 116, 0x300);
    rk_put_le32(out + 120, 1);
    rk_put_le32(out + 128, 0x22010000);
    rk_sha256(segment, 16 + LOADER_DATA, out + 132);
    rk_put_le32(out + 172, rk_crc32(0, out, 172));
}

#endif
