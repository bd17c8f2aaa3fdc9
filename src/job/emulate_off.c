/* Stands in for the emulator in builds without it: everything says so. */
#include <rekindle/boot.h>
#include <rekindle/emulate.h>
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

/* ---- a machine is never made: what is asked of one has nothing to answer ---- */

enum rk_status rk_emulator_new(const struct rk_emulate_options *opt, struct rk_emulator **out,
                               struct rk_error *err)
{
    (void)opt;
    *out = NULL;
    return say_off(err);
}

enum rk_status rk_emulator_resume(const uint8_t *bytes, size_t len,
                                  const struct rk_emulate_options *opt, struct rk_emulator **out,
                                  const uint8_t **note, size_t *note_len, struct rk_error *err)
{
    (void)bytes;
    (void)len;
    (void)note;
    (void)note_len;
    return rk_emulator_new(opt, out, err);
}

enum rk_status rk_emulator_save(const struct rk_emulator *emulator, const uint8_t *note,
                                size_t note_len, uint8_t **bytes, size_t *len, struct rk_error *err)
{
    (void)emulator;
    (void)note;
    (void)note_len;
    *bytes = NULL;
    *len = 0;
    return say_off(err);
}

void rk_emulator_free(struct rk_emulator *emulator)
{
    (void)emulator;
}

enum rk_emulate_stop rk_emulator_run(struct rk_emulator *emulator, uint64_t until_ns)
{
    (void)emulator;
    (void)until_ns;
    return RK_EMULATE_ASKED;
}

void rk_emulator_stop(struct rk_emulator *emulator)
{
    (void)emulator;
}

void rk_emulator_reset(struct rk_emulator *emulator, enum rk_emulate_reset cause)
{
    (void)emulator;
    (void)cause;
}

void rk_emulator_receive(struct rk_emulator *emulator, unsigned unit, uint8_t byte)
{
    (void)emulator;
    (void)unit;
    (void)byte;
}

uint32_t rk_emulator_baud(const struct rk_emulator *emulator, unsigned unit)
{
    (void)emulator;
    (void)unit;
    return 0;
}

const uint8_t *rk_emulator_flash(const struct rk_emulator *emulator, size_t *len)
{
    (void)emulator;
    *len = 0;
    return NULL;
}

bool rk_emulator_peek(const struct rk_emulator *emulator, uint32_t addr, uint8_t *buf, size_t len)
{
    (void)emulator;
    (void)addr;
    (void)buf;
    (void)len;
    return false;
}

const char *rk_emulator_chip_of(const struct rk_emulator *emulator)
{
    (void)emulator;
    return "";
}

void rk_emulator_state(const struct rk_emulator *emulator, struct rk_emulate_state *out)
{
    (void)emulator;
    memset(out, 0, sizeof *out);
}
