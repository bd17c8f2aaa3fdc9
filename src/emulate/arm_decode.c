/* ARM instructions into their remembered form. */
#include "emulate/arm.h"

#define BIT(n) (code >> (n)&1)

enum { AL = 14 };

static uint8_t transfer_how(uint32_t code)
{
    bool pre = BIT(24), write = !BIT(24) || BIT(21);

    return (uint8_t)((pre ? RK_ARM_PRE : 0) | (BIT(23) ? RK_ARM_UP : 0) |
                     (write ? RK_ARM_WRITE : 0));
}

static void decode_data(uint32_t code, struct rk_arm_op *op)
{
    unsigned opcode = code >> 21 & 15;
    bool flags = BIT(20);

    if (BIT(25)) {
        unsigned by = (code >> 8 & 15) * 2;
        op->imm = rk_arm_ror(code & 0xFF, by);
        op->amount = (uint8_t)by;
        op->run = rk_arm_data_run(opcode, RK_ARM_IMMEDIATE, flags);
    } else if (BIT(4)) {
        op->run = rk_arm_data_run(opcode, (enum rk_arm_operand)(RK_ARM_BY_LSL + op->shift), flags);
    } else {
        op->amount = (uint8_t)(code >> 7 & 31);
        op->run = rk_arm_data_run(opcode, rk_arm_operand_of(op), flags);
    }
}

/* The space between the data-processing instructions: comparisons without S. */
static void decode_miscellaneous(uint32_t code, struct rk_arm_op *op)
{
    unsigned variant = code >> 21 & 3;

    op->imm = code;
    if (BIT(7) && !BIT(4)) {
        /* smlaxy and its relatives: rd, rn and rs stand where those of mul do */
        op->rd = code >> 16 & 15;
        op->rn = code >> 12 & 15;
        op->run = rk_arm_halfword_multiply;
        return;
    }
    switch (code >> 4 & 15) {
    case 0:
        op->how = variant & 2 ? RK_ARM_USER_BANK : 0;
        op->amount = code >> 16 & 15;
        op->run = variant & 1 ? rk_arm_msr : rk_arm_mrs;
        break;
    case 1:
        op->run = variant == 1 ? rk_arm_branch_register : variant == 3 ? rk_arm_clz : op->run;
        break;
    case 3:
        op->how = RK_ARM_LINK;
        op->run = variant == 1 ? rk_arm_branch_register : op->run;
        break;
    case 5:
        op->run = rk_arm_saturating;
        break;
    case 7:
        op->run = variant == 1 ? rk_arm_breakpoint : op->run;
        break;
    default:
        break;
    }
}

static void decode_multiply(uint32_t code, struct rk_arm_op *op)
{
    op->rd = code >> 16 & 15;
    op->rn = code >> 12 & 15;
    if (BIT(23)) {
        op->imm = code;
        op->run = rk_arm_long_multiply;
    } else if (!BIT(22)) {
        op->run = BIT(21) ? BIT(20) ? rk_arm_mlas : rk_arm_mla : BIT(20) ? rk_arm_muls : rk_arm_mul;
    }
}

/* Halfwords, signed bytes, doublewords; multiplication and SWP share their space. */
static void decode_extra(uint32_t code, struct rk_arm_op *op)
{
    static rk_arm_run *const runs[2][4] = {{NULL, rk_arm_strh, rk_arm_ldrd, rk_arm_strd},
                                           {NULL, rk_arm_ldrh, rk_arm_ldrsb, rk_arm_ldrsh}};
    unsigned kind = code >> 5 & 3;

    if (kind == 0 && !BIT(24)) {
        decode_multiply(code, op);
    } else if (kind == 0) {
        op->imm = BIT(22);
        op->run = (code >> 20 & 11) == 0 ? rk_arm_swap : op->run;
    } else {
        op->how = transfer_how(code);
        op->shift = op->amount = 0;
        if (BIT(22))
            op->imm = (code >> 4 & 0xF0) | (code & 15);
        else
            op->how |= RK_ARM_OFFSET_REG;
        op->run = runs[BIT(20)][kind];
    }
}

static void decode_transfer(uint32_t code, struct rk_arm_op *op)
{
    static rk_arm_run *const runs[2][2] = {{rk_arm_str, rk_arm_strb}, {rk_arm_ldr, rk_arm_ldrb}};

    if (BIT(25) && BIT(4))
        return;
    op->how = transfer_how(code);
    if (BIT(25)) {
        op->how |= RK_ARM_OFFSET_REG;
        op->amount = code >> 7 & 31;
    } else {
        op->imm = code & 0xFFF;
    }
    op->run = runs[BIT(20)][BIT(22)];
}

static void decode_block(uint32_t code, struct rk_arm_op *op)
{
    op->how = (uint8_t)((BIT(24) ? RK_ARM_PRE : 0) | (BIT(23) ? RK_ARM_UP : 0) |
                        (BIT(22) ? RK_ARM_USER_BANK : 0) | (BIT(21) ? RK_ARM_WRITE : 0) |
                        (BIT(20) ? RK_ARM_LOAD : 0));
    rk_arm_put_list(op, code & 0xFFFF);
}

static void decode_branch(uint32_t code, struct rk_arm_op *op)
{
    op->imm = op->pc + 8 + (uint32_t)((int32_t)(code << 8) >> 6);
    op->rd = op->rn = op->rm = op->rs = 0;
    op->run = BIT(24) || op->cond == 15 ? rk_arm_branch_link : rk_arm_branch;
    if (op->cond == 15) {
        op->how = RK_ARM_EXCHANGE;
        op->imm += BIT(24) << 1;
        op->cond = AL;
    }
}

static void decode_group0(uint32_t code, struct rk_arm_op *op)
{
    if (BIT(7) && BIT(4))
        decode_extra(code, op);
    else if ((code & 0x01900000) == 0x01000000)
        decode_miscellaneous(code, op);
    else
        decode_data(code, op);
}

static void decode_group1(uint32_t code, struct rk_arm_op *op)
{
    if ((code & 0x01900000) != 0x01000000) {
        decode_data(code, op);
    } else if (BIT(21)) {
        op->imm = rk_arm_ror(code & 0xFF, (code >> 8 & 15) * 2);
        op->how = BIT(22) ? RK_ARM_USER_BANK : 0;
        op->amount = code >> 16 & 15;
        op->run = rk_arm_msr_imm;
    }
}

void rk_arm_decode(uint32_t code, uint32_t pc, struct rk_arm_op *op)
{
    *op = (struct rk_arm_op){.run = rk_arm_undefined,
                             .pc = pc,
                             .cond = (uint8_t)(code >> 28),
                             .rd = code >> 12 & 15,
                             .rn = code >> 16 & 15,
                             .rm = code & 15,
                             .rs = code >> 8 & 15,
                             .shift = code >> 5 & 3};

    if (op->cond == 15 && (code >> 25 & 7) != 5) {
        op->cond = AL;
        if ((code & 0x0D70F000) == 0x0550F000)
            op->run = rk_arm_nothing; /* PLD */
        return;
    }
    switch (code >> 25 & 7) {
    case 0:
        decode_group0(code, op);
        break;
    case 1:
        decode_group1(code, op);
        break;
    case 2:
    case 3:
        decode_transfer(code, op);
        break;
    case 4:
        decode_block(code, op);
        break;
    case 5:
        decode_branch(code, op);
        break;
    case 7:
        op->imm = code;
        op->run = BIT(24) ? rk_arm_software_interrupt : rk_arm_coprocessor;
        break;
    default:
        break;
    }
}
