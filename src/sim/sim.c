/* The machine that all families share: time, lines, receive ring, power. */
#include "sim/machine.h"

#include "base/text.h"
#include "sim/catalogue.h"
#include "sim/faults.h"

#include <stdlib.h>
#include <string.h>

/* Adapters hand bytes over in slices; a low-latency one every millisecond. */
#define SLICE_NS (1000u * 1000u)

/* Between a command and its answer, if the caller does not say. The loaders notice a command when
 * the line has been idle for 32 bits, 0.28 ms at 115,200 bit/s. */
#define TURNAROUND_US 300

static const struct rk_sim_family *const families[] = {&rk_sim_beken, &rk_sim_bouffalo};

bool rk_sim_scenario_at(size_t index, struct rk_sim_scenario *out)
{
    if (index >= rk_scenario_count)
        return false;
    const struct rk_scenario *row = &rk_scenarios[index];
    *out = (struct rk_sim_scenario){row->id, row->models, row->shows};
    return true;
}

const struct rk_sim_model *rk_sim_models(size_t *count)
{
    *count = RK_SIM_MODELS;
    return rk_sim_catalogue;
}

static bool model_in(const struct rk_sim_family *family, const char *name, size_t *index)
{
    for (size_t m = 0; m < family->model_count; m++)
        if (rk_text_same(name, family->models[m].name)) {
            *index = m;
            return true;
        }
    return false;
}

/* `only` is the family to look in, NULL = all. */
static enum rk_status find_model(const char *name, const struct rk_sim_family *only,
                                 const struct rk_sim_family **family, size_t *index,
                                 struct rk_error *err)
{
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        if (model_in(only ? only : families[f], name, index)) {
            *family = only ? only : families[f];
            return RK_OK;
        }
    rk_fail(err, RK_ERR_ARG, "sim.model", "there is no virtual module \"%s\"", name);
    size_t count;
    const struct rk_sim_model *models = rk_sim_models(&count);
    const char *near = rk_text_nearest(name, &models->name, count, sizeof *models);
    if (near)
        rk_error_hint(err, "did you mean \"%s\"? `rekindle sim` lists them all", near);
    else
        rk_error_hint(err, "`rekindle sim` lists the models");
    return RK_ERR_ARG;
}

static enum rk_status choose_scenario(struct rk_sim *sim, const struct rk_sim_options *opt,
                                      struct rk_error *err)
{
    if (!opt->scenario)
        return RK_OK;
    const struct rk_scenario *scenario = rk_scenario_find(opt->scenario);
    if (!scenario) {
        rk_fail(err, RK_ERR_ARG, "sim.scenario", "there is no scenario \"%s\"", opt->scenario);
        const char *near = rk_text_nearest(opt->scenario, &rk_scenarios[0].id, rk_scenario_count,
                                           sizeof rk_scenarios[0]);
        rk_error_hint(err,
                      near ? "did you mean \"%s\"? `rekindle sim --scenario help` lists them"
                           : "`rekindle sim --scenario help` lists them all",
                      near ? near : "");
        return RK_ERR_ARG;
    }
    if (!rk_scenario_fits(scenario, opt->model)) {
        rk_fail(err, RK_ERR_ARG, "sim.scenario", "%s cannot be shown on %s", opt->scenario,
                opt->model);
        rk_error_hint(err, "it can on: %s", scenario->models);
        return RK_ERR_ARG;
    }
    sim->script.scenario = scenario;
    sim->script.rng.state = opt->faults.seed ^ 0x7363656E6172696Fu;
    return RK_OK;
}

static void init_lines(struct rk_sim *sim)
{
    sim->rx.limit = 64u << 20;
    sim->tx[RK_SIM_UART1].limit = 64u << 20;
    sim->tx[RK_SIM_UART2].limit = 64u << 10; /* a log that nobody listens to */
}

/* What is kept: everything but what belongs to the caller. */
static void keep_options(struct rk_sim *sim, const struct rk_sim_options *opt)
{
    sim->options = *opt;
    sim->options.model = sim->options.loader = sim->options.scenario = NULL;
    sim->options.flash = sim->options.rom = NULL;
    if (!sim->options.turnaround_us)
        sim->options.turnaround_us = TURNAROUND_US;
    if (opt->ideal)
        sim->options.turnaround_us = 0;
}

