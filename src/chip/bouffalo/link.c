/* Getting a BL602 to answer, and getting it back. With the boot pin GPIO8 high at reset the mask ROM
 * measures the rate of the first byte it gets, for ever; a loader in RAM does the same. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/text.h"
#include "chip/bouffalo/bouffalo.h"

#include <stdlib.h>
#include <string.h>

/* Bytes 55 have to come for 6 ms: the chip looks at the line now and then only. */
#define FLOOD_PER_SECOND 1667u
#define FLOOD_MAX        1200u
#define FIRST_BAUD       115200u
#define FAST_BAUD        1000000u /* as exact as the ROM's oscillator is */
#define PAUSE_US         10000u   /* behind OK the chip throws away what comes */
#define ANSWER_US        14000u   /* OK comes 8 ms (ROM) or 12 ms (loader) after the first byte */
#define INFO             20u      /* bytes of boot info */
#define LISTEN_US        100000u
#define ASK_US           8000u /* boot info of a ROM that was trained already */
#define SHY_TRIES        10u   /* turns left to others before the first byte is sent */
#define PULSE_EVERY_US   3000000u
#define HALF_FRAME_US    2100000u /* the loader forgets a half frame after 2 s ... */
#define SESSION_US       2400000u /* ... and the session after two such pauses */
#define KEEPALIVE_US     1200000u
#define RATE_US          10000u /* for ROM and adapter to change their rates */
#define RATE_TRIES       2

enum rk_status rk_bfl_handshake(struct rk_device *dev, uint32_t baud, uint64_t wait_us, bool *heard,
                                struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    const struct rk_clock *clock = rk_link_clock(dev->link);
    size_t flood = baud / FLOOD_PER_SECOND;
    enum rk_status st = RK_OK;

    *heard = false;
    if (rk_link_baud(dev->link) != baud)
        st = rk_link_set_baud(dev->link, baud, NULL, err);
    if (st == RK_OK)
        st = rk_bfl_discard(dev, err);
    if (flood > FLOOD_MAX)
        flood = FLOOD_MAX;
    memset(s->tx, 0x55, flood);
    if (st == RK_OK)
        st = rk_link_write(dev->link, s->tx, flood, err);
    uint64_t end = rk_clock_now(clock) + wait_us;
    while (st == RK_OK && !*heard && rk_clock_now(clock) < end && s->rx_len < 256) {
        size_t got = 0;
        st = rk_link_read(dev->link, s->rx + s->rx_len, 256 - s->rx_len, &got,
                          end - rk_clock_now(clock), err);
        s->rx_len += got;
        for (size_t i = 0; i + 1 < s->rx_len; i++)
            *heard |= s->rx[i] == 'O' && s->rx[i + 1] == 'K';
    }
    if (!*heard)
        dev->stray_bytes += (uint32_t)s->rx_len;
    if (st != RK_OK || !*heard)
        return st;
    dev->info.baud = baud;
    rk_clock_sleep(clock, PAUSE_US);
    return rk_bfl_discard(dev, err);
}

/* As Bouffalo Lab's engine and the public clients know them; never met here. */
const struct rk_bfl_relative *rk_bfl_relative_of(const uint8_t *info, size_t len)
{
    static const struct rk_bfl_relative relatives[] = {
        {0x07020001, "BL702", 16, 8, false},
        {0x06160001, "BL616", 12, 6, true},
    };

    for (size_t i = 0; len >= INFO && i < sizeof relatives / sizeof relatives[0]; i++)
        if (rk_get_le32(info) == relatives[i].version)
            return &relatives[i];
    return NULL;
}

/* Bytes 12 to 17 are the MAC, 18 counts the bits in it that are 0. */
static bool plausible(const uint8_t *info)
{
    unsigned zeros = 0;

    for (unsigned bit = 0; bit < 48; bit++)
        zeros += !(info[12 + bit / 8] >> bit % 8 & 1);
    return (info[18] & 0x3F) == zeros || rk_bytes_all(info + 12, 7, 0);
}

/* An old loader answers what it knows, with what the ROM has told before as its boot info. */
static bool ask_old(struct rk_device *dev, uint64_t wait_us)
{
    const struct rk_bfl_command command = {.name = "tell its flash part",
                                           .op = RK_BFL_JEDEC,
                                           .data = true,
                                           .answer_len = 4,
                                           .device_us = wait_us};
    struct rk_bfl_answer answer;
    struct rk_error ignored;

    return rk_bfl_exchange(dev, &command, &answer, &ignored) == RK_OK;
}

