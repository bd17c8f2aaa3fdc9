/* Flashing a BL602: an application needs neighbours, so what the flash has is judged first, what it
 * lacks is taken from what the caller gives, and nothing is written unless it will start. */
#include "base/context.h"
#include "base/text.h"
#include "chip/chip.h"
#include "job/transfer.h"

#include <rekindle/job.h>

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 16 /* of judging and reading; each learns of one stage of the start */
#define TREE_MAX   0x8000u

/* The flash as far as it was read. */
struct view {
    struct rk_device *dev;
    uint8_t *bytes, *known;
    struct rk_bl602_flash flash;
    struct rk_bl602_report report;
};

static void view_free(struct view *v)
{
    free(v->bytes);
    free(v->known);
}

static enum rk_status view_begin(struct view *v, struct rk_device *dev, struct rk_error *err)
{
    const struct rk_device_info *info = rk_device_info(dev);
    uint32_t sectors = info->flash_size / RK_SECTOR_SIZE;

    memset(v, 0, sizeof *v);
    v->dev = dev;
    v->bytes = malloc(info->flash_size);
    v->known = calloc(sectors, 1);
    if (!v->bytes || !v->known)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    v->flash = (struct rk_bl602_flash){.size = sizeof v->flash,
                                       .data = v->bytes,
                                       .len = info->flash_size,
                                       .known = v->known,
                                       .flash_size = info->flash_size,
                                       .has_jedec = info->has_jedec};
    memcpy(v->flash.jedec, info->jedec, sizeof v->flash.jedec);
    return RK_OK;
}

/* Reads the sectors of a range that are not known. */
static enum rk_status learn(struct view *v, uint32_t addr, uint32_t len, struct rk_error *err)
{
    uint64_t end = (uint64_t)addr + len;

    if (end > v->flash.flash_size)
        end = v->flash.flash_size;
    for (uint64_t at = addr / RK_SECTOR_SIZE * RK_SECTOR_SIZE; at < end;) {
        size_t sector = (size_t)(at / RK_SECTOR_SIZE), count = 0;
        while (at + count * RK_SECTOR_SIZE < end && !v->known[sector + count])
            count++;
        if (count == 0) {
            at += RK_SECTOR_SIZE;
            continue;
        }
        enum rk_status st =
            rk_read_silently(v->dev, (uint32_t)at, v->bytes + at, count * RK_SECTOR_SIZE, err);
        if (st != RK_OK)
            return st;
        memset(v->known + sector, 1, count);
        at += count * RK_SECTOR_SIZE;
    }
    return RK_OK;
}

/* Judges and reads until nothing more is wanted. */
static enum rk_status judge(struct view *v, struct rk_error *err)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        v->report = (struct rk_bl602_report){.size = sizeof v->report};
        rk_bl602_judge(&v->flash, &v->report);
        if (v->report.want_count == 0)
            return RK_OK;
        for (size_t i = 0; i < v->report.want_count; i++) {
            enum rk_status st = learn(v, v->report.wants[i].addr, v->report.wants[i].len, err);
            if (st != RK_OK)
                return st;
        }
    }
    return RK_OK;
}

/* Plans, and reads what the plan turns out to need. */
static enum rk_status make_plan(struct view *v, const struct rk_image_file *app,
                                const struct rk_bl602_sources *sources, struct rk_bl602_plan **plan,
                                struct rk_error *err)
{
    struct rk_error problem = {0};
    enum rk_status st = RK_OK;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        st = rk_bl602_plan(&v->flash, app->data, app->len, sources, plan, &problem);
        if (st != RK_ERR_ARG || strcmp(problem.id, "bl602.unread") != 0)
            break;
        if (learn(v, problem.addr, TREE_MAX, err) != RK_OK)
            return err ? err->status : RK_ERR_LINK_LOST;
    }
    if (st != RK_OK && err)
        *err = problem;
    return st;
}

static void add_up(struct rk_write_result *out, const struct rk_write_result *one)
{
    out->plan.same += one->plan.same;
    out->plan.program += one->plan.program;
    out->plan.rewrite += one->plan.rewrite;
    out->plan.erase += one->plan.erase;
    out->erased += one->erased;
    out->programmed += one->programmed;
    out->retries += one->retries;
    out->resumed |= one->resumed;
    out->seconds += one->seconds;
}

