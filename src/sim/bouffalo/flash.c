/* Flash operations as ROM and loader do them. */
#include "sim/bouffalo/bouffalo.h"

uint32_t bfl_erase_unit(uint32_t addr, uint32_t last)
{
    uint32_t left = last - addr;

    if (addr % 0x10000 == 0 && left > 61440)
        return 0x10000;
    return addr % 0x8000 == 0 && left > 28672 ? 0x8000 : 0x1000;
}

static uint64_t finish(struct rk_sim *sim, uint64_t begin_ns, uint64_t end_ns)
{
    if (end_ns > begin_ns || sim->options.ideal)
        (void)rk_sim_flash_done(sim, begin_ns, end_ns);
    return end_ns;
}

uint64_t bfl_flash_erase(struct rk_sim *sim, uint64_t at_ns, uint32_t addr, uint32_t len)
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

uint64_t bfl_flash_program(struct rk_sim *sim, uint64_t at_ns, uint32_t addr, const uint8_t *data,
                           size_t len)
{
    while (len > 0 && sim->power == RK_SIM_RUNS) {
        size_t n = RK_NOR_PAGE - addr % RK_NOR_PAGE;
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
