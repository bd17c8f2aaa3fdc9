/* The steps of a write that change the flash: unprotect, erase and program, verify and repair,
 * protect again. */
#include "job/transaction.h"

#include "base/bytes.h"
#include "base/context.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_TRIES 3 /* of an erase or program that the module refuses or does not answer */
#define REPAIR_TRIES  3 /* of a sector that does not hold what was programmed */

#define SECTORS_PER_BLOCK (RK_BLOCK_SIZE / RK_SECTOR_SIZE)

static enum rk_status open_flash(struct rk_transaction *t, struct rk_error *err)
{
    if (t->unprotected)
        return RK_OK;
    rk_cancel_hold(t->ctx, true);
    enum rk_status status = rk_device_write_begin(t->dev, err);
    if (status != RK_OK)
        (void)!rk_device_write_end(t->dev, NULL);
    rk_cancel_hold(t->ctx, false);
    t->unprotected = status == RK_OK;
    return status;
}

void rk_transaction_close_flash(struct rk_transaction *t)
{
    struct rk_error problem = {0};

    if (!t->unprotected)
        return;
    t->unprotected = false;
    rk_cancel_hold(t->ctx, true);
    enum rk_status status = rk_device_write_end(t->dev, &problem);
    rk_cancel_hold(t->ctx, false);
    if (status != RK_OK)
        rk_warn(t->ctx, "protect.failed", "the flash protection could not be put back: %s",
                problem.message);
}

enum rk_status rk_step_unprotect(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = open_flash(t, err);

    return status == RK_OK ? rk_journal_begin(t, err) : status;
}

/* ---- erase and program ---- */

/* One command that changes the flash: an erase if there is no data. */
struct change {
    uint32_t addr, len;
    const uint8_t *data;
    const struct rk_rewrite *both; /* instead of all these */
};

static enum rk_status attempt(struct rk_transaction *t, const struct change *c,
                              struct rk_error *err)
{
    t->changed = true;
    rk_cancel_hold(t->ctx, true);
    enum rk_status status = c->both   ? t->dev->driver->rewrite(t->dev, c->both, err)
                            : c->data ? rk_device_program(t->dev, c->addr, c->data, c->len, err)
                                      : rk_device_erase(t->dev, c->addr, c->len, err);
    rk_cancel_hold(t->ctx, false);
    return status;
}

static bool may_pass(enum rk_status status)
{
    return status == RK_ERR_TIMEOUT || status == RK_ERR_PROTOCOL || status == RK_ERR_LINK_LOST ||
           status == RK_ERR_DEVICE_REFUSED;
}

/* Tries again after getting the link back. A module that restarted on the way is protected again,
 * so the protection is removed once more. */
static enum rk_status insist(struct rk_transaction *t, const struct change *c, struct rk_error *err)
{
    enum rk_status status = attempt(t, c, err);

    for (int i = 1; i < COMMAND_TRIES && may_pass(status); i++) {
        struct rk_error first = {0};
        if (err)
            first = *err;
        if (rk_device_resync(t->dev, NULL) != RK_OK || rk_device_write_end(t->dev, NULL) != RK_OK ||
            rk_device_write_begin(t->dev, NULL) != RK_OK) {
            if (err)
                *err = first;
            return status;
        }
        status = attempt(t, c, err);
    }
    return status;
}

static enum rk_status cancelled(struct rk_error *err)
{
    return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
}

/* The first `count` erases of the plan. */
static enum rk_status erase_some(struct rk_transaction *t, size_t count, struct rk_error *err)
{
    uint64_t done = 0, total = 0;

    for (size_t i = 0; i < count; i++)
        total += t->plan->erases[i].len;
    for (size_t i = 0; i < count; i++) {
        struct change c = {.addr = t->plan->erases[i].addr, .len = t->plan->erases[i].len};
        if (rk_cancelled(t->ctx))
            return cancelled(err);
        enum rk_status status = insist(t, &c, err);
        if (status != RK_OK)
            return status;
        done += c.len;
        t->out->erased += c.len / RK_SECTOR_SIZE;
        rk_progress(t->ctx, "erase", done, total, c.addr, t->dev->retries_used);
    }
    return RK_OK;
}

