/* The loader in RAM: the flash commands as Bouffalo Lab's eflash_loader of 2022 has them. */
#include "sim/bouffalo/bouffalo.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "flash/bl602_parts.h"

#include <string.h>

#define LOADER_VERSION UINT32_MAX /* its place in the boot info */
#define PARAMETERS     4u
#define HASH_RATE      3600000u /* bytes per second; from a log of a real module */
#define BLANK_CHECK    10239u   /* longer erases of Winbond parts look first */
#define MAKER_WINBOND  0xEFu

enum {
    BOOT_INFO = 0x10,
    RESET = 0x21,
    ERASE = 0x30,
    WRITE = 0x31,
    READ = 0x32,
    READ_XIP = 0x34,
    JEDEC = 0x36,
    STATUS_READ = 0x37,
    STATUS_WRITE = 0x38,
    WRITE_CHECK = 0x3A,
    SET_PARA = 0x3B,
    CHIP_ERASE = 0x3C,
    HASH = 0x3D,
    HASH_XIP = 0x3E,
    WRITE_PACKED = 0x3F,
    EFUSE_WRITE = 0x40,
    EFUSE_READ = 0x41,
    MAC = 0x42,
    XIP_BEGIN = 0x60,
    XIP_END = 0x61
};

/* When the flash can be used: what was acknowledged may still be on its way into it. */
static uint64_t ready_ns(const struct rk_sim *sim)
{
    const struct bouffalo *bfl = bfl_of(sim);
    uint64_t at = bfl->flash_ns > sim->now_ns ? bfl->flash_ns : sim->now_ns;

    return at > sim->cpu_free_ns ? at : sim->cpu_free_ns;
}

static bool blank(struct rk_sim *sim, uint32_t addr, uint32_t last)
{
    uint8_t page[RK_NOR_PAGE];

    for (uint64_t at = addr; at <= last; at += sizeof page) {
        rk_nor_read(sim->nor, ready_ns(sim), (uint32_t)at, page, sizeof page);
        if (!rk_bytes_all(page, sizeof page, 0xFF))
            return false;
    }
    return true;
}

static void erase(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (len != 8) {
        bfl_fail(sim, 0x0002);
        return;
    }
    uint32_t addr = rk_get_le32(payload), last = rk_get_le32(payload + 4);
    bfl->sticky = 0;
    if (last >= rk_nor_size(sim->nor) || rk_rng_chance(&sim->rng, sim->faults.status_ppm)) {
        bfl_fail(sim, 0x0003);
        return;
    }
    if ((rk_nor_jedec(sim->nor) & 0xFF) == MAKER_WINBOND && addr <= last &&
        last - addr > BLANK_CHECK && blank(sim, addr, last)) {
        bfl_ok(sim);
        return;
    }
    while (addr <= last && sim->power == RK_SIM_RUNS) {
        uint32_t unit = bfl_erase_unit(addr, last);
        bfl_pending(sim);
        rk_sim_busy(sim, rk_sim_flash_erase(sim, ready_ns(sim), addr, unit), false);
        addr = addr / unit * unit + unit;
    }
    bfl_ok(sim);
}

static void chip_erase(struct rk_sim *sim)
{
    uint64_t at = ready_ns(sim);

    sim->stats.erased_sectors += rk_nor_size(sim->nor) / 4096;
    rk_nor_write_enable(sim->nor, at);
    uint64_t end = rk_nor_erase_chip(sim->nor, at);
    (void)rk_sim_flash_done(sim, at, end);
    for (; at < end && !sim->options.ideal; at += 1000u * (uint64_t)RK_SIM_MS) {
        rk_sim_busy(sim, at, false);
        bfl_pending(sim);
    }
    rk_sim_busy(sim, end, false);
    bfl_ok(sim);
}

/* Acknowledged before it is done: there are two buffers. */
static void program(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint32_t addr = len > 4 ? rk_get_le32(payload) : 0;

    if (len <= 4) {
        bfl_fail(sim, 0x0004);
        return;
    }
    if (addr == UINT32_MAX) {
        bfl_fail(sim, 0x0005);
        return;
    }
    uint64_t begin = ready_ns(sim);
    rk_sim_busy(sim, begin, false);
    bfl_ok(sim);
    sim->stats.programs_4k += (uint32_t)((len - 4 + 4095) / 4096);
    if (addr + (uint64_t)len - 4 > rk_nor_size(sim->nor) ||
        rk_rng_chance(&sim->rng, sim->faults.status_ppm)) {
        bfl->sticky = 0x0006;
        bfl_fail(sim, 0x0006);
        return;
    }
    bfl->flash_ns = rk_sim_flash_program(sim, begin, addr, payload + 4, len - 4, RK_NOR_PAGE);
}

static void read(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (len != 8 || sim->faults.refuse_reads) {
        bfl_fail(sim, 0x0004);
        return;
    }
    uint32_t count = rk_get_le32(payload + 4);
    if (count > BFL_LOADER_MAX)
        count = BFL_LOADER_MAX;
    uint64_t at = ready_ns(sim);
    rk_nor_read(sim->nor, at, rk_get_le32(payload), bfl->reply + 4, count);
    rk_sim_busy(sim, at + count * 500ull, false); /* two million bytes per second */
    sim->stats.reads_4k += (count + 4095) / 4096;
    bfl_data(sim, count);
}

