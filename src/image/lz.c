#include "image/lz.h"

#include "base/bytes.h"

#include <string.h>

/* Copies `count` bytes from `distance` back, byte by byte: the areas may overlap. */
static bool copy_back(uint8_t *out, size_t cap, size_t *at, size_t distance, size_t count)
{
    if (distance == 0 || distance > *at || count > cap - *at)
        return false;
    for (size_t i = 0; i < count; i++, ++*at)
        out[*at] = out[*at - distance];
    return true;
}

bool rk_fastlz_unpack(const uint8_t *in, size_t len, uint8_t *out, size_t cap, size_t *made)
{
    bool level2 = len > 0 && in[0] >> 5 == 1;
    size_t at = 0, pos = 0;

    *made = 0;
    if (len == 0 || in[0] >> 5 > 1)
        return false;
    while (pos < len) {
        unsigned control = pos == 0 ? in[pos] & 31u : in[pos];
        size_t count, distance;

        pos++;
        if (control < 32) {
            count = control + 1;
            if (count > len - pos || count > cap - at)
                return false;
            memcpy(out + at, in + pos, count);
            at += count;
            pos += count;
            continue;
        }
        count = (control >> 5) - 1;
        distance = (size_t)(control & 31) << 8;
        if (count == 6) {
            unsigned more;

            do {
                if (pos >= len)
                    return false;
                more = in[pos++];
                count += more;
            } while (level2 && more == 255);
        }
        if (pos >= len)
            return false;
        distance += in[pos++];
        /* Level 2 marks far matches with the largest near distance. */
        if (level2 && distance == 31u * 256 + 255) {
            if (len - pos < 2)
                return false;
            distance += rk_get_be16(in + pos);
            pos += 2;
        }
        if (!copy_back(out, cap, &at, distance + 1, count + 3))
            return false;
    }
    *made = at;
    return true;
}

#define QLZ_PACKED      0x01u
#define QLZ_LONG_HEADER 0x02u
#define QLZ_END         10u /* no match begins in so many bytes before the last one */

/* One match of QuickLZ level 3: five forms, told apart by the lowest bits. */
static bool qlz_match(const uint8_t *in, size_t len, size_t *pos, size_t *distance, size_t *count)
{
    uint8_t four[4] = {0};
    size_t there = len - *pos < 4 ? len - *pos : 4, used;
    uint32_t word;

    memcpy(four, in + *pos, there);
    word = rk_get_le32(four);
    if ((word & 3) == 0) {
        *distance = (word & 0xFF) >> 2;
        *count = 3;
        used = 1;
    } else if ((word & 2) == 0) {
        *distance = (word & 0xFFFF) >> 2;
        *count = 3;
        used = 2;
    } else if ((word & 1) == 0) {
        *distance = (word & 0xFFFF) >> 6;
        *count = (word >> 2 & 15) + 3;
        used = 2;
    } else if ((word & 127) != 3) {
        *distance = word >> 7 & 0x1FFFF;
        *count = (word >> 2 & 31) + 2;
        used = 3;
    } else {
        *distance = word >> 15;
        *count = (word >> 7 & 255) + 3;
        used = 4;
    }
    *pos += used;
    return used <= there;
}

static bool qlz_body(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    size_t pos = 0, at = 0;
    uint32_t control = 1;
    bool tail = false; /* near the end control words are there but say nothing */

    while (at < size) {
        if (control == 1) {
            if (len - pos < 4)
                return false;
            control = tail ? 0x80000000u : rk_get_le32(in + pos);
            pos += 4;
            if (control == 0)
                return false;
        }
        if (control & 1 && !tail) {
            size_t distance, count;

            control >>= 1;
            if (!qlz_match(in, len, &pos, &distance, &count) ||
                !copy_back(out, size, &at, distance, count))
                return false;
            continue;
        }
        tail = tail || at + QLZ_END + 1 >= size;
        if (pos >= len)
            return false;
        out[at++] = in[pos++];
        control >>= 1;
    }
    return true;
}

bool rk_quicklz_unpack(const uint8_t *in, size_t len, uint8_t *out, size_t cap, size_t *made)
{
    size_t head, packed, size;

    *made = 0;
    if (len < 3)
        return false;
    head = in[0] & QLZ_LONG_HEADER ? 9 : 3;
    if (len < head)
        return false;
    packed = head == 9 ? rk_get_le32(in + 1) : in[1];
    size = head == 9 ? rk_get_le32(in + 5) : in[2];
    if (packed < head || packed > len || size > cap)
        return false;
    if (!(in[0] & QLZ_PACKED)) {
        if (packed - head < size)
            return false;
        memcpy(out, in + head, size);
    } else if ((in[0] >> 2 & 3) != 3 || !qlz_body(in + head, packed - head, out, size)) {
        return false;
    }
    *made = size;
    return true;
}
