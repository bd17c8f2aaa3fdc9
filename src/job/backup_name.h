/* Where a backup goes, and what earlier ones can contribute. */
#ifndef RK_JOB_BACKUP_NAME_H
#define RK_JOB_BACKUP_NAME_H

#include <rekindle/job.h>

/* Writes the path for a new backup that nobody named: <dir>/<chip>-<mac>-<UTC time>.bin, with a
 * number behind if that is taken. With `resume` the newest unfinished backup of this module and
 * range in `dir` is continued instead. Errors: FILE, NOMEM. */
RK_MUST_CHECK enum rk_status rk_backup_choose_name(struct rk_device *dev, const char *dir,
                                                   uint32_t addr, uint32_t len, bool resume,
                                                   char *path, size_t cap, struct rk_error *err);

/* An earlier backup to take unchanged sectors from. */
struct rk_backup_previous {
    uint8_t *data; /* NULL = none; free() it */
    uint32_t addr, len;
    char name[256];
};

/* Loads the earlier backup `path`, or the newest complete one of this module in `dir` if path is
 * NULL; there none is no error. Errors: FILE (path cannot be read), NOMEM. */
RK_MUST_CHECK enum rk_status rk_backup_find_previous(struct rk_device *dev, const char *path,
                                                     const char *dir,
                                                     struct rk_backup_previous *out,
                                                     struct rk_error *err);

#endif
