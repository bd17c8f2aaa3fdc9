/* The engine for large numbers (PKA), which Bluetooth pairing and TLS of the applications use.
 *
 * A command is two words: the operation with its destination and first source, then the other
 * sources or a constant. Registers of 8 to 512 bytes lie in one memory; a number is written and read
 * with its most significant word first. Facts: Bouffalo Lab's SDK (bl602_sec_eng.c), and firmware
 * whose public keys come out right. */
#include "emulate/bouffalo/soc.h"

#include <mbedtls/bignum.h>

#include "base/bytes.h"

#include <string.h>

enum { CONTROL = 0x300, COMMAND = 0x340, BURST_END = 0x380 };
enum {
    ENABLED = 1 << 3,
    DONE = 1 << 8,
    DONE_CLEAR = 1 << 9,
    SWAPPED = 1 << 12, /* bytes of the words */
    LESS = 1 << 24
};
enum {
    OP_MOD2N = 0x11,
    OP_LDIV2N = 0x12,
    OP_LMUL2N = 0x13,
    OP_LDIV = 0x14,
    OP_LSQR = 0x15,
    OP_LMUL = 0x16,
    OP_LSUB = 0x17,
    OP_LADD = 0x18,
    OP_LCMP = 0x19,
    OP_MINV = 0x22,
    OP_MEXP = 0x23,
    OP_MSQR = 0x24,
    OP_MMUL = 0x25,
    OP_MREM = 0x26,
    OP_MSUB = 0x27,
    OP_MADD = 0x28,
    OP_RESIZE = 0x31,
    OP_MOVE = 0x32,
    OP_NEGATE = 0x33,
    OP_CONSTANT = 0x34,
    OP_CLEAR = 0x35,
    OP_READ = 0x38,
    OP_WRITE = 0x39
};

static const uint16_t sizes[16] = {0, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512};

/* The bytes of a register, 12 bits: type and number; *len = 0 if there is none. */
static uint8_t *register_of(struct rk_bl_pka *pka, uint32_t which, size_t *len)
{
    size_t size = sizes[which >> 8 & 15], at = (which & 0xFF) * size;

    *len = at + size <= sizeof pka->memory ? size : 0;
    return pka->memory + (*len ? at : 0);
}

static int load(struct rk_bl_pka *pka, uint32_t which, mbedtls_mpi *out)
{
    size_t len;
    const uint8_t *at = register_of(pka, which, &len);

    return mbedtls_mpi_read_binary(out, at, len);
}

/* What does not fit is cut off at the top. */
static int store(struct rk_bl_pka *pka, uint32_t which, mbedtls_mpi *value)
{
    mbedtls_mpi limit;
    size_t len;
    uint8_t *at = register_of(pka, which, &len);
    int bad;

    mbedtls_mpi_init(&limit);
    bad = mbedtls_mpi_lset(&limit, 1);
    if (!bad)
        bad = mbedtls_mpi_shift_l(&limit, 8 * len);
    if (!bad)
        bad = mbedtls_mpi_mod_mpi(value, value, &limit);
    if (!bad && len)
        bad = mbedtls_mpi_write_binary(value, at, len);
    mbedtls_mpi_free(&limit);
    return bad;
}

struct numbers {
    mbedtls_mpi a, b, modulus, out;
};

static int plain(unsigned op, uint32_t second, struct numbers *n)
{
    unsigned shift = second & 0x7FFF;

    switch (op) {
    case OP_MOD2N:
        mbedtls_mpi_lset(&n->b, 1);
        return mbedtls_mpi_shift_l(&n->b, shift) || mbedtls_mpi_mod_mpi(&n->out, &n->a, &n->b);
    case OP_LDIV2N:
        return mbedtls_mpi_copy(&n->out, &n->a) || mbedtls_mpi_shift_r(&n->out, shift);
    case OP_LMUL2N:
        return mbedtls_mpi_copy(&n->out, &n->a) || mbedtls_mpi_shift_l(&n->out, shift);
    case OP_LDIV:
        return mbedtls_mpi_div_mpi(&n->out, NULL, &n->a, &n->modulus);
    case OP_LSQR:
        return mbedtls_mpi_mul_mpi(&n->out, &n->a, &n->a);
    case OP_LMUL:
        return mbedtls_mpi_mul_mpi(&n->out, &n->a, &n->b);
    case OP_LSUB:
        return mbedtls_mpi_sub_mpi(&n->out, &n->a, &n->b);
    case OP_LADD:
        return mbedtls_mpi_add_mpi(&n->out, &n->a, &n->b);
    case OP_RESIZE:
    case OP_MOVE:
        return mbedtls_mpi_copy(&n->out, &n->a);
    case OP_NEGATE: /* store() takes it modulo the size */
        return mbedtls_mpi_sub_mpi(&n->out, &n->out, &n->a);
    case OP_CONSTANT:
        return mbedtls_mpi_add_int(&n->out, &n->out, (mbedtls_mpi_sint)second);
    case OP_CLEAR:
        return 0;
    default:
        return 1;
    }
}

