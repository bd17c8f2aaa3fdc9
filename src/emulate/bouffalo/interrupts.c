/* The core-local interrupt controller and its timer. Lines of devices are levels; software may make
 * others pending. */
#include "emulate/bouffalo/soc.h"

#include <string.h>

enum { CLINT = 0x02000000, CLIC = 0x02800000, IE = 0x400, CONFIG = 0x800, GLOBAL = 0xC00 };

static bool test(const uint64_t bits[2], unsigned id)
{
    return bits[id / 64] >> id % 64 & 1;
}

static void put(uint64_t bits[2], unsigned id, bool on)
{
    uint64_t bit = (uint64_t)1 << id % 64;

    bits[id / 64] = on ? bits[id / 64] | bit : bits[id / 64] & ~bit;
}

/* Everything that is asserted now. */
static void lines(const struct rk_bl_soc *soc, uint64_t out[2])
{
    uint64_t now = rk_bl_now(soc);

    memcpy(out, soc->pending, 2 * sizeof out[0]);
    if (soc->msip & 1)
        put(out, RK_BL_IRQ_SOFTWARE, true);
    if (rk_bl_counter_value(&soc->mtime, now) >= soc->mtimecmp)
        put(out, RK_BL_IRQ_TIMER, true);
    for (unsigned i = 0; i < 2; i++)
        if (rk_bl_uart_line(soc, i))
            put(out, RK_BL_IRQ_UART0 + i, true);
    if (rk_bl_radio_line(soc))
        put(out, RK_BL_IRQ_RADIO, true);
    if (soc->e2a & soc->e2a_mask)
        put(out, RK_BL_IRQ_E2A, true);
}

/* The upper bits of a configuration are the level, as many as the controller is told; what is
 * missing reads as ones. */
static uint32_t level_of(const struct rk_bl_soc *soc, unsigned id)
{
    unsigned bits = soc->clic_config >> 1 & 15;

    return bits >= 8 ? soc->level[id] : soc->level[id] | 0xFFu >> bits;
}

void rk_bl_update_lines(struct rk_bl_soc *soc)
{
    uint64_t up[2];
    uint32_t best = 0, level = 0;

    lines(soc, up);
    for (unsigned i = 0; i < 2; i++)
        up[i] &= soc->enabled[i];
    for (unsigned id = 0; id < RK_BL_INTERRUPTS && (up[0] | up[1]); id++) {
        if (!test(up, id))
            continue;
        put(up, id, false);
        if (level_of(soc, id) >= level) { /* of equal ones the highest number */
            best = RK_RISCV_LINE | id;
            level = level_of(soc, id);
        }
    }
    soc->cpu->lines = best ? best | level << 16 : 0;
}

void rk_bl_interrupts_reset(struct rk_bl_soc *soc)
{
    memset(soc->pending, 0, sizeof soc->pending);
    memset(soc->enabled, 0, sizeof soc->enabled);
    memset(soc->level, 0, sizeof soc->level);
    soc->clic_config = soc->msip = 0;
    soc->mtimecmp = UINT64_MAX;
    rk_bl_counter_set(&soc->mtime, rk_bl_now(soc), 0, 0);
}

/* ---- the timer ---- */

static uint32_t clint_read(void *user, uint32_t addr, unsigned width)
{
    struct rk_bl_soc *soc = user;
    uint64_t now = rk_bl_counter_value(&soc->mtime, rk_bl_now(soc));

    (void)width;
    rk_bl_access(soc);
    switch (addr - CLINT) {
    case 0:
        return soc->msip;
    case 0x4000:
        return (uint32_t)soc->mtimecmp;
    case 0x4004:
        return (uint32_t)(soc->mtimecmp >> 32);
    case 0xBFF8:
        return (uint32_t)now;
    case 0xBFFC:
        return (uint32_t)(now >> 32);
    default:
        return 0;
    }
}

static uint64_t with_half(uint64_t old, bool high, uint32_t value)
{
    return high ? (old & UINT32_MAX) | (uint64_t)value << 32
                : (old & ~(uint64_t)UINT32_MAX) | value;
}

static void clint_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bl_soc *soc = user;
    uint64_t now_ns = rk_bl_now(soc), now = rk_bl_counter_value(&soc->mtime, now_ns);
    bool high = addr & 4;

    (void)width;
    switch ((addr - CLINT) & ~4u) {
    case 0:
        soc->msip = value & 1;
        break;
    case 0x4000:
        soc->mtimecmp = with_half(soc->mtimecmp, high, value);
        break;
    case 0xBFF8:
        rk_bl_counter_set(&soc->mtime, now_ns, with_half(now, high, value), soc->mtime.hz);
        break;
    default:
        break;
    }
    rk_bl_update_lines(soc);
    rk_bl_reschedule(soc);
}

/* ---- the controller: one byte per interrupt and property ---- */

static uint32_t clic_byte(const struct rk_bl_soc *soc, uint32_t at)
{
    unsigned id = at & 0x3FF;
    uint64_t up[2];

    if (at == GLOBAL)
        return soc->clic_config;
    if (id >= RK_BL_INTERRUPTS)
        return 0;
    switch (at & ~0x3FFu) {
    case 0:
        lines(soc, up);
        return test(up, id);
    case IE:
        return test(soc->enabled, id);
    case CONFIG:
        return soc->level[id];
    default:
        return 0;
    }
}

static uint32_t clic_read(void *user, uint32_t addr, unsigned width)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < width; i++)
        value |= clic_byte(user, addr - CLIC + i) << 8 * i;
    return value;
}

static void clic_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bl_soc *soc = user;

    for (unsigned i = 0; i < width; i++, value >>= 8) {
        uint32_t at = addr - CLIC + i;
        unsigned id = at & 0x3FF;
        if (at == GLOBAL)
            soc->clic_config = value & 0xFF;
        else if (id >= RK_BL_INTERRUPTS)
            continue;
        else if ((at & ~0x3FFu) == 0)
            put(soc->pending, id, value & 1);
        else if ((at & ~0x3FFu) == IE)
            put(soc->enabled, id, value & 1);
        else if ((at & ~0x3FFu) == CONFIG)
            soc->level[id] = (uint8_t)value;
    }
    rk_bl_update_lines(soc);
}

enum rk_status rk_bl_map_interrupts(struct rk_bl_soc *soc, struct rk_error *err)
{
    const struct rk_bus_device clint = {.read = clint_read, .write = clint_write, .user = soc};
    const struct rk_bus_device clic = {.read = clic_read, .write = clic_write, .user = soc};
    enum rk_status st = rk_bus_map_device(soc->bus, CLINT, 0x10000, &clint, err);

    return st == RK_OK ? rk_bus_map_device(soc->bus, CLIC, 0x1000, &clic, err) : st;
}
