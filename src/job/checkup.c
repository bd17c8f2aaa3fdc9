/* The checkup, step by step: listen, test the wires, link, read. */
#include "job/checkup.h"

#include <rekindle/monitor.h>

#include "base/context.h"
#include "base/text.h"
#include "job/boot_mark.h"

#include <stdlib.h>
#include <string.h>

#define LISTEN_MS   45000u
#define SILENCE_MS  12000u
#define EARLY_MS    6000u /* a loop that is seen by then needs no longer look */
#define EARLY_BOOTS 5u
#define QUIET_MS    1600u /* longer than the monitor needs to give up a rate */
#define NOISE_MIN   8u
#define RESTARTS    12u
#define IDLE_US     300000u
#define SLICE_US    10000u
#define HEARD_MAX   (8u << 20)
#define LINK_MS     8000u
#define FIRST_BAUD  115200u
#define PIECE       262144u /* even: 16-bit characters stay whole */

/* When the bytes from `offset` on were there. */
struct heard_mark {
    size_t offset;
    uint64_t time_us;
};

/* What was heard on one wire. */
struct heard {
    uint8_t *bytes;
    size_t len, cap;
    struct heard_mark *marks;
    size_t mark_count, mark_cap;
    uint64_t first_us, last_us, end_us; /* of the clock: first and last byte, end of listening */
    uint64_t start_us;
    uint32_t baud;
};

struct ear {
    struct rk_link *link;
    struct heard heard;
    struct rk_monitor *monitor; /* for the rate */
    unsigned boots;
    bool found, other_rate; /* the rate; it is not the one we began with */
};

struct checkup_run {
    struct rk_context *ctx;
    struct rk_link *link, *own_log;
    const struct rk_checkup_options *opt;
    struct rk_checkup *out;
    struct ear ears[2]; /* UART1, UART2 */
    bool gone;
    unsigned restarts; /* beyond the first */
    bool idle_break;   /* one break before anything was done: a line that is held low */
};

static bool ask(const struct checkup_run *run, const char *id, const char *text)
{
    return run->opt->ask && run->opt->ask(run->opt->user, id, text);
}

/* ---- listening ---- */

static bool keep(struct heard *heard, uint64_t now, const uint8_t *bytes, size_t len)
{
    if (heard->len + len > HEARD_MAX)
        return true; /* enough is enough */
    if (heard->len + len > heard->cap) {
        size_t cap = (heard->len + len) * 2 + 4096;
        uint8_t *bigger = realloc(heard->bytes, cap);
        if (!bigger)
            return false;
        heard->bytes = bigger;
        heard->cap = cap;
    }
    if (heard->mark_count == heard->mark_cap) {
        size_t cap = heard->mark_cap ? 2 * heard->mark_cap : 256;
        struct heard_mark *bigger = realloc(heard->marks, cap * sizeof *bigger);
        if (!bigger)
            return false;
        heard->marks = bigger;
        heard->mark_cap = cap;
    }
    heard->marks[heard->mark_count++] = (struct heard_mark){heard->len, now};
    memcpy(heard->bytes + heard->len, bytes, len);
    heard->len += len;
    heard->last_us = now;
    return true;
}

/* Once the rate is found, what came at others is forgotten. */
static void on_rate(void *user, uint32_t baud, bool found)
{
    struct ear *ear = user;

    ear->heard.baud = baud;
    ear->found = found;
    if (!found || baud == FIRST_BAUD)
        return;
    ear->heard.len = ear->heard.mark_count = 0;
    ear->other_rate = true;
}

static void on_line(void *user, const struct rk_monitor_line *line)
{
    struct ear *ear = user;

    ear->boots = line->boot;
}

static enum rk_status hear(struct checkup_run *run, struct ear *ear, uint64_t wait_us,
                           struct rk_error *err)
{
    uint8_t buf[4096];
    size_t got = 0;
    enum rk_status st = rk_link_read(ear->link, buf, sizeof buf, &got, wait_us, err);

