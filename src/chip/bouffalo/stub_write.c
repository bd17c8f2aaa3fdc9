/* Writing through the stub: DATA as far as its window reaches, one step back per loss. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/lzma.h"
#include "chip/bouffalo/bouffalo.h"
#include "chip/bouffalo/stub.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK      1024u    /* of DATA: checking a longer frame would keep the flash waiting */
#define AHEAD_US   20000u   /* what may wait for the line: after a loss it is sent in vain */
#define SLICE_US   20000u   /* between looks at what can be sent */
#define SILENCE_US 1000000u /* without a word from it */
#define POLLS      3u
#define STOP_US    3000000u /* an erase of 64 KiB that has begun is finished first */
#define STATE_LEN  20u
#define FLASH_RATE 1900000u /* from this rate on the flash is slower than the line */
#define PACK_MIN   0x2000u  /* less is not worth the effort */
#define TRIES      32u      /* matches that are looked at */

enum { OPEN, DONE, FAILED };

struct writing {
    const struct rk_rewrite *what;
    const uint8_t *data;
    size_t len, sent;
    uint8_t flags, tag, round;
    uint8_t state, code;
    uint32_t received, limit;
    unsigned still; /* answers in turn without progress, with all sent that may be */
    uint64_t heard_us;
    uint64_t line_us; /* when the line will have carried what was sent */
    unsigned polls;
};

static enum rk_status begin(struct rk_device *dev, struct writing *w, struct rk_error *err)
{
    uint8_t payload[13];

    w->tag = rk_stub_next_tag(dev);
    w->sent = 0;
    w->round = 0;
    w->state = OPEN;
    w->received = w->limit = 0;
    w->still = w->polls = 0;
    w->heard_us = w->line_us = rk_clock_now(rk_link_clock(dev->link));
    rk_put_le32(payload, w->what->addr);
    rk_put_le32(payload + 4, w->what->len);
    rk_put_le32(payload + 8, (uint32_t)w->len);
    payload[12] = w->flags;
    return rk_stub_send(dev, RK_STUB_WRITE, w->tag, payload, sizeof payload, NULL, 0, err);
}

static void step_back(struct rk_device *dev, struct writing *w)
{
    w->sent = w->received;
    w->round = (uint8_t)(w->round + 1);
    w->still = 0;
    dev->retries_used++;
}

static enum rk_status send_some(struct rk_device *dev, struct writing *w, struct rk_error *err)
{
    uint8_t head[5];
    uint64_t now = rk_clock_now(rk_link_clock(dev->link));
    uint32_t baud = rk_link_baud(dev->link);
    size_t n = w->limit - w->sent;

    n = n < CHUNK ? n : CHUNK;
    rk_put_le32(head, (uint32_t)w->sent);
    head[4] = w->round;
    enum rk_status st =
        rk_stub_send(dev, RK_STUB_DATA, w->tag, head, sizeof head, w->data + w->sent, n, err);
    w->sent += n;
    w->line_us = (w->line_us > now ? w->line_us : now) + n * 10000000ull / (baud ? baud : 1);
    return st;
}

static void take(struct rk_device *dev, struct writing *w, const struct rk_cobs_frame *f)
{
    const uint8_t *p = f->payload;
    uint32_t received = rk_get_le32(p + 4), limit = rk_get_le32(p + 8);

    if (received > w->len || limit > w->len)
        return;
    bool under_way = w->line_us > rk_clock_now(rk_link_clock(dev->link));
    w->still = received > w->received || under_way ? 0 : w->still + 1;
    w->received = received > w->received ? received : w->received;
    w->limit = limit > w->limit ? limit : w->limit;
    w->state = p[0];
    w->code = p[1];
    uint32_t written = rk_get_le32(p + 12);
    if (w->what->total && written <= w->what->len)
        rk_progress(dev->ctx, "write", w->what->done + written, w->what->total,
                    w->what->addr + written, dev->retries_used);
    if (p[2] && p[3] == w->round)
        step_back(dev, w);
    else if (w->still >= 2 && w->sent > w->received && w->sent >= w->limit)
        step_back(dev, w);
}

/* Silence: asks how it is. */
static enum rk_status wake(struct rk_device *dev, struct writing *w, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);

    if (rk_clock_now(clock) - w->heard_us < SILENCE_US * (w->polls + 1))
        return RK_OK;
    if (w->polls++ == POLLS)
        return rk_fail(err, RK_ERR_TIMEOUT, "link.no-reply", "the module stopped writing");
    return rk_stub_send(dev, RK_STUB_POLL, rk_stub_next_tag(dev), NULL, 0, NULL, 0, err);
}

