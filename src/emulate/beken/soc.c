#include "emulate/beken/soc.h"

#include <stdlib.h>
#include <string.h>

enum { TCM = 0x3F0000, RAM = 0x400000 };

uint64_t rk_bk_now(const struct rk_bk_soc *soc)
{
    return soc->cpu->executed * soc->ns_per_instruction + soc->skipped_ns;
}

/* ---- start ---- */

static void reset_units(struct rk_bk_soc *soc)
{
    soc->latched = 0;
    soc->adc_ns = soc->watchdog_ns = RK_BK_NEVER;
    soc->adc_samples = 0;
    soc->watchdog_armed = false;
    soc->flash_in = soc->flash_out_at = 0;
    for (unsigned i = 0; i < 6; i++)
        soc->timers[i].next_ns = soc->pwm[i].next_ns = RK_BK_NEVER;
    for (unsigned i = 0; i < 10; i++)
        soc->mac_timers_ns[i] = RK_BK_NEVER;
    for (unsigned i = 0; i < 2; i++)
        soc->uart[i] = (struct rk_bk_uart){.config = 0xE100, .idle_ns = RK_BK_NEVER};
}

static void forget_memory(struct rk_bk_soc *soc, bool power)
{
    uint32_t kept = *rk_bk_system(soc, soc->model->status_word);

    memset(soc->system, 0, RK_BK_SYSTEM);
    memset(soc->modem, 0, RK_BK_BLOCK);
    memset(soc->mac, 0, RK_BK_BLOCK);
    if (!power) {
        *rk_bk_system(soc, soc->model->status_word) = kept;
        return;
    }
    memset(soc->tcm, 0, RK_BK_TCM);
    memset(soc->ram, 0, RK_BK_RAM);
    rk_bus_changed(soc->bus, TCM, RK_BK_TCM);
    rk_bus_changed(soc->bus, RAM, RK_BK_RAM);
}

static void start(struct rk_bk_soc *soc, enum rk_emulate_reset cause)
{
    if (cause == RK_EMULATE_POWER_ON)
        rk_nor_power_on(soc->nor);
    reset_units(soc);
    soc->reset_wanted = soc->waiting = false;
    soc->reset_ns = rk_bk_now(soc);
    soc->resets++;
    soc->cpu->core->reset(soc->cpu, 0);
    rk_bk_update_lines(soc);
    if (soc->events.reset)
        soc->events.reset(soc->events.user, cause, soc->reset_ns);
}

void rk_bk_reset(struct rk_bk_soc *soc, enum rk_emulate_reset cause)
{
    forget_memory(soc, cause == RK_EMULATE_POWER_ON);
    start(soc, cause);
}

static enum rk_status allocate(struct rk_bk_soc *soc, struct rk_error *err)
{
    soc->tcm = calloc(1, RK_BK_TCM);
    soc->ram = calloc(1, RK_BK_RAM);
    soc->system = calloc(1, RK_BK_SYSTEM);
    soc->modem = calloc(1, RK_BK_BLOCK);
    soc->mac = calloc(1, RK_BK_BLOCK);
    if (soc->model->sdram)
        soc->sdram = calloc(1, RK_BK_SDRAM);
    if (!soc->tcm || !soc->ram || !soc->system || !soc->modem || !soc->mac ||
        (soc->model->sdram && !soc->sdram))
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    return RK_OK;
}

void rk_bk_skip(struct rk_bk_soc *soc, uint64_t to_ns)
{
    uint64_t now = rk_bk_now(soc);

    soc->skipped_ns += to_ns > now ? to_ns - now : 0;
}

static uint64_t tracer_now(const void *machine)
{
    return rk_bk_now(machine);
}

static void start_tracer(struct rk_bk_soc *soc, const struct rk_emulate_options *opt)
{
    soc->tracer.machine = soc;
    soc->tracer.now = tracer_now;
    soc->tracer.name = rk_bk_register_name;
    rk_tracer_start(&soc->tracer, opt, soc->cpu);
}

enum rk_status rk_bk_soc_new(const struct rk_emulate_options *opt, const struct rk_bk_model *model,
                             struct rk_nor *nor, struct rk_bk_soc **out, struct rk_error *err)
{
    struct rk_bk_soc *soc = calloc(1, sizeof *soc);

