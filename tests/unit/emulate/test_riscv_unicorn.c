/* The RISC-V core beside Unicorn, instruction by instruction: the same registers, flags and memory
 * after each of many random ones, and the same ones refused. Skipped where Unicorn is not there. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/rng.h"
#include "emulate/cpu.h"

#include <stdlib.h>
#include <string.h>

#ifdef RK_HAVE_UNICORN
#include <unicorn/unicorn.h>

enum { CODE = 0x10000, DATA = 0x20000, SIZE = 0x10000, ROUNDS = 24000 };
enum { PC = 0, MSTATUS = 32, FCSR = 41, F0 = 43, REGISTERS = 75 };

struct pair {
    uint8_t *ours; /* code and data */
    uint8_t *theirs;
    struct rk_bus *bus;
    struct rk_cpu *cpu;
    uc_engine *uc;
    struct rk_rng rng;
    uint32_t at; /* of the instruction: each has a place of its own */
    unsigned compared, refused;
};

static uint32_t any(struct pair *p)
{
    return (uint32_t)rk_rng_next(&p->rng);
}

static void open_pair(struct pair *p)
{
    memset(p, 0, sizeof *p);
    p->rng.state = 602;
    p->at = CODE;
    p->ours = calloc(2, SIZE);
    p->theirs = aligned_alloc(4096, 2 * SIZE);
    memset(p->theirs, 0, 2 * SIZE);
    assert_int_equal(rk_bus_new(&p->bus, NULL), RK_OK);
    assert_int_equal(rk_bus_map_memory(p->bus, CODE, 2 * SIZE, p->ours, RK_BUS_READ_WRITE, NULL),
                     RK_OK);
    assert_int_equal(rk_riscv_new(p->bus, &p->cpu, NULL), RK_OK);
    assert_int_equal(uc_open(UC_ARCH_RISCV, UC_MODE_RISCV32, &p->uc), UC_ERR_OK);
    assert_int_equal(uc_mem_map_ptr(p->uc, CODE, 2 * SIZE, UC_PROT_ALL, p->theirs), UC_ERR_OK);
}

static void close_pair(struct pair *p)
{
    uc_close(p->uc);
    rk_cpu_free(p->cpu);
    rk_bus_free(p->bus);
    free(p->ours);
    free(p->theirs);
}

/* A float that is worth trying: zeros, infinities, no numbers, tiny and large ones, near ones. */
static uint32_t a_float(struct pair *p)
{
    static const uint32_t special[] = {0x00000000, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000,
                                       0x7F800001, 0x00000001, 0x007FFFFF, 0x00800000, 0x7F7FFFFF,
                                       0x3F800000, 0xBF800000, 0x4F000000, 0xCF000000, 0x4F800000};
    uint32_t value = any(p);

    switch (rk_rng_below(&p->rng, 6)) {
    case 0:
        return special[rk_rng_below(&p->rng, sizeof special / sizeof special[0])];
    case 1:
        return (value & 0x807FFFFFu) | (0x7C + (value >> 23 & 7)) << 23; /* about one */
    case 2:
        return (value & 0x807FFFFFu) | (value >> 23 & 15) << 23; /* tiny */
    case 3:
        return (value & 0x807FFFFFu) | (0x90 + (value >> 23 & 15)) << 23; /* as integers */
    default:
        return value;
    }
}

