/* The steps of a write that decide: what is done to each sector, and whether it may be done. */
#include "job/transaction.h"

#include "base/context.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 2 /* first sector of the application, first sector of the boot loader */

static bool matches(void *user, uint32_t addr, const uint8_t *wanted)
{
    const struct rk_transaction *t = user;

    return rk_survey_matches(&t->survey, addr, wanted);
}

/* Boot loader and calibration. */
static size_t find_spared(const struct rk_transaction *t, struct rk_region *spared)
{
    size_t count = 0;

    for (size_t i = 0; i < t->dev->region_count; i++)
        if (t->dev->regions[i].kind == RK_REGION_BOOT ||
            t->dev->regions[i].kind == RK_REGION_CALIBRATION)
            spared[count++] = t->dev->regions[i];
    return count;
}

/* The application's entry first: without it the boot loader starts nothing. The boot loader's
 * own entry comes last of all. */
static size_t find_entries(const struct rk_transaction *t, uint32_t *entries)
{
    static const enum rk_region_kind kinds[ENTRIES_MAX] = {RK_REGION_APP, RK_REGION_BOOT};
    size_t count = 0;

    for (size_t k = 0; k < ENTRIES_MAX; k++)
        for (size_t i = 0; i < t->dev->region_count; i++)
            if (t->dev->regions[i].kind == kinds[k]) {
                entries[count++] = t->dev->regions[i].addr;
                break;
            }
    return count;
}

enum rk_status rk_transaction_plan(struct rk_transaction *t, struct rk_error *err)
{
    uint32_t entries[ENTRIES_MAX];
    struct rk_region spared[RK_REGIONS_MAX];
    struct rk_plan_request request = {.flash_size = t->dev->info.flash_size,
                                      .segments = t->segments.items,
                                      .segment_count = t->segments.count,
                                      .present = t->present,
                                      .known = t->known,
                                      .matches = matches,
                                      .user = t,
                                      .entries = entries,
                                      .entry_count = find_entries(t, entries),
                                      .spared = spared,
                                      .spared_count = find_spared(t, spared),
                                      .baud = t->dev->info.baud};

    rk_plan_free(t->plan);
    t->plan = NULL;
    return rk_plan_make(&request, t->want, &t->plan, err);
}

enum rk_status rk_step_plan(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = rk_transaction_plan(t, err);
    const struct rk_plan_totals *n = &t->out->plan;

    if (status != RK_OK)
        return status;
    rk_plan_totals(t->plan, &t->out->plan);
    rk_stage_end(t->ctx, "plan",
                 "%u sectors same, %u to program, %u to rewrite, %u to erase; about %u s",
                 (unsigned)n->same, (unsigned)n->program, (unsigned)n->rewrite, (unsigned)n->erase,
                 (unsigned)n->seconds);
    return RK_OK;
}

/* ---- facts for the rules ---- */

static bool plan_changes(const struct rk_transaction *t, enum rk_region_kind kind)
{
    for (size_t i = 0; i < t->dev->region_count; i++)
        if (t->dev->regions[i].kind == kind &&
            rk_plan_touches(t->plan, t->dev->regions[i].addr, t->dev->regions[i].len))
            return true;
    return false;
}

static bool in_plan(const struct rk_transaction *t, uint32_t addr)
{
    for (size_t i = 0; i < t->plan->sector_count; i++)
        if (t->plan->sectors[i].addr == addr)
            return true;
    return false;
}

/* The region as it is now or as it will be. Sectors nobody knows are fetched. */
static enum rk_status region_bytes(struct rk_transaction *t, const struct rk_region *r, bool after,
                                   uint8_t **out, struct rk_error *err)
{
    uint8_t *bytes = malloc(r->len);
    enum rk_sector_source source;
    uint32_t reads;

    if (!bytes)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    for (uint32_t at = 0; at < r->len; at += RK_SECTOR_SIZE) {
        uint32_t addr = r->addr + at, index = addr / RK_SECTOR_SIZE;
        enum rk_status status = RK_OK;
        if (after && in_plan(t, addr)) {
            memcpy(bytes + at, t->want + addr, RK_SECTOR_SIZE);
            continue;
        }
        if (!t->known[index])
            status = rk_transfer_sector(t->transfer, addr, t->present + addr, &source, &reads, err);
        if (status != RK_OK) {
            free(bytes);
            return status;
        }
        t->known[index] = true;
        memcpy(bytes + at, t->present + addr, RK_SECTOR_SIZE);
    }
    *out = bytes;
    return RK_OK;
}

static const struct rk_region *first_region(const struct rk_transaction *t,
                                            enum rk_region_kind kind)
{
    for (size_t i = 0; i < t->dev->region_count; i++)
        if (t->dev->regions[i].kind == kind && t->dev->regions[i].len % RK_SECTOR_SIZE == 0)
            return &t->dev->regions[i];
    return NULL;
}

/* The key in force: the efuse says it, else the boot loader that is in the flash and runs. */
static enum rk_status find_device_key(struct rk_transaction *t, struct rk_error *err)
{
    const struct rk_region *boot = first_region(t, RK_REGION_BOOT);
    enum rk_key_class told = t->dev->info.key_class;
    struct rk_image_facts facts;
    uint8_t *bytes = NULL;

    t->safety.device_key = told;
    if ((told != RK_KEY_UNKNOWN && told != RK_KEY_UNREADABLE) || !boot || !t->has_facts ||
        t->facts.key_class == RK_KEY_UNKNOWN)
        return RK_OK;
    enum rk_status status = region_bytes(t, boot, false, &bytes, err);
    if (status != RK_OK)
        return status;
    rk_image_identify(bytes, boot->len, NULL, &facts);
    t->safety.device_key = facts.has_boot ? facts.boot_key_class : RK_KEY_UNKNOWN;
    free(bytes);
    return RK_OK;
}

