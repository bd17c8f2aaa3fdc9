/* The backups in a folder, found by their manifests. */
#ifndef RK_STORE_FOLDER_H
#define RK_STORE_FOLDER_H

#include "store/manifest.h"

struct rk_backup_entry {
    char data_path[1024]; /* FILE, or FILE.part of an unfinished one */
    char manifest_path[1024];
    struct rk_manifest manifest;
    enum rk_same_module same; /* how it relates to the module asked for; never OTHER */
};

/* The backups of one module, the newest first. */
struct rk_backup_list {
    struct rk_backup_entry *entries;
    size_t count;
};

/* Lists the backups in `dir` (NULL = current folder) that may be of this module: with a readable
 * manifest and a data file beside it. Whatever else is in the folder is ignored, and so is a
 * folder that cannot be read: finding nothing is no error. Errors: NOMEM. Free with
 * rk_backup_list_free(). */
RK_MUST_CHECK enum rk_status rk_backup_list_find(const char *dir,
                                                 const struct rk_device_info *device,
                                                 struct rk_backup_list *out, struct rk_error *err);
void rk_backup_list_free(struct rk_backup_list *list);

#endif
