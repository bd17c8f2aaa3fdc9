#include <rekindle/boot.h>

#include "base/text.h"
#include "image/beken/key.h"
#include "job/boot_condition.h"
#include "job/boot_image.h"
#include "job/boot_mark.h"
#include "job/boot_state.h"
#include "job/boot_text.h"
#include "job/boot_trace.h"

#include <stdlib.h>
#include <string.h>

#define MS             1000000ull
#define DEFAULT_NS     (5000 * MS)
#define DEFAULT_LIMIT  2000000000ull
#define DEFAULT_STARTS 3u
#define SLICE_NS       (5 * MS) /* between looks at the caller */
#define QUIET_NS       (3000 * MS)
#define STUCK_NS       (1000 * MS) /* silence in a handler that nothing ends */
#define BROWN_OUT_NS   (9 * MS)    /* what the log shows of a phase before the supply is gone */

const char *rk_boot_outcome_name(enum rk_boot_outcome outcome)
{
    static const char *const names[] = {"runs",    "reached",  "stops",
                                        "crashes", "restarts", "silent"};
    return names[outcome];
}

struct run {
    const struct rk_boot_request *request;
    struct rk_boot_result *out;
    struct rk_emulator *emulator;
    struct rk_boot_state s;
    struct rk_boot_trace *trace;
    struct rk_emulate_state begin; /* as it was resumed */
    uint32_t begin_starts;
    bool begin_up;
    bool reached;
};

/* ---- following the log ---- */

/* How far a phase is; they come in this order. */
static unsigned rank_of(const char *id)
{
    static const struct {
        const char *prefix;
        unsigned rank;
    } rows[] = {
        {"bk.boot.banner", 1},  {"bk.boot.st", 2},    {"bk.boot.jump", 3}, {"bl.boot2", 1},
        {"bl.start", 4},        {"bl.board", 5},      {"bl.os", 6},        {"bl.wifi_fw", 9},
        {"bk.app.", 4},         {"stk.start", 5},     {"obk.initlog", 5},  {"obk.before_delay", 6},
        {"obk.boot_count", 6},  {"obk.config", 6},    {"obk.delay", 7},    {"bk.rf.cal_over", 9},
        {"bk.rf.ext_over", 10}, {"bk.rf.", 8},        {"stk.mf_init", 11}, {"obk.after_delay", 11},
        {"obk.tick", 11},       {"bl.wifi_mgmr", 11}, {"net.", 12},        {"obk.boot_ok", 13},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strncmp(id, rows[i].prefix, strlen(rows[i].prefix)) == 0)
            return rows[i].rank;
    return 4;
}

enum { RANK_APP = 4, RANK_RADIO = 10, RANK_UP = 11 };

static uint32_t starts_allowed(const struct run *r)
{
    uint32_t own = r->begin_starts ? r->begin_starts - 1 : 0;

    return own + (r->request->restarts ? r->request->restarts : DEFAULT_STARTS);
}

/* The supply begins to collapse, if it does not already. */
static void weaken(struct run *r, uint64_t time_ns)
{
    if (r->s.brown_out_ns == UINT64_MAX)
        r->s.brown_out_ns = time_ns + BROWN_OUT_NS;
}

static void reach(struct run *r, unsigned unit, const char *id, uint64_t time_ns)
{
    const struct rk_boot_request *q = r->request;
    unsigned rank = rank_of(id);

    /* A boot loader that was jumped into begins anew without a reset. */
    if (strcmp(id, "bk.boot.banner") == 0 && r->s.start_rank > 0) {
        r->s.starts++;
        r->s.start_rank = 0;
        if (r->s.starts > starts_allowed(r))
            rk_emulator_stop(r->emulator);
    }

    if (q->phase)
        q->phase(q->user, id, time_ns);
    r->s.start_rank = rank > r->s.start_rank ? rank : r->s.start_rank;
    if (rank >= r->s.rank) {
        r->s.rank = rank;
        r->s.furthest_unit = unit;
        rk_text_copy(r->s.last_phase, sizeof r->s.last_phase, id);
    }
    if (rk_boot_supply_at_phase(q->supply_phase, id))
        weaken(r, time_ns);
    if (q->until && strncmp(q->until, "phase:", 6) == 0 && strcmp(q->until + 6, id) == 0)
        r->reached = true;
    r->s.up |= rank >= RANK_UP;
}

