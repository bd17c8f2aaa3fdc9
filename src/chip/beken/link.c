/* Getting a module to answer, and getting it back. What is known of the loaders' windows:
 * a flash loader that sees any byte after reset waits 0.8 s for a link check; BK7231S 1.0.4, U and
 * 7252 need silence between link checks; ROM chips answer whenever a link check comes in time. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/text.h"
#include "chip/beken/beken.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_WAIT_US  4000u    /* silence after each link check while we look for a module */
#define PULSE_EVERY_US 3000000u /* modem lines are pulsed that often */
#define ASK_EVERY      250u     /* link checks between two requests to running firmware */
#define QUIET_US       20000u   /* this long without a byte: the queue of replies is empty */
#define QUIET_LIMIT_US 1000000u
#define CONFIRM_US     100000u
#define KEEPALIVE_US   40000u
#define CATCH_US       4000000u /* after a restart */
#define FIRST_BAUD     115200u

static const uint8_t link_check[] = {0x01, 0xE0, 0xFC, 0x01, RK_BEKEN_LINK_CHECK};
static const uint8_t bl2_link_check[] = {0x01, 0xE0, 0xFC, 0x01, RK_BEKEN_BL2_LINK_CHECK};

/* Reset conventions of public clients: the pin that is asserted goes low on common adapters. */
static const struct {
    const char *name, *sequence;
} resets[] = {
    {"auto", "D1|R1|W0.1|D0|W0.05|R0"},
    {"dtr-rts", "D1|R1|W0.1|D0|W0.1|R0"},
    {"rts", "D0|R1|W0.2|R0"},
    {"dtr", "R0|D1|W0.2|D0"},
};

/* Pulses the modem lines as asked. A link without lines is no error. */
static enum rk_status pulse(struct rk_device *dev, struct rk_error *err)
{
    const char *mode = dev->reset ? dev->reset : "auto";
    const char *sequence = NULL;

    if (strncmp(mode, "seq:", 4) == 0)
        sequence = mode + 4;
    for (size_t i = 0; i < sizeof resets / sizeof resets[0]; i++)
        if (strcmp(mode, resets[i].name) == 0)
            sequence = resets[i].sequence;
    if (!sequence || !rk_link_info(dev->link)->has_lines)
        return RK_OK;
    enum rk_status st = rk_link_run_sequence(dev->link, sequence, err);
    return st == RK_ERR_UNSUPPORTED ? RK_OK : st;
}

/* Asks firmware that runs to restart: OpenBeken's and the SDK's command lines know `reboot`, SDK
 * applications the register handler's frame. */
static enum rk_status ask_firmware(struct rk_device *dev, struct rk_error *err)
{
    static const uint8_t text[] = "\r\nreboot\r\n";
    static const uint8_t frame[] = {0x01, 0xE0, 0xFC, 0x05, 0xFE, 0x95, 0x27, 0x95, 0x27};
    enum rk_status st = rk_link_write(dev->link, text, sizeof text - 1, err);

    return st == RK_OK ? rk_link_write(dev->link, frame, sizeof frame, err) : st;
}

/* Reads until the line has been silent for a while: the flood has queued further replies. */
static enum rk_status drain_replies(struct rk_device *dev, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint64_t limit = rk_clock_now(clock) + QUIET_LIMIT_US;
    uint8_t waste[256];
    size_t got = 0;

    do {
        enum rk_status st = rk_link_read(dev->link, waste, sizeof waste, &got, QUIET_US, err);
        if (st != RK_OK)
            return st;
    } while (got > 0 && rk_clock_now(clock) < limit);
    return rk_beken_discard(dev, err);
}

/* Exactly one reply to one link check: the line is in step. */
static enum rk_status confirm(struct rk_device *dev, bool *linked, struct rk_error *err)
{
    struct rk_error ignored;

