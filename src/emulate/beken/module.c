/* A virtual module whose chip is executed: the boot loader in its flash answers on the wire. */
#include "emulate/beken/soc.h"
#include "emulate/modules.h"
#include "sim/beken/beken.h"
#include "sim/catalogue.h"
#include "sim/faults.h"

#include <stdlib.h>
#include <string.h>

/* The emulated chip runs on in pieces of this length while nothing comes in. */
#define SLICE_NS 500000u
#define BIT_PS   1000000000000ull
/* Unanswered link checks, and time since the start, until a user cycles the power. Loaders take up to
 * 0.8 s to answer. */
#define PATIENCE    12
#define PATIENCE_NS 1200000000u

struct emulated {
    struct rk_bk_soc *soc;
    void *rom;     /* state of the imitated mask ROM; NULL = the chip has its loader in flash */
    bool rom_runs; /* it has the wire */
    bool started;
    uint64_t next_ns;
    unsigned link_at[2]; /* bytes of a link check seen so far: heard well, and at another rate */
    unsigned missed;     /* link checks since the module last answered anything */
    uint64_t changes;    /* of the flash, when the chip last looked */
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
    uint32_t baud = rk_bk_uart_baud(&m->soc->uart[unit]);
    uint64_t span = 10 * BIT_PS / (baud ? baud : 1) / 1000;
    uint64_t begin = time_ns > span ? time_ns - span : 0;

