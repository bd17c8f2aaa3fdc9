/* Thumb instructions into the form of the ARM instructions they stand for. */
#include "emulate/arm.h"

enum { AND, EOR, SUB, RSB, ADD, ADC, SBC, RSC, TST, TEQ, CMP, CMN, ORR, MOV, BIC, MVN };
enum { LSL, LSR, ASR, ROR };
enum { AL = 14, SP = 13, LR = 14, PC = 15 };
enum { AT_OFFSET = RK_ARM_PRE | RK_ARM_UP };

#define FIELD(at, bits) (uint8_t)(code >> (at) & ((1u << (bits)) - 1))

static void decode_shift(uint32_t code, struct rk_arm_op *op)
{
    op->rd = FIELD(0, 3);
    op->rm = FIELD(3, 3);
    op->shift = FIELD(11, 2);
    op->amount = FIELD(6, 5);
    op->run = rk_arm_data_run(MOV, rk_arm_operand_of(op), true);
}

static void decode_add_subtract(uint32_t code, struct rk_arm_op *op)
{
    unsigned opcode = code >> 9 & 1 ? SUB : ADD;

    op->rd = FIELD(0, 3);
    op->rn = FIELD(3, 3);
    op->rm = FIELD(6, 3);
    op->imm = op->rm;
    op->run = rk_arm_data_run(opcode, code >> 10 & 1 ? RK_ARM_IMMEDIATE : RK_ARM_REGISTER, true);
}

static void decode_immediate(uint32_t code, struct rk_arm_op *op)
{
    static const uint8_t opcodes[] = {MOV, CMP, ADD, SUB};

    op->rd = op->rn = FIELD(8, 3);
    op->imm = code & 0xFF;
    op->run = rk_arm_data_run(opcodes[code >> 11 & 3], RK_ARM_IMMEDIATE, true);
}

static void decode_alu(uint32_t code, struct rk_arm_op *op)
{
    static const uint8_t opcodes[] = {AND, EOR, MOV, MOV, MOV, ADC, SBC, MOV,
                                      TST, RSB, CMP, CMN, ORR, MOV, BIC, MVN};
    unsigned which = code >> 6 & 15;

    op->rd = op->rn = FIELD(0, 3);
    op->rm = FIELD(3, 3);
    if (which == 13) {
        op->rs = op->rd;
        op->run = rk_arm_muls;
    } else if (which == 9) {
        op->rn = op->rm;
        op->run = rk_arm_data_run(RSB, RK_ARM_IMMEDIATE, true);
    } else if (opcodes[which] == MOV) {
        op->shift = which == 7 ? ROR : (uint8_t)(which - 2);
        op->rs = op->rm;
        op->rm = op->rd;
        op->run = rk_arm_data_run(MOV, (enum rk_arm_operand)(RK_ARM_BY_LSL + op->shift), true);
    } else {
        op->run = rk_arm_data_run(opcodes[which], RK_ARM_REGISTER, true);
    }
}

/* Registers above r7, BX and BLX. */
static void decode_high(uint32_t code, struct rk_arm_op *op)
{
    static const uint8_t opcodes[] = {ADD, CMP, MOV};
    unsigned which = code >> 8 & 3;

    op->rd = op->rn = (uint8_t)(FIELD(0, 3) | FIELD(7, 1) << 3);
    op->rm = FIELD(3, 4);
    if (which == 3) {
        op->how = code >> 7 & 1 ? RK_ARM_LINK : 0;
        op->run = rk_arm_branch_register;
    } else {
        op->run = rk_arm_data_run(opcodes[which], RK_ARM_REGISTER, which == 1);
    }
}

static void decode_register_offset(uint32_t code, struct rk_arm_op *op)
{
    static rk_arm_run *const runs[] = {rk_arm_str, rk_arm_strh, rk_arm_strb, rk_arm_ldrsb,
                                       rk_arm_ldr, rk_arm_ldrh, rk_arm_ldrb, rk_arm_ldrsh};

    op->rd = FIELD(0, 3);
    op->rn = FIELD(3, 3);
    op->rm = FIELD(6, 3);
    op->how = AT_OFFSET | RK_ARM_OFFSET_REG;
    op->run = runs[code >> 9 & 7];
}

static void decode_immediate_offset(uint32_t code, struct rk_arm_op *op)
{
    static const struct {
        rk_arm_run *run;
        uint8_t scale;
    } rows[] = {{rk_arm_str, 2},  {rk_arm_ldr, 2},  {rk_arm_strb, 0},
                {rk_arm_ldrb, 0}, {rk_arm_strh, 1}, {rk_arm_ldrh, 1}};
    unsigned which = (code >> 11) - 12;

    op->rd = FIELD(0, 3);
    op->rn = FIELD(3, 3);
    op->imm = (code >> 6 & 31) << rows[which].scale;
    op->how = AT_OFFSET;
    op->run = rows[which].run;
}

/* Loads relative to pc, transfers relative to sp, and addresses of either. What is relative to pc
 * counts from the aligned one. */
