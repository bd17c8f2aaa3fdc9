/* From the 16-bit encodings (extension C) to the same functions and operands. */
#include "emulate/riscv.h"

enum { ZERO = 0, RA = 1, SP = 2 };

/* `width` bits of the encoding from bit `from` on, moved to bit `to` of a constant. */
static uint32_t part(uint32_t code, unsigned from, unsigned width, unsigned to)
{
    return (code >> from & ((1u << width) - 1)) << to;
}

static uint32_t sign_extend(uint32_t value, unsigned width)
{
    uint32_t sign = 1u << (width - 1);

    return (value ^ sign) - sign;
}

static uint32_t immediate_6(uint32_t code)
{
    return sign_extend(part(code, 12, 1, 5) | part(code, 2, 5, 0), 6);
}

/* c.lw, c.sw and the same for floats. */
static uint32_t offset_word(uint32_t code)
{
    return part(code, 10, 3, 3) | part(code, 6, 1, 2) | part(code, 5, 1, 6);
}

static uint32_t offset_jump(uint32_t code)
{
    return sign_extend(part(code, 12, 1, 11) | part(code, 11, 1, 4) | part(code, 9, 2, 8) |
                           part(code, 8, 1, 10) | part(code, 7, 1, 6) | part(code, 6, 1, 7) |
                           part(code, 3, 3, 1) | part(code, 2, 1, 5),
                       12);
}

static uint32_t offset_branch(uint32_t code)
{
    return sign_extend(part(code, 12, 1, 8) | part(code, 10, 2, 3) | part(code, 5, 2, 6) |
                           part(code, 3, 2, 1) | part(code, 2, 1, 5),
                       9);
}

static void set(struct rk_rv_op *out, rk_rv_run *run, uint32_t rd, uint32_t rs1, uint32_t rs2,
                uint32_t imm)
{
    out->run = run;
    out->rd = (uint8_t)(rd ? rd : RK_RV_NOWHERE);
    out->rs1 = (uint8_t)rs1;
    out->rs2 = (uint8_t)rs2;
    out->imm = imm;
}

/* Floats know no register that is nothing. */
static void set_float(struct rk_rv_op *out, rk_rv_run *run, uint32_t rd, uint32_t rs1, uint32_t imm)
{
    set(out, run, rd, rs1, rd, imm);
    out->rd = (uint8_t)rd;
}

static void decode_0(uint32_t code, struct rk_rv_op *out)
{
    uint32_t low = 8 + part(code, 2, 3, 0), high = 8 + part(code, 7, 3, 0);
    uint32_t wide =
        part(code, 11, 2, 4) | part(code, 7, 4, 6) | part(code, 6, 1, 2) | part(code, 5, 1, 3);

    switch (code >> 13) {
    case 0:
        if (wide)
            set(out, rk_rv_addi, low, SP, 0, wide);
        break;
    case 2:
        set(out, rk_rv_lw, low, high, 0, offset_word(code));
        break;
    case 3:
        set_float(out, rk_rv_flw, low, high, offset_word(code));
        break;
    case 6:
        set(out, rk_rv_sw, 0, high, low, offset_word(code));
        break;
    case 7:
        set_float(out, rk_rv_fsw, low, high, offset_word(code));
        break;
    default:
        break;
    }
}

static void decode_arithmetic(uint32_t code, struct rk_rv_op *out)
{
    static rk_rv_run *const runs[4] = {rk_rv_sub, rk_rv_xor, rk_rv_or, rk_rv_and};
    uint32_t rd = 8 + part(code, 7, 3, 0), rs2 = 8 + part(code, 2, 3, 0);
    bool long_form = code >> 12 & 1;

    switch (code >> 10 & 3) {
    case 0:
    case 1:
        if (!long_form)
            set(out, code >> 10 & 1 ? rk_rv_srai : rk_rv_srli, rd, rd, 0, part(code, 2, 5, 0));
        break;
    case 2:
        set(out, rk_rv_andi, rd, rd, 0, immediate_6(code));
        break;
    default:
        if (!long_form)
            set(out, runs[code >> 5 & 3], rd, rd, rs2, 0);
        break;
    }
}