static void take_line(struct run *r, unsigned unit, uint64_t time_ns)
{
    const char *until = r->request->until;
    char *text = r->s.lines[unit].text;
    size_t len = r->s.lines[unit].len;

    text[len] = '\0';
    r->s.lines_after_radio += r->s.start_rank >= RANK_RADIO;
    const char *id = rk_boot_phase(text, len);
    if (id)
        reach(r, unit, id, time_ns);
    else if (len > 3 && r->s.start_rank == 3)
        reach(r, unit, "bk.app.text", time_ns); /* behind the jump all is the application's */
    if (until && strncmp(until, "phase:", 6) != 0 && strstr(text, until))
        r->reached = true;
    r->s.lines[unit].len = 0;
    bool enough = !r->request->stay && !r->request->supply_phase && !until;
    if (r->reached || (r->s.up && !r->begin_up && enough))
        rk_emulator_stop(r->emulator);
}

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct run *r = user;
    size_t *len = &r->s.lines[unit & 1].len;

    r->s.log_bytes++;
    r->s.log_lost |= !rk_boot_log_add(&r->s.log, unit & 1, byte);
    if (byte == '\n' || *len == RK_BOOT_LINE_MAX - 1)
        take_line(r, unit & 1, time_ns); /* first the phase, then the end of its line */
    else if (byte >= 0x20 && byte < 0x7F)
        r->s.lines[unit & 1].text[(*len)++] = (char)byte;
    if (r->request->byte)
        r->request->byte(r->request->user, unit, byte, time_ns);
}

static void on_trace(void *user, const struct rk_emulate_trace *what)
{
    struct run *r = user;
    bool call = what->kind == RK_EMULATE_CALLS;

    r->request->trace(r->request->user, what, call ? rk_boot_trace_near(r->trace, what->addr) : "");
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    struct run *r = user;
    if (r->request->held)
        return;
    r->s.starts++;
    r->s.start_rank = 0;
    r->s.lines_after_radio = 0;
    r->s.brown_out_ns = UINT64_MAX;
    for (unsigned i = 0; i < 2; i++)
        r->s.lines[i].len = 0;
    if (r->request->reset)
        r->request->reset(r->request->user, cause, time_ns);
    if (r->emulator && r->s.starts > starts_allowed(r))
        rk_emulator_stop(r->emulator);
}

/* ---- what the bytes say ---- */

static void add_finding(struct rk_boot_result *out, const char *id, enum rk_verdict verdict,
                        const char *text)
{
    if (out->finding_count == RK_BOOT_FINDINGS)
        return;
    struct rk_boot_finding *f = &out->findings[out->finding_count++];
    rk_text_copy(f->id, sizeof f->id, id);
    rk_text_copy(f->text, sizeof f->text, text);
    f->verdict = verdict;
}

/* What keeps it from starting at all, before anything that is wrong with the bytes. */
static void add_first(struct rk_boot_result *out, const char *id, const char *text)
{
    size_t behind =
        out->finding_count < RK_BOOT_FINDINGS ? out->finding_count : RK_BOOT_FINDINGS - 1;
    memmove(out->findings + 1, out->findings, behind * sizeof out->findings[0]);
    out->finding_count = 0;
    add_finding(out, id, RK_VERDICT_BAD, text);
    out->finding_count = behind + 1;
}

