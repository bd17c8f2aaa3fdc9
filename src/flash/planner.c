#include "flash/planner.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS_PER_BLOCK (RK_BLOCK_SIZE / RK_SECTOR_SIZE)

/* Typical times of SPI NOR data sheets and of the loaders' frames. They decide between erase
 * commands and make the estimate; nothing depends on their being exact. */
static const struct {
    uint32_t erase_4k_us, erase_64k_us;
    uint32_t program_us;         /* the 16 pages of a sector */
    uint32_t turnaround_us;      /* between a command and its answer */
    uint32_t erase_bytes;        /* erase command and answer on the wire */
    uint32_t program_bytes;      /* the same for a sector of data */
    uint32_t digest_bytes_ms;    /* flash bytes the chip digests in a millisecond */
    uint32_t bits_per_wire_byte; /* start, eight data, stop */
} cost = {60000, 200000, 8000, 1000, 28, RK_SECTOR_SIZE + 28, 400, 10};

/* What the planner works out for one sector. */
struct cell {
    bool wanted;  /* some byte of it is covered */
    bool covered; /* every byte of it is */
    bool blank;   /* its final content is all FF */
    enum rk_sector_action action;
};

static uint64_t wire_us(uint32_t bytes, uint32_t baud)
{
    return (uint64_t)bytes * cost.bits_per_wire_byte * 1000000u / baud;
}

static uint64_t program_us(uint32_t baud)
{
    return wire_us(cost.program_bytes, baud) + cost.program_us + cost.turnaround_us;
}

static uint64_t erase_us(uint32_t len, uint32_t baud)
{
    return wire_us(cost.erase_bytes, baud) + cost.turnaround_us +
           (len == RK_BLOCK_SIZE ? cost.erase_64k_us : cost.erase_4k_us);
}

/* Lays the segments over the sector's present bytes. Returns how many bytes they cover. */
static uint32_t overlay(const struct rk_plan_request *request, uint32_t addr, uint8_t *sector)
{
    uint8_t covered[RK_SECTOR_SIZE] = {0};
    uint32_t total = 0;

    for (size_t i = 0; i < request->segment_count; i++) {
        const struct rk_segment *segment = &request->segments[i];
        uint32_t end = segment->addr + segment->len;
        uint32_t from = segment->addr > addr ? segment->addr : addr;
        uint32_t to = end < addr + RK_SECTOR_SIZE ? end : addr + RK_SECTOR_SIZE;
        if (from >= to)
            continue;
        if (segment->data)
            memcpy(sector + (from - addr), segment->data + (from - segment->addr), to - from);
        else
            memset(sector + (from - addr), 0xFF, to - from);
        memset(covered + (from - addr), 1, to - from);
    }
    for (uint32_t i = 0; i < RK_SECTOR_SIZE; i++)
        total += covered[i];
    return total;
}

/* True if programming `wanted` over `present` sets no bit. */
static bool only_clears(const uint8_t *present, const uint8_t *wanted)
{
    for (uint32_t i = 0; i < RK_SECTOR_SIZE; i++)
        if ((present[i] & wanted[i]) != wanted[i])
            return false;
    return true;
}

static enum rk_sector_action judge_known(const uint8_t *present, const uint8_t *wanted, bool blank)
{
    if (memcmp(present, wanted, RK_SECTOR_SIZE) == 0)
        return RK_SECTOR_SAME;
    if (blank)
        return RK_SECTOR_ERASE;
    return only_clears(present, wanted) ? RK_SECTOR_PROGRAM : RK_SECTOR_REWRITE;
}

static enum rk_sector_action judge_digest(const struct rk_plan_request *request, uint32_t addr,
                                          const uint8_t *wanted, bool blank)
{
    uint8_t erased[RK_SECTOR_SIZE];

    if (request->matches && request->matches(request->user, addr, wanted))
        return RK_SECTOR_SAME;
    if (blank)
        return RK_SECTOR_ERASE;
    memset(erased, 0xFF, sizeof erased);
    return request->matches && request->matches(request->user, addr, erased) ? RK_SECTOR_PROGRAM
                                                                             : RK_SECTOR_REWRITE;
}

static enum rk_status judge_sector(const struct rk_plan_request *request, uint32_t addr,
                                   uint8_t *want, struct cell *cell, struct rk_error *err)
{
    bool known = request->present && request->known && request->known[addr / RK_SECTOR_SIZE];
    uint8_t sector[RK_SECTOR_SIZE];

    if (known)
        memcpy(sector, request->present + addr, sizeof sector);
    else
        memset(sector, 0xFF, sizeof sector);
    uint32_t covered = overlay(request, addr, sector);
    if (covered == 0)
        return RK_OK;
    if (covered < RK_SECTOR_SIZE && !known) {
        rk_fail(err, RK_ERR_ARG, "plan.neighbours",
                "sector 0x%06x is written in part and its other bytes are not known",
                (unsigned)addr);
        rk_error_at(err, addr);
        return RK_ERR_ARG;
    }
    cell->wanted = true;
    cell->covered = covered == RK_SECTOR_SIZE;
    cell->blank = rk_bytes_all(sector, sizeof sector, 0xFF);
    cell->action = known ? judge_known(request->present + addr, sector, cell->blank)
                         : judge_digest(request, addr, sector, cell->blank);
    memcpy(want + addr, sector, sizeof sector);
    return RK_OK;
}

