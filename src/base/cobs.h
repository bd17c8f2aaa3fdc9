/* Frames for a line that loses, adds and changes bytes: consistent overhead byte stuffing (COBS, Cheshire
 * and Baker 1999) between bytes 00, so that the next 00 is always in step again, and a CRC-32 at the
 * end. A frame has an operation, a tag, and a payload. */
#ifndef RK_BASE_COBS_H
#define RK_BASE_COBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_COBS_PAYLOAD_MAX 4104u
#define RK_COBS_BODY_MAX    (2u + RK_COBS_PAYLOAD_MAX + 4u)
#define RK_COBS_FRAME_MAX   (RK_COBS_BODY_MAX + RK_COBS_BODY_MAX / 254u + 3u)

struct rk_cobs_frame {
    uint8_t op, tag;
    const uint8_t *payload; /* inside of the parser, until its next byte */
    size_t len;
};

/* All zero at first. */
struct rk_cobs_parser {
    uint8_t body[RK_COBS_BODY_MAX];
    size_t len;
    unsigned left; /* data bytes until the next code byte */
    bool zero;     /* a 00 goes in front of the next block */
    bool bad;
};

/* The next byte from the line. True: it ends a whole frame with a good CRC. */
bool rk_cobs_parse(struct rk_cobs_parser *parser, uint8_t byte, struct rk_cobs_frame *out);

/* Makes a frame; the payload is in two parts, each may be empty. Returns its length, 0 if it does not
 * fit. */
size_t rk_cobs_encode(uint8_t *out, size_t cap, uint8_t op, uint8_t tag, const uint8_t *head,
                      size_t head_len, const uint8_t *data, size_t len);

#endif