    for (int attempt = 0; attempt < 3; attempt++) {
        enum rk_status st = drain_replies(dev, err);
        if (st != RK_OK)
            return st;
        st = rk_beken_link_check(dev, CONFIRM_US, &ignored);
        if (st == RK_OK) {
            *linked = true;
            return RK_OK;
        }
        if (!rk_beken_may_retry(st)) {
            if (err)
                *err = ignored;
            return st;
        }
    }
    *linked = false;
    return RK_OK;
}

/* One link check and a short look at what comes back. */
static enum rk_status knock(struct rk_device *dev, bool *answered, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    bool second = s->link_tries % 8 == 7; /* BK7236 and BK7258 may run their second-stage loader */
    size_t got = 0, consumed = 0, noise = 0;
    struct rk_beken_reply reply;
    enum rk_status st =
        rk_link_write(dev->link, second ? bl2_link_check : link_check, sizeof link_check, err);

    *answered = false;
    s->link_tries++;
    if (st == RK_OK)
        st = rk_link_read(dev->link, s->rx + s->rx_len, sizeof s->rx - s->rx_len, &got,
                          CHECK_WAIT_US, err);
    if (st != RK_OK)
        return st;
    s->rx_len += got;
    enum rk_beken_decoded d = rk_beken_decode(s->rx, s->rx_len, &consumed, &noise, &reply);
    dev->stray_bytes += (uint32_t)noise;
    if (d == RK_BEKEN_REPLY && !reply.is_long) {
        s->bl2 = reply.op == RK_BEKEN_READ_REG; /* 02 is answered with 03 */
        *answered = reply.op == RK_BEKEN_LINK_REPLY || s->bl2;
    }
    s->rx_len -= consumed;
    memmove(s->rx, s->rx + consumed, s->rx_len);
    if (s->rx_len > sizeof s->rx / 2)
        s->rx_len = 0;
    return RK_OK;
}

static enum rk_status new_state(struct rk_device *dev, struct rk_error *err)
{
    if (dev->state)
        return RK_OK;
    dev->state = calloc(1, sizeof(struct rk_beken_state));
    if (!dev->state)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    return rk_link_set_baud(dev->link, FIRST_BAUD, NULL, err);
}

enum rk_status rk_beken_try_link(struct rk_device *dev, const struct rk_connect_options *opt,
                                 uint64_t slice_us, bool *linked, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint64_t end = rk_clock_now(clock) + slice_us;
    enum rk_status st = new_state(dev, err);

    (void)opt;
    *linked = false;
    while (st == RK_OK && !*linked && rk_clock_now(clock) < end) {
        struct rk_beken_state *s = rk_beken_state(dev);
        bool answered = false;
        /* The first second is left to a module that waits already. */
        if (s->link_tries > 0 && rk_clock_now(clock) - s->last_pulse_us > PULSE_EVERY_US &&
            s->link_tries >= 100) {
            st = pulse(dev, err);
            s->last_pulse_us = rk_clock_now(clock);
        }
        if (st == RK_OK && s->link_tries % ASK_EVERY == ASK_EVERY / 2)
            st = ask_firmware(dev, err);
        if (st == RK_OK)
            st = knock(dev, &answered, err);
        if (st == RK_OK && answered)
            st = confirm(dev, linked, err);
    }
    if (*linked)
        rk_beken_state(dev)->linked = true;
    return st;
}

/* Completes a half frame a flash loader may be waiting for: FF neither begins a frame nor changes
 * an erased cell. ROM loaders forget half frames by themselves. */
static enum rk_status feed_half_frame(struct rk_device *dev, size_t count, struct rk_error *err)
{
    uint8_t fill[256];

    memset(fill, 0xFF, sizeof fill);
    while (count > 0) {
        size_t n = count < sizeof fill ? count : sizeof fill;
        enum rk_status st = rk_link_write(dev->link, fill, n, err);
        if (st != RK_OK)
            return st;
        count -= n;
    }
    return rk_link_drain(dev->link, err);
}