static int modular(unsigned op, struct numbers *n)
{
    int bad;

    switch (op) {
    case OP_MINV:
        return mbedtls_mpi_inv_mod(&n->out, &n->a, &n->modulus);
    case OP_MEXP:
        return mbedtls_mpi_exp_mod(&n->out, &n->a, &n->b, &n->modulus, NULL);
    case OP_MSQR:
        bad = mbedtls_mpi_mul_mpi(&n->out, &n->a, &n->a);
        break;
    case OP_MMUL:
        bad = mbedtls_mpi_mul_mpi(&n->out, &n->a, &n->b);
        break;
    case OP_MREM:
        bad = mbedtls_mpi_copy(&n->out, &n->a);
        break;
    case OP_MSUB:
        bad = mbedtls_mpi_sub_mpi(&n->out, &n->a, &n->b);
        break;
    case OP_MADD:
        bad = mbedtls_mpi_add_mpi(&n->out, &n->a, &n->b);
        break;
    default:
        return 1;
    }
    return bad || mbedtls_mpi_mod_mpi(&n->out, &n->out, &n->modulus);
}

/* What cannot be computed (a division by zero, no such register) leaves the destination as it is. */
static void compute(struct rk_bl_pka *pka, uint32_t first, uint32_t second)
{
    unsigned op = first >> 24 & 0x7F;
    struct numbers n;

    mbedtls_mpi_init(&n.a);
    mbedtls_mpi_init(&n.b);
    mbedtls_mpi_init(&n.modulus);
    mbedtls_mpi_init(&n.out);
    int bad = load(pka, first & 0xFFF, &n.a) || load(pka, second >> 12 & 0xFFF, &n.b) ||
              load(pka, second & 0xFFF, &n.modulus);
    if (!bad && op == OP_LCMP)
        pka->less = mbedtls_mpi_cmp_mpi(&n.a, &n.b) < 0;
    else if (!bad && !(op >> 4 == 2 ? modular(op, &n) : plain(op, second, &n)))
        (void)store(pka, first >> 12 & 0xFFF, &n.out);
    mbedtls_mpi_free(&n.a);
    mbedtls_mpi_free(&n.b);
    mbedtls_mpi_free(&n.modulus);
    mbedtls_mpi_free(&n.out);
}

static uint32_t swapped(const struct rk_bl_pka *pka, uint32_t value)
{
    uint8_t bytes[4];

    rk_put_le32(bytes, value);
    return pka->control & SWAPPED ? rk_get_be32(bytes) : value;
}

static void write_command(struct rk_bl_pka *pka, uint32_t value)
{
    size_t len;
    uint8_t *at = register_of(pka, pka->first >> 12 & 0xFFF, &len);

    if (pka->words_due) { /* a number is being written */
        if (pka->word * 4 < len)
            rk_put_be32(at + 4 * pka->word, swapped(pka, value));
        pka->word++;
        pka->words_due--;
        return;
    }
    if (!pka->half) {
        pka->first = value;
        pka->word = 0;
        pka->half = (value >> 24 & 0x7F) != OP_WRITE;
        if (!pka->half)
            pka->words_due = value & 0xFFF;
        return;
    }
    pka->half = false;
    if ((pka->first >> 24 & 0x7F) != OP_READ)
        compute(pka, pka->first, value);
    pka->done = pka->done || pka->first >> 31;
}

uint32_t rk_bl_pka_read(struct rk_bl_soc *soc, uint32_t reg)
{
    struct rk_bl_pka *pka = &soc->pka;
    size_t len;

    if (reg == CONTROL)
        return pka->control | (pka->done ? DONE : 0) | (pka->less ? LESS : 0);
    if (reg < COMMAND || reg >= BURST_END)
        return *rk_bl_reg(soc, RK_BL_SEC + reg);
    const uint8_t *at = register_of(pka, pka->first >> 12 & 0xFFF, &len);
    uint32_t value = pka->word * 4 < len ? swapped(pka, rk_get_be32(at + 4 * pka->word)) : 0;
    pka->word++;
    return value;
}

void rk_bl_pka_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value)
{
    struct rk_bl_pka *pka = &soc->pka;

    if (reg >= COMMAND && reg < BURST_END) {
        write_command(pka, value);
    } else if (reg == CONTROL) {
        pka->control = value & (ENABLED | SWAPPED);
        if (!(value & ENABLED)) {
            pka->half = false;
            pka->words_due = 0;
        }
        if (value & DONE_CLEAR || !(value & ENABLED))
            pka->done = false;
    } else {
        *rk_bl_reg(soc, RK_BL_SEC + reg) = value;
    }
}
