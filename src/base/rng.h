/* A small seeded generator (splitmix64) for faults, noise and fuzzing: the same seed gives the
 * same numbers everywhere. Not for secrets. */
#ifndef RK_BASE_RNG_H
#define RK_BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rk_rng {
    uint64_t state;
};

static inline uint64_t rk_rng_next(struct rk_rng *rng)
{
    uint64_t z = (rng->state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* A number in [0, limit); 0 for limit 0. */
static inline uint32_t rk_rng_below(struct rk_rng *rng, uint32_t limit)
{
    return limit ? (uint32_t)((rk_rng_next(rng) >> 32) * limit >> 32) : 0;
}

/* True with a probability of ppm per million. Draws nothing for ppm 0. */
static inline bool rk_rng_chance(struct rk_rng *rng, uint32_t ppm)
{
    return ppm && rk_rng_below(rng, 1000000) < ppm;
}

#endif
