#include "emulate/arm.h"

#include <stdlib.h>
#include <string.h>

#define OPS_MAX (RK_BUS_PAGE / 2)   /* instructions of a page */
#define MANY    (256 * RK_BUS_PAGE) /* a change of more than that is one of everything */

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
    return (a->n & 1u << 31) | (a->nz ? 0 : 1u << 30) | a->c << 29 | a->v >> 31 << 28 | a->q << 27 |
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
    rk_arm_set_nzcv(a, value);
    a->q = value >> 27 & 1;
    a->irq_off = value >> 7 & 1;
    a->fiq_off = value >> 6 & 1;
    a->thumb = value >> 5 & 1;
}

void rk_arm_set_cpsr(struct rk_arm *a, uint32_t value)
{
    put_flags(a, value);
    switch_mode(a, value & 0x1F);
    if (rk_arm_is_interrupted(a))
        a->event |= RK_ARM_LOOK;
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
    a->event |= RK_ARM_JUMPED;
}

void rk_arm_fault(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr, unsigned width,
                  bool store)
{
    uint8_t code[4] = {0};

    a->next = op->pc;
    a->left++; /* it is not executed */
    a->stop = RK_CPU_ACCESS;
    a->stopped = true;
    a->event |= RK_ARM_JUMPED | RK_ARM_LOOK;
    a->cpu.fault.pc = a->next;
    a->cpu.fault.addr = addr;
    a->cpu.fault.width = width;
    a->cpu.fault.store = store;
    (void)rk_bus_peek(a->cpu.bus, a->next, code, a->thumb ? 2 : 4);
    a->cpu.fault.code = rk_get_le32(code);
}

/* ---- remembered instructions ---- */

static rk_arm_run decode_first;

static void forget_op(struct rk_arm_op *op)
{
    op->run = decode_first;
    op->cond = RK_ARM_ALWAYS;
}

static void forget_range(struct rk_arm_page *page, uint32_t from, uint32_t to)
{
    unsigned shift = page->shift;
    uint32_t first = from >> shift;

    /* The second half of a call may be remembered with the first. */
    first -= page->thumb && first;
    for (uint32_t i = first; i <= to >> shift; i++)
        forget_op(&page->ops[i]);
}

/* Bytes that are mapped twice may be remembered under another address than the changed one. */
static void forget_everywhere(struct rk_arm *a, const uint8_t *bytes, uint32_t from, uint32_t to)
{
    for (struct rk_arm_page *page = a->known; page; page = page->other)
        if (page->bytes == bytes)
            forget_range(page, from, to);
}

static struct rk_arm_page *known_page(const struct rk_arm *a, uint32_t addr, bool thumb)
{
    uint32_t n = (addr >> RK_BUS_PAGE_BITS) + (thumb ? RK_BUS_PAGES : 0);
    struct rk_arm_page *const *group = a->groups[n / RK_ARM_GROUP];

    return group ? group[n % RK_ARM_GROUP] : NULL;
}

/* A page of that kind, in its place; NULL if there is no memory left. */
static struct rk_arm_page *new_page(struct rk_arm *a, uint32_t addr, bool thumb)
{
    uint32_t n = (addr >> RK_BUS_PAGE_BITS) + (thumb ? RK_BUS_PAGES : 0);
    struct rk_arm_page ***group = &a->groups[n / RK_ARM_GROUP], *page;
    size_t count = RK_BUS_PAGE / (thumb ? 2 : 4);

    if (!*group)
        *group = calloc(RK_ARM_GROUP, sizeof **group);
    page = *group ? calloc(1, sizeof *page + (count + 1) * sizeof page->ops[0]) : NULL;
    if (!page)
        return NULL;
    page->base = addr & ~(RK_BUS_PAGE - 1);
    page->thumb = thumb;
    page->shift = thumb ? 1 : 2;
    page->other = a->known;
    a->known = (*group)[n % RK_ARM_GROUP] = page;
    return page;
}

static void on_change(void *user, uint32_t base, uint32_t len)
{
    struct rk_arm *a = user;
    uint64_t end = (uint64_t)base + len;

    if (len > MANY) {
        for (struct rk_arm_page *page = a->known; page; page = page->other)
            page->bytes = NULL;
        a->event |= RK_ARM_LOOK;
        return;
    }
    for (uint64_t at = base; at < end; at = (at | (RK_BUS_PAGE - 1)) + 1) {
        uint64_t last = at | (RK_BUS_PAGE - 1);
        uint32_t from = at & (RK_BUS_PAGE - 1);
        uint32_t to = (uint32_t)((last < end - 1 ? last : end - 1) & (RK_BUS_PAGE - 1));
        const struct rk_bus_page *memory = rk_bus_page_of(a->cpu.bus, (uint32_t)at);
        for (unsigned thumb = 0; thumb < 2; thumb++) {
            struct rk_arm_page *page = known_page(a, (uint32_t)at, thumb);
            if (page && page->bytes)
                forget_range(page, from, to);
        }
        if (a->cpu.bus->aliased && memory->read)
            forget_everywhere(a, memory->read, from, to);
    }
    /* The map itself may have changed. */
    a->event |= len >= RK_BUS_PAGE ? RK_ARM_LOOK : 0;
}

