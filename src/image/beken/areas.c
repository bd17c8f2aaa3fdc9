#include "image/beken/areas.h"

#include "base/bytes.h"

#include <string.h>

#define SECTOR            4096u
#define RF_FIRST_GROUP    0x11111100u
#define DIFF2YA_MAGIC     0xABCDDCBAu
#define OBK_LENGTH_OLD    2016u /* version 3 */
#define OBK_LENGTH        3584u /* versions 4 and 5 */
#define OBK_CRC_FROM      4u
#define TUYA_PATTERN_FROM 32u

/* Sixteen FF bytes enciphered with the fixed outer key of Tuya's key block, which is FF behind its
 * first 24 bytes. */
static const uint8_t tuya_pattern[16] = {0x46, 0xDC, 0xED, 0x0E, 0x67, 0x2F, 0x3B, 0x70,
                                         0xAE, 0x12, 0x76, 0xA3, 0xF8, 0x71, 0x2E, 0x03};

/* CRC-8, polynomial 31 reflected. Beken's builds shift the byte as a signed char. */
static uint8_t crc8(const uint8_t *p, size_t len, bool as_signed)
{
    uint8_t crc = 0;

    for (size_t i = 0; i < len; i++) {
        int byte = as_signed && p[i] >= 0x80 ? (int)p[i] - 256 : (int)p[i];

        for (int bit = 0; bit < 8; bit++) {
            unsigned mix = (crc ^ (unsigned)byte) & 1;

            crc = (uint8_t)(crc >> 1 ^ (mix ? 0x8C : 0));
            byte = byte >= 0 ? byte / 2 : -((1 - byte) / 2);
        }
    }
    return crc;
}

bool rk_obk_config_check(const uint8_t *data, size_t len, uint32_t *version, uint32_t *length)
{
    *version = *length = 0;
    if (len < 8 || memcmp(data, "CFG", 3) != 0)
        return false;
    *version = rk_get_le32(data + 4);
    *length = *version <= 3 ? OBK_LENGTH_OLD : OBK_LENGTH;
    if (*version == 0 || *version > 64 || len < *length)
        return false;
    return crc8(data + OBK_CRC_FROM, *length - OBK_CRC_FROM, true) == data[3] ||
           crc8(data + OBK_CRC_FROM, *length - OBK_CRC_FROM, false) == data[3];
}

/* The pattern repeats to the end of the sector in the key block; in a protected copy it does not
 * occur, which is why those are found by their own rule. */
static bool is_tuya_key_block(const uint8_t *data, size_t len)
{
    if (len < SECTOR || memcmp(data + TUYA_PATTERN_FROM, tuya_pattern, 16) != 0)
        return false;
    for (size_t at = TUYA_PATTERN_FROM; at < SECTOR; at += 16) {
        if (memcmp(data + at, tuya_pattern, 16) != 0)
            return false;
    }
    return true;
}

enum rk_area_kind rk_area_at(const uint8_t *data, size_t len)
{
    uint32_t version, length;

    if (len >= 12 && memcmp(data, "TLV", 4) == 0)
        return rk_get_le32(data + 8) == RF_FIRST_GROUP ? RK_AREA_RF : RK_AREA_NET;
    if (len >= 8 && memcmp(data, "CFG", 3) == 0 &&
        (rk_obk_config_check(data, len, &version, &length) || (version > 0 && version <= 64)))
        return RK_AREA_OBK_CONFIG;
    if (is_tuya_key_block(data, len))
        return RK_AREA_TUYA;
    if (len >= 16 && memcmp(data + 8, "littlefs", 8) == 0)
        return RK_AREA_LITTLEFS;
    if (len >= 4 && rk_get_le32(data) == DIFF2YA_MAGIC)
        return RK_AREA_DIFF2YA;
    return RK_AREA_NONE;
}

bool rk_rf_find(const uint8_t *data, size_t len, uint32_t *offset, struct rk_rf *out)
{
    for (size_t at = len / SECTOR * SECTOR + SECTOR; at > 0;) {
        at -= SECTOR;
        if (at < len && rk_area_at(data + at, len - at) == RK_AREA_RF &&
            rk_rf_read(data + at, len - at, out)) {
            *offset = (uint32_t)at;
            return true;
        }
    }
    return false;
}
