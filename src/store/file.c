#include "store/file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef _WIN32
#include <io.h>
#include <windows.h>
#define OPEN_FLAGS O_BINARY
static int sync_file(int fd)
{
    return _commit(fd);
}
static int replace_file(const char *from, const char *to)
{
    if (MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        return 0;
    errno = EACCES;
    return -1;
}
static int make_folder(const char *path)
{
    return mkdir(path);
}
static int publish_file(const char *from, const char *to)
{
    if (MoveFileExA(from, to, MOVEFILE_WRITE_THROUGH))
        return 0;
    errno = rk_file_exists(to) ? EEXIST : EACCES;
    return -1;
}
#else
#define OPEN_FLAGS O_CLOEXEC
static int sync_file(int fd)
{
    return fsync(fd);
}
static int replace_file(const char *from, const char *to)
{
    return rename(from, to);
}
static int make_folder(const char *path)
{
    return mkdir(path, 0700);
}
/* Gives the finished file its name unless that name is taken. */
static int publish_file(const char *from, const char *to)
{
    if (link(from, to) == 0)
        return unlink(from);
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
        return -1;
    if (rk_file_exists(to)) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}
#endif

enum rk_status rk_file_error(struct rk_error *err, const char *what, const char *path, int os_error)
{
    static const struct {
        int number;
        const char *id, *hint;
    } known[] = {
        {ENOENT, "file.missing", "check the name and the folder"},
        {EACCES, "file.denied", "check the permissions, or choose another folder"},
        {EPERM, "file.denied", "check the permissions, or choose another folder"},
        {EROFS, "file.read-only", "the file system is read-only: choose another folder"},
        {ENOSPC, "file.disk-full", "make room on the disk, then run the command again"},
#ifdef EDQUOT
        {EDQUOT, "file.disk-full", "your quota is used up: make room, then run it again"},
#endif
        {EISDIR, "file.directory", "name a file, not a folder"},
        {ENOTDIR, "file.missing", "a part of the path is not a folder"},
        {EEXIST, "file.exists", "choose another name, or move the old file away"},
        {EFBIG, "file.too-large", "the file system does not take files that large"},
    };
    const char *id = "file.io", *hint = "";

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].number == os_error) {
            id = known[i].id;
            hint = known[i].hint;
            break;
        }
    rk_fail(err, RK_ERR_FILE, id, "cannot %s \"%s\": %s", what, path, strerror(os_error));
    rk_error_hint(err, "%s", hint);
    if (err)
        err->os_error = os_error;
    return RK_ERR_FILE;
}

bool rk_file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

/* Reads up to max bytes from fd into a growing buffer; one byte more than max is an error. */
static enum rk_status read_all(int fd, const char *path, size_t max, uint8_t **data, size_t *len,
                               struct rk_error *err)
{
    size_t cap = 0, used = 0;
    uint8_t *buf = NULL;

    for (;;) {
        if (used == cap) {
            cap = cap ? cap * 2 : 65536;
            uint8_t *bigger = realloc(buf, cap);
            if (!bigger) {
                free(buf);
                return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
            }
            buf = bigger;
        }
        ssize_t n = read(fd, buf + used, (unsigned)(cap - used));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int e = errno;
            free(buf);
            return rk_file_error(err, "read", path, e);
        }
        if (n == 0)
            break;
        used += (size_t)n;
        if (used > max) {
            free(buf);
            rk_fail(err, RK_ERR_FILE, "file.too-large", "\"%s\" is larger than %zu bytes", path,
                    max);
            rk_error_hint(err, "no module has a flash that large: is this the right file?");
            return RK_ERR_FILE;
        }
    }
    if (used == 0) {
        free(buf);
        rk_fail(err, RK_ERR_FILE, "file.empty", "\"%s\" is empty", path);
        rk_error_hint(err, "download or copy the file again");
        return RK_ERR_FILE;
    }
    *data = buf;
    *len = used;
    return RK_OK;
}

