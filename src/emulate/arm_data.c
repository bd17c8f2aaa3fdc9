/* Data processing: every opcode with every kind of second operand, with and without flags. */
#include "emulate/arm.h"

enum { AND, EOR, SUB, RSB, ADD, ADC, SBC, RSC, TST, TEQ, CMP, CMN, ORR, MOV, BIC, MVN };

/* rm shifted by a constant. An amount of 0 means 32 for LSR and ASR, and RRX for ROR. */
static inline uint32_t shifted(const struct rk_arm *a, const struct rk_arm_op *op,
                               enum rk_arm_operand kind, uint32_t *carry)
{
    uint32_t value = a->r[op->rm], in = *carry;
    unsigned by = op->amount;

    switch (kind) {
    case RK_ARM_LSL:
        *carry = by ? value >> (32 - by) & 1 : in;
        return value << by;
    case RK_ARM_LSR:
        *carry = by ? value >> (by - 1) & 1 : value >> 31;
        return by ? value >> by : 0;
    case RK_ARM_ASR:
        *carry = by ? value >> (by - 1) & 1 : value >> 31;
        return (uint32_t)((int32_t)value >> (by ? by : 31));
    default:
        *carry = by ? value >> (by - 1) & 1 : value & 1;
        return by ? rk_arm_ror(value, by) : value >> 1 | in << 31;
    }
}

/* rm shifted by the low byte of rs. */
static inline uint32_t shifted_by(const struct rk_arm *a, const struct rk_arm_op *op,
                                  enum rk_arm_operand kind, uint32_t *carry)
{
    /* The program counter is one instruction further when registers are read this late. */
    uint32_t value = a->r[op->rm] + (op->rm == 15 && !a->thumb ? 4 : 0);
    uint32_t by = a->r[op->rs] & 0xFF;

    if (by == 0)
        return value;
    switch (kind) {
    case RK_ARM_BY_LSL:
        *carry = by > 32 ? 0 : value >> (32 - by) & 1;
        return by > 31 ? 0 : value << by;
    case RK_ARM_BY_LSR:
        *carry = by > 32 ? 0 : value >> (by - 1) & 1;
        return by > 31 ? 0 : value >> by;
    case RK_ARM_BY_ASR:
        *carry = by > 31 ? value >> 31 : value >> (by - 1) & 1;
        return (uint32_t)((int32_t)value >> (by > 31 ? 31 : by));
    default:
        *carry = value >> ((by - 1) & 31) & 1;
        return rk_arm_ror(value, by);
    }
}

static inline uint32_t operand(const struct rk_arm *a, const struct rk_arm_op *op,
                               enum rk_arm_operand kind, uint32_t *carry)
{
    switch (kind) {
    case RK_ARM_IMMEDIATE:
        *carry = op->amount ? op->imm >> 31 : *carry;
        return op->imm;
    case RK_ARM_REGISTER:
        return a->r[op->rm];
    default:
        return kind < RK_ARM_BY_LSL ? shifted(a, op, kind, carry) : shifted_by(a, op, kind, carry);
    }
}

/* x + y + carry; subtraction is addition of the complement. */
static inline uint32_t sum(struct rk_arm *a, uint32_t x, uint32_t y, uint32_t carry, bool flags)
{
    uint64_t wide = (uint64_t)x + y + carry;
    uint32_t result = (uint32_t)wide;

    if (flags) {
        rk_arm_set_nz(a, result);
        a->c = (uint32_t)(wide >> 32);
        a->v = ~(x ^ y) & (x ^ result);
    }
    return result;
}

static inline uint32_t logic(struct rk_arm *a, uint32_t result, uint32_t carry, bool flags)
{
    if (flags) {
        rk_arm_set_nz(a, result);
        a->c = carry;
    }
    return result;
}

static inline uint32_t compute(struct rk_arm *a, unsigned opcode, uint32_t n, uint32_t m,
                               uint32_t carry, bool flags)
{
    switch (opcode) {
    case AND:
    case TST:
        return logic(a, n & m, carry, flags);
    case EOR:
    case TEQ:
        return logic(a, n ^ m, carry, flags);
    case SUB:
    case CMP:
        return sum(a, n, ~m, 1, flags);
    case RSB:
        return sum(a, m, ~n, 1, flags);
    case ADD:
    case CMN:
        return sum(a, n, m, 0, flags);
    case ADC:
        return sum(a, n, m, a->c, flags);
    case SBC:
        return sum(a, n, ~m, a->c, flags);
    case RSC:
        return sum(a, m, ~n, a->c, flags);
    case ORR:
        return logic(a, n | m, carry, flags);
    case MOV:
        return logic(a, m, carry, flags);
    case BIC:
        return logic(a, n & ~m, carry, flags);
    default:
        return logic(a, ~m, carry, flags);
    }
}

