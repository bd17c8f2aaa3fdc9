/* Reading through the stub: frames one behind the other, packed on the chip. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/crc.h"
#include "base/lzma.h"
#include "chip/bouffalo/bouffalo.h"
#include "chip/bouffalo/stub.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_US 500000u /* between two frames */
#define LOSSES   4u      /* in turn, per retry allowed: a frame is long */
#define HEAD     5u      /* offset, last */
#define PIECE    0x20000u

struct reading {
    struct rk_lzma_decoder decoder;
    uint8_t *stream; /* of the request in hand: what came, without the sum */
    size_t cap, used;
    uint8_t tag;
};

/* What came of the request is good up to here, or damaged. */
static bool unpack(struct reading *r, bool last)
{
    r->decoder.in_end = (uint32_t)r->used;
    r->decoder.in_all = last;
    return rk_lzma_decode(&r->decoder, r->decoder.out_len) != RK_LZMA_DAMAGED;
}

static enum rk_status ask(struct rk_device *dev, struct reading *r, uint32_t addr, uint8_t *buf,
                          size_t len, struct rk_error *err)
{
    uint8_t payload[9];

    r->used = 0;
    r->decoder.in = r->stream;
    r->decoder.in_mask = UINT32_MAX;
    r->decoder.out = buf;
    r->decoder.out_mask = UINT32_MAX;
    r->decoder.out_len = (uint32_t)len;
    rk_lzma_decode_init(&r->decoder);
    r->tag = rk_stub_next_tag(dev);
    rk_put_le32(payload, addr);
    rk_put_le32(payload + 4, (uint32_t)len);
    payload[8] = RK_STUB_READ_PACKED;
    return rk_stub_send(dev, RK_STUB_READ, r->tag, payload, sizeof payload, NULL, 0, err);
}

/* Takes a frame. *lost: it does not go on where the last one ended; *done: all is there. */
static void take(struct reading *r, const struct rk_cobs_frame *f, bool *lost, bool *done)
{
    bool last = f->payload[4];
    size_t n = f->len - HEAD, sum = last ? 4 : 0;

    *lost = rk_get_le32(f->payload) != r->used || n < sum || n - sum > r->cap - r->used;
    if (*lost)
        return;
    memcpy(r->stream + r->used, f->payload + HEAD, n - sum);
    r->used += n - sum;
    *lost = !unpack(r, last);
    if (!last || *lost)
        return;
    *done =
        r->decoder.out_at == r->decoder.out_len &&
        rk_crc32(0, r->decoder.out, r->decoder.out_len) == rk_get_le32(f->payload + HEAD + n - sum);
    *lost = !*done;
    if (*lost)
        r->decoder.out_at = 0; /* nobody knows which byte is wrong */
}

