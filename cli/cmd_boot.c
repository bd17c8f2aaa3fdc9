/* Runs the firmware of a file on an emulated chip. */
#include "boot_options.h"
#include "boot_port.h"
#include "boot_trace.h"
#include "signals.h"

#include "base/text.h"
#include "store/file.h"

#include <rekindle/boot.h>

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (64u << 20)
#define LINE_SHOWN     400u
#define PAUSE_NS       50000000u /* ends a line of a link that has no line ends */

static const struct option options[] = {
    {"until", 0, OPTION_TEXT, "TEXT", "end when a line holds TEXT, or at a phase: phase:ID", NULL,
     false, false},
    {"seconds", 0, OPTION_TEXT, "S", "emulated seconds at most (default 5, for a BL602 10)", NULL,
     false, false},
    {"max-instructions", 0, OPTION_NUMBER, "N", "instructions at most (default 2,000,000,000)",
     NULL, false, false},
    {"stay", 0, OPTION_SWITCH, NULL, "go on when the application is up", NULL, false, false},
    {"restarts", 0, OPTION_NUMBER, "N", "end after so many restarts (default 3)", NULL, false,
     false},
    {"key", 0, OPTION_TEXT, "K", "efuse key: zero, tuya, or four words in hex", NULL, false, false},
    {"efuse", 0, OPTION_FILE, "FILE",
     "content of the efuses: 32 bytes of a Beken chip, 128 of a BL602", NULL, false, false},
    {"rom", 0, OPTION_FILE, "FILE",
     "mask ROM of a BL602, 128 KiB, if you have one; else its functions are replaced", NULL, false,
     false},
    {"pins", 0, OPTION_TEXT, "LIST", "levels from outside, such as 21=0,8=1; cen=0", NULL, false,
     false},
    {"supply", 0, OPTION_TEXT, "V@PHASE",
     "supply voltage when boot, app, radio or wifi is reached; below 2.9 V it collapses", NULL,
     false, false},
    {"trace", 0, OPTION_TEXT, "WHAT",
     "tell every access to registers, call of functions, command to the flash: registers, "
     "functions, "
     "flash, with commas between",
     NULL, false, false},
    {"trace-file", 0, OPTION_FILE, "FILE", "write the trace there, not among the log", NULL, false,
     false},
    {"snapshot", 0, OPTION_FILE, "FILE", "write the state of the emulated chip at the end", NULL,
     false, false},
    {"resume", 0, OPTION_FILE, "FILE", "go on from a snapshot; takes no other file", NULL, false,
     false},
    {"save", 0, OPTION_FILE, "FILE", "write the flash as it is at the end", NULL, false, false},
    {"uart1", 0, OPTION_TEXT, "pty:LINK",
     "offer UART1 of the emulated chip as a pseudo-terminal, until it is interrupted", NULL, false,
     false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

struct view {
    struct cli *cli;
    struct text line[2];
    char phase[32];
    uint64_t line_ns[2], last_ns[2];
    uint32_t starts;
    struct boot_trace trace;
};

/* ---- the log, as it comes ---- */

static void show_line(struct view *v, unsigned unit)
{
    struct text out = {.bytes = NULL}, *line = &v->line[unit];
    char shown[4 * LINE_SHOWN + 1];

    rk_text_escape(shown, sizeof shown, (const uint8_t *)(line->bytes ? line->bytes : ""),
                   line->len);
    text_printf(&out, "%9.3f %s %-22s %s\n", (double)v->line_ns[unit] / 1e9, unit ? "log" : "uart1",
                v->phase, shown);
    if (v->cli->out.json == JSON_OFF)
        output_result(&v->cli->out, out.bytes, out.len);
    text_free(&out);
    line->len = 0;
    v->phase[0] = '\0';
}

static void on_byte(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct view *v = user;
    struct text *line = &v->line[unit & 1];
    char c = (char)byte;

    for (unsigned i = 0; i < 2; i++)
        if (v->line[i].len && time_ns - v->last_ns[i] > PAUSE_NS)
            show_line(v, i);
    v->last_ns[unit & 1] = time_ns;
    if (line->len == 0)
        v->line_ns[unit & 1] = time_ns;
    if (byte == '\n' || line->len >= LINE_SHOWN) {
        if (line->len)
            show_line(v, unit & 1);
    } else if (byte != '\r') {
        text_add(line, &c, 1);
    }
}

/* Told before the end of its line is. */
static void on_phase(void *user, const char *id, uint64_t time_ns)
{
    struct view *v = user;

    (void)time_ns;
    rk_text_copy(v->phase, sizeof v->phase, id);
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    static const char *const causes[] = {"power", "reset", "watchdog"};
    struct view *v = user;
    struct text out = {.bytes = NULL};

    for (unsigned i = 0; i < 2; i++)
        if (v->line[i].len)
            show_line(v, i);
    v->starts++;
    text_printf(&out, "%s---- start %u, %s, at %.3f s ----\n", v->starts > 1 ? "\n" : "",
                (unsigned)v->starts, causes[cause], (double)time_ns / 1e9);
    if (v->cli->out.json == JSON_OFF)
        output_result(&v->cli->out, out.bytes, out.len);
    text_free(&out);
}

static void on_trace(void *user, const struct rk_emulate_trace *what, const char *near)
{
    struct view *v = user;

    boot_trace_add(&v->trace, what, near);
}

static bool on_cancelled(void *user)
{
    (void)user;
    return signals_stop();
}

/* ---- the result ---- */

static void put_state(struct rk_json *json, const struct rk_boot_result *r)
{
    rk_json_put_u64(json, "starts", r->starts);
    rk_json_put_real(json, "seconds", (double)r->state.time_ns / 1e9, 6);
    rk_json_put_u64(json, "instructions", r->state.instructions);
    rk_json_put_u64(json, "instructions_skipped", r->state.skipped);
    rk_json_put_u64(json, "log_bytes", r->log_bytes);
    rk_json_key(json, "crash");
    if (r->outcome != RK_BOOT_CRASHES) {
        rk_json_null(json);
        return;
    }
    rk_json_object_begin(json);
    rk_json_put_u64(json, "pc", r->crash_pc);
    rk_json_put_string(json, "near", r->crash_near[0] ? r->crash_near : NULL);
    rk_json_key(json, "registers");
    rk_json_object_begin(json);
    for (size_t i = 0; i < r->state.register_count; i++)
        rk_json_put_u64(json, r->state.registers[i].name, r->state.registers[i].value);
    rk_json_object_end(json);
    rk_json_object_end(json);
}

static void put_result(struct cli *cli, const struct rk_boot_result *r)
{
    struct rk_json json;

    cli_result_begin(cli, &json);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "file",
                       cli->in.positional_count ? cli->in.positionals[0]
                                                : option_value(&cli->in, "resume"));
    rk_json_put_string(&json, "chip", r->chip);
    rk_json_put_string(&json, "outcome", rk_boot_outcome_name(r->outcome));
    rk_json_put_string(&json, "last_phase", r->last_phase[0] ? r->last_phase : NULL);
    rk_json_put_string(&json, "summary", r->summary);
    put_state(&json, r);
    rk_json_key(&json, "findings");
    rk_json_array_begin(&json);
    for (size_t i = 0; i < r->finding_count; i++) {
        rk_json_object_begin(&json);
        rk_json_put_string(&json, "id", r->findings[i].id);
        rk_json_put_string(&json, "verdict", rk_verdict_name(r->findings[i].verdict));
        rk_json_put_string(&json, "text", r->findings[i].text);
        rk_json_object_end(&json);
    }
    rk_json_array_end(&json);
    rk_json_object_end(&json);
}

static void tell(struct cli *cli, const struct rk_boot_result *r)
{
    struct text text = {.bytes = NULL};

    text_printf(&text, "\n%s\n", r->summary);
    text_printf(&text, "%.3f s, %.1f million instructions, %u start%s\n",
                (double)r->state.time_ns / 1e9, (double)r->state.instructions / 1e6,
                (unsigned)r->starts, r->starts == 1 ? "" : "s");
    for (size_t i = 0; i < r->finding_count; i++)
        text_printf(&text, "%-5s %s  %s\n", rk_verdict_name(r->findings[i].verdict),
                    r->findings[i].id, r->findings[i].text);
    if (r->outcome == RK_BOOT_CRASHES) {
        for (size_t i = 0; i < r->state.register_count; i++)
            text_printf(&text, "%s%-8s %08x",
                        i == 0  ? ""
                        : i % 4 ? "  "
                                : "\n",
                        r->state.registers[i].name, (unsigned)r->state.registers[i].value);
        text_printf(&text, "\n");
        if (r->crash_near[0])
            text_printf(&text, "near the text \"%s\"\n", r->crash_near);
    }
    if (cli->out.json == JSON_OFF)
        output_result(&cli->out, text.bytes, text.len);
    text_free(&text);
}

/* An emulated chip is more patient than a real one: damage counts, even if it starts. */
static bool is_damaged(const struct rk_boot_result *r)
{
    for (size_t i = 0; i < r->finding_count; i++)
        if (r->findings[i].verdict == RK_VERDICT_BAD)
            return true;
    return false;
}

static enum rk_status write_new(const char *path, const uint8_t *bytes, size_t len,
                                struct rk_error *err)
{
    return path ? rk_file_write(path, bytes, len, true, true, err) : RK_OK;
}

static int finish(struct cli *cli, const struct rk_boot_result *r)
{
    tell(cli, r);
    put_result(cli, r);
    enum rk_status st =
        write_new(option_value(&cli->in, "save"), r->flash, r->flash_len, &cli->err);
    if (st == RK_OK)
        st = write_new(option_value(&cli->in, "snapshot"), r->snapshot, r->snapshot_len, &cli->err);
    if (st != RK_OK)
        return cli_fail(cli);
    bool up = r->outcome == RK_BOOT_RUNS || r->outcome == RK_BOOT_REACHED;
    if (up && !is_damaged(r))
        return EXIT_OK;
    rk_fail(&cli->err, RK_ERR_VERIFY, up ? "boot.damaged" : "boot.fails", "%s", r->summary);
    if (cli->in.positional_count)
        rk_error_hint(&cli->err, "rekindle inspect %s tells what is in the file",
                      cli->in.positionals[0]);
    return cli_fail(cli);
}

/* A module that is offered as a port does not end, and is not watched. */
static enum rk_status check_port(struct cli *cli)
{
    static const char *const of_a_run[] = {
        "until",  "seconds", "max-instructions", "stay",    "restarts", "efuse", "pins",
        "supply", "trace",   "trace-file",       "snapshot"};

    for (size_t i = 0; i < sizeof of_a_run / sizeof of_a_run[0]; i++)
        if (option_on(&cli->in, of_a_run[i])) {
            rk_fail(&cli->err, RK_ERR_ARG, "usage.value",
                    "--%s belongs to a run that is followed to its end: a port has none",
                    of_a_run[i]);
            rk_error_hint(&cli->err, "`rekindle sim --emulate` has conditions of a module, "
                                     "--boot-low for example");
            return RK_ERR_ARG;
        }
    return RK_OK;
}

/* A file to begin with or a snapshot to go on from, and nothing that contradicts it. */
static enum rk_status check_usage(struct cli *cli)
{
    static const char *const fixed[] = {"key", "efuse", "pins", "rom", "uart1"};
    static const char *const made[] = {"save", "snapshot"};
    const char *resume = option_value(&cli->in, "resume");

    if (!resume && cli->in.positional_count == 0) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.missing", "boot what?");
        rk_error_hint(&cli->err, "give a backup or an image, or --resume SNAPSHOT");
        return RK_ERR_ARG;
    }
    if (resume && cli->in.positional_count)
        return rk_fail(&cli->err, RK_ERR_ARG, "usage.extra",
                       "a snapshot has its own flash: \"%s\" is one file too many",
                       cli->in.positionals[0]);
    for (size_t i = 0; resume && i < sizeof fixed / sizeof fixed[0]; i++)
        if (option_value(&cli->in, fixed[i]))
            return rk_fail(&cli->err, RK_ERR_ARG, "usage.value",
                           "--%s is as it was when the snapshot was taken", fixed[i]);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        if (option_value(&cli->in, made[i]) && rk_file_exists(option_value(&cli->in, made[i])))
            return rk_fail(&cli->err, RK_ERR_FILE, "file.exists", "\"%s\" exists",
                           option_value(&cli->in, made[i]));
    return option_value(&cli->in, "uart1") ? check_port(cli) : RK_OK;
}

