/* xz streams: what packed updates and packed writes of the BL602 are made of. */
#ifndef RK_BASE_XZ_H
#define RK_BASE_XZ_H

#include <rekindle/error.h>

/* True if the bytes begin with the magic of an xz stream. */
bool rk_xz_recognise(const uint8_t *data, size_t len);

/* What a stream is to the loaders of the BL602. */
struct rk_xz_facts {
    uint32_t dictionary; /* bytes; the loaders have room for 32 KiB */
    bool crc32;          /* its check is CRC-32, the only one the second-stage loader knows */
    bool light_check;    /* that or none: the RAM loaders know no other */
};
/* Reads the head of the stream. False if it is none, or no single LZMA2 filter. */
bool rk_xz_read(const uint8_t *data, size_t len, struct rk_xz_facts *out);

/* Unpacks a stream of at most `max` > 0 bytes; bytes behind it are not looked at. free() *out.
 * Errors: IMAGE_FORMAT "xz.damaged" (damaged, cut short, larger than max), UNSUPPORTED
 * "xz.missing" (built without liblzma), NOMEM. */
RK_MUST_CHECK enum rk_status rk_xz_unpack(const uint8_t *data, size_t len, size_t max,
                                          uint8_t **out, size_t *out_len, struct rk_error *err);

/* Packs as the vendor's tool does: LZMA2 with a dictionary of 32 KiB, CRC-32. free() *out.
 * Errors: UNSUPPORTED "xz.missing", NOMEM. */
RK_MUST_CHECK enum rk_status rk_xz_pack(const uint8_t *data, size_t len, uint8_t **out,
                                        size_t *out_len, struct rk_error *err);

/* A stream that is unpacked piece by piece. */
struct rk_xz_stream;
/* NULL: no memory, or built without liblzma. */
struct rk_xz_stream *rk_xz_stream_new(void);
void rk_xz_stream_free(struct rk_xz_stream *stream);
/* Unpacks what it can: advances *data and *len over what it took, and says in *out_len how much of
 * `out` it filled. Behind the end of the stream it takes everything and gives nothing. False: the
 * stream is damaged. */
RK_MUST_CHECK bool rk_xz_stream_feed(struct rk_xz_stream *stream, const uint8_t **data, size_t *len,
                                     uint8_t *out, size_t cap, size_t *out_len);

#endif
