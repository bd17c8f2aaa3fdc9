#include "flash/bl602_parts.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *key, const void *row)
{
    uint32_t id = *(const uint32_t *)key;
    uint32_t other = ((const struct rk_bl602_part *)row)->jedec;

    return id < other ? -1 : id > other;
}

const struct rk_bl602_part *rk_bl602_part_find(uint32_t jedec)
{
    return bsearch(&jedec, rk_bl602_parts, rk_bl602_part_count, sizeof rk_bl602_parts[0], compare);
}

void rk_bl602_part_generic(uint8_t *out)
{
    const struct rk_bl602_part *base = rk_bl602_part_find(0xEF4015);

    memset(out, 0, RK_BL602_FLASH_PARAMETERS);
    if (base)
        memcpy(out, base->parameters, RK_BL602_FLASH_PARAMETERS);
    out[0] = 0x10; /* one wire, no burst wrap */
    out[1] = 0;    /* no continuous read */
    out[13] = 0xFF;
    out[46] = out[48] = 2;
    out[57] = out[56]; /* one opcode writes both status registers */
    out[62] = 0xA0;
    rk_put_le16(out + 80, 33000);
    out[82] = 20;
}

uint32_t rk_bl602_size_of_code(uint8_t code)
{
    uint8_t exponent = (code & 0xE0) == 0x20 ? (uint8_t)(code & 0x1F) : code;

    return exponent >= 0x10 && exponent <= 0x19 ? 1u << exponent : 0;
}
