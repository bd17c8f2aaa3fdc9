#include "chip/bouffalo/stub_stream.h"

#include "base/bytes.h"
#include "base/crc.h"

#include <string.h>

#define HEAD        5u /* offset, flags */
#define STORED_HEAD 9u /* and where in the range its bytes belong */
#define SUM_HEAD    4u

enum { LAST = 1, STORED = 2 };

void rk_stub_stream_begin(struct rk_stub_stream *r)
{
    r->used = 0;
    r->done = false;
    r->decoder.in = r->ring;
    r->decoder.in_mask = RK_STUB_RING - 1;
    r->decoder.out = r->plain + (r->from - r->addr);
    r->decoder.out_mask = UINT32_MAX;
    r->decoder.out_len = r->addr + r->len - r->from;
    rk_lzma_decode_init(&r->decoder);
}

uint32_t rk_stub_stream_arrived(const struct rk_stub_stream *r)
{
    return r->from - r->addr + r->decoder.out_at;
}

static bool take_packed(struct rk_stub_stream *r, const uint8_t *data, uint32_t len, bool last)
{
    struct rk_lzma_decoder *d = &r->decoder;

    if (len > RK_STUB_RING - (d->in_end - d->in_at))
        return false;
    for (uint32_t i = 0; i < len; i++)
        r->ring[(r->used + i) & (RK_STUB_RING - 1)] = data[i];
    d->in_end = r->used + len;
    d->in_all = last;
    return rk_lzma_decode(d, d->out_len) != RK_LZMA_DAMAGED;
}

/* What was packed before is whole, up to `at`. */
static bool take_stored(struct rk_stub_stream *r, uint32_t at, const uint8_t *data, uint32_t len)
{
    struct rk_lzma_decoder *d = &r->decoder;

    d->in_all = true;
    if (at < d->out_at || (at > d->out_at && rk_lzma_decode(d, at) == RK_LZMA_DAMAGED) ||
        at != d->out_at || !rk_lzma_decode_stored(d, data, len, r->used + len))
        return false;
    d->in_end = r->used + len;
    return true;
}

bool rk_stub_stream_take(struct rk_stub_stream *r, const uint8_t *payload, size_t len)
{
    uint8_t flags = len >= HEAD ? payload[4] : 0;
    size_t head = flags & STORED ? STORED_HEAD : HEAD, sum = flags & LAST ? 4 : 0;

    if (len < head + sum || rk_get_le32(payload) != r->used)
        return false;
    uint32_t n = (uint32_t)(len - head - sum);
    bool good = flags & STORED ? take_stored(r, rk_get_le32(payload + HEAD), payload + head, n)
                               : take_packed(r, payload + head, n, flags & LAST);
    r->used += n;
    if (!good || !(flags & LAST))
        return good;
    const struct rk_lzma_decoder *d = &r->decoder;
    r->done = d->out_at == d->out_len &&
              rk_crc32(0, d->out, d->out_len) == rk_get_le32(payload + head + n);
    return r->done;
}

void rk_stub_stream_sum(struct rk_stub_stream *r, const uint8_t *payload)
{
    uint32_t addr = rk_get_le32(payload), index = addr / RK_STUB_BLOCK - r->addr / RK_STUB_BLOCK;

    if (addr % RK_STUB_BLOCK || addr < r->addr / RK_STUB_BLOCK * RK_STUB_BLOCK ||
        index >= RK_STUB_BLOCKS)
        return;
    r->sums[index].known = true;
    r->sums[index].addr = addr;
    memcpy(r->sums[index].hash, payload + SUM_HEAD, RK_STUB_HASH);
}
