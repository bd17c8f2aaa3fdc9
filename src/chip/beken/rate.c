/* The transfer rate: switching it safely, and choosing the highest that this adapter, this chip and
 * these wires carry. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/crc.h"
#include "chip/beken/beken.h"

#include <string.h>

#define UART_CLOCK      26000000u
#define DELAY_UNITS     20u /* 2 ms each on flash loaders, 1 ms on ROM chips */
#define ECHO_US         550000u
#define CHECK_US        60000u
#define FIRST_BAUD      115200u
#define SAFE_BAUD       921600u /* cap for adapters that promise more than they keep */
#define TOLERABLE_ERROR 20u     /* per mille, for a rate the user names */
#define ADAPTER_LIMIT   30u     /* per mille of error we accept from the adapter */
#define DIVIDER_LIMIT   10u     /* per mille of error we accept from the chip's divider */

static const uint32_t ladder[] = {2000000, 1000000, 921600, 460800, 230400, FIRST_BAUD};
#define LADDER_LENGTH (sizeof ladder / sizeof ladder[0])

/* Error of the chip's own rate in per mille of what was asked. */
static uint32_t divider_error(uint32_t baud)
{
    uint32_t divider = (UART_CLOCK + baud / 2) / baud;
    uint32_t real = UART_CLOCK / (divider ? divider : 1);
    uint32_t off = real > baud ? real - baud : baud - real;

    return off * 1000u / baud;
}

static enum rk_status answers_at(struct rk_device *dev, uint32_t baud, bool *answers,
                                 struct rk_error *err)
{
    struct rk_error ignored;
    enum rk_status st = rk_link_set_baud(dev->link, baud, NULL, err);

    *answers = false;
    for (int i = 0; st == RK_OK && i < 10 && !*answers; i++) {
        st = rk_beken_discard(dev, err);
        if (st != RK_OK)
            return st;
        enum rk_status check = rk_beken_link_check(dev, CHECK_US, &ignored);
        *answers = check == RK_OK;
        if (check != RK_OK && !rk_beken_may_retry(check)) {
            if (err)
                *err = ignored;
            return check;
        }
    }
    return st;
}

/* The echo came, or was lost: which rate is the module at? */
static enum rk_status settle(struct rk_device *dev, uint32_t baud, uint32_t old, bool answers,
                             struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    enum rk_status st = answers ? RK_OK : answers_at(dev, baud, &answers, err);

    if (st == RK_OK && answers) {
        dev->info.baud = baud;
        s->window_requests = s->window_failures = 0;
        return RK_OK;
    }
    if (st == RK_OK)
        st = answers_at(dev, old, &answers, err);
    if (st != RK_OK)
        return st;
    if (!answers) {
        /* it sits at a rate at which nothing gets through: only a restart helps */
        st = rk_beken_catch(dev, &answers, err);
        old = rk_link_baud(dev->link);
    }
    if (st == RK_OK && !answers) {
        rk_need_user(dev->ctx, "link.reset",
                     "the module is stuck at %u baud: power-cycle it now, and leave this running",
                     (unsigned)baud);
        st = rk_beken_catch(dev, &answers, err);
    }
    if (st != RK_OK)
        return st;
    if (!answers) {
        rk_fail(err, RK_ERR_LINK_LOST, "link.baud", "the module was lost on the way to %u baud",
                (unsigned)baud);
        rk_error_hint(err, "power-cycle the module and use --baud 115200");
        return RK_ERR_LINK_LOST;
    }
    dev->info.baud = old;
    return rk_fail(err, RK_ERR_PORT_CONFIG, "link.baud-refused",
                   "no answer at %u baud; still linked at %u", (unsigned)baud, (unsigned)old);
}

/* Asked before the module is: once it has switched, it is too late to learn that the adapter
 * cannot follow. */
static enum rk_status adapter_can(struct rk_device *dev, uint32_t baud, uint32_t old,
                                  struct rk_error *err)
{
    uint32_t real = baud;
    enum rk_status st = rk_link_set_baud(dev->link, baud, &real, err);
    enum rk_status back = rk_link_set_baud(dev->link, old, NULL, err);

