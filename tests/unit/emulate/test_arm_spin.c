/* Loops that only wait are counted and not executed: nothing but the time it takes may tell. Every
 * loop is run twice, the second time on a core that has to execute it all. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/rng.h"
#include "emulate/cpu.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIZE = 0x4000,
    CODE = 0x1000,
    DATA = 0x2000,
    DEVICE = 0x800000,
    PROGRAM = 24,
    PROGRAMS = 3000
};

struct machine {
    uint8_t memory[SIZE];
    struct rk_bus *bus;
    struct rk_cpu *cpu;
    uint64_t turns; /* the register of the device becomes 1 when so many are executed */
    unsigned loads;
};

static uint32_t device_read(void *user, uint32_t addr, unsigned width)
{
    struct machine *m = user;

    (void)width;
    m->loads++;
    if ((addr & 0xFFF) == 4)
        return m->loads;
    return m->cpu->executed > m->turns;
}

static void device_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    (void)user;
    (void)addr;
    (void)value;
    (void)width;
}

static uint64_t device_steady(void *user, uint32_t addr)
{
    const struct machine *m = user;

    if ((addr & 0xFFF) == 4)
        return 0;
    return m->cpu->executed > m->turns ? UINT64_MAX : m->turns;
}

static void see_nothing(void *user, uint32_t addr, uint32_t value, unsigned width, bool store)
{
    (void)user;
    (void)addr;
    (void)value;
    (void)width;
    (void)store;
}

/* `all`: whoever sees accesses sees every one of them, so nothing is left out. */
static struct machine *new_machine(bool all)
{
    struct machine *m = calloc(1, sizeof *m);
    struct rk_bus_device device = {device_read, device_write, m, device_steady};

    assert_int_equal(rk_bus_new(&m->bus, NULL), RK_OK);
    assert_int_equal(rk_bus_map_memory(m->bus, 0, SIZE, m->memory, RK_BUS_READ_WRITE, NULL), RK_OK);
    assert_int_equal(rk_bus_map_device(m->bus, DEVICE, 0x1000, &device, NULL), RK_OK);
    assert_int_equal(rk_arm_new(m->bus, &m->cpu, NULL), RK_OK);
    if (all)
        rk_bus_set_trace(m->bus, see_nothing, NULL);
    return m;
}

static void free_machine(struct machine *m)
{
    rk_cpu_free(m->cpu);
    rk_bus_free(m->bus);
    free(m);
}

struct pair {
    struct machine *quick, *plain;
};

/* Both begin anew with that program. */
static void begin(struct pair p, const uint8_t *code, size_t len, bool thumb)
{
    struct machine *both[] = {p.quick, p.plain};

    for (size_t i = 0; i < 2; i++) {
        struct rk_cpu *cpu = both[i]->cpu;
        memset(both[i]->memory, 0, SIZE);
        memcpy(both[i]->memory + CODE, code, len);
        rk_bus_changed(both[i]->bus, 0, SIZE);
        assert_true(cpu->core->set(cpu, 13, DATA));
        assert_true(cpu->core->set(cpu, 14, DEVICE));
        assert_true(cpu->core->set(cpu, 16, thumb ? 0xF3 : 0xD3));
        assert_true(cpu->core->set(cpu, 15, CODE));
    }
}

static struct pair new_pair(const uint8_t *code, size_t len, bool thumb)
{
    struct pair p = {new_machine(false), new_machine(true)};

    begin(p, code, len, thumb);
    return p;
}

static void free_pair(struct pair p)
{
    free_machine(p.quick);
    free_machine(p.plain);
}

static void set_both(struct pair p, unsigned index, uint32_t value)
{
    assert_true(p.quick->cpu->core->set(p.quick->cpu, index, value));
    assert_true(p.plain->cpu->core->set(p.plain->cpu, index, value));
}