static enum rk_status read_file(struct cli *cli, struct rk_boot_request *q, uint8_t **bytes)
{
    const char *resume = option_value(&cli->in, "resume");
    const char *path = resume ? resume : cli->in.positionals[0];
    size_t len = 0;
    enum rk_status st = rk_file_read(path, FILE_MAX_BYTES, bytes, &len, &cli->err);

    if (st != RK_OK)
        return st;
    q->name = path;
    *(resume ? &q->snapshot : &q->image) = *bytes;
    *(resume ? &q->snapshot_len : &q->image_len) = len;
    return RK_OK;
}

static void free_all(struct boot_files *files, uint8_t *bytes)
{
    free(files->efuse);
    free(files->rom);
    free(bytes);
}

static int run(struct cli *cli)
{
    struct view view = {.cli = cli};
    struct rk_boot_request q = {.size = sizeof q,
                                .take_snapshot = option_value(&cli->in, "snapshot") != NULL,
                                .user = &view,
                                .byte = on_byte,
                                .phase = on_phase,
                                .reset = on_reset,
                                .cancelled = on_cancelled,
                                .trace = on_trace};
    const char *port = option_value(&cli->in, "uart1");
    struct rk_boot_result result = {.flash = NULL};
    struct boot_files files = {.efuse = NULL};
    uint8_t *bytes = NULL;
    enum rk_status st = check_usage(cli);

    if (st == RK_OK)
        st = boot_options_read(cli, &q, &files);
    if (st == RK_OK)
        st = read_file(cli, &q, &bytes);
    if (st == RK_OK && port) {
        st = boot_port_serve(cli, &q, port);
        free_all(&files, bytes);
        return st == RK_OK ? EXIT_OK : cli_fail(cli);
    }
    if (st == RK_OK)
        st = boot_trace_open(cli, &view.trace, &q.watch);
    if (st == RK_OK)
        st = rk_boot_run(&q, &result, &cli->err);
    for (unsigned i = 0; i < 2; i++) {
        if (view.line[i].len)
            show_line(&view, i);
        text_free(&view.line[i]);
    }
    enum rk_status closed = boot_trace_close(&view.trace, st == RK_OK ? &cli->err : NULL);
    int code = st == RK_OK && closed == RK_OK ? finish(cli, &result) : cli_fail(cli);
    rk_boot_result_free(&result);
    free_all(&files, bytes);
    return code;
}

