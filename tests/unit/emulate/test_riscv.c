/* The RISC-V core by itself: what a comparison instruction by instruction does not reach. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "emulate/cpu.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIZE = 0x4000,
    ALIAS = 0x40000000,
    DEVICE = 0x800000,
    NOWHERE = 0x90000000,
    HANDLER = 0x1000
};

struct machine {
    uint8_t memory[SIZE];
    struct rk_bus *bus;
    struct rk_cpu *cpu;
    uint32_t stored, at; /* of the device: the last store, and the instruction that made it */
    uint32_t called;
};

static uint32_t device_read(void *user, uint32_t addr, unsigned width)
{
    (void)user;
    (void)width;
    return addr;
}

static void device_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct machine *m = user;

    (void)width;
    m->stored = value;
    m->at = m->cpu->core->at(m->cpu);
    if ((addr & 0xFFF) == 8)
        m->cpu->yield = true;
}

static struct machine *new_machine(void)
{
    struct machine *m = calloc(1, sizeof *m);
    struct rk_bus_device device = {.read = device_read, .write = device_write, .user = m};

    assert_non_null(m);
    assert_int_equal(rk_bus_new(&m->bus, NULL), RK_OK);
    assert_int_equal(rk_bus_map_memory(m->bus, 0, SIZE, m->memory, RK_BUS_READ_WRITE, NULL), RK_OK);
    assert_int_equal(rk_bus_map_memory(m->bus, ALIAS, SIZE, m->memory, RK_BUS_READ_WRITE, NULL),
                     RK_OK);
    assert_int_equal(rk_bus_map_device(m->bus, DEVICE, 0x1000, &device, NULL), RK_OK);
    assert_int_equal(rk_riscv_new(m->bus, &m->cpu, NULL), RK_OK);
    return m;
}

static void free_machine(struct machine *m)
{
    rk_cpu_free(m->cpu);
    rk_bus_free(m->bus);
    free(m);
}

