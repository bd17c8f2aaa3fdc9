#include "image/beken/ug.h"

#include "base/bytes.h"
#include "base/text.h"

#include <string.h>

#define MAGIC_HEAD 0x55AA55AAu
#define MAGIC_TAIL 0xAA55AA55u

#define DIFF2YA_HEADER 64u
#define DIFF2YA_MAGIC  0x004D4D4Du
#define DIFF2YA_SINGLE 0x53494E47u
#define DIFF2YA_PACKED 0x4C5A4350u

static uint32_t byte_sum(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += p[i];
    return sum;
}

bool rk_ug_read(const uint8_t *data, size_t len, struct rk_ug *out)
{
    *out = (struct rk_ug){0};
    if (len < RK_UG_HEADER || rk_get_be32(data) != MAGIC_HEAD ||
        rk_get_be32(data + 28) != MAGIC_TAIL)
        return false;
    rk_text_escape(out->version, sizeof out->version, data + 4,
                   strnlen((const char *)data + 4, 12));
    out->body_len = rk_get_be32(data + 16);
    out->header_good = byte_sum(data, 24) == rk_get_be32(data + 24);
    out->complete = out->body_len <= len - RK_UG_HEADER;
    out->body_good =
        out->complete && byte_sum(data + RK_UG_HEADER, out->body_len) == rk_get_be32(data + 20);
    return true;
}

static void put_be32(uint8_t *p, uint32_t v)
{
    rk_put_be16(p, (uint16_t)(v >> 16));
    rk_put_be16(p + 2, (uint16_t)v);
}

void rk_ug_write(const char *version, const uint8_t *body, size_t len, uint8_t out[RK_UG_HEADER])
{
    memset(out, 0, RK_UG_HEADER);
    put_be32(out, MAGIC_HEAD);
    memcpy(out + 4, version, strnlen(version, 12));
    put_be32(out + 16, (uint32_t)len);
    put_be32(out + 20, byte_sum(body, len));
    put_be32(out + 24, byte_sum(out, 24));
    put_be32(out + 28, MAGIC_TAIL);
}

bool rk_diff2ya_read(const uint8_t *data, size_t len, struct rk_diff2ya *out)
{
    if (len < DIFF2YA_HEADER || rk_get_le32(data) != DIFF2YA_MAGIC ||
        (rk_get_le32(data + 4) != DIFF2YA_SINGLE && rk_get_le32(data + 4) != DIFF2YA_PACKED))
        return false;
    *out = (struct rk_diff2ya){.packed = rk_get_le32(data + 4) == DIFF2YA_PACKED,
                               .source_crc = rk_get_le32(data + 8),
                               .target_crc = rk_get_le32(data + 12),
                               .source_len = rk_get_le32(data + 16),
                               .target_len = rk_get_le32(data + 20),
                               .start = rk_get_le32(data + 28)};
    return true;
}
