/* One command and its reply: sending, waiting with two time limits, matching, repeating. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/text.h"
#include "chip/beken/beken.h"

#include <string.h>

#define PROGRESS_US  150000u /* silence inside a reply: bytes were lost */
#define MARGIN_US    200000u /* adapter and turnaround on top of wire and device time */
#define NUDGE_US     40000u  /* flash loaders restart after some 100 ms without a byte */
#define PAUSE_US     30000u
#define WINDOW       64u /* requests over which failures are counted */
#define WINDOW_LIMIT 2u  /* failures in a window that make us slow down */

static uint64_t wire_us(const struct rk_device *dev, size_t bytes)
{
    return (uint64_t)bytes * 10u * 1000000u / rk_link_baud(dev->link);
}

enum rk_status rk_beken_discard(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    s->rx_len = s->rx_used = 0;
    return rk_link_discard(dev->link, err);
}

enum rk_status rk_beken_send(struct rk_device *dev, const struct rk_beken_command *command,
                             struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    size_t n = command->is_long ? rk_beken_encode_long(s->tx, sizeof s->tx, command->op,
                                                       command->payload, command->len)
                                : rk_beken_encode_short(s->tx, sizeof s->tx, command->op,
                                                        command->payload, command->len);

    if (n == 0)
        return rk_fail(err, RK_ERR_INTERNAL, "internal.frame", "%s does not fit into a frame",
                       command->name);
    s->last_op = command->op;
    s->last_long = command->is_long;
    dev->commands++;
    s->window_requests++;
    s->last_sent_us = rk_clock_now(rk_link_clock(dev->link));
    enum rk_status st = rk_link_write(dev->link, s->tx, n, err);
    if (st != RK_OK)
        rk_error_context(err, "%s", command->name);
    return st;
}

enum rk_status rk_beken_nudge(struct rk_device *dev, struct rk_error *err)
{
    static const uint8_t idle = 0xFF;

    rk_beken_state(dev)->last_sent_us = rk_clock_now(rk_link_clock(dev->link));
    return rk_link_write(dev->link, &idle, 1, err);
}

static enum rk_status no_reply(struct rk_device *dev, const struct rk_beken_command *command,
                               struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    size_t have = s->rx_len - s->rx_used;
    char hex[64];

    rk_text_hex(hex, sizeof hex, s->rx + s->rx_used, have, 16);
    if (have >= 5 && memcmp(s->rx + s->rx_used, s->tx, 5) == 0) {
        rk_fail(err, RK_ERR_PROTOCOL, "link.echo", "%s: our own bytes came back", command->name);
        rk_error_detail(err, "received %s", hex);
        rk_error_hint(err, "TX and RX are connected to each other, or the adapter echoes");
        return RK_ERR_PROTOCOL;
    }
    rk_fail(err, RK_ERR_TIMEOUT, have ? "link.short-reply" : "link.no-reply",
            have ? "%s: the reply is incomplete" : "%s: no reply", command->name);
    dev->short_replies += have > 0;
    if (have)
        rk_error_detail(err, "%zu of %zu bytes: %s", have, command->reply_len, hex);
    rk_error_hint(err, "short wires, common ground, a lower --baud");
    return RK_ERR_TIMEOUT;
}

static bool matches(const struct rk_beken_command *command, const struct rk_beken_reply *reply)
{
    return reply->op == command->reply_op && reply->is_long == command->is_long &&
           (!command->echo || (reply->len >= command->echo_len &&
                               memcmp(reply->payload, command->echo, command->echo_len) == 0));
}

static enum rk_status judge(const struct rk_beken_command *command,
                            const struct rk_beken_reply *reply, struct rk_error *err)
{
    if (!reply->is_long || reply->status == 0)
        return RK_OK;
    rk_fail(err, RK_ERR_DEVICE_REFUSED, "device.status", "%s: the module answers %s", command->name,
            rk_beken_status_text(reply->status));
    rk_error_detail(err, "status %02x", reply->status);
    /* These do not change by asking again, unless it was a damaged command that was refused. */
    bool final = (reply->status == 0x06 || reply->status == 0x07 || reply->status == 0x0A) &&
                 (reply->status == 0x07 || matches(command, reply));
    return final ? RK_ERR_DEVICE_REFUSED : RK_ERR_PROTOCOL;
}

/* Moves what is not yet taken to the start, so that a whole reply always fits. */
static void make_room(struct rk_beken_state *s)
{
    memmove(s->rx, s->rx + s->rx_used, s->rx_len - s->rx_used);
    s->rx_len -= s->rx_used;
    s->rx_used = 0;
}