/* The frames of one request. Returns TIMEOUT after a loss; what was unpacked stays. */
static enum rk_status take_all(struct rk_device *dev, struct reading *r, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    struct rk_cobs_frame frame;
    bool lost = false, done = false;

    while (!done) {
        enum rk_status st = rk_stub_receive(dev, rk_clock_now(clock) + FRAME_US, &frame, err);
        if (st != RK_OK)
            return st;
        if (frame.tag != r->tag)
            continue;
        if (frame.op == RK_STUB_ERROR)
            return rk_stub_refused("read its flash", &frame, err);
        if (frame.op == (RK_STUB_READ | RK_STUB_ANSWER) && frame.len >= HEAD)
            take(r, &frame, &lost, &done);
        if (lost)
            return rk_fail(err, RK_ERR_TIMEOUT, "link.mismatch", "a frame of a read is missing");
        if (rk_cancelled(dev->ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
    }
    return RK_OK;
}

/* One piece, going on behind every loss. */
static enum rk_status read_piece(struct rk_device *dev, struct reading *r, uint32_t addr,
                                 uint8_t *buf, size_t len, struct rk_error *err)
{
    uint32_t failures = 0;

    while (len > 0) {
        enum rk_status st = ask(dev, r, addr, buf, len, err);
        if (st == RK_OK)
            st = take_all(dev, r, err);
        if (st == RK_OK)
            return RK_OK;
        if (!rk_bfl_may_retry(st))
            return st;
        dev->retries_used++;
        size_t got = r->decoder.out_at;
        failures = got ? 0 : failures + 1;
        addr += (uint32_t)got;
        buf += got;
        len -= got;
        if (failures > LOSSES * dev->retries) {
            if (err)
                err->status = RK_ERR_LINK_LOST;
            return RK_ERR_LINK_LOST;
        }
        if (failures > 1 && (st = rk_stub_resync(dev, err)) != RK_OK)
            return st;
    }
    return RK_OK;
}

static enum rk_status read_all(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                               struct rk_error *err)
{
    struct reading *r = malloc(sizeof *r);
    size_t most = len < PIECE ? len : PIECE;
    enum rk_status st = RK_OK;

    if (r) {
        r->cap = most + most / 8 + 4096;
        r->stream = malloc(r->cap);
    }
    if (!r || !r->stream)
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    while (st == RK_OK && len > 0) {
        size_t n = len < PIECE ? len : PIECE;
        st = read_piece(dev, r, addr, buf, n, err);
        addr += (uint32_t)n;
        buf += n;
        len -= n;
    }
    if (r)
        free(r->stream);
    free(r);
    return st;
}

/* ---- reading ahead: jobs ask sector by sector, and a stream of many packs better and waits less ---- */

/* Bytes that were read early are given once: who asks again wants to have them read again. */
static bool take_early(struct rk_bfl_state *s, uint32_t addr, uint8_t *buf, size_t len)
{
    uint32_t skip = addr - s->early_addr;

    if (addr < s->early_addr || skip > s->early_len || len > s->early_len - skip)
        return false;
    memcpy(buf, s->early + (addr - addr / RK_BLOCK_SIZE * RK_BLOCK_SIZE), len);
    s->early_len -= skip + (uint32_t)len;
    s->early_addr = addr + (uint32_t)len;
    return true;
}

/* How far to read from there: the more, the longer the reads have been in turn. Never beyond the
 * block. */
static uint32_t reach(struct rk_bfl_state *s, uint32_t addr, size_t len)
{
    uint32_t left = RK_BLOCK_SIZE - addr % RK_BLOCK_SIZE;
    bool in_turn = addr >= s->read_next && addr - s->read_next < RK_BLOCK_SIZE && s->read_next;

    s->read_ahead = in_turn ? s->read_ahead * 2 : RK_SECTOR_SIZE;
    if (s->read_ahead > RK_BLOCK_SIZE)
        s->read_ahead = RK_BLOCK_SIZE;
    uint32_t far = s->read_ahead < left ? s->read_ahead : left;
    return far > len ? far : (uint32_t)len;
}

void rk_stub_forget_reads(struct rk_device *dev)
{
    rk_bfl_state(dev)->early_len = 0;
}

enum rk_status rk_stub_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                            struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    bool small = len <= RK_SECTOR_SIZE && addr % RK_SECTOR_SIZE + len <= RK_SECTOR_SIZE;

    if (small && s->early_len && take_early(s, addr, buf, len)) {
        s->read_next = addr + (uint32_t)len;
        return RK_OK;
    }
    uint32_t far = small ? reach(s, addr, len) : 0;
    s->read_next = addr + (uint32_t)len;
    if (far <= len)
        return read_all(dev, addr, buf, len, err);
    if (!s->early && !(s->early = malloc(RK_BLOCK_SIZE)))
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    s->early_len = 0;
    enum rk_status st = read_all(dev, addr, s->early + addr % RK_BLOCK_SIZE, far, err);
    if (st != RK_OK)
        return st;
    s->early_addr = addr;
    s->early_len = far;
    return take_early(s, addr, buf, len) ? RK_OK : RK_ERR_INTERNAL;
}
