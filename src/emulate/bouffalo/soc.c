#include "emulate/bouffalo/soc.h"

#include "base/bytes.h"
#include "emulate/riscv.h"

#include <stdlib.h>
#include <string.h>

enum {
    TCM = 0x22008000,
    WRAM = 0x22020000,
    RETENTION = 0x40010000,
    ALIASES = 4,
    ALIAS_STEP = 0x10000000,
    MSTATUS = 32, /* number of the register, and its bit */
    INTERRUPTS_ON = 1 << 3
};

/* ---- time ---- */

uint64_t rk_bl_now(const struct rk_bl_soc *soc)
{
    return rk_bl_now_ps(soc) / 1000;
}

void rk_bl_skip(struct rk_bl_soc *soc, uint64_t to_ns)
{
    uint64_t now = rk_bl_now_ps(soc), to = to_ns * 1000;

    soc->base_ps += to > now ? to - now : 0;
}

void rk_bl_set_speed(struct rk_bl_soc *soc, uint32_t hz)
{
    soc->base_ps = rk_bl_now_ps(soc);
    soc->cycles_base = soc->cpu->executed;
    soc->ps_per_cycle = hz ? (uint32_t)(1000000000000ull / hz) : 31250;
}

/* ---- start ---- */

void rk_bl_reset(struct rk_bl_soc *soc, enum rk_emulate_reset cause)
{
    uint8_t kept[0x1000], sleep[0x200];

    memcpy(kept, rk_bl_reg(soc, RETENTION), sizeof kept);
    memcpy(sleep, rk_bl_reg(soc, RK_BL_HBN), sizeof sleep);
    soc->cpu->core->reset(soc->cpu, RK_BL_ROM);
    rk_bl_interrupts_reset(soc);
    rk_bl_reset_registers(soc);
    rk_bl_radio_reset(soc);
    rk_bl_flash_set_offset(soc, 0);
    if (cause == RK_EMULATE_POWER_ON) {
        memset(soc->tcm, 0, RK_BL_TCM_LEN);
        memset(soc->wram, 0, RK_BL_WRAM_LEN);
        rk_bus_changed(soc->bus, TCM, RK_BL_TCM_LEN);
        rk_bus_changed(soc->bus, WRAM, RK_BL_WRAM_LEN);
        rk_nor_power_on(soc->nor);
    } else {
        /* the parts that sleep on keep what they know, but not the clocks */
        memcpy(rk_bl_reg(soc, RETENTION), kept, sizeof kept);
        memcpy(rk_bl_reg(soc, RK_BL_HBN), sleep, sizeof sleep);
        *rk_bl_reg(soc, RK_BL_HBN + 0x30) &= ~7u;
        rk_bl_clocks_changed(soc);
    }
    soc->reset_wanted = soc->rom_waits = false;
    soc->rom_at = 0;
    soc->reset_ns = rk_bl_now(soc);
    soc->resets++;
    soc->exceptions_before = soc->cpu->exceptions;
    rk_bl_update_lines(soc);
    if (soc->events.reset)
        soc->events.reset(soc->events.user, cause, soc->reset_ns);
}

static enum rk_status allocate(struct rk_bl_soc *soc, struct rk_error *err)
{
    soc->tcm = calloc(1, RK_BL_TCM_LEN);
    soc->wram = calloc(1, RK_BL_WRAM_LEN);
    soc->rom = calloc(1, RK_BL_ROM_LEN);
    soc->regs = calloc(1, RK_BL_REGS_LEN);
    soc->radio = calloc(1, RK_BL_RADIO_LEN);
    soc->agc = calloc(1, RK_BL_AGC_LEN);
    soc->ble = calloc(1, RK_BL_BLE_LEN);
    if (!soc->agc || !soc->ble || !soc->tcm || !soc->wram || !soc->rom || !soc->regs || !soc->radio)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    return RK_OK;
}

enum rk_status rk_bl_map_rom(struct rk_bl_soc *soc, struct rk_error *err)
{
    return rk_bus_map_memory(soc->bus, RK_BL_ROM, RK_BL_ROM_LEN, soc->rom, RK_BUS_READ_ONLY, err);
}

