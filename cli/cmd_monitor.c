/* Boot logs of one or several ports in one view. */
#include "cli.h"
#include "feed.h"
#include "keyboard.h"
#include "signals.h"

#include "base/context.h"
#include "base/text.h"
#include "store/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX (2 * PORTS_MAX)
#define VIRTUAL_US  30000000u /* a module in this process ends after so much of its own time */
#define STEP_US     10000u
#define KEYBOARD_MS 10u
#define INTERACTIVE "Ctrl-] ends, Ctrl-C too; other keys go to the module"

/* clang-format off */
static const struct option options[] = {
    {"until", 0, OPTION_TEXT, "TEXT", "end with success when this text comes", NULL, false, false},
    {"timeout", 0, OPTION_SECONDS, "SECONDS", "end after this time; with --until that is a failure", NULL, false, false},
    {"save", 's', OPTION_FILE, "FILE", "write every byte to this file, as it came (several streams: FILE gets a number each)", NULL, false, false},
    {"send", 0, OPTION_TEXT, "TEXT", "send this text and a line end first", NULL, true, false},
    {"no-time", 0, OPTION_SWITCH, NULL, "no times and phases in front of the lines", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};
/* clang-format on */

struct view;

/* One wire: a port, or UART2 of a virtual module whose UART1 is another. */
struct stream {
    struct view *view;
    char port[256], label[64];
    struct rk_context *ctx; /* NULL for the log of a virtual module */
    struct feed *feed;
    struct rk_monitor *monitor;
    FILE *save;
    uint64_t start_us, now_us; /* of its clock */
    bool is_virtual, ended;
    struct rk_error err;
};

struct view {
    struct cli *cli;
    struct stream streams[STREAMS_MAX];
    size_t count;
    const char *until;
    bool found, plain, input;
    uint64_t timeout_us; /* 0 = none */
};

static bool on_cancelled(void *user)
{
    (void)user;
    return signals_stop();
}

/* ---- output ---- */

static double seconds(const struct stream *s, uint64_t at_us)
{
    return (double)(at_us > s->start_us ? at_us - s->start_us : 0) / 1e6;
}

static void put_event(struct stream *s, const char *type, const struct rk_monitor_line *line,
                      uint32_t baud, bool found)
{
    struct text text = {.bytes = NULL};
    struct rk_json json;

    rk_json_init(&json, text_sink, &text, false);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "type", type);
    rk_json_put_real(&json, "t", seconds(s, line ? line->time_us : s->now_us), 3);
    rk_json_put_string(&json, "port", s->port);
    rk_json_put_string(&json, "id", line && line->phase ? line->phase : s->label);
    rk_json_put_string(&json, "text", line ? line->text : NULL);
    if (line) {
        rk_json_put_string(&json, "stream", s->label);
        rk_json_put_u64(&json, "boot", line->boot);
        rk_json_put_bool(&json, "boot_start", line->boot_start);
        rk_json_put_bool(&json, "complete", line->complete);
        rk_json_put_string(&json, "phase", line->phase);
        rk_json_put_u64(&json, "strange", line->strange);
    } else {
        rk_json_put_u64(&json, "baud", baud);
        rk_json_put_bool(&json, "found", found);
    }
    rk_json_object_end(&json);
    rk_json_finish(&json);
    output_result(&s->view->cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
}

static void print_line(struct stream *s, const struct rk_monitor_line *line)
{
    struct text text = {.bytes = NULL};
    const char *label = s->view->count > 1 ? s->label : "";

    if (!s->view->plain) {
        if (line->boot_start)
            text_printf(&text, "%s---- boot %u %s%s----\n", line->boot > 1 ? "\n" : "", line->boot,
                        label, *label ? " " : "");
        text_printf(&text, "%9.3f %s%s%-22s ", seconds(s, line->time_us), label, *label ? " " : "",
                    line->phase ? line->phase : "");
    }
    text_add(&text, line->text, line->len);
    text_add(&text, "\n", 1);
    output_result(&s->view->cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
}

static void on_line(void *user, const struct rk_monitor_line *line)
{
    struct stream *s = user;
    struct view *view = s->view;

    if (view->cli->out.json == JSON_LINES)
        put_event(s, "line", line, 0, false);
    else if (view->cli->out.json == JSON_OFF)
        print_line(s, line);
    if (view->until && strstr(line->text, view->until))
        view->found = true;
}

static void on_rate(void *user, uint32_t baud, bool found)
{
    struct stream *s = user;
    char text[96];

    if (s->view->cli->out.json == JSON_LINES)
        put_event(s, "rate", NULL, baud, found);
    if (!found && !s->view->cli->out.verbose)
        return;
    rk_text_format(text, sizeof text, found ? "%s talks at %u baud" : "%s: trying %u baud",
                   s->label, (unsigned)baud);
    output_story(&s->view->cli->out, "", "rate", text);
}

/* ---- streams ---- */

static enum rk_status open_save(struct stream *s, size_t index, size_t count, struct rk_error *err)
{
    const char *path = option_value(&s->view->cli->in, "save");
    struct session numbered = {.index = index, .count = count};
    char name[1024];

    if (!path)
        return RK_OK;
    session_numbered(&numbered, path, name, sizeof name);
    s->save = fopen(name, "wb");
    return s->save ? RK_OK : rk_file_error(err, "create", name, errno);
}

static enum rk_status add_stream(struct view *view, struct rk_link *link, struct rk_context *ctx,
                                 const char *port, const char *label, struct rk_error *err)
{
    struct stream *s = &view->streams[view->count++];
    struct rk_monitor_options opt = {.size = sizeof opt,
                                     .baud = view->cli->settings.baud,
                                     .user = s,
                                     .line = on_line,
                                     .rate = on_rate};

    s->view = view;
    s->ctx = ctx;
    rk_text_copy(s->port, sizeof s->port, port);
    rk_text_copy(s->label, sizeof s->label, label);
    s->is_virtual = rk_link_info(link)->is_virtual;
    s->start_us = s->now_us = rk_clock_now(rk_link_clock(link));
    enum rk_status st = rk_monitor_new(&opt, &s->monitor, err);
    if (st != RK_OK) {
        rk_link_close(link);
        return st;
    }
    if (opt.baud)
        st = rk_link_set_baud(link, opt.baud, NULL, err);
    if (st != RK_OK) {
        rk_link_close(link);
        return st;
    }
    return feed_open(link, &s->feed, err);
}

/* What --reset means here: lines only, the module is not asked for anything. */
static enum rk_status reset_module(struct view *view, struct rk_link *link, struct rk_error *err)
{
    static const struct {
        const char *mode, *sequence;
    } modes[] = {{"rts", "R1|W0.1|R0"}, {"dtr", "D1|W0.1|D0"}, {"dtr-rts", "D1|R1|W0.1|D0|R0"}};
    const char *reset = view->cli->settings.reset;

    if (!reset)
        return RK_OK;
    if (strncmp(reset, "seq:", 4) == 0)
        return rk_link_run_sequence(link, reset + 4, err);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(reset, modes[i].mode) == 0)
            return rk_link_run_sequence(link, modes[i].sequence, err);
    return RK_OK;
}

static enum rk_status open_port(struct view *view, const char *named, struct rk_error *err)
{
    const struct rk_callbacks callbacks = {.size = sizeof callbacks, .cancelled = on_cancelled};
    struct rk_context *ctx = NULL;
    struct rk_link *link = NULL, *log = NULL;
    char port[256] = "", label[32];
    enum rk_status st = rk_context_new(&ctx, &callbacks, err);

    if (st == RK_OK && named)
        rk_text_copy(port, sizeof port, named);
    else if (st == RK_OK)
        st = rk_port_choose(ctx, port, sizeof port, err);
    if (st == RK_OK)
        st = rk_link_open(ctx, port, &link, err);
    if (st == RK_OK)
        st = reset_module(view, link, err);
    if (st != RK_OK) {
        rk_link_close(link);
        rk_context_free(ctx);
        return st;
    }
    bool two = rk_link_log(link, &log, NULL) == RK_OK;
    const char *slash = strrchr(port, '/');
    rk_text_format(label, sizeof label, "%.31s", two ? "uart1" : slash ? slash + 1 : port);
    st = add_stream(view, link, ctx, port, label, err);
    if (st == RK_OK && two)
        st = add_stream(view, log, NULL, port, "uart2", err);
    else if (two)
        rk_link_close(log);
    return st;
}

static void close_streams(struct view *view)
{
    for (size_t i = view->count; i-- > 0;) { /* a log before the link it belongs to */
        struct stream *s = &view->streams[i];
        feed_close(s->feed);
        rk_monitor_free(s->monitor);
        rk_context_free(s->ctx);
        if (s->save)
            fclose(s->save);
    }
}

/* Takes what has come on one stream; true if there was something. */
static bool step(struct stream *s, uint64_t wait_us)
{
    struct feed_chunk *chunk = feed_take(s->feed, wait_us);

    s->now_us = rk_clock_now(rk_link_clock(feed_link(s->feed)));
    if (chunk) {
        if (s->save && fwrite(chunk->bytes, 1, chunk->len, s->save) != chunk->len) {
            (void)rk_file_error(&s->err, "write", option_value(&s->view->cli->in, "save"), errno);
            s->ended = true;
        }
        rk_monitor_take(s->monitor, chunk->time_us, chunk->bytes, chunk->len);
    } else {
        rk_monitor_idle(s->monitor, s->now_us);
        s->ended |= !feed_alive(s->feed, &s->err);
    }
    feed_set_baud(s->feed, rk_monitor_baud(s->monitor));
    bool more = chunk != NULL;
    free(chunk);
    return more;
}

/* Keys to the first port; waits for them a little, which paces the loop. False = the user leaves. */
static bool pass_keys(struct view *view, bool busy)
{
    char keys[256];
    bool ended = false;
    size_t n;

    if (!view->input) {
        if (!busy)
            rk_clock_sleep(rk_clock_system(), KEYBOARD_MS * 1000);
        return true;
    }
    n = keyboard_read(keys, sizeof keys, busy ? 0 : KEYBOARD_MS, &ended);
    const char *quit = memchr(keys, KEYBOARD_QUIT, n);
    feed_send(view->streams[0].feed, keys, quit ? (size_t)(quit - keys) : n);
    if (ended)
        view->input = false;
    return quit == NULL;
}

static bool time_is_up(const struct view *view)
{
    const struct stream *s = &view->streams[0];
    uint64_t limit = view->timeout_us;

    if (!limit && s->is_virtual)
        limit = VIRTUAL_US;
    return limit && s->now_us - s->start_us >= limit;
}

static void watch(struct view *view)
{
    bool all_virtual = true;

    for (size_t i = 0; i < view->count; i++)
        all_virtual &= view->streams[i].is_virtual;
    while (!view->found && !signals_stop() && !view->cli->out.broken) {
        bool busy = false, live = false;
        for (size_t i = 0; i < view->count; i++) {
            struct stream *s = &view->streams[i];
            if (s->ended)
                continue;
            /* the second wire of a virtual module moves the clock of both */
            bool waits = i + 1 == view->count || view->streams[i + 1].ctx;
            busy |= step(s, waits ? STEP_US : 0);
            live |= !s->ended;
        }
        if (!live || (!busy && time_is_up(view)))
            break;
        if (time_is_up(view) && view->timeout_us)
            break;
        if (!all_virtual && !pass_keys(view, busy))
            break;
    }
    for (size_t i = 0; i < view->count; i++)
        rk_monitor_end(view->streams[i].monitor);
}

static void put_result(struct view *view)
{
    struct rk_json json;

    cli_result_begin(view->cli, &json);
    rk_json_object_begin(&json);
    rk_json_key(&json, "found");
    if (view->until)
        rk_json_bool(&json, view->found);
    else
        rk_json_null(&json);
    rk_json_key(&json, "streams");
    rk_json_array_begin(&json);
    for (size_t i = 0; i < view->count; i++) {
        struct stream *s = &view->streams[i];
        struct rk_monitor_stats stats;
        rk_monitor_stats(s->monitor, &stats);
        rk_json_object_begin(&json);
        rk_json_put_string(&json, "port", s->port);
        rk_json_put_string(&json, "stream", s->label);
        rk_json_put_u64(&json, "baud", rk_monitor_baud(s->monitor));
        rk_json_put_bool(&json, "baud_found", stats.baud_found);
        rk_json_put_real(&json, "seconds", seconds(s, s->now_us), 3);
        rk_json_put_u64(&json, "bytes", stats.bytes);
        rk_json_put_u64(&json, "lost", feed_lost(s->feed));
        rk_json_put_u64(&json, "lines", stats.lines);
        rk_json_put_u64(&json, "strange", stats.strange);
        rk_json_put_u64(&json, "boots", stats.boots);
        rk_json_put_string(&json, "last_phase", stats.last_phase[0] ? stats.last_phase : NULL);
        rk_json_object_end(&json);
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
}

static enum rk_status verdict(struct view *view)
{
    struct rk_error *err = &view->cli->err;

    for (size_t i = 0; i < view->count; i++)
        if (view->streams[i].err.status != RK_OK &&
            view->streams[i].err.status != RK_ERR_CANCELLED) {
            *err = view->streams[i].err;
            return err->status;
        }
    if (!view->until || view->found)
        return RK_OK;
    if (signals_stop())
        return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
    rk_fail(err, RK_ERR_VERIFY, "monitor.not-seen", "\"%.100s\" did not come", view->until);
    rk_error_detail(err, "%.1f s of log", seconds(&view->streams[0], view->streams[0].now_us));
    rk_error_hint(err, "without --until you see what comes instead; `rekindle diagnose` says why");
    return RK_ERR_VERIFY;
}

static enum rk_status begin(struct view *view)
{
    struct cli *cli = view->cli;
    const char *timeout = option_value(&cli->in, "timeout"), *text;
    size_t ports = cli->settings.port_count;
    enum rk_status st = RK_OK;

    view->until = option_value(&cli->in, "until");
    view->plain = option_on(&cli->in, "no-time");
    view->timeout_us = timeout ? (uint64_t)(strtod(timeout, NULL) * 1e6) : 0;
    for (size_t i = 0; i < (ports ? ports : 1) && st == RK_OK; i++)
        st = open_port(view, ports ? cli->settings.ports[i] : NULL, &cli->err);
    for (size_t i = 0; i < view->count && st == RK_OK; i++)
        st = open_save(&view->streams[i], i, view->count, &cli->err);
    for (size_t i = 0; st == RK_OK && (text = option_nth(&cli->in, "send", i)) != NULL; i++) {
        feed_send(view->streams[0].feed, text, strlen(text));
        feed_send(view->streams[0].feed, "\r\n", 2);
    }
    return st;
}

static int run(struct cli *cli)
{
    struct view *view = calloc(1, sizeof *view);

    if (!view) {
        rk_fail(&cli->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        return cli_fail(cli);
    }
    view->cli = cli;
    enum rk_status st = begin(view);
    if (st == RK_OK) {
        view->input = !option_on(&cli->in, "no-input") && keyboard_open();
        if (cli->out.may_ask)
            output_story(&cli->out, "", "monitor", INTERACTIVE);
        watch(view);
        keyboard_close();
        put_result(view);
        st = verdict(view);
    }
    close_streams(view);
    free(view);
    return st == RK_OK ? EXIT_OK : cli_fail(cli);
}

const struct command command_monitor = {
    .name = "monitor",
    .summary = "show the boot log of a module: rate found by itself, boots and phases named",
    .usage = "",
    .description =
        "Reads what a module prints. The baud rate is found by itself (115200, 2000000, 921600, "
        "9600, ...) unless --baud names one, also when it changes. Each start of the module is "
        "counted, the phases of a boot are named as they are reached, bytes that are no text are "
        "shown as \\\\xNN. Beken modules log on UART2 (TX2), BL602 on the wire they are flashed "
        "by. Several ports are shown in one view; of a virtual module both UARTs are.\n\n"
        "What is typed goes to the first port. Ctrl-] or Ctrl-C ends. For scripts: --until TEXT "
        "--timeout SECONDS has exit status 0 if the text came and 9 if it did not; --jsonl gives "
        "each line as an event. A virtual module in this process ends after 30 s of its own time "
        "unless --timeout says otherwise.\n\n"
        "--reset rts, dtr, dtr-rts or seq:... restarts the module first.",
    .options = options,
    .device = true,
    .run = run,
};
