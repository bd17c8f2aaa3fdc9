#include <rekindle/clock.h>

#include <errno.h>
#include <stddef.h>
#include <time.h>

static uint64_t system_now(void *self)
{
    struct timespec ts;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static void system_sleep(void *self, uint64_t us)
{
    struct timespec ts = {.tv_sec = (time_t)(us / 1000000u),
                          .tv_nsec = (long)(us % 1000000u) * 1000};

    (void)self;
    while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
        ;
}

const struct rk_clock *rk_clock_system(void)
{
    static const struct rk_clock clock = {system_now, system_sleep, NULL};

    return &clock;
}
