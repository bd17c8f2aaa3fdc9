/* Stands in for the emulator in builds without it: everything says so. */
#include <rekindle/boot.h>
#include <rekindle/job.h>

#include "sim/machine.h"

#include <stdlib.h>
#include <string.h>

static enum rk_status say_off(struct rk_error *err)
{
    rk_fail(err, RK_ERR_UNSUPPORTED, "emulate.off", "this rekindle was built without its emulator");
    rk_error_hint(err, "build it with -DREKINDLE_EMULATE=ON");
    return RK_ERR_UNSUPPORTED;
}

const struct rk_sim_family *rk_emulated_modules(const char *model)
{
    (void)model;
    return NULL;
}

const char *rk_emulator_chip(size_t index)
{
    (void)index;
    return NULL;
}

enum rk_status rk_boot_run(const struct rk_boot_request *request, struct rk_boot_result *out,
                           struct rk_error *err)
{
    (void)request;
    memset(out, 0, sizeof *out);
    return say_off(err);
}

void rk_boot_result_free(struct rk_boot_result *result)
{
    free(result->flash);
    result->flash = NULL;
}

const char *rk_boot_outcome_name(enum rk_boot_outcome outcome)
{
    (void)outcome;
    return "silent";
}

enum rk_status rk_job_rehearse(struct rk_device *dev, const struct rk_image_file *image,
                               const struct rk_bl602_sources *sources,
                               const struct rk_write_policy *policy, struct rk_error *err)
{
    (void)dev;
    (void)image;
    (void)sources;
    (void)policy;
    return say_off(err);
}
