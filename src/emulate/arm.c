#include "emulate/arm.h"

#include <stdlib.h>
#include <string.h>

#define OPS (RK_BUS_PAGE / 2) /* instructions of a page, if they are Thumb */

enum { AL = 14, NV = 15 };

/* ---- status and modes ---- */

unsigned rk_arm_bank(uint32_t mode)
{
    switch (mode) {
    case RK_ARM_FIQ:
        return RK_ARM_BANK_FIQ;
    case RK_ARM_IRQ:
        return RK_ARM_BANK_IRQ;
    case RK_ARM_SVC:
        return RK_ARM_BANK_SVC;
    case RK_ARM_ABT:
        return RK_ARM_BANK_ABT;
    case RK_ARM_UND:
        return RK_ARM_BANK_UND;
    default:
        return RK_ARM_BANK_USER;
    }
}

uint32_t rk_arm_cpsr(const struct rk_arm *a)
{
    return a->n << 31 | a->z << 30 | a->c << 29 | a->v << 28 | a->q << 27 |
           (uint32_t)a->irq_off << 7 | (uint32_t)a->fiq_off << 6 | (uint32_t)a->thumb << 5 |
           a->mode;
}

static void exchange_high(uint32_t *live, uint32_t *keep, const uint32_t *take)
{
    memcpy(keep, live, 5 * sizeof *live);
    memcpy(live, take, 5 * sizeof *live);
}

static void switch_mode(struct rk_arm *a, uint32_t mode)
{
    unsigned from = rk_arm_bank(a->mode), to = rk_arm_bank(mode);

    a->r13[from] = a->r[13];
    a->r14[from] = a->r[14];
    if (from != to && to == RK_ARM_BANK_FIQ)
        exchange_high(a->r + 8, a->high_user, a->high_fiq);
    else if (from != to && from == RK_ARM_BANK_FIQ)
        exchange_high(a->r + 8, a->high_fiq, a->high_user);
    a->r[13] = a->r13[to];
    a->r[14] = a->r14[to];
    a->mode = mode;
}

static void put_flags(struct rk_arm *a, uint32_t value)
{
    a->n = value >> 31;
    a->z = value >> 30 & 1;
    a->c = value >> 29 & 1;
    a->v = value >> 28 & 1;
    a->q = value >> 27 & 1;
    a->irq_off = value >> 7 & 1;
    a->fiq_off = value >> 6 & 1;
    a->thumb = value >> 5 & 1;
}

void rk_arm_set_cpsr(struct rk_arm *a, uint32_t value)
{
    put_flags(a, value);
    switch_mode(a, value & 0x1F);
    a->event = true;
}

void rk_arm_restore(struct rk_arm *a)
{
    unsigned bank = rk_arm_bank(a->mode);

    if (bank != RK_ARM_BANK_USER)
        rk_arm_set_cpsr(a, a->spsr[bank]);
}

void rk_arm_exception(struct rk_arm *a, uint32_t vector, uint32_t mode, uint32_t back)
{
    uint32_t status = rk_arm_cpsr(a);

    switch_mode(a, mode);
    a->spsr[rk_arm_bank(mode)] = status;
    a->r[14] = back;
    a->thumb = false;
    a->irq_off = true;
    a->fiq_off |= mode == RK_ARM_FIQ;
    a->next = vector;
    a->event = true;
}

void rk_arm_stop(struct rk_arm *a, enum rk_cpu_stop why)
{
    a->next = a->r[15] - (a->thumb ? 4 : 8);
    a->cpu.executed--;
    a->stop = why;
    a->stopped = a->event = true;
    a->cpu.fault.pc = a->next;
}

void rk_arm_fault(struct rk_arm *a, uint32_t addr, unsigned width, bool store)
{
    uint8_t code[4] = {0};

    rk_arm_stop(a, RK_CPU_ACCESS);
    a->cpu.fault.addr = addr;
    a->cpu.fault.width = width;
    a->cpu.fault.store = store;
    (void)rk_bus_peek(a->cpu.bus, a->next, code, a->thumb ? 2 : 4);
    a->cpu.fault.code = rk_get_le32(code);
}

