#include <rekindle/boot.h>

#include "base/text.h"
#include "image/beken/key.h"
#include "job/boot_log.h"
#include "job/boot_mark.h"
#include "job/boot_text.h"

#include <stdlib.h>
#include <string.h>

#define MS             1000000ull
#define DEFAULT_NS     (5000 * MS)
#define DEFAULT_LIMIT  2000000000ull
#define DEFAULT_STARTS 3u
#define SLICE_NS       (5 * MS) /* between looks at the caller */
#define BROWN_OUT_NS   (9 * MS) /* what the log shows of a phase before the supply is gone */
#define LINE_MAX_      512u
#define SHIFT          0x11000u /* where captures begin that left out the boot loader */

const char *rk_boot_outcome_name(enum rk_boot_outcome outcome)
{
    static const char *const names[] = {"runs",    "reached",  "stops",
                                        "crashes", "restarts", "silent"};
    return names[outcome];
}

struct line {
    char text[LINE_MAX_];
    size_t len;
};

struct run {
    const struct rk_boot_request *request;
    struct rk_boot_result *out;
    struct rk_emulator *emulator;
    struct line lines[2];
    struct rk_boot_log log;
    uint32_t lines_after_radio; /* of this start, behind the end of the radio's */
    unsigned furthest_unit;     /* UART that reached it */
    bool log_lost;              /* no memory for it */
    unsigned rank;              /* of last_phase */
    unsigned start_rank;        /* furthest phase of this start */
    bool up, reached;
    uint64_t brown_out_ns; /* when the supply will be gone */
    uint32_t starts;
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
    return r->request->restarts ? r->request->restarts : DEFAULT_STARTS;
}

static void reach(struct run *r, unsigned unit, const char *id, uint64_t time_ns)
{
    const struct rk_boot_request *q = r->request;
    unsigned rank = rank_of(id);

    /* A boot loader that was jumped into begins anew without a reset. */
    if (rank == 1 && r->start_rank > 0) {
        r->starts++;
        r->start_rank = 0;
        if (r->starts > starts_allowed(r))
            rk_emulator_stop(r->emulator);
    }

    if (q->phase)
        q->phase(q->user, id, time_ns);
    r->start_rank = rank > r->start_rank ? rank : r->start_rank;
    if (rank >= r->rank) {
        r->rank = rank;
        r->furthest_unit = unit;
        rk_text_copy(r->out->last_phase, sizeof r->out->last_phase, id);
    }
    if (q->supply_phase && strncmp(id, q->supply_phase, strlen(q->supply_phase)) == 0 &&
        r->brown_out_ns == UINT64_MAX)
        r->brown_out_ns = time_ns + BROWN_OUT_NS;
    if (q->until && strncmp(q->until, "phase:", 6) == 0 && strcmp(q->until + 6, id) == 0)
        r->reached = true;
    r->up |= rank >= RANK_UP;
}

static void take_line(struct run *r, unsigned unit, uint64_t time_ns)
{
    struct line *line = &r->lines[unit];
    const char *until = r->request->until;

    line->text[line->len] = '\0';
    r->lines_after_radio += r->start_rank >= RANK_RADIO;
    const char *id = rk_boot_phase(line->text, line->len);
    if (id)
        reach(r, unit, id, time_ns);
    else if (line->len > 3 && r->start_rank == 3)
        reach(r, unit, "bk.app.text", time_ns); /* behind the jump all is the application's */
    if (until && strncmp(until, "phase:", 6) != 0 && strstr(line->text, until))
        r->reached = true;
    line->len = 0;
    if (r->reached || (r->up && !r->request->stay && !until))
        rk_emulator_stop(r->emulator);
}

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct run *r = user;
    struct line *line = &r->lines[unit & 1];

    r->out->log_bytes++;
    r->log_lost |= !rk_boot_log_add(&r->log, unit & 1, byte);
    if (byte == '\n' || line->len == LINE_MAX_ - 1)
        take_line(r, unit & 1, time_ns); /* first the phase, then the end of its line */
    else if (byte >= 0x20 && byte < 0x7F)
        line->text[line->len++] = (char)byte;
    if (r->request->byte)
        r->request->byte(r->request->user, unit, byte, time_ns);
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    struct run *r = user;
    r->starts++;
    r->start_rank = 0;
    r->lines_after_radio = 0;
    r->brown_out_ns = UINT64_MAX;
    for (unsigned i = 0; i < 2; i++)
        r->lines[i].len = 0;
    if (r->request->reset)
        r->request->reset(r->request->user, cause, time_ns);
    if (r->emulator && r->starts > starts_allowed(r))
        rk_emulator_stop(r->emulator);
}

