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
#define PIECE    RK_STUB_PIECE
#define GROWTH   4u

struct reading {
    struct rk_lzma_decoder decoder;
    uint8_t *stream; /* of the request in hand: what came, without the sum */
    size_t cap, used;
    uint8_t tag;
    bool packed;
};

/* What came of the request is good up to here, or damaged. */
static bool unpack(struct reading *r, bool last)
{
    if (!r->packed) {
        struct rk_lzma_decoder *d = &r->decoder;
        if (r->used > d->out_len)
            return false;
        memcpy(d->out + d->out_at, r->stream + d->out_at, r->used - d->out_at);
        d->out_at = (uint32_t)r->used;
        return true;
    }
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
    r->packed = !rk_bfl_state(dev)->dense;
    payload[8] = r->packed ? RK_STUB_READ_PACKED : 0;
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

/* Bytes that do not pack, such as enciphered ones, take the chip longer to pack than to send: after a
 * piece of them every second one is sent as it is. */
static void note_density(struct rk_bfl_state *s, const struct reading *r, size_t len)
{
    s->dense = r->packed && r->used > len - len / 16;
}

static enum rk_status read_range(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
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
        note_density(rk_bfl_state(dev), r, n);
        addr += (uint32_t)n;
        buf += n;
        len -= n;
    }
    if (r)
        free(r->stream);
    free(r);
    return st;
}

/* Jobs read sector by sector; larger pieces pack better and wait less often. What was read ahead is
 * given out once: who asks again has doubts, and gets it from the chip. */
static bool take_kept(struct rk_bfl_state *s, uint32_t addr, uint8_t *buf)
{
    uint32_t index = (addr - s->kept_addr) / RK_SECTOR_SIZE;

    if (addr < s->kept_addr || addr - s->kept_addr >= s->kept_len || s->taken[index])
        return false;
    memcpy(buf, s->kept + (addr - s->kept_addr), RK_SECTOR_SIZE);
    s->taken[index] = true;
    return true;
}

static enum rk_status read_ahead(struct rk_device *dev, uint32_t addr, uint8_t *buf,
                                 struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    uint32_t left = dev->info.flash_size - addr;

    s->read_ahead = s->read_ahead < PIECE / GROWTH ? s->read_ahead * GROWTH : PIECE;
    s->kept_len = 0;
    if (!s->kept && !(s->kept = malloc(PIECE)))
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    uint32_t len = s->read_ahead < left ? s->read_ahead : left;
    enum rk_status st = read_range(dev, addr, s->kept, len, err);
    if (st != RK_OK)
        return st;
    s->kept_addr = addr;
    s->kept_len = len;
    memset(s->taken, 0, sizeof s->taken);
    return take_kept(s, addr, buf) ? RK_OK : RK_ERR_INTERNAL;
}

enum rk_status rk_stub_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                            struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    bool sector = len == RK_SECTOR_SIZE && addr % RK_SECTOR_SIZE == 0;
    bool kept = sector && take_kept(s, addr, buf);
    bool in_turn = sector && addr == s->read_next && addr > 0;

    if (sector)
        s->read_next = addr + RK_SECTOR_SIZE;
    if (kept)
        return RK_OK;
    if (in_turn && s->read_ahead >= RK_SECTOR_SIZE)
        return read_ahead(dev, addr, buf, err);
    s->read_ahead = RK_SECTOR_SIZE;
    return read_range(dev, addr, buf, len, err);
}
