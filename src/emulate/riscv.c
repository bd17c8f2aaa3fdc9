#include "emulate/riscv.h"

#include <stdlib.h>
#include <string.h>

/* True if the run ends here; *why says why. */
static bool look_around(struct rk_rv *v, enum rk_cpu_stop *why)
{
    *why = v->stop;
    if (v->stopped)
        return true;
    if (v->cpu.yield) {
        v->cpu.yield = false;
        *why = RK_CPU_BUDGET;
        return true;
    }
    if (v->cpu.lines)
        rk_rv_interrupt(v);
    return false;
}

static bool is_break(const struct rk_cpu *cpu, uint32_t pc)
{
    for (size_t i = 0; i < cpu->break_count; i++)
        if (cpu->breaks[i] == pc)
            return true;
    return false;
}

/* Instruction after instruction as long as nothing has to be looked at. */
static bool run_on(struct rk_rv *v, struct rk_rv_op *op)
{
    struct rk_cpu *cpu = &v->cpu;

    do {
        if (cpu->executed >= cpu->stop_at) {
            v->next = rk_rv_pc(v, op);
            return false;
        }
        cpu->executed++;
        op = op->run(v, op);
    } while (op);
    return true;
}

/* The same with a look at the break points before each. */
static bool run_with_breaks(struct rk_rv *v, struct rk_rv_op *op, uint32_t first, bool *hit)
{
    struct rk_cpu *cpu = &v->cpu;

    do {
        uint32_t pc = rk_rv_pc(v, op);
        *hit = pc != first && is_break(cpu, pc);
        if (*hit || cpu->executed >= cpu->stop_at) {
            v->next = pc;
            return false;
        }
        first = 1; /* no address of an instruction */
        cpu->executed++;
        op = op->run(v, op);
    } while (op);
    return true;
}

static enum rk_cpu_stop run(struct rk_cpu *cpu)
{
    struct rk_rv *v = (struct rk_rv *)cpu;
    enum rk_cpu_stop why;
    uint32_t first = v->next;
    bool hit = false;

    v->stopped = false;
    for (;;) {
        if (look_around(v, &why))
            return why;
        struct rk_rv_op *op = rk_rv_enter(v, v->next);
        if (!op)
            return v->stop;
        if (!(cpu->break_count ? run_with_breaks(v, op, first, &hit) : run_on(v, op)))
            return hit ? RK_CPU_BREAK : RK_CPU_BUDGET;
        first = 1;
    }
}

/* ---- behind the interface ---- */

static void reset(struct rk_cpu *cpu, uint32_t pc)
{
    struct rk_rv *v = (struct rk_rv *)cpu;

    memset(v->x, 0, sizeof v->x);
    memset(v->f, 0, sizeof v->f);
    memset(v->custom, 0, sizeof v->custom);
    memset(v->pmp, 0, sizeof v->pmp);
    v->fcsr = v->mstatus = v->mtvec = v->mtvt = v->mscratch = v->mepc = v->mcause = v->mtval = 0;
    v->mie = v->level = v->reserved_at = 0;
    v->reserved = false;
    v->next = pc & ~1u;
}

static uint32_t get_pc(const struct rk_cpu *cpu)
{
    return ((const struct rk_rv *)cpu)->next;
}

static void set_pc(struct rk_cpu *cpu, uint32_t pc)
{
    ((struct rk_rv *)cpu)->next = pc & ~1u;
}

static uint32_t get_at(const struct rk_cpu *cpu)
{
    return ((const struct rk_rv *)cpu)->at;
}

static const char *const names[] = {
    "pc",    "ra",   "sp",       "gp",     "tp",   "t0",    "t1",    "t2",   "s0",       "s1",
    "a0",    "a1",   "a2",       "a3",     "a4",   "a5",    "a6",    "a7",   "s2",       "s3",
    "s4",    "s5",   "s6",       "s7",     "s8",   "s9",    "s10",   "s11",  "t3",       "t4",
    "t5",    "t6",   "mstatus",  "mcause", "mepc", "mtval", "mtvec", "mtvt", "mscratch", "mie",
    "level", "fcsr", "reserved", "ft0",    "ft1",  "ft2",   "ft3",   "ft4",  "ft5",      "ft6",
    "ft7",   "fs0",  "fs1",      "fa0",    "fa1",  "fa2",   "fa3",   "fa4",  "fa5",      "fa6",
    "fa7",   "fs2",  "fs3",      "fs4",    "fs5",  "fs6",   "fs7",   "fs8",  "fs9",      "fs10",
    "fs11",  "ft8",  "ft9",      "ft10",   "ft11"};

enum { NAMES = sizeof names / sizeof names[0], FIRST_SYSTEM = 32, RESERVED = 42, FIRST_FLOAT = 43 };
enum { FIRST_CUSTOM = NAMES, FIRST_PMP = FIRST_CUSTOM + 64, REGISTERS = FIRST_PMP + 32 };

static uint32_t *place_of(struct rk_rv *v, unsigned index)
{
    uint32_t *const system[] = {&v->mstatus, &v->mcause,   &v->mepc, &v->mtval, &v->mtvec,
                                &v->mtvt,    &v->mscratch, &v->mie,  &v->level, &v->fcsr};

    if (index == 0)
        return &v->next;
    if (index < FIRST_SYSTEM)
        return &v->x[index];
    if (index < RESERVED)
        return system[index - FIRST_SYSTEM];
    if (index == RESERVED)
        return &v->reserved_at;
    if (index < FIRST_CUSTOM)
        return &v->f[index - FIRST_FLOAT];
    return index < FIRST_PMP ? &v->custom[index - FIRST_CUSTOM] : &v->pmp[index - FIRST_PMP];
}

static bool get(const struct rk_cpu *cpu, unsigned index, struct rk_cpu_register *out)
{
    struct rk_rv *v = (struct rk_rv *)(uintptr_t)cpu;

    if (index >= REGISTERS)
        return false;
    out->name = index < NAMES ? names[index] : index < FIRST_PMP ? "custom" : "pmp";
    out->value = *place_of(v, index);
    if (index == RESERVED && !v->reserved)
        out->value = 1; /* no address that can be reserved */
    return true;
}

static bool set(struct rk_cpu *cpu, unsigned index, uint32_t value)
{
    struct rk_rv *v = (struct rk_rv *)cpu;

    if (index >= REGISTERS)
        return false;
    *place_of(v, index) = index == 0 ? value & ~1u : value;
    if (index == RESERVED)
        v->reserved = value != 1;
    return true;
}

static void destroy(struct rk_cpu *cpu)
{
    struct rk_rv *v = (struct rk_rv *)cpu;

    rk_bus_remove_watch(cpu->bus, v);
    for (size_t i = 0; i < RK_RV_CACHE; i++)
        free(v->pages[i].ops);
    free(v);
}

static const struct rk_cpu_core core = {
    .name = "RV32IMAFC",
    .reset = reset,
    .run = run,
    .pc = get_pc,
    .set_pc = set_pc,
    .at = get_at,
    .get = get,
    .set = set,
    .free = destroy,
};

enum rk_status rk_riscv_new(struct rk_bus *bus, struct rk_cpu **out, struct rk_error *err)
{
    struct rk_rv *v = calloc(1, sizeof *v);

    if (!v || !rk_bus_add_watch(bus, rk_rv_forget, v)) {
        free(v);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    v->cpu.core = &core;
    v->cpu.bus = bus;
    reset(&v->cpu, 0);
    *out = &v->cpu;
    return RK_OK;
}
