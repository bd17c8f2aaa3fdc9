/* SHA-256, by mbedTLS. */
#ifndef RK_BASE_SHA256_H
#define RK_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct rk_sha256; /* running state */

void rk_sha256(const uint8_t *data, size_t len, uint8_t out[32]);

/* Incremental form: new (NULL if out of memory), update, finish (writes the digest and frees). */
struct rk_sha256 *rk_sha256_new(void);
void rk_sha256_update(struct rk_sha256 *state, const uint8_t *data, size_t len);
void rk_sha256_finish(struct rk_sha256 *state, uint8_t out[32]);

/* Lower-case hex, NUL-terminated. */
void rk_sha256_hex(const uint8_t digest[32], char out[65]);

#endif
