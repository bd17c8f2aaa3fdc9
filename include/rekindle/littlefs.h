/* The files inside: the LittleFS file system in which OpenBeken keeps scripts and pages. Read only.
 *
 * Pure: works on bytes. Source of the format: littlefs SPEC.md, on-disk versions 2.0 and 2.1. */
#ifndef REKINDLE_LITTLEFS_H
#define REKINDLE_LITTLEFS_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rk_littlefs;

struct rk_littlefs_facts {
    uint32_t offset;      /* of its first block in the bytes */
    uint32_t version;     /* major << 16 | minor */
    uint32_t block_size;  /* bytes */
    uint32_t block_count; /* blocks of block_size */
    uint32_t available;   /* blocks that are inside the bytes */
    uint32_t damaged;     /* folders and files that cannot be read whole */
};

struct rk_littlefs_file {
    const char *path; /* "autoexec.bat", "www/index.html"; bytes that are no UTF-8 are escaped */
    bool folder;
    bool intact;   /* every block of it is there; its contents carry no checksum of their own */
    uint32_t size; /* bytes; 0 for folders */
};

/* Finds the first file system in a dump or partition. `data` must stay until rk_littlefs_free().
 * Errors: IMAGE_FORMAT "files.none" (no file system) or "files.damaged" (its first blocks cannot be
 * read: says where), NOMEM. */
RK_MUST_CHECK enum rk_status rk_littlefs_find(const uint8_t *data, size_t len,
                                              struct rk_littlefs **out, struct rk_error *err);
void rk_littlefs_free(struct rk_littlefs *fs);

const struct rk_littlefs_facts *rk_littlefs_facts(const struct rk_littlefs *fs);

/* Files and folders, a folder before what is in it; returns their number. Valid until freed. */
size_t rk_littlefs_files(const struct rk_littlefs *fs, const struct rk_littlefs_file **out);

/* Contents of a file by its number; allocated (free() it), `len` receives its bytes. Of a damaged
 * file what comes before the damage is not told from the rest, so there is none.
 * Errors: ARG "files.name" (a folder, or no such number), IMAGE_FORMAT "files.damaged", NOMEM. */
RK_MUST_CHECK enum rk_status rk_littlefs_read(const struct rk_littlefs *fs, size_t index,
                                              uint8_t **bytes, size_t *len, struct rk_error *err);

/* The bytes that a file system claims, whole or damaged; false if there is none. `offset` and
 * `extent` are inside the bytes. */
bool rk_littlefs_extent(const uint8_t *data, size_t len, size_t *offset, size_t *extent);

#ifdef __cplusplus
}
#endif
#endif
