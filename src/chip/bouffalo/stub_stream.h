/* What the frames of a READ (docs/bl602-stub-protocol.md) are put together to: bytes in, bytes out. */
#ifndef RK_CHIP_BOUFFALO_STUB_STREAM_H
#define RK_CHIP_BOUFFALO_STUB_STREAM_H

#include "base/lzma.h"

#define RK_STUB_STREAM_MAX 0x100000u /* bytes of one request */
#define RK_STUB_RING       0x2000u   /* packed bytes that wait: a frame and the rest of the last */
#define RK_STUB_BLOCK      0x10000u
#define RK_STUB_BLOCKS     (RK_STUB_STREAM_MAX / RK_STUB_BLOCK + 1)
#define RK_STUB_HASH       32u
#define RK_STUB_SUM_LEN    (4u + RK_STUB_HASH)

struct rk_stub_stream {
    uint32_t addr, len; /* the range that is read, to `plain` */
    uint8_t *plain;
    size_t room;
    uint32_t given; /* bytes of it that were given out: once each */
    /* the request: it may begin in the middle of the range, behind a loss */
    bool asked, done;
    uint8_t tag;
    uint32_t from; /* address */
    uint32_t used; /* bytes that came of it */
    struct rk_lzma_decoder decoder;
    uint8_t ring[RK_STUB_RING];
    /* digests of whole blocks: once each, too */
    struct {
        bool known;
        uint32_t addr;
        uint8_t hash[RK_STUB_HASH];
    } sums[RK_STUB_BLOCKS];
};

/* A request for [from, addr + len) begins; from is within the range. */
void rk_stub_stream_begin(struct rk_stub_stream *stream);
/* Bytes of the range that are there. */
uint32_t rk_stub_stream_arrived(const struct rk_stub_stream *stream);
/* The payload of a frame with data. False: it does not go on where the last one ended, or nothing fits
 * together. `done` is set behind the last one, if its sum is right. */
bool rk_stub_stream_take(struct rk_stub_stream *stream, const uint8_t *payload, size_t len);
/* That of a frame with a digest: RK_STUB_SUM_LEN bytes. */
void rk_stub_stream_sum(struct rk_stub_stream *stream, const uint8_t *payload);

#endif