static void hash(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint64_t at = ready_ns(sim);

    if (len != 8) {
        bfl_fail(sim, 0x0004);
        return;
    }
    uint32_t addr = rk_get_le32(payload), count = rk_get_le32(payload + 4);
    if (count > rk_nor_size(sim->nor))
        count = rk_nor_size(sim->nor);
    struct rk_sha256 *sha = rk_sha256_new();
    for (uint32_t done = 0; sha && done < count;) {
        uint8_t chunk[4096];
        uint32_t n = count - done < sizeof chunk ? count - done : sizeof chunk;
        rk_nor_read(sim->nor, at, addr + done, chunk, n);
        rk_sha256_update(sha, chunk, n);
        done += n;
    }
    memset(bfl->reply + 4, 0, 32);
    if (sha)
        rk_sha256_finish(sha, bfl->reply + 4);
    if (sim->faults.crc_zero)
        memset(bfl->reply + 4, 0, 32);
    sim->stats.crcs++;
    rk_sim_busy(sim, at + count * 1000000000ull / HASH_RATE, false);
    bfl_data(sim, 32);
}

static void jedec(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint8_t spi[4] = {0x9F};

    (void)rk_nor_transfer(sim->nor, ready_ns(sim), spi, spi, sizeof spi);
    memcpy(bfl->reply + 4, spi + 1, 3);
    uint32_t id = (uint32_t)spi[1] << 16 | (uint32_t)spi[2] << 8 | spi[3];
    bfl->reply[7] = rk_bl602_part_find(id) ? 0x80 : 0;
    bfl_data(sim, 4);
}

static void status_read(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (len != 8) {
        bfl_fail(sim, 0x0009);
        return;
    }
    memset(bfl->reply + 4, rk_nor_status(sim->nor, ready_ns(sim), payload[0]), 4);
    bfl_data(sim, payload[4] > 4 ? 4 : payload[4]);
}

static void status_write(struct rk_sim *sim, const uint8_t *payload, size_t len)
{
    if (len != 12 || payload[4] > 2) {
        bfl_fail(sim, 0x000A);
        return;
    }
    uint64_t at = ready_ns(sim);
    rk_nor_write_enable(sim->nor, at);
    rk_sim_busy(sim, rk_nor_write_status(sim->nor, at, payload[0], payload + 8, payload[4]), false);
    bfl_ok(sim);
}

static void write_check(struct rk_sim *sim)
{
    const struct bouffalo *bfl = bfl_of(sim);

    rk_sim_busy(sim, ready_ns(sim), false);
    if (bfl->sticky)
        bfl_fail(sim, bfl->sticky);
    else
        bfl_ok(sim);
}

static void mac(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    memcpy(bfl->reply + 4, bfl->efuse + 0x14, 6);
    rk_put_le32(bfl->reply + 10, rk_crc32(0, bfl->reply + 4, 6));
    bfl_data(sim, 10);
}

static void reset(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    bfl_ok(sim);
    bfl->phase = BFL_RESET;
    bfl->phase_ns = sim->now_ns + 10u * RK_SIM_MS;
}

static void answer(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len)
{
    switch (op) {
    case BOOT_INFO:
        if (!bfl_of(sim)->old)
            bfl_boot_info(sim, LOADER_VERSION);
        break;
    case RESET:
        reset(sim);
        break;
    case JEDEC:
        jedec(sim);
        break;
    case STATUS_READ:
        status_read(sim, payload, len);
        break;
    case STATUS_WRITE:
        status_write(sim, payload, len);
        break;
    case EFUSE_READ:
        bfl_efuse_read(sim, payload, len);
        break;
    case EFUSE_WRITE:
        bfl_fail(sim, 0x0403);
        break;
    case MAC:
        mac(sim);
        break;
    case XIP_BEGIN:
    case XIP_END:
        bfl_ok(sim);
        break;
    case SET_PARA:
        if (len == PARAMETERS || len == PARAMETERS + RK_BL602_FLASH_PARAMETERS)
            bfl_ok(sim);
        else
            bfl_fail(sim, 0x0008);
        break;
    default:
        break; /* silence, as for every command it does not know */
    }
}

void bfl_loader(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len)
{
    switch (op) {
    case ERASE:
        erase(sim, payload, len);
        break;
    case CHIP_ERASE:
        chip_erase(sim);
        break;
    case WRITE:
        program(sim, payload, len);
        break;
    case WRITE_PACKED:
        if (!bfl_of(sim)->old)
            bfl_packed_write(sim, ready_ns(sim), payload, len);
        break;
    case READ:
    case READ_XIP:
        read(sim, payload, len);
        break;
    case HASH:
    case HASH_XIP:
        hash(sim, payload, len);
        break;
    case WRITE_CHECK:
        write_check(sim);
        break;
    default:
        answer(sim, op, payload, len);
        break;
    }
}