static enum rk_status find_emulated(const char *name, const struct rk_sim_family **family,
                                    size_t *model, struct rk_error *err)
{
    const struct rk_sim_family *executed = rk_emulated_modules(name);

    if (!executed)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "emulate.off",
                       "this rekindle was built without its emulator");
    return find_model(name, executed, family, model, err);
}

enum rk_status rk_sim_new(const struct rk_sim_options *opt, struct rk_sim **out,
                          struct rk_error *err)
{
    const struct rk_sim_family *family;
    struct rk_sim_options full = {0};
    size_t model;
    enum rk_status st;

    if (!opt || !opt->model)
        return rk_fail(err, RK_ERR_ARG, "sim.model", "no model was named");
    /* a caller built with an older header has a shorter structure */
    memcpy(&full, opt, opt->size && opt->size < sizeof full ? opt->size : sizeof full);
    st = find_model(full.model, NULL, &family, &model, err);
    if (st == RK_OK && full.emulate)
        st = find_emulated(full.model, &family, &model, err);
    if (st != RK_OK)
        return st;
    struct rk_sim *sim = calloc(1, sizeof *sim);
    if (!sim)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    keep_options(sim, &full);
    init_lines(sim);
    sim->family = family;
    st = choose_scenario(sim, &full, err);
    if (st == RK_OK)
        st = family->create(sim, model, &full, err);
    if (st != RK_OK) {
        rk_sim_free(sim);
        return st;
    }
    rk_sim_set_faults(sim, &full.faults);
    rk_sim_restart(sim, RK_SIM_POWER);
    sim->stats.resets = 0;
    if (sim->options.wiring == RK_SIM_WIRE_LOOP || sim->options.wiring == RK_SIM_WIRE_NONE)
        sim->power = RK_SIM_OFF;
    *out = sim;
    return RK_OK;
}

void rk_sim_free(struct rk_sim *sim)
{
    if (!sim)
        return;
    sim->family->destroy(sim);
    rk_nor_free(sim->nor);
    rk_wire_free(&sim->rx);
    rk_wire_free(&sim->tx[RK_SIM_UART1]);
    rk_wire_free(&sim->tx[RK_SIM_UART2]);
    free(sim);
}

const uint8_t *rk_sim_flash(const struct rk_sim *sim, size_t *len)
{
    *len = rk_nor_size(sim->nor);
    return rk_nor_cells(sim->nor);
}

bool rk_sim_touched(const struct rk_sim *sim, uint32_t addr, uint32_t len)
{
    return rk_nor_touched(sim->nor, addr, len);
}

void rk_sim_stats(const struct rk_sim *sim, struct rk_sim_stats *out)
{
    *out = sim->stats;
    out->powered = sim->power != RK_SIM_OFF;
}

void rk_sim_set_faults(struct rk_sim *sim, const struct rk_sim_faults *faults)
{
    struct rk_nor_defects defects = {
        .dead = faults->dead_flash,
        .ignore_writes = faults->ignore_writes,
        .locked = faults->locked,
        .weak = faults->weak_sector != 0,
        .weak_sector = faults->weak_sector,
    };

    sim->faults = *faults;
    sim->rng.state = faults->seed ^ 0x72656B696E646C65u;
    sim->vanished = false;
    sim->noise_ns = faults->noise_ppm ? sim->now_ns : RK_SIM_NEVER;
    rk_nor_set_defects(sim->nor, &defects);
}

/* ---- power and reset ---- */