    if (st != RK_OK)
        return st;
    uint32_t off = real > baud ? real - baud : baud - real;
    if (back == RK_OK && off > baud / 1000 * ADAPTER_LIMIT)
        return rk_fail(err, RK_ERR_PORT_CONFIG, "link.baud-refused",
                       "the adapter makes %u out of %u baud", (unsigned)real, (unsigned)baud);
    return back;
}

enum rk_status rk_beken_switch(struct rk_device *dev, uint32_t baud, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t old = rk_link_baud(dev->link);
    uint8_t payload[5];
    struct rk_beken_command c = {.name = "baud rate",
                                 .op = RK_BEKEN_SET_BAUD,
                                 .reply_op = RK_BEKEN_SET_BAUD,
                                 .payload = payload,
                                 .len = 5,
                                 .echo = payload,
                                 .echo_len = 5,
                                 .reply_len = 12,
                                 .device_us = ECHO_US};
    struct rk_beken_reply reply;

    rk_put_le32(payload, baud);
    payload[4] = DELAY_UNITS;
    enum rk_status st = adapter_can(dev, baud, old, err);
    if (st == RK_OK)
        st = rk_beken_send(dev, &c, err);
    if (st == RK_OK)
        st = rk_link_drain(dev->link, err);
    if (st != RK_OK)
        return st;
    /* The chip has switched when it has read the frame and answers after the delay. */
    rk_clock_sleep(rk_link_clock(dev->link), DELAY_UNITS / 2 * 1000u);
    st = rk_link_set_baud(dev->link, baud, NULL, err);
    if (st != RK_OK) {
        enum rk_status back = rk_link_set_baud(dev->link, old, NULL, NULL);
        return back == RK_OK ? st : back;
    }
    s->rx_len = s->rx_used = 0;
    st = rk_beken_wait(dev, &c, &reply, err);
    if (st != RK_OK && !rk_beken_may_retry(st))
        return st;
    return settle(dev, baud, old, st == RK_OK, err);
}

/* One page read at this rate, and checked: by the chip's CRC, or, where that would lock the flash,
 * by a second read. *blank: it proves little. */
static enum rk_status check_page(struct rk_device *dev, uint32_t addr, bool *good, bool *blank,
                                 struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint8_t data[RK_BEKEN_DATA_MAX];
    uint32_t crc = 0, want = 0;
    enum rk_status st = rk_beken_read_4k(dev, addr, data, err);

    if (st == RK_OK) {
        want = rk_crc32(0, data, sizeof data);
        *blank = rk_bytes_all(data, sizeof data, data[0]);
        if (s->rom || s->link_rearms)
            st = rk_beken_crc(dev, addr, addr + sizeof data - 1, &crc, err);
        else
            st = rk_beken_read_4k(dev, addr, data, err);
        if (st == RK_OK && !s->rom && !s->link_rearms)
            crc = rk_crc32(0, data, sizeof data);
    }
    *good = st == RK_OK && crc == want;
    return st;
}

/* Is the rate good for data? Two pages that are not blank decide, as far as there are any. */
static enum rk_status try_rate(struct rk_device *dev, bool *good, struct rk_error *err)
{
    static const uint32_t pages[] = {RK_BEKEN_APP_ADDR, 0x12000, 0x20000, 0x40000, 0x80000};
    uint32_t retries = dev->retries;
    unsigned proofs = 0;
    enum rk_status st = RK_OK;

    dev->retries = 0; /* a rate that needs repeats is no good rate */
    *good = true;
    for (size_t i = 0; *good && proofs < 2 && i < sizeof pages / sizeof pages[0]; i++) {
        struct rk_error problem = {.status = RK_OK};
        bool blank = false;
        if (pages[i] + RK_BEKEN_DATA_MAX > dev->info.flash_size)
            break;
        enum rk_status page = check_page(dev, pages[i], good, &blank, &problem);
        proofs += !blank;
        if (page == RK_ERR_CANCELLED || page == RK_ERR_PORT_GONE || page == RK_ERR_PORT_IO) {
            st = page;
            if (err)
                *err = problem;
            break;
        }
    }
    dev->retries = retries;
    return st;
}