/* Stands behind the last instruction of a page, and is none. */
static void enter_next_page(struct rk_arm *a, const struct rk_arm_op *op)
{
    a->next = op->pc;
    a->left++;
    a->event |= RK_ARM_JUMPED;
}

/* Everything in it is to be decoded. */
static struct rk_arm_page *renew(struct rk_arm *a, uint32_t pc, struct rk_arm_page *page)
{
    size_t count = RK_BUS_PAGE / (a->thumb ? 2 : 4);

    if (!rk_arm_memory(a, pc)->read)
        return NULL;
    if (!page)
        page = new_page(a, pc, a->thumb);
    if (!page)
        return NULL;
    page->bytes = rk_arm_memory(a, pc)->read;
    forget_range(page, 0, RK_BUS_PAGE - 1);
    page->ops[count] = (struct rk_arm_op){
        .run = enter_next_page, .pc = page->base + RK_BUS_PAGE, .cond = RK_ARM_ALWAYS};
    rk_bus_mark_code(a->cpu.bus, pc);
    return page;
}

/* Does it show what is in memory at its address now? */
static bool is_current(const struct rk_arm *a, const struct rk_arm_page *page)
{
    return page->bytes && page->bytes == rk_arm_memory(a, page->base)->read;
}

struct rk_arm_page *rk_arm_page_at(struct rk_arm *a, uint32_t pc)
{
    struct rk_arm_page *page = known_page(a, pc, a->thumb);

    return page && is_current(a, page) ? page : renew(a, pc, page);
}

/* Does what has to be done before an instruction that is not just executed: true if it is. */
static bool is_due(struct rk_arm *a, const struct rk_arm_op *op)
{
    if (op->cond & RK_ARM_READS_PC)
        a->r[15] = op->pc + (a->thumb ? 4 : 8);
    return rk_arm_passes(a, op->cond & RK_ARM_CONDITION);
}

static void decode_thumb(const struct rk_arm_page *page, uint32_t offset, struct rk_arm_op *op)
{
    uint32_t code = rk_get_le16(page->bytes + offset);

    rk_thumb_decode(code, page->base | offset, op);
    if (code >> 11 == 30 && offset + 2 < RK_BUS_PAGE)
        rk_thumb_join_call(rk_get_le16(page->bytes + offset + 2), op);
}

static bool reads_pc(const struct rk_arm_op *op)
{
    if (op->run == rk_arm_ldr_at || op->run == rk_arm_thumb_call)
        return false;
    return op->rd == 15 || op->rn == 15 || op->rm == 15 || op->rs == 15 ||
           (op->run == rk_arm_block && op->imm & 0x8000);
}

/* Every instruction that is not decoded yet: decodes itself and is executed. */
static void decode_first(struct rk_arm *a, const struct rk_arm_op *op)
{
    struct rk_arm_page *page = a->page;
    uint32_t i = (uint32_t)(op - page->ops), offset = a->thumb ? 2 * i : 4 * i;
    uint32_t pc = page->base | offset;
    struct rk_arm_op *own = &page->ops[i];

    if (a->thumb)
        decode_thumb(page, offset, own);
    else
        rk_arm_decode(rk_get_le32(page->bytes + offset), pc, own);
    rk_arm_make_plain(own, pc + (a->thumb ? 4 : 8));
    rk_arm_make_branch(own);
    if (reads_pc(own))
        own->cond |= RK_ARM_READS_PC;
    if (is_due(a, own))
        own->run(a, own);
}

/* ---- running ---- */

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
    a->event = 0;
    *why = a->stop;
    if (a->stopped)
        return true;
    if (a->cpu.yield) {
        a->cpu.yield = false;
        *why = RK_CPU_BUDGET;
        return true;
    }
    take_interrupt(a);
    a->event = 0;
    return false;
}

static enum rk_cpu_stop no_memory(struct rk_arm *a, uint32_t pc)
{
    a->cpu.fault = (struct rk_cpu_fault){.pc = pc, .addr = pc, .width = a->thumb ? 2 : 4};
    return RK_CPU_FETCH;
}