void rk_sim_restart(struct rk_sim *sim, enum rk_sim_cause cause)
{
    if (cause == RK_SIM_POWER || cause == RK_SIM_USER)
        rk_nor_power_loss(sim->nor, sim->now_ns);
    rk_wire_cut(&sim->tx[RK_SIM_UART1], sim->now_ns);
    rk_wire_cut(&sim->tx[RK_SIM_UART2], sim->now_ns);
    sim->ring_read = sim->ring_write = 0;
    sim->cpu_free_ns = sim->now_ns;
    sim->stall_ns = 0;
    sim->cut = sim->mute = false;
    sim->power = RK_SIM_RUNS;
    sim->stats.resets++;
    rk_script_restarted(sim, cause == RK_SIM_COMMAND    ? 0x00010001
                             : cause == RK_SIM_WATCHDOG ? 0x00010000
                                                        : 0);
    sim->family->start(sim, cause);
}

static void power_off(struct rk_sim *sim)
{
    sim->power = RK_SIM_OFF;
    sim->cut = false;
    rk_wire_cut(&sim->tx[RK_SIM_UART1], sim->now_ns);
    rk_wire_cut(&sim->tx[RK_SIM_UART2], sim->now_ns);
    sim->stats.faults++;
}

bool rk_sim_flash_done(struct rk_sim *sim, uint64_t begin_ns, uint64_t end_ns)
{
    if (!sim->cut)
        return true;
    if (sim->cut_after > 0) {
        sim->cut_after--;
        return true;
    }
    uint64_t share = 20 + rk_rng_below(&sim->rng, 960);
    rk_nor_power_loss(sim->nor, begin_ns + (end_ns - begin_ns) * share / 1000);
    power_off(sim);
    return false;
}

void rk_sim_busy(struct rk_sim *sim, uint64_t until_ns, bool stall)
{
    if (sim->options.ideal)
        return;
    if (until_ns > sim->cpu_free_ns)
        sim->cpu_free_ns = until_ns;
    if (stall && until_ns > sim->stall_ns) {
        sim->stall_ns = until_ns;
        sim->stalled = 0;
    }
}

/* ---- commands and replies ---- */

bool rk_sim_command_begin(struct rk_sim *sim)
{
    const struct rk_sim_faults *faults = &sim->faults;

    sim->stats.commands++;
    sim->mute = false;
    sim->late_ns = 0;
    sim->cut = faults->power_cut_at && sim->stats.commands == faults->power_cut_at;
    sim->cut_after = 0;
    if (faults->vanish_at && sim->stats.commands == faults->vanish_at) {
        sim->vanished = true;
        sim->stats.faults++;
        return false;
    }
    if (rk_rng_chance(&sim->rng, faults->late_ppm)) {
        sim->late_ns = (200 + rk_rng_below(&sim->rng, 1301)) * (uint64_t)RK_SIM_MS;
        sim->stats.faults++;
    }
    if (!rk_rng_chance(&sim->rng, faults->silent_ppm))
        return true;
    sim->stats.faults++;
    sim->mute = true;
    return rk_rng_below(&sim->rng, 2) == 0; /* lost on the way in, or only its reply lost */
}

void rk_sim_command_end(struct rk_sim *sim)
{
    if (sim->cut)
        power_off(sim);
    sim->mute = false;
}

void rk_sim_reply(struct rk_sim *sim, const uint8_t *bytes, size_t len)
{
    uint64_t start = sim->byte_at_ns + sim->options.turnaround_us * 1000u;

    if (sim->power != RK_SIM_RUNS || sim->mute || sim->cut)
        return;
    if (start < sim->cpu_free_ns)
        start = sim->cpu_free_ns;
    if (start < sim->now_ns)
        start = sim->now_ns;
    start += sim->late_ns;
    rk_sim_faulty_put(sim, &sim->tx[RK_SIM_UART1], start, sim->baud, bytes, len);
    sim->stats.bytes_out += len;
    rk_sim_busy(sim, sim->tx[RK_SIM_UART1].free_ns, false);
}

void rk_sim_print(struct rk_sim *sim, enum rk_sim_uart uart, uint64_t at_ns, const char *text)
{
    rk_wire_put(&sim->tx[uart], at_ns, 115044, !sim->options.ideal, (const uint8_t *)text,
                strlen(text));
}