/* ---- the flash ---- */

static enum rk_status no_image(const struct rk_image_facts *facts, struct rk_error *err)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "boot.image", "there is nothing to execute in this file");
    rk_error_detail(err, "%s", facts->summary);
    rk_error_hint(err, "give a backup of the whole flash, or an image (QIO, UA)");
    return RK_ERR_IMAGE_FORMAT;
}

static size_t flash_size_for(size_t len)
{
    size_t size = 2u << 20;

    while (size < len)
        size *= 2;
    return size;
}

/* The image where it belongs in a flash; *flash is allocated. */
static enum rk_status lay_out(const struct rk_boot_request *q, const struct rk_image_facts *facts,
                              const char *chip, uint8_t **flash, size_t *len, struct rk_error *err)
{
    struct rk_segment segments[16];
    size_t count = 0, size = flash_size_for(q->image_len);
    bool shifted = facts->kind == RK_IMAGE_DUMP_SHIFTED;

    if (!shifted && rk_image_place(facts, q->image, q->image_len, chip, (uint32_t)size, segments,
                                   16, &count, NULL) != RK_OK)
        return no_image(facts, err);
    uint8_t *out = malloc(size);
    if (!out)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(out, 0xFF, size);
    for (size_t i = 0; shifted && i < q->image_len; i++)
        out[(SHIFT + i) % size] = q->image[i];
    for (size_t i = 0; i < count; i++)
        if (segments[i].addr <= size && segments[i].len <= size - segments[i].addr)
            memcpy(out + segments[i].addr, segments[i].data, segments[i].len);
    *flash = out;
    *len = size;
    return RK_OK;
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

static void find_faults(const struct rk_boot_request *q, const uint8_t *flash, size_t len,
                        struct rk_boot_result *out)
{
    struct rk_inspect_options opt = {.size = sizeof opt, .chip = out->chip};
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

static void conclude(struct run *r, enum rk_emulate_stop stop, const uint8_t *flash, size_t len)
{
    struct rk_boot_result *out = r->out;

    rk_emulator_state(r->emulator, &out->state);
    bool faulty = stop == RK_EMULATE_CRASHED || out->state.faulty;
    /* Firmware that is not known has no better mark than that it goes on behind the radio's. */
    bool goes_on = r->start_rank >= RANK_RADIO && r->lines_after_radio > 0 && !faulty;
    bool up = (r->up || goes_on) && r->starts <= starts_allowed(r);
    bool abnormal = rk_boot_log_judge(&r->log, r->furthest_unit, up || r->reached, out);
    out->starts = r->starts;
    if (r->reached) {
        out->outcome = RK_BOOT_REACHED;
    } else if (r->starts > starts_allowed(r)) {
        out->outcome = RK_BOOT_RESTARTS;
    } else if (up && !abnormal) {
        out->outcome = RK_BOOT_RUNS;
    } else if (faulty) {
        out->outcome = RK_BOOT_CRASHES;
        out->crash_pc =
            stop == RK_EMULATE_CRASHED && out->state.fault_pc ? out->state.fault_pc : out->state.pc;
        rk_boot_find_text(&out->state, out->crash_pc, flash, len, out->crash_near,
                          sizeof out->crash_near);
    } else {
        out->outcome = out->log_bytes ? RK_BOOT_STOPS : RK_BOOT_SILENT;
    }
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

static enum rk_status run_slices(struct run *r, enum rk_emulate_stop *stop, struct rk_error *err)
{
    const struct rk_boot_request *q = r->request;
    uint64_t end = q->time_ns ? q->time_ns : DEFAULT_NS;
    struct rk_emulate_state state;

    for (uint64_t now = 0; now < end; now = state.time_ns) {
        uint64_t until = now + SLICE_NS < end ? now + SLICE_NS : end;
        *stop = rk_emulator_run(r->emulator, until < r->brown_out_ns ? until : r->brown_out_ns);
        if (q->cancelled && q->cancelled(q->user))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        if (*stop != RK_EMULATE_TIME)
            break;
        rk_emulator_state(r->emulator, &state);
        if (state.time_ns >= r->brown_out_ns) {
            rk_emulator_reset(r->emulator, RK_EMULATE_POWER_ON);
            if (r->starts > starts_allowed(r))
                break;
        }
    }
    /* a last line without its end counts, too */
    for (unsigned i = 0; i < 2; i++)
        if (r->lines[i].len)
            take_line(r, i, 0);
    return RK_OK;
}

static enum rk_status execute(struct run *r, const uint8_t *flash, size_t len, struct rk_error *err)
{
    const struct rk_boot_request *q = r->request;
    const struct rk_emulate_options opt = {
        .size = sizeof opt,
        .chip = r->out->chip,
        .flash = flash,
        .flash_len = len,
        .flash_size = (uint32_t)len,
        .have_key = q->have_key,
        .key = {q->key[0], q->key[1], q->key[2], q->key[3]},
        .efuse = q->efuse,
        .efuse_len = q->efuse_len,
        .rom = q->rom,
        .rom_len = q->rom_len,
        .pins_high = q->pins_high,
        .pins_low = q->pins_low,
        .instruction_limit = q->instruction_limit ? q->instruction_limit : DEFAULT_LIMIT,
        .events = {.user = r, .uart = on_uart, .reset = on_reset},
    };
    enum rk_emulate_stop stop = RK_EMULATE_TIME;
    enum rk_status st = rk_emulator_new(&opt, &r->emulator, err);

    if (st == RK_OK)
        st = run_slices(r, &stop, err);
    if (st == RK_OK) {
        conclude(r, stop, flash, len);
        const uint8_t *after = rk_emulator_flash(r->emulator, &r->out->flash_len);
        r->out->flash = malloc(r->out->flash_len);
        if (r->out->flash)
            memcpy(r->out->flash, after, r->out->flash_len);
        else
            st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    if (st == RK_OK && r->log_lost)
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_boot_log_free(&r->log);
    rk_emulator_free(r->emulator);
    return st;
}

static bool is_emulated(const char *chip)
{
    for (size_t i = 0; rk_emulator_chip(i); i++)
        if (rk_text_same(rk_emulator_chip(i), chip))
            return true;
    return false;
}

enum rk_status rk_boot_run(const struct rk_boot_request *request, struct rk_boot_result *out,
                           struct rk_error *err)
{
    struct run r = {.request = request, .out = out, .brown_out_ns = UINT64_MAX};
    struct rk_image_facts facts;
    uint8_t *flash = NULL;
    size_t len = 0;

    memset(out, 0, sizeof *out);
    if (request->chip && !is_emulated(request->chip)) {
        const struct rk_emulate_options none = {.size = sizeof none, .chip = request->chip};
        return rk_emulator_new(&none, &r.emulator, err);
    }
    rk_image_identify(request->image, request->image_len, request->name, &facts);
    const char *chip = request->chip ? request->chip : facts.chip;
    if (!chip[0]) {
        no_image(&facts, err);
        rk_error_hint(err, "if it is one all the same, name the chip with --chip");
        return RK_ERR_IMAGE_FORMAT;
    }
    rk_text_copy(out->chip, sizeof out->chip, chip);
    enum rk_status st = lay_out(request, &facts, chip, &flash, &len, err);
    if (st == RK_OK) {
        find_faults(request, flash, len, out);
        st = execute(&r, flash, len, err);
    }
    if (st == RK_OK)
        summarize(out);
    free(flash);
    return st;
}

void rk_boot_result_free(struct rk_boot_result *result)
{
    free(result->flash);
    result->flash = NULL;
}