/* Will the boot loader be one that is known for this chip and key, or the one that was there
 * before an interrupted write? */
static enum rk_status judge_boot(struct rk_transaction *t, struct rk_error *err)
{
    const struct rk_region *boot = first_region(t, RK_REGION_BOOT);
    enum rk_key_class key = t->safety.device_key;
    struct rk_image_facts facts;
    uint8_t *bytes = NULL;

    t->safety.changes_boot = plan_changes(t, RK_REGION_BOOT);
    if (!t->safety.changes_boot || !boot)
        return RK_OK;
    enum rk_status status = region_bytes(t, boot, true, &bytes, err);
    if (status != RK_OK)
        return status;
    rk_image_identify(bytes, boot->len, NULL, &facts);
    bool key_fits =
        key == RK_KEY_UNKNOWN || key == RK_KEY_UNREADABLE || key == facts.boot_key_class;
    bool original = t->out->resumed && t->protector.data &&
                    memcmp(bytes, t->protector.data + boot->addr, boot->len) == 0;
    t->safety.boot_known = original || (facts.has_boot && facts.boot_verified && key_fits &&
                                        rk_safety_chip_fits(facts.chip, t->dev->info.chip));
    free(bytes);
    return RK_OK;
}

static void judge_calibration(struct rk_transaction *t)
{
    const struct rk_region *rf = first_region(t, RK_REGION_CALIBRATION);

    t->safety.changes_calibration = plan_changes(t, RK_REGION_CALIBRATION);
    if (!t->safety.changes_calibration || !rf)
        return;
    bool original = t->out->resumed && t->protector.data &&
                    memcmp(t->want + rf->addr, t->protector.data + rf->addr, rf->len) == 0;
    t->safety.calibration_own =
        t->safety.calibration_own || original || rk_survey_blank(&t->survey, rf->addr, rf->len);
}

static void judge_flash(struct rk_transaction *t)
{
    const struct rk_device_info *info = &t->dev->info;
    const struct rk_chip_entry *chip = rk_chip_find(info->chip);
    uint32_t usual = chip ? chip->usual_flash_size : 0, end = 0;

    if (t->plan->sector_count > 0)
        end = t->plan->sectors[t->plan->sector_count - 1].addr + RK_SECTOR_SIZE;
    t->safety.size_uncertain = rk_survey_mirrored(&t->survey) ||
                               (info->flash_size_evidence < RK_EVIDENCE_ONE && end > usual);
    t->safety.protection_unknown =
        info->write_protected && info->has_status && info->has_jedec &&
        (!info->flash_name[0] || strcmp(info->flash_name, "unknown") == 0);
    t->safety.sectors_read += t->transfer->sectors;
    t->safety.misread += t->transfer->misread;
}

enum rk_status rk_step_judge_plan(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = find_device_key(t, err);

    if (status == RK_OK)
        status = judge_boot(t, err);
    if (status != RK_OK)
        return status;
    judge_calibration(t);
    judge_flash(t);
    return rk_safety_judge(&t->safety, RK_SAFETY_PLAN, t->policy->lifted, err);
}

/* ---- the last question ---- */

/* Does the sector still have the digest it had? Asked twice before a "no" is believed. */
static enum rk_status unchanged(struct rk_transaction *t, uint32_t addr, bool *same,
                                struct rk_error *err)
{
    uint32_t index = addr / RK_SECTOR_SIZE;
    struct rk_digest before = t->survey.digests[index];
    enum rk_status status = RK_OK;

    *same = true;
    if (!t->survey.known[index])
        return RK_OK;
    for (int i = 0; i < 2; i++) {
        status = rk_survey_refresh(&t->survey, addr, err);
        *same = status == RK_OK && rk_digest_equal(&before, &t->survey.digests[index]);
        if (*same || status != RK_OK)
            break;
    }
    return status;
}

/* People think, and meanwhile they swap cables: is it still the module the plan was made for? */
static enum rk_status recheck_module(struct rk_transaction *t, struct rk_error *err)
{
    uint32_t places[3];
    size_t count = 0;
    const struct rk_region *boot = first_region(t, RK_REGION_BOOT);
    const struct rk_region *rf = first_region(t, RK_REGION_CALIBRATION);

    if (boot)
        places[count++] = boot->addr;
    if (rf)
        places[count++] = rf->addr;
    for (size_t i = 0; i < t->plan->sector_count; i++)
        if (t->plan->sectors[i].action != RK_SECTOR_SAME) {
            places[count++] = t->plan->sectors[i].addr;
            break;
        }
    for (size_t i = 0; i < count; i++) {
        bool same = true;
        enum rk_status status = unchanged(t, places[i], &same, err);
        if (status != RK_OK)
            return status;
        t->safety.module_changed = t->safety.module_changed || !same;
    }
    return rk_safety_judge(&t->safety, RK_SAFETY_WRITE, t->policy->lifted, err);
}

enum rk_status rk_step_approve(struct rk_transaction *t, struct rk_error *err)
{
    if (!t->policy->approve)
        return RK_OK;
    if (!t->policy->approve(t->policy->user, t->plan)) {
        rk_fail(err, RK_ERR_REFUSED, "refused.user", "the plan was not approved");
        rk_error_hint(err, "nothing was written");
        return RK_ERR_REFUSED;
    }
    return recheck_module(t, err);
}