/* How many of the plan's sectors from `first` on go into one command: what can rewrite takes those that
 * follow each other. */
static size_t together(const struct rk_transaction *t, size_t first)
{
    const uint32_t *programs = t->plan->programs;
    size_t n = 1;

    while (t->dev->rewrites && n < SECTORS_PER_BLOCK && first + n < t->plan->program_count &&
           programs[first + n] == programs[first] + n * RK_SECTOR_SIZE)
        n++;
    return n;
}

static enum rk_status program_all(struct rk_transaction *t, struct rk_error *err)
{
    uint64_t total = (uint64_t)t->plan->program_count * RK_SECTOR_SIZE;

    for (size_t i = 0, n; i < t->plan->program_count; i += n) {
        uint32_t addr = t->plan->programs[i];
        n = together(t, i);
        struct change c = {
            .addr = addr, .len = (uint32_t)n * RK_SECTOR_SIZE, .data = t->want + addr};
        if (rk_cancelled(t->ctx))
            return cancelled(err);
        enum rk_status status = insist(t, &c, err);
        if (status != RK_OK)
            return status;
        t->out->programmed += (uint32_t)n;
        rk_progress(t->ctx, "write", (uint64_t)(i + n) * RK_SECTOR_SIZE, total, addr,
                    t->dev->retries_used);
    }
    return RK_OK;
}

/* ---- both in one go ---- */

/* The erases from `first` on, as one range if they are that. */
static bool one_range(const struct rk_plan *plan, size_t first, struct rk_rewrite *range)
{
    uint32_t begin = UINT32_MAX, end = 0, sum = 0;

    for (size_t i = first; i < plan->erase_count; i++) {
        const struct rk_plan_erase *e = &plan->erases[i];
        begin = e->addr < begin ? e->addr : begin;
        end = e->addr + e->len > end ? e->addr + e->len : end;
        sum += e->len;
    }
    range->addr = begin;
    range->len = sum;
    return sum > 0 && end - begin == sum;
}

static enum rk_status rewrite_range(struct rk_transaction *t, struct rk_rewrite *range, bool *done,
                                    struct rk_error *err)
{
    const struct change c = {.both = range};

    range->data = t->want + range->addr;
    range->total = (uint64_t)t->plan->program_count * RK_SECTOR_SIZE;
    range->total = range->total < range->len ? range->len : range->total;
    enum rk_status status = insist(t, &c, err);
    for (uint32_t i = 0; status == RK_OK && i < range->len / RK_SECTOR_SIZE; i++)
        done[range->addr / RK_SECTOR_SIZE + i] = true;
    t->out->erased += status == RK_OK ? range->len / RK_SECTOR_SIZE : 0;
    return status;
}

/* Erases that hold no entry, as ranges without gaps. */
static enum rk_status rewrite_rest(struct rk_transaction *t, bool *done, struct rk_error *err)
{
    const struct rk_plan *plan = t->plan;
    enum rk_status status = RK_OK;
    size_t n;

    for (size_t i = plan->entry_erases; i < plan->erase_count && status == RK_OK; i += n) {
        struct rk_rewrite range = {.addr = plan->erases[i].addr};
        for (n = 0; i + n < plan->erase_count && plan->erases[i + n].addr == range.addr + range.len;
             n++)
            range.len += plan->erases[i + n].len;
        if (rk_cancelled(t->ctx))
            return cancelled(err);
        status = rewrite_range(t, &range, done, err);
    }
    return status;
}

/* The order is the plan's: entries erased first and programmed last. If everything is one range that
 * begins with the only entry, one command does all of it. */
