/* Lines, boots and the baud rate of a log. */
#include <rekindle/monitor.h>

#include "base/text.h"
#include "job/boot_mark.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX    4096u /* raw bytes of a line; longer ones come in pieces */
#define TEXT_MAX    (4u * LINE_MAX + 1)
#define PARTIAL_US  200000u /* an unfinished line is given out after so long */
#define SAMPLE_MIN  48u     /* bytes that tell whether a rate is right */
#define SAMPLE_MAX  512u
#define PATIENCE_US 1500000u /* with fewer bytes than that at one rate */
#define SCORE_TEXT  85u
#define SCORE_NOISE 60u

/* In the order of how often modules talk at them. */
static const uint32_t rates[] = {115200, 2000000, 921600, 9600, 1500000, 460800, 230400, 57600};
enum { RATES = sizeof rates / sizeof rates[0] };

struct rk_monitor {
    struct rk_monitor_options opt;
    uint8_t line[LINE_MAX];
    size_t len;
    uint64_t line_us, last_us;
    unsigned boot;
    uint8_t follower; /* first letter of what the boot loader of this start hands over to; or 0 */
    bool fresh_boot;  /* the line in hand begins a boot */
    char text[TEXT_MAX];
    struct rk_monitor_stats stats;

    uint8_t sample[SAMPLE_MAX]; /* the last bytes at this rate */
    size_t sample_len;
    uint64_t sample_us; /* when the rate was set */
    unsigned rate;      /* index of the rate in force */
    unsigned scores[RATES];
    unsigned tried; /* rates tried since the search began */
    bool found;
};

enum rk_status rk_monitor_new(const struct rk_monitor_options *opt, struct rk_monitor **out,
                              struct rk_error *err)
{
    struct rk_monitor *monitor = calloc(1, sizeof *monitor);

    if (!monitor)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memcpy(&monitor->opt, opt, opt->size < sizeof monitor->opt ? opt->size : sizeof monitor->opt);
    *out = monitor;
    return RK_OK;
}

void rk_monitor_free(struct rk_monitor *monitor)
{
    free(monitor);
}

void rk_monitor_stats(const struct rk_monitor *monitor, struct rk_monitor_stats *out)
{
    *out = monitor->stats;
    out->boots = monitor->boot;
    out->baud_found = monitor->found || monitor->opt.baud;
}

uint32_t rk_monitor_baud(const struct rk_monitor *monitor)
{
    return monitor->opt.baud ? monitor->opt.baud : rates[monitor->rate];
}

/* ---- text ---- */

/* Length of the colour or cursor sequence at p, 0 if there is none. */
static size_t escape_length(const uint8_t *p, size_t len)
{
    size_t at = 2;

    if (len < 3 || p[0] != 0x1B || p[1] != '[')
        return 0;
    while (at < len && at < 16 && ((p[at] >= '0' && p[at] <= '9') || p[at] == ';'))
        at++;
    return at < len && p[at] >= '@' && p[at] <= '~' ? at + 1 : 0;
}

/* Length of the character at p if it may stand in a line as it is, 0 if not. */
static size_t printable_length(const uint8_t *p, size_t len)
{
    static const struct {
        uint8_t mask, lead, count, least;
    } forms[] = {{0xE0, 0xC0, 2, 0xC2}, {0xF0, 0xE0, 3, 0xE1}, {0xF8, 0xF0, 4, 0xF1}};

    if (p[0] == '\t' || (p[0] >= 0x20 && p[0] < 0x7F))
        return 1;
    for (size_t f = 0; f < 3; f++) {
        if ((p[0] & forms[f].mask) != forms[f].lead || p[0] < forms[f].least || p[0] > 0xF3)
            continue;
        if (len < forms[f].count || (p[0] == 0xC2 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F))
            return 0;
        for (size_t i = 1; i < forms[f].count; i++)
            if ((p[i] & 0xC0) != 0x80)
                return 0;
        return forms[f].count;
    }
    return 0;
}

unsigned rk_monitor_text_score(const uint8_t *bytes, size_t len)
{
    size_t good = 0;

    for (size_t at = 0; at < len;) {
        size_t n = escape_length(bytes + at, len - at);
        if (n == 0)
            n = printable_length(bytes + at, len - at);
        if (n == 0 && (bytes[at] == '\r' || bytes[at] == '\n'))
            n = 1;
        good += n;
        at += n ? n : 1;
    }
    return len ? (unsigned)(good * 100 / len) : 0;
}

/* The line as it may be printed anywhere. Returns its length. */
static size_t render(struct rk_monitor *monitor, unsigned *strange)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0;

    for (size_t at = 0; at < monitor->len;) {
        const uint8_t *p = monitor->line + at;
        size_t left = monitor->len - at, skip = escape_length(p, left);
        if (skip || *p == '\r') {
            at += skip ? skip : 1;
            continue;
        }
        size_t n = printable_length(p, left);
        if (n) {
            memcpy(monitor->text + used, p, n);
            used += n;
            at += n;
            continue;
        }
        monitor->text[used++] = '\\';
        monitor->text[used++] = 'x';
        monitor->text[used++] = digits[*p >> 4];
        monitor->text[used++] = digits[*p & 15];
        ++*strange;
        at++;
    }
    monitor->text[used] = '\0';
    return used;
}

