#include "config/pin_text.h"

#include <string.h>

unsigned rk_crc7(unsigned crc, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x48 : crc >> 1;
    }
    return crc;
}

bool rk_pin_text_check(const char *text, size_t len, unsigned *stored, unsigned *computed)
{
    static const char mark[] = ",crc:";
    const size_t mark_length = sizeof mark - 1;

    for (size_t at = len >= mark_length ? len - mark_length + 1 : 0; at-- > 0;) {
        if (memcmp(text + at, mark, mark_length) != 0)
            continue;
        size_t i = at + mark_length, first = i;
        unsigned value = 0;
        for (; i < len && i < first + 3 && text[i] >= '0' && text[i] <= '9'; i++)
            value = value * 10 + (unsigned)(text[i] - '0');
        if (i == first)
            return false;
        *stored = value;
        *computed = rk_crc7(rk_crc7(0, text, at), "}", 1);
        return true;
    }
    return false;
}
