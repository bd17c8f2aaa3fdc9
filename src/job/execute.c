/* The steps of a write that change the flash: unprotect, erase and program, verify and repair,
 * protect again. */
#include "job/transaction.h"

#include "base/bytes.h"
#include "base/context.h"

#include <stdlib.h>
#include <string.h>

#define REWRITE_MAX   0x20000u /* in one request: between two of them it can be cancelled */
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
    bool erase_first;
};

static enum rk_status attempt(struct rk_transaction *t, const struct change *c,
                              struct rk_error *err)
{
    t->changed = true;
    rk_cancel_hold(t->ctx, true);
    enum rk_status status = c->erase_first
                                ? rk_device_rewrite(t->dev, c->addr, c->data, c->len, err)
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

static enum rk_status erase_all(struct rk_transaction *t, struct rk_error *err)
{
    uint64_t done = 0, total = 0;

    for (size_t i = 0; i < t->plan->erase_count; i++)
        total += t->plan->erases[i].len;
    for (size_t i = 0; i < t->plan->erase_count; i++) {
        struct change c = {t->plan->erases[i].addr, t->plan->erases[i].len, NULL, false};
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

static enum rk_status program_all(struct rk_transaction *t, struct rk_error *err)
{
    uint64_t total = (uint64_t)t->plan->program_count * RK_SECTOR_SIZE;

    for (size_t i = 0; i < t->plan->program_count; i++) {
        uint32_t addr = t->plan->programs[i];
        struct change c = {addr, RK_SECTOR_SIZE, t->want + addr, false};
        if (rk_cancelled(t->ctx))
            return cancelled(err);
        enum rk_status status = insist(t, &c, err);
        if (status != RK_OK)
            return status;
        t->out->programmed++;
        rk_progress(t->ctx, "write", (uint64_t)(i + 1) * RK_SECTOR_SIZE, total, addr,
                    t->dev->retries_used);
    }
    return RK_OK;
}

/* Erases and programs in one: runs of what the plan erases, with what it will hold. */
static enum rk_status rewrite_all(struct rk_transaction *t, bool *rewritten, struct rk_error *err)
{
    uint64_t done = 0, total = 0;

    for (size_t i = 0; i < t->plan->erase_count; i++)
        total += t->plan->erases[i].len;
    for (size_t i = 0; i < t->plan->erase_count;) {
        uint32_t addr = t->plan->erases[i].addr, len = 0;
        while (i < t->plan->erase_count && t->plan->erases[i].addr == addr + len &&
               (len == 0 || len + t->plan->erases[i].len <= REWRITE_MAX))
            len += t->plan->erases[i++].len;
        struct change c = {addr, len, t->want + addr, true};
        if (rk_cancelled(t->ctx))
            return cancelled(err);
        enum rk_status status = insist(t, &c, err);
        if (status != RK_OK)
            return status;
        memset(rewritten + addr / RK_SECTOR_SIZE, true, len / RK_SECTOR_SIZE);
        t->out->erased += len / RK_SECTOR_SIZE;
        done += len;
        rk_progress(t->ctx, "write", done, total, addr, t->dev->retries_used);
    }
    return RK_OK;
}

/* What the plan programs without erasing it, and all that was written in one, counts. */
static enum rk_status rewrite(struct rk_transaction *t, struct rk_error *err)
{
    bool *rewritten = calloc(t->survey.sector_count, sizeof *rewritten);

    if (!rewritten)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_stage_begin(t->ctx, "write", "%zu sectors", t->plan->sector_count);
    enum rk_status status = rewrite_all(t, rewritten, err);
    for (size_t i = 0; i < t->plan->program_count && status == RK_OK; i++) {
        uint32_t addr = t->plan->programs[i];
        struct change c = {addr, RK_SECTOR_SIZE, t->want + addr, false};
        if (!rewritten[addr / RK_SECTOR_SIZE])
            status = rk_cancelled(t->ctx) ? cancelled(err) : insist(t, &c, err);
        t->out->programmed += status == RK_OK;
    }
    free(rewritten);
    if (status == RK_OK)
        rk_stage_end(t->ctx, "write", "%u sectors", (unsigned)t->out->programmed);
    return status;
}

static enum rk_status erase_and_program(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = RK_OK;

    if (t->plan->erase_count > 0) {
        rk_stage_begin(t->ctx, "erase", "%zu commands", t->plan->erase_count);
        status = erase_all(t, err);
        if (status != RK_OK)
            return status;
        rk_stage_end(t->ctx, "erase", "%u sectors", (unsigned)t->out->erased);
    }
    if (t->plan->program_count > 0) {
        rk_stage_begin(t->ctx, "write", "%zu sectors", t->plan->program_count);
        status = program_all(t, err);
        if (status == RK_OK)
            rk_stage_end(t->ctx, "write", "%u sectors", (unsigned)t->out->programmed);
    }
    return status;
}

enum rk_status rk_step_write(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = rk_device_rewrites(t->dev) && t->plan->erase_count > 0
                                ? rewrite(t, err)
                                : erase_and_program(t, err);

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
    struct change erase = {addr, RK_SECTOR_SIZE, NULL, false};
    struct change program = {addr, RK_SECTOR_SIZE, wanted, false};
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