static void find_faults(const struct rk_boot_request *q, const uint8_t *flash, size_t len,
                        struct rk_boot_result *out)
{
    struct rk_inspect_options opt = {.size = sizeof opt, .chip = out->chip, .without_digest = true};
    struct rk_inspect *report = NULL;
    char text[192];

    if (q->have_key) {
        opt.have_key = true;
        opt.key_class = rk_key_classify(q->key);
    }
    if (rk_inspect(flash, len, &opt, &report, NULL) != RK_OK)
        return;
    const struct rk_inspect_boot *boot = rk_inspect_boot_for(report, out->chip);
    for (size_t i = 0; boot && i < boot->test_count; i++) {
        const struct rk_inspect_test *t = &boot->tests[i];
        if (t->verdict != RK_VERDICT_BAD && t->verdict != RK_VERDICT_WARN)
            continue;
        rk_text_format(text, sizeof text, "%s: %s", t->name, t->text);
        add_finding(out, t->id, t->verdict, text);
    }
    if (!boot)
        add_finding(out, "layout", RK_VERDICT_BAD,
                    "there is neither a boot loader nor an application");
    rk_inspect_free(report);
}

/* ---- the run ---- */

static void conclude(struct run *r, enum rk_emulate_stop stop)
{
    const struct rk_boot_code code = rk_boot_code_of(r->emulator);
    struct rk_boot_result *out = r->out;
    const char *id = NULL;

    rk_emulator_state(r->emulator, &out->state);
    rk_text_copy(out->last_phase, sizeof out->last_phase, r->s.last_phase);
    out->log_bytes = r->s.log_bytes;
    bool faulty = stop == RK_EMULATE_CRASHED || out->state.faulty;
    /* Firmware that is not known has no better mark than that it goes on behind the radio's, or, of a
     * BL602, that its operating system has been running for a while. */
    bool quiet = out->state.ticks && r->s.start_rank >= RANK_APP &&
                 out->state.time_ns - out->state.start_ns >= QUIET_NS;
    bool goes_on =
        (quiet || (r->s.start_rank >= RANK_RADIO && r->s.lines_after_radio > 0)) && !faulty;
    bool up = (r->s.up || goes_on) && r->s.starts <= starts_allowed(r);
    bool abnormal = rk_boot_log_judge(&r->s.log, r->s.furthest_unit, up || r->reached, out);
    out->starts = r->s.starts;
    if (r->reached) {
        out->outcome = RK_BOOT_REACHED;
    } else if (r->s.starts > starts_allowed(r)) {
        out->outcome = RK_BOOT_RESTARTS;
    } else if (up && !abnormal) {
        out->outcome = RK_BOOT_RUNS;
    } else if (faulty) {
        out->outcome = RK_BOOT_CRASHES;
        bool known = (stop == RK_EMULATE_CRASHED || code.riscv) && out->state.fault_pc;
        out->crash_pc = known ? out->state.fault_pc : out->state.pc;
        rk_boot_find_text(&out->state, out->crash_pc, &code, out->crash_near,
                          sizeof out->crash_near);
    } else {
        out->outcome = out->log_bytes ? RK_BOOT_STOPS : RK_BOOT_SILENT;
    }
    const char *why = rk_boot_silence(r->request, &out->state, &id);
    if (out->outcome == RK_BOOT_SILENT && why)
        add_first(out, id, why);
    if (r->request->supply_phase && !r->s.collapsed)
        add_finding(out, "supply.unmet", RK_VERDICT_WARN,
                    "the supply did not collapse: that stage of the start was not reached");
}

