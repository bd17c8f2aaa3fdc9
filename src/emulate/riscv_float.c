/* Instructions for single precision (extension F). */
#include "emulate/float32.h"
#include "emulate/riscv.h"

enum { SIGN_BIT = 31, ROUND_DYNAMIC = 7 };
#define SIGN (1u << SIGN_BIT)

/* What an instruction needs; imm is the instruction itself. False: it is none. */
static bool begin(struct rk_rv *v, const struct rk_rv_op *op, bool rounds, struct rk_f32_env *env)
{
    uint32_t round = op->imm >> 12 & 7;

    if (round == ROUND_DYNAMIC)
        round = v->fcsr >> 5;
    *env = (struct rk_f32_env){rounds ? (enum rk_f32_round)round : RK_F32_NEAREST_EVEN, 0};
    return v->mstatus & RK_RV_STATUS_FS && (!rounds || round <= RK_F32_NEAREST_AWAY);
}

static struct rk_rv_op *end(struct rk_rv *v, struct rk_rv_op *op, const struct rk_f32_env *env)
{
    v->fcsr |= env->flags;
    v->mstatus |= RK_RV_STATUS_FS;
    return op + op->halves;
}

static struct rk_rv_op *fused(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;
    uint32_t a = v->f[op->rs1], b = v->f[op->rs2], c = v->f[op->imm >> 27];

    if (!begin(v, op, true, &env))
        return rk_rv_illegal(v, op);
    if (op->imm & 8) /* FNMSUB, FNMADD: the product is negated */
        a ^= SIGN;
    if (op->imm & 4) /* FMSUB, FNMADD */
        c ^= SIGN;
    v->f[op->rd] = rk_f32_fma(a, b, c, &env);
    return end(v, op, &env);
}

static uint32_t calculate(unsigned how, uint32_t a, uint32_t b, struct rk_f32_env *env)
{
    switch (how) {
    case 0:
        return rk_f32_add(a, b, env);
    case 1:
        return rk_f32_add(a, b ^ SIGN, env);
    case 2:
        return rk_f32_mul(a, b, env);
    case 3:
        return rk_f32_div(a, b, env);
    default:
        return rk_f32_sqrt(a, env);
    }
}

static struct rk_rv_op *arithmetic(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;
    uint32_t a = v->f[op->rs1], b = v->f[op->rs2];
    unsigned how = op->imm >> 27;

    if (!begin(v, op, true, &env))
        return rk_rv_illegal(v, op);
    /* a - NaN: the sign of no number does not matter. */
    v->f[op->rd] = calculate(how, a, b, &env);
    return end(v, op, &env);
}

static struct rk_rv_op *sign_injection(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;
    uint32_t a = v->f[op->rs1], b = v->f[op->rs2];
    uint32_t how = op->imm >> 12 & 7;

    if (!begin(v, op, false, &env))
        return rk_rv_illegal(v, op);
    v->f[op->rd] = (a & ~SIGN) | ((how == 0 ? b : how == 1 ? ~b : a ^ b) & SIGN);
    return end(v, op, &env);
}

static struct rk_rv_op *min_max(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;
    uint32_t a = v->f[op->rs1], b = v->f[op->rs2];

    if (!begin(v, op, false, &env))
        return rk_rv_illegal(v, op);
    v->f[op->rd] = op->imm >> 12 & 1 ? rk_f32_max(a, b, &env) : rk_f32_min(a, b, &env);
    return end(v, op, &env);
}

static struct rk_rv_op *compare(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;
    uint32_t a = v->f[op->rs1], b = v->f[op->rs2];
    uint32_t how = op->imm >> 12 & 7;

    if (!begin(v, op, false, &env))
        return rk_rv_illegal(v, op);
    v->x[op->rd] = how == 2   ? rk_f32_equal(a, b, &env)
                   : how == 1 ? rk_f32_less(a, b, &env)
                              : rk_f32_less_equal(a, b, &env);
    return end(v, op, &env);
}

static struct rk_rv_op *to_int(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;

    if (!begin(v, op, true, &env))
        return rk_rv_illegal(v, op);
    v->x[op->rd] = rk_f32_to_int(v->f[op->rs1], op->rs2 == 0, &env);
    return end(v, op, &env);
}

static struct rk_rv_op *from_int(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;

    if (!begin(v, op, true, &env))
        return rk_rv_illegal(v, op);
    v->f[op->rd] = rk_f32_from_int(v->x[op->rs1], op->rs2 == 0, &env);
    return end(v, op, &env);
}

/* FMV.X.W and FCLASS.S. */
static struct rk_rv_op *move_out(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;
    uint32_t a = v->f[op->rs1];

    if (!begin(v, op, false, &env))
        return rk_rv_illegal(v, op);
    v->x[op->rd] = op->imm >> 12 & 1 ? rk_f32_class(a) : a;
    return end(v, op, &env);
}

static struct rk_rv_op *move_in(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_f32_env env;

    if (!begin(v, op, false, &env))
        return rk_rv_illegal(v, op);
    v->f[op->rd] = v->x[op->rs1];
    return end(v, op, &env);
}

/* The instructions of one opcode, by the five bits above the format. */
static const struct {
    rk_rv_run *run;
    uint8_t rs2_max; /* where rs2 only chooses */
    uint8_t funct3_max;
    bool integer; /* rd is an integer register */
} instructions[32] = {[0x00] = {arithmetic, 31, 7, false}, [0x01] = {arithmetic, 31, 7, false},
                      [0x02] = {arithmetic, 31, 7, false}, [0x03] = {arithmetic, 31, 7, false},
                      [0x0B] = {arithmetic, 0, 7, false},  [0x04] = {sign_injection, 31, 2, false},
                      [0x05] = {min_max, 31, 1, false},    [0x14] = {compare, 31, 2, true},
                      [0x18] = {to_int, 1, 7, true},       [0x1A] = {from_int, 1, 7, false},
                      [0x1C] = {move_out, 0, 1, true},     [0x1E] = {move_in, 0, 0, false}};

void rk_rv_decode_float(uint32_t code, struct rk_rv_op *out)
{
    uint32_t which = code >> 27, rd = code >> 7 & 31;

    out->imm = code;
    if (code >> 25 & 3)
        return; /* not single precision */
    if ((code & 0x7F) != 0x53) {
        out->run = fused;
        out->rd = (uint8_t)rd;
    } else if (instructions[which].run && out->rs2 <= instructions[which].rs2_max &&
               (code >> 12 & 7) <= instructions[which].funct3_max) {
        out->run = instructions[which].run;
        if (!instructions[which].integer)
            out->rd = (uint8_t)rd;
    }
}
