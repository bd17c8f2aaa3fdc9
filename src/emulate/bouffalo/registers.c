/* The registers from 0x40000000 on: who serves which, and what is nothing but memory. */
#include "emulate/bouffalo/soc.h"

#include "base/bytes.h"

#include <string.h>

enum {
    GLB_SOFTWARE_RESET = RK_BL_GLB + 0x18,
    GLB_TIMER_CLOCK = RK_BL_GLB + 0x90,
    GLB_PINS_IN = RK_BL_GLB + 0x180,
    EFUSE_CONTROL = RK_BL_EFUSE + 0x800,
    PDS_RC_READY = 0x4000E300,
    AON_CRYSTAL_READY = 0x4000F888,
    HBN_CLOCK = RK_BL_HBN + 0x30
};

static uint32_t read_word(struct rk_bl_soc *soc, uint32_t addr)
{
    uint32_t value = *rk_bl_reg(soc, addr), block = addr & ~0xFFFu;

    if (block == RK_BL_UART && (addr & 0xFFF) < 0x200)
        return rk_bl_uart_read(soc, addr >> 8 & 1, addr & 0xFF);
    if (block == RK_BL_UART && (addr & 0xFFF) >= 0x500 && (addr & 0xFFF) < 0x600)
        return rk_bl_timer_read(soc, addr & 0xFF);
    if (block == RK_BL_SF)
        return rk_bl_flash_read(soc, addr & 0xFFF);
    if (block == RK_BL_SEC)
        return rk_bl_security_read(soc, addr & 0xFFF);
    switch (addr) {
    case RK_BL_GLB: /* the root clock is shown here, too */
        return (value & ~0xC0u) | (*rk_bl_reg(soc, HBN_CLOCK) & 3) << 6;
    case GLB_PINS_IN:
        return rk_bl_pins_read(soc);
    case EFUSE_CONTROL:
        return (value & ~7u) | 2;
    case RK_BL_L1C:
        return value | 8; /* an invalidation is over at once */
    case PDS_RC_READY:
        return value | 3;
    case AON_CRYSTAL_READY:
        return value | 1u << 28;
    default:
        return value;
    }
}

/* Bits that rise: 0 power-on, 1 processor, 2 system. */
static void software_reset(struct rk_bl_soc *soc, uint32_t rising)
{
    if (!(rising & 7))
        return;
    soc->reset_wanted = true;
    soc->reset_cause = rising & 1 ? RK_EMULATE_POWER_ON : RK_EMULATE_PIN;
    rk_bl_reschedule(soc);
}

static void load_efuse(struct rk_bl_soc *soc)
{
    for (unsigned i = 0; i < sizeof soc->efuse; i += 4)
        *rk_bl_reg(soc, RK_BL_EFUSE + i) = rk_get_le32(soc->efuse + i);
}

static void write_word(struct rk_bl_soc *soc, uint32_t addr, uint32_t value)
{
    uint32_t block = addr & ~0xFFFu, *reg = rk_bl_reg(soc, addr), old = *reg;

    if (block == RK_BL_UART && (addr & 0xFFF) < 0x200) {
        rk_bl_uart_write(soc, addr >> 8 & 1, addr & 0xFF, value);
        return;
    }
    if (block == RK_BL_UART && (addr & 0xFFF) >= 0x500 && (addr & 0xFFF) < 0x600) {
        rk_bl_timer_write(soc, addr & 0xFF, value);
        return;
    }
    if (block == RK_BL_SF) {
        rk_bl_flash_write(soc, addr & 0xFFF, value);
        return;
    }
    if (block == RK_BL_SEC) {
        rk_bl_security_write(soc, addr & 0xFFF, value);
        return;
    }
    if (block == RK_BL_RF) {
        rk_bl_rf_write(soc, addr, value);
        return;
    }
    *reg = value;
    if (addr == RK_BL_GLB || addr == RK_BL_GLB + 8 || addr == GLB_TIMER_CLOCK || addr == HBN_CLOCK)
        rk_bl_clocks_changed(soc);
    else if (addr == GLB_SOFTWARE_RESET)
        software_reset(soc, value & ~old);
    else if (addr == EFUSE_CONTROL && value & 1 << 4)
        load_efuse(soc);
}

static uint32_t on_read(void *user, uint32_t addr, unsigned width)
{
    (void)width;
    rk_bl_access(user);
    return read_word(user, addr & ~3u) >> 8 * (addr & 3);
}

/* A byte or half of a register: the rest keeps its value. */
static void on_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bl_soc *soc = user;
    uint32_t shift = 8 * (addr & 3), word = addr & ~3u;

    rk_bl_access(soc);
    if (width < 4) {
        uint32_t mask = ((1u << 8 * width) - 1) << shift;
        bool buffer = word >= RK_BL_SF + 0x700 && word < RK_BL_SF + 0x800;
        uint32_t old = buffer ? read_word(soc, word) : *rk_bl_reg(soc, word);
        value = (old & ~mask) | (value << shift & mask);
    }
    write_word(soc, word, value);
}

void rk_bl_reset_registers(struct rk_bl_soc *soc)
{
    memset(soc->regs, 0, RK_BL_REGS_LEN);
    *rk_bl_reg(soc, RK_BL_GLB) = 0xE;
    *rk_bl_reg(soc, RK_BL_L1C) = 0xF00;
    *rk_bl_reg(soc, RK_BL_SF + 4) = 0xA0000000;
    soc->flash_ready_ns = soc->digest_ready_ns = 0;
    soc->watchdog_ns = RK_BL_NEVER;
    soc->watchdog_keys = 0;
    soc->pka = (struct rk_bl_pka){.control = 0};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t base = RK_BL_UART + 0x100 * i;
        soc->uart[i] = (struct rk_bl_uart){.idle_ns = RK_BL_NEVER};
        *rk_bl_reg(soc, base + 0x24) = 0xFF;
        *rk_bl_reg(soc, base + 0x2C) = 0xFF;
        *rk_bl_reg(soc, base + 0x08) = 0x00FF00FF;
    }
    load_efuse(soc);
    rk_bl_clocks_changed(soc);
}

enum rk_status rk_bl_map_registers(struct rk_bl_soc *soc, struct rk_error *err)
{
    const struct rk_bus_device registers = {.read = on_read, .write = on_write, .user = soc};

    return rk_bus_map_device(soc->bus, RK_BL_REGISTERS, RK_BL_REGS_LEN, &registers, err);
}
