/* Time comes from a clock that is passed in, so that everything can run in virtual time. */
#ifndef REKINDLE_CLOCK_H
#define REKINDLE_CLOCK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A clock. Both members are required. The microseconds count from an arbitrary start and never
 * go back. A real clock sleeps; a virtual one only moves its hand. */
struct rk_clock {
    uint64_t (*now_us)(void *self);
    void (*sleep_us)(void *self, uint64_t us);
    void *self;
};

/* The operating system's monotonic clock. The returned object is constant and lives for ever. */
const struct rk_clock *rk_clock_system(void);

static inline uint64_t rk_clock_now(const struct rk_clock *clock)
{
    return clock->now_us(clock->self);
}

static inline void rk_clock_sleep(const struct rk_clock *clock, uint64_t us)
{
    clock->sleep_us(clock->self, us);
}

#ifdef __cplusplus
}
#endif
#endif
