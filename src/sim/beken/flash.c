/* The status register and the CRC of the flash, as the loaders do them. */
#include "sim/beken/beken.h"

#include "base/crc.h"

uint64_t beken_flash_write_status(struct rk_sim *sim, uint64_t at_ns, uint16_t value,
                                  unsigned bytes)
{
    uint8_t sr[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

    if (sim->power != RK_SIM_RUNS)
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