/* ---- time ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t cpu_event_ns(const struct rk_sim *sim)
{
    if (sim->power != RK_SIM_RUNS || sim->ring_read == sim->ring_write)
        return RK_SIM_NEVER;
    return sim->cpu_free_ns > sim->now_ns ? sim->cpu_free_ns : sim->now_ns;
}

static uint64_t timer_event_ns(const struct rk_sim *sim)
{
    return sim->power == RK_SIM_RUNS ? sim->family->timer_ns(sim) : RK_SIM_NEVER;
}

/* Of a scenario: also while the power is off for a moment, but not in a module that is held. */
static uint64_t script_event_ns(const struct rk_sim *sim)
{
    return sim->power == RK_SIM_OFF ? RK_SIM_NEVER : sim->script.next_ns;
}

/* The next thing the machine does by itself, other than sending. */
static uint64_t internal_event_ns(const struct rk_sim *sim)
{
    uint64_t next = earlier(rk_wire_next_ns(&sim->rx), cpu_event_ns(sim));

    next = earlier(next, script_event_ns(sim));
    return earlier(next, earlier(timer_event_ns(sim), sim->noise_ns));
}

uint64_t rk_sim_next_us(const struct rk_sim *sim)
{
    uint64_t next = internal_event_ns(sim);

    next = earlier(next, rk_wire_next_ns(&sim->tx[RK_SIM_UART1]));
    next = earlier(next, rk_wire_next_ns(&sim->tx[RK_SIM_UART2]));
    return next == RK_SIM_NEVER ? UINT64_MAX : (next + 999) / 1000;
}

static uint64_t slice_end_ns(const struct rk_wire *wire, size_t cap)
{
    uint64_t first = rk_wire_next_ns(wire);

    if (first == RK_SIM_NEVER || cap == 0)
        return first;
    return earlier(first + SLICE_NS, rk_wire_ahead_ns(wire, cap - 1));
}

uint64_t rk_sim_next_look_ns(const struct rk_sim *sim, size_t cap, bool uart2)
{
    uint64_t next = earlier(internal_event_ns(sim), slice_end_ns(&sim->tx[RK_SIM_UART1], cap));

    return uart2 ? earlier(next, slice_end_ns(&sim->tx[RK_SIM_UART2], SIZE_MAX / 2)) : next;
}

/* A byte is complete at the module's receiver. */
static void arrive(struct rk_sim *sim, uint8_t byte)
{
    sim->stats.bytes_in++;
    if (sim->power != RK_SIM_RUNS)
        return;
    if (sim->now_ns < sim->stall_ns && ++sim->stalled > RK_SIM_FIFO)
        return;
    unsigned at = sim->ring_write % RK_SIM_RING;
    sim->ring[at] = byte;
    sim->ring_at[at] = sim->now_ns;
    sim->ring_write = (sim->ring_write + 1) % RK_SIM_RING; /* nothing guards against overrun */
}

static void take_from_line(struct rk_sim *sim)
{
    uint8_t byte;
    uint32_t baud;

    if (rk_wire_take(&sim->rx, sim->now_ns, &byte, 1, &baud) == 0)
        return;
    if (sim->power == RK_SIM_RUNS && sim->family->measure)
        sim->family->measure(sim, byte, baud);
    if (!rk_sim_rates_differ(baud, sim->baud)) {
        arrive(sim, byte);
        return;
    }
    if (sim->power == RK_SIM_RUNS)
        sim->family->missed(sim, byte);
    uint8_t garbage[4];
    size_t n = rk_sim_garble(sim, &byte, 1, baud, sim->baud, garbage, sizeof garbage);
    for (size_t i = 0; i < n; i++)
        arrive(sim, garbage[i]);
}

static void take_from_ring(struct rk_sim *sim)
{
    unsigned at = sim->ring_read;

    sim->ring_read = (at + 1) % RK_SIM_RING;
    sim->byte_at_ns = sim->ring_at[at];
    sim->family->byte(sim, sim->ring[at]);
}

