/* A link to a module in this process. Its clock is its own: waiting only moves the hand, to the
 * moment at which a byte is complete or the wait is over. The log of the module is a second link
 * with the same clock. */
#include "base/context.h"
#include "base/text.h"
#include "link/virtual.h"
#include "sim/machine.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

#define LOG_LIMIT (16u << 20) /* bytes of a log that waits to be read */

struct virtual_link {
    struct rk_sim *sim;
    bool own;
    struct virtual_link *log_of; /* the link to UART1 whose module's UART2 this is; else NULL */
    bool has_log;                /* somebody reads UART2 */
    uint64_t now_us;             /* of the log: unused, it goes by the other link's */
    uint32_t baud;
    uint64_t sent_ns; /* the host's transmitter is busy until then */
    struct rk_clock clock;
    int dtr, rts;
    uint8_t early[8192]; /* received before the last change of the rate, not yet read */
    size_t early_len, early_taken;
    struct rk_context *ctx;
    char save_path[1024]; /* receives the flash at the end; empty = none */
};

/* The hand of the clock that both links of a module have in common. */
static uint64_t *hand(struct virtual_link *link)
{
    return link->log_of ? &link->log_of->now_us : &link->now_us;
}

static uint64_t now_us(void *self)
{
    return *hand(self);
}

static void sleep_us(void *self, uint64_t us)
{
    *hand(self) += us;
}

static enum rk_status gone(struct rk_error *err)
{
    rk_fail(err, RK_ERR_PORT_GONE, "port.gone", "the virtual adapter has disappeared");
    rk_error_hint(err, "this module was made with the fault \"vanish\"");
    return RK_ERR_PORT_GONE;
}

/* Runs the module up to now and takes what has arrived. A log that nobody reads goes nowhere. */
static size_t take(struct virtual_link *link, uint8_t *buf, size_t cap)
{
    uint8_t log[256];

    if (link->log_of)
        return rk_sim_transmit(link->sim, RK_SIM_UART2, *hand(link), buf, cap, link->baud);
    size_t got = rk_sim_transmit(link->sim, RK_SIM_UART1, link->now_us, buf, cap, link->baud);
    while (!link->has_log &&
           rk_sim_transmit(link->sim, RK_SIM_UART2, link->now_us, log, sizeof log, 0) == sizeof log)
        ;
    return got;
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
    uint64_t *now = hand(link);
    uint64_t deadline = timeout_us < UINT64_MAX - *now ? *now + timeout_us : UINT64_MAX - 1;

    *got = take_early(link, buf, cap);
    if (*got > 0)
        return RK_OK;
    for (;;) {
        if (link->sim->vanished)
            return gone(err);
        *got = cap ? take(link, buf, cap) : 0;
        if (*got > 0 || *now >= deadline || cap == 0)
            break;
        uint64_t next = rk_sim_next_look_ns(link->sim, cap, link->log_of != NULL);
        next = next == RK_SIM_NEVER ? UINT64_MAX : (next + 999) / 1000;
        if (next > deadline)
            next = deadline;
        *now = next > *now ? next : *now + 1;
    }
    if (*got > 0)
        *now += link->sim->faults.slow_us;
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
    if (len == 0 || link->log_of)
        return RK_OK; /* nothing in the module listens on UART2 */
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
    if (done > *hand(link))
        *hand(link) = done;
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

static enum rk_status open_log(void *self, struct rk_link **out, struct rk_error *err);

static void close_link(void *self)
{
    struct virtual_link *link = self;
    size_t len;

    if (link->log_of) {
        link->log_of->has_log = false;
        free(link);
        return;
    }
    if (link->save_path[0]) {
        const uint8_t *flash = rk_sim_flash(link->sim, &len);
        struct rk_error err;
        if (rk_file_write(link->save_path, flash, len, false, false, &err) != RK_OK)
            rk_warn(link->ctx, "sim.not-saved", "%s", err.message);
    }
    if (link->own)
        rk_sim_free(link->sim);
    free(link);
}

static const struct rk_link_ops uart1_ops = {
    .size = sizeof uart1_ops,
    .read = read_some,
    .write = write_all,
    .drain = drain,
    .set_baud = set_baud,
    .set_lines = set_lines,
    .discard = discard,
    .close = close_link,
    .log = open_log,
};
static const struct rk_link_ops uart2_ops = {
    .size = sizeof uart2_ops,
    .read = read_some,
    .write = write_all,
    .drain = drain,
    .set_baud = set_baud,
    .discard = discard,
    .close = close_link,
};

static enum rk_status make_link(struct rk_context *ctx, struct rk_sim *sim, bool own,
                                const char *name, const char *save_path, struct rk_link **out,
                                struct rk_error *err)
{
    struct rk_link_info info = {
        .kind = "sim", .has_lines = true, .paced = true, .is_virtual = true};
    struct virtual_link *link = calloc(1, sizeof *link);

    if (!link) {
        if (own)
            rk_sim_free(sim);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    rk_text_copy(info.name, sizeof info.name, name);
    rk_text_copy(link->save_path, sizeof link->save_path, save_path);
    link->ctx = ctx;
    link->sim = sim;
    link->own = own;
    link->baud = 115200;
    link->now_us = sim->now_ns / 1000;
    link->clock = (struct rk_clock){now_us, sleep_us, link};
    return rk_link_custom(ctx, &uart1_ops, link, &link->clock, &info, out, err);
}

static enum rk_status open_log(void *self, struct rk_link **out, struct rk_error *err)
{
    struct virtual_link *main = self, *log;
    struct rk_link_info info = {.kind = "sim", .paced = true, .is_virtual = true};

    if (main->sim->options.log_off || main->has_log)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "port.no-log",
                       "nobody is connected to this module's UART2");
    log = calloc(1, sizeof *log);
    if (!log)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_text_copy(info.name, sizeof info.name, "the log of the virtual module");
    log->ctx = main->ctx;
    log->sim = main->sim;
    log->log_of = main;
    log->baud = 115200;
    log->clock = (struct rk_clock){now_us, sleep_us, log};
    main->has_log = true;
    main->sim->tx[RK_SIM_UART2].limit = LOG_LIMIT;
    return rk_link_custom(main->ctx, &uart2_ops, log, &log->clock, &info, out, err);
}

enum rk_status rk_sim_link(struct rk_context *ctx, struct rk_sim *sim, bool own,
                           struct rk_link **out, struct rk_error *err)
{
    return make_link(ctx, sim, own, "sim", "", out, err);
}

enum rk_status rk_sim_open_link(struct rk_context *ctx, const char *spec, struct rk_link **out,
                                struct rk_error *err)
{
    struct rk_sim_spec parsed;
    struct rk_sim *sim;
    char name[sizeof((struct rk_link_info *)0)->name];

    enum rk_status st = rk_sim_spec_parse(spec, &parsed, err);
    if (st != RK_OK)
        return st;
    st = rk_sim_new(&parsed.options, &sim, err);
    if (st == RK_OK) {
        rk_text_format(name, sizeof name, "sim:%s", spec);
        st = make_link(ctx, sim, true, name, parsed.save ? parsed.flash_path : "", out, err);
    }
    rk_sim_spec_free(&parsed);
    return st;
}