static void decode_relative(uint32_t code, uint32_t pc, struct rk_arm_op *op)
{
    uint32_t offset = (code & 0xFF) * 4, aligned = offset - ((pc + 4) & 3);
    unsigned group = code >> 12;

    op->rd = FIELD(8, 3);
    op->how = AT_OFFSET;
    if (group == 4) {
        op->rn = PC;
        op->imm = aligned;
        op->run = rk_arm_ldr;
    } else if (group == 9) {
        op->rn = SP;
        op->imm = offset;
        op->run = code >> 11 & 1 ? rk_arm_ldr : rk_arm_str;
    } else {
        bool sp = code >> 11 & 1;
        op->rn = sp ? SP : PC;
        op->imm = sp ? offset : aligned;
        op->run = rk_arm_data_run(ADD, RK_ARM_IMMEDIATE, false);
    }
}

/* Moving sp, PUSH, POP, BKPT. */
static void decode_stack(uint32_t code, struct rk_arm_op *op)
{
    if ((code & 0xFF00) == 0xB000) {
        op->rd = op->rn = SP;
        op->imm = (code & 0x7F) * 4;
        op->run = rk_arm_data_run(code >> 7 & 1 ? SUB : ADD, RK_ARM_IMMEDIATE, false);
    } else if ((code & 0xF600) == 0xB400) {
        bool pop = code >> 11 & 1;
        op->rn = SP;
        rk_arm_put_list(op, (code & 0xFF) | (code >> 8 & 1) << (pop ? PC : LR));
        op->how = pop ? RK_ARM_UP | RK_ARM_WRITE | RK_ARM_LOAD : RK_ARM_PRE | RK_ARM_WRITE;
    } else if ((code & 0xFF00) == 0xBE00) {
        op->run = rk_arm_breakpoint;
    }
}

static void decode_multiple(uint32_t code, struct rk_arm_op *op)
{
    bool load = code >> 11 & 1;

    op->rn = FIELD(8, 3);
    rk_arm_put_list(op, code & 0xFF);
    op->how = RK_ARM_UP;
    if (!load || !(op->imm >> op->rn & 1))
        op->how |= RK_ARM_WRITE;
    op->how |= load ? RK_ARM_LOAD : 0;
}

static void decode_conditional(uint32_t code, struct rk_arm_op *op)
{
    unsigned cond = code >> 8 & 15;

    if (cond == 15) {
        op->run = rk_arm_software_interrupt;
    } else if (cond != 14) {
        op->cond = (uint8_t)cond;
        op->imm = op->pc + 4 + (uint32_t)((int32_t)(code << 24) >> 23);
        op->run = rk_arm_branch;
    }
}

/* B, and the two halves of BL and BLX. */
static void decode_branch(uint32_t code, struct rk_arm_op *op)
{
    uint32_t offset = code & 0x7FF;

    switch (code >> 11 & 3) {
    case 0:
        op->imm = op->pc + 4 + (uint32_t)((int32_t)(code << 21) >> 20);
        op->run = rk_arm_branch;
        break;
    case 1:
        op->imm = offset * 2;
        op->how = RK_ARM_EXCHANGE;
        op->run = code & 1 ? op->run : rk_arm_thumb_long_branch;
        break;
    case 2:
        op->rd = LR;
        op->imm = op->pc + 4 + (uint32_t)((int32_t)(code << 21) >> 9);
        op->run = rk_arm_data_run(MOV, RK_ARM_IMMEDIATE, false);
        break;
    default:
        op->imm = offset * 2;
        op->run = rk_arm_thumb_long_branch;
        break;
    }
}

static void decode_low(uint32_t code, uint32_t pc, struct rk_arm_op *op)
{
    if (code >> 11 == 3)
        decode_add_subtract(code, op);
    else if (code >> 13 == 0)
        decode_shift(code, op);
    else if (code >> 13 == 1)
        decode_immediate(code, op);
    else if (code >> 10 == 16)
        decode_alu(code, op);
    else if (code >> 10 == 17)
        decode_high(code, op);
    else if (code >> 11 == 9)
        decode_relative(code, pc, op);
    else if (code >> 12 == 5)
        decode_register_offset(code, op);
    else
        decode_immediate_offset(code, op);
}

void rk_thumb_decode(uint32_t code, uint32_t pc, struct rk_arm_op *op)
{
    *op = (struct rk_arm_op){.run = rk_arm_undefined, .pc = pc, .cond = AL};
    switch (code >> 12) {
    case 9:
    case 10:
        decode_relative(code, pc, op);
        break;
    case 11:
        decode_stack(code, op);
        break;
    case 12:
        decode_multiple(code, op);
        break;
    case 13:
        decode_conditional(code, op);
        break;
    case 14:
    case 15:
        decode_branch(code, op);
        break;
    default:
        decode_low(code, pc, op);
        break;
    }
}

void rk_thumb_join_call(uint32_t code, struct rk_arm_op *op)
{
    if (code >> 11 != 31)
        return;
    op->rs = code & 0xFF;
    op->shift = code >> 8 & 7;
    op->imm = (op->imm + 2 * (code & 0x7FF)) & ~1u;
    op->run = rk_arm_thumb_call;
}