enum rk_status rk_bfl_boot_info(struct rk_device *dev, uint64_t wait_us, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    const struct rk_bfl_command command = {
        .name = "tell the boot info", .op = RK_BFL_BOOT_INFO, .data = true, .device_us = wait_us};
    struct rk_bfl_answer answer;

    if (s->old && ask_old(dev, wait_us))
        return RK_OK;
    s->old = false;
    enum rk_status st = rk_bfl_exchange(dev, &command, &answer, err);
    if (st != RK_OK)
        return st;
    memset(s->info, 0, sizeof s->info);
    memcpy(s->info, answer.data, answer.len < sizeof s->info ? answer.len : sizeof s->info);
    s->relative = rk_bfl_relative_of(s->info, answer.len);
    if (s->relative)
        return RK_OK;
    if (answer.len != INFO || !plausible(s->info))
        return rk_fail(err, RK_ERR_PROTOCOL, "link.mismatch", "the boot info makes no sense");
    s->loader = rk_get_le32(s->info) == UINT32_MAX;
    return RK_OK;
}

/* RTS resets and DTR raises the boot pin on the vendor's boards. A link without lines is no error. */
static enum rk_status pulse(struct rk_device *dev, struct rk_error *err)
{
    static const char usual[] = "R1|D1|W0.05|D0|W0.1|R0|W0.05";
    struct rk_bfl_state *s = rk_bfl_state(dev);
    const char *mode = dev->reset;
    const struct rk_clock *clock = rk_link_clock(dev->link);

    s->last_pulse_us = rk_clock_now(clock);
    if (rk_text_same(mode, "none") || rk_text_same(mode, "manual") ||
        !rk_link_info(dev->link)->has_lines)
        return RK_OK;
    enum rk_status st =
        rk_link_run_sequence(dev->link, strncmp(mode, "seq:", 4) == 0 ? mode + 4 : usual, err);
    s->last_pulse_us = rk_clock_now(clock);
    return st == RK_ERR_UNSUPPORTED ? RK_OK : st;
}

static enum rk_status new_state(struct rk_device *dev, const struct rk_connect_options *opt,
                                struct rk_error *err)
{
    if (dev->state)
        return RK_OK;
    struct rk_bfl_state *s = calloc(1, sizeof *s);
    if (!s)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    dev->state = s;
    s->rom_only = opt->rom_only;
    if (!opt->loader)
        return RK_OK;
    enum rk_status st = rk_bfl_check_loader(opt->loader, opt->loader_len, err);
    if (st != RK_OK)
        return st;
    s->image = malloc(opt->loader_len);
    if (!s->image)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memcpy(s->image, opt->loader, opt->loader_len);
    s->image_len = opt->loader_len;
    return RK_OK;
}

/* Says 55 and asks. Another family may have trained the ROM by its own first byte: then there is no
 * OK any more, but the boot info. */
static enum rk_status knock(struct rk_device *dev, uint32_t baud, bool *linked,
                            struct rk_error *err)
{
    struct rk_error ignored;
    enum rk_status st = rk_bfl_handshake(dev, baud, ANSWER_US, linked, err);

    if (st != RK_OK)
        return st;
    struct rk_bfl_state *s = rk_bfl_state(dev);
    static const uint8_t ask[] = {RK_BFL_BOOT_INFO, 0, 0, 0};
    if (!*linked && rk_stub_heard(dev)) {
        dev->info.baud = baud;
        *linked = true;
        return RK_OK;
    }
    if (!*linked) {
        size_t got = 0;
        st = rk_link_write(dev->link, ask, sizeof ask, err);
        if (st == RK_OK)
            st = rk_link_read(dev->link, s->rx, 64, &got, ASK_US, err);
        if (st != RK_OK || got < 2 || memcmp(s->rx, "OK", 2) != 0)
            return st;
        rk_clock_sleep(rk_link_clock(dev->link), PAUSE_US);
        dev->info.baud = baud;
    }
    for (int attempt = 0; attempt < 3; attempt++) {
        st = rk_bfl_boot_info(dev, LISTEN_US, &ignored);
        *linked = st == RK_OK;
        if (!rk_bfl_may_retry(st) && st != RK_ERR_DEVICE_REFUSED)
            break;
    }
    if (st != RK_OK && !rk_bfl_may_retry(st) && st != RK_ERR_DEVICE_REFUSED && err)
        *err = ignored;
    return rk_bfl_may_retry(st) || st == RK_ERR_DEVICE_REFUSED ? RK_OK : st;
}

