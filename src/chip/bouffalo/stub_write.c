/* Writing through the stub: DATA as far as its window reaches, one step back per loss. */
#include "base/bytes.h"
#include "base/context.h"
#include "chip/bouffalo/bouffalo.h"
#include "chip/bouffalo/stub.h"

#include <string.h>

#define SLICE_US   20000u   /* between looks at what can be sent */
#define SILENCE_US 1000000u /* without a word from it */
#define POLLS      3u
#define STATE_LEN  20u

enum { OPEN, DONE, FAILED };

struct writing {
    const uint8_t *data;
    size_t len, sent;
    uint8_t tag, round;
    uint8_t state, code;
    uint32_t received, limit;
    unsigned still; /* answers in turn without progress, with all sent that may be */
    uint64_t heard_us;
    unsigned polls;
};

static enum rk_status begin(struct rk_device *dev, struct writing *w, uint32_t addr, bool erase,
                            struct rk_error *err)
{
    uint8_t payload[13];

    w->tag = rk_stub_next_tag(dev);
    w->sent = 0;
    w->round = 0;
    w->state = OPEN;
    w->received = w->limit = 0;
    w->still = w->polls = 0;
    w->heard_us = rk_clock_now(rk_link_clock(dev->link));
    rk_put_le32(payload, addr);
    rk_put_le32(payload + 4, (uint32_t)w->len);
    rk_put_le32(payload + 8, (uint32_t)w->len);
    payload[12] = RK_STUB_WRITE_UNCHECKED | (erase ? RK_STUB_WRITE_ERASE : 0);
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
    size_t n = w->limit - w->sent;

    n = n < RK_STUB_DATA_MAX ? n : RK_STUB_DATA_MAX;
    rk_put_le32(head, (uint32_t)w->sent);
    head[4] = w->round;
    enum rk_status st =
        rk_stub_send(dev, RK_STUB_DATA, w->tag, head, sizeof head, w->data + w->sent, n, err);
    w->sent += n;
    return st;
}

static void take(struct rk_device *dev, struct writing *w, const struct rk_cobs_frame *f)
{
    const uint8_t *p = f->payload;
    uint32_t received = rk_get_le32(p + 4), limit = rk_get_le32(p + 8);

    if (received > w->len || limit > w->len)
        return;
    w->still = received > w->received ? 0 : w->still + 1;
    w->received = received > w->received ? received : w->received;
    w->limit = limit > w->limit ? limit : w->limit;
    w->state = p[0];
    w->code = p[1];
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
        bool free = w->sent < w->limit;
        if (free)
            st = send_some(dev, w, err);
        if (st == RK_OK)
            st = look(dev, w, free ? 0 : SLICE_US, err);
    }
    return st == RK_OK ? conclude(w, err) : st;
}

static enum rk_status write_range(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                  size_t len, bool erase, struct rk_error *err)
{
    struct writing w = {.data = data, .len = len};

    rk_stub_forget(dev, addr, len);
    for (uint32_t attempt = 0;; attempt++) {
        enum rk_status st = begin(dev, &w, addr, erase, err);
        if (st == RK_OK)
            st = run(dev, &w, err);
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

enum rk_status rk_stub_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                               size_t len, struct rk_error *err)
{
    return write_range(dev, addr, data, len, false, err);
}

enum rk_status rk_stub_rewrite(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                               size_t len, struct rk_error *err)
{
    return write_range(dev, addr, data, len, true, err);
}