enum rk_status rk_file_read(const char *path, size_t max, uint8_t **data, size_t *len,
                            struct rk_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | OPEN_FLAGS);

    if (fd < 0)
        return rk_file_error(err, "open", path, errno);
    enum rk_status status;
    if (fstat(fd, &st) != 0) {
        status = rk_file_error(err, "examine", path, errno);
    } else if (S_ISDIR(st.st_mode)) {
        status = rk_file_error(err, "read", path, EISDIR);
    } else if (S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size > max) {
        status = rk_fail(err, RK_ERR_FILE, "file.too-large",
                         "\"%s\" has %llu bytes, at most %zu make sense", path,
                         (unsigned long long)st.st_size, max);
        rk_error_hint(err, "no module has a flash that large: is this the right file?");
    } else {
        status = read_all(fd, path, max, data, len, err);
    }
    close(fd);
    return status;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len < 1u << 20 ? (unsigned)len : 1u << 20);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Renaming would put a file in the place of a device node, and a pipe cannot be undone. */
static enum rk_status refuse_special(const char *path, struct rk_error *err)
{
    struct stat st;

    if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
        return RK_OK;
    if (S_ISDIR(st.st_mode))
        return rk_file_error(err, "write", path, EISDIR);
    rk_fail(err, RK_ERR_FILE, "file.special", "\"%s\" is a device or a pipe, not a file", path);
    rk_error_hint(err, "name an ordinary file");
    return RK_ERR_FILE;
}

enum rk_status rk_file_write(const char *path, const uint8_t *data, size_t len, bool exclusive,
                             bool secret, struct rk_error *err)
{
    char temporary[1100];

    if (!exclusive && refuse_special(path, err) != RK_OK)
        return RK_ERR_FILE;
    if (exclusive && rk_file_exists(path))
        return rk_file_error(err, "create", path, EEXIST);
    rk_text_format(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | OPEN_FLAGS, secret ? 0600 : 0666);
    if (fd < 0)
        return rk_file_error(err, "create", temporary, errno);
    int e = 0;
    if (!write_all(fd, data, len) || sync_file(fd) != 0)
        e = errno;
    if (close(fd) != 0 && e == 0)
        e = errno;
    if (e == 0 && (exclusive ? publish_file(temporary, path) : replace_file(temporary, path)) != 0)
        e = errno;
    if (e != 0) {
        unlink(temporary);
        return rk_file_error(err, "write", path, e);
    }
    return RK_OK;
}

enum rk_status rk_file_publish(const char *from, const char *to, struct rk_error *err)
{
    return publish_file(from, to) == 0 ? RK_OK : rk_file_error(err, "create", to, errno);
}

enum rk_status rk_file_open_pieces(const char *path, bool create, int *fd, struct rk_error *err)
{
    int flags = O_RDWR | OPEN_FLAGS | (create ? O_CREAT | O_EXCL : 0);

    *fd = open(path, flags, 0666);
    return *fd >= 0 ? RK_OK : rk_file_error(err, create ? "create" : "open", path, errno);
}

enum rk_status rk_file_put(int fd, const char *path, uint32_t offset, const uint8_t *data,
                           size_t len, struct rk_error *err)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0 || !write_all(fd, data, len))
        return rk_file_error(err, "write", path, errno);
    return RK_OK;
}

enum rk_status rk_file_get(int fd, const char *path, uint32_t offset, uint8_t *data, size_t len,
                           struct rk_error *err)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return rk_file_error(err, "read", path, errno);
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, data + done, (unsigned)(len - done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return rk_file_error(err, "read", path, errno);
        if (n == 0)
            return rk_fail(err, RK_ERR_FILE, "file.truncated", "\"%s\" ends too early", path);
        done += (size_t)n;
    }
    return RK_OK;
}

enum rk_status rk_file_sync(int fd, const char *path, struct rk_error *err)
{
    return sync_file(fd) == 0 ? RK_OK : rk_file_error(err, "write", path, errno);
}

void rk_file_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

void rk_file_remove(const char *path)
{
    unlink(path);
}

enum rk_status rk_file_make_folder(const char *path, struct rk_error *err)
{
    struct stat st;

    if (make_folder(path) == 0)
        return RK_OK;
    int os_error = errno;
    if (os_error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return RK_OK;
    return rk_file_error(err, "make the folder", path, os_error);
}
