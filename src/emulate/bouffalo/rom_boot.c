/* What the mask ROM does after a reset: it looks for the second-stage loader in the flash, or waits
 * for a download. Rules and times as observed on the executed ROM (a dump of May 11 2020). */
#include "emulate/bouffalo/rom.h"

#include "base/bytes.h"
#include "emulate/riscv.h"
#include "image/bouffalo/header.h"

#include <string.h>

enum {
    SIGNED_ONLY = 1 << 2, /* of the first efuse word */
    PARAMETERS = 12,      /* of the flash, in the boot header */
    WINDOW = 0x23000000,
    STACK = 0x42043F70,
    START_NS = 5000000,
    HASH_NS_PER_BLOCK = 2500 + 1600,
    STATUS_ON_ENTRY = 0x6008 /* interrupts on, floats ready */
};
enum { ROOT_CLOCK = RK_BL_HBN + 0x30, TAPS = 3 << 4 };

struct setting {
    uint32_t addr, value;
};

/* How the ROM leaves the chip: timer clock, flash pins and controller. */
static const struct setting left[] = {
    {RK_BL_GLB + 0x08, 0x00001910}, {RK_BL_GLB + 0x90, 0x00040007},  {RK_BL_GLB + 0x54, 1},
    {RK_BL_GLB + 0x80, 0x00000300}, {RK_BL_GLB + 0x128, 0x0B170B17}, {RK_BL_SF + 0x00, 0x00000810},
    {RK_BL_SF + 0x04, 0xF0000000},  {RK_BL_L1C, 0x0000130F},         {RK_BL_L1C + 0x200, 1},
};

static void set(struct rk_bl_soc *soc, uint32_t addr, uint32_t value)
{
    *rk_bl_reg(soc, addr) = value;
}

/* Selections of the SDK: 0 RC oscillator, 1 crystal, from 2 on the taps of the PLL. */
static void system_clock(struct rk_bl_soc *soc, uint32_t crystal, uint32_t clock)
{
    static const uint32_t hz[] = {32000000, 40000000, 48000000, 120000000, 160000000, 192000000};
    uint32_t glb = *rk_bl_reg(soc, RK_BL_GLB) & 0xFF00003Fu;

    if (crystal == 0 || clock > 5)
        clock = 0;
    if (clock >= 2) /* else the tap stays chosen */
        glb = (glb & ~(uint32_t)TAPS) | (clock - 2) << 4;
    set(soc, RK_BL_GLB, glb | 0xF | (clock >= 3 ? 1u << 16 : 0));
    set(soc, ROOT_CLOCK, (*rk_bl_reg(soc, ROOT_CLOCK) & ~3u) | (clock >= 2 ? 2 : clock));
    set(soc, RK_BL_CORE_CLOCK, clock == 1 ? soc->crystal_hz : hz[clock]);
    rk_bl_clocks_changed(soc);
}

bool rk_bl_rom_system_clock(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    system_clock(soc, call->a[0], call->a[1]);
    call->result = call->a[0] == 0 && call->a[1] != 0;
    return true;
}

/* The image lies in the window, which shows the flash at four addresses. */
static uint32_t in_flash(uint32_t start)
{
    return start >> 28 < 4 ? start & 0x0FFFFFFF : start;
}

/* Code that the ROM jumps to is in a memory, and not in the ROM. */
static bool executable(const struct rk_bl_soc *soc, uint32_t entry)
{
    return rk_bus_page_of(soc->bus, entry)->read && entry - RK_BL_ROM >= RK_BL_ROM_LEN;
}

/* The checks of the ROM, in its order. */
static bool bootable(struct rk_bl_soc *soc, struct rk_bfl_header *h)
{
    const uint8_t *cells = rk_nor_cells(soc->nor);

    if (!rk_bfl_header_read(cells, soc->flash_size, h) || !h->crc_good)
        return false;
    if (soc->efuse[0] & SIGNED_ONLY) /* a plain one is refused, others are not followed */
        return false;
    if (!h->plain || !h->flat || h->boot_cfg & RK_BFL_NOT_LOAD || h->length == 0)
        return false;
    rk_bl_skip(soc, rk_bl_now(soc) + h->length / 64 * (uint64_t)HASH_NS_PER_BLOCK);
    return h->hash_ignored || rk_bfl_hash_check(h, cells, soc->flash_size, in_flash(h->start));
}

/* Registers as the ROM leaves them when it jumps. */
static void jump(struct rk_bl_soc *soc, uint32_t entry)
{
    struct rk_cpu_register r;

    soc->cpu->core->set_pc(soc->cpu, entry);
    for (unsigned i = 1; soc->cpu->core->get(soc->cpu, i, &r); i++)
        if (strcmp(r.name, "sp") == 0)
            (void)soc->cpu->core->set(soc->cpu, i, STACK);
        else if (strcmp(r.name, "mstatus") == 0)
            (void)soc->cpu->core->set(soc->cpu, i, STATUS_ON_ENTRY);
}

static void enter(struct rk_bl_soc *soc, const struct rk_bfl_header *h)
{
    const uint8_t *cells = rk_nor_cells(soc->nor);
    uint32_t entry = rk_get_le32(cells + 124);

    if (h->flash_good)
        rk_bl_rom_prepare_flash(soc, cells + PARAMETERS);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        set(soc, left[i].addr, left[i].value);
    if (h->clock_good)
        system_clock(soc, cells[104], cells[105]);
    else
        rk_bl_clocks_changed(soc);
    if (h->cached) /* else the window begins with the header, and so does what is executed */
        rk_bl_flash_write(soc, 0x434, in_flash(h->start));
    if (entry && !executable(soc, entry))
        soc->rom_waits = true;
    else
        jump(soc, entry ? entry : WINDOW);
}

void rk_bl_rom_run(struct rk_bl_soc *soc, const uint8_t *ram, uint32_t base, size_t len,
                   uint32_t entry)
{
    (void)rk_bus_poke(soc->bus, base, ram, len);
    jump(soc, entry);
}

void rk_bl_rom_start(struct rk_bl_soc *soc)
{
    struct rk_bfl_header h;

    rk_bl_skip(soc, rk_bl_now(soc) + START_NS);
    if (rk_bl_wants_download(soc) || !bootable(soc, &h))
        soc->rom_waits = true;
    else
        enter(soc, &h);
}
