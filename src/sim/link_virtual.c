/* A link to a module in this process. Its clock is its own: waiting only moves the hand, to the
 * moment at which a byte is complete or the wait is over. */
#include "sim/machine.h"

#include <stdlib.h>
#include <string.h>

/* Adapters hand bytes over in slices; a low-latency one every millisecond. */
#define SLICE_NS (1000u * 1000u)

struct virtual_link {
    struct rk_sim *sim;
    bool own;
    uint64_t now_us;
    uint32_t baud;
    uint64_t sent_ns; /* the host's transmitter is busy until then */
    struct rk_clock clock;
    int dtr, rts;
    uint8_t early[8192]; /* received before the last change of the rate, not yet read */
    size_t early_len, early_taken;
};

static uint64_t now_us(void *self)
{
    const struct virtual_link *link = self;

    return link->now_us;
}

static void sleep_us(void *self, uint64_t us)
{
    struct virtual_link *link = self;

    link->now_us += us;
}

static enum rk_status gone(struct rk_error *err)
{
    rk_fail(err, RK_ERR_PORT_GONE, "port.gone", "the virtual adapter has disappeared");
    rk_error_hint(err, "this module was made with the fault \"vanish\"");
    return RK_ERR_PORT_GONE;
}

/* Runs the module up to now and takes what has arrived. Its log goes nowhere. */
static size_t take(struct virtual_link *link, uint8_t *buf, size_t cap)
{
    uint8_t log[256];
    size_t got = rk_sim_transmit(link->sim, RK_SIM_UART1, link->now_us, buf, cap, link->baud);

    while (rk_sim_transmit(link->sim, RK_SIM_UART2, link->now_us, log, sizeof log, 0) == sizeof log)
        ;
    return got;
}

/* When to look next: at the end of the slice in which the next byte arrives, of what it sends, or
 * of the caller's buffer. */
static uint64_t next_look_us(const struct virtual_link *link, size_t cap)
{
    const struct rk_wire *wire = &link->sim->tx[RK_SIM_UART1];
    uint64_t event = rk_sim_next_event_ns(link->sim, false);

    if (event == RK_SIM_NEVER)
        return UINT64_MAX;
    if (event == rk_wire_next_ns(wire)) {
        uint64_t slice = event + SLICE_NS, full = rk_wire_ahead_ns(wire, cap - 1);
        event = full < slice ? full : slice;
    }
    return (event + 999) / 1000;
}

static size_t take_early(struct virtual_link *link, uint8_t *buf, size_t cap)
{
    size_t n = link->early_len - link->early_taken;

    if (n > cap)
        n = cap;
    if (n)
        memcpy(buf, link->early + link->early_taken, n);
    link->early_taken += n;
    return n;
}

static enum rk_status read_some(void *self, uint8_t *buf, size_t cap, size_t *got,
                                uint64_t timeout_us, struct rk_error *err)
{
    struct virtual_link *link = self;
    uint64_t deadline =
        timeout_us < UINT64_MAX - link->now_us ? link->now_us + timeout_us : UINT64_MAX - 1;

    *got = take_early(link, buf, cap);
    if (*got > 0)
        return RK_OK;
    for (;;) {
        if (link->sim->vanished)
            return gone(err);
        *got = cap ? take(link, buf, cap) : 0;
        if (*got > 0 || link->now_us >= deadline || cap == 0)
            break;
        uint64_t next = next_look_us(link, cap);
        if (next > deadline)
            next = deadline;
        link->now_us = next > link->now_us ? next : link->now_us + 1;
    }
    if (*got > 0)
        link->now_us += link->sim->faults.slow_us;
    return RK_OK;
}

static enum rk_status write_all(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                struct rk_error *err)
{
    struct virtual_link *link = self;
    uint64_t start = link->now_us * 1000;

    (void)timeout_us;
    if (link->sim->vanished)
        return gone(err);
    if (len == 0)
        return RK_OK;
    if (start < link->sent_ns)
        start = link->sent_ns;
    uint64_t character = link->sim->options.ideal ? 0 : 10000000000u / link->baud;
    rk_sim_receive(link->sim, (start + character + 999) / 1000, buf, len, link->baud);
    link->sent_ns = start + (link->sim->options.ideal ? 0 : len * 10000000000u / link->baud);
    return RK_OK;
}

static enum rk_status drain(void *self, struct rk_error *err)
{
    struct virtual_link *link = self;
    uint64_t done = (link->sent_ns + 999) / 1000;

    if (link->sim->vanished)
        return gone(err);
    if (done > link->now_us)
        link->now_us = done;
    return RK_OK;
}

static enum rk_status set_baud(void *self, uint32_t baud, uint32_t *actual, struct rk_error *err)
{
    struct virtual_link *link = self;

    if (link->sim->vanished)
        return gone(err);
    if (baud == 0)
        return rk_fail(err, RK_ERR_PORT_CONFIG, "port.baud", "a rate of 0 bit/s is impossible");
    link->early_len = take(link, link->early, sizeof link->early);
    link->early_taken = 0;
    link->baud = baud;
    if (actual)
        *actual = baud;
    return RK_OK;
}

static enum rk_status set_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    struct virtual_link *link = self;

    if (link->sim->vanished)
        return gone(err);
    if (dtr >= 0)
        link->dtr = dtr;
    if (rts >= 0)
        link->rts = rts;
    rk_sim_lines(link->sim, link->now_us, link->dtr, link->rts);
    return RK_OK;
}

static enum rk_status discard(void *self, struct rk_error *err)
{
    struct virtual_link *link = self;
    uint8_t buf[4096];

    if (link->sim->vanished)
        return gone(err);
    link->early_len = link->early_taken = 0;
    while (take(link, buf, sizeof buf) == sizeof buf)
        ;
    return RK_OK;
}

static void close_link(void *self)
{
    struct virtual_link *link = self;

    if (link->own)
        rk_sim_free(link->sim);
    free(link);
}

enum rk_status rk_sim_link(struct rk_context *ctx, struct rk_sim *sim, bool own,
                           struct rk_link **out, struct rk_error *err)
{
    static const struct rk_link_ops ops = {
        .size = sizeof ops,
        .read = read_some,
        .write = write_all,
        .drain = drain,
        .set_baud = set_baud,
        .set_lines = set_lines,
        .discard = discard,
        .close = close_link,
    };
    struct rk_link_info info = {
        .name = "sim", .kind = "sim", .has_lines = true, .paced = true, .is_virtual = true};
    struct virtual_link *link = calloc(1, sizeof *link);

    if (!link) {
        if (own)
            rk_sim_free(sim);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    link->sim = sim;
    link->own = own;
    link->baud = 115200;
    link->now_us = sim->now_ns / 1000;
    link->clock = (struct rk_clock){now_us, sleep_us, link};
    return rk_link_custom(ctx, &ops, link, &link->clock, &info, out, err);
}
