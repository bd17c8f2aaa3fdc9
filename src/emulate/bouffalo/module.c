/* A virtual BL602 whose chip is executed. With the mask ROM of a chip everything is; without one the
 * imitated ROM serves the download, and what it has loaded is executed then. */
#include "emulate/bouffalo/rom.h"
#include "emulate/modules.h"
#include "sim/bouffalo/bouffalo.h"
#include "sim/catalogue.h"
#include "sim/faults.h"

#include <stdlib.h>
#include <string.h>

/* The emulated chip runs on in pieces of this length while nothing comes in. */
#define SLICE_NS 500000u
#define BIT_PS   1000000000000ull
/* Silence of the host after which a byte at another rate is that of a new client. */
#define PATIENCE_NS (1000ull * RK_SIM_MS)
/* While it listens it looks at other lines in turn, and from a restart or the start of a loader on it
 * needs some time: what it misses then says nothing. */
#define SETTLE_NS (150ull * RK_SIM_MS)
#define STRAP     ((uint64_t)1 << 8)

struct emulated {
    struct rk_bl_soc *soc;
    void *rom;     /* state of the imitated mask ROM; NULL = the chip has its own */
    bool rom_runs; /* it has the wire */
    uint32_t wire_baud;
    uint64_t heard_ns;  /* when the last byte came at the chip's rate */
    unsigned knocks;    /* bytes 55 in a row since then that did not */
    uint64_t listen_ns; /* when it last listened for one, or started */
    uint64_t next_ns;
    uint64_t late_ns; /* what the chip says arrives so much later: the adapter's share */
    struct rk_sim *sim;
};

static struct emulated *emulated_of(const struct rk_sim *sim)
{
    return sim->module;
}

/* ---- the chip ---- */

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct emulated *m = user;
    struct rk_sim *sim = m->sim;
    uint32_t baud = rk_bl_uart_baud(m->soc, unit);
    uint64_t span = 10 * BIT_PS / (baud ? baud : 1) / 1000;
    uint64_t begin = (time_ns > span ? time_ns - span : 0) + m->late_ns;

    if (unit == 0) {
        rk_sim_faulty_put(sim, &sim->tx[RK_SIM_UART1], begin, baud, &byte, 1);
        sim->stats.bytes_out++;
    } else {
        rk_wire_put(&sim->tx[RK_SIM_UART2], begin, baud, true, &byte, 1);
    }
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    struct emulated *m = user;

    (void)time_ns;
    m->sim->stats.resets += cause == RK_EMULATE_WATCHDOG;
}

static void start_chip(struct rk_sim *sim, bool power);

static void run_to_now(struct rk_sim *sim)
{
    struct emulated *m = emulated_of(sim);
    uint32_t resets = m->soc->resets;

    (void)rk_bl_run(m->soc, sim->now_ns);
    sim->baud = rk_bl_uart_baud(m->soc, 0);
    if (m->soc->uart[0].measuring)
        m->listen_ns = sim->now_ns;
    m->next_ns = sim->now_ns + SLICE_NS;
    /* A chip that restarts itself with its pin high is in the imitated ROM again. */
    if (m->rom && m->soc->resets != resets && m->soc->pins_high & STRAP)
        rk_sim_restart(sim, RK_SIM_COMMAND);
}

static void start_chip(struct rk_sim *sim, bool power)
{
    struct emulated *m = emulated_of(sim);

    rk_bl_skip(m->soc, sim->now_ns);
    rk_bl_flash_changed(m->soc);
    rk_bl_reset(m->soc, power ? RK_EMULATE_POWER_ON : RK_EMULATE_PIN);
    m->rom_runs = false;
    run_to_now(sim);
}

/* ---- the imitated ROM, where there is one ---- */

/* What it has loaded begins to run. */
static void hand_over(struct rk_sim *sim)
{
    struct emulated *m = emulated_of(sim);
    const struct bouffalo *bfl = m->rom;

    rk_bl_skip(m->soc, sim->now_ns);
    rk_bl_flash_changed(m->soc);
    rk_bl_reset(m->soc, RK_EMULATE_POWER_ON);
    rk_bl_rom_run(m->soc, bfl->ram, 0x20000000 | BFL_RAM_BEGIN, BFL_RAM, bfl->entry);
    m->rom_runs = false;
    m->heard_ns = sim->now_ns;
    run_to_now(sim);
}

/* Lets the imitation act on its own state; if it restarts the module, that is itself. */
static void in_rom(struct rk_sim *sim, void (*act)(struct rk_sim *sim, unsigned a, unsigned b),
                   unsigned a, unsigned b)
{
    struct emulated *m = emulated_of(sim);

    sim->module = m->rom;
    sim->family = &rk_sim_bouffalo;
    act(sim, a, b);
    bool left = bfl_of(sim)->loader;
    sim->module = m;
    sim->family = &rk_bl_modules;
    if (left && m->rom_runs)
        hand_over(sim);
}

static void act_start(struct rk_sim *sim, unsigned cause, unsigned none)
{
    (void)none;
    rk_sim_bouffalo.start(sim, (enum rk_sim_cause)cause);
}

static void act_measure(struct rk_sim *sim, unsigned byte, unsigned baud)
{
    rk_sim_bouffalo.measure(sim, (uint8_t)byte, baud);
}

