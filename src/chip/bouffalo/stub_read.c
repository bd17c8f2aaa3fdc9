/* Reading through the stub: frames one behind the other, packed on the chip. What a job reads in turn
 * comes as one stream, and goes on while the job works; the digests of its blocks come with it. */
#include "base/bytes.h"
#include "base/context.h"
#include "chip/bouffalo/bouffalo.h"
#include "chip/bouffalo/stub.h"
#include "chip/bouffalo/stub_stream.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_US  500000u /* between two frames */
#define LOSSES    4u      /* in turn, per retry allowed: a frame is long */
#define BLOCK     0x10000u
#define HASH      32u
#define SUM_LATE  0x4000u  /* bytes behind a block with which its digest has come */
#define AHEAD_MAX 0x20000u /* of a job that does not say what it will read */
#define GROWTH    4u
#define STOP_US   100000u

/* ---- frames ---- */

/* Whole sectors again if the request before got stuck within one. */
static enum rk_status ask(struct rk_device *dev, struct rk_stub_stream *r, struct rk_error *err)
{
    uint32_t at = r->addr + rk_stub_stream_arrived(r), down = at / RK_SECTOR_SIZE * RK_SECTOR_SIZE;
    uint8_t payload[9];

    r->from = down > r->addr ? down : r->addr;
    rk_stub_stream_begin(r);
    r->tag = rk_stub_next_tag(dev);
    rk_put_le32(payload, r->from);
    rk_put_le32(payload + 4, r->decoder.out_len);
    payload[8] = RK_STUB_READ_PACKED;
    if (r->from % RK_SECTOR_SIZE == 0 && r->len >= BLOCK)
        payload[8] |= RK_STUB_READ_SUMS;
    enum rk_status st =
        rk_stub_send(dev, RK_STUB_READ, r->tag, payload, sizeof payload, NULL, 0, err);
    r->asked = st == RK_OK;
    return st;
}

/* The next frame. Returns TIMEOUT after a loss; what was unpacked stays. */
static enum rk_status pump(struct rk_device *dev, struct rk_stub_stream *r, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    struct rk_cobs_frame frame;
    enum rk_status st;

    if (rk_cancelled(dev->ctx))
        return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
    do
        st = rk_stub_receive(dev, rk_clock_now(clock) + FRAME_US, &frame, err);
    while (st == RK_OK && frame.tag != r->tag);
    if (st != RK_OK)
        return st;
    if (frame.op == RK_STUB_ERROR)
        return rk_stub_refused("read its flash", &frame, err);
    if (frame.op == (RK_STUB_DIGEST | RK_STUB_ANSWER) && frame.len == RK_STUB_SUM_LEN)
        rk_stub_stream_sum(r, frame.payload);
    if (frame.op != (RK_STUB_READ | RK_STUB_ANSWER) ||
        rk_stub_stream_take(r, frame.payload, frame.len))
        return RK_OK;
    if (rk_stub_stream_arrived(r) == r->len) /* the sum is wrong, and nobody knows which byte is */
        r->decoder.out_at = 0;
    return rk_fail(err, RK_ERR_TIMEOUT, "link.mismatch", "a frame of a read is missing");
}

/* Until `want` bytes of the range are there, and with them the sum if they are all. Goes on behind
 * every loss. */
static enum rk_status advance(struct rk_device *dev, struct rk_stub_stream *r, uint32_t want,
                              struct rk_error *err)
{
    uint32_t failures = 0;

    while (rk_stub_stream_arrived(r) < want || (want == r->len && !r->done)) {
        uint32_t before = rk_stub_stream_arrived(r);
        enum rk_status st = r->asked ? RK_OK : ask(dev, r, err);
        if (st == RK_OK)
            st = pump(dev, r, err);
        failures = rk_stub_stream_arrived(r) > before ? 0 : failures;
        if (st == RK_OK)
            continue;
        r->asked = false;
        if (st == RK_ERR_CANCELLED) {
            rk_cancel_hold(dev->ctx, true);
            rk_stub_stop(dev, STOP_US);
            rk_cancel_hold(dev->ctx, false);
        }
        if (!rk_bfl_may_retry(st))
            return st;
        dev->retries_used++;
        if (++failures > LOSSES * dev->retries) {
            if (err)
                err->status = RK_ERR_LINK_LOST;
            return RK_ERR_LINK_LOST;
        }
        if (failures > 1 && (st = rk_stub_resync(dev, err)) != RK_OK)
            return st;
    }
    return RK_OK;
}

/* ---- streams ---- */

static enum rk_status begin(struct rk_device *dev, uint32_t addr, uint32_t len,
                            struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    struct rk_stub_stream *r = s->stream ? s->stream : calloc(1, sizeof *r);

    s->stream = r;
    if (r && r->room < len) {
        free(r->plain);
        r->plain = malloc(len);
        r->room = r->plain ? len : 0;
    }
    if (!r || !r->plain)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    r->addr = r->from = addr;
    r->len = len;
    r->given = 0;
    r->asked = r->done = false;
    r->decoder.out_at = 0;
    memset(r->sums, 0, sizeof r->sums);
    return RK_OK;
}

