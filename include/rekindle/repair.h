/* Repairs: one thing in the flash is written or erased, everything else is kept, through the same
 * transaction as flashing: backup, plan, verify, continue after an interruption. */
#ifndef REKINDLE_REPAIR_H
#define REKINDLE_REPAIR_H

#include <rekindle/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The repairs by index; false behind the last. */
struct rk_repair_kind {
    const char *name; /* "boot", "app", "rf", "tree", "obk-config", "start-script", "boot-counter",
                       * "tuya-store" */
    const char *what; /* one sentence part */
    bool wants_file;  /* written from a file; else taken out of the flash */
};
bool rk_repair_kind_at(size_t index, struct rk_repair_kind *out);

/* A repair that is ready to be carried out. Points into the file that was given; free it with
 * rk_repair_free(). */
struct rk_repair {
    struct rk_repair_kind kind;
    struct rk_image_file file; /* for `app`: handed to the flash job as it is */
    const uint8_t *data;       /* what to write; NULL = erase, or flash the file */
    uint32_t addr, len;
    uint8_t *owned; /* memory behind `data`, if it is not the file's */
};

/* Finds out where the repair goes on this module and takes what it needs from `file` (a boot loader,
 * an image or a backup; NULL for what is erased). The module is only read. Errors: ARG
 * "repair.kind" (no such repair), "repair.file" (it needs a file), IMAGE_FORMAT "repair.nothing" (the
 * file has no such thing) or "bl602.source" (no sound device tree in it), UNSUPPORTED "repair.place"
 * (this module has no place for it); of a start-up command those of rk_job_read(), rk_obk_find() and
 * rk_obk_patch(). */
RK_MUST_CHECK enum rk_status rk_repair_prepare(struct rk_device *dev, const char *name,
                                               const struct rk_image_file *file,
                                               struct rk_repair *out, struct rk_error *err);

void rk_repair_free(struct rk_repair *repair);

/* Carries it out. Errors as those of rk_job_write(), rk_job_erase() and rk_job_flash(). */
RK_MUST_CHECK enum rk_status rk_repair_run(struct rk_device *dev, const struct rk_repair *repair,
                                           const struct rk_write_policy *policy,
                                           struct rk_write_result *out, struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
