#include "image/hex.h"

#define RECORD_MAX (1u + 2u + 1u + 255u + 1u) /* length, address, type, data, checksum */

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Reads the record whose colon is at *at; moves *at behind its checksum. False if it is damaged. */
static bool read_record(const uint8_t *text, size_t len, size_t *at, uint8_t out[RECORD_MAX])
{
    size_t pos = *at + 1, count = 5;
    uint8_t sum = 0;

    for (size_t i = 0; i < count; i++, pos += 2) {
        int high, low;

        if (len < 2 || pos > len - 2)
            return false;
        high = digit(text[pos]);
        low = digit(text[pos + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
        sum = (uint8_t)(sum + out[i]);
        if (i == 0)
            count = 5u + out[0];
    }
    *at = pos;
    return sum == 0;
}

bool rk_hex_recognise(const uint8_t *text, size_t len)
{
    uint8_t record[RECORD_MAX];
    size_t at = 0;

    return len > 10 && text[0] == ':' && read_record(text, len, &at, record);
}
