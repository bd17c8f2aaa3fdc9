/* Frames of Bouffalo Lab's UART download protocol, as the BL602's mask ROM and its flash loaders
 * speak it: pure encoding and decoding.
 *
 *   request   op check len_lo len_hi payload     check: sum of length and payload, 0 = unchecked
 *   answer    "OK"                                without data
 *             "OK" len_lo len_hi data             with data: only the request tells
 *             "FL" code_lo code_hi                refused
 *             "PD"                                busy, the answer follows
 *
 * Source: the vendor's protocol note (BL602 ISP), observed on the executed mask ROM of May 2020. */
#ifndef RK_CHIP_BOUFFALO_FRAME_H
#define RK_CHIP_BOUFFALO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_BFL_PAYLOAD_MAX 8196u /* that every loader takes: an address and 8 KiB */
#define RK_BFL_DATA_MAX    16388u
#define RK_BFL_FRAME_MAX   (4u + RK_BFL_DATA_MAX)

/* Writes a request into out[cap] and returns its length, 0 if it does not fit. `payload` may be
 * NULL for len 0. */
size_t rk_bfl_encode(uint8_t *out, size_t cap, uint8_t op, const uint8_t *payload, size_t len);

struct rk_bfl_answer {
    bool refused;
    uint16_t code;       /* if refused */
    const uint8_t *data; /* points into the buffer that was decoded */
    size_t len;
};

enum rk_bfl_decoded { RK_BFL_NEED_MORE, RK_BFL_PENDING, RK_BFL_ANSWER };

/* Looks for the first answer in buf[len]; what stands in front of it is counted as *noise.
 * *consumed bytes are done with. `data`: an OK brings data. */
enum rk_bfl_decoded rk_bfl_decode(const uint8_t *buf, size_t len, bool data, size_t *consumed,
                                  size_t *noise, struct rk_bfl_answer *answer);

/* "wrong state" and the like for the code of a refusal. Never NULL. */
const char *rk_bfl_code_text(uint16_t code);

#endif
