/* The watchdog, a part of the timer unit. Each change needs its two keys before. */
#include "emulate/bouffalo/soc.h"

enum {
    CLOCKS = 0x00,
    WATCHDOG_ENABLE = 0x64,
    WATCHDOG_MATCH = 0x68,
    WATCHDOG_COUNT = 0x6C,
    WATCHDOG_RESTART = 0x98,
    KEY_1 = 0x9C,
    KEY_2 = 0xA0,
    DIVIDERS = 0xBC
};
enum { ON = 1, RESETS = 2 };

static uint32_t tick_hz(const struct rk_bl_soc *soc)
{
    uint32_t source = *rk_bl_reg(soc, RK_BL_TIMER + CLOCKS) >> 8 & 3;
    uint32_t divider = (*rk_bl_reg(soc, RK_BL_TIMER + DIVIDERS) >> 24) + 1;
    uint32_t hz = source == 0   ? rk_bl_root_hz(soc)
                  : source == 1 ? 32768
                  : source == 2 ? 1000
                                : soc->crystal_hz;

    return hz / divider ? hz / divider : 1;
}

static void restart(struct rk_bl_soc *soc)
{
    uint32_t match = *rk_bl_reg(soc, RK_BL_TIMER + WATCHDOG_MATCH) & 0xFFFF;
    bool on = (*rk_bl_reg(soc, RK_BL_TIMER + WATCHDOG_ENABLE) & (ON | RESETS)) == (ON | RESETS);

    soc->watchdog_ns =
        on && match ? rk_bl_now(soc) + match * 1000000000ull / tick_hz(soc) : RK_BL_NEVER;
    rk_bl_reschedule(soc);
}

uint32_t rk_bl_timer_read(struct rk_bl_soc *soc, uint32_t reg)
{
    uint32_t match = *rk_bl_reg(soc, RK_BL_TIMER + WATCHDOG_MATCH) & 0xFFFF;
    uint64_t now = rk_bl_now(soc);

    if (reg != WATCHDOG_COUNT)
        return *rk_bl_reg(soc, RK_BL_TIMER + reg);
    if (soc->watchdog_ns == RK_BL_NEVER || soc->watchdog_ns < now)
        return 0;
    uint64_t left = (soc->watchdog_ns - now) * tick_hz(soc) / 1000000000u;
    return left < match ? match - (uint32_t)left : 0;
}

void rk_bl_timer_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value)
{
    bool guarded = reg >= WATCHDOG_ENABLE && reg <= WATCHDOG_RESTART;

    if (reg == KEY_1 || reg == KEY_2) {
        bool right = (value & 0xFFFF) == (reg == KEY_1 ? 0xBABAu : 0xEB10u);
        soc->watchdog_keys = reg == KEY_1 ? right : soc->watchdog_keys && right ? 2 : 0;
        return;
    }
    if (guarded && (reg == WATCHDOG_ENABLE || reg == WATCHDOG_MATCH || reg == WATCHDOG_RESTART)) {
        if (soc->watchdog_keys != 2)
            return;
        soc->watchdog_keys = 0;
        *rk_bl_reg(soc, RK_BL_TIMER + reg) = value;
        restart(soc);
        return;
    }
    *rk_bl_reg(soc, RK_BL_TIMER + reg) = value;
}
