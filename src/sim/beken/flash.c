#include "sim/beken/beken.h"

#include "base/crc.h"

#include <string.h>

static bool alive(const struct rk_sim *sim)
{
    return sim->power == RK_SIM_RUNS;
}

/* Waits for the chip as the loaders do: none of them has a time-out on the busy bit. */
static uint64_t finish(struct rk_sim *sim, uint64_t begin_ns, uint64_t end_ns)
{
    if (end_ns > begin_ns || sim->options.ideal)
        (void)rk_sim_flash_done(sim, begin_ns, end_ns);
    return end_ns;
}

uint64_t beken_flash_erase(struct rk_sim *sim, uint64_t at_ns, uint32_t addr, uint32_t len)
{
    if (!alive(sim))
        return at_ns;
    if (len == 4096)
        sim->stats.erases_4k++;
    else if (len == 65536)
        sim->stats.erases_64k++;
    sim->stats.erased_sectors += len / 4096;
    rk_nor_write_enable(sim->nor, at_ns);
    return finish(sim, at_ns, rk_nor_erase(sim->nor, at_ns, addr, len));
}

uint64_t beken_flash_erase_chip(struct rk_sim *sim, uint64_t at_ns)
{
    if (!alive(sim))
        return at_ns;
    sim->stats.erased_sectors += rk_nor_size(sim->nor) / 4096;
    rk_nor_write_enable(sim->nor, at_ns);
    return finish(sim, at_ns, rk_nor_erase_chip(sim->nor, at_ns));
}

uint64_t beken_flash_program(struct rk_sim *sim, uint64_t at_ns, uint32_t addr, const uint8_t *data,
                             size_t len)
{
    while (len > 0 && alive(sim)) {
        size_t n = 32 - addr % 32;
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

uint64_t beken_flash_write_status(struct rk_sim *sim, uint64_t at_ns, uint16_t value,
                                  unsigned bytes)
{
    uint8_t sr[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

    if (!alive(sim))
        return at_ns;
    rk_nor_write_enable(sim->nor, at_ns);
    return rk_nor_write_status(sim->nor, at_ns, 0x01, sr, bytes);
}

uint32_t beken_flash_crc(struct rk_sim *sim, uint32_t addr, uint64_t len, uint64_t at_ns)
{
    uint8_t chunk[4096];
    uint32_t crc = 0;

    while (len > 0) {
        size_t n = len < sizeof chunk ? (size_t)len : sizeof chunk;
        rk_nor_read(sim->nor, at_ns, addr, chunk, n);
        crc = rk_crc32(crc, chunk, n);
        addr += (uint32_t)n;
        len -= n;
    }
    return ~crc;
}