    if (st != RK_OK) {
        run->gone = st != RK_ERR_CANCELLED;
        return st == RK_ERR_CANCELLED ? st : RK_OK;
    }
    uint64_t now = rk_clock_now(rk_link_clock(ear->link));
    ear->heard.end_us = now;
    if (got == 0) {
        rk_monitor_idle(ear->monitor, now);
    } else {
        if (!keep(&ear->heard, now, buf, got))
            return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        rk_monitor_take(ear->monitor, now, buf, got);
    }
    uint32_t baud = rk_monitor_baud(ear->monitor);
    if (baud != rk_link_baud(ear->link) && rk_link_set_baud(ear->link, baud, NULL, err) != RK_OK)
        run->gone = true;
    return RK_OK;
}

static enum rk_status open_ear(struct ear *ear, struct rk_link *link, struct rk_error *err)
{
    const struct rk_monitor_options opt = {
        .size = sizeof opt, .user = ear, .line = on_line, .rate = on_rate};

    ear->link = link;
    ear->heard.baud = FIRST_BAUD;
    ear->heard.start_us = ear->heard.last_us = ear->heard.end_us =
        rk_clock_now(rk_link_clock(link));
    return rk_monitor_new(&opt, &ear->monitor, err);
}

/* Enough heard? `now` in microseconds since the start. */
static bool heard_enough(const struct checkup_run *run, uint64_t now_us)
{
    uint64_t last = 0, limit = run->opt->listen_ms ? run->opt->listen_ms : LISTEN_MS;
    unsigned boots = 0;

    for (int i = 0; i < 2; i++) {
        const struct ear *ear = &run->ears[i];
        if (!ear->link)
            continue;
        uint64_t at = ear->heard.last_us - ear->heard.start_us;
        last = at > last ? at : last;
        boots = ear->boots > boots ? ear->boots : boots;
    }
    return now_us >= limit * 1000 || now_us - last >= SILENCE_MS * 1000ull ||
           (boots >= EARLY_BOOTS && now_us >= EARLY_MS * 1000ull);
}

/* The idle line before anything is done to it. */
static void look_at_idle_line(struct checkup_run *run)
{
    uint8_t buf[64];
    size_t got = 0;
    struct rk_error err;

    if (rk_link_read(run->link, buf, sizeof buf, &got, IDLE_US, &err) == RK_OK)
        run->idle_break = got == 1 && buf[0] == 0;
}

/* Restarts the module by its lines or its user, so that a boot is seen from its beginning. */
static void restart(struct checkup_run *run)
{
    const char *reset = run->opt->connect.reset;
    bool manual = reset && (strcmp(reset, "manual") == 0 || strcmp(reset, "none") == 0);
    const struct rk_link_info *info = rk_link_info(run->link);
    struct rk_link *log = run->opt->log ? run->opt->log : run->own_log;
    struct rk_error err;

    if (info->has_lines && !manual &&
        rk_link_run_sequence(run->link, "D0|R1|W0.2", &err) == RK_OK &&
        rk_link_discard(run->link, &err) == RK_OK && /* what it said before */
        (!log || rk_link_discard(log, &err) == RK_OK) &&
        rk_link_run_sequence(run->link, "R0", &err) == RK_OK) {
        rk_checkup_note(run->out, "adapter.lines", "adapter", 0, "RTS was pulsed");
        if (info->is_virtual)
            return;
    }
    (void)ask(run, "reset", "power-cycle the module now, or connect CEN to GND for a moment");
}

/* A module that says something once, at another rate, has to say it again: until the rate is found,
 * and once more from the beginning. */
static bool wants_again(struct checkup_run *run)
{
    bool again = false;

    for (int i = 0; i < 2; i++) {
        struct ear *ear = &run->ears[i];
        uint64_t quiet_us = ear->heard.end_us - ear->heard.last_us;
        bool noise = ear->link && ear->heard.len >= NOISE_MIN && !ear->found;
        again |= ear->other_rate || (noise && quiet_us >= QUIET_MS * 1000ull);
        ear->other_rate = false;
    }
    return again && run->restarts++ < RESTARTS;
}

