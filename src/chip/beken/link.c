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
#define FIRST_PULSE    40u      /* link checks before the modem lines are touched */
#define PULSE_EVERY_US 3000000u /* modem lines are pulsed that often */
#define ASK_EVERY      250u     /* link checks between two requests to running firmware */
#define QUIET_US       20000u   /* this long without a byte: the queue of replies is empty */
#define QUIET_LIMIT_US 1000000u
#define ROM_FORGETS_US 250000u /* half frames; no public source has the figure */
#define STEP_IN_TRIES  2       /* replies may come 1.5 s late */
#define ECHO_LIMIT     16u
#define CONFIRM_US     100000u
#define KEEPALIVE_US   40000u
#define CATCH_US       4000000u /* after a restart */
#define FIRST_BAUD     115200u

static const uint8_t link_check[] = {0x01, 0xE0, 0xFC, 0x01, RK_BEKEN_LINK_CHECK};
static const uint8_t bl2_link_check[] = {0x01, 0xE0, 0xFC, 0x01, RK_BEKEN_BL2_LINK_CHECK};

/* Reset conventions of public clients: the pin that is asserted goes low on common adapters. CEN may
 * hang on either line; boards with a two-transistor circuit answer to one line alone only. Without
 * a choice of the user they are tried in turn. */
static const struct {
    const char *name, *sequence;
} resets[] = {
    {"dtr-rts", "D1|R1|W0.1|D0|W0.05|R0"},
    {"rts", "D0|R1|W0.2|R0"},
    {"dtr", "R0|D1|W0.2|D0"},
};
#define RESETS (sizeof resets / sizeof resets[0])

static const char *reset_sequence(const char *mode, unsigned round)
{
    if (strncmp(mode, "seq:", 4) == 0)
        return mode + 4;
    if (rk_text_same(mode, "auto"))
        return resets[round % RESETS].sequence;
    for (size_t i = 0; i < RESETS; i++)
        if (rk_text_same(mode, resets[i].name))
            return resets[i].sequence;
    return NULL;
}

/* Pulses the modem lines as asked. A link without lines is no error. */
static enum rk_status pulse(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    const char *sequence = reset_sequence(dev->reset, s->pulses);

    s->last_pulse_us = rk_clock_now(rk_link_clock(dev->link));
    if (!sequence || !rk_link_info(dev->link)->has_lines)
        return RK_OK;
    enum rk_status st = rk_link_run_sequence(dev->link, sequence, err);
    if (st == RK_ERR_UNSUPPORTED)
        return RK_OK;
    s->pulses++;
    s->reset_seen = true;
    s->last_pulse_us = rk_clock_now(rk_link_clock(dev->link));
    return st;
}

/* Asks firmware that runs to restart: OpenBeken's and the SDK's command lines know `reboot`, SDK
 * applications the register handler's frame. */
static enum rk_status ask_firmware(struct rk_device *dev, struct rk_error *err)
{
    static const uint8_t text[] = "\r\nreboot\r\n";
    static const uint8_t frame[] = {0x01, 0xE0, 0xFC, 0x05, 0xFE, 0x95, 0x27, 0x95, 0x27};

    if (rk_text_same(dev->reset, "none") || rk_text_same(dev->reset, "manual"))
        return RK_OK;
    enum rk_status st = rk_link_write(dev->link, text, sizeof text - 1, err);

    return st == RK_OK ? rk_link_write(dev->link, frame, sizeof frame, err) : st;
}

/* Reads until the line has been silent for quiet_us: the flood has queued further replies. */
static enum rk_status drain_replies(struct rk_device *dev, uint64_t quiet_us, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint64_t limit = rk_clock_now(clock) + QUIET_LIMIT_US;
    uint8_t waste[256];
    size_t got = 0;

    do {
        enum rk_status st = rk_link_read(dev->link, waste, sizeof waste, &got, quiet_us, err);
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
        enum rk_status st = drain_replies(dev, QUIET_US, err);
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
    if (s->rx_len >= sizeof link_check && memcmp(s->rx, link_check, 4) == 0)
        s->echoes++;
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
        /* The first checks are left to a module that waits already. */
        if (s->link_tries >= FIRST_PULSE && rk_clock_now(clock) - s->last_pulse_us > PULSE_EVERY_US)
            st = pulse(dev, err);
        if (st == RK_OK && s->link_tries % ASK_EVERY == ASK_EVERY / 2)
            st = ask_firmware(dev, err);
        if (st == RK_OK)
            st = knock(dev, &answered, err);
        if (st == RK_OK && answered)
            st = confirm(dev, linked, err);
    }
    if (*linked) {
        struct rk_beken_state *s = rk_beken_state(dev);
        s->linked = true;
        s->crc_locked = !s->reset_seen;
    }
    return st;
}