/* The same random state on both sides: most registers point into the data. */
static void set_state(struct pair *p)
{
    assert_true(p->cpu->core->set(p->cpu, PC, p->at));
    for (unsigned i = 1; i < 32; i++) {
        uint32_t value = any(p);
        if (rk_rng_below(&p->rng, 4))
            value = DATA + 0x4000 + (value & 0x7FFC);
        if (rk_rng_below(&p->rng, 8) == 0)
            value = rk_rng_below(&p->rng, 40);
        assert_true(p->cpu->core->set(p->cpu, i, value));
        uc_reg_write(p->uc, UC_RISCV_REG_X0 + (int)i, &value);
    }
    for (unsigned i = 0; i < 32; i++) {
        uint32_t value = a_float(p);
        uint64_t boxed = 0xFFFFFFFF00000000u | value;
        assert_true(p->cpu->core->set(p->cpu, F0 + i, value));
        uc_reg_write(p->uc, UC_RISCV_REG_F0 + (int)i, &boxed);
    }
    uint32_t fcsr = rk_rng_below(&p->rng, 5) << 5, status = 3 << 13;
    assert_true(p->cpu->core->set(p->cpu, MSTATUS, status));
    assert_true(p->cpu->core->set(p->cpu, FCSR, fcsr));
    uc_reg_write(p->uc, UC_RISCV_REG_MSTATUS, &status);
    uc_reg_write(p->uc, UC_RISCV_REG_FCSR, &fcsr);
}

static uint32_t value_of(const struct pair *p, unsigned index)
{
    struct rk_cpu_register r;

    assert_true(p->cpu->core->get(p->cpu, index, &r));
    return r.value;
}

static void compare(struct pair *p, uint32_t code)
{
    for (unsigned i = 0; i < 32; i++) {
        uint32_t mine = value_of(p, i), theirs = 0;
        uc_reg_read(p->uc, i ? UC_RISCV_REG_X0 + (int)i : UC_RISCV_REG_PC, &theirs);
        if (mine != theirs)
            fail_msg("%08x at %08x: x%u (0 = pc) is %08x, Unicorn says %08x", code, p->at, i, mine,
                     theirs);
    }
    for (unsigned i = 0; i < 32; i++) {
        uint32_t mine = value_of(p, F0 + i);
        uint64_t theirs = 0;
        uc_reg_read(p->uc, UC_RISCV_REG_F0 + (int)i, &theirs);
        if (mine != (uint32_t)theirs)
            fail_msg("%08x: f%u is %08x, Unicorn says %08x", code, i, mine, (uint32_t)theirs);
    }
    uint32_t mine = value_of(p, FCSR), theirs = 0;
    uc_reg_read(p->uc, UC_RISCV_REG_FCSR, &theirs);
    if (mine != theirs)
        fail_msg("%08x: fcsr is %02x, Unicorn says %02x", code, mine, theirs);
    if (memcmp(p->ours, p->theirs, 2 * SIZE) != 0)
        fail_msg("%08x: memory differs", code);
    p->compared++;
}

/* A random instruction of the main encodings, most of them good ones. */
static uint32_t long_instruction(struct pair *p)
{
    static const uint8_t opcodes[] = {0x03, 0x07, 0x13, 0x17, 0x23, 0x27, 0x2F, 0x33, 0x37, 0x43,
                                      0x47, 0x4B, 0x4F, 0x53, 0x53, 0x53, 0x63, 0x67, 0x6F, 0x33};
    uint32_t code = (any(p) & ~0x7Fu) | opcodes[rk_rng_below(&p->rng, sizeof opcodes)];
    uint32_t opcode = code & 0x7F;

    if (opcode == 0x33)
        code = (code & 0x01FFFFFFu) | (uint32_t[]){0, 1, 1, 0x20}[rk_rng_below(&p->rng, 4)] << 25;
    if (opcode >= 0x43 && opcode <= 0x53)
        code &= ~(3u << 25);
    if (opcode == 0x53 && rk_rng_below(&p->rng, 2))
        code &= ~(0x1Eu << 20);
    if (opcode == 0x2F)
        code = (code & ~0x7000u) | 2 << 12;
    return code;
}

/* Where the two differ on purpose: unaligned accesses trap on this chip; jumps to where no code is;
 * hints and reserved encodings; LR and SC, which need a pair of instructions; double precision,
 * which Unicorn's processor has. */
