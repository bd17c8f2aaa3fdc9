#include <rekindle/device.h>

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"

#include <string.h>

void rk_digest_of(enum rk_digest_kind kind, const uint8_t *data, size_t len, struct rk_digest *out)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    if (kind == RK_DIGEST_CRC32)
        rk_put_le32(out->bytes, rk_crc32(0, data, len));
    else
        rk_sha256(data, len, out->bytes);
}

bool rk_digest_equal(const struct rk_digest *a, const struct rk_digest *b)
{
    return a->kind == b->kind && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