static void act_byte(struct rk_sim *sim, unsigned byte, unsigned none)
{
    (void)none;
    rk_sim_bouffalo.byte(sim, (uint8_t)byte);
}

static void act_missed(struct rk_sim *sim, unsigned byte, unsigned none)
{
    (void)none;
    rk_sim_bouffalo.missed(sim, (uint8_t)byte);
}

static void act_timer(struct rk_sim *sim, unsigned none, unsigned no_more)
{
    (void)none;
    (void)no_more;
    rk_sim_bouffalo.timer(sim);
}

/* ---- the family ---- */

static enum rk_status create_chip(struct rk_sim *sim, struct emulated *m,
                                  const struct rk_sim_options *opt, struct rk_error *err)
{
    struct rk_emulate_options own = {.size = sizeof own,
                                     .rom = opt->rom,
                                     .rom_len = opt->rom_len,
                                     .efuse = ((struct bouffalo *)m->rom)->efuse,
                                     .efuse_len = BFL_EFUSE,
                                     .events = {.user = m, .uart = on_uart, .reset = on_reset}};
    enum rk_status st = rk_bl_soc_new(&own, sim->nor, &m->soc, err);

    if (st == RK_OK && opt->rom) { /* the imitation has done its work: the flash and the efuses */
        sim->module = m->rom;
        rk_sim_bouffalo.destroy(sim);
        sim->module = m;
        m->rom = NULL;
    }
    return st;
}

static enum rk_status create(struct rk_sim *sim, size_t model, const struct rk_sim_options *opt,
                             struct rk_error *err)
{
    struct emulated *m = calloc(1, sizeof *m);

    if (!m)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status st = rk_sim_bouffalo.create(sim, model, opt, err);
    m->rom = sim->module;
    m->sim = sim;
    m->late_ns = opt->ideal ? 0 : opt->turnaround_us * 1000ull;
    sim->module = m;
    return st == RK_OK ? create_chip(sim, m, opt, err) : st;
}

static void destroy(struct rk_sim *sim)
{
    struct emulated *m = emulated_of(sim);

    if (!m)
        return;
    if (m->rom) {
        sim->module = m->rom;
        rk_sim_bouffalo.destroy(sim);
    }
    rk_bl_soc_free(m->soc);
    free(m);
}

static void start(struct rk_sim *sim, enum rk_sim_cause cause)
{
    struct emulated *m = emulated_of(sim);
    bool download = !sim->options.boot_low;

    m->listen_ns = sim->now_ns;
    m->soc->pins_high = download ? m->soc->pins_high | STRAP : m->soc->pins_high & ~STRAP;
    m->rom_runs = m->rom && download;
    if (m->rom_runs)
        in_rom(sim, act_start, cause, 0);
    else
        start_chip(sim, true);
}

/* A chip that measures takes a byte at any rate. */
static void measure(struct rk_sim *sim, uint8_t value, uint32_t baud)
{
    struct emulated *m = emulated_of(sim);

    m->wire_baud = baud;
    if (m->rom_runs) {
        in_rom(sim, act_measure, value, baud);
        return;
    }
    run_to_now(sim);
    if (m->soc->uart[0].measuring)
        sim->baud = baud;
    if (!rk_sim_rates_differ(baud, sim->baud)) {
        m->heard_ns = sim->now_ns;
        m->knocks = 0;
    }
}

static void byte(struct rk_sim *sim, uint8_t value)
{
    struct emulated *m = emulated_of(sim);

    if (m->rom_runs) {
        in_rom(sim, act_byte, value, 0);
        return;
    }
    rk_bl_uart_receive(m->soc, 0, value, m->wire_baud);
    run_to_now(sim);
}

/* A new client at its first rate, while the last one's loader still runs, or one whose first byte was
 * no 55: as a pty has no reset line, the module restarts, as if its user had cycled the power. */
static void missed(struct rk_sim *sim, uint8_t value)
{
    struct emulated *m = emulated_of(sim);

    m->knocks = value == 0x55 ? m->knocks + 1 : 0;
    if (m->rom_runs)
        in_rom(sim, act_missed, value, 0);
    else if (!sim->options.manual_reset && !sim->options.boot_low &&
             (sim->now_ns >= m->heard_ns + PATIENCE_NS ||
              (m->knocks >= BFL_KNOCKS && sim->now_ns >= m->heard_ns + SETTLE_NS &&
               sim->now_ns >= m->listen_ns + SETTLE_NS)))
        rk_sim_restart(sim, RK_SIM_USER);
}

static uint64_t timer_ns(const struct rk_sim *sim)
{
    struct emulated *m = emulated_of(sim);

    if (!m->rom_runs)
        return m->next_ns;
    struct rk_sim *own = m->sim;
    own->module = m->rom;
    uint64_t next = rk_sim_bouffalo.timer_ns(own);
    own->module = m;
    return next;
}

static void timer(struct rk_sim *sim)
{
    if (emulated_of(sim)->rom_runs)
        in_rom(sim, act_timer, 0, 0);
    else
        run_to_now(sim);
}

const struct rk_sim_family rk_bl_modules = {
    .models = rk_sim_catalogue + RK_SIM_BEKEN_MODELS,
    .model_count = RK_SIM_BOUFFALO_MODELS,
    .create = create,
    .destroy = destroy,
    .start = start,
    .measure = measure,
    .byte = byte,
    .missed = missed,
    .timer_ns = timer_ns,
    .timer = timer,
};
