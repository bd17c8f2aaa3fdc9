#include "image/beken/blocks.h"

#include "base/bytes.h"
#include "base/crc.h"

#include <string.h>

enum rk_block_state rk_block_state(const uint8_t *p)
{
    if (rk_get_be16(p + RK_BLOCK_DATA) == rk_crc16_beken(p, RK_BLOCK_DATA))
        return RK_BLOCK_VALID;
    return rk_bytes_all(p, RK_BLOCK_SPAN, 0xFF) ? RK_BLOCK_BLANK : RK_BLOCK_BAD;
}

struct rk_block_counts rk_blocks_count(const uint8_t *data, size_t len)
{
    struct rk_block_counts counts = {0};

    for (size_t at = 0; len - at >= RK_BLOCK_SPAN; at += RK_BLOCK_SPAN) {
        switch (rk_block_state(data + at)) {
        case RK_BLOCK_VALID:
            counts.valid++;
            break;
        case RK_BLOCK_BLANK:
            counts.blank++;
            break;
        case RK_BLOCK_BAD:
            counts.bad++;
            break;
        }
    }
    return counts;
}

size_t rk_blocks_run(const uint8_t *data, size_t len)
{
    size_t count = 0;

    while (len - count * RK_BLOCK_SPAN >= RK_BLOCK_SPAN &&
           rk_block_state(data + count * RK_BLOCK_SPAN) == RK_BLOCK_VALID)
        count++;
    return count;
}

void rk_blocks_strip(const uint8_t *data, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * RK_BLOCK_DATA, data + i * RK_BLOCK_SPAN, RK_BLOCK_DATA);
}

void rk_blocks_add(const uint8_t *data, size_t len, uint8_t *out)
{
    for (size_t at = 0; at < len; at += RK_BLOCK_DATA, out += RK_BLOCK_SPAN) {
        size_t part = len - at < RK_BLOCK_DATA ? len - at : RK_BLOCK_DATA;

        memset(out, 0xFF, RK_BLOCK_DATA);
        memcpy(out, data + at, part);
        rk_put_be16(out + RK_BLOCK_DATA, rk_crc16_beken(out, RK_BLOCK_DATA));
    }
}

size_t rk_blocks_seal(uint8_t *data, size_t len)
{
    size_t fixed = 0;

    for (size_t at = 0; len - at >= RK_BLOCK_SPAN; at += RK_BLOCK_SPAN) {
        if (rk_block_state(data + at) != RK_BLOCK_BAD)
            continue;
        rk_put_be16(data + at + RK_BLOCK_DATA, rk_crc16_beken(data + at, RK_BLOCK_DATA));
        fixed++;
    }
    return fixed;
}
