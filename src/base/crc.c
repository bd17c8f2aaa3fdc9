#include "base/crc.h"

#include <zlib.h>

uint32_t rk_crc32(uint32_t crc, const uint8_t *data, size_t len)
{
    return (uint32_t)crc32_z(crc, data, len);
}

uint16_t rk_crc16_beken(const uint8_t *data, size_t len)
{
    uint16_t crc = 0xFFFF;

    for (size_t i = 0; i < len; i++) {
        crc = (uint16_t)(crc ^ (unsigned)data[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? (unsigned)crc << 1 ^ 0x8005u : (unsigned)crc << 1);
    }
    return crc;
}