void rk_stub_stream_lost(struct rk_device *dev)
{
    struct rk_stub_stream *r = rk_bfl_state(dev)->stream;

    if (r)
        r->asked = false;
}

void rk_stub_stream_forget(struct rk_device *dev)
{
    struct rk_stub_stream *r = rk_bfl_state(dev)->stream;

    if (r)
        r->len = r->given = 0;
}

void rk_stub_stream_free(struct rk_device *dev)
{
    struct rk_stub_stream *r = rk_bfl_state(dev)->stream;

    if (r && r->asked && !r->done)
        (void)!rk_stub_send(dev, RK_STUB_STOP, rk_stub_next_tag(dev), NULL, 0, NULL, 0, NULL);
    if (r)
        free(r->plain);
    free(r);
    rk_bfl_state(dev)->stream = NULL;
}

void rk_stub_stop(struct rk_device *dev, uint64_t patience_us)
{
    uint8_t tag = rk_stub_next_tag(dev);
    uint64_t until = rk_clock_now(rk_link_clock(dev->link)) + patience_us;
    struct rk_cobs_frame frame;
    struct rk_error ignored;

    if (rk_stub_send(dev, RK_STUB_STOP, tag, NULL, 0, NULL, 0, &ignored) != RK_OK)
        return;
    while (rk_stub_receive(dev, until, &frame, &ignored) == RK_OK)
        if (frame.tag == tag)
            return;
}

bool rk_stub_stream_digest(struct rk_device *dev, uint32_t addr, struct rk_digest *out)
{
    struct rk_stub_stream *r = rk_bfl_state(dev)->stream;
    uint32_t index = r ? addr / BLOCK - r->addr / BLOCK : 0;

    if (!r || r->len == 0 || addr < r->addr || addr - r->addr >= r->len || r->len < BLOCK)
        return false;
    uint32_t late = addr + BLOCK - r->addr + SUM_LATE;
    while (!r->sums[index].known && r->asked && !r->done && rk_stub_stream_arrived(r) < late)
        if (pump(dev, r, NULL) != RK_OK)
            r->asked = false;
    if (!r->sums[index].known || r->sums[index].addr != addr)
        return false;
    r->sums[index].known = false;
    memset(out, 0, sizeof *out);
    out->kind = RK_DIGEST_SHA256;
    memcpy(out->bytes, r->sums[index].hash, HASH);
    return true;
}

/* ---- what is asked for ---- */

/* Is it what a job reads in turn, as it has said? Then up to here it will go on. */
static uint32_t announced(const struct rk_device *dev, uint32_t addr, size_t len)
{
    uint32_t end = dev->in_turn.addr + dev->in_turn.len;

    if (addr < dev->in_turn.addr || addr >= end || len > end - addr)
        return 0;
    return end - addr < RK_STUB_STREAM_MAX ? end - addr : RK_STUB_STREAM_MAX;
}

/* Jobs read sector by sector; larger pieces pack better and wait less often. */
static uint32_t guessed(struct rk_device *dev, uint32_t addr, size_t len)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    bool sector = len == RK_SECTOR_SIZE && addr % RK_SECTOR_SIZE == 0;
    bool in_turn = sector && addr == s->read_next && addr > 0;
    uint32_t left = dev->info.flash_size - addr;

    s->read_ahead = !in_turn                             ? RK_SECTOR_SIZE
                    : s->read_ahead < AHEAD_MAX / GROWTH ? s->read_ahead * GROWTH
                                                         : AHEAD_MAX;
    return !in_turn ? (uint32_t)len : s->read_ahead < left ? s->read_ahead : left;
}

/* The rest of the stream in hand begins there, or somewhat before: what was read ahead is given out
 * once, and who asks again has doubts, and gets it from the chip. */
static bool goes_on(const struct rk_stub_stream *r, uint32_t addr, size_t len)
{
    return r && addr >= r->addr && addr - r->addr >= r->given && addr - r->addr < r->len &&
           len <= r->len - (addr - r->addr);
}

static enum rk_status read_some(struct rk_device *dev, uint32_t addr, uint8_t *buf, uint32_t len,
                                struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    uint32_t stream = announced(dev, addr, len);
    enum rk_status st = RK_OK;

    if (!goes_on(s->stream, addr, len))
        st = begin(dev, addr, stream ? stream : guessed(dev, addr, len), err);
    s->read_next = addr + len;
    if (st != RK_OK)
        return st;
    struct rk_stub_stream *r = s->stream;
    uint32_t at = addr - r->addr;
    st = advance(dev, r, stream ? at + len : r->len, err);
    if (st != RK_OK)
        return st;
    memcpy(buf, r->plain + at, len);
    r->given = at + len;
    return RK_OK;
}

enum rk_status rk_stub_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                            struct rk_error *err)
{
    enum rk_status st = RK_OK;

    for (size_t done = 0; st == RK_OK && done < len;) {
        size_t n = len - done < RK_STUB_STREAM_MAX ? len - done : RK_STUB_STREAM_MAX;
        st = read_some(dev, addr + (uint32_t)done, buf + done, (uint32_t)n, err);
        done += n;
    }
    return st;
}