static enum rk_status try_confirm(struct rk_device *dev, size_t fill, bool *linked,
                                  struct rk_error *err)
{
    enum rk_status st = RK_OK;

    if (fill && !rk_beken_state(dev)->rom)
        st = feed_half_frame(dev, fill, err);
    return st == RK_OK ? confirm(dev, linked, err) : st;
}

/* Looks for a module that has restarted: at the first rate, with all means, for a while. */
static enum rk_status catch_again(struct rk_device *dev, bool *linked, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint64_t end = rk_clock_now(clock) + CATCH_US;
    enum rk_status st = rk_link_set_baud(dev->link, FIRST_BAUD, NULL, err);
    struct rk_connect_options opt = {.size = sizeof opt};

    while (st == RK_OK && !*linked && rk_clock_now(clock) < end)
        st = rk_beken_try_link(dev, &opt, 200000u, linked, err);
    rk_beken_state(dev)->crc_locked = false;
    return st;
}

static enum rk_status lost(struct rk_device *dev, struct rk_error *err)
{
    rk_fail(err, RK_ERR_LINK_LOST, "link.lost", "the module does not answer any more");
    rk_error_detail(err, "tried at %u and 115200 baud", (unsigned)dev->info.baud);
    rk_error_hint(err, "power-cycle the module and run the command again: it goes on where it "
                       "stopped; if it happens again, look at the 3.3 V supply");
    return RK_ERR_LINK_LOST;
}

enum rk_status rk_beken_resync(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t rate = rk_link_baud(dev->link);
    bool linked = false;
    enum rk_status st = try_confirm(dev, 64, &linked, err);

    if (st == RK_OK && !linked)
        st = try_confirm(dev, RK_BEKEN_FRAME_MAX, &linked, err);
    if (st == RK_OK && linked)
        return dev->writing && !s->rom ? rk_beken_rearm(dev, err) : RK_OK;
    if (st == RK_OK && rate != FIRST_BAUD) {
        st = rk_link_set_baud(dev->link, FIRST_BAUD, NULL, err);
        if (st == RK_OK)
            st = try_confirm(dev, 0, &linked, err);
    }
    if (st == RK_OK && !linked)
        st = catch_again(dev, &linked, err);
    if (st != RK_OK)
        return st;
    if (!linked)
        return lost(dev, err);
    rk_log(dev->ctx, RK_LEVEL_INFO, "link.again", "linked again at 115200 baud");
    if (rate != FIRST_BAUD)
        st = rk_beken_switch(dev, rate, err);
    if (st == RK_OK && dev->writing)
        st = s->rom ? rk_beken_unprotect(dev, err) : rk_beken_rearm(dev, err);
    return st;
}

enum rk_status rk_beken_restart(struct rk_device *dev, struct rk_error *err)
{
    uint32_t rate = rk_link_baud(dev->link);
    bool linked = false;
    enum rk_status st = rk_beken_reset(dev, err);

    if (st == RK_OK)
        st = catch_again(dev, &linked, err);
    if (st != RK_OK)
        return st;
    if (!linked)
        return lost(dev, err);
    return rate != FIRST_BAUD ? rk_beken_switch(dev, rate, err) : RK_OK;
}

enum rk_status rk_beken_reset(struct rk_device *dev, struct rk_error *err)
{
    static const uint8_t argument = 0xA5;
    struct rk_beken_command c = {
        .name = "restart", .op = RK_BEKEN_REBOOT, .payload = &argument, .len = 1};
    enum rk_status st = rk_beken_send(dev, &c, err);

    return st == RK_OK ? rk_link_drain(dev->link, err) : st;
}

enum rk_status rk_beken_keepalive(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    if (s->rom || rk_clock_now(rk_link_clock(dev->link)) - s->last_sent_us < KEEPALIVE_US)
        return RK_OK;
    enum rk_status st = rk_beken_link_check(dev, CONFIRM_US, err);
    return rk_beken_may_retry(st) ? rk_beken_resync(dev, err) : st;
}
