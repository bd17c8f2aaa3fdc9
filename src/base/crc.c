#include "base/crc.h"

#include <zlib.h>

uint32_t rk_crc32(uint32_t crc, const uint8_t *data, size_t len)
{
    return (uint32_t)crc32_z(crc, data, len);
}

uint16_t rk_crc16_beken(const uint8_t *data, size_t len)
{
    const uint16_t(*t)[256] = rk_crc16_tables;
    uint16_t crc = 0xFFFF;

    /* Four bytes a step: every block of every inspected capture goes through here. */
    for (; len >= 4; data += 4, len -= 4)
        crc =
            t[3][crc >> 8 ^ data[0]] ^ t[2][(crc & 0xFF) ^ data[1]] ^ t[1][data[2]] ^ t[0][data[3]];
    for (; len > 0; data++, len--)
        crc = (uint16_t)(crc << 8 ^ t[0][crc >> 8 ^ data[0]]);
    return crc;
}
