/* Frames: COBS between bytes 00, CRC-32 at the end. */
#include "stub.h"

#define POLYNOMIAL 0xEDB88320u
#define BLOCK_MAX  254u /* data bytes behind one code byte */
#define HEAD       2u   /* op, tag */
#define CRC        4u

uint32_t crc_table[256];

static struct {
    uint32_t len;  /* bytes of the body so far */
    uint32_t left; /* data bytes until the next code byte */
    bool zero;     /* a 00 goes in front of the next block */
    bool bad;
} cobs;

void frame_start(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        crc_table[i] = crc;
    }
}

uint32_t crc_add(uint32_t crc, const uint8_t *data, uint32_t len)
{
    crc = ~crc;
    while (len-- > 0)
        crc = crc >> 8 ^ crc_table[(crc ^ *data++) & 0xFF];
    return ~crc;
}

/* ---- receiving ---- */

static void add(struct frame *frame, uint8_t byte)
{
    if (cobs.len < sizeof *frame)
        ((uint8_t *)frame)[cobs.len++] = byte;
    else
        cobs.bad = true;
}

static void take(struct frame *frame, uint8_t byte)
{
    if (cobs.left > 0) {
        cobs.left--;
        add(frame, byte);
        return;
    }
    if (cobs.zero)
        add(frame, 0);
    cobs.left = byte - 1u;
    cobs.zero = byte != 0xFF;
}

/* The body is whole: the length of its payload, -1 if it is damaged. */
static int finish(const struct frame *frame)
{
    const uint8_t *body = (const uint8_t *)frame;
    bool good = !cobs.bad && cobs.left == 0 && cobs.len >= HEAD + CRC;
    uint32_t len = cobs.len;

    cobs.len = cobs.left = 0;
    cobs.zero = cobs.bad = false;
    if (!good || crc_add(0, body, len - CRC) != get_u32(body + len - CRC))
        return -1;
    return (int)(len - HEAD - CRC);
}

int frame_receive(struct frame *frame)
{
    uint8_t byte;

    while (uart_get(&byte)) {
        if (byte != 0) {
            take(frame, byte);
            continue;
        }
        int len = finish(frame);
        if (len >= 0)
            return len;
    }
    return -1;
}

/* ---- sending ---- */

bool frame_fits(uint32_t len)
{
    uint32_t body = len + HEAD + CRC;

    return uart_room() >= body + body / BLOCK_MAX + 3;
}

void frame_forget(void)
{
    static const uint8_t end = 0;

    uart_forget();
    uart_put(&end, 1);
}

void frame_send(uint8_t *body, uint32_t len)
{
    const uint8_t *at = body, *end = body + HEAD + len + CRC;
    static const uint8_t zero = 0;

    put_u32(body + HEAD + len, crc_add(0, body, HEAD + len));
    for (;;) {
        uint32_t n = 0, most = (uint32_t)(end - at);
        most = most < BLOCK_MAX ? most : BLOCK_MAX;
        while (n < most && at[n] != 0)
            n++;
        uint8_t code = (uint8_t)(n + 1);
        uart_put(&code, 1);
        uart_put(at, n);
        at += n;
        if (n == BLOCK_MAX && at < end)
            continue;
        if (at == end)
            break;
        at++; /* the 00 is in the code byte of the next block */
    }
    uart_put(&zero, 1);
}