static void read_heard(struct rk_checkup *out, const struct heard *heard, unsigned uart)
{
    struct rk_log *log = rk_log_begin(out, uart, NULL, heard->baud);

    for (size_t i = 0; log && i < heard->mark_count; i++) {
        size_t at = heard->marks[i].offset;
        size_t end = i + 1 < heard->mark_count ? heard->marks[i + 1].offset : heard->len;
        rk_log_feed(log, heard->marks[i].time_us, heard->bytes + at, end - at);
    }
    if (log)
        rk_log_end(log, heard->start_us, heard->end_us);
}

static enum rk_status listen(struct checkup_run *run, struct rk_error *err)
{
    look_at_idle_line(run);
    enum rk_status st = open_ear(&run->ears[0], run->link, err);
    uint64_t begin = rk_clock_now(rk_link_clock(run->link));

    if (st == RK_OK && (run->opt->log || run->own_log))
        st = open_ear(&run->ears[1], run->opt->log ? run->opt->log : run->own_log, err);
    if (st != RK_OK)
        return st;
    rk_stage_begin(run->ctx, "listen", "%s", run->ears[1].link ? "both wires" : "one wire");
    restart(run);
    while (st == RK_OK && !run->gone) {
        st = hear(run, &run->ears[0], run->ears[1].link ? 0 : SLICE_US, err);
        if (st == RK_OK && run->ears[1].link)
            st = hear(run, &run->ears[1], SLICE_US, err);
        uint64_t now = rk_clock_now(rk_link_clock(run->link));
        if (wants_again(run)) {
            restart(run);
            begin = now;
            for (int i = 0; i < 2; i++) { /* what is heard begins with this start */
                struct heard *heard = &run->ears[i].heard;
                heard->len = heard->mark_count = 0;
                heard->start_us = heard->last_us = now;
            }
        } else if (heard_enough(run, now - begin)) {
            break;
        }
    }
    for (unsigned i = 0; i < 2 && st == RK_OK; i++)
        if (run->ears[i].link)
            read_heard(run->out, &run->ears[i].heard, i + 1);
    rk_stage_end(run->ctx, "listen", "%u starts seen", run->out->boots);
    return st;
}

/* ---- wires ---- */

static void test_echo(struct checkup_run *run)
{
    static const uint8_t probe[] = {0x55, 0x33, 0x0F, 0xAA, 0x5A};
    uint8_t back[64];
    size_t got = 0, total = 0;
    struct rk_error err = {.status = RK_OK};

    if (rk_link_set_baud(run->link, FIRST_BAUD, NULL, &err) != RK_OK ||
        rk_link_discard(run->link, &err) != RK_OK ||
        rk_link_write(run->link, probe, sizeof probe, &err) != RK_OK)
        return;
    for (int i = 0; i < 5 && total < sizeof back; i++) {
        if (rk_link_read(run->link, back + total, sizeof back - total, &got, 20000, &err) != RK_OK)
            break;
        total += got;
    }
    if (total == sizeof probe && memcmp(back, probe, sizeof probe) == 0)
        rk_checkup_note(run->out, "echo.own", "uart1", 0, "what is sent comes back");
}

static void test_loopback(struct checkup_run *run)
{
    if (!rk_checkup_has(run->out, "link.none") || rk_link_info(run->link)->is_virtual ||
        !ask(run, "loopback",
             "take the module off and join TX with RX at the adapter; done? (no = skip)"))
        return;
    test_echo(run);
    if (rk_checkup_has(run->out, "echo.own"))
        rk_checkup_note(run->out, "adapter.good", "adapter", 0, "the adapter hears itself");
    else
        rk_checkup_note(run->out, "adapter.bad", "adapter", 0,
                        "the adapter does not hear itself: adapter, driver or cable");
}

/* Which of the wires is bad, as far as the two directions tell. */
static void note_wires(struct checkup_run *run)
{
    struct rk_checkup *c = run->out;

    if (rk_checkup_has(c, "link.ok")) {
        rk_checkup_note(c, "wires.good", "link", 0, "both directions work");
        return;
    }
    if (run->idle_break && run->ears[0].heard.len == 0 && rk_checkup_has(c, "link.none"))
        rk_checkup_note(c, "line.low", "uart1", 0, "one break, then nothing: the line stays low");
    if (rk_checkup_has(c, "uart1.breaks") || run->ears[0].heard.len > 0)
        rk_checkup_note(c, "wire.rx-heard", "uart1", 0,
                        "the adapter hears the module: look at the wire from its TX to RX1");
    else
        rk_checkup_note(c, "wires.silent", "uart1", 0,
                        "nothing came on the download wire in either direction");
}