    if (!soc)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    soc->model = model;
    soc->nor = nor;
    soc->nor_lent = nor != NULL;
    soc->ns_per_instruction = RK_BK_NS_FAST;
    soc->events = opt->events;
    soc->pins_high = opt->pins_high;
    soc->pins_low = opt->pins_low;
    soc->instruction_limit = opt->instruction_limit ? opt->instruction_limit : UINT64_MAX;
    if (opt->efuse)
        memcpy(soc->efuse, opt->efuse,
               opt->efuse_len < sizeof soc->efuse ? opt->efuse_len : sizeof soc->efuse);
    enum rk_status st = allocate(soc, err);
    if (st == RK_OK)
        st = rk_bus_new(&soc->bus, err);
    if (st == RK_OK)
        st = rk_arm_new(soc->bus, &soc->cpu, err);
    if (st == RK_OK)
        st = rk_bus_map_memory(soc->bus, TCM, RK_BK_TCM, soc->tcm, RK_BUS_READ_WRITE, err);
    if (st == RK_OK)
        st = rk_bus_map_memory(soc->bus, RAM, RK_BK_RAM, soc->ram, RK_BUS_READ_WRITE, err);
    if (st == RK_OK)
        st = rk_bk_flash_new(soc, opt, err);
    if (st == RK_OK)
        st = rk_bk_map_registers(soc, err);
    if (st != RK_OK) {
        rk_bk_soc_free(soc);
        return st;
    }
    start_tracer(soc, opt);
    start(soc, RK_EMULATE_POWER_ON);
    soc->resets = 0;
    *out = soc;
    return RK_OK;
}

void rk_bk_soc_free(struct rk_bk_soc *soc)
{
    if (!soc)
        return;
    rk_cpu_free(soc->cpu);
    rk_bus_free(soc->bus);
    if (!soc->nor_lent)
        rk_nor_free(soc->nor);
    free(soc->flash_view);
    free(soc->tcm);
    free(soc->ram);
    free(soc->sdram);
    free(soc->system);
    free(soc->modem);
    free(soc->mac);
    free(soc);
}

/* ---- running ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_event(const struct rk_bk_soc *soc)
{
    return earlier(earlier(rk_bk_timers_next(soc), rk_bk_mac_next(soc)),
                   earlier(rk_bk_uart_next(soc), soc->adc_ns));
}

static void tick(struct rk_bk_soc *soc, uint64_t now)
{
    rk_bk_timers_tick(soc, now);
    rk_bk_mac_tick(soc, now);
    rk_bk_uart_tick(soc, now);
    rk_bk_adc_tick(soc, now);
    rk_bk_update_lines(soc);
}

bool rk_bk_serve_void(struct rk_bk_soc *soc, uint32_t addr)
{
    const struct rk_bus_device nothing = {.user = NULL};
    uint32_t page = addr & ~(RK_BUS_PAGE - 1);

    if (soc->void_count == RK_BK_VOIDS_MAX)
        return false;
    soc->voids[soc->void_count++] = page;
    return rk_bus_map_device(soc->bus, page, RK_BUS_PAGE, &nothing, NULL) == RK_OK;
}

/* Nothing is executed until an interrupt line is asserted: how often the caller looks in between
 * makes no difference. */
static bool is_waiting(struct rk_bk_soc *soc, uint64_t until)
{
    soc->waiting &= !soc->cpu->lines;
    if (soc->waiting)
        rk_bk_skip(soc, earlier(next_event(soc), until));
    return soc->waiting;
}

/* One stretch of instructions up to the next event. False: the run ends, *why says why. */
static bool stretch(struct rk_bk_soc *soc, uint64_t until, enum rk_emulate_stop *why)
{
    uint64_t now = rk_bk_now(soc), next = earlier(next_event(soc), until);
    uint64_t budget =
        next > now ? (next - now + soc->ns_per_instruction - 1) / soc->ns_per_instruction : 1;

    if (soc->cpu->executed >= soc->instruction_limit) {
        *why = RK_EMULATE_LIMIT;
        return false;
    }
    budget = earlier(budget, soc->instruction_limit - soc->cpu->executed);
    switch (rk_cpu_run(soc->cpu, budget)) {
    case RK_CPU_WAIT:
        soc->waiting = true;
        return true;
    case RK_CPU_ACCESS:
        if (rk_bk_serve_void(soc, soc->cpu->fault.addr))
            return true;
        *why = RK_EMULATE_CRASHED;
        return false;
    case RK_CPU_BUDGET:
        return true;
    default:
        *why = RK_EMULATE_CRASHED;
        return false;
    }
}

enum rk_emulate_stop rk_bk_run(struct rk_bk_soc *soc, uint64_t until_ns)
{
    enum rk_emulate_stop why = RK_EMULATE_TIME;

    soc->stop_wanted = false;
    while (rk_bk_now(soc) < until_ns) {
        tick(soc, rk_bk_now(soc));
        if (soc->reset_wanted)
            rk_bk_reset(soc, soc->reset_cause);
        if (is_waiting(soc, until_ns))
            continue;
        if (!stretch(soc, until_ns, &why))
            return why;
        if (soc->stop_wanted)
            return RK_EMULATE_ASKED;
    }
    return RK_EMULATE_TIME;
}
