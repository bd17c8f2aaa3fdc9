/* Branches, status registers, exceptions by instruction, and the system coprocessor. */
#include "emulate/arm.h"

void rk_arm_nothing(struct rk_arm *a, const struct rk_arm_op *op)
{
    (void)a;
    (void)op;
}

void rk_arm_put_pc(struct rk_arm *a, uint32_t target, bool flags)
{
    if (flags && !a->thumb)
        rk_arm_restore(a);
    else
        a->r[15] = target;
    rk_arm_jump(a, target);
}

void rk_arm_undefined(struct rk_arm *a, const struct rk_arm_op *op)
{
    rk_arm_exception(a, 0x04, RK_ARM_UND, rk_arm_behind(a, op));
}

void rk_arm_software_interrupt(struct rk_arm *a, const struct rk_arm_op *op)
{
    rk_arm_exception(a, 0x08, RK_ARM_SVC, rk_arm_behind(a, op));
}

/* BKPT is a prefetch abort. */
void rk_arm_breakpoint(struct rk_arm *a, const struct rk_arm_op *op)
{
    rk_arm_exception(a, 0x0C, RK_ARM_ABT, op->pc + 4);
}

static void tell_call(struct rk_arm *a, const struct rk_arm_op *op, uint32_t target)
{
    if (!a->cpu.on_call)
        return;
    rk_arm_count(a, op);
    a->cpu.on_call(a->cpu.call_user, target & ~1u);
}

/* B; imm is the target. */
void rk_arm_branch(struct rk_arm *a, const struct rk_arm_op *op)
{
    a->next = op->imm;
    a->event |= RK_ARM_JUMPED;
}

/* ---- conditional branches: most conditions are those of branches ---- */

#define BRANCH(name, condition)                                                                    \
    static void name(struct rk_arm *a, const struct rk_arm_op *op)                                 \
    {                                                                                              \
        if (rk_arm_passes(a, condition))                                                           \
            rk_arm_branch(a, op);                                                                  \
    }

BRANCH(branch_eq, 0)
BRANCH(branch_ne, 1)
BRANCH(branch_cs, 2)
BRANCH(branch_cc, 3)
BRANCH(branch_mi, 4)
BRANCH(branch_pl, 5)
BRANCH(branch_vs, 6)
BRANCH(branch_vc, 7)
BRANCH(branch_hi, 8)
BRANCH(branch_ls, 9)
BRANCH(branch_ge, 10)
BRANCH(branch_lt, 11)
BRANCH(branch_gt, 12)
BRANCH(branch_le, 13)

static rk_arm_run *const branches[] = {branch_eq, branch_ne, branch_cs, branch_cc, branch_mi,
                                       branch_pl, branch_vs, branch_vc, branch_hi, branch_ls,
                                       branch_ge, branch_lt, branch_gt, branch_le};

enum { BRANCHES = sizeof branches / sizeof branches[0] };

void rk_arm_make_branch(struct rk_arm_op *op)
{
    if (op->run != rk_arm_branch || op->cond >= BRANCHES)
        return;
    op->run = branches[op->cond];
    op->cond = RK_ARM_ALWAYS;
}

void rk_arm_unmake_branch(struct rk_arm_op *op)
{
    for (uint8_t i = 0; i < BRANCHES; i++)
        if (op->run == branches[i]) {
            op->run = rk_arm_branch;
            op->cond = i;
        }
}

/* BL of the ARM set, and BLX to Thumb with RK_ARM_EXCHANGE. */
void rk_arm_branch_link(struct rk_arm *a, const struct rk_arm_op *op)
{
    a->r[14] = rk_arm_behind(a, op);
    tell_call(a, op, op->imm);
    if (op->how & RK_ARM_EXCHANGE)
        rk_arm_jump_exchange(a, op->imm | 1);
    else
        rk_arm_jump(a, op->imm);
}

/* BX and BLX. */
void rk_arm_branch_register(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t target = a->r[op->rm];

    if (op->how & RK_ARM_LINK) {
        a->r[14] = rk_arm_behind(a, op) | (a->thumb ? 1 : 0);
        tell_call(a, op, target);
    }
    rk_arm_jump_exchange(a, target);
}

/* Both halves of Thumb's BL at once: imm is the target, rs and shift are the offset of the second. */
void rk_arm_thumb_call(struct rk_arm *a, const struct rk_arm_op *op)
{
    if (a->left == (uint64_t)(op - a->first) + 1) { /* only the first is due */
        a->r[14] = op->imm - 2 * (uint32_t)(op->rs | op->shift << 8);
        return;
    }
    a->left--;
    a->r[14] = (op->pc + 4) | 1;
    tell_call(a, op, op->imm);
    rk_arm_jump(a, op->imm);
}

/* The second half of Thumb's BL and BLX; the first has left its part in r14. */
void rk_arm_thumb_long_branch(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t target = a->r[14] + op->imm;

    a->r[14] = rk_arm_behind(a, op) | 1;
    tell_call(a, op, target);
    if (op->how & RK_ARM_EXCHANGE)
        rk_arm_jump_exchange(a, target & ~3u);
    else
        rk_arm_jump(a, target);
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
        if (op->rd == 15)
            rk_arm_set_nzcv(a, value);
        else
            a->r[op->rd] = value;
        return;
    }
    a->cp15[crn] = a->r[op->rd];
    if (crn == 7 && ((crm == 0 && op2 == 4) || (crm == 8 && op2 == 2)) && !a->cpu.lines) {
        a->stopped = true;
        a->event |= RK_ARM_LOOK;
        a->stop = RK_CPU_WAIT;
    }
}
