/* The backup as other jobs use it. */
#ifndef RK_JOB_BACKUP_H
#define RK_JOB_BACKUP_H

#include <rekindle/job.h>

#include "job/transfer.h"

/* What a caller inside the library gets in addition to the public result. */
struct rk_backup_extra {
    uint8_t *data;               /* the bytes of the file; free() them */
    uint32_t transfers, misread; /* quality of the line */
};

/* rk_job_backup() with digests that may be known already; all of the range are afterwards. `extra`
 * may be NULL. */
RK_MUST_CHECK enum rk_status rk_backup_make(struct rk_survey *survey,
                                            const struct rk_backup_options *opt,
                                            struct rk_backup_result *out,
                                            struct rk_backup_extra *extra, struct rk_error *err);

/* Fills the manifest's head: tool, time, port, module, regions. */
void rk_backup_describe(struct rk_manifest *manifest, const struct rk_device *dev,
                        const char *path);

/* The file name part of a path. */
const char *rk_backup_base_name(const char *path);

#endif