enum rk_status rk_beken_explain(struct rk_device *dev, struct rk_error *err)
{
    const struct rk_beken_state *s = rk_beken_state(dev);

    if (s->echoes < ECHO_LIMIT)
        return RK_OK;
    rk_fail(err, RK_ERR_PROTOCOL, "link.echo", "our own bytes come back, and no module answers");
    rk_error_detail(err, "%u of %u link checks were received again", (unsigned)s->echoes,
                    (unsigned)s->link_tries);
    rk_error_hint(err, "TX and RX are connected to each other, or the adapter echoes: check that "
                       "TX goes to RX1 and RX to TX1 of the module");
    return RK_ERR_PROTOCOL;
}

/* A flash loader waits for ever for the rest of a frame that lost a byte, and takes whatever comes
 * next as that rest. FF is the one byte that does no harm there: it programs nothing, begins no
 * frame, and an erase address that ends in FF is refused (bit 31), whereas a link check in its
 * place makes an address that wraps onto the boot loader. So FF comes first, as many as the
 * command can have left over. */
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
    rk_beken_state(dev)->last_sent_us = rk_clock_now(rk_link_clock(dev->link));
    return rk_link_drain(dev->link, err);
}

/* ROM loaders forget a half frame after a while; they must not get anything that completes it. */
static enum rk_status step_in(struct rk_device *dev, size_t fill, bool *linked,
                              struct rk_error *err)
{
    enum rk_status st = rk_beken_state(dev)->rom ? drain_replies(dev, ROM_FORGETS_US, err)
                                                 : feed_half_frame(dev, fill, err);

    for (int i = 0; i < STEP_IN_TRIES && st == RK_OK && !*linked; i++)
        st = confirm(dev, linked, err);
    return st;
}

enum rk_status rk_beken_catch(struct rk_device *dev, bool *linked, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint64_t end = rk_clock_now(clock) + CATCH_US;
    enum rk_status st = rk_link_set_baud(dev->link, FIRST_BAUD, NULL, err);
    struct rk_connect_options opt = {.size = sizeof opt};

    *linked = false;
    while (st == RK_OK && !*linked && rk_clock_now(clock) < end)
        st = rk_beken_try_link(dev, &opt, 200000u, linked, err);
    if (st == RK_OK && *linked)
        dev->info.baud = FIRST_BAUD;
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

/* Linked again at the first rate: back to the one that was in use, if it still works. */
static enum rk_status back_to(struct rk_device *dev, uint32_t rate, struct rk_error *err)
{
    rk_log(dev->ctx, RK_LEVEL_INFO, "link.again", "linked again at 115200 baud");
    dev->info.baud = FIRST_BAUD;
    if (rate == FIRST_BAUD)
        return RK_OK;
    enum rk_status st = rk_beken_switch(dev, rate, err);
    if (st != RK_ERR_PORT_CONFIG)
        return st;
    rk_warn(dev->ctx, "link.rate", "%u baud does not work any more, going on at 115200",
            (unsigned)rate);
    return RK_OK;
}

static enum rk_status find_again(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t rate = rk_link_baud(dev->link);
    bool linked = false;
    bool write = s->last_long && s->last_op == RK_BEKEN_WRITE_4K;
    enum rk_status st = step_in(dev, write ? RK_BEKEN_FRAME_MAX : 16, &linked, err);

    if (st == RK_OK && !linked && !s->rom && !write)
        st = step_in(dev, RK_BEKEN_FRAME_MAX, &linked, err);
    if (st != RK_OK || linked)
        return st;
    s->reset_seen = false;
    st = rk_beken_catch(dev, &linked, err);
    if (st != RK_OK)
        return st;
    return linked ? back_to(dev, rate, err) : lost(dev, err);
}

enum rk_status rk_beken_resync(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    if (s->syncing)
        return RK_OK;
    s->syncing = true;
    enum rk_status st = find_again(dev, err);
    /* who knows what got through: the lock is handled from the start */
    if (st == RK_OK && dev->writing)
        st = s->rom ? rk_beken_unprotect(dev, err) : rk_beken_rearm(dev, err);
    s->syncing = false;
    return rk_beken_give_up(st, err);
}

enum rk_status rk_beken_restart(struct rk_device *dev, struct rk_error *err)
{
    uint32_t rate = rk_link_baud(dev->link);
    bool linked = false;
    enum rk_status st = rk_beken_reset(dev, err);

    rk_beken_state(dev)->reset_seen = true;
    if (st == RK_OK)
        st = rk_beken_catch(dev, &linked, err);
    if (st != RK_OK)
        return st;
    return linked ? back_to(dev, rate, err) : lost(dev, err);
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
