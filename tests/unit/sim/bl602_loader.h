/* A made-up image that the BL602's ROM accepts as a loader: header, one segment, no code of anybody. */
#ifndef RK_TESTS_BL602_LOADER_H
#define RK_TESTS_BL602_LOADER_H

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"

#include <string.h>

#define LOADER_DATA 32768u /* smaller ones are taken for those of 2020 */
#define LOADER_SIZE (176u + 16u + LOADER_DATA)

/* With `data` bytes of program, at most LOADER_DATA. */
static inline void loader_make_of(uint8_t out[LOADER_SIZE], uint32_t data)
{
    uint8_t *segment = out + 176;

    memset(out, 0, LOADER_SIZE);
    for (uint32_t i = 0; i < data; i++)
        segment[16 + i] = (uint8_t)(i * 7);
    rk_put_le32(segment, 0x22010000);
    rk_put_le32(segment + 4, data);
    rk_put_le32(segment + 12, rk_crc32(0, segment, 12));
    memcpy(out, "BFNP", 4);
    rk_put_le32(out + 4, 1);
    rk_put_le32(out + 116, 0x300);
    rk_put_le32(out + 120, 1);
    rk_put_le32(out + 128, 0x22010000);
    rk_sha256(segment, 16 + data, out + 132);
    rk_put_le32(out + 172, rk_crc32(0, out, 172));
}

static inline void loader_make(uint8_t out[LOADER_SIZE])
{
    loader_make_of(out, LOADER_DATA);
}

#endif
