/* An unfinished backup: the bytes in FILE.part, what is good of them in FILE.part.json. The map
 * never claims a sector that is not on the disk, so that a crash or a power cut at any moment
 * costs at most the last few sectors. */
#ifndef RK_STORE_PART_H
#define RK_STORE_PART_H

#include "store/manifest.h"

#define RK_PART_PATH_MAX 1024
#define RK_PART_PENDING  16 /* sectors that may be lost in a crash */

struct rk_part {
    char path[RK_PART_PATH_MAX]; /* the file the backup will become */
    char data_path[RK_PART_PATH_MAX + 8];
    char map_path[RK_PART_PATH_MAX + 16];
    char manifest_path[RK_PART_PATH_MAX + 8];
    int fd;
    struct rk_manifest manifest; /* what is on the disk; owned */
    struct {
        size_t index;
        struct rk_manifest_sector row;
    } pending[RK_PART_PENDING]; /* written, not yet known to be on the disk */
    size_t pending_count;
};

/* Begins FILE.part for the module and range of *manifest, which is taken over (also on failure).
 * Errors: FILE "file.exists" (FILE or FILE.json is there), "backup.unfinished" (FILE.part is
 * there), "file.*"; NOMEM. *part is to be closed only after success. */
RK_MUST_CHECK enum rk_status rk_part_create(struct rk_part *part, const char *path,
                                            struct rk_manifest *manifest, struct rk_error *err);

/* Opens FILE.part with its map. Sectors whose bytes do not have the checksum the map claims are
 * put back to missing. *found is false, with success, if there is no unfinished backup of that
 * name. Errors: FILE, NOMEM. */
RK_MUST_CHECK enum rk_status rk_part_open(struct rk_part *part, const char *path, bool *found,
                                          struct rk_error *err);

/* Adds a sector (index counts from the beginning of the file). Saves the map now and then. */
RK_MUST_CHECK enum rk_status rk_part_put(struct rk_part *part, size_t index, const uint8_t *data,
                                         enum rk_sector_source source, uint32_t reads,
                                         struct rk_error *err);

/* Brings everything to the disk and claims it in the map. */
RK_MUST_CHECK enum rk_status rk_part_flush(struct rk_part *part, struct rk_error *err);

/* Turns the finished parts into FILE and FILE.json. `sha256` is the file's. The manifest stays
 * readable in part->manifest. Never overwrites. Errors: FILE. */
RK_MUST_CHECK enum rk_status rk_part_finish(struct rk_part *part, const char *sha256,
                                            struct rk_error *err);

/* Closes the file and frees; what is on the disk stays. */
void rk_part_close(struct rk_part *part);

#endif
