/* Any bytes as a program in the RAM of an emulated BL602, which may reach every register and every
 * replaced function of its ROM: an end within the limit. */
#include "emulate/bouffalo/soc.h"

#include <stdlib.h>

enum { RAM = 0x42020000, RAM_LEN = 0x10000, LIMIT = 5000, A0 = 10, REGISTERS = 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where values are likely to lead somewhere: units, the ROM's table, memory, the flash. */
static const uint32_t places[] = {0x40000000, 0x40004300, 0x4000A000, 0x4000B000, 0x02800000,
                                  0x44800000, 0x28000000, 0x21010800, RAM,        0x23000000};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rk_bl_soc *soc; /* a machine is large: one for all, reset each time */
    const struct rk_emulate_options opt = {.size = sizeof opt, .chip = "BL602"};
    size_t len = size < RAM_LEN ? size : RAM_LEN;

    if (!soc && rk_bl_soc_new(&opt, NULL, &soc, NULL) != RK_OK)
        abort();
    rk_bl_reset(soc, RK_EMULATE_POWER_ON);
    (void)rk_bus_poke(soc->bus, RAM, data, len);
    for (unsigned i = 0; i < REGISTERS; i++)
        (void)soc->cpu->core->set(
            soc->cpu, 1 + i,
            places[(size ? data[i % size] + i : i) % (sizeof places / sizeof places[0])] + 4 * i);
    /* one in four begins with a function of the ROM */
    uint32_t entry = size && data[0] % 4 == 0 ? 0x21001000u + 4u * (data[0] / 4 + 4) : RAM;
    soc->cpu->core->set_pc(soc->cpu, entry);
    uint64_t from = soc->cpu->executed;
    soc->instruction_limit = from + LIMIT;
    (void)rk_bl_run(soc, rk_bl_now(soc) + 2000000000ull);
    if (soc->cpu->executed > from + LIMIT + 1)
        abort();
    return 0;
}
