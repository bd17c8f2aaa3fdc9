/* Flash operations as the code in a module does them, whatever its family. */
#include "sim/machine.h"

/* Waits for the chip as ROMs and loaders do: none of them has a time-out on the busy bit. */
static uint64_t finish(struct rk_sim *sim, uint64_t begin_ns, uint64_t end_ns)
{
    if (end_ns > begin_ns || sim->options.ideal)
        (void)rk_sim_flash_done(sim, begin_ns, end_ns);
    return end_ns;
}

uint64_t rk_sim_flash_erase(struct rk_sim *sim, uint64_t at_ns, uint32_t addr, uint32_t len)
{
    if (sim->power != RK_SIM_RUNS)
        return at_ns;
    if (len == 4096)
        sim->stats.erases_4k++;
    else if (len == 65536)
        sim->stats.erases_64k++;
    sim->stats.erased_sectors += len / 4096;
    rk_nor_write_enable(sim->nor, at_ns);
    return finish(sim, at_ns, rk_nor_erase(sim->nor, at_ns, addr, len));
}

uint64_t rk_sim_flash_erase_chip(struct rk_sim *sim, uint64_t at_ns)
{
    if (sim->power != RK_SIM_RUNS)
        return at_ns;
    sim->stats.erased_sectors += rk_nor_size(sim->nor) / 4096;
    rk_nor_write_enable(sim->nor, at_ns);
    return finish(sim, at_ns, rk_nor_erase_chip(sim->nor, at_ns));
}

uint64_t rk_sim_flash_program(struct rk_sim *sim, uint64_t at_ns, uint32_t addr,
                              const uint8_t *data, size_t len, uint32_t unit)
{
    while (len > 0 && sim->power == RK_SIM_RUNS) {
        size_t n = unit - addr % unit;
        if (n > len)
            n = len;
        rk_nor_write_enable(sim->nor, at_ns);
        at_ns = finish(sim, at_ns, rk_nor_program(sim->nor, at_ns, addr, data, n));
        addr += (uint32_t)n;
        data += n;
        len -= n;
    }
    return at_ns;
}
