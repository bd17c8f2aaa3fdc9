/* Many seeded runs with faults of every kind on every model. A run may succeed or fail with an
 * error that says what happened, within its time; then the same command without faults must
 * succeed with the exact bytes, and what was not to be touched must be untouched.
 *
 *   campaign_faults [--runs N] [--seed S] [--model MODEL] [-v]
 *
 * Run `--runs 1 --seed S -v` to repeat the run that a failure names. */
#include "campaign/module.h"

#include "base/rng.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_RUN_S 3600 /* virtual time; a healthy run takes seconds to minutes */

static const struct {
    const char *model, *loader;
} models[] = {{"bk7231n", NULL}, {"bk7231t", "1.0.4"}, {"bk7231t", "1.0.5"}, {"bk7231t", "1.0.6"},
              {"bk7231m", NULL}, {"bk7231u", NULL},    {"bk7238", NULL},     {"bk7252", NULL},
              {"bk7231q", NULL}, {"bk7252n", NULL},    {"bl602", NULL}};

enum kind {
    DROP,
    ADD,
    FLIP,
    NOISE,
    SILENT,
    LATE,
    STATUS,
    SLOW,
    VANISH,
    POWER_CUT,
    MAX_BAUD,
    LOCKED,
    DEAD_FLASH,
    WEAK_SECTOR,
    MIXED,
    KIND_COUNT
};
static const char *const kind_names[KIND_COUNT] = {
    "drop",   "add",       "flip",     "noise",  "silent",     "late",        "status", "slow",
    "vanish", "power-cut", "max-baud", "locked", "dead-flash", "weak-sector", "mixed"};

enum operation { BACKUP, WRITE, FLASH, ERASE, RESTORE, OPERATION_COUNT };
static const char *const operation_names[OPERATION_COUNT] = {"backup", "write", "flash", "erase",
                                                             "restore"};

struct run {
    uint64_t seed;
    struct rk_rng rng;
    struct module module;
    enum kind kind;
    enum operation operation;
    uint8_t *wanted; /* the flash after success */
    uint8_t *data;   /* what is written */
    uint32_t addr, len;
    char backup[128];
};

static bool verbose;
static const char *only; /* this model; NULL = all */

/* A number between low and high whose logarithm is spread evenly: faults from rare to plenty. */
static uint32_t spread(struct rk_rng *rng, uint32_t low, uint32_t high)
{
    uint32_t octaves = 0, value;

    while (low << octaves < high)
        octaves++;
    value = low << rk_rng_below(rng, octaves + 1);
    return value < high ? value + rk_rng_below(rng, value) : high;
}

static struct rk_sim_faults draw_faults(struct rk_rng *rng, enum kind kind, uint32_t addr)
{
    struct rk_sim_faults f = {.seed = rk_rng_next(rng)};
    bool all = kind == MIXED;

    f.drop_ppm = kind == DROP || all ? spread(rng, 2, all ? 50 : 1000) : 0;
    f.add_ppm = kind == ADD || all ? spread(rng, 2, all ? 50 : 1000) : 0;
    f.flip_ppm = kind == FLIP || all ? spread(rng, 2, all ? 50 : 1000) : 0;
    f.noise_ppm = kind == NOISE || all ? spread(rng, 1000, 1000000) : 0;
    f.silent_ppm = kind == SILENT || all ? spread(rng, 100, 50000) : 0;
    f.late_ppm = kind == LATE || all ? spread(rng, 100, 50000) : 0;
    f.status_ppm = kind == STATUS || all ? spread(rng, 1000, 100000) : 0;
    f.slow_us = kind == SLOW || all ? spread(rng, 1000, 40000) : 0;
    f.vanish_at = kind == VANISH ? 1 + rk_rng_below(rng, 400) : 0;
    f.power_cut_at = kind == POWER_CUT ? 1 + rk_rng_below(rng, 400) : 0;
    f.max_baud = kind == MAX_BAUD ? 115200u << rk_rng_below(rng, 4) : 0;
    f.locked = kind == LOCKED;
    f.dead_flash = kind == DEAD_FLASH;
    f.weak_sector = kind == WEAK_SECTOR ? addr + rk_rng_below(rng, 4) * RK_SECTOR_SIZE : 0;
    return f;
}

/* What the run does, and how the flash looks afterwards. */
static void prepare(struct run *run)
{
    struct module *m = &run->module;

    run->wanted = malloc(m->size);
    run->data = malloc(m->size);
    if (!run->wanted || !run->data)
        exit(2);
    memcpy(run->wanted, m->original, m->size);
    rk_text_format(run->backup, sizeof run->backup, "%s/b.bin", m->folder);
    if (run->operation == RESTORE)
        memcpy(run->data, m->original, m->size);
    uint8_t *target = run->operation == RESTORE ? run->data + run->addr : run->data;
    for (uint32_t i = 0; i < run->len; i++)
        target[i] = (uint8_t)rk_rng_next(&run->rng);
    if (run->operation == ERASE)
        memset(run->wanted + run->addr, 0xFF, run->len);
    else if (run->operation != BACKUP)
        memcpy(run->wanted + run->addr, target, run->len);
}

static enum rk_status carry_out(struct run *run, struct rk_error *err)
{
    struct module *m = &run->module;
    struct rk_backup_options backup = {.size = sizeof backup, .path = run->backup, .resume = true};
    struct rk_write_policy policy = {.backup_dir = m->folder};
    struct rk_image_file file = {.name = "image.bin", .data = run->data, .len = run->len};
    struct rk_backup_result saved;
    struct rk_write_result written;

