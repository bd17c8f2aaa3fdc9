/* Makes a pty look like a USB serial adapter to programs that expect one. Preloaded into the public
 * clients, which run unchanged:
 *   - modem lines: a pty answers TIOCM* with ENOTTY; here they succeed and do nothing;
 *   - write() returns when the bytes are nearly out, as the drivers of real adapters do; on a pty it
 *     returns at once, and clients that start a short time-out then would give up too early. */
#define _GNU_SOURCE
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADAPTER_FIFO 64 /* bytes a full-speed bridge takes ahead */

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