static inline void data(struct rk_arm *a, const struct rk_arm_op *op, unsigned opcode,
                        enum rk_arm_operand kind, bool flags)
{
    uint32_t carry = a->c, m = operand(a, op, kind, &carry);
    uint32_t n = a->r[op->rn] + (kind >= RK_ARM_BY_LSL && op->rn == 15 && !a->thumb ? 4 : 0);
    uint32_t result = compute(a, opcode, n, m, carry, flags);

    if (opcode >= TST && opcode <= CMN)
        return;
    if (op->rd == 15)
        rk_arm_put_pc(a, result, flags);
    else
        a->r[op->rd] = result;
}

#define ONE(name, opcode, kind, flags)                                                             \
    static void name(struct rk_arm *a, const struct rk_arm_op *op)                                 \
    {                                                                                              \
        data(a, op, opcode, kind, flags);                                                          \
    }
/* One with flags and one without, for every kind of operand. */
#define BOTH(o, kind, operand)                                                                     \
    ONE(o##_##kind, o, operand, false)                                                             \
    ONE(o##_##kind##_s, o, operand, true)
#define ALL(o)                                                                                     \
    BOTH(o, imm, RK_ARM_IMMEDIATE)                                                                 \
    BOTH(o, reg, RK_ARM_REGISTER)                                                                  \
    BOTH(o, lsl, RK_ARM_LSL)                                                                       \
    BOTH(o, lsr, RK_ARM_LSR)                                                                       \
    BOTH(o, asr, RK_ARM_ASR)                                                                       \
    BOTH(o, ror, RK_ARM_ROR)                                                                       \
    BOTH(o, by_lsl, RK_ARM_BY_LSL)                                                                 \
    BOTH(o, by_lsr, RK_ARM_BY_LSR)                                                                 \
    BOTH(o, by_asr, RK_ARM_BY_ASR)                                                                 \
    BOTH(o, by_ror, RK_ARM_BY_ROR)
#define PAIR(o, kind)                                                                              \
    {                                                                                              \
        o##_##kind, o##_##kind##_s                                                                 \
    }
#define ROW(o)                                                                                     \
    {                                                                                              \
        PAIR(o, imm), PAIR(o, reg), PAIR(o, lsl), PAIR(o, lsr), PAIR(o, asr), PAIR(o, ror),        \
            PAIR(o, by_lsl), PAIR(o, by_lsr), PAIR(o, by_asr), PAIR(o, by_ror)                     \
    }

ALL(AND)
ALL(EOR)
ALL(SUB)
ALL(RSB)
ALL(ADD)
ALL(ADC)
ALL(SBC)
ALL(RSC)
ALL(TST)
ALL(TEQ)
ALL(CMP)
ALL(CMN)
ALL(ORR)
ALL(MOV)
ALL(BIC)
ALL(MVN)

static rk_arm_run *const runs[16][RK_ARM_OPERANDS][2] = {
    ROW(AND), ROW(EOR), ROW(SUB), ROW(RSB), ROW(ADD), ROW(ADC), ROW(SBC), ROW(RSC),
    ROW(TST), ROW(TEQ), ROW(CMP), ROW(CMN), ROW(ORR), ROW(MOV), ROW(BIC), ROW(MVN)};

rk_arm_run *rk_arm_data_run(unsigned opcode, enum rk_arm_operand operand, bool flags)
{
    return runs[opcode][operand][flags];
}

bool rk_arm_data_kind(rk_arm_run *run, unsigned *opcode, enum rk_arm_operand *operand, bool *flags)
{
    for (unsigned i = 0; i < 16; i++)
        for (unsigned k = 0; k < RK_ARM_OPERANDS; k++)
            if (runs[i][k][0] == run || runs[i][k][1] == run) {
                *opcode = i;
                *operand = (enum rk_arm_operand)k;
                *flags = runs[i][k][1] == run;
                return true;
            }
    return false;
}