static bool is_open(uint32_t code)
{
    uint32_t opcode = code & 0x7F, funct3 = code >> 12 & 7;

    if ((code & 3) == 3)
        return (opcode == 0x2F && (code >> 27 & ~1u) == 2) ||
               ((opcode == 0x07 || opcode == 0x27) && funct3 != 2) ||
               (opcode == 0x53 && code >> 27 == 8);
    code &= 0xFFFF;
    funct3 = code >> 13;
    if ((code & 3) != 1 && (funct3 == 1 || funct3 == 5))
        return true;
    if (((code & 3) == 0 && funct3 == 4) || ((code & 3) == 2 && funct3 == 0 && code >> 12 & 1))
        return true; /* reserved, and of RV64 */
    if ((code & 3) == 1 && funct3 == 4 && code >> 12 & 1 && (code >> 10 & 3) != 2)
        return true;       /* instructions of RV64 */
    return code == 0x9002; /* ebreak */
}

static bool is_signalling(uint32_t f)
{
    return (f & 0x7F800000u) == 0x7F800000u && (f & 0x007FFFFFu) && !(f & 0x00400000u);
}

/* FMIN and FMAX of a signalling NaN and a number: the number since the manual of 2019, the NaN in
 * Unicorn. */
static bool is_old_minimum(const struct pair *p, uint32_t code)
{
    return (code & 0x7F) == 0x53 && code >> 27 == 5 &&
           (is_signalling(value_of(p, F0 + (code >> 15 & 31))) ||
            is_signalling(value_of(p, F0 + (code >> 20 & 31))));
}

/* Infinity times zero plus a NaN is invalid for RISC-V, and not for Unicorn. */
static bool is_invalid_product(const struct pair *p, uint32_t code)
{
    uint32_t a = value_of(p, F0 + (code >> 15 & 31)) << 1;
    uint32_t b = value_of(p, F0 + (code >> 20 & 31)) << 1;
    bool fused = (code & 0x73) == 0x43;

    return fused && ((a == 0 && b == 0xFF000000u) || (b == 0 && a == 0xFF000000u));
}

static void one(struct pair *p)
{
    bool compressed = rk_rng_below(&p->rng, 3) == 0;
    uint32_t code = compressed ? any(p) & 0xFFFF : long_instruction(p);
    uint8_t bytes[4];

    p->at = p->at == CODE + SIZE - 16 ? CODE : p->at + 4;
    if (is_open(code) || (compressed && (code & 3) == 3))
        return;
    set_state(p);
    if (is_old_minimum(p, code) || is_invalid_product(p, code))
        return;
    rk_put_le32(bytes, code);
    (void)rk_bus_poke(p->bus, p->at, bytes, 4);
    uc_mem_write(p->uc, p->at, bytes, 4);
    uc_ctl_remove_cache(p->uc, p->at, p->at + 4);
    enum rk_cpu_stop stop = rk_cpu_run(p->cpu, 1);
    uc_err err = uc_emu_start(p->uc, p->at, 0xFFFFFFFFu, 0, 1);
    /* Refused: our handler is at 0. An access that is unaligned is not looked at by Unicorn. */
    bool mine = value_of(p, PC) == 0 || stop != RK_CPU_BUDGET;
    if (mine || err != UC_ERR_OK) {
        uint32_t cause = value_of(p, 33) & 0xFF;
        if (!mine)
            fail_msg("%08x: only Unicorn refused it", code);
        if (err == UC_ERR_OK && cause != 4 && cause != 6 && cause != 3)
            fail_msg("%08x: only we refused it, cause %u", code, cause);
        memcpy(p->theirs, p->ours, 2 * SIZE);
        p->refused++;
        return;
    }
    compare(p, code);
}

static void random_instructions_do_the_same(void **state)
{
    struct pair p;
    (void)state;
    open_pair(&p);
    for (unsigned i = 0; i < ROUNDS; i++)
        one(&p);
    assert_true(p.compared > ROUNDS / 3);
    print_message("%u compared, %u refused\n", p.compared, p.refused);
    close_pair(&p);
}
#else
static void random_instructions_do_the_same(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_instructions_do_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
