/* The ARM core beside Unicorn, instruction by instruction: the same registers, status and memory
 * after each of many random ones. Skipped where Unicorn is not there. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/rng.h"
#include "emulate/cpu.h"

#include <stdlib.h>
#include <string.h>

#ifdef RK_HAVE_UNICORN
#include <unicorn/unicorn.h>

enum { CODE = 0x10000, DATA = 0x20000, SIZE = 0x10000, ROUNDS = 12000 };

struct pair {
    uint8_t *ours; /* code and data */
    uint8_t *theirs;
    struct rk_bus *bus;
    struct rk_cpu *cpu;
    uc_engine *uc;
    struct rk_rng rng;
    uint32_t at; /* of the instruction: each has a place of its own */
    unsigned compared, skipped;
};

static const int uc_registers[] = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4,  UC_ARM_REG_R5,
    UC_ARM_REG_R6,  UC_ARM_REG_R7, UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
    UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_CPSR};

static void open_pair(struct pair *p)
{
    memset(p, 0, sizeof *p);
    p->rng.state = 7231;
    p->at = CODE;
    p->ours = calloc(2, SIZE);
    p->theirs = aligned_alloc(4096, 2 * SIZE);
    memset(p->theirs, 0, 2 * SIZE);
    assert_int_equal(rk_bus_new(&p->bus, NULL), RK_OK);
    assert_int_equal(rk_bus_map_memory(p->bus, CODE, 2 * SIZE, p->ours, RK_BUS_READ_WRITE, NULL),
                     RK_OK);
    assert_int_equal(rk_arm_new(p->bus, &p->cpu, NULL), RK_OK);
    assert_int_equal(uc_open(UC_ARCH_ARM, UC_MODE_ARM | UC_MODE_ARM926, &p->uc), UC_ERR_OK);
    assert_int_equal(uc_ctl_set_cpu_model(p->uc, UC_CPU_ARM_946), UC_ERR_OK);
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

/* The same random state on both sides: most registers point into the data. */
static void set_state(struct pair *p, bool thumb, bool aligned)
{
    for (unsigned i = 0; i < 17; i++) {
        uint32_t value = (uint32_t)rk_rng_next(&p->rng);
        if (rk_rng_below(&p->rng, 4))
            value = DATA + 0x4000 + (value & 0x7FFC);
        if (rk_rng_below(&p->rng, 8) == 0)
            value = rk_rng_below(&p->rng, 40);
        if (aligned)
            value &= ~7u;
        if (i == 15)
            value = p->at + (thumb ? 1 : 0);
        if (i == 16)
            value = (value & 0xF8000000u) | 0xD0 | (thumb ? 0x20 : 0) | 0x13;
        if (i == 15)
            value &= ~1u;
        assert_true(p->cpu->core->set(p->cpu, i, value));
        uc_reg_write(p->uc, uc_registers[i], &value);
        if (i == 16) {
            uint32_t pc = p->at + (thumb ? 1 : 0);
            uc_reg_write(p->uc, UC_ARM_REG_PC, &pc);
        }
    }
}

static void compare(struct pair *p, uint32_t code, bool thumb)
{
    struct rk_cpu_register mine;
    uint32_t other;

    for (unsigned i = 0; i < 17; i++) {
        assert_true(p->cpu->core->get(p->cpu, i, &mine));
        uc_reg_read(p->uc, uc_registers[i], &other);
        if (mine.value != other)
            fail_msg("%s %08x: %s is %08x, Unicorn says %08x", thumb ? "thumb" : "arm", code,
                     mine.name, mine.value, other);
    }
    if (memcmp(p->ours, p->theirs, 2 * SIZE) != 0)
        fail_msg("%s %08x: memory differs", thumb ? "thumb" : "arm", code);
    p->compared++;
}

/* Instructions whose result the architecture leaves open, or where the model differs from the
 * ARM946E-S: they are not compared. */
static bool is_open(uint32_t code)
{
    unsigned rd = code >> 12 & 15, rn = code >> 16 & 15, rm = code & 15, rs = code >> 8 & 15;
    unsigned group = code >> 25 & 7;

    if (code >> 28 == 15 || (group == 7) || group == 6)
        return true;
    if (group == 0 && (code & 0x90) == 0x90) { /* multiplies, halfwords */
        if ((code & 0x60) == 0)
            return rd == 15 || rn == 15 || rm == 15 || rs == 15 || rn == rd || rm == rn ||
                   (code >> 24 & 15) > 1 || (code >> 22 & 3) == 1 || rd == rm;
        return rd >= 13 || rm == 15 || rn == 15 || rd == rn || rd + 1 == rn || (rd & 1) ||
               rm == rd || rm == rd + 1 || rm == rn || (!(code >> 22 & 1) && rs) ||
               (!(code >> 24 & 1) && code >> 21 & 1);
    }
    if ((group == 0 || group == 1) && (code & 0x01900000) == 0x01000000)
        return rd == 15 || rn == 15 || rm == 15 || rs == 15 || group == 1 ||
               (code & 0xF0) == 0x70 || (code & 0x90) == 0 || rn == rd;
    if (group == 0 && (code & 0x10))
        return rd == 15 || rn == 15 || rm == 15 || rs == 15;
    if (group == 0 || group == 1)
        return rd == 15;
    if (group == 2 || group == 3)
        return rd == 15 || rn == 15 || rm == 15 || rd == rn || rm == rn;
    if (group == 4)
        return rn == 15 || code & 0x00400000 || code & 0x8000 || (code & 0xFFFF) == 0 ||
               code >> rn & 1;
    return false;
}

static bool is_open_thumb(uint32_t code)
{
    unsigned top = code >> 12;

    return code >> 11 == 29 || code >> 11 == 30 || code >> 11 == 31 || code >> 8 == 0xDE ||
           code >> 8 == 0xDF || code >> 8 == 0xBE || (code & 0xFC00) == 0x4400 ||
           (top == 11 && (code & 0x0F00) && (code & 0x0600) != 0x0400) ||
           (code & 0xFF00) == 0xBD00 ||
           (top == 12 && ((code & 0xFF) == 0 || code >> (code >> 8 & 7) & 1)) ||
           (top == 11 && (code & 0x0600) == 0x0400 && (code & 0x1FF) == 0);
}

/* Unaligned accesses are the chip's own affair, which Unicorn does not model: offsets are made
 * multiples of the width. Returns true for accesses to memory, whose registers must be, too. */
static bool align_access(uint32_t *code, bool thumb)
{
    unsigned group = *code >> 25 & 7;

    if (thumb) {
        if (*code >> 12 == 8)
            *code &= ~0x40u;
        return *code >> 13 == 2 || *code >> 13 == 3 || *code >> 12 == 8 || *code >> 12 == 9;
    }
    if (group == 2)
        *code &= ~7u;
    else if (group == 3)
        *code &= ~0x60u;
    else if (group == 0 && (*code & 0x90) == 0x90)
        *code &= ~(*code & 0x60 && *code >> 22 & 1 ? 7u : 0u);
    else
        return group == 4;
    return true;
}

static void one(struct pair *p, bool thumb)
{
    uint32_t code = (uint32_t)rk_rng_next(&p->rng);
    uint8_t bytes[4];

    p->at += 4;
    if (!thumb && rk_rng_below(&p->rng, 2))
        code = (code & 0x0FFFFFFF) | 0xE0000000u;
    if (thumb)
        code &= 0xFFFF;
    if (thumb ? is_open_thumb(code) : is_open(code)) {
        p->skipped++;
        return;
    }
    set_state(p, thumb, align_access(&code, thumb));
    rk_put_le32(bytes, thumb ? code | 0x46C00000u : code);
    (void)rk_bus_poke(p->bus, p->at, bytes, 4);
    uc_mem_write(p->uc, p->at, bytes, 4);
    uc_ctl_remove_cache(p->uc, p->at, p->at + 4);
    enum rk_cpu_stop stop = rk_cpu_run(p->cpu, 1);
    uc_err err = uc_emu_start(p->uc, p->at + (thumb ? 1 : 0), p->at + (thumb ? 2 : 4), 0, 1);
    uint32_t pc = p->cpu->core->pc(p->cpu);
    if (stop != RK_CPU_BUDGET || err != UC_ERR_OK || pc < 0x20) {
        /* Both must have refused; what they did to memory before is put right again. */
        memcpy(p->theirs, p->ours, 2 * SIZE);
        p->skipped++;
        return;
    }
    compare(p, code, thumb);
}

static void random_instructions_do_the_same(void **state)
{
    struct pair p;
    (void)state;
    open_pair(&p);
    for (unsigned i = 0; i < ROUNDS; i++)
        one(&p, i & 1);
    assert_true(p.compared > ROUNDS / 3);
    print_message("%u compared, %u left out\n", p.compared, p.skipped);
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