static enum rk_status rewrite_all(struct rk_transaction *t, bool *done, struct rk_error *err)
{
    const struct rk_plan *plan = t->plan;
    struct rk_rewrite all = {0};
    bool entry = plan->entry_erases == 1 && plan->entry_programs == 1;

    if (entry && one_range(plan, 0, &all) && all.addr == plan->erases[0].addr &&
        all.addr == plan->programs[plan->program_count - 1]) {
        all.first_last = true;
        return rewrite_range(t, &all, done, err);
    }
    enum rk_status status = erase_some(t, plan->entry_erases, err);
    return status == RK_OK ? rewrite_rest(t, done, err) : status;
}

/* Leaves in the plan's list only what is to be programmed still. */
static void strike(struct rk_transaction *t, const bool *done)
{
    size_t left = 0;

    for (size_t i = 0; i < t->plan->program_count; i++)
        if (!done[t->plan->programs[i] / RK_SECTOR_SIZE])
            t->plan->programs[left++] = t->plan->programs[i];
    t->out->programmed += (uint32_t)(t->plan->program_count - left);
    t->plan->program_count = left;
}

static enum rk_status erase_and_rewrite(struct rk_transaction *t, struct rk_error *err)
{
    bool *done = calloc(t->survey.sector_count, sizeof *done);

    if (!done)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status status = rewrite_all(t, done, err);
    strike(t, done);
    free(done);
    return status;
}

enum rk_status rk_step_write(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = RK_OK;

    bool both = t->dev->rewrites && t->plan->program_count > 0 && t->plan->erase_count > 0;

    if (t->plan->erase_count > 0 && !both) {
        rk_stage_begin(t->ctx, "erase", "%zu commands", t->plan->erase_count);
        status = erase_some(t, t->plan->erase_count, err);
        if (status != RK_OK)
            return status;
        rk_stage_end(t->ctx, "erase", "%u sectors", (unsigned)t->out->erased);
    }
    if (t->plan->program_count > 0) {
        rk_stage_begin(t->ctx, "write", "%zu sectors%s", t->plan->program_count,
                       both ? ", each erased just before" : "");
        if (both)
            status = erase_and_rewrite(t, err);
        if (status == RK_OK)
            status = program_all(t, err);
        if (status == RK_OK)
            rk_stage_end(t->ctx, "write", "%u sectors", (unsigned)t->out->programmed);
    }
    /* Verifying comes behind the protection: on some loaders the digest is only cheap then. */
    if (status == RK_OK)
        rk_transaction_close_flash(t);
    return status;
}

/* ---- repair ---- */

/* The sector will not become what it should be: is the flash locked, or is it worn out? */
static enum rk_status give_up(const struct rk_transaction *t, uint32_t addr,
                              const struct rk_digest *before, struct rk_error *err)
{
    if (rk_digest_equal(before, &t->survey.digests[addr / RK_SECTOR_SIZE])) {
        rk_fail(err, RK_ERR_WRITE_PROTECTED, "flash.protected",
                "sector 0x%06x is the same after erasing and programming it", (unsigned)addr);
        rk_error_hint(err, "the flash is write-protected: cycle the power and run it again; if "
                           "that does not help, its WP pin or status register is locked");
        rk_error_at(err, addr);
        return RK_ERR_WRITE_PROTECTED;
    }
    rk_fail(err, RK_ERR_FLASH_FAULT, "flash.sector", "sector 0x%06x does not keep what is written",
            (unsigned)addr);
    rk_error_detail(err, "%d times erased and programmed, the digest was wrong each time",
                    REPAIR_TRIES);
    rk_error_hint(err, "check the 3.3 V supply (500 mA); if it is always the same sector the "
                       "flash is worn out");
    rk_error_at(err, addr);
    return RK_ERR_FLASH_FAULT;
}

