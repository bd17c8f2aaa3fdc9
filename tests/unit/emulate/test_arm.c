/* The ARM core by itself: what a comparison instruction by instruction does not reach. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "emulate/cpu.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 0x4000, DEVICE = 0x800000 };

struct machine {
    uint8_t memory[SIZE];
    struct rk_bus *bus;
    struct rk_cpu *cpu;
    uint32_t stored, loads; /* of the device */
};

static uint32_t device_read(void *user, uint32_t addr, unsigned width)
{
    struct machine *m = user;

    (void)width;
    m->loads++;
    return addr;
}

static void device_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct machine *m = user;

    (void)width;
    m->stored = value;
    if ((addr & 0xFFF) == 4)
        m->cpu->lines = 1;
    if ((addr & 0xFFF) == 8)
        m->cpu->yield = true;
}

static struct machine *new_machine(void)
{
    struct machine *m = calloc(1, sizeof *m);
    struct rk_bus_device device = {.read = device_read, .write = device_write, .user = m};

    assert_int_equal(rk_bus_new(&m->bus, NULL), RK_OK);
    assert_int_equal(rk_bus_map_memory(m->bus, 0, SIZE, m->memory, RK_BUS_READ_WRITE, NULL), RK_OK);
    assert_int_equal(rk_bus_map_device(m->bus, DEVICE, 0x1000, &device, NULL), RK_OK);
    assert_int_equal(rk_arm_new(m->bus, &m->cpu, NULL), RK_OK);
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

static uint32_t reg(const struct machine *m, const char *name)
{
    struct rk_cpu_register r;

    for (unsigned i = 0; m->cpu->core->get(m->cpu, i, &r); i++)
        if (strcmp(r.name, name) == 0)
            return r.value;
    fail_msg("no register %s", name);
    return 0;
}

static void set_reg(struct machine *m, unsigned index, uint32_t value)
{
    assert_true(m->cpu->core->set(m->cpu, index, value));
}

#define PUT(m, at, ...)                                                                            \
    put(m, at, (const uint32_t[]){__VA_ARGS__},                                                    \
        sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void an_interrupt_is_taken_and_left(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    PUT(m, 0x18, 0xE2800001,  /* irq:  add r0, r0, #1 */
        0xE59F1004,           /*       ldr r1, [pc, #4] */
        0xE5811010,           /*       str r1, [r1, #16] */
        0xE25EF004, DEVICE);  /*       subs pc, lr, #4 */
    PUT(m, 0x100, 0xE10F0000, /* mrs r0, cpsr */
        0xE3C00080,           /* bic r0, r0, #0x80 */
        0xE121F000,           /* msr cpsr_c, r0 */
        0xE3A00000,           /* mov r0, #0 */
        0xE59F1004,           /* ldr r1, [pc, #4] */
        0xE5811004,           /* str r1, [r1, #4]: asserts the line */
        0xEAFFFFFE, DEVICE);  /* b . */
    m->cpu->core->reset(m->cpu, 0x100);
    assert_int_equal(rk_cpu_run(m->cpu, 6), RK_CPU_BUDGET);
    assert_int_equal(m->cpu->core->pc(m->cpu), 0x18);
    assert_int_equal(reg(m, "cpsr") & 0xBF, 0x92);
    assert_int_equal(reg(m, "r14"), 0x11C);
    m->cpu->lines = 0;
    assert_int_equal(rk_cpu_run(m->cpu, 4), RK_CPU_BUDGET);
    assert_int_equal(reg(m, "cpsr") & 0xBF, 0x13);
    assert_int_equal(m->cpu->core->pc(m->cpu), 0x118);
    assert_int_equal(reg(m, "r0"), 1);
    assert_int_equal(m->cpu->executed, 10);
    free_machine(m);
}

static void changed_code_is_noticed(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    PUT(m, 0x100, 0xE3A00001, /* mov r0, #1 */
        0xE59F1008,           /* ldr r1, [pc, #8] */
        0xE5021004,           /* str r1, [r2, #-4] */
        0xE2800010,           /* add r0, r0, #16 */
        0xEAFFFFFA,           /* b 0x100 */
        0xE3A00005);          /* (mov r0, #5) */
    set_reg(m, 2, 0x110 - 4 + 4);
    m->cpu->core->reset(m->cpu, 0x100);
    set_reg(m, 2, 0x104);
    assert_int_equal(rk_cpu_run(m->cpu, 5), RK_CPU_BUDGET);
    assert_int_equal(reg(m, "r0"), 17);
    assert_int_equal(rk_cpu_run(m->cpu, 1), RK_CPU_BUDGET);
    assert_int_equal(reg(m, "r0"), 5);
    free_machine(m);
}

static void banks_keep_their_registers(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    PUT(m, 0x100, 0xE3A0D001,                /* mov sp, #1 (svc) */
        0xE321F0D2,                          /* msr cpsr_c, #0xD2 (irq) */
        0xE3A0D002,                          /* mov sp, #2 */
        0xE321F0D1,                          /* fiq */
        0xE3A0D003, 0xE3A08004, 0xE321F0DF,  /* sys */
        0xE3A08005, 0xE321F0D1, 0xE1A00008,  /* fiq: mov r0, r8 */
        0xE321F0D3, 0xE1A01008, 0xE1A0200D); /* svc: mov r1, r8; mov r2, sp */
    m->cpu->core->reset(m->cpu, 0x100);
    assert_int_equal(rk_cpu_run(m->cpu, 13), RK_CPU_BUDGET);
    assert_int_equal(reg(m, "r0"), 4);
    assert_int_equal(reg(m, "r1"), 5);
    assert_int_equal(reg(m, "r2"), 1);
    assert_int_equal(reg(m, "r13_irq"), 2);
    assert_int_equal(reg(m, "r13_fiq"), 3);
    free_machine(m);
}

static void thumb_calls_come_back(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    PUT(m, 0x100, 0xE28F0001, /* add r0, pc, #1 */
        0xE12FFF30,           /* blx r0 */
        0xF802F000,           /* 0x108: bl 0x110 */
        0x2203E7FE,           /* 0x10C: b .; (movs r2, #3) */
        0x47702107);          /* 0x110: movs r1, #7; bx lr */
    m->cpu->core->reset(m->cpu, 0x100);
    assert_int_equal(rk_cpu_run(m->cpu, 7), RK_CPU_BUDGET);
    assert_int_equal(reg(m, "r1"), 7);
    assert_int_equal(m->cpu->core->pc(m->cpu), 0x10C);
    assert_int_equal(reg(m, "cpsr") & 0x20, 0x20);
    free_machine(m);
}

static void every_stop_says_where(void **state)
{
    struct machine *m = new_machine();
    (void)state;
    PUT(m, 0x100, 0xE59F1008, /* ldr r1, [pc, #8] */
        0xE5912000,           /* ldr r2, [r1] */
        0xE1A0F001,           /* mov pc, r1 */
        0, 0x50000000);
    m->cpu->core->reset(m->cpu, 0x100);
    assert_int_equal(rk_cpu_run(m->cpu, 100), RK_CPU_ACCESS);
    assert_int_equal(m->cpu->fault.pc, 0x104);
    assert_int_equal(m->cpu->fault.addr, 0x50000000);
    assert_int_equal(m->cpu->executed, 1);
    m->cpu->core->set_pc(m->cpu, 0x108);
    assert_int_equal(rk_cpu_run(m->cpu, 100), RK_CPU_FETCH);
    assert_int_equal(m->cpu->fault.addr, 0x50000000);
    PUT(m, 0x200, 0xEE070F90, /* mcr p15, 0, r0, c7, c0, 4: wait */
        0xE3A00001);
    m->cpu->core->set_pc(m->cpu, 0x200);
    assert_int_equal(rk_cpu_run(m->cpu, 100), RK_CPU_WAIT);
    assert_int_equal(m->cpu->core->pc(m->cpu), 0x204);
    assert_true(rk_cpu_break(m->cpu, 0x208, true));
    assert_int_equal(rk_cpu_run(m->cpu, 100), RK_CPU_BREAK);
    assert_int_equal(m->cpu->core->pc(m->cpu), 0x208);
    PUT(m, 0x208, 0xE3A00A00, 0xE3800502, /* mov r0, #0; orr r0, r0, #0x800000 */
        0xE5800008, 0xE3A03001);          /* str r0, [r0, #8]: yields */
    set_reg(m, 0, 0);
    assert_int_equal(rk_cpu_run(m->cpu, 100), RK_CPU_BUDGET);
    assert_int_equal(m->cpu->core->pc(m->cpu), 0x214);
    free_machine(m);
}

/* Memory seen at two addresses: a change through one is noticed at the other. */
static void mirrored_code_is_noticed(void **state)
{
    struct machine *m = new_machine();
    const uint8_t other[4] = {5, 0, 0xA0, 0xE3}; /* mov r0, #5 */
    (void)state;
    assert_int_equal(rk_bus_map_memory(m->bus, 0x100000, SIZE, m->memory, RK_BUS_READ_WRITE, NULL),
                     RK_OK);
    PUT(m, 0x100, 0xE3A00001, 0xEAFFFFFD);
    m->cpu->core->reset(m->cpu, 0x100);
    assert_int_equal(rk_cpu_run(m->cpu, 2), RK_CPU_BUDGET);
    assert_int_equal(reg(m, "r0"), 1);
    assert_true(rk_bus_poke(m->bus, 0x100100, other, 4));
    assert_int_equal(rk_cpu_run(m->cpu, 1), RK_CPU_BUDGET);
    assert_int_equal(reg(m, "r0"), 5);
    free_machine(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_is_taken_and_left),
        cmocka_unit_test(changed_code_is_noticed),
        cmocka_unit_test(banks_keep_their_registers),
        cmocka_unit_test(thumb_calls_come_back),
        cmocka_unit_test(every_stop_says_where),
        cmocka_unit_test(mirrored_code_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
