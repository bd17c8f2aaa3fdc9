#include "emulate/float32.h"

#define SIGN     0x80000000u
#define INFINITE 0x7F800000u
#define FRACTION 0x007FFFFFu

/* (-1)^sign * significand * 2^exponent, exactly; a significand of a finite number is not 0. */
struct number {
    bool sign;
    int exponent;
    uint64_t significand;
};

static bool is_nan(uint32_t a)
{
    return (a & ~SIGN) > INFINITE;
}

static bool is_signalling(uint32_t a)
{
    return is_nan(a) && !(a & 0x00400000u);
}

static bool is_infinite(uint32_t a)
{
    return (a & ~SIGN) == INFINITE;
}

static bool is_zero(uint32_t a)
{
    return (a & ~SIGN) == 0;
}

static uint32_t invalid(struct rk_f32_env *env)
{
    env->flags |= RK_F32_INVALID;
    return RK_F32_NAN;
}

/* The answer if an operand is no number. */
static uint32_t pass_nan(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    if (is_signalling(a) || is_signalling(b))
        env->flags |= RK_F32_INVALID;
    return RK_F32_NAN;
}

static unsigned leading_zeros(uint64_t value)
{
    unsigned n = 0;

    for (unsigned step = 32; step; step /= 2)
        if (!(value >> (64 - step))) {
            n += step;
            value <<= step;
        }
    return n;
}

/* Shifted right; what falls out is kept as the lowest bit. */
static uint64_t shift_sticky(uint64_t value, unsigned by)
{
    if (by == 0)
        return value;
    if (by > 63)
        return value != 0;
    return value >> by | ((value & (((uint64_t)1 << by) - 1)) != 0);
}

/* Significand of 24 bits, the leading one among them. */
static struct number unpack(uint32_t a)
{
    int exponent = (int)(a >> 23 & 0xFF);
    struct number n = {a >> 31, exponent ? exponent - 150 : -149, a & FRACTION};

    if (exponent) {
        n.significand |= FRACTION + 1;
        return n;
    }
    unsigned up = leading_zeros(n.significand) - 40;
    n.significand <<= up;
    n.exponent -= (int)up;
    return n;
}

/* Does a magnitude go up, whose lowest bit is `odd` and whose rest is `rest` of `whole`? */
static bool goes_up(bool sign, bool odd, uint64_t rest, uint64_t whole, enum rk_f32_round round)
{
    switch (round) {
    case RK_F32_NEAREST_EVEN:
        return rest > whole / 2 || (rest == whole / 2 && odd);
    case RK_F32_NEAREST_AWAY:
        return rest >= whole / 2;
    case RK_F32_DOWN:
        return sign && rest;
    case RK_F32_UP:
        return !sign && rest;
    default:
        return false;
    }
}

static uint32_t too_large(bool sign, struct rk_f32_env *env)
{
    bool stays = env->round == RK_F32_TO_ZERO || (env->round == RK_F32_DOWN && !sign) ||
                 (env->round == RK_F32_UP && sign);

    env->flags |= RK_F32_OVERFLOW | RK_F32_INEXACT;
    return (sign ? SIGN : 0) | (stays ? INFINITE - 1 : INFINITE);
}

/* With the leading one at bit 63 and 40 bits to drop, does it come out below the normal numbers? */
static bool stays_tiny(const struct number *n, int leading, struct rk_f32_env *env)
{
    uint64_t whole = (uint64_t)1 << 40, rest = n->significand & (whole - 1);
    uint64_t kept = n->significand >> 40;

    if (leading < -127)
        return true;
    return leading < -126 &&
           kept + goes_up(n->sign, kept & 1, rest, whole, env->round) < (uint64_t)1 << 24;
}

static uint32_t pack(struct number n, struct rk_f32_env *env)
{
    unsigned up = leading_zeros(n.significand);
    int leading = n.exponent + 63 - (int)up; /* exponent of the leading one */

    n.significand <<= up;
    if (leading > 127)
        return too_large(n.sign, env);
    bool tiny = stays_tiny(&n, leading, env);
    unsigned drop = 40;
    uint64_t significand = n.significand;
    if (leading < -126) {
        significand = shift_sticky(significand, (unsigned)(-126 - leading));
        leading = -127; /* written as 0 */
    }
    uint64_t whole = (uint64_t)1 << drop, rest = significand & (whole - 1);
    uint64_t kept = significand >> drop;
    kept += goes_up(n.sign, kept & 1, rest, whole, env->round);
    if (rest)
        env->flags |= RK_F32_INEXACT | (tiny ? RK_F32_UNDERFLOW : 0);
    /* A carry into the next exponent comes out right by itself, also from the subnormal numbers. */
    uint32_t magnitude =
        leading == -127 ? (uint32_t)kept : ((uint32_t)(leading + 126) << 23) + (uint32_t)kept;
    if (magnitude >= INFINITE)
        return too_large(n.sign, env);
    return (n.sign ? SIGN : 0) | magnitude;
}

