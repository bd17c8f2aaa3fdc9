/* The rehearsal of a write: the same job on an executed copy of this very module, and a start of
 * what comes out of it. */
#include <rekindle/boot.h>
#include <rekindle/job.h>
#include <rekindle/sim.h>

#include "base/context.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *model_of(const char *chip)
{
    size_t count;
    const struct rk_sim_model *models = rk_sim_models(&count);

    for (size_t i = 0; i < count; i++)
        if (rk_text_same(models[i].chip, chip))
            return models[i].name;
    return NULL;
}

/* Writes the image into the copy through the driver and the job that the module will get. Its backup
 * is the copy itself, and whether to write is asked for the module only. */
static enum rk_status write_copy(struct rk_sim *sim, const struct rk_image_file *image,
                                 const struct rk_bl602_sources *sources,
                                 const struct rk_write_policy *policy, struct rk_error *err)
{
    struct rk_write_policy own = *policy;
    struct rk_write_result result = {.verified = false};
    struct rk_context *ctx = NULL;
    struct rk_link *link = NULL;
    struct rk_device *dev = NULL;
    const struct rk_callbacks callbacks = {.size = sizeof callbacks};

    own.no_backup = true;
    own.no_reset = true;
    own.dry_run = false;
    own.approve = NULL;
    own.lifted |= RK_RULE_BIT(RK_RULE_NO_BACKUP);
    enum rk_status st = rk_context_new(&ctx, &callbacks, err);
    if (st == RK_OK)
        st = rk_sim_link(ctx, sim, false, &link, err);
    if (st == RK_OK)
        st = rk_device_connect(ctx, link, NULL, &dev, err);
    if (st == RK_OK)
        st = sources ? rk_job_flash_bl602(dev, image, sources, &own, &result, err)
                     : rk_job_flash(dev, image, &own, &result, err);
    rk_device_free(dev);
    rk_link_close(link);
    rk_context_free(ctx);
    return st;
}

static enum rk_status refuse(struct rk_error *err, const struct rk_boot_result *boot)
{
    rk_fail(err, RK_ERR_VERIFY, "rehearsal.fails", "the rehearsal ends with: %s", boot->summary);
    rk_error_detail(err, "on an emulated copy of this module; nothing was written to the module");
    rk_error_hint(err,
                  "rekindle boot shows its log; without --rehearse it is written all the same");
    return RK_ERR_VERIFY;
}

static enum rk_status start_copy(const struct rk_sim *sim, const struct rk_device_info *info,
                                 struct rk_boot_result *boot, struct rk_error *err)
{
    struct rk_boot_request request = {.size = sizeof request, .chip = info->chip};

    request.image = rk_sim_flash(sim, &request.image_len);
    if (info->key_class == RK_KEY_ZERO)
        request.have_key = true;
    enum rk_status st = rk_boot_run(&request, boot, err);
    bool damaged = false;
    for (size_t i = 0; st == RK_OK && i < boot->finding_count; i++)
        damaged |= boot->findings[i].verdict == RK_VERDICT_BAD;
    if (st == RK_OK && (boot->outcome != RK_BOOT_RUNS || damaged))
        st = refuse(err, boot);
    return st;
}

enum rk_status rk_job_rehearse(struct rk_device *dev, const struct rk_image_file *image,
                               const struct rk_bl602_sources *sources,
                               const struct rk_write_policy *policy, struct rk_error *err)
{
    const struct rk_device_info *info = rk_device_info(dev);
    struct rk_boot_result boot = {.flash = NULL};
    struct rk_sim_options opt = {
        .size = sizeof opt, .flash_len = info->flash_size, .emulate = true};
    struct rk_sim *sim = NULL;
    uint8_t *flash = malloc(info->flash_size ? info->flash_size : 1);
    enum rk_status st = RK_OK;

    if (!flash)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    opt.model = model_of(info->chip);
    opt.flash = flash;
    opt.have_key = info->key_class == RK_KEY_ZERO;
    bool keyless = strcmp(info->family, "bl602") == 0;
    if (keyless) /* the loader that writes is in no flash: the imitated one does */
        opt.emulate = false;
    if (!opt.model ||
        (!keyless && (info->key_class == RK_KEY_VENDOR || info->key_class == RK_KEY_UNREADABLE)))
        st = rk_fail(err, RK_ERR_UNSUPPORTED, "emulate.chip", "this %s cannot be rehearsed%s",
                     info->chip, opt.model ? ": its key is not known" : "");
    if (st == RK_OK)
        st = rk_job_read(dev, 0, flash, info->flash_size, err);
    if (st == RK_OK)
        st = rk_sim_new(&opt, &sim, err);
    if (st == RK_OK)
        st = write_copy(sim, image, sources, policy, err);
    if (st == RK_OK)
        st = start_copy(sim, info, &boot, err);
    if (st == RK_OK)
        rk_stage_end(rk_device_context(dev), "rehearse", "an emulated copy was flashed and: %s",
                     boot.summary);
    rk_boot_result_free(&boot);
    rk_sim_free(sim);
    free(flash);
    return st;
}