/* Highest rate worth trying. */
static uint32_t highest(const struct rk_device *dev, bool try_all)
{
    static const char *const modest[] = {"CH340", "CH341", "CP2102", "PL2303"};
    const struct rk_link_info *info = rk_link_info(dev->link);
    uint32_t limit = info->max_baud ? info->max_baud : SAFE_BAUD;

    for (size_t i = 0; i < sizeof modest / sizeof modest[0]; i++)
        if (!try_all && limit > SAFE_BAUD && strncmp(info->bridge, modest[i], 6) == 0)
            limit = SAFE_BAUD;
    if (try_all && (!info->max_baud || limit < ladder[0]))
        limit = ladder[0];
    /* a flash loader programs while it receives: above this rate it loses bytes of a write */
    if (!try_all && !rk_beken_state(dev)->rom && limit > SAFE_BAUD)
        limit = SAFE_BAUD;
    uint32_t chip = rk_beken_state(dev)->chip->max_baud;
    return chip && chip < limit ? chip : limit;
}

static enum rk_status climb_down(struct rk_device *dev, uint32_t limit, struct rk_error *err)
{
    for (size_t i = 0; i < LADDER_LENGTH; i++) {
        uint32_t baud = ladder[i];
        bool good = baud == FIRST_BAUD;
        if (baud > limit || divider_error(baud) >= DIVIDER_LIMIT)
            continue;
        enum rk_status st =
            baud == rk_link_baud(dev->link) ? RK_OK : rk_beken_switch(dev, baud, err);
        if (st == RK_ERR_PORT_CONFIG)
            continue;
        if (st == RK_OK && !good)
            st = try_rate(dev, &good, err);
        if (st != RK_OK)
            return st;
        if (good)
            return RK_OK;
        rk_warn(dev->ctx, "link.rate", "%u baud loses bytes here, going lower", (unsigned)baud);
        st = rk_beken_resync(dev, err);
        if (st != RK_OK)
            return st;
    }
    return RK_OK;
}

enum rk_status rk_beken_set_baud(struct rk_device *dev, uint32_t baud, bool try_all,
                                 struct rk_error *err)
{
    if (!rk_link_info(dev->link)->paced)
        return RK_OK;
    if (baud == 0)
        return climb_down(dev, highest(dev, try_all), err);
    if (divider_error(baud) > TOLERABLE_ERROR)
        rk_warn(dev->ctx, "link.rate", "the chip's own rate is %u.%u %% off at %u baud",
                (unsigned)(divider_error(baud) / 10), (unsigned)(divider_error(baud) % 10),
                (unsigned)baud);
    bool good = true;
    enum rk_status st = baud == rk_link_baud(dev->link) ? RK_OK : rk_beken_switch(dev, baud, err);
    if (st == RK_ERR_PORT_CONFIG) {
        rk_warn(dev->ctx, "link.rate", "no answer at %u baud: staying at %u", (unsigned)baud,
                (unsigned)dev->info.baud);
        return RK_OK;
    }
    if (st == RK_OK && baud > FIRST_BAUD)
        st = try_rate(dev, &good, err);
    if (st != RK_OK || good)
        return st;
    rk_warn(dev->ctx, "link.rate", "%u baud loses bytes here, going lower", (unsigned)baud);
    st = rk_beken_resync(dev, err);
    return st == RK_OK ? climb_down(dev, baud - 1, err) : st;
}

enum rk_status rk_beken_step_down(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t now = rk_link_baud(dev->link);

    s->window_requests = s->window_failures = 0;
    if (!rk_link_info(dev->link)->paced)
        return RK_OK;
    for (size_t i = 0; i < LADDER_LENGTH; i++) {
        if (ladder[i] >= now)
            continue;
        rk_warn(dev->ctx, "link.rate", "too many lost bytes at %u baud, going on at %u",
                (unsigned)now, (unsigned)ladder[i]);
        enum rk_status st = rk_beken_switch(dev, ladder[i], err);
        if (st != RK_ERR_PORT_CONFIG)
            return st;
    }
    return RK_OK;
}