static enum rk_status write_one(struct view *v, const struct rk_bl602_write *w,
                                const struct rk_write_policy *policy, struct rk_write_result *out,
                                struct rk_error *err)
{
    size_t len = (w->len + RK_SECTOR_SIZE - 1) / RK_SECTOR_SIZE * RK_SECTOR_SIZE;
    uint8_t *bytes = malloc(len ? len : 1);

    if (!bytes)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(bytes, 0xFF, len);
    if (w->data)
        memcpy(bytes, w->data, w->len);
    rk_log(rk_device_context(v->dev), RK_LEVEL_INFO, "bl602.piece", "%s", w->why);
    enum rk_status st = rk_job_write(v->dev, w->addr, bytes, len, policy, out, err);
    free(bytes);
    return st;
}

/* One range after the other, in the plan's order. The first saves the flash as it was. Boot loader
 * and device tree are in a plan only where the flash has none that work, so the rules that guard
 * those of the module have nothing to guard. */
static enum rk_status write_all(struct view *v, const struct rk_bl602_plan *plan,
                                const struct rk_write_policy *policy, struct rk_write_result *out,
                                struct rk_error *err)
{
    struct rk_write_policy each = *policy;

    each.no_reset = true;
    each.lifted |= RK_RULE_BIT(RK_RULE_BOOT) | RK_RULE_BIT(RK_RULE_CALIBRATION);
    for (size_t i = 0; i < plan->write_count; i++) {
        struct rk_write_result one = {.verified = false};
        enum rk_status st = write_one(v, &plan->writes[i], &each, &one, err);
        if (st != RK_OK)
            return st;
        if (i == 0) {
            out->backup = one.backup;
            out->backup_reused = one.backup_reused;
            out->verified = true;
        }
        out->verified &= one.verified;
        add_up(out, &one);
        each.no_backup = true;
        each.backup_path = NULL;
        each.approve = NULL;
        each.lifted |= RK_RULE_BIT(RK_RULE_NO_BACKUP);
    }
    return RK_OK;
}

/* Looks at the module once more, as if nothing were known of it. */
static enum rk_status look_again(struct rk_device *dev, struct rk_error *err)
{
    struct view v;
    enum rk_status st = view_begin(&v, dev, err);

    if (st == RK_OK)
        st = judge(&v, err);
    if (st == RK_OK && !v.report.complete) {
        const struct rk_bl602_finding *fatal = rk_bl602_fatal(&v.report);
        st = rk_fail(err, RK_ERR_VERIFY, "bl602.incomplete", "the module would not start");
        rk_error_detail(err, "%s", fatal ? fatal->text : v.report.uart_text);
        rk_error_hint(err, "run the same command again");
    }
    view_free(&v);
    return st;
}

enum rk_status rk_job_flash_bl602(struct rk_device *dev, const struct rk_image_file *app,
                                  const struct rk_bl602_sources *sources,
                                  const struct rk_write_policy *policy, struct rk_write_result *out,
                                  struct rk_error *err)
{
    struct rk_bl602_plan *plan = NULL;
    struct view v;
    enum rk_status st = view_begin(&v, dev, err);

    memset(out, 0, sizeof *out);
    rk_stage_begin(rk_device_context(dev), "judge", "what the flash has, and what it lacks");
    if (st == RK_OK)
        st = judge(&v, err);
    if (st == RK_OK)
        st = make_plan(&v, app, sources, &plan, err);
    if (st == RK_OK && !plan->after.complete)
        st = rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.missing",
                     "with this application the module would not start");
    if (st == RK_OK) {
        rk_stage_end(rk_device_context(dev), "judge", "%zu ranges to write", plan->write_count);
        st = write_all(&v, plan, policy, out, err);
    }
    if (st == RK_OK && !policy->dry_run)
        st = look_again(dev, err);
    if (st == RK_OK && !policy->dry_run && !policy->no_reset) {
        st = rk_device_reset(dev, err);
        out->restarted = st == RK_OK;
    }
    rk_bl602_plan_free(plan);
    view_free(&v);
    return st;
}
