/* Data processing: every opcode with every kind of second operand, with and without flags. */
#include "emulate/arm.h"

enum { AND, EOR, SUB, RSB, ADD, ADC, SBC, RSC, TST, TEQ, CMP, CMN, ORR, MOV, BIC, MVN };
enum { LSL, LSR, ASR };

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
static uint32_t shifted_by(const struct rk_arm *a, const struct rk_arm_op *op, uint32_t *carry)
{
    /* The program counter is one instruction further when registers are read this late. */
    uint32_t value = a->r[op->rm] + (op->rm == 15 && !a->thumb ? 4 : 0);
    uint32_t by = a->r[op->rs] & 0xFF;

    if (by == 0)
        return value;
    switch (op->shift) {
    case LSL:
        *carry = by > 32 ? 0 : value >> (32 - by) & 1;
        return by > 31 ? 0 : value << by;
    case LSR:
        *carry = by > 32 ? 0 : value >> (by - 1) & 1;
        return by > 31 ? 0 : value >> by;
    case ASR:
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
    case RK_ARM_SHIFTED_BY:
        return shifted_by(a, op, carry);
    default:
        return shifted(a, op, kind, carry);
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
    uint32_t n = a->r[op->rn] + (kind == RK_ARM_SHIFTED_BY && op->rn == 15 && !a->thumb ? 4 : 0);
    uint32_t result = compute(a, opcode, n, m, carry, flags);

    if (opcode >= TST && opcode <= CMN)
        return;
    if (flags && op->rd == 15 && !a->thumb) {
        rk_arm_restore(a);
        rk_arm_jump(a, result);
        return;
    }
    rk_arm_put(a, op->rd, result);
}

#define ONE(name, opcode, kind, flags)                                                             \
    static void name(struct rk_arm *a, const struct rk_arm_op *op)                                 \
    {                                                                                              \
        data(a, op, opcode, kind, flags);                                                          \
    }
#define ALL(o)                                                                                     \
    ONE(o##_imm, o, RK_ARM_IMMEDIATE, false)                                                       \
    ONE(o##_imm_s, o, RK_ARM_IMMEDIATE, true)                                                      \
    ONE(o##_reg, o, RK_ARM_REGISTER, false)                                                        \
    ONE(o##_reg_s, o, RK_ARM_REGISTER, true)                                                       \
    ONE(o##_lsl, o, RK_ARM_LSL, false)                                                             \
    ONE(o##_lsl_s, o, RK_ARM_LSL, true)                                                            \
    ONE(o##_lsr, o, RK_ARM_LSR, false)                                                             \
    ONE(o##_lsr_s, o, RK_ARM_LSR, true)                                                            \
    ONE(o##_asr, o, RK_ARM_ASR, false)                                                             \
    ONE(o##_asr_s, o, RK_ARM_ASR, true)                                                            \
    ONE(o##_ror, o, RK_ARM_ROR, false)                                                             \
    ONE(o##_ror_s, o, RK_ARM_ROR, true)                                                            \
    ONE(o##_by, o, RK_ARM_SHIFTED_BY, false)                                                       \
    ONE(o##_by_s, o, RK_ARM_SHIFTED_BY, true)
#define ROW(o)                                                                                     \
    {                                                                                              \
        {o##_imm, o##_imm_s}, {o##_reg, o##_reg_s}, {o##_lsl, o##_lsl_s}, {o##_lsr, o##_lsr_s},    \
            {o##_asr, o##_asr_s}, {o##_ror, o##_ror_s},                                            \
        {                                                                                          \
            o##_by, o##_by_s                                                                       \
        }                                                                                          \
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
