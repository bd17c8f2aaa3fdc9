#include "chip/beken/frame.h"

#include "base/bytes.h"

#include <string.h>

size_t rk_beken_encode_short(uint8_t *out, size_t cap, uint8_t op, const uint8_t *payload,
                             size_t len)
{
    if (len > 253 || cap < len + 5)
        return 0;
    out[0] = 0x01;
    out[1] = 0xE0;
    out[2] = 0xFC;
    out[3] = (uint8_t)(len + 1);
    out[4] = op;
    if (len)
        memcpy(out + 5, payload, len);
    return len + 5;
}

size_t rk_beken_encode_long(uint8_t *out, size_t cap, uint8_t op, const uint8_t *payload,
                            size_t len)
{
    if (len > RK_BEKEN_DATA_MAX + 4 || cap < len + 8)
        return 0;
    out[0] = 0x01;
    out[1] = 0xE0;
    out[2] = 0xFC;
    out[3] = 0xFF;
    out[4] = 0xF4;
    rk_put_le16(out + 5, (uint16_t)(len + 1));
    out[7] = op;
    if (len)
        memcpy(out + 8, payload, len);
    return len + 8;
}

/* What the bytes at p may be: the length of a reply, 0 if they are none, SIZE_MAX if more bytes
 * are needed to tell. */
static size_t reply_length(const uint8_t *p, size_t len)
{
    static const uint8_t head[] = {0x01, 0xE0, 0xFC};

    if (p[0] != 0x04 || (len > 1 && p[1] != 0x0E))
        return 0;
    if (len < 3)
        return SIZE_MAX;
    size_t have = len - 3 < sizeof head ? len - 3 : sizeof head;
    if (memcmp(p + 3, head, have) != 0 || p[2] < 4)
        return 0;
    if (p[2] != 0xFF)
        return 3u + p[2];
    if (len > 6 && p[6] != 0xF4)
        return 0;
    if (len < 9)
        return SIZE_MAX;
    size_t n = rk_get_le16(p + 7);
    return n < 2 || n > RK_BEKEN_DATA_MAX + 6 ? 0 : 9 + n;
}

static void fill(const uint8_t *p, size_t total, struct rk_beken_reply *reply)
{
    reply->is_long = p[2] == 0xFF;
    if (reply->is_long) {
        reply->op = p[9];
        reply->status = p[10];
        reply->payload = p + 11;
        reply->len = total - 11;
    } else {
        reply->op = p[6];
        reply->status = 0;
        reply->payload = p + 7;
        reply->len = total - 7;
    }
}

enum rk_beken_decoded rk_beken_decode(const uint8_t *buf, size_t len, size_t *consumed,
                                      size_t *noise, struct rk_beken_reply *reply)
{
    size_t at = 0;

    while (at < len) {
        size_t total = reply_length(buf + at, len - at);
        if (total == SIZE_MAX || (total > 0 && total > len - at))
            break;
        if (total > 0) {
            fill(buf + at, total, reply);
            *noise += at;
            *consumed = at + total;
            return RK_BEKEN_REPLY;
        }
        at++;
    }
    *noise += at;
    *consumed = at;
    return RK_BEKEN_NEED_MORE;
}

const char *rk_beken_status_text(uint8_t status)
{
    static const char *const texts[] = {
        "success",        "flash busy",      "SPI time-out",    "flash time-out",
        "wrong length",   "incomplete data", "parameter error", "unknown command",
        "internal error", "program error",   "protected area",
    };

    return status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown status";
}