static void summarize(struct rk_boot_result *out)
{
    static const char *const words[] = {"boots",   "got to what was asked for", "stops",
                                        "crashes", "keeps restarting",          "says nothing"};
    const struct rk_boot_finding *worst = NULL;

    for (size_t i = 0; i < out->finding_count; i++)
        if (!worst ||
            (out->findings[i].verdict == RK_VERDICT_BAD && worst->verdict != RK_VERDICT_BAD))
            worst = &out->findings[i];
    rk_text_format(out->summary, sizeof out->summary, "%s %s", out->chip, words[out->outcome]);
    if (out->outcome == RK_BOOT_CRASHES)
        rk_text_append(out->summary, sizeof out->summary, " at 0x%08x", (unsigned)out->crash_pc);
    if (out->last_phase[0] && out->outcome != RK_BOOT_REACHED)
        rk_text_append(out->summary, sizeof out->summary, ", last phase %s", out->last_phase);
    if (worst && out->outcome != RK_BOOT_REACHED)
        rk_text_append(out->summary, sizeof out->summary, "; %s", worst->text);
}

static enum rk_status take_snapshot(struct run *r, struct rk_error *err)
{
    struct rk_archive note;
    enum rk_status st;

    rk_archive_save(&note);
    rk_boot_state_archive(&r->s, &note);
    if (rk_archive_end(&note))
        st = rk_emulator_save(r->emulator, note.out, note.len, &r->out->snapshot,
                              &r->out->snapshot_len, err);
    else
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_archive_drop(&note);
    return st;
}

/* It stays in the handler of an exception for good, and has told what it had to. */
static bool is_stuck(struct run *r, const struct rk_emulate_state *state)
{
    if (!state->stuck || r->s.log_bytes != r->s.stuck_bytes) {
        r->s.stuck_ns = state->time_ns;
        r->s.stuck_bytes = r->s.log_bytes;
    }
    return state->time_ns - r->s.stuck_ns >= STUCK_NS;
}

static enum rk_status run_slices(struct run *r, enum rk_emulate_stop *stop, struct rk_error *err)
{
    const struct rk_boot_request *q = r->request;
    struct rk_emulate_state state = r->begin;
    bool slow = strcmp(r->out->chip, "BL602") == 0;
    uint64_t usual = slow ? 2 * DEFAULT_NS : DEFAULT_NS;
    uint64_t end = state.time_ns + (q->time_ns ? q->time_ns : usual);

    while (state.time_ns < end && !q->held) {
        uint64_t slice = (state.time_ns / SLICE_NS + 1) * SLICE_NS;
        uint64_t until = slice < end ? slice : end;
        *stop = rk_emulator_run(r->emulator, until < r->s.brown_out_ns ? until : r->s.brown_out_ns);
        if (q->cancelled && q->cancelled(q->user))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        if (*stop != RK_EMULATE_TIME)
            break;
        rk_emulator_state(r->emulator, &state);
        if (rk_boot_supply_at_state(q->supply_phase, &state))
            weaken(r, state.time_ns);
        if (state.time_ns >= r->s.brown_out_ns) {
            r->s.collapsed = true;
            rk_emulator_reset(r->emulator, RK_EMULATE_POWER_ON);
            if (r->s.starts > starts_allowed(r))
                break;
        }
        if (is_stuck(r, &state))
            break;
    }
    enum rk_status st = q->take_snapshot ? take_snapshot(r, err) : RK_OK;
    /* a last line without its end counts, too */
    for (unsigned i = 0; i < 2; i++)
        if (r->s.lines[i].len)
            take_line(r, i, 0);
    return st;
}

static void fill_options(struct run *r, struct rk_emulate_options *opt)
{
    const struct rk_boot_request *q = r->request;

    *opt = (struct rk_emulate_options){
        .size = sizeof *opt,
        .chip = r->out->chip,
        .have_key = q->have_key,
        .key = {q->key[0], q->key[1], q->key[2], q->key[3]},
        .efuse = q->efuse,
        .efuse_len = q->efuse_len,
        .rom = q->rom,
        .rom_len = q->rom_len,
        .pins_high = q->pins_high,
        .pins_low = q->pins_low,
        .instruction_limit = q->instruction_limit ? q->instruction_limit : DEFAULT_LIMIT,
        .watch = q->trace ? q->watch : 0,
        .events = {.user = r, .uart = on_uart, .reset = on_reset, .trace = on_trace},
    };
}