/* Takes the next reply that answers `command` out of what has been received. */
static bool take_reply(struct rk_device *dev, const struct rk_beken_command *command,
                       struct rk_beken_reply *reply)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    for (;;) {
        size_t consumed = 0, noise = 0;
        enum rk_beken_decoded d =
            rk_beken_decode(s->rx + s->rx_used, s->rx_len - s->rx_used, &consumed, &noise, reply);
        bool echo = d == RK_BEKEN_NEED_MORE && s->rx_used == 0 && s->rx_len >= 5 &&
                    memcmp(s->rx, s->tx, 5) == 0;
        if (d == RK_BEKEN_REPLY || !echo)
            s->rx_used += consumed;
        dev->stray_bytes += (uint32_t)noise;
        if (d == RK_BEKEN_NEED_MORE)
            return false;
        /* A refusal may leave out or replace the echoed fields. */
        if (matches(command, reply) || (reply->is_long && command->is_long &&
                                        reply->op == command->reply_op && reply->status != 0))
            return true;
        rk_log(dev->ctx, RK_LEVEL_DEBUG, "link.stale", "dropped a reply to command %02x",
               reply->op);
    }
}

/* Not during a write: if it has lost a byte, the nudge would complete it, and shifted data would be
 * answered with success. */
static bool may_nudge(const struct rk_device *dev, const struct rk_beken_command *command)
{
    return !rk_beken_state(dev)->rom && !(command->is_long && command->op == RK_BEKEN_WRITE_4K);
}

enum rk_status rk_beken_wait(struct rk_device *dev, const struct rk_beken_command *command,
                             struct rk_beken_reply *reply, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint64_t now = rk_clock_now(clock);
    uint64_t deadline =
        now + wire_us(dev, command->reply_len + command->len + 8) + command->device_us + MARGIN_US;
    bool begun = s->rx_len > s->rx_used;

    make_room(s);
    while (!take_reply(dev, command, reply)) {
        now = rk_clock_now(clock);
        if (now >= deadline)
            return no_reply(dev, command, err);
        if (s->rx_len == sizeof s->rx)
            make_room(s);
        uint64_t wait = deadline - now;
        bool nudge = !begun && may_nudge(dev, command) && wait > NUDGE_US;
        uint64_t most = begun ? PROGRESS_US : nudge ? NUDGE_US : wait;
        if (wait > most)
            wait = most;
        size_t got = 0;
        enum rk_status st =
            rk_link_read(dev->link, s->rx + s->rx_len, sizeof s->rx - s->rx_len, &got, wait, err);
        if (st != RK_OK)
            return st;
        if (got == 0 && !nudge)
            return no_reply(dev, command, err);
        if (got == 0) {
            st = rk_beken_nudge(dev, err);
            if (st != RK_OK)
                return st;
            continue;
        }
        begun = true;
        s->rx_len += got;
    }
    return judge(command, reply, err);
}

enum rk_status rk_beken_exchange(struct rk_device *dev, const struct rk_beken_command *command,
                                 struct rk_beken_reply *reply, struct rk_error *err)
{
    enum rk_status st = rk_beken_send(dev, command, err);

    return st == RK_OK ? rk_beken_wait(dev, command, reply, err) : st;
}

bool rk_beken_may_retry(enum rk_status status)
{
    return status == RK_ERR_TIMEOUT || status == RK_ERR_PROTOCOL;
}

enum rk_status rk_beken_recover(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    dev->retries_used++;
    /* while the link is being brought back in step, a pause has to do */
    if (s->syncing) {
        rk_clock_sleep(rk_link_clock(dev->link), PAUSE_US);
        return rk_beken_discard(dev, err);
    }
    s->window_failures++;
    enum rk_status st = rk_beken_resync(dev, err);
    if (st != RK_OK)
        return st;
    /* A flash loader has no checksum: a lost address byte makes a write land in the loader itself.
     * So there the first lost byte while writing is one too many. */
    unsigned limit = dev->writing && !s->rom ? 0 : WINDOW_LIMIT;
    if (s->window_failures > limit)
        return rk_beken_step_down(dev, err);
    if (s->window_requests >= WINDOW)
        s->window_requests = s->window_failures = 0;
    return RK_OK;
}

enum rk_status rk_beken_give_up(enum rk_status status, struct rk_error *err)
{
    bool refused = err && strcmp(err->id, "device.status") == 0;

    if (!rk_beken_may_retry(status))
        return status;
    status = refused ? RK_ERR_DEVICE_REFUSED : RK_ERR_LINK_LOST;
    if (err)
        err->status = status;
    return status;
}

enum rk_status rk_beken_repeat(struct rk_device *dev, const struct rk_beken_command *command,
                               struct rk_beken_reply *reply, struct rk_error *err)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum rk_status st = rk_beken_exchange(dev, command, reply, err);
        if (!rk_beken_may_retry(st))
            return st;
        if (attempt >= dev->retries)
            return rk_beken_give_up(st, err);
        rk_log(dev->ctx, RK_LEVEL_DEBUG, "link.retry", "%s: attempt %u failed", command->name,
               attempt + 1);
        st = rk_beken_recover(dev, err);
        if (st != RK_OK)
            return st;
    }
}
