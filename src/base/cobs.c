#include "base/cobs.h"

#include "base/bytes.h"
#include "base/crc.h"

#include <string.h>

enum { HEAD = 2, CRC = 4, BLOCK_MAX = 254 };

/* ---- receiving ---- */

static void add(struct rk_cobs_parser *p, uint8_t byte)
{
    if (p->len < sizeof p->body)
        p->body[p->len++] = byte;
    else
        p->bad = true;
}

static bool finish(struct rk_cobs_parser *p, struct rk_cobs_frame *out)
{
    bool good = !p->bad && p->left == 0 && p->len >= HEAD + CRC;
    size_t len = p->len;

    p->len = p->left = 0;
    p->zero = p->bad = false;
    if (!good || rk_crc32(0, p->body, len - CRC) != rk_get_le32(p->body + len - CRC))
        return false;
    *out = (struct rk_cobs_frame){
        .op = p->body[0], .tag = p->body[1], .payload = p->body + HEAD, .len = len - HEAD - CRC};
    return true;
}

bool rk_cobs_parse(struct rk_cobs_parser *p, uint8_t byte, struct rk_cobs_frame *out)
{
    if (byte == 0)
        return finish(p, out);
    if (p->left > 0) {
        p->left--;
        add(p, byte);
        return false;
    }
    if (p->zero)
        add(p, 0);
    p->left = byte - 1u;
    p->zero = byte != 0xFF;
    return false;
}

/* ---- sending ---- */

/* Byte `at` of the body. */
struct body {
    uint8_t head[HEAD], crc[CRC];
    const uint8_t *parts[4];
    size_t lens[4];
};

static uint8_t byte_of(const struct body *body, size_t at)
{
    unsigned i = 0;

    while (at >= body->lens[i])
        at -= body->lens[i++];
    return body->parts[i][at];
}

size_t rk_cobs_encode(uint8_t *out, size_t cap, uint8_t op, uint8_t tag, const uint8_t *head,
                      size_t head_len, const uint8_t *data, size_t len)
{
    struct body body = {.head = {op, tag}, .lens = {HEAD, head_len, len, CRC}};
    size_t all = HEAD + head_len + len + CRC, used = 0;

    body.parts[0] = body.head;
    body.parts[1] = head;
    body.parts[2] = data;
    body.parts[3] = body.crc;
    if (head_len + len > RK_COBS_PAYLOAD_MAX || cap < all + all / BLOCK_MAX + 3)
        return 0;
    uint32_t crc = rk_crc32(0, body.head, HEAD);
    crc = head_len ? rk_crc32(crc, head, head_len) : crc;
    rk_put_le32(body.crc, len ? rk_crc32(crc, data, len) : crc);
    for (size_t at = 0;;) {
        size_t n = 0;
        while (n < BLOCK_MAX && at + n < all && byte_of(&body, at + n) != 0)
            n++;
        out[used++] = (uint8_t)(n + 1);
        for (size_t i = 0; i < n; i++)
            out[used++] = byte_of(&body, at + i);
        at += n;
        if (n == BLOCK_MAX && at < all)
            continue;
        if (at == all)
            break;
        at++; /* the 00 is in the code byte of the next block */
    }
    out[used++] = 0;
    return used;
}
