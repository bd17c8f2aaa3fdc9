#include "image/hex.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

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

#define SPAN_MAX 0x1000000u

enum { TYPE_DATA, TYPE_END, TYPE_SEGMENT, TYPE_START_SEGMENT, TYPE_LINEAR, TYPE_START_LINEAR };

struct range {
    uint32_t low, high;
    bool ended;
};

static enum rk_status bad_line(struct rk_error *err, size_t line, const char *what)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "hex.line", "line %zu of the HEX file %s", line, what);
    return RK_ERR_IMAGE_FORMAT;
}

/* One pass over all records: finds the range, and fills out unless it is NULL. */
static enum rk_status walk(const uint8_t *text, size_t len, uint8_t *out, struct range *range,
                           struct rk_error *err)
{
    uint8_t record[RECORD_MAX];
    uint32_t base = 0;
    size_t line = 1;
    struct range seen = {UINT32_MAX, 0, false};

    for (size_t at = 0; at < len && !seen.ended;) {
        uint32_t addr;

        if (text[at] != ':') {
            if (text[at] != '\r' && text[at] != '\n' && text[at] != ' ')
                return bad_line(err, line, "holds something that is no record");
            line += text[at++] == '\n';
            continue;
        }
        if (!read_record(text, len, &at, record))
            return bad_line(err, line, "is damaged: wrong characters, length or checksum");
        addr = base + rk_get_be16(record + 1);
        if (record[3] == TYPE_END) {
            seen.ended = true;
        } else if (record[3] == TYPE_SEGMENT && record[0] == 2) {
            base = (uint32_t)rk_get_be16(record + 4) << 4;
        } else if (record[3] == TYPE_LINEAR && record[0] == 2) {
            base = (uint32_t)rk_get_be16(record + 4) << 16;
        } else if (record[3] == TYPE_DATA && record[0]) {
            if (addr > UINT32_MAX - record[0])
                return bad_line(err, line, "lies outside of every address space");
            seen.low = addr < seen.low ? addr : seen.low;
            seen.high = addr + record[0] > seen.high ? addr + record[0] : seen.high;
            if (out)
                memcpy(out + (addr - range->low), record + 4, record[0]);
        }
    }
    *range = seen;
    return RK_OK;
}

enum rk_status rk_hex_unpack(const uint8_t *text, size_t len, uint8_t **out, size_t *out_len,
                             uint32_t *addr, struct rk_error *err)
{
    struct range range;
    enum rk_status status = walk(text, len, NULL, &range, err);

    if (status != RK_OK)
        return status;
    if (range.high <= range.low || !range.ended) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "hex.truncated",
                range.ended ? "the HEX file holds no data" : "the HEX file has no end record");
        rk_error_hint(err, "the file is cut short: download or export it again");
        return RK_ERR_IMAGE_FORMAT;
    }
    if (range.high - range.low > SPAN_MAX)
        return rk_fail(err, RK_ERR_IMAGE_FORMAT, "hex.span",
                       "the HEX file spans more than 16 MiB: no flash image");
    *out = malloc(range.high - range.low);
    if (!*out)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(*out, 0xFF, range.high - range.low);
    *out_len = range.high - range.low;
    *addr = range.low;
    return walk(text, len, *out, &range, err);
}