/* ---- remembered instructions ---- */

/* No two pages of an emulated chip's memories meet in a slot: code that goes to and fro between two
 * that do is decoded again at every turn, which costs a hundred times what executing it does. */
static size_t slot_of(uint32_t number)
{
    uint32_t page = number & ~(1u << 31), half = RK_ARM_CACHE / 2;

    return ((page + page / half * (half / 3)) & (half - 1)) + (number >> 31) * half;
}

static void forget_range(struct rk_arm_page *page, uint32_t from, uint32_t to)
{
    unsigned shift = page->number >> 31 ? 1 : 2;

    for (uint32_t i = from >> shift; i <= to >> shift; i++)
        page->ops[i].run = NULL;
}

static void forget(struct rk_arm *a, uint32_t number, const uint8_t *bytes, uint32_t from,
                   uint32_t to)
{
    struct rk_arm_page *page = &a->pages[slot_of(number)];

    if (page->bytes && page->number == number && (!bytes || page->bytes == bytes))
        forget_range(page, from, to);
}

/* Bytes that are mapped twice may be remembered under another address than the changed one. */
static void forget_everywhere(struct rk_arm *a, const uint8_t *bytes, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < RK_ARM_CACHE; i++)
        if (a->pages[i].bytes && a->pages[i].bytes == bytes)
            forget_range(&a->pages[i], from, to);
}

static void on_change(void *user, uint32_t base, uint32_t len)
{
    struct rk_arm *a = user;
    uint64_t end = (uint64_t)base + len;

    if (len >= RK_ARM_CACHE * RK_BUS_PAGE) {
        for (size_t i = 0; i < RK_ARM_CACHE; i++)
            a->pages[i].bytes = NULL;
        a->event = true;
        return;
    }
    for (uint64_t at = base; at < end; at = (at | (RK_BUS_PAGE - 1)) + 1) {
        uint64_t last = at | (RK_BUS_PAGE - 1);
        uint32_t number = (uint32_t)(at >> RK_BUS_PAGE_BITS), from = at & (RK_BUS_PAGE - 1);
        uint32_t to = (uint32_t)((last < end - 1 ? last : end - 1) & (RK_BUS_PAGE - 1));
        forget(a, number, NULL, from, to);
        forget(a, number | 1u << 31, NULL, from, to);
        const struct rk_bus_page *page = rk_bus_page_of(a->cpu.bus, (uint32_t)at);
        if (a->cpu.bus->aliased && page->read)
            forget_everywhere(a, page->read, from, to);
    }
    /* The map itself may have changed. */
    a->event |= len >= RK_BUS_PAGE;
}

/* The decoded page at pc; NULL if there is no memory, or none left. */
static struct rk_arm_page *page_at(struct rk_arm *a, uint32_t pc)
{
    uint32_t number = pc >> RK_BUS_PAGE_BITS | (uint32_t)a->thumb << 31;
    struct rk_arm_page *page = &a->pages[slot_of(number)];
    struct rk_bus_page *memory = rk_bus_page_of(a->cpu.bus, pc);

    if (page->bytes && page->number == number && page->bytes == memory->read)
        return page;
    if (!memory->read)
        return NULL;
    if (!page->ops)
        page->ops = calloc(OPS, sizeof page->ops[0]);
    if (!page->ops)
        return NULL;
    for (size_t i = 0; i < OPS; i++)
        page->ops[i].run = NULL;
    page->number = number;
    page->bytes = memory->read;
    rk_bus_mark_code(a->cpu.bus, pc);
    return page;
}

static void decode(const struct rk_arm *a, const struct rk_arm_page *page, uint32_t pc,
                   struct rk_arm_op *op)
{
    const uint8_t *code = page->bytes + (pc & (RK_BUS_PAGE - 1));

    if (a->thumb)
        rk_thumb_decode(rk_get_le16(code), pc, op);
    else
        rk_arm_decode(rk_get_le32(code), op);
}