static uint32_t zero(bool sign)
{
    return sign ? SIGN : 0;
}

/* The sum of two finite numbers whose significands have at most 62 bits, the leading one at bit 61
 * or so: none falls out that would matter. */
static uint32_t sum(struct number a, struct number b, struct rk_f32_env *env)
{
    if (a.exponent < b.exponent) {
        struct number t = a;
        a = b;
        b = t;
    }
    b.significand = shift_sticky(b.significand, (unsigned)(a.exponent - b.exponent));
    b.exponent = a.exponent;
    if (a.sign == b.sign) {
        a.significand += b.significand;
    } else if (a.significand >= b.significand) {
        a.significand -= b.significand;
    } else {
        a.significand = b.significand - a.significand;
        a.sign = b.sign;
    }
    return a.significand ? pack(a, env) : zero(env->round == RK_F32_DOWN);
}

static struct number widen(struct number n, unsigned by)
{
    n.significand <<= by;
    n.exponent -= (int)by;
    return n;
}

uint32_t rk_f32_add(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    if (is_nan(a) || is_nan(b))
        return pass_nan(a, b, env);
    if (is_infinite(a) && is_infinite(b) && a != b)
        return invalid(env);
    if (is_infinite(a) || is_infinite(b))
        return is_infinite(a) ? a : b;
    if (is_zero(a) && is_zero(b))
        return a == b ? a : zero(env->round == RK_F32_DOWN);
    if (is_zero(a) || is_zero(b))
        return is_zero(a) ? b : a;
    return sum(widen(unpack(a), 38), widen(unpack(b), 38), env);
}

uint32_t rk_f32_mul(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    bool sign = (a ^ b) >> 31;

    if (is_nan(a) || is_nan(b))
        return pass_nan(a, b, env);
    if ((is_infinite(a) && is_zero(b)) || (is_zero(a) && is_infinite(b)))
        return invalid(env);
    if (is_infinite(a) || is_infinite(b))
        return zero(sign) | INFINITE;
    if (is_zero(a) || is_zero(b))
        return zero(sign);
    struct number x = unpack(a), y = unpack(b);
    return pack((struct number){sign, x.exponent + y.exponent, x.significand * y.significand}, env);
}

uint32_t rk_f32_div(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    bool sign = (a ^ b) >> 31;

    if (is_nan(a) || is_nan(b))
        return pass_nan(a, b, env);
    if ((is_infinite(a) && is_infinite(b)) || (is_zero(a) && is_zero(b)))
        return invalid(env);
    if (is_infinite(a))
        return zero(sign) | INFINITE;
    if (is_zero(a) || is_infinite(b))
        return zero(sign);
    if (is_zero(b)) {
        env->flags |= RK_F32_DIVIDED_BY_ZERO;
        return zero(sign) | INFINITE;
    }
    struct number x = widen(unpack(a), 39), y = unpack(b);
    uint64_t quotient = x.significand / y.significand;
    quotient |= x.significand % y.significand != 0;
    return pack((struct number){sign, x.exponent - y.exponent, quotient}, env);
}