    if (unit == 0) {
        rk_sim_faulty_put(sim, &sim->tx[RK_SIM_UART1], begin, baud, &byte, 1);
        sim->stats.bytes_out++;
        m->missed = 0;
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

static void run_to_now(struct rk_sim *sim)
{
    struct emulated *m = emulated_of(sim);

    if (rk_nor_changes(sim->nor) != m->changes && m->rom)
        rk_bk_flash_changed(m->soc);
    (void)rk_bk_run(m->soc, sim->now_ns);
    m->changes = rk_nor_changes(sim->nor);
    sim->baud = rk_bk_uart_baud(&m->soc->uart[0]);
    m->next_ns = sim->now_ns + SLICE_NS;
}

static void start_chip(struct rk_sim *sim, bool power)
{
    struct emulated *m = emulated_of(sim);

    rk_bk_skip(m->soc, sim->now_ns);
    rk_bk_flash_changed(m->soc);
    rk_bk_reset(m->soc, power ? RK_EMULATE_POWER_ON : RK_EMULATE_PIN);
    m->rom_runs = false;
    run_to_now(sim);
}

/* ---- the imitated ROM, where there is one ---- */

/* Lets the imitation act on its own state. When it leaves for the application, the flash takes over:
 * what the imitation prints from then on is not wanted. */
static void in_rom(struct rk_sim *sim, void (*act)(struct rk_sim *sim, unsigned argument),
                   unsigned argument)
{
    struct emulated *m = emulated_of(sim);

    sim->module = m->rom;
    act(sim, argument);
    bool left = beken_of(sim)->phase == BEKEN_APPLICATION;
    sim->module = m;
    if (!left || !m->rom_runs)
        return;
    rk_wire_cut(&sim->tx[RK_SIM_UART2], sim->now_ns);
    start_chip(sim, true);
}

static void act_start(struct rk_sim *sim, unsigned cause)
{
    rk_sim_beken.start(sim, (enum rk_sim_cause)cause);
}

static void act_byte(struct rk_sim *sim, unsigned byte)
{
    rk_sim_beken.byte(sim, (uint8_t)byte);
}

static void act_missed(struct rk_sim *sim, unsigned byte)
{
    rk_sim_beken.missed(sim, (uint8_t)byte);
}

static void act_timer(struct rk_sim *sim, unsigned none)
{
    (void)none;
    rk_sim_beken.timer(sim);
}

/* ---- the family ---- */

static enum rk_status create_chip(struct rk_sim *sim, struct emulated *m, const char *chip,
                                  const struct rk_sim_options *opt, struct rk_error *err)
{
    const struct rk_bk_model *model = rk_bk_model_find(chip);
    struct rk_emulate_options own = {.size = sizeof own,
                                     .chip = chip,
                                     .have_key = opt->have_key,
                                     .events = {.user = m, .uart = on_uart, .reset = on_reset}};

    if (!model)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "emulate.chip", "%s cannot be executed", chip);
    memcpy(own.key, opt->key, sizeof own.key);
    rk_bk_usual_key(model, &own);
    enum rk_status st = rk_bk_soc_new(&own, model, sim->nor, &m->soc, err);
    /* Loaders run from flash; and a module that is served keeps up with real time more easily. */
    if (st == RK_OK)
        m->soc->ns_per_instruction = RK_BK_NS_SLOW;
    if (st == RK_OK && !model->rom) {
        /* its loader is in flash: the imitation has done its work, which was to make that */
        sim->module = m->rom;
        rk_sim_beken.destroy(sim);
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
    if (!opt->flash) {
        free(m);
        rk_fail(err, RK_ERR_ARG, "emulate.flash",
                "an executed module needs the content of its flash");
        rk_error_hint(err, "give a backup or a whole image");
        return RK_ERR_ARG;
    }
    enum rk_status st = rk_sim_beken.create(sim, model, opt, err);
    m->rom = sim->module;
    m->sim = sim;
    sim->module = m;
    return st == RK_OK ? create_chip(sim, m, rk_sim_catalogue[model].chip, opt, err) : st;
}

static void destroy(struct rk_sim *sim)
{
    struct emulated *m = emulated_of(sim);

    if (!m)
        return;
    if (m->rom) {
        sim->module = m->rom;
        rk_sim_beken.destroy(sim);
    }
    rk_bk_soc_free(m->soc);
    free(m);
}

static void start(struct rk_sim *sim, enum rk_sim_cause cause)
{
    struct emulated *m = emulated_of(sim);

    if (!m->rom) {
        start_chip(sim, cause == RK_SIM_POWER || cause == RK_SIM_USER || !m->started);
    } else {
        m->rom_runs = true;
        in_rom(sim, act_start, cause);
    }
    m->started = true;
}

/* A client that asks in vain: its user cycles the power. */
static bool is_power_cycled(struct rk_sim *sim, uint8_t value, unsigned *at)
{
    static const uint8_t check[] = {0x01, 0xE0, 0xFC, 0x01, 0x00};
    struct emulated *m = emulated_of(sim);

    *at = value == check[*at] ? *at + 1 : value == check[0];
    if (*at < sizeof check)
        return false;
    *at = 0;
    if (sim->options.manual_reset || ++m->missed < PATIENCE ||
        sim->now_ns - m->soc->reset_ns < PATIENCE_NS)
        return false;
    m->missed = 0;
    rk_sim_restart(sim, RK_SIM_USER);
    return true;
}

static void byte(struct rk_sim *sim, uint8_t value)
{
    struct emulated *m = emulated_of(sim);

    if (m->rom_runs) {
        in_rom(sim, act_byte, value);
        return;
    }
    run_to_now(sim);
    rk_bk_uart_receive(m->soc, 0, value);
    (void)is_power_cycled(sim, value, &emulated_of(sim)->link_at[0]);
}

static void missed(struct rk_sim *sim, uint8_t value)
{
    if (emulated_of(sim)->rom_runs)
        in_rom(sim, act_missed, value);
    else
        (void)is_power_cycled(sim, value, &emulated_of(sim)->link_at[1]);
}

static uint64_t timer_ns(const struct rk_sim *sim)
{
    struct emulated *m = emulated_of(sim);

    if (!m->rom_runs)
        return m->next_ns;
    struct rk_sim *own = m->sim;
    own->module = m->rom;
    uint64_t next = rk_sim_beken.timer_ns(own);
    own->module = m;
    return next;
}

static void timer(struct rk_sim *sim)
{
    if (emulated_of(sim)->rom_runs)
        in_rom(sim, act_timer, 0);
    else
        run_to_now(sim);
}

const struct rk_sim_family rk_bk_modules = {
    .models = rk_sim_catalogue,
    .model_count = RK_SIM_BEKEN_MODELS,
    .create = create,
    .destroy = destroy,
    .start = start,
    .byte = byte,
    .missed = missed,
    .timer_ns = timer_ns,
    .timer = timer,
};