static enum rk_status look(struct rk_device *dev, struct writing *w, uint64_t wait_us,
                           struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    struct rk_cobs_frame frame;
    struct rk_error none;
    enum rk_status st = rk_stub_receive(dev, rk_clock_now(clock) + wait_us, &frame, &none);

    if (st == RK_ERR_TIMEOUT)
        return wake(dev, w, err);
    if (st != RK_OK) {
        if (err)
            *err = none;
        return st;
    }
    if (frame.op == RK_STUB_ERROR && frame.len >= 2 && frame.payload[1] == 2)
        return rk_fail(err, RK_ERR_TIMEOUT, "link.no-reply", "the module forgot what it writes");
    if (frame.tag != w->tag)
        return RK_OK;
    w->heard_us = rk_clock_now(clock);
    w->polls = 0;
    if (frame.op == RK_STUB_ERROR)
        return rk_stub_refused("write its flash", &frame, err);
    if (frame.op == (RK_STUB_WRITE | RK_STUB_ANSWER) && frame.len == STATE_LEN)
        take(dev, w, &frame);
    return RK_OK;
}

static enum rk_status conclude(const struct writing *w, struct rk_error *err)
{
    const uint8_t failure[6] = {RK_STUB_WRITE, w->code};
    const struct rk_cobs_frame frame = {.op = RK_STUB_ERROR, .payload = failure, .len = 6};

    return w->state == FAILED ? rk_stub_refused("write its flash", &frame, err) : RK_OK;
}

static enum rk_status run(struct rk_device *dev, struct writing *w, struct rk_error *err)
{
    enum rk_status st = RK_OK;

    while (st == RK_OK && w->state == OPEN) {
        if (rk_cancel_wanted(dev->ctx)) {
            rk_stub_stop(dev, STOP_US);
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        }
        uint64_t now = rk_clock_now(rk_link_clock(dev->link));
        bool more = w->sent < w->limit, room = w->line_us < now + AHEAD_US;
        if (more && room)
            st = send_some(dev, w, err);
        uint64_t wait = !more ? SLICE_US : room ? 0 : w->line_us - AHEAD_US - now + 1;
        if (st == RK_OK)
            st = look(dev, w, wait, err);
    }
    return st == RK_OK ? conclude(w, err) : st;
}

/* ---- packing ---- */

/* No room left: it does not get smaller. */
static void give_up(void *user)
{
    struct rk_lzma_encoder *e = user;

    e->tries = 0;
    e->out_len = 0;
}

/* What is sent instead of the bytes, NULL if that is not worth it: on a fast line the flash is what
 * takes the time. */
static uint8_t *pack(const struct rk_device *dev, const uint8_t *data, uint32_t len,
                     size_t *packed_len)
{
    uint32_t baud = rk_link_baud(dev->link), cap = len - len / 16;

    if (len < PACK_MIN || baud >= FLASH_RATE)
        return NULL;
    struct rk_lzma_encoder *e = calloc(1, sizeof *e);
    uint16_t *previous = calloc(RK_LZMA_DICTIONARY, sizeof *previous);
    uint8_t *out = malloc(cap);
    bool worth_it = e && previous && out;
    if (worth_it) {
        e->data = data;
        e->mask = UINT32_MAX;
        e->tries = TRIES;
        e->previous = previous;
        e->out = out;
        e->out_cap = cap;
        e->full = give_up;
        e->user = e;
        rk_lzma_encode_init(e);
        while (e->at < len && e->tries > 0)
            rk_lzma_encode(e, e->at + PACK_MIN, len);
        rk_lzma_encode_finish(e);
        worth_it = e->tries > 0;
        *packed_len = e->out_len;
    }
    free(e);
    free(previous);
    if (!worth_it)
        free(out);
    return worth_it ? out : NULL;
}

/* Without reading back: what asks for it compares digests afterwards. */
static enum rk_status write_bytes(struct rk_device *dev, struct writing *w, struct rk_error *err)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum rk_status st = begin(dev, w, err);
        if (st == RK_OK)
            st = run(dev, w, err);
        if (!rk_bfl_may_retry(st))
            return st;
        if (attempt >= dev->retries) {
            if (err)
                err->status = RK_ERR_LINK_LOST;
            return RK_ERR_LINK_LOST;
        }
        dev->retries_used++;
        if ((st = rk_stub_resync(dev, err)) != RK_OK)
            return st;
    }
}

static enum rk_status write_all(struct rk_device *dev, const struct rk_rewrite *what, uint8_t flags,
                                struct rk_error *err)
{
    struct writing w = {.what = what,
                        .data = what->data,
                        .len = what->len,
                        .flags = flags | RK_STUB_WRITE_UNCHECKED};
    uint8_t *packed = pack(dev, what->data, what->len, &w.len);

    rk_stub_forget(dev, what->addr, what->len);
    if (packed) {
        w.data = packed;
        w.flags |= RK_STUB_WRITE_PACKED;
    }
    enum rk_status st = write_bytes(dev, &w, err);
    free(packed);
    return st;
}

enum rk_status rk_stub_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                               size_t len, struct rk_error *err)
{
    const struct rk_rewrite what = {.addr = addr, .len = (uint32_t)len, .data = data};

    return write_all(dev, &what, 0, err);
}

enum rk_status rk_stub_rewrite(struct rk_device *dev, const struct rk_rewrite *what,
                               struct rk_error *err)
{
    uint8_t order = what->first_last ? RK_STUB_WRITE_FIRST_LAST : 0;

    return write_all(dev, what, (uint8_t)(RK_STUB_WRITE_ERASE | order), err);
}