static enum rk_status repair(struct rk_transaction *t, uint32_t addr,
                             const struct rk_digest *before, struct rk_error *err)
{
    const uint8_t *wanted = t->want + addr;
    struct change erase = {.addr = addr, .len = RK_SECTOR_SIZE};
    struct change program = {.addr = addr, .len = RK_SECTOR_SIZE, .data = wanted};
    bool good = false;

    rk_log(t->ctx, RK_LEVEL_WARN, "write.repair", "sector 0x%06x is wrong: written again",
           (unsigned)addr);
    for (int i = 0; i < REPAIR_TRIES; i++) {
        enum rk_status status = open_flash(t, err);
        if (status == RK_OK)
            status = insist(t, &erase, err);
        t->out->erased++;
        if (status == RK_OK && !rk_bytes_all(wanted, RK_SECTOR_SIZE, 0xFF)) {
            status = insist(t, &program, err);
            t->out->programmed++;
        }
        if (status == RK_OK)
            status = rk_survey_confirm(&t->survey, addr, wanted, &good, err);
        t->out->retries++;
        if (status != RK_OK || good)
            return status;
    }
    return give_up(t, addr, before, err);
}

/* ---- the whole flash afterwards ---- */

/* What the flash shall hold now: the plan's sectors as wanted, all others as they were, as far as
 * that is known. */
static bool *expect_all(struct rk_transaction *t)
{
    bool *expected = calloc(t->survey.sector_count, sizeof *expected);

    if (!expected)
        return NULL;
    for (size_t i = 0; i < t->plan->sector_count; i++)
        expected[t->plan->sectors[i].addr / RK_SECTOR_SIZE] = true;
    for (uint32_t i = 0; i < t->survey.sector_count; i++) {
        size_t at = (size_t)i * RK_SECTOR_SIZE;
        if (expected[i] || !t->known[i])
            continue;
        memcpy(t->want + at, t->present + at, RK_SECTOR_SIZE);
        expected[i] = true;
    }
    return expected;
}

static bool in_plan(const struct rk_transaction *t, uint32_t addr)
{
    for (size_t i = 0; i < t->plan->sector_count; i++)
        if (t->plan->sectors[i].addr == addr)
            return true;
    return false;
}

/* A sector outside of the plan has changed: a command whose address was damaged on the wire does
 * that. The backup has its content; only a boot loader that is the sole way in is not touched. */
static enum rk_status mend_bystander(struct rk_transaction *t, uint32_t addr,
                                     const struct rk_digest *before, struct rk_error *err)
{
    bool boot = false;

    for (size_t i = 0; i < t->dev->region_count; i++) {
        const struct rk_region *r = &t->dev->regions[i];
        if (r->kind == RK_REGION_BOOT && addr >= r->addr && addr - r->addr < r->len)
            boot = true;
    }
    if (boot && !t->dev->info.loader_in_rom) {
        rk_fail(err, RK_ERR_FLASH_FAULT, "flash.stray",
                "sector 0x%06x of the boot loader changed although it was not written",
                (unsigned)addr);
        rk_error_hint(err,
                      "do not cycle the power; restore the backup \"%s\" with "
                      "--force=boot,boot-brick",
                      t->out->backup.path);
        rk_error_at(err, addr);
        return RK_ERR_FLASH_FAULT;
    }
    rk_warn(t->ctx, "write.stray",
            "sector 0x%06x changed although it was not written: put back from the backup",
            (unsigned)addr);
    enum rk_status status = rk_journal_add(t, addr, err);
    return status == RK_OK ? repair(t, addr, before, err) : status;
}

/* Checks a sector, and repairs it if need be. */
static enum rk_status settle_sector(struct rk_transaction *t, uint32_t addr, struct rk_error *err)
{
    struct rk_digest before = t->survey.digests[addr / RK_SECTOR_SIZE];
    bool good = false;
    enum rk_status status = rk_survey_refresh(&t->survey, addr, err);