/* ---- link and flash ---- */

static void take_link_error(struct checkup_run *run, const struct rk_error *err)
{
    struct rk_checkup *c = run->out;

    switch (err->status) {
    case RK_ERR_PORT_GONE:
    case RK_ERR_PORT_IO:
        rk_checkup_note(c, "port.gone", "adapter", 0, "%.150s", err->message);
        break;
    case RK_ERR_NO_LINK:
        rk_checkup_note(c, "link.none", "link", 0, "%.100s; %.50s", err->message, err->detail);
        break;
    case RK_ERR_DEVICE_REFUSED:
        rk_checkup_note(c, "link.ok", "link", 0, "the module answers");
        rk_checkup_note(c, "read.refused", "link", 0, "%.150s", err->message);
        break;
    default:
        rk_checkup_note(c, "link.bad", "link", 0, "%.100s (%s)", err->message, err->id);
        break;
    }
}

static enum rk_status examine(struct checkup_run *run, struct rk_error *err)
{
    struct rk_connect_options connect = run->opt->connect;
    struct rk_error local = {.status = RK_OK};
    struct rk_checkup *c = run->out;
    struct rk_device *dev = NULL;

    connect.size = sizeof connect;
    connect.baud = FIRST_BAUD;
    connect.bare = true;
    if (!connect.link_timeout_ms)
        connect.link_timeout_ms = LINK_MS;
    enum rk_status st = rk_device_connect(run->ctx, run->link, &connect, &dev, &local);
    if (st != RK_OK) {
        if (st == RK_ERR_CANCELLED) {
            if (err)
                *err = local;
            return st;
        }
        take_link_error(run, &local);
        return RK_OK;
    }
    rk_checkup_identity(c, dev);
    rk_checkup_quality(c, dev);
    if (rk_checkup_has(c, "quality.good"))
        rk_checkup_content(c, dev);
    if (c->content && !rk_checkup_has(c, "flash.dead") &&
        ask(run, "write-test",
            "may an empty sector be written and erased again, to see whether the flash takes it?"))
        rk_checkup_write_test(c, dev);
    if (rk_device_reset(dev, &local) != RK_OK)
        rk_checkup_note(c, "reset.failed", "link", 0, "%.150s", local.message);
    rk_device_free(dev);
    return RK_OK;
}

static void note_missing(struct checkup_run *run)
{
    struct rk_checkup *c = run->out;
    const char *texts[4];
    size_t n = 0;

    if (!run->ears[1].link)
        texts[n++] = "the log of UART2: a second adapter on TX2 (--log-port), or the RX wire there";
    if (rk_checkup_has(c, "link.none"))
        texts[n++] = "an answer on the download wire: power-cycle the module while this runs";
    else if (!c->content)
        texts[n++] = "the content of the flash";
    if (c->content && !rk_checkup_has(c, "write.ok") && !rk_checkup_has(c, "write.refused") &&
        !rk_checkup_has(c, "write.locked"))
        texts[n++] = "a write test (--answer write-test=yes)";
    for (size_t i = 0; i < n; i++)
        rk_text_copy(c->missing[c->missing_count++], sizeof c->missing[0], texts[i]);
}

static void note_adapter(struct checkup_run *run)
{
    const struct rk_link_info *info = rk_link_info(run->link);

    rk_checkup_note(run->out, "adapter", "adapter", 0, "%s %s%s, good for %u baud", info->kind,
                    info->bridge[0] ? info->bridge : "adapter", info->has_lines ? ", with RTS" : "",
                    (unsigned)info->max_baud);
}

