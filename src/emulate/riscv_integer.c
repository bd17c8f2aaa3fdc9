/* Integer instructions: constants, arithmetic, multiplication, jumps and branches. */
#include "emulate/riscv.h"

#define S(value) ((int32_t)(value))

/* An instruction that puts `expr` into rd and goes on behind itself. */
#define COMPUTE(name, expr)                                                                        \
    struct rk_rv_op *rk_rv_##name(struct rk_rv *v, struct rk_rv_op *op)                            \
    {                                                                                              \
        uint32_t a = v->x[op->rs1], b = v->x[op->rs2];                                             \
                                                                                                   \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        v->x[op->rd] = (expr);                                                                     \
        return op + op->halves;                                                                    \
    }

COMPUTE(lui, op->imm)
COMPUTE(auipc, rk_rv_pc(v, op) + op->imm)

COMPUTE(addi, a + op->imm)
COMPUTE(slti, S(a) < S(op->imm))
COMPUTE(sltiu, a < op->imm)
COMPUTE(xori, a ^ op->imm)
COMPUTE(ori, a | op->imm)
COMPUTE(andi, a & op->imm)
COMPUTE(slli, a << op->imm)
COMPUTE(srli, a >> op->imm)
COMPUTE(srai, (uint32_t)(S(a) >> op->imm))

COMPUTE(add, a + b)
COMPUTE(sub, a - b)
COMPUTE(sll, a << (b & 31))
COMPUTE(slt, S(a) < S(b))
COMPUTE(sltu, a < b)
COMPUTE(xor, a ^ b)
COMPUTE(srl, a >> (b & 31))
COMPUTE(sra, (uint32_t)(S(a) >> (b & 31)))
COMPUTE(or, a | b)
COMPUTE(and, a &b)

static uint32_t divide(uint32_t a, uint32_t b)
{
    if (b == 0)
        return UINT32_MAX;
    return a == 0x80000000u && b == UINT32_MAX ? a : (uint32_t)(S(a) / S(b));
}

static uint32_t remainder_of(uint32_t a, uint32_t b)
{
    if (b == 0)
        return a;
    return a == 0x80000000u && b == UINT32_MAX ? 0 : (uint32_t)(S(a) % S(b));
}

COMPUTE(mul, a *b)
COMPUTE(mulh, (uint32_t)((uint64_t)((int64_t)S(a) * S(b)) >> 32))
COMPUTE(mulhsu, (uint32_t)((uint64_t)((int64_t)S(a) * (int64_t)b) >> 32))
COMPUTE(mulhu, (uint32_t)((uint64_t)a *b >> 32))
COMPUTE(div, divide(a, b))
COMPUTE(divu, b ? a / b : UINT32_MAX)
COMPUTE(rem, remainder_of(a, b))
COMPUTE(remu, b ? a % b : a)

struct rk_rv_op *rk_rv_nothing(struct rk_rv *v, struct rk_rv_op *op)
{
    (void)v;
    return op + op->halves;
}

/* ---- jumps ---- */

struct rk_rv_op *rk_rv_j(struct rk_rv *v, struct rk_rv_op *op)
{
    return rk_rv_goto(v, rk_rv_pc(v, op) + op->imm);
}

static struct rk_rv_op *call(struct rk_rv *v, uint32_t target)
{
    if (v->cpu.on_call)
        v->cpu.on_call(v->cpu.call_user, target);
    return rk_rv_goto(v, target);
}

struct rk_rv_op *rk_rv_jal(struct rk_rv *v, struct rk_rv_op *op)
{
    uint32_t pc = rk_rv_pc(v, op);

    v->x[op->rd] = pc + 2u * op->halves;
    return call(v, pc + op->imm);
}

struct rk_rv_op *rk_rv_jr(struct rk_rv *v, struct rk_rv_op *op)
{
    return rk_rv_goto(v, (v->x[op->rs1] + op->imm) & ~1u);
}

struct rk_rv_op *rk_rv_jalr(struct rk_rv *v, struct rk_rv_op *op)
{
    uint32_t target = (v->x[op->rs1] + op->imm) & ~1u;

    v->x[op->rd] = rk_rv_pc(v, op) + 2u * op->halves;
    return call(v, target);
}

#define BRANCH(name, condition)                                                                    \
    struct rk_rv_op *rk_rv_##name(struct rk_rv *v, struct rk_rv_op *op)                            \
    {                                                                                              \
        uint32_t a = v->x[op->rs1], b = v->x[op->rs2];                                             \
                                                                                                   \
        if (condition)                                                                             \
            return rk_rv_goto(v, rk_rv_pc(v, op) + op->imm);                                       \
        return op + op->halves;                                                                    \
    }

BRANCH(beq, a == b)
BRANCH(bne, a != b)
BRANCH(blt, S(a) < S(b))
BRANCH(bge, S(a) >= S(b))
BRANCH(bltu, a < b)
BRANCH(bgeu, a >= b)