static void run_both(struct pair p, uint64_t budget)
{
    struct rk_cpu_register one, other;

    assert_int_equal(rk_cpu_run(p.quick->cpu, budget), rk_cpu_run(p.plain->cpu, budget));
    assert_int_equal(p.quick->cpu->executed, p.plain->cpu->executed);
    for (unsigned i = 0; p.quick->cpu->core->get(p.quick->cpu, i, &one); i++) {
        assert_true(p.plain->cpu->core->get(p.plain->cpu, i, &other));
        if (one.value != other.value)
            fail_msg("%s is %08x and should be %08x after %u", one.name, one.value, other.value,
                     (unsigned)p.plain->cpu->executed);
    }
    assert_memory_equal(p.quick->memory, p.plain->memory, SIZE);
    assert_int_equal(p.plain->cpu->skipped, 0);
}

#define ARM(...)                                                                                   \
    arm_pair((const uint32_t[]){__VA_ARGS__},                                                      \
             sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static struct pair arm_pair(const uint32_t *code, size_t count)
{
    uint8_t bytes[256];

    assert_true(4 * count <= sizeof bytes);
    for (size_t i = 0; i < count; i++)
        rk_put_le32(bytes + 4 * i, code[i]);
    return new_pair(bytes, 4 * count, false);
}

static void a_jump_to_itself_takes_no_time(void **state)
{
    (void)state;
    struct pair p = ARM(0xEAFFFFFE); /* b . */

    assert_int_equal(rk_cpu_run(p.quick->cpu, 1000000000000), RK_CPU_BUDGET);
    assert_int_equal(p.quick->cpu->executed, 1000000000000);
    assert_in_range(p.quick->cpu->skipped, 999999999000, 1000000000000);
    free_pair(p);
}

/* A loop that asks a register is left at the very instruction at which it says something else. */
static void a_bit_is_waited_for(void **state)
{
    (void)state;
    for (unsigned turns = 990; turns < 1000; turns++) {
        struct pair p = ARM(0xE59E1000,  /* head: ldr r1, [r14] */
                            0xE3110001,  /* tst r1, #1 */
                            0x0AFFFFFC,  /* beq head */
                            0xE2800001,  /* add r0, r0, #1 */
                            0xEAFFFFFE); /* b . */
        p.quick->turns = p.plain->turns = turns;
        run_both(p, 700);
        run_both(p, 3000);
        assert_in_range(p.quick->cpu->skipped, 3000, 3690);
        assert_true(p.quick->loads < 120 && p.plain->loads > 300);
        free_pair(p);
    }
}

/* What changes by being read is read as often as it would be. */
static void a_register_that_counts_is_read_every_time(void **state)
{
    (void)state;
    struct pair p = ARM(0xE59E1004,  /* head: ldr r1, [r14, #4] */
                        0xE3510064,  /* cmp r1, #100 */
                        0x1AFFFFFC,  /* bne head */
                        0xEAFFFFFE); /* b . */
    run_both(p, 2000);
    assert_int_equal(p.quick->loads, 100);
    free_pair(p);
}

/* The delay loop of many a boot loader: a counter in memory, compared with signs. */
static void a_counter_in_memory_runs_up(void **state)
{
    const uint16_t code[] = {0x9301,  /* head: str r3, [sp, #4] */
                             0x9B01,  /* ldr r3, [sp, #4] */
                             0x4283,  /* cmp r3, r0 */
                             0xDC02,  /* bgt end */
                             0x9B01,  /* ldr r3, [sp, #4] */
                             0x3301,  /* adds r3, #1 */
                             0xE7F8,  /* b head */
                             0xE7FE}; /* end: b . */
    uint8_t bytes[sizeof code];

    (void)state;
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
        rk_put_le16(bytes + 2 * i, code[i]);
    for (uint32_t limit = 3000; limit < 3010; limit++) {
        struct pair p = new_pair(bytes, sizeof bytes, true);
        set_both(p, 0, limit);
        set_both(p, 3, (uint32_t)-500);
        run_both(p, 5000);
        run_both(p, 21000);
        assert_int_equal(rk_get_le32(p.quick->memory + DATA + 4), limit + 1);
        assert_in_range(p.quick->cpu->skipped, 20000, 26000);
        free_pair(p);
    }
}

/* A loop that does real work, however simple, is executed. */
static void a_loop_that_writes_is_no_waiting(void **state)
{
    (void)state;
    struct pair p = ARM(0xE4C21001,  /* head: strb r1, [r2], #1 */
                        0xE2500001,  /* subs r0, r0, #1 */
                        0x1AFFFFFC,  /* bne head */
                        0xEAFFFFFE); /* b . */
    set_both(p, 0, 1000);
    set_both(p, 1, 0x5A);
    set_both(p, 2, DATA);
    run_both(p, 2999);
    assert_int_equal(p.quick->cpu->skipped, 0);
    run_both(p, 100);
    free_pair(p);
}

/* Registers are as they were at the head of every round, memory is not. */
static void a_loop_that_turns_a_bit_is_no_waiting(void **state)
{
    (void)state;
    struct pair p = ARM(0xE59D1000,  /* head: ldr r1, [sp] */
                        0xE2211001,  /* eor r1, r1, #1 */
                        0xE58D1000,  /* str r1, [sp] */
                        0xE3A01000,  /* mov r1, #0 */
                        0xEAFFFFFA); /* b head */
    for (unsigned i = 0; i < 20; i++)
        run_both(p, 501);
    assert_int_equal(p.quick->cpu->skipped, 0);
    free_pair(p);
}

static void an_interrupt_ends_the_waiting(void **state)
{
    (void)state;
    struct pair p = ARM(0xE59D0000,  /* head: ldr r0, [sp] */
                        0xE3500000,  /* cmp r0, #0 */
                        0x0AFFFFFC,  /* beq head */
                        0xEAFFFFFE); /* b . */
    struct machine *both[] = {p.quick, p.plain};

    set_both(p, 16, 0x53); /* interrupts are on */
    run_both(p, 1000);
    for (size_t i = 0; i < 2; i++) {
        rk_put_le32(both[i]->memory + 0x18, 0xE58D1000); /* str r1, [sp] */
        rk_put_le32(both[i]->memory + 0x1C, 0xE25EF004); /* subs pc, lr, #4 */
        both[i]->cpu->lines = 1;
        assert_true(both[i]->cpu->core->set(both[i]->cpu, 19, DATA)); /* r13_irq */
    }
    set_both(p, 1, 1);
    run_both(p, 1);
    p.quick->cpu->lines = p.plain->cpu->lines = 0;
    run_both(p, 50);
    assert_int_equal(rk_get_le32(p.quick->memory + DATA), 1);
    free_pair(p);
}

/* ---- any loop ---- */

static uint32_t any_operation(struct rk_rng *rng, bool *compared)
{
    static const uint8_t alu[] = {0, 1, 2, 2, 3, 4, 4, 4, 5, 6, 7, 12, 13, 15};
    static const uint32_t access[] = {0xE59D0000, 0xE58D0000, 0xE59D0000, 0xE58D0000, 0xE1DD00B0,
                                      0xE1CD00B0, 0xE5DD0000, 0xE5CD0000, 0xE1DD00F0};
    uint32_t rd = (uint32_t)rk_rng_below(rng, 4) << 12, rn = (uint32_t)rk_rng_below(rng, 4) << 16;
    uint32_t rm = (uint32_t)rk_rng_below(rng, 4), imm = (uint32_t)rk_rng_below(rng, 6);
    uint32_t cond = *compared && rk_rng_below(rng, 5) == 0 ? (uint32_t)rk_rng_below(rng, 14) : 14;
    uint32_t base = cond << 28, flags = (uint32_t)rk_rng_below(rng, 4) == 0 ? 1u << 20 : 0;

    switch (rk_rng_below(rng, 8)) {
    case 0:
    case 1:
        return (access[rk_rng_below(rng, 9)] & 0x0FFFFFFF) | base | rd |
               (uint32_t)rk_rng_below(rng, 10);
    case 2: /* a comparison with a number, or of two registers */
        *compared = true;
        return base | 0x03500000 | rn | (uint32_t)rk_rng_below(rng, 256);
    case 3:
        *compared = true;
        return base | (rk_rng_below(rng, 3) ? 0x01500000u : 0x01100000u) | rn | rm;
    case 4: /* shifted */
        return base | 0x00800000 | flags | rd | rn | rm | (uint32_t)rk_rng_below(rng, 128) << 5;
    default:
        *compared |= flags != 0;
        return base | (rk_rng_below(rng, 2) ? 0x02000000 | imm : rm) |
               (uint32_t)alu[rk_rng_below(rng, sizeof alu)] << 21 | flags | rd | rn;
    }
}

/* Counts a register, or a word of memory, by a small step. */
static size_t any_counter(struct rk_rng *rng, uint32_t *code, bool *compared)
{
    uint32_t r = (uint32_t)rk_rng_below(rng, 4), step = 1 + (uint32_t)rk_rng_below(rng, 3);
    uint32_t offset = (uint32_t)rk_rng_below(rng, 4) == 0 ? (uint32_t)rk_rng_below(rng, 9) : 4;
    uint32_t add = (rk_rng_below(rng, 3) ? 0xE2800000u : 0xE2400000u) | r << 16 | r << 12 | step;
    bool memory = rk_rng_below(rng, 2), flags = rk_rng_below(rng, 2);
    size_t n = 0;

    if (memory)
        code[n++] = 0xE59D0000 | r << 12 | offset;
    code[n++] = add | (flags ? 1u << 20 : 0);
    if (memory)
        code[n++] = 0xE58D0000 | r << 12 | offset;
    if (!flags)
        code[n++] = rk_rng_below(rng, 2) ? 0xE3500000 | r << 16 | (uint32_t)rk_rng_below(rng, 256)
                                         : 0xE1500000 | r << 16 | (uint32_t)rk_rng_below(rng, 4);
    *compared = true;
    return n;
}

static void any_program(struct rk_rng *rng, uint32_t code[PROGRAM])
{
    size_t count = 1 + (size_t)rk_rng_below(rng, 6), n = 0;
    bool compared = false;

    while (n < count) {
        if (rk_rng_below(rng, 4) == 0)
            n += any_counter(rng, code + n, &compared);
        else
            code[n++] = any_operation(rng, &compared);
        if (compared && rk_rng_below(rng, 3) == 0) {
            code[n] = (uint32_t)rk_rng_below(rng, 14) << 28 | 0x0A000000 |
                      (uint32_t)(PROGRAM - 3 - n); /* out of the loop */
            n++;
        }
    }
    uint32_t cond = compared && rk_rng_below(rng, 2) ? (uint32_t)rk_rng_below(rng, 14) : 14;
    code[n] = cond << 28 | 0x0A000000 | ((uint32_t) - (int32_t)(n + 2) & 0xFFFFFF);
    for (n++; n < PROGRAM; n++)
        code[n] = 0xEAFFFFFE;
}

static void any_loop_ends_as_if_it_were_executed(void **state)
{
    struct rk_rng rng = {.state = 7231};
    unsigned skipped = 0;
    struct pair p = ARM(0xEAFFFFFE);
    uint32_t code[PROGRAM];
    uint8_t bytes[4 * PROGRAM];

    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        uint64_t before = p.quick->cpu->skipped;
        any_program(&rng, code);
        for (size_t k = 0; k < PROGRAM; k++)
            rk_put_le32(bytes + 4 * k, code[k]);
        begin(p, bytes, sizeof bytes, false);
        for (unsigned r = 0; r < 4; r++)
            set_both(p, r,
                     rk_rng_below(&rng, 3) ? (uint32_t)rk_rng_below(&rng, 300)
                                           : (uint32_t)rk_rng_next(&rng));
        for (unsigned slice = 0; slice < 4; slice++)
            run_both(p, 1 + rk_rng_below(&rng, 1200));
        skipped += p.quick->cpu->skipped > before;
    }
    free_pair(p);
    assert_in_range(skipped, PROGRAMS / 2, PROGRAMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jump_to_itself_takes_no_time),
        cmocka_unit_test(a_bit_is_waited_for),
        cmocka_unit_test(a_register_that_counts_is_read_every_time),
        cmocka_unit_test(a_counter_in_memory_runs_up),
        cmocka_unit_test(a_loop_that_writes_is_no_waiting),
        cmocka_unit_test(a_loop_that_turns_a_bit_is_no_waiting),
        cmocka_unit_test(an_interrupt_ends_the_waiting),
        cmocka_unit_test(any_loop_ends_as_if_it_were_executed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
