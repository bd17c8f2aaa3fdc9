/* Frames of Beken's UART download protocol: pure encoding and decoding.
 *
 *   short command  01 E0 FC  L        OP payload          L = 1 + payload
 *   short reply    04 0E     L        01 E0 FC OP payload  L = 4 + payload
 *   long command   01 E0 FC  FF F4    Llo Lhi OP payload   L = 1 + payload
 *   long reply     04 0E FF  01 E0 FC F4 Llo Lhi OP ST payload   L = 2 + payload
 *
 * The layout imitates Bluetooth HCI command and event packets; it has neither checksum nor
 * sequence number. Source: the public clients hid_download_py and bk7231tools, and the executed
 * loaders of BK7231T, U and BK7252. */
#ifndef RK_CHIP_BEKEN_FRAME_H
#define RK_CHIP_BEKEN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_BEKEN_DATA_MAX  4096u
#define RK_BEKEN_FRAME_MAX (4u + 4u + 1u + 4u + RK_BEKEN_DATA_MAX + 2u) /* any command or reply */

/* Writes a command into out[cap] and returns its length, 0 if it does not fit (or, for a short
 * one, if the payload exceeds 253 bytes). `payload` may be NULL for len 0. */
size_t rk_beken_encode_short(uint8_t *out, size_t cap, uint8_t op, const uint8_t *payload,
                             size_t len);
size_t rk_beken_encode_long(uint8_t *out, size_t cap, uint8_t op, const uint8_t *payload,
                            size_t len);

/* A reply. `payload` points into the buffer that was decoded. */
struct rk_beken_reply {
    bool is_long;
    uint8_t op;
    uint8_t status; /* long replies only; 0 = success */
    const uint8_t *payload;
    size_t len;
};

enum rk_beken_decoded {
    RK_BEKEN_NEED_MORE, /* *consumed bytes are noise; what follows may become a reply */
    RK_BEKEN_REPLY      /* *reply is filled; it ends at *consumed */
};

/* Looks for the first complete reply in buf[len]; noise in front of it is skipped. *noise counts
 * the bytes that belong to no reply. */
enum rk_beken_decoded rk_beken_decode(const uint8_t *buf, size_t len, size_t *consumed,
                                      size_t *noise, struct rk_beken_reply *reply);

/* "parameter error" and the like for the status byte of a long reply. Never NULL. */
const char *rk_beken_status_text(uint8_t status);

#endif