    if (status == RK_OK)
        status = rk_survey_confirm(&t->survey, addr, t->want + addr, &good, err);
    if (status != RK_OK || good)
        return status;
    return in_plan(t, addr) ? repair(t, addr, &before, err) : mend_bystander(t, addr, &before, err);
}

static enum rk_status settle_block(struct rk_transaction *t, uint32_t addr, bool *good,
                                   struct rk_error *err)
{
    struct rk_digest told, wanted;
    enum rk_status status = rk_device_digest(t->dev, addr, RK_BLOCK_SIZE, &told, err);

    if (status != RK_OK)
        return status;
    rk_digest_of(told.kind, t->want + addr, RK_BLOCK_SIZE, &wanted);
    *good = rk_digest_equal(&told, &wanted);
    return RK_OK;
}

static bool is_block(const struct rk_transaction *t, const bool *expected, uint32_t index)
{
    if (index % SECTORS_PER_BLOCK || t->survey.sector_count - index < SECTORS_PER_BLOCK)
        return false;
    for (uint32_t i = 0; i < SECTORS_PER_BLOCK; i++)
        if (!expected[index + i])
            return false;
    return true;
}

static enum rk_status settle_all(struct rk_transaction *t, const bool *expected,
                                 struct rk_error *err)
{
    uint32_t step, count = t->survey.sector_count;
    enum rk_status status = RK_OK;

    for (uint32_t i = 0; i < count && status == RK_OK; i += step) {
        bool block = is_block(t, expected, i), good = false;
        step = block ? SECTORS_PER_BLOCK : 1;
        if (rk_cancelled(t->ctx))
            return cancelled(err);
        if (block)
            status = settle_block(t, i * RK_SECTOR_SIZE, &good, err);
        for (uint32_t k = 0; k < step && !good && status == RK_OK; k++)
            if (expected[i + k])
                status = settle_sector(t, (i + k) * RK_SECTOR_SIZE, err);
        if (status == RK_OK)
            rk_transaction_close_flash(t);
        rk_progress(t->ctx, "verify", (uint64_t)(i + step) * RK_SECTOR_SIZE,
                    (uint64_t)count * RK_SECTOR_SIZE, i * RK_SECTOR_SIZE, t->dev->retries_used);
    }
    return status;
}

enum rk_status rk_step_verify(struct rk_transaction *t, struct rk_error *err)
{
    bool *expected = expect_all(t);

    if (!expected)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_stage_begin(t->ctx, "verify", "by the chip's own digest");
    enum rk_status status = settle_all(t, expected, err);
    free(expected);
    if (status != RK_OK)
        return status;
    t->out->verified = true;
    rk_stage_end(t->ctx, "verify", "%zu sectors are right, all others as they were",
                 t->plan->sector_count);
    rk_journal_done(t);
    return RK_OK;
}

void rk_transaction_note_damage(struct rk_transaction *t)
{
    bool *expected = expect_all(t), same = false;
    enum rk_status status = expected ? RK_OK : RK_ERR_NOMEM;

    for (uint32_t i = 0, step; status == RK_OK && i < t->survey.sector_count; i += step) {
        bool block = is_block(t, expected, i), good = false;
        step = block ? SECTORS_PER_BLOCK : 1;
        if (block)
            status = settle_block(t, i * RK_SECTOR_SIZE, &good, NULL);
        for (uint32_t k = 0; k < step && !good && status == RK_OK; k++) {
            uint32_t addr = (i + k) * RK_SECTOR_SIZE;
            if (!expected[i + k] || in_plan(t, addr))
                continue;
            status = rk_survey_refresh(&t->survey, addr, NULL);
            if (status == RK_OK)
                status = rk_survey_confirm(&t->survey, addr, t->want + addr, &same, NULL);
            if (status == RK_OK && !same)
                status = rk_journal_add(t, addr, NULL);
        }
    }
    free(expected);
}