static void put(struct machine *m, uint32_t at, const uint32_t *code, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rk_put_le32(m->memory + at + 4 * i, code[i]);
    rk_bus_changed(m->bus, at, (uint32_t)(4 * count));
}
#define PUT(m, at, ...)                                                                            \
    put(m, at, (const uint32_t[]){__VA_ARGS__},                                                    \
        sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static unsigned index_of(const struct machine *m, const char *name)
{
    struct rk_cpu_register r;

    for (unsigned i = 0; m->cpu->core->get(m->cpu, i, &r); i++)
        if (strcmp(r.name, name) == 0)
            return i;
    fail_msg("no register %s", name);
    return 0;
}

static uint32_t reg(const struct machine *m, const char *name)
{
    struct rk_cpu_register r = {0};

    (void)m->cpu->core->get(m->cpu, index_of(m, name), &r);
    return r.value;
}

static void set(struct machine *m, const char *name, uint32_t value)
{
    assert_true(m->cpu->core->set(m->cpu, index_of(m, name), value));
}

static void steps(struct machine *m, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(rk_cpu_run(m->cpu, 1), RK_CPU_BUDGET);
}

static void an_exception_goes_to_its_handler_and_back(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    set(m, "mtvec", HANDLER);
    set(m, "mstatus", 8);
    PUT(m, 0, 0x00000073, 0x00100513); /* ecall; li a0, 1 */
    PUT(m, HANDLER, 0x30200073);       /* mret */
    steps(m, 1);
    assert_int_equal(reg(m, "pc"), HANDLER);
    assert_int_equal(reg(m, "mepc"), 0);
    assert_int_equal(reg(m, "mcause") & 0x3FF, 11);
    assert_int_equal(reg(m, "mstatus") & 0x88, 0x80); /* MPIE has MIE, which is off */
    assert_int_equal(m->cpu->exceptions, 0);          /* a call is none */
    set(m, "mepc", 4);
    steps(m, 2);
    assert_int_equal(reg(m, "a0"), 1);
    assert_int_equal(reg(m, "mstatus") & 8, 8);
    free_machine(m);
}

static void faults_tell_where_and_why(void **state)
{
    static const struct {
        uint32_t code, cause, value;
    } rows[] = {
        {0x0002A303, 5, NOWHERE},     /* lw t1, 0(t0) */
        {0x0062A023, 7, NOWHERE},     /* sw t1, 0(t0) */
        {0x00129313, 0, 0},           /* slli t1, t0, 1: none */
        {0x0012A303, 4, NOWHERE + 1}, /* lw t1, 1(t0) */
        {0x0062A0A3, 6, NOWHERE + 1}, /* sw t1, 1(t0) */
        {0xFFFFFFFF, 2, 0xFFFFFFFF},  /* no instruction */
        {0x00100073, 3, 0},           /* ebreak */
        {0xC0202373, 0, 0},           /* csrr t1, instret: none */
        {0xB8002373, 0, 0},           /* csrr t1, mcycleh: none */
        {0xF1402373, 0, 0},           /* csrr t1, mhartid: none */
        {0x80002373, 2, 0x80002373},  /* csrr of registers that are not there */
        {0xBC002373, 2, 0xBC002373},  {0xF1502373, 2, 0xF1502373},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct machine *m = new_machine();
        set(m, "mtvec", HANDLER);
        set(m, "t0", NOWHERE);
        PUT(m, 0, 0x00000013, rows[i].code); /* nop first */
        steps(m, 2);
        if (rows[i].cause) {
            assert_int_equal(reg(m, "pc"), HANDLER);
            assert_int_equal(reg(m, "mepc"), 4);
            assert_int_equal(reg(m, "mcause") & 0x3FF, rows[i].cause);
            assert_int_equal(reg(m, "mtval"), rows[i].cause == 3 ? 4 : rows[i].value);
            assert_int_equal(m->cpu->exceptions, 1);
            assert_int_equal(m->cpu->fault.pc, 4);
        } else {
            assert_int_equal(reg(m, "pc"), 8);
        }
        free_machine(m);
    }
}

static void a_jump_to_nowhere_stops(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    set(m, "t0", NOWHERE);
    PUT(m, 0, 0x00028067); /* jr t0 */
    assert_int_equal(rk_cpu_run(m->cpu, 10), RK_CPU_FETCH);
    assert_int_equal(m->cpu->fault.addr, NOWHERE);
    free_machine(m);
}

/* mtvec mode 3: the vector is read from the table at mtvt. */
static void the_clic_vectors_by_level(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    for (uint32_t at = 0; at < 64; at += 4)
        PUT(m, at, 0x00000013);
    set(m, "mtvec", HANDLER | 3);
    set(m, "mtvt", 0x2000);
    PUT(m, 0x2000 + 4 * 45, 0x1200);
    PUT(m, 0x2000 + 4 * 7, 0x1300);
    for (uint32_t at = 0x1200; at < 0x1240; at += 4)
        PUT(m, at, 0x00000013);
    PUT(m, 0x1300, 0x30200073);
    m->cpu->lines = RK_RISCV_LINE | 45 | 0x7Fu << 16;
    steps(m, 2);
    assert_int_equal(reg(m, "pc"), 8); /* interrupts are off */
    set(m, "mstatus", 8);
    steps(m, 1);
    assert_int_equal(reg(m, "pc"), 0x1204);
    assert_int_equal(reg(m, "mepc"), 8);
    assert_int_equal(reg(m, "mcause"), 0x80000000u | 45);
    assert_int_equal(reg(m, "level"), 0x7F);
    /* in the handler: not again at its own level, but at a higher one */
    set(m, "mstatus", reg(m, "mstatus") | 8);
    steps(m, 1);
    assert_int_equal(reg(m, "pc"), 0x1208);
    m->cpu->lines = RK_RISCV_LINE | 7 | 0xFFu << 16;
    steps(m, 1);
    assert_int_equal(reg(m, "pc"), 0x1300); /* in, out, and in again: the line is up still */
    assert_int_equal(reg(m, "mepc"), 0x1208);
    assert_int_equal(reg(m, "level"), 0xFF);
    m->cpu->lines = 0;
    steps(m, 1);
    assert_int_equal(reg(m, "pc"), 0x1208);
    assert_int_equal(reg(m, "level"), 0x7F);
    free_machine(m);
}

static void it_waits_for_an_interrupt(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    PUT(m, 0, 0x10500073, 0x00100513); /* wfi; li a0, 1 */
    assert_int_equal(rk_cpu_run(m->cpu, 10), RK_CPU_WAIT);
    assert_int_equal(reg(m, "pc"), 4);
    m->cpu->lines = RK_RISCV_LINE | 7 | 1u << 16; /* off, but it wakes */
    steps(m, 1);
    assert_int_equal(reg(m, "a0"), 1);
    free_machine(m);
}

static void an_instruction_may_cross_a_page(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    rk_put_le16(m->memory + 0xFFE, 0x0513); /* li a0, 0x123 in two halves */
    rk_put_le16(m->memory + 0x1000, 0x1230);
    PUT(m, 0x1002, 0x00150513); /* addi a0, a0, 1 */
    m->cpu->core->set_pc(m->cpu, 0xFFE);
    steps(m, 2);
    assert_int_equal(reg(m, "a0"), 0x124);
    /* and the other half of it may change */
    rk_put_le16(m->memory + 0x1000, 0x4560);
    rk_bus_changed(m->bus, 0x1000, 2);
    m->cpu->core->set_pc(m->cpu, 0xFFE);
    steps(m, 1);
    assert_int_equal(reg(m, "a0"), 0x456);
    free_machine(m);
}

static void an_instruction_may_change_its_other_half(void **state)
{
    enum { STORE_T2 = 0x00010072, STORE_T1 = 0x00010062 }; /* upper halves, and a c.nop */
    struct machine *m = new_machine();
    (void)state;
    PUT(m, 0xFFC, 0xA0230001, STORE_T1); /* c.nop; sw t1, 0(t0), its second half is at 0x1000 */
    set(m, "t0", 0x1000);
    set(m, "t1", STORE_T2);
    set(m, "t2", STORE_T1);
    for (unsigned i = 0; i < 4; i++) {
        m->cpu->core->set_pc(m->cpu, 0xFFE);
        steps(m, 2);
        assert_int_equal(reg(m, "pc"), 0x1004);
        assert_int_equal(rk_get_le32(m->memory + 0x1000), i % 2 ? STORE_T1 : STORE_T2);
    }
    free_machine(m);
}

/* The code changes itself, through its own address and through another one of the same memory. */
static void code_may_change_itself(void **state)
{
    (void)state;
    for (int alias = 0; alias < 2; alias++) {
        struct machine *m = new_machine();
        PUT(m, 0, 0x00100513, 0x0062A023, 0xFF9FF06F); /* li a0, 1; sw t1, 0(t0); j 0 */
        set(m, "t0", alias ? ALIAS : 0);
        set(m, "t1", 0x00200513); /* li a0, 2 */
        steps(m, 3);
        assert_int_equal(reg(m, "a0"), 1);
        steps(m, 1);
        assert_int_equal(reg(m, "a0"), 2);
        free_machine(m);
    }
}

static void on_call(void *user, uint32_t target)
{
    ((struct machine *)user)->called = target;
}

static void devices_calls_and_breaks_are_told(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    m->cpu->on_call = on_call;
    m->cpu->call_user = m;
    set(m, "t0", DEVICE);
    set(m, "t1", 77);
    /* nop; sw t1, 8(t0); jal ra, 0x100; at 0x100: nop */
    PUT(m, 0, 0x00000013, 0x0062A423, 0x0F8000EF);
    PUT(m, 0x100, 0x00000013, 0x00000013);
    assert_true(rk_cpu_break(m->cpu, 0x104, true));
    assert_int_equal(rk_cpu_run(m->cpu, 100), RK_CPU_BUDGET); /* the device yields */
    assert_int_equal(m->cpu->executed, 2);
    assert_int_equal(m->stored, 77);
    assert_int_equal(m->at, 4);
    assert_int_equal(rk_cpu_run(m->cpu, 100), RK_CPU_BREAK);
    assert_int_equal(m->called, 0x100);
    assert_int_equal(reg(m, "ra"), 12);
    assert_int_equal(reg(m, "pc"), 0x104);
    free_machine(m);
}

static void a_store_conditional_needs_its_reservation(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    set(m, "t0", 0x2000);
    set(m, "t1", 5);
    PUT(m, 0, 0x1002A52F, 0x1862A5AF, 0x1862A62F); /* lr.w a0; sc.w a1, t1; sc.w a2, t1 */
    rk_put_le32(m->memory + 0x2000, 3);
    steps(m, 3);
    assert_int_equal(reg(m, "a0"), 3);
    assert_int_equal(reg(m, "a1"), 0);
    assert_int_equal(reg(m, "a2"), 1);
    assert_int_equal(rk_get_le32(m->memory + 0x2000), 5);
    free_machine(m);
}

/* 1/3 in all five ways of rounding, inexact each time. Without the unit switched on: illegal. */
static void floats_round_as_they_are_told(void **state)
{
    static const uint32_t third[] = {0x3EAAAAAB, 0x3EAAAAAA, 0x3EAAAAAA, 0x3EAAAAAB, 0x3EAAAAAB};
    (void)state;
    for (uint32_t mode = 0; mode < 5; mode++) {
        struct machine *m = new_machine();
        set(m, "mtvec", HANDLER);
        set(m, "ft0", 0x3F800000);
        set(m, "ft1", 0x40400000);
        set(m, "mstatus", 0x6000);
        PUT(m, 0, 0x18100153 | mode << 12); /* fdiv.s ft2, ft0, ft1 */
        steps(m, 1);
        assert_int_equal(reg(m, "ft2"), third[mode]);
        assert_int_equal(reg(m, "fcsr"), 1);
        set(m, "mstatus", 0);
        m->cpu->core->set_pc(m->cpu, 0);
        steps(m, 1);
        assert_int_equal(reg(m, "mcause") & 0x3FF, 2);
        free_machine(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exception_goes_to_its_handler_and_back),
        cmocka_unit_test(faults_tell_where_and_why),
        cmocka_unit_test(a_jump_to_nowhere_stops),
        cmocka_unit_test(the_clic_vectors_by_level),
        cmocka_unit_test(it_waits_for_an_interrupt),
        cmocka_unit_test(an_instruction_may_cross_a_page),
        cmocka_unit_test(an_instruction_may_change_its_other_half),
        cmocka_unit_test(code_may_change_itself),
        cmocka_unit_test(devices_calls_and_breaks_are_told),
        cmocka_unit_test(a_store_conditional_needs_its_reservation),
        cmocka_unit_test(floats_round_as_they_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
