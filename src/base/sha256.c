#include "base/sha256.h"

#include <mbedtls/sha256.h>
#include <stdlib.h>
#include <string.h>

struct rk_sha256 {
    mbedtls_sha256_context ctx;
};

struct rk_sha256 *rk_sha256_new(void)
{
    struct rk_sha256 *state = calloc(1, sizeof *state);

    if (!state)
        return NULL;
    mbedtls_sha256_init(&state->ctx);
    (void)mbedtls_sha256_starts_ret(&state->ctx, 0);
    return state;
}

void rk_sha256_update(struct rk_sha256 *state, const uint8_t *data, size_t len)
{
    (void)mbedtls_sha256_update_ret(&state->ctx, data, len);
}

void rk_sha256_finish(struct rk_sha256 *state, uint8_t out[32])
{
    (void)mbedtls_sha256_finish_ret(&state->ctx, out);
    mbedtls_sha256_free(&state->ctx);
    free(state);
}

void rk_sha256(const uint8_t *data, size_t len, uint8_t out[32])
{
    (void)mbedtls_sha256_ret(data, len, out, 0);
}

void rk_sha256_hex(const uint8_t digest[32], char out[65])
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < 32; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[64] = '\0';
}