static void advance(struct rk_sim *sim, uint64_t to_ns)
{
    for (;;) {
        uint64_t next = internal_event_ns(sim);
        if (next > to_ns)
            break;
        if (next > sim->now_ns)
            sim->now_ns = next;
        if (next == cpu_event_ns(sim))
            take_from_ring(sim);
        else if (next == rk_wire_next_ns(&sim->rx))
            take_from_line(sim);
        else if (next == timer_event_ns(sim))
            sim->family->timer(sim);
        else if (next == script_event_ns(sim))
            rk_script_step(sim);
        else
            rk_sim_noise(sim);
    }
    if (to_ns > sim->now_ns)
        sim->now_ns = to_ns;
}

/* ---- lines ---- */

void rk_sim_receive(struct rk_sim *sim, uint64_t time_us, const uint8_t *buf, size_t len,
                    uint32_t baud)
{
    uint32_t rate = baud ? baud : sim->baud;
    bool paced = !sim->options.ideal;
    uint64_t character = paced ? 10000000000u / rate : 0;
    uint64_t first = time_us * 1000;
    struct rk_wire *wire = &sim->rx;

    switch (sim->options.wiring) {
    case RK_SIM_WIRED:
    case RK_SIM_WIRE_TX:
    case RK_SIM_WIRE_LOW:
        break;
    case RK_SIM_WIRE_SHORT:
    case RK_SIM_WIRE_LOOP: /* back to the host */
        advance(sim, time_us * 1000);
        wire = &sim->tx[RK_SIM_UART1];
        break;
    case RK_SIM_WIRE_RX:
    case RK_SIM_WIRE_CROSS:
    case RK_SIM_WIRE_UART2:
    case RK_SIM_WIRE_NONE:
        return;
    }
    rk_sim_faulty_put(sim, wire, first > character ? first - character : 0, rate, buf, len);
}

/* Does what the module sends on UART1 never arrive? */
static bool deaf_host(const struct rk_sim *sim)
{
    enum rk_sim_wiring wiring = sim->options.wiring;

    return wiring == RK_SIM_WIRE_TX || wiring == RK_SIM_WIRE_CROSS || wiring == RK_SIM_WIRE_LOW ||
           wiring == RK_SIM_WIRE_NONE;
}

size_t rk_sim_transmit(struct rk_sim *sim, enum rk_sim_uart uart, uint64_t time_us, uint8_t *buf,
                       size_t cap, uint32_t baud)
{
    size_t used = 0, n;
    uint32_t rate;

    advance(sim, time_us * 1000);
    if (uart == RK_SIM_UART1 && sim->options.wiring == RK_SIM_WIRE_LOW && !sim->broken && cap) {
        sim->broken = true; /* receivers tell of a break once, however long it is */
        buf[0] = 0;
        return 1;
    }
    if (uart == RK_SIM_UART1 && deaf_host(sim)) {
        while (rk_wire_take(&sim->tx[uart], time_us * 1000, buf, cap, &rate) > 0)
            ;
        return 0;
    }
    if (uart == RK_SIM_UART1 && sim->options.wiring == RK_SIM_WIRE_UART2)
        uart = RK_SIM_UART2;
    while ((n = rk_wire_take(&sim->tx[uart], time_us * 1000, buf + used, cap - used, &rate)) > 0) {
        if (baud && rk_sim_rates_differ(rate, baud))
            n = rk_sim_garble_in_place(sim, buf + used, n, rate, baud);
        used += n;
    }
    return used;
}

void rk_sim_lines(struct rk_sim *sim, uint64_t time_us, int dtr, int rts)
{
    bool held = dtr > 0 || rts > 0;

    advance(sim, time_us * 1000);
    if (sim->power == RK_SIM_OFF)
        return;
    if (held && sim->power == RK_SIM_RUNS) {
        sim->power = RK_SIM_HELD;
        sim->script.next_ns = RK_SIM_NEVER;
        rk_wire_cut(&sim->tx[RK_SIM_UART1], sim->now_ns);
        rk_wire_cut(&sim->tx[RK_SIM_UART2], sim->now_ns);
    } else if (!held && sim->power == RK_SIM_HELD) {
        rk_sim_restart(sim, RK_SIM_CEN);
    }
}

void rk_sim_power_on(struct rk_sim *sim, uint64_t time_us)
{
    advance(sim, time_us * 1000);
    rk_sim_restart(sim, RK_SIM_POWER);
}
