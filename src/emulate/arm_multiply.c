/* Multiplication, and the arithmetic of the E variant: halfwords and saturation. */
#include "emulate/arm.h"

/* Here rd, rm, rs and rn are Rd, Rm, Rs and Rn (the one that is added) of the manual; for long
 * results rd is RdHi and rn RdLo. */

void rk_arm_mul(struct rk_arm *a, const struct rk_arm_op *op)
{
    a->r[op->rd] = a->r[op->rm] * a->r[op->rs];
}

void rk_arm_mla(struct rk_arm *a, const struct rk_arm_op *op)
{
    a->r[op->rd] = a->r[op->rm] * a->r[op->rs] + a->r[op->rn];
}

void rk_arm_muls(struct rk_arm *a, const struct rk_arm_op *op)
{
    rk_arm_mul(a, op);
    rk_arm_set_nz(a, a->r[op->rd]);
}

void rk_arm_mlas(struct rk_arm *a, const struct rk_arm_op *op)
{
    rk_arm_mla(a, op);
    rk_arm_set_nz(a, a->r[op->rd]);
}

/* imm holds bits 20 (S), 21 (add) and 22 (signed) of the instruction. */
void rk_arm_long_multiply(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint64_t product = op->imm & 1u << 22
                           ? (uint64_t)((int64_t)(int32_t)a->r[op->rm] * (int32_t)a->r[op->rs])
                           : (uint64_t)a->r[op->rm] * a->r[op->rs];

    if (op->imm & 1u << 21)
        product += (uint64_t)a->r[op->rd] << 32 | a->r[op->rn];
    a->r[op->rn] = (uint32_t)product;
    a->r[op->rd] = (uint32_t)(product >> 32);
    if (op->imm & 1u << 20) {
        a->n = (uint32_t)(product >> 32);
        a->nz = product != 0;
    }
}

static int32_t half(uint32_t value, bool top)
{
    return (int16_t)(top ? value >> 16 : value);
}

/* x + y; the Q flag tells of an overflow, the result wraps around. */
static uint32_t add_sticky(struct rk_arm *a, uint32_t x, uint32_t y)
{
    uint32_t result = x + y;

    a->q |= (~(x ^ y) & (x ^ result)) >> 31;
    return result;
}

/* SMLAxy, SMLAWy, SMULWy, SMLALxy, SMULxy; imm is the instruction. */
void rk_arm_halfword_multiply(struct rk_arm *a, const struct rk_arm_op *op)
{
    bool x = op->imm >> 5 & 1, y = op->imm >> 6 & 1;
    int32_t m = half(a->r[op->rm], x), s = half(a->r[op->rs], y);
    int64_t wide;

    switch (op->imm >> 21 & 3) {
    case 0:
        a->r[op->rd] = add_sticky(a, (uint32_t)(m * s), a->r[op->rn]);
        break;
    case 1:
        wide = (int64_t)(int32_t)a->r[op->rm] * s >> 16;
        a->r[op->rd] = x ? (uint32_t)wide : add_sticky(a, (uint32_t)wide, a->r[op->rn]);
        break;
    case 2:
        wide = (int64_t)((uint64_t)a->r[op->rd] << 32 | a->r[op->rn]);
        wide = (int64_t)((uint64_t)wide + (uint64_t)(int64_t)(m * s));
        a->r[op->rn] = (uint32_t)(uint64_t)wide;
        a->r[op->rd] = (uint32_t)((uint64_t)wide >> 32);
        break;
    default:
        a->r[op->rd] = (uint32_t)(m * s);
        break;
    }
}

static int32_t saturated(struct rk_arm *a, int64_t value)
{
    int64_t limited = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;

    a->q |= limited != value;
    return (int32_t)limited;
}

/* QADD, QSUB, QDADD, QDSUB: rd = rm +- rn, or +- 2 * rn. */
void rk_arm_saturating(struct rk_arm *a, const struct rk_arm_op *op)
{
    int64_t m = (int32_t)a->r[op->rm], n = (int32_t)a->r[op->rn];

    if (op->imm >> 22 & 1)
        n = saturated(a, 2 * n);
    a->r[op->rd] = (uint32_t)saturated(a, op->imm >> 21 & 1 ? m - n : m + n);
}
