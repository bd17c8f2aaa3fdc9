/* The Beken chips behind the common face of emulated chips. */
#include "emulate/beken/soc.h"
#include "emulate/machine.h"

#include <string.h>

enum { LINK = 14, STATUS = 16, MODE_ABORT = 0x17, MODE_UNDEFINED = 0x1B, VECTORS = 0x20 };

static const char *chip(size_t n)
{
    size_t count;
    const struct rk_bk_model *models = rk_bk_models(&count);

    return n < count ? models[n].chip : NULL;
}

void rk_bk_usual_key(const struct rk_bk_model *model, struct rk_emulate_options *opt)
{
    static const uint32_t tuya[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};

    if (opt->have_key || model->zero_key)
        return;
    opt->have_key = true;
    memcpy(opt->key, tuya, sizeof tuya);
}

static enum rk_status create(const struct rk_emulate_options *opt, void **machine,
                             struct rk_error *err)
{
    const struct rk_bk_model *model = rk_bk_model_find(opt->chip);
    struct rk_emulate_options own = *opt;
    struct rk_bk_soc *soc = NULL;

    rk_bk_usual_key(model, &own);
    enum rk_status st = rk_bk_soc_new(&own, model, NULL, &soc, err);
    *machine = soc;
    return st;
}

static void destroy(void *machine)
{
    rk_bk_soc_free(machine);
}

static enum rk_emulate_stop run(void *machine, uint64_t until_ns)
{
    return rk_bk_run(machine, until_ns);
}

static void stop(void *machine)
{
    struct rk_bk_soc *soc = machine;

    soc->stop_wanted = true;
    rk_bk_reschedule(soc);
}

static void reset(void *machine, enum rk_emulate_reset cause)
{
    rk_bk_reset(machine, cause);
}

static void receive(void *machine, unsigned unit, uint8_t byte)
{
    rk_bk_uart_receive(machine, unit & 1, byte);
}

static uint32_t baud(const void *machine, unsigned unit)
{
    const struct rk_bk_soc *soc = machine;

    return rk_bk_uart_baud(&soc->uart[unit & 1]);
}

static const uint8_t *flash(const void *machine, size_t *len)
{
    const struct rk_bk_soc *soc = machine;

    *len = rk_nor_size(soc->nor);
    return rk_nor_cells(soc->nor);
}

static bool peek(const void *machine, uint32_t addr, uint8_t *buf, size_t len)
{
    const struct rk_bk_soc *soc = machine;

    return rk_bus_peek(soc->bus, addr, buf, len);
}

static void state(const void *machine, struct rk_emulate_state *out)
{
    const struct rk_bk_soc *soc = machine;

    *out = (struct rk_emulate_state){.time_ns = rk_bk_now(soc),
                                     .instructions = soc->cpu->executed,
                                     .skipped = soc->cpu->skipped,
                                     .resets = soc->resets,
                                     .start_ns = soc->reset_ns,
                                     .pc = soc->cpu->core->pc(soc->cpu),
                                     .fault_pc = soc->cpu->fault.pc,
                                     .fault_addr = soc->cpu->fault.addr,
                                     .wild = (uint32_t)soc->void_count};
    rk_cpu_show(soc->cpu, STATUS + 1, out);
    uint32_t mode = out->registers[STATUS].value & 0x1F;
    out->link = out->registers[LINK].value;
    out->faulty = mode == MODE_ABORT || mode == MODE_UNDEFINED || out->pc < VECTORS;
}

static void archive(void *machine, struct rk_archive *a)
{
    rk_bk_archive(machine, a);
}

const struct rk_emulator_family rk_emulated_beken = {
    .name = "Beken chip",
    .pins = 40,
    .efuse_len = 32,
    .has_key = true,
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