static void merge_facts(struct rk_checkup *c)
{
    bool started = rk_checkup_has(c, "boot.present") && rk_checkup_has(c, "app.present");

    if (rk_checkup_has(c, "text.no-tlv"))
        rk_checkup_note(c, "rf.gone", "uart2", 0, "the application finds no RF calibration");
    if (rk_checkup_has(c, "rf.lost") && started && !rk_checkup_has(c, "boot.head-blank"))
        rk_checkup_note(c, "rf.gone", "flash", 0, "no RF calibration in the flash");
    if (rk_checkup_has(c, "text.default-mac"))
        rk_checkup_note(c, "rf.default-mac", "uart2", 0, "the default MAC address is in use");
}

static void close_ears(struct checkup_run *run)
{
    /* the log of the best wire goes to the result */
    struct heard *log = run->ears[1].heard.len ? &run->ears[1].heard : &run->ears[0].heard;

    if (run->out && log->bytes) {
        run->out->log = log->bytes;
        run->out->log_len = log->len;
        log->bytes = NULL;
    }
    for (int i = 0; i < 2; i++) {
        free(run->ears[i].heard.bytes);
        free(run->ears[i].heard.marks);
        rk_monitor_free(run->ears[i].monitor);
    }
    rk_link_close(run->own_log);
}

enum rk_status rk_checkup_run(struct rk_context *ctx, struct rk_link *link,
                              const struct rk_checkup_options *opt, struct rk_checkup **out,
                              struct rk_error *err)
{
    struct checkup_run run = {.ctx = ctx, .link = link, .opt = opt};

    run.out = calloc(1, sizeof *run.out);
    if (!run.out)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    run.out->size = sizeof *run.out;
    if (!opt->log && rk_link_log(link, &run.own_log, NULL) != RK_OK)
        run.own_log = NULL;
    note_adapter(&run);
    enum rk_status st = listen(&run, err);
    if (st == RK_OK && !run.gone)
        test_echo(&run);
    if (st == RK_OK && run.gone)
        rk_checkup_note(run.out, "port.gone", "adapter", 0, "the port vanished while listening");
    else if (st == RK_OK)
        st = examine(&run, err);
    if (st == RK_OK) {
        note_wires(&run);
        test_loopback(&run);
        merge_facts(run.out);
        note_missing(&run);
        rk_checkup_judge(run.out);
    }
    close_ears(&run);
    if (st == RK_OK)
        *out = run.out;
    else
        rk_checkup_free(run.out);
    return st;
}

/* ---- saved logs ---- */

enum width { BYTES, LITTLE, BIG };

/* Logs of Windows tools may come in 16-bit characters: makes bytes of them, in place. */
static size_t narrow(uint8_t *bytes, size_t len, enum width *width, bool first)
{
    size_t out = 0;

    if (first && len >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE)
        *width = LITTLE;
    else if (first && len >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF)
        *width = BIG;
    if (*width == BYTES)
        return len;
    for (size_t at = first ? 2 : 0; at + 1 < len; at += 2) {
        uint8_t high = bytes[at + (*width == LITTLE)], low = bytes[at + (*width == BIG)];
        bytes[out++] = high ? '?' : low;
    }
    return out;
}

static size_t next_piece(const struct rk_checkup_source *source, size_t done, uint8_t *buf,
                         size_t cap)
{
    if (source->read)
        return source->read(source->user, buf, cap);
    size_t n = source->len - done < cap ? source->len - done : cap;
    if (n)
        memcpy(buf, source->bytes + done, n);
    return n;
}

/* Something that a reader could see: no byte order mark, no empty lines. */
static bool is_visible(const uint8_t *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        return len > 3 && is_visible(bytes + 3, len - 3);
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n", bytes[i]) || bytes[i] == 0)
            return true;
    return false;
}

/* A log that was pasted twice says no more than one of them; a few lines may well repeat. */
static size_t without_copy(const uint8_t *text, size_t len)
{
    size_t half = len / 2, lines = 0;

    if (len % 2 || memcmp(text, text + half, half) != 0)
        return len;
    for (size_t i = 0; i < half; i++)
        lines += text[i] == '\n';
    return lines > 3 ? half : len;
}

static enum rk_status add_log(struct rk_checkup *c, const struct rk_checkup_source *source,
                              struct rk_error *err)
{
    struct rk_log *log = rk_log_begin(c, 2, source->name, FIRST_BAUD);
    enum width width = BYTES;
    size_t done = 0, got;
    uint8_t *piece = malloc(PIECE);
    bool visible = false;