/* ---- running ---- */

static bool passes(const struct rk_arm *a, unsigned cond)
{
    bool yes = true;

    switch (cond >> 1) {
    case 0:
        yes = a->z;
        break;
    case 1:
        yes = a->c;
        break;
    case 2:
        yes = a->n;
        break;
    case 3:
        yes = a->v;
        break;
    case 4:
        yes = a->c && !a->z;
        break;
    case 5:
        yes = a->n == a->v;
        break;
    case 6:
        yes = !a->z && a->n == a->v;
        break;
    default:
        break;
    }
    return yes != (cond & 1);
}

static void take_interrupt(struct rk_arm *a)
{
    if (a->cpu.lines & RK_ARM_LINE_FIQ && !a->fiq_off)
        rk_arm_exception(a, 0x1C, RK_ARM_FIQ, a->next + 4);
    else if (a->cpu.lines & RK_ARM_LINE_IRQ && !a->irq_off)
        rk_arm_exception(a, 0x18, RK_ARM_IRQ, a->next + 4);
}

static bool is_break(const struct rk_cpu *cpu, uint32_t pc)
{
    for (size_t i = 0; i < cpu->break_count; i++)
        if (cpu->breaks[i] == pc)
            return true;
    return false;
}

/* True if the run ends here; *why says why. */
static bool look_around(struct rk_arm *a, enum rk_cpu_stop *why)
{
    a->event = false;
    *why = a->stop;
    if (a->stopped)
        return true;
    if (a->cpu.yield) {
        a->cpu.yield = false;
        *why = RK_CPU_BUDGET;
        return true;
    }
    take_interrupt(a);
    a->event = false;
    return false;
}

static enum rk_cpu_stop no_memory(struct rk_arm *a, uint32_t pc)
{
    a->cpu.fault = (struct rk_cpu_fault){.pc = pc, .addr = pc, .width = a->thumb ? 2 : 4};
    return RK_CPU_FETCH;
}

static enum rk_cpu_stop run(struct rk_cpu *cpu)
{
    struct rk_arm *a = (struct rk_arm *)cpu;
    struct rk_arm_page *page = NULL;
    uint32_t key = 0, ahead = 8, size = 4, shift = 2;
    enum rk_cpu_stop why;
    bool first = true;

    a->stopped = false;
    a->event = true;
    for (;; first = false) {
        if (a->event) {
            if (look_around(a, &why))
                return why;
            page = NULL;
        }
        if (cpu->executed >= cpu->stop_at)
            return RK_CPU_BUDGET;
        uint32_t pc = a->next;
        if (!page || pc >> RK_BUS_PAGE_BITS != key) {
            page = page_at(a, pc);
            if (!page)
                return no_memory(a, pc);
            key = pc >> RK_BUS_PAGE_BITS;
            shift = a->thumb ? 1 : 2;
            size = 1u << shift;
            ahead = 2 * size;
        }
        if (cpu->break_count && !first && is_break(cpu, pc))
            return RK_CPU_BREAK;
        struct rk_arm_op *op = &page->ops[(pc & (RK_BUS_PAGE - 1)) >> shift];
        if (!op->run)
            decode(a, page, pc, op);
        a->r[15] = pc + ahead;
        a->next = pc + size;
        cpu->executed++;
        if (op->cond == AL || passes(a, op->cond))
            op->run(a, op);
    }
}

/* ---- behind the interface ---- */

static void reset(struct rk_cpu *cpu, uint32_t pc)
{
    struct rk_arm *a = (struct rk_arm *)cpu;

    /* Registers keep their values, as those of the chip do. */
    switch_mode(a, RK_ARM_SVC);
    put_flags(a, 0xC0);
    memset(a->cp15, 0, sizeof a->cp15);
    a->next = pc & ~3u;
    a->event = true;
}

static uint32_t get_pc(const struct rk_cpu *cpu)
{
    return ((const struct rk_arm *)cpu)->next;
}

