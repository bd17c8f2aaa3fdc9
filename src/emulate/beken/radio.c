/* As much of the Wi-Fi MAC as firmware needs to get through its start: a state machine that does what
 * it is told, and timers. No frame is ever sent or received. */
#include "emulate/beken/soc.h"

enum {
    STATE = 0x0038,
    MICROSECONDS = 0x0120,
    TIMERS = 0x0128,
    TIMER_COUNT = 10,
    STATUS = 0x806C,
    STATUS_CLEAR = 0x8070,
    STATUS_ENABLE = 0x8074,
    TIMER_EVENTS = 0x8084,
    TIMER_CLEAR = 0x8088,
    TIMER_MASK = 0x808C,
    BUSY = 0x8050
};
enum { STATUS_IDLE = 1 << 2, STATUS_TIMERS = 1 << 3 };

static uint32_t *at(const struct rk_bk_soc *soc, uint32_t reg)
{
    return &soc->mac[reg / 4];
}

static uint32_t status(const struct rk_bk_soc *soc)
{
    bool timers = *at(soc, TIMER_EVENTS) & *at(soc, TIMER_MASK);

    return *at(soc, STATUS) | (timers ? STATUS_TIMERS : 0);
}

bool rk_bk_mac_line(const struct rk_bk_soc *soc)
{
    uint32_t enable = *at(soc, STATUS_ENABLE);

    return enable >> 31 && status(soc) & enable;
}

bool rk_bk_mac_is_steady(uint32_t reg)
{
    return reg != MICROSECONDS;
}

uint32_t rk_bk_mac_read(struct rk_bk_soc *soc, uint32_t reg)
{
    switch (reg) {
    case MICROSECONDS:
        return (uint32_t)(rk_bk_now(soc) / 1000);
    case STATUS:
        return status(soc);
    case BUSY:
        return 0;
    default:
        return *at(soc, reg);
    }
}

/* The timers are compared with the microseconds: one that is behind waits for the next turn. */
static void set_timer(struct rk_bk_soc *soc, unsigned n, uint32_t value)
{
    uint64_t us = rk_bk_now(soc) / 1000;

    soc->mac_timers_ns[n] = (us + (uint32_t)(value - (uint32_t)us)) * 1000;
    rk_bk_reschedule(soc);
}

void rk_bk_mac_write(struct rk_bk_soc *soc, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case STATE: {
        /* bits 7..4 ask for a state, bits 3..0 tell which one it is */
        uint32_t wanted = value >> 4 & 15;
        *at(soc, STATE) = (value & ~15u) | wanted;
        if (wanted == 0)
            *at(soc, STATUS) |= STATUS_IDLE;
        break;
    }
    case STATUS_CLEAR:
        *at(soc, STATUS) &= ~value;
        break;
    case TIMER_CLEAR:
        *at(soc, TIMER_EVENTS) &= ~value;
        break;
    case TIMER_EVENTS:
        *at(soc, TIMER_EVENTS) |= value;
        break;
    default:
        *at(soc, reg) = value;
        if (reg >= TIMERS && reg < TIMERS + 4 * TIMER_COUNT)
            set_timer(soc, (reg - TIMERS) / 4, value);
        break;
    }
    rk_bk_update_lines(soc);
}

uint64_t rk_bk_mac_next(const struct rk_bk_soc *soc)
{
    uint64_t next = RK_BK_NEVER;

    for (unsigned i = 0; i < TIMER_COUNT; i++)
        next = soc->mac_timers_ns[i] < next ? soc->mac_timers_ns[i] : next;
    return next;
}

void rk_bk_mac_tick(struct rk_bk_soc *soc, uint64_t now)
{
    for (unsigned i = 0; i < TIMER_COUNT; i++)
        if (soc->mac_timers_ns[i] <= now) {
            soc->mac_timers_ns[i] = RK_BK_NEVER;
            *at(soc, TIMER_EVENTS) |= 1u << i;
        }
}
