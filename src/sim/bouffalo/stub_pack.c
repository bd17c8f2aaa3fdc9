/* What the imitated stub packs and unpacks: raw LZMA streams, as docs/bl602-stub-protocol.md has them. */
#include "base/lzma.h"
#include "sim/bouffalo/stub.h"

#include <stdlib.h>

struct packing {
    uint8_t *out;
    size_t len, cap;
};

static void put_byte(void *user, uint8_t byte)
{
    struct packing *p = user;

    if (p->len < p->cap)
        p->out[p->len++] = byte;
}

size_t bfl_pack(const uint8_t *raw, uint32_t len, uint8_t *out, size_t cap)
{
    struct rk_lzma_encoder *encoder = calloc(1, sizeof *encoder);
    struct packing packing = {out, 0, cap};

    if (!encoder)
        return 0;
    encoder->data = raw;
    encoder->mask = UINT32_MAX;
    encoder->tries = 1;
    encoder->put = put_byte;
    encoder->user = &packing;
    rk_lzma_encode_init(encoder);
    rk_lzma_encode(encoder, len, len);
    rk_lzma_encode_finish(encoder);
    free(encoder);
    return packing.len;
}

bool bfl_unpack(const uint8_t *packed, uint32_t packed_len, uint8_t *out, uint32_t len)
{
    struct rk_lzma_decoder *decoder = calloc(1, sizeof *decoder);

    if (!decoder)
        return false;
    decoder->in = packed;
    decoder->out = out;
    decoder->in_mask = decoder->out_mask = UINT32_MAX;
    decoder->in_end = packed_len;
    decoder->in_all = true;
    decoder->out_len = len;
    rk_lzma_decode_init(decoder);
    bool good = rk_lzma_decode(decoder, len) != RK_LZMA_DAMAGED && decoder->out_at == len;
    free(decoder);
    return good;
}
