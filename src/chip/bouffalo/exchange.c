/* One command and its answer. */
#include "base/context.h"
#include "chip/bouffalo/bouffalo.h"

#include <string.h>

#define MARGIN_US  400000u /* of computers and adapters */
#define PENDING_US 10000000u

bool rk_bfl_may_retry(enum rk_status status)
{
    return status == RK_ERR_TIMEOUT || status == RK_ERR_PROTOCOL;
}

enum rk_status rk_bfl_discard(struct rk_device *dev, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    s->rx_len = s->rx_used = 0;
    return rk_link_discard(dev->link, err);
}

static uint64_t wire_us(const struct rk_device *dev, size_t bytes)
{
    uint32_t baud = rk_link_baud(dev->link);

    return (uint64_t)bytes * 10000000u / (baud ? baud : 1);
}

static enum rk_status send(struct rk_device *dev, const struct rk_bfl_command *command,
                           struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    size_t n = rk_bfl_encode(s->tx, sizeof s->tx, command->op, command->payload, command->len);

    if (n == 0)
        return rk_fail(err, RK_ERR_INTERNAL, "internal.frame", "%s does not fit into a frame",
                       command->name);
    enum rk_status st = rk_bfl_discard(dev, err);
    dev->commands++;
    s->last_sent_us = rk_clock_now(rk_link_clock(dev->link));
    return st == RK_OK ? rk_link_write(dev->link, s->tx, n, err) : st;
}

static enum rk_status refused(const struct rk_bfl_command *command, uint16_t code,
                              struct rk_error *err)
{
    bool damaged = code == 0x0102 || code == 0x0103;

    rk_fail(err, damaged ? RK_ERR_PROTOCOL : RK_ERR_DEVICE_REFUSED, "bl602.refused",
            "the module refuses to %s", command->name);
    rk_error_detail(err, "code %04x: %s", code, rk_bfl_code_text(code));
    if (damaged)
        rk_error_hint(err, "the line changes bytes: try --baud 115200, and a shorter cable");
    return damaged ? RK_ERR_PROTOCOL : RK_ERR_DEVICE_REFUSED;
}

static enum rk_status judge(const struct rk_bfl_command *command,
                            const struct rk_bfl_answer *answer, struct rk_error *err)
{
    if (answer->refused)
        return refused(command, answer->code, err);
    if (command->data && command->answer_len && answer->len != command->answer_len) {
        rk_fail(err, RK_ERR_PROTOCOL, "link.mismatch", "the answer to \"%s\" makes no sense",
                command->name);
        rk_error_detail(err, "%zu bytes instead of %zu", answer->len, command->answer_len);
        return RK_ERR_PROTOCOL;
    }
    return RK_OK;
}

enum rk_status rk_bfl_exchange(struct rk_device *dev, const struct rk_bfl_command *command,
                               struct rk_bfl_answer *answer, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    struct rk_bfl_state *s = rk_bfl_state(dev);
    enum rk_status st = send(dev, command, err);

    if (st != RK_OK)
        return st;
    uint64_t deadline = rk_clock_now(clock) +
                        wire_us(dev, command->len + command->answer_len + 16) + command->device_us +
                        MARGIN_US;
    for (;;) {
        size_t consumed = 0, noise = 0, got = 0;
        enum rk_bfl_decoded d = rk_bfl_decode(s->rx + s->rx_used, s->rx_len - s->rx_used,
                                              command->data, &consumed, &noise, answer);
        s->rx_used += consumed;
        dev->stray_bytes += (uint32_t)noise;
        if (d == RK_BFL_ANSWER)
            return judge(command, answer, err);
        if (d == RK_BFL_PENDING) {
            deadline = rk_clock_now(clock) + PENDING_US;
            if (command->alive)
                command->alive(command->user);
            continue;
        }
        uint64_t now = rk_clock_now(clock);
        if (now >= deadline || s->rx_len == sizeof s->rx) {
            dev->short_replies += s->rx_len > s->rx_used;
            return rk_fail(err, RK_ERR_TIMEOUT, "link.no-reply", "no answer to \"%s\"",
                           command->name);
        }
        st = rk_link_read(dev->link, s->rx + s->rx_len, sizeof s->rx - s->rx_len, &got,
                          deadline - now, err);
        if (st != RK_OK)
            return st;
        s->rx_len += got;
    }
}

static enum rk_status give_up(enum rk_status status, struct rk_error *err)
{
    if (!rk_bfl_may_retry(status))
        return status;
    if (err)
        err->status = RK_ERR_LINK_LOST;
    return RK_ERR_LINK_LOST;
}

enum rk_status rk_bfl_repeat(struct rk_device *dev, const struct rk_bfl_command *command,
                             struct rk_bfl_answer *answer, struct rk_error *err)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum rk_status st = rk_bfl_exchange(dev, command, answer, err);
        if (!rk_bfl_may_retry(st))
            return st;
        if (attempt >= dev->retries || rk_bfl_state(dev)->syncing)
            return give_up(st, err);
        rk_log(dev->ctx, RK_LEVEL_DEBUG, "link.retry", "%s: attempt %u failed", command->name,
               (unsigned)attempt + 1);
        dev->retries_used++;
        st = rk_bfl_resync(dev, err);
        if (st != RK_OK)
            return st;
    }
}
