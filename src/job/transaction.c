#include "job/transaction.h"

#include "base/context.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* When a step is left out. */
enum skip {
    ALWAYS_RUN = 0,
    NOT_IF_FINISHED = 1, /* the flash is as wanted */
    NOT_IF_DRY = 2       /* --dry-run: nothing that changes the module */
};

static enum rk_status step_restart(struct rk_transaction *t, struct rk_error *err)
{
    if (t->policy->no_reset)
        return RK_OK;
    enum rk_status status = rk_device_reset(t->dev, err);
    if (status == RK_OK) {
        t->out->restarted = true;
        rk_stage_end(t->ctx, "restart", "the module was restarted");
        return RK_OK;
    }
    /* The flash is right and verified: a module that has to be switched off and on is no
     * failure of the write. */
    rk_warn(t->ctx, "restart.failed", "the module did not restart by itself: cycle its power");
    return RK_OK;
}

bool rk_transaction_lifted(const struct rk_transaction *t, enum rk_rule rule)
{
    return (t->policy->lifted & RK_RULE_BIT(rule)) != 0;
}

/* Room for the flash as it is and as it shall be; its size is known only now. */
static enum rk_status step_make_room(struct rk_transaction *t, struct rk_error *err)
{
    uint32_t size = t->dev->info.flash_size;
    enum rk_status status = rk_survey_init(&t->survey, t->dev, err);

    if (status != RK_OK)
        return status;
    t->present = malloc(size);
    t->known = calloc(size / RK_SECTOR_SIZE, sizeof *t->known);
    t->want = malloc(size);
    t->transfer = calloc(1, sizeof *t->transfer);
    if (!t->present || !t->known || !t->want || !t->transfer)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    t->transfer->survey = &t->survey;
    memset(t->present, 0xFF, size);
    memset(t->want, 0xFF, size);
    return RK_OK;
}

static const struct {
    enum rk_status (*run)(struct rk_transaction *t, struct rk_error *err);
    unsigned skip;
} steps[] = {
    {rk_step_judge_file, ALWAYS_RUN},
    {rk_step_identify, ALWAYS_RUN},
    {step_make_room, ALWAYS_RUN},
    {rk_step_place, ALWAYS_RUN},
    {rk_step_resume, ALWAYS_RUN},
    {rk_step_compare, ALWAYS_RUN},
    {rk_step_backup, NOT_IF_FINISHED | NOT_IF_DRY},
    {rk_step_plan, NOT_IF_FINISHED},
    {rk_step_judge_plan, NOT_IF_FINISHED},
    {rk_step_approve, NOT_IF_FINISHED | NOT_IF_DRY},
    {rk_step_unprotect, NOT_IF_FINISHED | NOT_IF_DRY},
    {rk_step_write, NOT_IF_FINISHED | NOT_IF_DRY},
    {rk_step_verify, NOT_IF_FINISHED | NOT_IF_DRY},
    {step_restart, NOT_IF_DRY},
};

static void release(struct rk_transaction *t)
{
    rk_segments_free(&t->segments);
    rk_survey_free(&t->survey);
    rk_plan_free(t->plan);
    rk_manifest_free(&t->protector.manifest);
    free(t->protector.data);
    free(t->transfer);
    free(t->present);
    free(t->known);
    free(t->want);
    free(t);
}

static enum rk_status run_steps(struct rk_transaction *t, struct rk_error *err)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if ((steps[i].skip & NOT_IF_FINISHED && t->finished) ||
            (steps[i].skip & NOT_IF_DRY && t->policy->dry_run))
            continue;
        if (rk_cancelled(t->ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        enum rk_status status = steps[i].run(t, err);
        if (status != RK_OK)
            return status;
    }
    return RK_OK;
}

/* After a failure in the middle: protection back on if the module still answers, and a word on
 * how to go on. */
static void after_failure(struct rk_transaction *t, enum rk_status status, struct rk_error *err)
{
    bool answers = status == RK_ERR_FLASH_FAULT || status == RK_ERR_DEVICE_REFUSED ||
                   status == RK_ERR_PROTOCOL || status == RK_ERR_VERIFY;

    if (t->changed && answers && t->protector.manifest_path[0])
        rk_transaction_note_damage(t);
    rk_transaction_close_flash(t);
    if (!err || !t->changed)
        return;
    bool empty = err->hint[0] == '\0';
    rk_text_append(err->hint, sizeof err->hint,
                   "%sthe flash is written in part: run the same command again, it goes on from "
                   "here",
                   empty ? "" : "; ");
}

enum rk_status rk_transaction_run(struct rk_device *dev, enum rk_write_kind kind,
                                  const struct rk_image_file *file,
                                  const struct rk_write_policy *policy, struct rk_write_result *out,
                                  struct rk_error *err)
{
    static const struct rk_write_policy plain = {0};
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint64_t started = rk_clock_now(clock);
    uint32_t retries = dev->retries_used;
    struct rk_transaction *t = calloc(1, sizeof *t);

    memset(out, 0, sizeof *out);
    if (!t)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    t->dev = dev;
    t->ctx = dev->ctx;
    t->kind = kind;
    t->file = *file;
    t->policy = policy ? policy : &plain;
    t->out = out;
    t->safety.device = &dev->info;
    enum rk_status status = run_steps(t, err);
    if (status != RK_OK)
        after_failure(t, status, err);
    if (t->transfer)
        out->retries = dev->retries_used - retries + t->transfer->misread;
    out->seconds = (double)(rk_clock_now(clock) - started) / 1e6;
    release(t);
    return status;
}

enum rk_status rk_job_flash(struct rk_device *dev, const struct rk_image_file *image,
                            const struct rk_write_policy *policy, struct rk_write_result *out,
                            struct rk_error *err)
{
    return rk_transaction_run(dev, RK_WRITE_FLASH, image, policy, out, err);
}

enum rk_status rk_job_restore(struct rk_device *dev, const struct rk_image_file *backup,
                              const struct rk_write_policy *policy, struct rk_write_result *out,
                              struct rk_error *err)
{
    return rk_transaction_run(dev, RK_WRITE_RESTORE, backup, policy, out, err);
}

enum rk_status rk_job_write(struct rk_device *dev, uint32_t addr, const uint8_t *data, size_t len,
                            const struct rk_write_policy *policy, struct rk_write_result *out,
                            struct rk_error *err)
{
    struct rk_image_file file = {.data = data, .len = len, .have_addr = true, .addr = addr};

    return rk_transaction_run(dev, RK_WRITE_RAW, &file, policy, out, err);
}

enum rk_status rk_job_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                            const struct rk_write_policy *policy, struct rk_write_result *out,
                            struct rk_error *err)
{
    struct rk_image_file file = {.len = len, .have_addr = true, .addr = addr};

    return rk_transaction_run(dev, RK_WRITE_ERASE, &file, policy, out, err);
}