static enum rk_status map_memories(struct rk_bl_soc *soc, struct rk_error *err)
{
    enum rk_status st = soc->real_rom ? rk_bl_map_rom(soc, err) : rk_bl_rom_map(soc, err);

    for (uint32_t i = 0; i < ALIASES && st == RK_OK; i++) {
        st = rk_bus_map_memory(soc->bus, TCM + i * ALIAS_STEP, RK_BL_TCM_LEN, soc->tcm,
                               RK_BUS_READ_WRITE, err);
        if (st == RK_OK)
            st = rk_bus_map_memory(soc->bus, WRAM + i * ALIAS_STEP, RK_BL_WRAM_LEN, soc->wram,
                                   RK_BUS_READ_WRITE, err);
    }
    return st;
}

/* The efuses of a part that nobody described: those of a real module's log. */
static void usual_efuse(uint8_t efuse[128])
{
    static const uint8_t words[12] = {0x03, 0,    0,    0,    0xE7, 0x96,
                                      0x9F, 0x94, 0x94, 0x24, 0x18, 0x00};

    memcpy(efuse + 0x10, words, sizeof words);
}

static void take_options(struct rk_bl_soc *soc, const struct rk_emulate_options *opt,
                         struct rk_nor *nor)
{
    soc->nor = nor;
    soc->nor_lent = nor != NULL;
    soc->crystal_hz = 40000000;
    soc->ps_per_cycle = 31250;
    soc->events = opt->events;
    soc->pins_high = opt->pins_high;
    soc->pins_low = opt->pins_low;
    soc->instruction_limit = opt->instruction_limit ? opt->instruction_limit : UINT64_MAX;
    soc->rng.state = 602;
    usual_efuse(soc->efuse);
    if (opt->efuse)
        memcpy(soc->efuse, opt->efuse,
               opt->efuse_len < sizeof soc->efuse ? opt->efuse_len : sizeof soc->efuse);
}

static enum rk_status take_rom(struct rk_bl_soc *soc, const struct rk_emulate_options *opt,
                               struct rk_error *err)
{
    if (!opt->rom)
        return RK_OK;
    if (opt->rom_len != RK_BL_ROM_LEN) {
        rk_fail(err, RK_ERR_ARG, "emulate.rom",
                "a mask ROM of the BL602 has %u bytes, this has %zu", RK_BL_ROM_LEN, opt->rom_len);
        rk_error_hint(err, "without one, its functions are replaced");
        return RK_ERR_ARG;
    }
    memcpy(soc->rom, opt->rom, RK_BL_ROM_LEN);
    soc->real_rom = true;
    return RK_OK;
}

static uint64_t tracer_now(const void *machine)
{
    return rk_bl_now(machine);
}

static void start_tracer(struct rk_bl_soc *soc, const struct rk_emulate_options *opt)
{
    soc->tracer.machine = soc;
    soc->tracer.now = tracer_now;
    soc->tracer.name = rk_bl_register_name;
    rk_tracer_start(&soc->tracer, opt, soc->cpu);
}

enum rk_status rk_bl_soc_new(const struct rk_emulate_options *opt, struct rk_nor *nor,
                             struct rk_bl_soc **out, struct rk_error *err)
{
    struct rk_bl_soc *soc = calloc(1, sizeof *soc);

    if (!soc)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    take_options(soc, opt, nor);
    enum rk_status st = allocate(soc, err);
    if (st == RK_OK)
        st = rk_bus_new(&soc->bus, err);
    if (st == RK_OK)
        st = rk_riscv_new(soc->bus, &soc->cpu, err);
    if (st == RK_OK)
        st = take_rom(soc, opt, err);
    if (st == RK_OK)
        st = map_memories(soc, err);
    if (st == RK_OK)
        st = rk_bl_map_registers(soc, err);
    if (st == RK_OK)
        st = rk_bl_map_interrupts(soc, err);
    if (st == RK_OK)
        st = rk_bl_map_radio(soc, err);
    if (st == RK_OK)
        st = rk_bl_flash_new(soc, opt, err);
    if (st != RK_OK) {
        rk_bl_soc_free(soc);
        return st;
    }
    start_tracer(soc, opt);
    rk_bl_reset(soc, RK_EMULATE_POWER_ON);
    soc->resets = 0;
    *out = soc;
    return RK_OK;
}

