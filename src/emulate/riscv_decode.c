/* From the 32-bit encodings to functions and operands. */
#include "emulate/riscv.h"

static uint32_t bits(uint32_t code, unsigned high, unsigned low)
{
    return code >> low & ((1u << (high - low + 1)) - 1);
}

static uint32_t sign_extend(uint32_t value, unsigned width)
{
    uint32_t sign = 1u << (width - 1);

    return (value ^ sign) - sign;
}

static uint32_t immediate_i(uint32_t code)
{
    return sign_extend(code >> 20, 12);
}

static uint32_t immediate_s(uint32_t code)
{
    return sign_extend(bits(code, 31, 25) << 5 | bits(code, 11, 7), 12);
}

static uint32_t immediate_b(uint32_t code)
{
    return sign_extend(bits(code, 31, 31) << 12 | bits(code, 7, 7) << 11 | bits(code, 30, 25) << 5 |
                           bits(code, 11, 8) << 1,
                       13);
}

static uint32_t immediate_j(uint32_t code)
{
    return sign_extend(bits(code, 31, 31) << 20 | bits(code, 19, 12) << 12 |
                           bits(code, 20, 20) << 11 | bits(code, 30, 21) << 1,
                       21);
}

static rk_rv_run *shift_run(uint32_t code, uint32_t funct3)
{
    if (code >> 25 == 0)
        return funct3 == 1 ? rk_rv_slli : rk_rv_srli;
    return code >> 25 == 0x20 && funct3 == 5 ? rk_rv_srai : NULL;
}

static void decode_immediate(uint32_t code, struct rk_rv_op *out)
{
    static rk_rv_run *const runs[8] = {rk_rv_addi, NULL, rk_rv_slti, rk_rv_sltiu,
                                       rk_rv_xori, NULL, rk_rv_ori,  rk_rv_andi};
    uint32_t funct3 = bits(code, 14, 12);
    bool shift = funct3 == 1 || funct3 == 5;

    out->run = shift ? shift_run(code, funct3) : runs[funct3];
    out->imm = shift ? out->rs2 : immediate_i(code);
}

static void decode_register(uint32_t code, struct rk_rv_op *out)
{
    static rk_rv_run *const base[8] = {rk_rv_add, rk_rv_sll, rk_rv_slt, rk_rv_sltu,
                                       rk_rv_xor, rk_rv_srl, rk_rv_or,  rk_rv_and};
    static rk_rv_run *const multiply[8] = {rk_rv_mul, rk_rv_mulh, rk_rv_mulhsu, rk_rv_mulhu,
                                           rk_rv_div, rk_rv_divu, rk_rv_rem,    rk_rv_remu};
    uint32_t funct3 = bits(code, 14, 12), funct7 = code >> 25;

    if (funct7 == 0)
        out->run = base[funct3];
    else if (funct7 == 1)
        out->run = multiply[funct3];
    else if (funct7 == 0x20)
        out->run = funct3 == 0 ? rk_rv_sub : funct3 == 5 ? rk_rv_sra : NULL;
}

static void decode_branch(uint32_t code, struct rk_rv_op *out)
{
    static rk_rv_run *const runs[8] = {rk_rv_beq, rk_rv_bne, NULL,       NULL,
                                       rk_rv_blt, rk_rv_bge, rk_rv_bltu, rk_rv_bgeu};

    out->run = runs[bits(code, 14, 12)];
    out->imm = immediate_b(code);
}

static void decode_load(uint32_t code, struct rk_rv_op *out)
{
    static rk_rv_run *const runs[8] = {rk_rv_lb, rk_rv_lh, rk_rv_lw, NULL, rk_rv_lbu, rk_rv_lhu};

    out->run = runs[bits(code, 14, 12)];
    out->imm = immediate_i(code);
}

static void decode_store(uint32_t code, struct rk_rv_op *out)
{
    static rk_rv_run *const runs[8] = {rk_rv_sb, rk_rv_sh, rk_rv_sw};

    out->run = runs[bits(code, 14, 12)];
    out->imm = immediate_s(code);
}

static void decode_atomic(uint32_t code, struct rk_rv_op *out)
{
    uint32_t how = code >> 27;
    bool known = how < 4 || how % 4 == 0;

    if (bits(code, 14, 12) == 2 && known && (how != 2 || out->rs2 == 0))
        out->run = rk_rv_atomic;
    out->imm = how;
}

static void decode_jump(uint32_t code, struct rk_rv_op *out)
{
    bool indirect = bits(code, 6, 2) == 0x19, link = out->rd != RK_RV_NOWHERE;

    out->imm = indirect ? immediate_i(code) : immediate_j(code);
    if (!indirect)
        out->run = link ? rk_rv_jal : rk_rv_j;
    else if (bits(code, 14, 12) == 0)
        out->run = link ? rk_rv_jalr : rk_rv_jr;
}

static void decode_upper(uint32_t code, struct rk_rv_op *out)
{
    out->run = code & 0x20 ? rk_rv_lui : rk_rv_auipc;
    out->imm = code & 0xFFFFF000u;
}

static void decode_float_access(uint32_t code, struct rk_rv_op *out)
{
    bool store = code & 0x20;

    if (bits(code, 14, 12) != 2)
        return;
    out->run = store ? rk_rv_fsw : rk_rv_flw;
    out->imm = store ? immediate_s(code) : immediate_i(code);
    out->rd = (uint8_t)bits(code, 11, 7);
}

static void decode_fence(uint32_t code, struct rk_rv_op *out)
{
    if (bits(code, 14, 12) <= 1)
        out->run = rk_rv_nothing;
}

void rk_rv_decode(uint32_t code, struct rk_rv_op *out)
{
    typedef void decode_part(uint32_t, struct rk_rv_op *);
    static decode_part *const parts[32] = {
        [0x00] = decode_load,         [0x01] = decode_float_access, [0x03] = decode_fence,
        [0x04] = decode_immediate,    [0x05] = decode_upper,        [0x08] = decode_store,
        [0x09] = decode_float_access, [0x0B] = decode_atomic,       [0x0C] = decode_register,
        [0x0D] = decode_upper,        [0x10] = rk_rv_decode_float,  [0x11] = rk_rv_decode_float,
        [0x12] = rk_rv_decode_float,  [0x13] = rk_rv_decode_float,  [0x14] = rk_rv_decode_float,
        [0x18] = decode_branch,       [0x19] = decode_jump,         [0x1B] = decode_jump,
        [0x1C] = rk_rv_decode_system};
    uint32_t rd = bits(code, 11, 7);

    *out = (struct rk_rv_op){.rd = (uint8_t)(rd ? rd : RK_RV_NOWHERE),
                             .rs1 = (uint8_t)bits(code, 19, 15),
                             .rs2 = (uint8_t)bits(code, 24, 20),
                             .halves = 2};
    if ((code & 3) == 3 && parts[bits(code, 6, 2)])
        parts[bits(code, 6, 2)](code, out);
    if (!out->run) {
        out->run = rk_rv_illegal;
        out->imm = code;
    }
}
