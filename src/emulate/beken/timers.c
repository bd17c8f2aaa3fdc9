/* Timers 0 to 5, the PWM channels that serve as timers, and the watchdog. */
#include "emulate/beken/soc.h"

enum {
    CONTROL_FAST = 0x0C,
    READ_FAST = 0x10,
    COUNT_FAST = 0x14,
    CONTROL_SLOW = 0x4C,
    READ_SLOW = 0x50,
    COUNT_SLOW = 0x54,
    BANK = 0x40
};

static uint32_t *reg_at(const struct rk_bk_soc *soc, uint32_t reg)
{
    return rk_bk_system(soc, 0x802A00 + reg);
}

/* ---- timers: 0 to 2 count the crystal, 3 to 5 the slow clock ---- */

static uint64_t ticks_ns(uint64_t ticks, uint32_t hz)
{
    return ticks / hz * 1000000000u + ticks % hz * 1000000000u / hz;
}

static uint64_t period_ns(const struct rk_bk_soc *soc, unsigned n)
{
    uint32_t control = *reg_at(soc, n < 3 ? CONTROL_FAST : CONTROL_SLOW);
    /* Applications switch timers on that they have given no end: those count the whole way. */
    uint64_t end = soc->timers[n].end ? soc->timers[n].end : (uint64_t)1 << 32;
    uint64_t ticks = end * ((control >> 3 & 7) + 1);
    uint64_t ns = ticks_ns(ticks, n < 3 ? RK_BK_CRYSTAL_HZ : RK_BK_SLOW_HZ);

    return ns < 1000 ? 1000 : ns;
}

static void start_timer(struct rk_bk_soc *soc, unsigned n)
{
    soc->timers[n].started_ns = rk_bk_now(soc);
    soc->timers[n].next_ns = soc->timers[n].started_ns + period_ns(soc, n);
}

static void control_timers(struct rk_bk_soc *soc, unsigned first, uint32_t reg, uint32_t value)
{
    uint32_t *control = reg_at(soc, reg), before = *control;

    /* Bits 9..7: fired; writing 1 clears. */
    *control = (value & ~0x380u) | (before & 0x380 & ~value);
    for (unsigned i = 0; i < 3; i++) {
        bool on = value >> i & 1, was = before >> i & 1;
        if (on && !was)
            start_timer(soc, first + i);
        else if (!on)
            soc->timers[first + i].next_ns = RK_BK_NEVER;
    }
}

static void read_count(struct rk_bk_soc *soc, unsigned first, uint32_t reg, uint32_t value)
{
    unsigned n = first + (value >> 2 & 3) % 3;
    uint32_t control = *reg_at(soc, first ? CONTROL_SLOW : CONTROL_FAST);
    uint64_t hz = first ? RK_BK_SLOW_HZ : RK_BK_CRYSTAL_HZ;
    uint64_t passed = rk_bk_now(soc) - soc->timers[n].started_ns;

    *reg_at(soc, reg + 4) = (uint32_t)(passed / 1000 * hz / 1000000 / ((control >> 3 & 7) + 1));
    *reg_at(soc, reg) = value & ~1u;
}

uint32_t rk_bk_timer_read(struct rk_bk_soc *soc, uint32_t reg)
{
    return *reg_at(soc, reg);
}

void rk_bk_timer_write(struct rk_bk_soc *soc, uint32_t reg, uint32_t value)
{
    unsigned first = reg >= BANK ? 3 : 0;

    if (reg == CONTROL_FAST || reg == CONTROL_SLOW) {
        control_timers(soc, first, reg, value);
    } else if (reg == READ_FAST || reg == READ_SLOW) {
        read_count(soc, first, reg, value);
    } else {
        *reg_at(soc, reg) = value;
        if ((reg & (BANK - 1)) <= 8) {
            unsigned n = first + (reg & (BANK - 1)) / 4;
            soc->timers[n].end = value;
            if (soc->timers[n].next_ns != RK_BK_NEVER)
                start_timer(soc, n);
        }
    }
    rk_bk_update_lines(soc);
    rk_bk_reschedule(soc);
}

bool rk_bk_timer_line(const struct rk_bk_soc *soc)
{
    if (soc->model->pwm_only)
        return false;
    return (*reg_at(soc, CONTROL_FAST) | *reg_at(soc, CONTROL_SLOW)) & 0x380;
}