static bool needs_erase(const struct cell *cell)
{
    return cell->wanted && (cell->action == RK_SECTOR_REWRITE || cell->action == RK_SECTOR_ERASE);
}

static bool is_spared(const struct rk_plan_request *request, uint32_t addr)
{
    for (size_t i = 0; i < request->spared_count; i++)
        if (request->spared[i].addr < addr + RK_SECTOR_SIZE &&
            addr < request->spared[i].addr + request->spared[i].len)
            return true;
    return false;
}

/* True if erasing the block at addr, whose first sector is cells[0], as a whole is allowed and
 * faster. */
static bool block_pays(const struct rk_plan_request *request, uint32_t addr,
                       const struct cell *cells, uint32_t baud)
{
    uint64_t single = 0, whole = erase_us(RK_BLOCK_SIZE, baud);

    for (uint32_t i = 0; i < SECTORS_PER_BLOCK; i++) {
        bool same = cells[i].action == RK_SECTOR_SAME;
        if (!cells[i].covered || (same && is_spared(request, addr + i * RK_SECTOR_SIZE)))
            return false;
        if (needs_erase(&cells[i]))
            single += erase_us(RK_SECTOR_SIZE, baud);
        else if (same && !cells[i].blank)
            whole += program_us(baud);
    }
    return whole < single;
}

/* After the block erase everything in it that is not to be blank has to be programmed. */
static void take_block(struct cell *cells)
{
    for (uint32_t i = 0; i < SECTORS_PER_BLOCK; i++)
        if (!cells[i].blank)
            cells[i].action = RK_SECTOR_REWRITE;
}

static bool is_entry(const struct rk_plan_request *request, uint32_t addr, uint32_t len)
{
    for (size_t i = 0; i < request->entry_count; i++)
        if (request->entries[i] >= addr && request->entries[i] < addr + len)
            return true;
    return false;
}

/* Appends the erases; entries = whether those that hold an entry or those that hold none. */
static void list_erases(struct rk_plan *plan, const struct rk_plan_request *request,
                        const struct cell *cells, const bool *blocks, bool entries)
{
    uint32_t step;

    for (uint32_t addr = 0; addr < request->flash_size; addr += step) {
        bool block = addr % RK_BLOCK_SIZE == 0 && blocks[addr / RK_BLOCK_SIZE];
        step = block ? RK_BLOCK_SIZE : RK_SECTOR_SIZE;
        if ((block || needs_erase(&cells[addr / RK_SECTOR_SIZE])) &&
            is_entry(request, addr, step) == entries)
            plan->erases[plan->erase_count++] = (struct rk_plan_erase){addr, step};
    }
}

static bool is_programmed(const struct cell *cell)
{
    return cell->wanted && (cell->action == RK_SECTOR_PROGRAM || cell->action == RK_SECTOR_REWRITE);
}

static void list_programs(struct rk_plan *plan, const struct rk_plan_request *request,
                          const struct cell *cells)
{
    for (uint32_t addr = 0; addr < request->flash_size; addr += RK_SECTOR_SIZE)
        if (is_programmed(&cells[addr / RK_SECTOR_SIZE]) &&
            !is_entry(request, addr, RK_SECTOR_SIZE))
            plan->programs[plan->program_count++] = addr;
    for (size_t i = 0; i < request->entry_count; i++) {
        uint32_t addr = request->entries[i] / RK_SECTOR_SIZE * RK_SECTOR_SIZE;
        if (addr < request->flash_size && is_programmed(&cells[addr / RK_SECTOR_SIZE])) {
            plan->programs[plan->program_count++] = addr;
            plan->entry_programs++;
        }
    }
}

static void list_sectors(struct rk_plan *plan, const struct cell *cells, uint32_t count)
{
    uint32_t *const counters[] = {[RK_SECTOR_SAME] = &plan->totals.same,
                                  [RK_SECTOR_PROGRAM] = &plan->totals.program,
                                  [RK_SECTOR_REWRITE] = &plan->totals.rewrite,
                                  [RK_SECTOR_ERASE] = &plan->totals.erase};

    for (uint32_t i = 0; i < count; i++)
        if (cells[i].wanted) {
            plan->sectors[plan->sector_count++] =
                (struct rk_plan_sector){i * RK_SECTOR_SIZE, cells[i].action};
            ++*counters[cells[i].action];
        }
}