enum rk_status rk_bfl_try_link(struct rk_device *dev, const struct rk_connect_options *opt,
                               uint64_t slice_us, bool *linked, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    bool alone = opt->chip && rk_chip_find(opt->chip) &&
                 rk_text_same(rk_chip_find(opt->chip)->family, dev->driver->family);
    enum rk_status st = new_state(dev, opt, err);

    (void)slice_us;
    *linked = false;
    if (st != RK_OK)
        return st;
    struct rk_bfl_state *s = rk_bfl_state(dev);
    uint32_t before = rk_link_baud(dev->link);
    s->named = alone;
    s->tries++;
    if (!alone && s->tries <= SHY_TRIES)
        return RK_OK;
    /* with others in turn the ROM must find one rate only: it remembers the first it hears */
    if (alone && s->tries % 4 == 0 && rk_clock_now(clock) - s->last_pulse_us > PULSE_EVERY_US)
        st = pulse(dev, err);
    /* The ROM measures up to 1,250,000 as exactly as its oscillator is, which is the same that it
     * receives with: an error of 1.6 % at most. Above that it takes the nearest 500,000, with the error
     * of its oscillator: worth a try only for the 37 KB of a vendor's loader. */
    static const uint32_t rates[] = {2000000, FAST_BAUD, 500000, FIRST_BAUD};
    unsigned first = s->image ? 0 : 1;
    uint32_t rate = alone ? rates[first + (s->tries - 1) % (4 - first)] : FIRST_BAUD;
    if (st == RK_OK)
        st = knock(dev, rate, linked, err);
    if (st == RK_ERR_PORT_CONFIG && rate > FIRST_BAUD)
        st = RK_OK; /* this adapter cannot */
    if (st == RK_OK && !*linked && !alone && before != rk_link_baud(dev->link))
        st = rk_link_set_baud(dev->link, before, NULL, err);
    return st;
}

enum rk_status rk_bfl_explain(struct rk_device *dev, struct rk_error *err)
{
    if (!rk_bfl_state(dev)->named)
        return RK_OK;
    rk_fail(err, RK_ERR_NO_LINK, "link.no-answer", "no BL602 answered on %s",
            rk_link_info(dev->link)->name);
    rk_error_detail(err, "%u bytes received, none of them a reply", (unsigned)dev->stray_bytes);
    rk_error_hint(err,
                  "GPIO8 has to be at 3.3 V while the module is reset or gets its power: only then "
                  "the mask ROM listens, for ever; RX is GPIO7, TX is GPIO16; %s",
                  dev->stray_bytes ? "what came may be the text of a start from flash"
                                   : "is there 3.3 V, are RX and TX swapped?");
    return RK_ERR_NO_LINK;
}

static enum rk_status lost(struct rk_error *err)
{
    rk_fail(err, RK_ERR_LINK_LOST, "link.lost", "the module does not answer any more");
    rk_error_hint(err, "reset the module with GPIO8 high and run the command again: it goes on "
                       "where it stopped; if it happens again, look at the 3.3 V supply");
    return RK_ERR_LINK_LOST;
}

/* Errors of the line say that nobody is there; others are the port's. */
static bool absent(enum rk_status status)
{
    return rk_bfl_may_retry(status) || status == RK_ERR_DEVICE_REFUSED;
}

/* Its OK comes at the new rate, sooner than some adapters are there: what proves the change is the
 * next answer. */