static uint32_t at(const struct rk_cpu *cpu)
{
    const struct rk_arm *a = (const struct rk_arm *)cpu;

    return a->r[15] - (a->thumb ? 4 : 8);
}

static void set_pc(struct rk_cpu *cpu, uint32_t pc)
{
    struct rk_arm *a = (struct rk_arm *)cpu;

    rk_arm_jump(a, pc);
    a->event = true;
}

/* Where a register of that number is kept; NULL for r15 and the status. */
static uint32_t *place_of(struct rk_arm *a, unsigned index)
{
    uint32_t *const banks[] = {a->r13, a->r14, a->spsr};

    if (index < 15)
        return &a->r[index];
    if (index < 17)
        return NULL;
    index -= 17;
    if (index < 3 * RK_ARM_BANKS)
        return &banks[index / RK_ARM_BANKS][index % RK_ARM_BANKS];
    index -= 3 * RK_ARM_BANKS;
    if (index < 5)
        return &a->high_user[index];
    return index < 10 ? &a->high_fiq[index - 5] : index < 26 ? &a->cp15[index - 10] : NULL;
}

static const char *const names[] = {
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "pc", "cpsr",
    /* banks that are not in use, and what they were when they were last left */
    "r13_usr", "r13_fiq", "r13_irq", "r13_svc", "r13_abt", "r13_und", "r14_usr", "r14_fiq",
    "r14_irq", "r14_svc", "r14_abt", "r14_und", "spsr_usr", "spsr_fiq", "spsr_irq", "spsr_svc",
    "spsr_abt", "spsr_und", "r8_usr", "r9_usr", "r10_usr", "r11_usr", "r12_usr", "r8_fiq", "r9_fiq",
    "r10_fiq", "r11_fiq", "r12_fiq", "cp15_0", "cp15_1", "cp15_2", "cp15_3", "cp15_4", "cp15_5",
    "cp15_6", "cp15_7", "cp15_8", "cp15_9", "cp15_10", "cp15_11", "cp15_12", "cp15_13", "cp15_14",
    "cp15_15"};

static bool get(const struct rk_cpu *cpu, unsigned index, struct rk_cpu_register *out)
{
    const struct rk_arm *a = (const struct rk_arm *)cpu;

    if (index >= sizeof names / sizeof names[0])
        return false;
    const uint32_t *place = place_of((struct rk_arm *)(uintptr_t)a, index);
    out->name = names[index];
    out->value = place ? *place : index == 15 ? a->next : rk_arm_cpsr(a);
    return true;
}

static bool set(struct rk_cpu *cpu, unsigned index, uint32_t value)
{
    struct rk_arm *a = (struct rk_arm *)cpu;

    if (index >= sizeof names / sizeof names[0])
        return false;
    uint32_t *place = place_of(a, index);
    if (place) {
        *place = value;
    } else if (index == 15) {
        a->next = value;
    } else {
        /* Banks are registers of their own here: nothing is exchanged. */
        put_flags(a, value);
        a->mode = value & 0x1F;
    }
    a->event = true;
    return true;
}

static void destroy(struct rk_cpu *cpu)
{
    struct rk_arm *a = (struct rk_arm *)cpu;

    rk_bus_remove_watch(cpu->bus, a);
    for (size_t i = 0; i < RK_ARM_CACHE; i++)
        free(a->pages[i].ops);
    free(a);
}

static const struct rk_cpu_core core = {
    .name = "ARMv5TE",
    .reset = reset,
    .run = run,
    .pc = get_pc,
    .set_pc = set_pc,
    .at = at,
    .get = get,
    .set = set,
    .free = destroy,
};

enum rk_status rk_arm_new(struct rk_bus *bus, struct rk_cpu **out, struct rk_error *err)
{
    struct rk_arm *a = calloc(1, sizeof *a);

    if (!a || !rk_bus_add_watch(bus, on_change, a)) {
        free(a);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    a->cpu.core = &core;
    a->cpu.bus = bus;
    a->mode = RK_ARM_SVC;
    reset(&a->cpu, 0);
    *out = &a->cpu;
    return RK_OK;
}