const struct command command_boot = {
    .name = "boot",
    .summary = "run the firmware of a backup or image on an emulated chip: does it boot?",
    .usage = "FILE | --resume SNAPSHOT",
    .description =
        "Executes the real boot loader and application out of FILE on an emulated Beken chip or "
        "BL602 and shows its log with the phases as they are reached. Ends when the application is "
        "up (it has started its radio), or at --until, --seconds, --max-instructions or after "
        "--restarts "
        "restarts. Exit status 0 if it got there, 9 if it stops, crashes, keeps restarting or says "
        "nothing, or if the bytes are damaged although it starts here; what is wrong with them is "
        "named.\n\n"
        "FILE is never changed: --save writes the flash as it is at the end, with the boot counter "
        "and whatever else the firmware wrote. --key, --efuse, --pins and --supply make conditions "
        "of the real module, to reproduce its failure: another key, a pin that is held low, a "
        "supply that collapses when the radio starts.\n\n"
        "--uart1 pty:LINK offers the emulated chip as a port instead, so that rekindle and other "
        "clients flash it through its own boot code; `rekindle sim --emulate` is the same with "
        "more ways to reach it.\n\n"
        "--trace is for experts. --snapshot keeps the state at the end, of --until TEXT for "
        "example, "
        "and --resume goes on from it exactly as if there had been no end; --seconds, "
        "--max-instructions and --restarts count from there.\n\n"
        "There is no radio: the access point and the scan run without a single frame. On BK7231N, "
        "BK7231M, BK7238 and BK7252N a mask ROM runs before the flash; it is not emulated. That of "
        "a BL602 is replaced as far as firmware needs it, or is given with --rom.",
    .options = options,
    .max_positionals = 1,
    .run = run,
};