    if (!log || !piece) {
        if (log)
            rk_log_end(log, 0, 0);
        free(piece);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    while ((got = next_piece(source, done, piece, PIECE)) > 0) {
        bool whole = done == 0 && got < PIECE;
        size_t len = narrow(piece, got, &width, done == 0);
        len = whole ? without_copy(piece, len) : len;
        visible |= is_visible(piece, len);
        rk_log_feed(log, 0, piece, len);
        done += got;
    }
    if (!visible)
        rk_checkup_note(c, "log.empty", source->name, 0,
                        done ? "nothing but empty lines" : "not a byte");
    free(piece);
    /* who saves a log stops when nothing more comes */
    rk_log_end(log, 0, LISTEN_MS * 1000ull);
    return RK_OK;
}

/* What one source says becomes part of what all say; facts of others do not speak against it. */
static void take_over(struct rk_checkup *c, const struct rk_checkup *one)
{
    size_t base = c->fact_count;

    for (size_t i = 0; i < one->fact_count && c->fact_count < RK_CHECKUP_FACTS; i++)
        c->facts[c->fact_count++] = one->facts[i];
    for (size_t i = 0; i < one->finding_count && c->finding_count < RK_CHECKUP_FINDINGS; i++) {
        struct rk_finding *f = &c->findings[c->finding_count];
        if (rk_checkup_found(c, one->findings[i].id))
            continue;
        *f = one->findings[i];
        f->fact_count = 0;
        for (unsigned k = 0; k < one->findings[i].fact_count; k++)
            if (base + one->findings[i].facts[k] < c->fact_count)
                f->facts[f->fact_count++] = (uint8_t)(base + one->findings[i].facts[k]);
        c->finding_count++;
    }
    if (one->boots > c->boots || !c->last_phase[0])
        rk_text_copy(c->last_phase, sizeof c->last_phase, one->last_phase);
    c->boots = one->boots > c->boots ? one->boots : c->boots;
    c->log_baud = one->log_baud ? one->log_baud : c->log_baud;
}

static enum rk_status add_source(struct rk_checkup *c, const struct rk_checkup_source *source,
                                 struct rk_error *err)
{
    struct rk_checkup *one = calloc(1, sizeof *one);
    enum rk_status st = RK_OK;

    if (!one)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    one->logs_only = true;
    if (!source->bytes || source->read ||
        !rk_checkup_dump(one, source->name, source->bytes, source->len))
        st = add_log(one, source, err);
    if (st == RK_OK) {
        merge_facts(one);
        rk_checkup_judge(one);
        take_over(c, one);
    }
    free(one);
    return st;
}

/* Kinds of evidence that are not there. */
static void note_lacking(struct rk_checkup *c)
{
    static const char *const texts[] = {
        "the boot log of the module: TX2 at 115200 baud, of a BL602 UART0 at 2000000",
        "the whole log of the flasher", "a dump of the flash: rekindle backup"};
    bool flasher = false;

    for (size_t i = 0; i < c->fact_count; i++)
        flasher |= strncmp(c->facts[i].id, "fl.", 3) == 0;
    const bool there[] = {rk_checkup_has(c, "log.device"), flasher, rk_checkup_has(c, "dump")};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!there[i])
            rk_text_copy(c->missing[c->missing_count++], sizeof c->missing[0], texts[i]);
}

enum rk_status rk_checkup_logs(const struct rk_checkup_source *sources, size_t count,
                               struct rk_checkup **out, struct rk_error *err)
{
    struct rk_checkup *c = calloc(1, sizeof *c);
    enum rk_status st = RK_OK;

    if (!c)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    c->size = sizeof *c;
    c->logs_only = true;
    for (size_t i = 0; i < count && st == RK_OK; i++)
        st = add_source(c, &sources[i], err);
    if (st != RK_OK) {
        rk_checkup_free(c);
        return st;
    }
    rk_checkup_weigh(c);
    note_lacking(c);
    *out = c;
    return RK_OK;
}