/* Makes `next` right when an instruction that is no jump was the last of a run, and `executed`. */
static void settle(struct rk_arm *a, const struct rk_arm_op *last)
{
    if (!(a->event & RK_ARM_JUMPED))
        a->next = rk_arm_behind(a, last);
    a->event &= (uint8_t)~RK_ARM_JUMPED;
    a->cpu.executed = a->cpu.stop_at - a->left;
}

void rk_arm_step(struct rk_arm *a, struct rk_arm_page *page)
{
    const struct rk_arm_op *op = rk_arm_op_at(page, a->next);

    a->page = page;
    a->first = op;
    a->left = a->cpu.stop_at - a->cpu.executed;
    if (op->cond == RK_ARM_ALWAYS || is_due(a, op))
        op->run(a, op);
    a->left--;
    settle(a, op);
}

/* Executes instructions one behind the other up to a jump or an event, or stop_at. */
static inline const struct rk_arm_op *run_straight(struct rk_arm *a, const struct rk_arm_page *page)
{
    const struct rk_arm_op *op = rk_arm_op_at(page, a->next);

    a->first = op;
    if (a->left > OPS_MAX) { /* a page is left before that */
        do {
            if (op->cond == RK_ARM_ALWAYS || is_due(a, op))
                op->run(a, op);
            op++;
        } while (!a->event);
    } else {
        do {
            if (op->cond == RK_ARM_ALWAYS || is_due(a, op))
                op->run(a, op);
            op++;
        } while (!a->event && (uint64_t)(op - a->first) < a->left);
    }
    a->left -= ((op[-1].pc - a->first->pc) >> page->shift) + 1;
    return op - 1;
}

/* Executes up to an event or stop_at, or to where there is no decoded page. True if it comes to the
 * head of a loop that may only wait. */
static bool run_on(struct rk_arm *a, struct rk_arm_page *page, bool may_spin)
{
    const struct rk_arm_op *last;

    a->page = page;
    a->left = a->cpu.stop_at - a->cpu.executed;
    for (;;) {
        last = run_straight(a, page);
        if (a->event != RK_ARM_JUMPED || !a->left)
            break;
        a->event = 0;
        if (a->next <= last->pc && a->next == last->imm && may_spin && rk_arm_is_loop(a, a->next)) {
            a->cpu.executed = a->cpu.stop_at - a->left;
            return true;
        }
        if ((a->next ^ page->base) < RK_BUS_PAGE && a->thumb == page->thumb)
            continue;
        page = known_page(a, a->next, a->thumb);
        if (!page || !is_current(a, page)) {
            a->event = RK_ARM_JUMPED;
            break;
        }
        a->page = page;
    }
    settle(a, last);
    return false;
}

static enum rk_cpu_stop run(struct rk_cpu *cpu)
{
    struct rk_arm *a = (struct rk_arm *)cpu;
    const bool may_spin = !cpu->break_count && !cpu->bus->trace && !cpu->on_call;
    enum rk_cpu_stop why;
    bool first = true;

    a->stopped = false;
    a->event = RK_ARM_LOOK;
    for (;; first = false) {
        if (a->event && look_around(a, &why))
            return why;
        if (cpu->executed >= cpu->stop_at)
            return RK_CPU_BUDGET;
        uint32_t pc = a->next;
        if (cpu->break_count && !first && is_break(cpu, pc))
            return RK_CPU_BREAK;
        struct rk_arm_page *page = rk_arm_page_at(a, pc);
        if (!page)
            return no_memory(a, pc);
        if (cpu->break_count)
            rk_arm_step(a, page);
        else if (run_on(a, page, may_spin))
            rk_arm_spin(a);
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
    a->event = RK_ARM_LOOK;
}

static uint32_t get_pc(const struct rk_cpu *cpu)
{
    return ((const struct rk_arm *)cpu)->next;
}

static uint32_t at(const struct rk_cpu *cpu)
{
    return ((const struct rk_arm *)cpu)->at;
}

static void set_pc(struct rk_cpu *cpu, uint32_t pc)
{
    struct rk_arm *a = (struct rk_arm *)cpu;

    a->next = pc & (a->thumb ? ~1u : ~3u);
    a->event = RK_ARM_LOOK;
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
    a->event = RK_ARM_LOOK;
    return true;
}

static void destroy(struct rk_cpu *cpu)
{
    struct rk_arm *a = (struct rk_arm *)cpu;

    rk_bus_remove_watch(cpu->bus, a);
    for (struct rk_arm_page *page = a->known, *other; page; page = other) {
        other = page->other;
        free(page);
    }
    for (size_t i = 0; i < RK_ARM_GROUPS; i++)
        free(a->groups[i]);
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
    a->map = bus->pages;
    a->mode = RK_ARM_SVC;
    reset(&a->cpu, 0);
    *out = &a->cpu;
    return RK_OK;
}