void rk_bl_soc_free(struct rk_bl_soc *soc)
{
    if (!soc)
        return;
    rk_cpu_free(soc->cpu);
    rk_bus_free(soc->bus);
    if (!soc->nor_lent)
        rk_nor_free(soc->nor);
    free(soc->flash_view);
    free(soc->tcm);
    free(soc->wram);
    free(soc->rom);
    free(soc->regs);
    free(soc->radio);
    free(soc->agc);
    free(soc->ble);
    free(soc);
}

/* ---- running ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_event(const struct rk_bl_soc *soc)
{
    uint64_t timer = rk_bl_counter_when(&soc->mtime, soc->mtimecmp);

    if (timer <= rk_bl_now(soc))
        timer = RK_BL_NEVER; /* it is up, and stays so until somebody sets it anew */
    return earlier(earlier(timer, soc->watchdog_ns), rk_bl_uart_next(soc));
}

static void tick(struct rk_bl_soc *soc, uint64_t now)
{
    rk_bl_uart_tick(soc, now);
    if (soc->watchdog_ns <= now) {
        soc->watchdog_ns = RK_BL_NEVER;
        soc->reset_wanted = true;
        soc->reset_cause = RK_EMULATE_WATCHDOG;
    }
    rk_bl_update_lines(soc);
}

static uint64_t cycles_to(struct rk_bl_soc *soc, uint64_t next)
{
    uint64_t now = rk_bl_now(soc);

    soc->deadline_ps = next == RK_BL_NEVER ? RK_BL_NEVER : next * 1000;
    return next > now ? ((next - now) * 1000 + soc->ps_per_cycle - 1) / soc->ps_per_cycle : 1;
}

/* One stretch of instructions up to the next event. False: the run ends, *why says why. */
static bool stretch(struct rk_bl_soc *soc, uint64_t until, enum rk_emulate_stop *why)
{
    uint64_t budget = cycles_to(soc, earlier(next_event(soc), until));

    *why = RK_EMULATE_LIMIT;
    if (soc->cpu->executed >= soc->instruction_limit)
        return false;
    if (soc->rom_waits) {
        rk_bl_skip(soc, earlier(next_event(soc), until));
        return true;
    }
    switch (rk_cpu_run(soc->cpu, earlier(budget, soc->instruction_limit - soc->cpu->executed))) {
    case RK_CPU_WAIT:
        rk_bl_skip(soc, earlier(next_event(soc), until));
        return true;
    case RK_CPU_BUDGET:
        return true;
    case RK_CPU_FETCH:
        if (!soc->real_rom && rk_bl_rom_call(soc, soc->cpu->fault.pc))
            return true;
        if (rk_rv_fetch_fault((struct rk_rv *)soc->cpu))
            return true;
        break;
    default:
        break;
    }
    *why = RK_EMULATE_CRASHED;
    return false;
}

bool rk_bl_takes_interrupts(const struct rk_bl_soc *soc)
{
    struct rk_cpu_register status = {0};

    (void)soc->cpu->core->get(soc->cpu, MSTATUS, &status);
    return status.value & INTERRUPTS_ON;
}

enum rk_emulate_stop rk_bl_run(struct rk_bl_soc *soc, uint64_t until_ns)
{
    enum rk_emulate_stop why = RK_EMULATE_TIME;

    soc->stop_wanted = false;
    while (rk_bl_now(soc) < until_ns) {
        tick(soc, rk_bl_now(soc));
        if (soc->reset_wanted)
            rk_bl_reset(soc, soc->reset_cause);
        if (!stretch(soc, until_ns, &why))
            return why;
        if (rk_bl_takes_interrupts(soc))
            soc->exceptions_before = soc->cpu->exceptions;
        if (soc->stop_wanted)
            return RK_EMULATE_ASKED;
    }
    return RK_EMULATE_TIME;
}