uint32_t rk_f32_sqrt(uint32_t a, struct rk_f32_env *env)
{
    if (is_nan(a))
        return pass_nan(a, a, env);
    if (is_zero(a))
        return a;
    if (a >> 31)
        return invalid(env);
    if (is_infinite(a))
        return a;
    struct number n = unpack(a);
    n = widen(n, n.exponent & 1 ? 37 : 38);
    uint64_t root = 0, rest = n.significand;
    for (uint64_t bit = (uint64_t)1 << 62; bit; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    /* One bit below the root says whether there is a rest. */
    return pack((struct number){false, n.exponent / 2 - 1, root << 1 | (rest != 0)}, env);
}

uint32_t rk_f32_fma(uint32_t a, uint32_t b, uint32_t c, struct rk_f32_env *env)
{
    bool sign = (a ^ b) >> 31;
    bool nothing = (is_infinite(a) && is_zero(b)) || (is_zero(a) && is_infinite(b));

    if (nothing)
        env->flags |= RK_F32_INVALID;
    if (is_nan(a) || is_nan(b) || is_nan(c) || nothing) {
        if (is_signalling(c))
            env->flags |= RK_F32_INVALID;
        return pass_nan(a, b, env);
    }
    if (is_infinite(a) || is_infinite(b))
        return is_infinite(c) && c >> 31 != sign ? invalid(env) : zero(sign) | INFINITE;
    if (is_infinite(c))
        return c;
    if (is_zero(a) || is_zero(b))
        return is_zero(c) && c >> 31 != sign ? zero(env->round == RK_F32_DOWN)
               : is_zero(c)                  ? zero(sign)
                                             : c;
    struct number x = unpack(a), y = unpack(b);
    struct number product = {sign, x.exponent + y.exponent, x.significand * y.significand};
    return is_zero(c) ? pack(product, env) : sum(widen(product, 14), widen(unpack(c), 38), env);
}

/* ---- comparisons ---- */

/* In the order of the numbers. */
static int32_t order_of(uint32_t a)
{
    int32_t magnitude = (int32_t)(a & ~SIGN);

    return a >> 31 ? -magnitude : magnitude;
}

bool rk_f32_equal(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    if (is_nan(a) || is_nan(b)) {
        (void)pass_nan(a, b, env);
        return false;
    }
    return order_of(a) == order_of(b);
}

static bool comparable(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    if (!is_nan(a) && !is_nan(b))
        return true;
    env->flags |= RK_F32_INVALID;
    return false;
}

bool rk_f32_less(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    return comparable(a, b, env) && order_of(a) < order_of(b);
}

bool rk_f32_less_equal(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    return comparable(a, b, env) && order_of(a) <= order_of(b);
}

/* The smaller one if `smaller`; of two zeros the negative one is smaller. */
static uint32_t choose(uint32_t a, uint32_t b, bool smaller, struct rk_f32_env *env)
{
    if (is_signalling(a) || is_signalling(b))
        env->flags |= RK_F32_INVALID;
    if (is_nan(a))
        return is_nan(b) ? RK_F32_NAN : b;
    if (is_nan(b))
        return a;
    bool first = order_of(a) != order_of(b) ? order_of(a) < order_of(b) : a >> 31;
    return first == smaller ? a : b;
}

uint32_t rk_f32_min(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    return choose(a, b, true, env);
}

uint32_t rk_f32_max(uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    return choose(a, b, false, env);
}

/* ---- integers ---- */

static uint32_t nearest_int(bool sign, bool is_signed, struct rk_f32_env *env)
{
    env->flags |= RK_F32_INVALID;
    if (is_signed)
        return sign ? 0x80000000u : 0x7FFFFFFFu;
    return sign ? 0 : UINT32_MAX;
}

uint32_t rk_f32_to_int(uint32_t a, bool is_signed, struct rk_f32_env *env)
{
    if (is_nan(a))
        return nearest_int(false, is_signed, env);
    if (is_zero(a))
        return 0;
    struct number n = unpack(a);
    if (is_infinite(a) || n.exponent > 8)
        return nearest_int(n.sign, is_signed, env);
    /* 30 bits behind the point. */
    uint64_t fixed = n.exponent + 30 >= 0
                         ? n.significand << (n.exponent + 30)
                         : shift_sticky(n.significand, (unsigned)(-n.exponent - 30));
    uint64_t whole = (uint64_t)1 << 30, rest = fixed & (whole - 1), value = fixed >> 30;
    value += goes_up(n.sign, value & 1, rest, whole, env->round);
    uint64_t limit = is_signed ? 0x7FFFFFFFu + (uint64_t)n.sign : n.sign ? 0 : UINT32_MAX;
    if (value > limit)
        return nearest_int(n.sign, is_signed, env);
    if (rest)
        env->flags |= RK_F32_INEXACT;
    return n.sign ? (uint32_t)(0 - value) : (uint32_t)value;
}

uint32_t rk_f32_from_int(uint32_t value, bool is_signed, struct rk_f32_env *env)
{
    bool sign = is_signed && value >> 31;

    if (value == 0)
        return 0;
    return pack((struct number){sign, 0, sign ? 0 - value : value}, env);
}

uint32_t rk_f32_class(uint32_t a)
{
    bool sign = a >> 31;

    if (is_nan(a))
        return is_signalling(a) ? 1u << 8 : 1u << 9;
    if (is_infinite(a))
        return sign ? 1u << 0 : 1u << 7;
    if (is_zero(a))
        return sign ? 1u << 3 : 1u << 4;
    if ((a & INFINITE) == 0)
        return sign ? 1u << 2 : 1u << 5;
    return sign ? 1u << 1 : 1u << 6;
}