static enum rk_status change_rate(struct rk_device *dev, uint32_t from, uint32_t to,
                                  struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    uint8_t rates[8];

    rk_put_le32(rates, from);
    rk_put_le32(rates + 4, to);
    size_t n = rk_bfl_encode(s->tx, sizeof s->tx, RK_BFL_RATE, rates, sizeof rates);
    enum rk_status st = rk_link_write(dev->link, s->tx, n, err);
    if (st == RK_OK)
        st = rk_link_drain(dev->link, err);
    if (st == RK_OK)
        st = rk_link_set_baud(dev->link, to, NULL, err);
    for (int i = 0; st == RK_OK && i < RATE_TRIES; i++) {
        rk_clock_sleep(rk_link_clock(dev->link), RATE_US);
        if ((st = rk_bfl_discard(dev, err)) == RK_OK && rk_bfl_boot_info(dev, ASK_US, err) == RK_OK)
            return RK_OK;
    }
    return st == RK_OK ? RK_ERR_TIMEOUT : st;
}

enum rk_status rk_bfl_hurry(struct rk_device *dev, struct rk_error *err)
{
    struct rk_error ignored;

    if (rk_link_baud(dev->link) != FIRST_BAUD)
        return RK_OK;
    enum rk_status st = rk_link_set_baud(dev->link, FAST_BAUD, NULL, err);
    bool can = st == RK_OK;
    if (can || st == RK_ERR_PORT_CONFIG)
        st = rk_link_set_baud(dev->link, FIRST_BAUD, NULL, err);
    if (st != RK_OK || !can)
        return st;
    st = change_rate(dev, FIRST_BAUD, FAST_BAUD, err);
    if (st == RK_OK)
        dev->info.baud = FAST_BAUD;
    if (!absent(st) || st == RK_OK)
        return st;
    /* it has not understood, or something else: after a silence it measures again */
    st = rk_link_set_baud(dev->link, FIRST_BAUD, NULL, err);
    if (st != RK_OK || rk_bfl_boot_info(dev, ASK_US, &ignored) == RK_OK || rk_bfl_start_over(dev))
        return st;
    return lost(err);
}

enum rk_status rk_bfl_knock_again(struct rk_device *dev, struct rk_error *err)
{
    const uint32_t rates[] = {rk_link_baud(dev->link), 500000, FIRST_BAUD};
    bool heard = false;

    for (int i = 0; i < 3 && !heard; i++) {
        enum rk_status st = rk_bfl_handshake(dev, rates[i], LISTEN_US, &heard, err);
        if (st != RK_OK)
            return st;
    }
    enum rk_status st = heard ? rk_bfl_boot_info(dev, LISTEN_US, err) : RK_ERR_TIMEOUT;
    return absent(st) ? lost(err) : st;
}

/* Silence first: a half frame is forgotten, then the session. */
static enum rk_status find_again(struct rk_device *dev, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint32_t rate = rk_link_baud(dev->link);
    bool was_loader = s->loader;

    rk_clock_sleep(clock, HALF_FRAME_US);
    enum rk_status st = rk_bfl_boot_info(dev, LISTEN_US, err);
    if (!absent(st) && (st != RK_OK || s->loader == was_loader))
        return st;
    rk_clock_sleep(clock, HALF_FRAME_US + SESSION_US);
    st = rk_bfl_knock_again(dev, err);
    if (st != RK_OK)
        return st;
    s->flash_ready = false;
    return was_loader && !s->loader ? rk_bfl_load(dev, rate, err) : RK_OK; /* it was reset */
}

enum rk_status rk_bfl_resync(struct rk_device *dev, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    if (s->stub)
        return rk_stub_resync(dev, err);
    if (s->syncing)
        return RK_OK;
    s->syncing = true;
    enum rk_status st = find_again(dev, err);
    s->syncing = false;
    return st;
}

enum rk_status rk_bfl_reset(struct rk_device *dev, struct rk_error *err)
{
    const struct rk_bfl_command command = {.name = "restart", .op = RK_BFL_RESET};
    struct rk_bfl_answer answer;

    if (rk_bfl_state(dev)->stub)
        return rk_stub_reset(dev, err);
    return rk_bfl_exchange(dev, &command, &answer, err);
}

enum rk_status rk_bfl_keepalive(struct rk_device *dev, struct rk_error *err)
{
    if (rk_clock_now(rk_link_clock(dev->link)) - rk_bfl_state(dev)->last_sent_us < KEEPALIVE_US)
        return RK_OK;
    if (rk_bfl_state(dev)->stub)
        return rk_stub_resync(dev, err);
    enum rk_status st = rk_bfl_boot_info(dev, LISTEN_US, err);
    return rk_bfl_may_retry(st) ? rk_bfl_resync(dev, err) : st;
}
