/* The BL602 behind the common face of emulated chips. */
#include "emulate/bouffalo/soc.h"
#include "emulate/machine.h"

enum { LINK = 1, SHOWN = 36 };
enum { CALIBRATED = 0xA0 };     /* gain, which the calibration sets before all */
enum { LATEST_NS = 100000000 }; /* between two ticks */

static const char *chip(size_t n)
{
    return n == 0 ? "BL602" : NULL;
}

static enum rk_status create(const struct rk_emulate_options *opt, void **machine,
                             struct rk_error *err)
{
    struct rk_bl_soc *soc = NULL;
    enum rk_status st = rk_bl_soc_new(opt, NULL, &soc, err);

    *machine = soc;
    return st;
}

static void destroy(void *machine)
{
    rk_bl_soc_free(machine);
}

static enum rk_emulate_stop run(void *machine, uint64_t until_ns)
{
    return rk_bl_run(machine, until_ns);
}

static void stop(void *machine)
{
    struct rk_bl_soc *soc = machine;

    soc->stop_wanted = true;
    rk_bl_reschedule(soc);
}

static void reset(void *machine, enum rk_emulate_reset cause)
{
    rk_bl_reset(machine, cause);
}

static void receive(void *machine, unsigned unit, uint8_t byte)
{
    rk_bl_uart_receive(machine, unit & 1, byte, 0);
}

static uint32_t baud(const void *machine, unsigned unit)
{
    return rk_bl_uart_baud(machine, unit & 1);
}

static const uint8_t *flash(const void *machine, size_t *len)
{
    const struct rk_bl_soc *soc = machine;

    *len = rk_nor_size(soc->nor);
    return rk_nor_cells(soc->nor);
}

static bool peek(const void *machine, uint32_t addr, uint8_t *buf, size_t len)
{
    const struct rk_bl_soc *soc = machine;

    return rk_bus_peek(soc->bus, addr, buf, len);
}

static void state(const void *machine, struct rk_emulate_state *out)
{
    const struct rk_bl_soc *soc = machine;

    *out = (struct rk_emulate_state){.time_ns = rk_bl_now(soc),
                                     .instructions = soc->cpu->executed,
                                     .resets = soc->resets,
                                     .start_ns = soc->reset_ns,
                                     .pc = soc->cpu->core->pc(soc->cpu),
                                     .fault_pc = soc->cpu->fault.pc,
                                     .fault_addr = soc->cpu->fault.addr};
    rk_cpu_show(soc->cpu, SHOWN, out);
    out->link = out->registers[LINK].value;
    /* whoever takes the interrupt asks for the next one, not far from now */
    uint64_t next = rk_bl_counter_when(&soc->mtime, soc->mtimecmp);
    out->ticks = next != RK_BL_NEVER && next + LATEST_NS > rk_bl_now(soc) &&
                 next < rk_bl_now(soc) + LATEST_NS;
    out->radio = *rk_bl_reg(soc, RK_BL_RF + CALIBRATED) != 0;
    out->download = rk_bl_wants_download(soc);
    /* handlers of exceptions print what happened and stay there */
    out->faulty = soc->cpu->exceptions != soc->exceptions_before && !rk_bl_takes_interrupts(soc);
    out->stuck = out->faulty && soc->watchdog_ns == RK_BL_NEVER;
}

static void archive(void *machine, struct rk_archive *a)
{
    rk_bl_archive(machine, a);
}

const struct rk_emulator_family rk_emulated_bouffalo = {
    .name = "BL602",
    .pins = RK_BL_PINS,
    .efuse_len = 128,
    .takes_rom = true,
    .chip = chip,
    .create = create,
    .destroy = destroy,
    .run = run,
    .stop = stop,
    .reset = reset,
    .receive = receive,
    .baud = baud,
    .flash = flash,
    .peek = peek,
    .state = state,
    .archive = archive,
};
