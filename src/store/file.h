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
 * ("file.exists"); else a device or a pipe is ("file.special"). `secret` creates it with mode 0600. */
RK_MUST_CHECK enum rk_status rk_file_write(const char *path, const uint8_t *data, size_t len,
                                           bool exclusive, bool secret, struct rk_error *err);

/* Gives the finished file `from` the name `to` unless that name is taken ("file.exists"). */
RK_MUST_CHECK enum rk_status rk_file_publish(const char *from, const char *to,
                                             struct rk_error *err);

/* A file that is written piece by piece. `path` is only for messages. */
RK_MUST_CHECK enum rk_status rk_file_open_pieces(const char *path, bool create, int *fd,
                                                 struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_file_put(int fd, const char *path, uint32_t offset,
                                         const uint8_t *data, size_t len, struct rk_error *err);
/* Reads exactly len bytes; a shorter file is an error ("file.truncated"). */
RK_MUST_CHECK enum rk_status rk_file_get(int fd, const char *path, uint32_t offset, uint8_t *data,
                                         size_t len, struct rk_error *err);
/* Returns when the bytes are on the disk. */
RK_MUST_CHECK enum rk_status rk_file_sync(int fd, const char *path, struct rk_error *err);
void rk_file_close(int fd);

/* Removes a file; it is no error if that is impossible. */
void rk_file_remove(const char *path);

/* Fills *err for the failed operation `what` ("open", "write", ...) on path from errno. Always
 * returns RK_ERR_FILE. Names disk full, read-only folder and the like with a way out. */
enum rk_status rk_file_error(struct rk_error *err, const char *what, const char *path,
                             int os_error);

/* Makes a folder, for its owner only; it is no error if there is one already. */
RK_MUST_CHECK enum rk_status rk_file_make_folder(const char *path, struct rk_error *err);

/* True if something exists at path. */
bool rk_file_exists(const char *path);

#endif
