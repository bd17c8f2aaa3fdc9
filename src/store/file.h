/* Local files: whole-file reading with a limit, and writing that never leaves half a file. */
#ifndef RK_STORE_FILE_H
#define RK_STORE_FILE_H

#include <rekindle/error.h>

/* Reads a whole regular file of at most max bytes. *data is allocated (free() it), never NULL on
 * success. Errors: FILE "file.*" for missing, unreadable, a directory, empty, or too large. */
RK_MUST_CHECK enum rk_status rk_file_read(const char *path, size_t max, uint8_t **data, size_t *len,
                                          struct rk_error *err);

/* Writes a file through a temporary one in the same folder: fsync, then rename. On failure the
 * old file is intact and the temporary one is gone. If `exclusive`, an existing file is an error
 * ("file.exists"). `secret` creates it with mode 0600. */
RK_MUST_CHECK enum rk_status rk_file_write(const char *path, const uint8_t *data, size_t len,
                                           bool exclusive, bool secret, struct rk_error *err);

/* Fills *err for the failed operation `what` ("open", "write", ...) on path from errno. Always
 * returns RK_ERR_FILE. Names disk full, read-only folder and the like with a way out. */
enum rk_status rk_file_error(struct rk_error *err, const char *what, const char *path,
                             int os_error);

/* True if something exists at path. */
bool rk_file_exists(const char *path);

#endif