/* ---- PWM: four bits of control per channel (enable, interrupt, mode), a pending bit, and three words
 * (end, duty, captured) ---- */

static uint32_t *pwm_at(const struct rk_bk_soc *soc, uint32_t reg)
{
    return rk_bk_system(soc, soc->model->pwm_base + reg);
}

static uint64_t pwm_period_ns(const struct rk_bk_soc *soc, unsigned n)
{
    bool slow = *rk_bk_system(soc, 0x802004) >> n & 1;
    /* The BK7231Q packs end and duty into one word. */
    uint32_t end =
        soc->model->pwm_only ? *pwm_at(soc, 8 + 8 * n) & 0xFFFF : *pwm_at(soc, 8 + 12 * n);
    uint64_t ns = ticks_ns(end ? end : 1, slow ? RK_BK_SLOW_HZ : RK_BK_CRYSTAL_HZ);

    return ns < 1000 ? 1000 : ns;
}

uint32_t rk_bk_pwm_read(struct rk_bk_soc *soc, uint32_t reg)
{
    return *pwm_at(soc, reg);
}

void rk_bk_pwm_write(struct rk_bk_soc *soc, uint32_t reg, uint32_t value)
{
    uint32_t *at = pwm_at(soc, reg);

    if (reg == 4)
        *at = (value & ~0x3Fu) | (*at & 0x3F & ~value);
    else
        *at = value;
    for (unsigned n = 0; reg == 0 && n < 6; n++) {
        unsigned bits = value >> 4 * n & 15;
        /* enabled, with interrupts; a wave and a capture end like a timer */
        if ((bits & 3) == 3) {
            if (soc->pwm[n].next_ns == RK_BK_NEVER)
                soc->pwm[n].next_ns = rk_bk_now(soc) + pwm_period_ns(soc, n);
        } else {
            soc->pwm[n].next_ns = RK_BK_NEVER;
        }
    }
    rk_bk_update_lines(soc);
    rk_bk_reschedule(soc);
}

bool rk_bk_pwm_line(const struct rk_bk_soc *soc)
{
    return soc->model->pwm_base && *pwm_at(soc, 4) & 0x3F;
}

/* ---- watchdog: two keys in bits 23..16, the period in milliseconds below ---- */

void rk_bk_watchdog_write(struct rk_bk_soc *soc, uint32_t value)
{
    uint32_t key = value >> 16 & 0xFF, period = value & 0xFFFF;

    if (key == 0x5A) {
        soc->watchdog_armed = true;
    } else if (key == 0xA5 && soc->watchdog_armed) {
        soc->watchdog_armed = false;
        soc->watchdog_ns = period ? rk_bk_now(soc) + period * (uint64_t)1000000 : RK_BK_NEVER;
    }
    *rk_bk_system(soc, 0x802900) = value;
    rk_bk_reschedule(soc);
}

/* ---- time ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t rk_bk_timers_next(const struct rk_bk_soc *soc)
{
    uint64_t next = soc->watchdog_ns;

    for (unsigned n = 0; n < 6; n++)
        next = earlier(next, earlier(soc->timers[n].next_ns, soc->pwm[n].next_ns));
    return next;
}

void rk_bk_timers_tick(struct rk_bk_soc *soc, uint64_t now)
{
    for (unsigned n = 0; n < 6; n++) {
        struct rk_bk_timer *t = &soc->timers[n], *p = &soc->pwm[n];
        if (t->next_ns <= now) {
            *reg_at(soc, n < 3 ? CONTROL_FAST : CONTROL_SLOW) |= 0x80u << n % 3;
            t->started_ns = t->next_ns;
            t->next_ns = t->started_ns + period_ns(soc, n);
            if (t->next_ns <= now)
                start_timer(soc, n);
        }
        if (p->next_ns <= now) {
            *pwm_at(soc, 4) |= 1u << n;
            p->next_ns += pwm_period_ns(soc, n);
            if (p->next_ns <= now)
                p->next_ns = now + pwm_period_ns(soc, n);
        }
    }
    if (soc->watchdog_ns <= now) {
        soc->watchdog_ns = RK_BK_NEVER;
        soc->reset_wanted = true;
        soc->reset_cause = RK_EMULATE_WATCHDOG;
    }
}