static void give_line(struct rk_monitor *monitor, bool complete)
{
    struct rk_monitor_line line = {.time_us = monitor->line_us, .complete = complete};
    const char *phase;

    line.len = render(monitor, &line.strange);
    monitor->len = 0;
    if (line.len == 0 && line.strange == 0)
        return; /* empty lines tell nothing, and boot loaders print many */
    line.text = monitor->text;
    phase = rk_boot_phase(line.text, line.len);
    line.boot_start = monitor->fresh_boot;
    monitor->fresh_boot = false;
    line.boot = monitor->boot;
    line.phase = phase;
    if (phase)
        rk_text_copy(monitor->stats.last_phase, sizeof monitor->stats.last_phase, phase);
    monitor->stats.lines++;
    monitor->stats.strange += line.strange;
    if (monitor->opt.line)
        monitor->opt.line(monitor->opt.user, &line);
}

/* A banner can begin in the middle of a line, whose rest was cut off by the reset. */
static void split_at_boot(struct rk_monitor *monitor)
{
    size_t mark = rk_boot_mark(monitor->line, monitor->len);

    if (mark == RK_NO_MARK)
        return;
    /* what a boot loader has started is no start of its own */
    const uint8_t *banner = monitor->line + mark;
    bool follows = monitor->follower == banner[0];
    monitor->follower = memcmp(banner, "BLSP", 4) == 0                     ? 'S'
                        : banner[0] == 'V' || memcmp(banner, "BK", 2) == 0 ? 'L'
                                                                           : 0;
    if (follows)
        return;
    if (mark > 0) {
        size_t rest = monitor->len - mark;
        uint8_t kept[RK_MARK_SPAN];
        memcpy(kept, monitor->line + mark, rest);
        monitor->len = mark;
        give_line(monitor, false);
        memcpy(monitor->line, kept, rest);
        monitor->len = rest;
    }
    monitor->boot++;
    monitor->fresh_boot = true;
    monitor->stats.last_phase[0] = '\0';
}

static void take_byte(struct rk_monitor *monitor, uint64_t time_us, uint8_t byte)
{
    if (monitor->len == 0)
        monitor->line_us = time_us;
    if (byte == '\n') {
        give_line(monitor, true);
        return;
    }
    monitor->line[monitor->len++] = byte;
    if (rk_boot_mark_ends(byte) && monitor->len >= RK_MARK_LEAST)
        split_at_boot(monitor);
    if (monitor->len == LINE_MAX)
        give_line(monitor, false);
}

/* ---- rate ---- */

static void set_rate(struct rk_monitor *monitor, unsigned rate, uint64_t time_us, bool found)
{
    bool news = rate != monitor->rate || found != monitor->found;

    monitor->rate = rate;
    monitor->found = found;
    monitor->sample_len = 0;
    monitor->sample_us = time_us;
    if (news && monitor->opt.rate)
        monitor->opt.rate(monitor->opt.user, rates[rate], found);
}

static void judge_rate(struct rk_monitor *monitor, uint64_t time_us)
{
    unsigned score = rk_monitor_text_score(monitor->sample, monitor->sample_len);
    unsigned best = 0;

    if (score >= SCORE_TEXT) {
        monitor->tried = 0;
        if (!monitor->found)
            set_rate(monitor, monitor->rate, time_us, true);
        monitor->sample_len = 0;
        return;
    }
    if (monitor->found && score >= SCORE_NOISE) {
        monitor->sample_len = 0;
        return; /* a bad line at the right rate */
    }
    monitor->scores[monitor->rate] = score;
    if (++monitor->tried < RATES) {
        set_rate(monitor, (monitor->rate + 1) % RATES, time_us, false);
        return;
    }
    for (unsigned i = 1; i < RATES; i++)
        if (monitor->scores[i] > monitor->scores[best])
            best = i;
    monitor->tried = 0; /* nothing is text: the best of them, until more bytes tell more */
    set_rate(monitor, best, time_us, false);
}

static void sample(struct rk_monitor *monitor, uint64_t time_us, const uint8_t *bytes, size_t len)
{
    if (monitor->opt.baud)
        return;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == 0)
            continue; /* a break looks like this at every rate */
        monitor->sample[monitor->sample_len++] = bytes[i];
        if (monitor->sample_len == sizeof monitor->sample ||
            (!monitor->found && monitor->sample_len >= SAMPLE_MIN)) {
            unsigned before = monitor->rate;
            judge_rate(monitor, time_us);
            if (monitor->rate != before)
                return; /* the rest was received at the old rate */
        }
    }
}

/* A rate at which bytes are seen only now and then is wrong as well. */
static void judge_silence(struct rk_monitor *monitor, uint64_t time_us)
{
    if (!monitor->opt.baud && !monitor->found && monitor->sample_len >= 8 &&
        time_us - monitor->sample_us >= PATIENCE_US)
        judge_rate(monitor, time_us);
}

/* ---- in and out ---- */

void rk_monitor_take(struct rk_monitor *monitor, uint64_t time_us, const uint8_t *bytes, size_t len)
{
    if (monitor->len > 0 && time_us - monitor->last_us >= PARTIAL_US)
        give_line(monitor, false);
    for (size_t i = 0; i < len; i++)
        take_byte(monitor, time_us, bytes[i]);
    monitor->stats.bytes += len;
    monitor->last_us = time_us;
    sample(monitor, time_us, bytes, len);
}

void rk_monitor_idle(struct rk_monitor *monitor, uint64_t time_us)
{
    if (monitor->len > 0 && time_us - monitor->last_us >= PARTIAL_US)
        give_line(monitor, false);
    judge_silence(monitor, time_us);
}

void rk_monitor_end(struct rk_monitor *monitor)
{
    if (monitor->len > 0)
        give_line(monitor, false);
}
