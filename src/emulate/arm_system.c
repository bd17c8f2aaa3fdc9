/* Branches, status registers, exceptions by instruction, and the system coprocessor. */
#include "emulate/arm.h"

void rk_arm_nothing(struct rk_arm *a, const struct rk_arm_op *op)
{
    (void)a;
    (void)op;
}

void rk_arm_undefined(struct rk_arm *a, const struct rk_arm_op *op)
{
    (void)op;
    rk_arm_exception(a, 0x04, RK_ARM_UND, a->next);
}

void rk_arm_software_interrupt(struct rk_arm *a, const struct rk_arm_op *op)
{
    (void)op;
    rk_arm_exception(a, 0x08, RK_ARM_SVC, a->next);
}

/* BKPT is a prefetch abort. */
void rk_arm_breakpoint(struct rk_arm *a, const struct rk_arm_op *op)
{
    (void)op;
    rk_arm_exception(a, 0x0C, RK_ARM_ABT, a->r[15] - (a->thumb ? 0 : 4));
}

static void tell_call(const struct rk_arm *a, uint32_t target)
{
    if (a->cpu.on_call)
        a->cpu.on_call(a->cpu.call_user, target & ~1u);
}

/* B and BL; imm is the distance from r15. BLX to Thumb with RK_ARM_EXCHANGE. */
void rk_arm_branch(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t target = a->r[15] + op->imm;

    if (op->how & RK_ARM_LINK) {
        a->r[14] = a->next;
        tell_call(a, target);
    }
    if (op->how & RK_ARM_EXCHANGE)
        rk_arm_jump_exchange(a, target | 1);
    else
        a->next = target;
}

/* BX and BLX. */
void rk_arm_branch_register(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t target = a->r[op->rm];

    if (op->how & RK_ARM_LINK) {
        a->r[14] = a->next | (a->thumb ? 1 : 0);
        tell_call(a, target);
    }
    rk_arm_jump_exchange(a, target);
}

/* The second half of Thumb's BL and BLX; the first has left its part in r14. */
void rk_arm_thumb_long_branch(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t target = a->r[14] + op->imm;

    a->r[14] = a->next | 1;
    tell_call(a, target);
    if (op->how & RK_ARM_EXCHANGE)
        rk_arm_jump_exchange(a, target & ~3u);
    else
        a->next = target & ~1u;
}

/* how & RK_ARM_USER_BANK: the saved status, else the current one. */
void rk_arm_mrs(struct rk_arm *a, const struct rk_arm_op *op)
{
    rk_arm_put(a, op->rd,
               op->how & RK_ARM_USER_BANK ? a->spsr[rk_arm_bank(a->mode)] : rk_arm_cpsr(a));
}

/* amount: which bytes are written. */
static void write_status(struct rk_arm *a, const struct rk_arm_op *op, uint32_t value)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < 4; i++)
        mask |= op->amount >> i & 1 ? 0xFFu << 8 * i : 0;
    if (op->how & RK_ARM_USER_BANK) {
        uint32_t *spsr = &a->spsr[rk_arm_bank(a->mode)];
        *spsr = (*spsr & ~mask) | (value & mask);
        return;
    }
    if (a->mode == RK_ARM_USR)
        mask &= 0xF8000000u;
    /* The instruction set is not changed this way. */
    mask &= ~0x20u;
    rk_arm_set_cpsr(a, (rk_arm_cpsr(a) & ~mask) | (value & mask));
}

void rk_arm_msr(struct rk_arm *a, const struct rk_arm_op *op)
{
    write_status(a, op, a->r[op->rm]);
}

void rk_arm_msr_imm(struct rk_arm *a, const struct rk_arm_op *op)
{
    write_status(a, op, op->imm);
}

void rk_arm_clz(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t value = a->r[op->rm], count = 0;

    for (; count < 32 && !(value >> (31 - count) & 1); count++)
        continue;
    a->r[op->rd] = count;
}

/* MRC and MCR of coprocessor 15: the identity is the ARM946E-S's, other registers are remembered,
 * c7 c0 4 (and c7 c8 2) waits for an interrupt. Everything else is undefined. */
void rk_arm_coprocessor(struct rk_arm *a, const struct rk_arm_op *op)
{
    unsigned crn = op->imm >> 16 & 15, crm = op->imm & 15, op2 = op->imm >> 5 & 7;
    bool transfer = (op->imm >> 4 & 1) && (op->imm >> 24 & 15) == 14;

    if ((op->imm >> 8 & 15) != 15 || !transfer || a->mode == RK_ARM_USR) {
        rk_arm_undefined(a, op);
        return;
    }
    if (op->imm >> 20 & 1) {
        uint32_t value = crn ? a->cp15[crn] : op2 == 1 ? 0x0F0D2112u : op2 == 2 ? 0 : 0x41059461u;
        if (op->rd == 15) {
            a->n = value >> 31;
            a->z = value >> 30 & 1;
            a->c = value >> 29 & 1;
            a->v = value >> 28 & 1;
        } else {
            a->r[op->rd] = value;
        }
        return;
    }
    a->cp15[crn] = a->r[op->rd];
    if (crn == 7 && ((crm == 0 && op2 == 4) || (crm == 8 && op2 == 2)) && !a->cpu.lines) {
        a->stopped = a->event = true;
        a->stop = RK_CPU_WAIT;
    }
}