static enum rk_status execute(struct run *r, struct rk_error *err)
{
    enum rk_emulate_stop stop = RK_EMULATE_TIME;

    if (r->request->trace && r->request->watch & RK_EMULATE_CALLS) {
        r->trace = rk_boot_trace_new(r->emulator);
        if (!r->trace)
            return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    enum rk_status st = run_slices(r, &stop, err);
    if (st == RK_OK) {
        conclude(r, stop);
        const uint8_t *after = rk_emulator_flash(r->emulator, &r->out->flash_len);
        r->out->flash = malloc(r->out->flash_len);
        if (r->out->flash)
            memcpy(r->out->flash, after, r->out->flash_len);
        else
            st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    if (st == RK_OK && r->s.log_lost)
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_boot_trace_free(r->trace);
    return st;
}

static enum rk_status start_anew(struct run *r, struct rk_boot_flash *flash, struct rk_error *err)
{
    struct rk_emulate_options opt;
    enum rk_status st = rk_boot_lay_out(r->request, flash, err);

    if (st != RK_OK)
        return st;
    rk_text_copy(r->out->chip, sizeof r->out->chip, flash->chip);
    fill_options(r, &opt);
    opt.flash = flash->bytes;
    opt.flash_len = flash->len;
    opt.flash_size = (uint32_t)flash->len;
    return rk_emulator_new(&opt, &r->emulator, err);
}

static enum rk_status go_on(struct run *r, struct rk_boot_flash *flash, struct rk_error *err)
{
    const struct rk_boot_request *q = r->request;
    struct rk_emulate_options opt;
    struct rk_archive note;
    const uint8_t *bytes;
    size_t len;

    fill_options(r, &opt);
    enum rk_status st =
        rk_emulator_resume(q->snapshot, q->snapshot_len, &opt, &r->emulator, &bytes, &len, err);
    if (st != RK_OK)
        return st;
    rk_archive_load(&note, bytes, len);
    rk_boot_state_archive(&r->s, &note);
    if (!rk_archive_end(&note))
        return rk_fail(err, RK_ERR_IMAGE_FORMAT, "snapshot.format",
                       "this snapshot was not taken by a start of firmware");
    r->begin_starts = r->s.starts;
    r->begin_up = r->s.up;
    rk_emulator_state(r->emulator, &r->begin);
    rk_text_copy(r->out->chip, sizeof r->out->chip, rk_emulator_chip_of(r->emulator));
    const uint8_t *now = rk_emulator_flash(r->emulator, &flash->len);
    flash->bytes = malloc(flash->len);
    if (!flash->bytes)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memcpy(flash->bytes, now, flash->len);
    return RK_OK;
}

enum rk_status rk_boot_run(const struct rk_boot_request *request, struct rk_boot_result *out,
                           struct rk_error *err)
{
    struct run r = {.request = request, .out = out, .s = {.brown_out_ns = UINT64_MAX}};
    struct rk_boot_flash flash = {.bytes = NULL};

    memset(out, 0, sizeof *out);
    enum rk_status st = rk_boot_supply_check(request->supply_phase, err);
    if (st == RK_OK)
        st = request->snapshot ? go_on(&r, &flash, err) : start_anew(&r, &flash, err);
    if (st == RK_OK) {
        find_faults(request, flash.bytes, flash.len, out);
        st = execute(&r, err);
    }
    if (st == RK_OK)
        summarize(out);
    rk_boot_log_free(&r.s.log);
    rk_emulator_free(r.emulator);
    free(flash.bytes);
    return st;
}

void rk_boot_result_free(struct rk_boot_result *result)
{
    free(result->flash);
    free(result->snapshot);
    result->flash = result->snapshot = NULL;
}