    switch (run->operation) {
    case BACKUP:
        return rk_job_backup(m->dev, &backup, &saved, err);
    case WRITE:
        return rk_job_write(m->dev, run->addr, run->data, run->len, &policy, &written, err);
    case FLASH:
        file.have_addr = true;
        file.addr = run->addr;
        return rk_job_flash(m->dev, &file, &policy, &written, err);
    case ERASE:
        return rk_job_erase(m->dev, run->addr, run->len, &policy, &written, err);
    case RESTORE:
        file.len = m->size;
        return rk_job_restore(m->dev, &file, &policy, &written, err);
    case OPERATION_COUNT:
        break;
    }
    return RK_ERR_INTERNAL;
}

static enum rk_status attempt(struct run *run, struct rk_error *err)
{
    enum rk_status status = module_connect(&run->module, err);

    return status == RK_OK ? carry_out(run, err) : status;
}

static bool complain(const struct run *run, const char *what, const struct rk_error *err)
{
    fprintf(stderr, "campaign: seed %llu (%s, %s): %s", (unsigned long long)run->seed,
            kind_names[run->kind], operation_names[run->operation], what);
    if (err && err->status != RK_OK)
        fprintf(stderr, ": [%s] %s; %s", err->id, err->message, err->detail);
    fputc('\n', stderr);
    return false;
}

static bool is_exact(const struct run *run)
{
    const struct module *m = &run->module;
    size_t len;
    const uint8_t *flash = rk_sim_flash(m->sim, &len);

    for (size_t i = 0; i < m->size; i++)
        if (flash[i] != run->wanted[i]) {
            fprintf(stderr, "campaign: first difference at 0x%06zx: %02x, wanted %02x, was %02x\n",
                    i, flash[i], run->wanted[i], m->original[i]);
            return false;
        }
    return run->operation != BACKUP || module_file_is(run->backup, run->wanted, m->size);
}

static bool is_classified(const struct rk_error *err)
{
    return err->status != RK_OK && err->status != RK_ERR_INTERNAL && err->status != RK_ERR_ARG &&
           err->id[0] && err->message[0];
}

static bool judge(struct run *run)
{
    struct rk_error err = {0};
    enum rk_status status = attempt(run, &err);

    if (verbose)
        fprintf(stderr, "seed %llu %s %s: %s [%s] %s (%.1f s)\n", (unsigned long long)run->seed,
                kind_names[run->kind], operation_names[run->operation], rk_status_name(status),
                err.id, err.message, module_seconds(&run->module));
    if (module_seconds(&run->module) > LONGEST_RUN_S)
        return complain(run, "took too long", &err);
    if (status == RK_OK && !is_exact(run))
        return complain(run, "claims success, but the bytes are wrong", NULL);
    if (status != RK_OK && !is_classified(&err))
        return complain(run, "ended with an error that says nothing", &err);
    module_heal(&run->module);
    module_disconnect(&run->module);
    if (status == RK_OK && run->operation == BACKUP)
        return true;
    err = (struct rk_error){0};
    status = attempt(run, &err);
    if (status != RK_OK)
        return complain(run, "the plain run afterwards failed", &err);
    return is_exact(run) || complain(run, "the plain run afterwards left wrong bytes", NULL);
}

static bool one_run(uint64_t seed)
{
    struct run run = {.seed = seed, .rng = {seed * 0x9E3779B9u + 1}};
    size_t model = rk_rng_below(&run.rng, sizeof models / sizeof models[0]);

    for (size_t i = 0; only && i < sizeof models / sizeof models[0]; i++)
        if (strcmp(models[i].model, only) == 0)
            model = i;

    run.kind = (enum kind)(seed % KIND_COUNT);
    run.operation = (enum operation)rk_rng_below(&run.rng, OPERATION_COUNT);
    run.addr = 0x11000 + rk_rng_below(&run.rng, 0x100) * 0x1000;
    run.len = 0x3000 + rk_rng_below(&run.rng, 0x20000);
    if (run.operation == WRITE)
        run.addr += rk_rng_below(&run.rng, RK_SECTOR_SIZE);
    if (run.operation == ERASE)
        run.len &= ~(RK_SECTOR_SIZE - 1);
    struct rk_sim_faults faults = draw_faults(&run.rng, run.kind, run.addr & ~0xFFFu);
    module_make(&run.module, models[model].model, models[model].loader, seed, &faults);
    prepare(&run);
    if (verbose)
        fprintf(stderr, "%s %s: ", models[model].model,
                models[model].loader ? models[model].loader : "");
    bool good = judge(&run);
    if (!good)
        fprintf(stderr, "campaign: repeat with --runs 1 --seed %llu -v (%s)\n",
                (unsigned long long)seed, models[model].model);
    module_free(&run.module);
    free(run.wanted);
    free(run.data);
    return good;
}

int main(int argc, char **argv)
{
    uint64_t runs = 60, seed = 1, failed = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            verbose = true;
        else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtoull(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "--model") == 0 && i + 1 < argc)
            only = argv[++i];
    }
    for (uint64_t i = 0; i < runs; i++)
        failed += !one_run(seed + i);
    printf("campaign: %llu runs over %d kinds of faults, %llu failed\n", (unsigned long long)runs,
           KIND_COUNT, (unsigned long long)failed);
    return failed ? 1 : 0;
}
