/* What is remembered of code: one decoded page per page of memory, found by where its bytes are. */
#include "emulate/riscv.h"

#include <stdlib.h>

#define OFFSET(addr) ((addr) & (RK_BUS_PAGE - 1))

static struct rk_rv_page *slot_of(struct rk_rv *v, const uint8_t *bytes)
{
    uintptr_t number = (uintptr_t)bytes >> RK_BUS_PAGE_BITS;

    return &v->pages[(number ^ number >> 8) & (RK_RV_CACHE - 1)];
}

/* Behind the last instruction of a page: on to the next page. It is none that counts. */
static struct rk_rv_op *run_off(struct rk_rv *v, struct rk_rv_op *op)
{
    v->cpu.executed--;
    return rk_rv_enter(v, rk_rv_pc(v, op));
}

/* A long instruction whose second half is in the next page: that one may change or be mapped
 * elsewhere, so nothing is remembered. */
static struct rk_rv_op *run_across(struct rk_rv *v, struct rk_rv_op *op)
{
    uint8_t code[4];

    if (!rk_bus_peek(v->cpu.bus, rk_rv_pc(v, op), code, 4)) {
        v->next = rk_rv_pc(v, op);
        v->stopped = true;
        v->stop = RK_CPU_FETCH;
        v->cpu.executed--;
        v->cpu.fault = (struct rk_cpu_fault){.pc = v->next, .addr = v->next + 2, .width = 2};
        return NULL;
    }
    rk_rv_decode(rk_get_le32(code), op);
    rk_rv_run *run = op->run;
    op->run = run_across; /* before it runs: it may change its own code, or give this page away */
    return run(v, op);
}

struct rk_rv_op *rk_rv_decode_and_run(struct rk_rv *v, struct rk_rv_op *op)
{
    uint32_t at = (uint32_t)(op - v->ops) << 1;
    const uint8_t *code = rk_bus_page_of(v->cpu.bus, v->base)->read + at;
    uint32_t first = rk_get_le16(code);

    if ((first & 3) != 3)
        rk_rv_decode_compressed(first, op);
    else if (at + 4 > RK_BUS_PAGE)
        op->run = run_across;
    else
        rk_rv_decode(rk_get_le32(code), op);
    return op->run(v, op);
}

static void blank(struct rk_rv_op *ops, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i <= to; i++)
        ops[i].run = rk_rv_decode_and_run;
}

/* An instruction that begins two bytes before the change is changed, too. */
static void forget_in_page(struct rk_rv *v, const uint8_t *bytes, uint32_t from, uint32_t to)
{
    struct rk_rv_page *page = slot_of(v, bytes);

    if (page->bytes == bytes)
        blank(page->ops, from >= 2 ? (from - 2) >> 1 : 0, to >> 1);
}

void rk_rv_forget(void *user, uint32_t base, uint32_t len)
{
    struct rk_rv *v = user;
    uint64_t end = (uint64_t)base + len;

    if (len >= RK_RV_CACHE * RK_BUS_PAGE) {
        for (size_t i = 0; i < RK_RV_CACHE; i++)
            v->pages[i].bytes = NULL;
        return;
    }
    for (uint64_t at = base; at < end; at = (at | (RK_BUS_PAGE - 1)) + 1) {
        uint64_t last = at | (RK_BUS_PAGE - 1);
        const uint8_t *bytes = rk_bus_page_of(v->cpu.bus, (uint32_t)at)->read;
        if (bytes)
            forget_in_page(v, bytes, OFFSET((uint32_t)at),
                           OFFSET((uint32_t)(last < end - 1 ? last : end - 1)));
    }
}

static bool fill(struct rk_rv *v, struct rk_rv_page *page, uint8_t *bytes, uint32_t pc)
{
    if (!page->ops)
        page->ops = calloc(RK_RV_SLOTS + 2, sizeof page->ops[0]);
    if (!page->ops)
        return false;
    blank(page->ops, 0, RK_RV_SLOTS - 1);
    page->ops[RK_RV_SLOTS].run = page->ops[RK_RV_SLOTS + 1].run = run_off;
    page->bytes = bytes;
    rk_bus_mark_code(v->cpu.bus, pc);
    return true;
}

struct rk_rv_op *rk_rv_enter(struct rk_rv *v, uint32_t pc)
{
    const struct rk_bus_page *memory = rk_bus_page_of(v->cpu.bus, pc);
    uint8_t *bytes = memory->read;
    struct rk_rv_page *page = bytes ? slot_of(v, bytes) : NULL;

    v->next = pc;
    if (!page || ((page->bytes != bytes || !memory->code) && !fill(v, page, bytes, pc))) {
        v->stopped = true;
        v->stop = RK_CPU_FETCH;
        v->cpu.fault = (struct rk_cpu_fault){.pc = pc, .addr = pc, .width = 2};
        return NULL;
    }
    v->base = pc & ~(RK_BUS_PAGE - 1);
    v->ops = page->ops;
    return v->ops + (OFFSET(pc) >> 1);
}