static void sum_up(struct rk_plan *plan, uint32_t baud)
{
    uint64_t us = 0;

    for (size_t i = 0; i < plan->erase_count; i++) {
        us += erase_us(plan->erases[i].len, baud);
        if (plan->erases[i].len == RK_BLOCK_SIZE)
            plan->totals.erases_64k++;
        else
            plan->totals.erases_4k++;
    }
    us += plan->program_count * program_us(baud);
    us += plan->sector_count * (uint64_t)RK_SECTOR_SIZE * 1000u / cost.digest_bytes_ms;
    plan->totals.bytes_to_program = (uint32_t)plan->program_count * RK_SECTOR_SIZE;
    plan->totals.seconds = rk_plan_empty(plan) ? 0 : (uint32_t)((us + 999999u) / 1000000u);
}

static enum rk_status check_segments(const struct rk_plan_request *request, struct rk_error *err)
{
    for (size_t i = 0; i < request->segment_count; i++) {
        const struct rk_segment *segment = &request->segments[i];
        if (segment->addr <= request->flash_size &&
            segment->len <= request->flash_size - segment->addr)
            continue;
        rk_fail(err, RK_ERR_RANGE, "plan.range",
                "0x%06x+0x%x reaches outside of the flash of 0x%x bytes", (unsigned)segment->addr,
                (unsigned)segment->len, (unsigned)request->flash_size);
        rk_error_hint(err, "what is written behind the end lands at the beginning of the flash, "
                           "on the boot loader: choose another place or a smaller file");
        rk_error_at(err, segment->addr);
        return RK_ERR_RANGE;
    }
    return RK_OK;
}

static struct rk_plan *allocate(uint32_t sectors, size_t entries)
{
    struct rk_plan *plan = calloc(1, sizeof *plan);

    if (!plan)
        return NULL;
    plan->sectors = calloc(sectors, sizeof *plan->sectors);
    plan->erases = calloc(sectors, sizeof *plan->erases);
    plan->programs = calloc(sectors + entries, sizeof *plan->programs);
    if (plan->sectors && plan->erases && plan->programs)
        return plan;
    rk_plan_free(plan);
    return NULL;
}

enum rk_status rk_plan_make(const struct rk_plan_request *request, uint8_t *want,
                            struct rk_plan **out, struct rk_error *err)
{
    uint32_t sectors = request->flash_size / RK_SECTOR_SIZE;
    uint32_t baud = request->baud ? request->baud : 115200;
    uint32_t block_count = sectors / SECTORS_PER_BLOCK + 1;
    enum rk_status status = check_segments(request, err);

    if (status != RK_OK)
        return status;
    if (sectors == 0)
        return rk_fail(err, RK_ERR_ARG, "plan.range", "the size of the flash is not known");
    struct rk_plan *plan = allocate(sectors, request->entry_count);
    struct cell *cells = calloc(sectors, sizeof *cells);
    bool *blocks = calloc(block_count, sizeof *blocks);
    if (!plan || !cells || !blocks)
        status = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    for (uint32_t i = 0; status == RK_OK && i < sectors; i++)
        status = judge_sector(request, i * RK_SECTOR_SIZE, want, &cells[i], err);
    if (status == RK_OK) {
        for (uint32_t i = 0; i + SECTORS_PER_BLOCK <= sectors; i += SECTORS_PER_BLOCK)
            if (block_pays(request, i * RK_SECTOR_SIZE, cells + i, baud)) {
                blocks[i / SECTORS_PER_BLOCK] = true;
                take_block(cells + i);
            }
        list_erases(plan, request, cells, blocks, true);
        plan->entry_erases = plan->erase_count;
        list_erases(plan, request, cells, blocks, false);
        list_programs(plan, request, cells);
        list_sectors(plan, cells, sectors);
        sum_up(plan, baud);
        *out = plan;
        plan = NULL;
    }
    free(blocks);
    free(cells);
    rk_plan_free(plan);
    return status;
}

bool rk_plan_empty(const struct rk_plan *plan)
{
    return plan->erase_count == 0 && plan->program_count == 0;
}

size_t rk_plan_sectors(const struct rk_plan *plan, const struct rk_plan_sector **out)
{
    *out = plan->sectors;
    return plan->sector_count;
}

size_t rk_plan_erases(const struct rk_plan *plan, const struct rk_plan_erase **out)
{
    *out = plan->erases;
    return plan->erase_count;
}

void rk_plan_totals(const struct rk_plan *plan, struct rk_plan_totals *out)
{
    *out = plan->totals;
}

bool rk_plan_touches(const struct rk_plan *plan, uint32_t addr, uint32_t len)
{
    for (size_t i = 0; i < plan->sector_count; i++) {
        const struct rk_plan_sector *sector = &plan->sectors[i];
        if (sector->action != RK_SECTOR_SAME && sector->addr < addr + len &&
            sector->addr + RK_SECTOR_SIZE > addr)
            return true;
    }
    return false;
}

void rk_plan_free(struct rk_plan *plan)
{
    if (!plan)
        return;
    free(plan->sectors);
    free(plan->erases);
    free(plan->programs);
    free(plan);
}
