/* Arithmetic of IEEE 754 binary32 in integers: the same bits and flags on every machine. Values are
 * bit patterns; results that are no number are the canonical one, 7FC00000, as RISC-V wants it. */
#ifndef RK_EMULATE_FLOAT32_H
#define RK_EMULATE_FLOAT32_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers that RISC-V gives to the ways of rounding. */
enum rk_f32_round {
    RK_F32_NEAREST_EVEN,
    RK_F32_TO_ZERO,
    RK_F32_DOWN,
    RK_F32_UP,
    RK_F32_NEAREST_AWAY
};

/* ... and to the flags. */
enum {
    RK_F32_INEXACT = 1,
    RK_F32_UNDERFLOW = 2,
    RK_F32_OVERFLOW = 4,
    RK_F32_DIVIDED_BY_ZERO = 8,
    RK_F32_INVALID = 16
};

#define RK_F32_NAN 0x7FC00000u

/* How to round, and the flags that come together. */
struct rk_f32_env {
    enum rk_f32_round round;
    uint32_t flags;
};

uint32_t rk_f32_add(uint32_t a, uint32_t b, struct rk_f32_env *env);
uint32_t rk_f32_mul(uint32_t a, uint32_t b, struct rk_f32_env *env);
uint32_t rk_f32_div(uint32_t a, uint32_t b, struct rk_f32_env *env);
uint32_t rk_f32_sqrt(uint32_t a, struct rk_f32_env *env);
/* a * b + c, rounded once. */
uint32_t rk_f32_fma(uint32_t a, uint32_t b, uint32_t c, struct rk_f32_env *env);
uint32_t rk_f32_min(uint32_t a, uint32_t b, struct rk_f32_env *env);
uint32_t rk_f32_max(uint32_t a, uint32_t b, struct rk_f32_env *env);
/* False if one is no number; less and less-or-equal call that invalid, equal only if it signals. */
bool rk_f32_equal(uint32_t a, uint32_t b, struct rk_f32_env *env);
bool rk_f32_less(uint32_t a, uint32_t b, struct rk_f32_env *env);
bool rk_f32_less_equal(uint32_t a, uint32_t b, struct rk_f32_env *env);
/* Out of range or no number: the nearest value that there is (no number: the largest), invalid. */
uint32_t rk_f32_to_int(uint32_t a, bool is_signed, struct rk_f32_env *env);
uint32_t rk_f32_from_int(uint32_t value, bool is_signed, struct rk_f32_env *env);
/* One bit of ten, as FCLASS.S. */
uint32_t rk_f32_class(uint32_t a);

#endif
