/* Makes a pty look like a USB serial adapter to programs that expect one. Preloaded into the public
 * clients, which run unchanged:
 *   - modem lines: a pty answers TIOCM* with ENOTTY; here they succeed and do nothing;
 *   - write() returns when the bytes are nearly out, as the drivers of real adapters do; on a pty it
 *     returns at once, and clients that start a short time-out then would give up too early;
 *   - /sys/class/tty has no ptys, and libserialport opens nothing that is not there. */
#define _GNU_SOURCE
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ADAPTER_FIFO 64 /* bytes a full-speed bridge takes ahead */

#define PTY_DETAILS "/sys/class/tty/pts/"
#define PTY_TARGET  "../../devices/virtual/tty/pts"

int ioctl(int fd, unsigned long request, ...);

static int real_ioctl(int fd, unsigned long request, void *argument)
{
    static int (*next)(int, unsigned long, ...);

    if (!next) {
        void *symbol = dlsym(RTLD_NEXT, "ioctl");
        memcpy(&next, &symbol, sizeof next);
    }
    return next(fd, request, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    int result = real_ioctl(fd, request, argument);
    if (result == 0 || errno != ENOTTY || !isatty(fd))
        return result;
    if (request == TIOCMGET)
        *(int *)argument = 0;
    if (request == TIOCMGET || request == TIOCMSET || request == TIOCMBIS || request == TIOCMBIC)
        return 0;
    return result;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    static ssize_t (*next)(int, const void *, size_t);
    struct termios2 tio;

    if (!next) {
        void *symbol = dlsym(RTLD_NEXT, "write");
        memcpy(&next, &symbol, sizeof next);
    }
    ssize_t n = next(fd, bytes, len);
    if (n <= ADAPTER_FIFO || real_ioctl(fd, TCGETS2, &tio) != 0 || tio.c_ospeed < 9600)
        return n;
    long long ns = (long long)(n - ADAPTER_FIFO) * 10 * 1000000000ll / tio.c_ospeed;
    struct timespec rest = {.tv_sec = (time_t)(ns / 1000000000ll), .tv_nsec = ns % 1000000000ll};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        ;
    return n;
}

int lstat(const char *path, struct stat *status)
{
    static int (*next)(const char *, struct stat *);

    if (!next) {
        void *symbol = dlsym(RTLD_NEXT, "lstat");
        memcpy(&next, &symbol, sizeof next);
    }
    if (strncmp(path, PTY_DETAILS, sizeof PTY_DETAILS - 1) != 0)
        return next(path, status);
    memset(status, 0, sizeof *status);
    status->st_mode = S_IFLNK | 0777;
    return 0;
}

ssize_t readlink(const char *path, char *target, size_t len)
{
    static ssize_t (*next)(const char *, char *, size_t);

    if (!next) {
        void *symbol = dlsym(RTLD_NEXT, "readlink");
        memcpy(&next, &symbol, sizeof next);
    }
    if (strncmp(path, PTY_DETAILS, sizeof PTY_DETAILS - 1) != 0)
        return next(path, target, len);
    size_t n = sizeof PTY_TARGET - 1;
    memcpy(target, PTY_TARGET, n < len ? n : len);
    return (ssize_t)(n < len ? n : len);
}