/* c.lui, and c.addi16sp which is in its place for sp. */
static void decode_upper(uint32_t code, struct rk_rv_op *out)
{
    uint32_t rd = code >> 7 & 31, imm = immediate_6(code);
    uint32_t stack = sign_extend(part(code, 12, 1, 9) | part(code, 6, 1, 4) | part(code, 5, 1, 6) |
                                     part(code, 3, 2, 7) | part(code, 2, 1, 5),
                                 10);

    if (!imm)
        return;
    if (rd == SP)
        set(out, rk_rv_addi, SP, SP, 0, stack);
    else
        set(out, rk_rv_lui, rd, 0, 0, imm << 12);
}

static void decode_1(uint32_t code, struct rk_rv_op *out)
{
    uint32_t rd = code >> 7 & 31, near = 8 + part(code, 7, 3, 0);

    switch (code >> 13) {
    case 0:
        set(out, rk_rv_addi, rd, rd, 0, immediate_6(code));
        break;
    case 1:
        set(out, rk_rv_jal, RA, 0, 0, offset_jump(code));
        break;
    case 2:
        set(out, rk_rv_addi, rd, ZERO, 0, immediate_6(code));
        break;
    case 3:
        decode_upper(code, out);
        break;
    case 4:
        decode_arithmetic(code, out);
        break;
    case 5:
        set(out, rk_rv_j, 0, 0, 0, offset_jump(code));
        break;
    default:
        set(out, code >> 13 & 1 ? rk_rv_bne : rk_rv_beq, 0, near, ZERO, offset_branch(code));
        break;
    }
}

/* c.jr, c.mv, c.ebreak, c.jalr, c.add. */
static void decode_moves(uint32_t code, struct rk_rv_op *out)
{
    uint32_t rd = code >> 7 & 31, rs2 = code >> 2 & 31;
    bool second = code >> 12 & 1;

    if (rs2)
        set(out, rk_rv_add, rd, second ? rd : ZERO, rs2, 0);
    else if (rd)
        set(out, second ? rk_rv_jalr : rk_rv_jr, second ? RA : 0, rd, 0, 0);
    else if (second)
        rk_rv_decode_system(0x00100073, out); /* ebreak */
}

static void decode_2(uint32_t code, struct rk_rv_op *out)
{
    uint32_t rd = code >> 7 & 31, rs2 = code >> 2 & 31;
    uint32_t load = part(code, 12, 1, 5) | part(code, 4, 3, 2) | part(code, 2, 2, 6);
    uint32_t store = part(code, 9, 4, 2) | part(code, 7, 2, 6);

    switch (code >> 13) {
    case 0:
        if (!(code >> 12 & 1))
            set(out, rk_rv_slli, rd, rd, 0, rs2);
        break;
    case 2:
        if (rd)
            set(out, rk_rv_lw, rd, SP, 0, load);
        break;
    case 3:
        set_float(out, rk_rv_flw, rd, SP, load);
        break;
    case 4:
        decode_moves(code, out);
        break;
    case 6:
        set(out, rk_rv_sw, 0, SP, rs2, store);
        break;
    case 7:
        set_float(out, rk_rv_fsw, rs2, SP, store);
        break;
    default:
        break;
    }
}

void rk_rv_decode_compressed(uint32_t code, struct rk_rv_op *out)
{
    *out = (struct rk_rv_op){.halves = 1};
    if ((code & 3) == 0)
        decode_0(code, out);
    else if ((code & 3) == 1)
        decode_1(code, out);
    else
        decode_2(code, out);
    out->halves = 1;
    if (!out->run) {
        out->run = rk_rv_illegal;
        out->imm = code;
    }
}
