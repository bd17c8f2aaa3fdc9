/* The clock tree: who runs how fast. */
#include "emulate/bouffalo/soc.h"

#define RC_HZ   32000000u
#define ROUND_S 1000000000ull
#define FAR_S   10000000u /* nobody waits for four months: it would not fit in picoseconds */

static uint32_t pll_tap(const struct rk_bl_soc *soc)
{
    static const uint32_t hz[] = {48000000, 120000000, 160000000, 192000000};

    return hz[*rk_bl_reg(soc, RK_BL_GLB) >> 4 & 3];
}

uint32_t rk_bl_root_hz(const struct rk_bl_soc *soc)
{
    uint32_t root = *rk_bl_reg(soc, RK_BL_HBN + 0x30) & 3;

    return root == 0 ? RC_HZ : root == 1 ? soc->crystal_hz : pll_tap(soc);
}

uint32_t rk_bl_uart_hz(const struct rk_bl_soc *soc)
{
    bool fast = *rk_bl_reg(soc, RK_BL_HBN + 0x30) & 4;
    uint32_t divider = (*rk_bl_reg(soc, RK_BL_GLB + 8) & 7) + 1;

    return (fast ? 160000000 : rk_bl_root_hz(soc)) / divider;
}

void rk_bl_clocks_changed(struct rk_bl_soc *soc)
{
    uint32_t glb = *rk_bl_reg(soc, RK_BL_GLB), timer = *rk_bl_reg(soc, RK_BL_GLB + 0x90);
    uint32_t core = rk_bl_root_hz(soc) / ((glb >> 8 & 0xFF) + 1);
    uint32_t bus = core / ((glb >> 16 & 0xFF) + 1);
    uint64_t now = rk_bl_now(soc);
    bool counts = timer >> 18 & 1;

    rk_bl_set_speed(soc, core);
    rk_bl_counter_set(&soc->mtime, now, rk_bl_counter_value(&soc->mtime, now),
                      counts ? bus / ((timer & 0x1FFFF) + 1) : 0);
    rk_bl_reschedule(soc);
}

/* ---- counters ---- */

/* a * b / c where the product may need more than 64 bits. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t whole = a / c, rest = a % c;

    return whole * b + rest * b / c;
}

uint64_t rk_bl_counter_value(const struct rk_bl_counter *c, uint64_t now_ns)
{
    return c->value + scale(now_ns - c->since_ns, c->hz, ROUND_S);
}

uint64_t rk_bl_counter_when(const struct rk_bl_counter *c, uint64_t value)
{
    if (value <= c->value)
        return c->since_ns;
    if (c->hz == 0 || (value - c->value) / c->hz >= FAR_S)
        return RK_BL_NEVER;
    return c->since_ns + scale(value - c->value, ROUND_S, c->hz) + 1;
}

void rk_bl_counter_set(struct rk_bl_counter *c, uint64_t now_ns, uint64_t value, uint32_t hz)
{
    *c = (struct rk_bl_counter){value, now_ns, hz};
}
