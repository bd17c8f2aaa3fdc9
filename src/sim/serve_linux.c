/* What only Linux has: any rate on a tty, and waiting with a resolution below a millisecond. */
#include "sim/serve.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <poll.h>
#include <time.h>

int ioctl(int fd, unsigned long request, ...); /* <sys/ioctl.h> collides with <asm/termbits.h> */

uint32_t rk_serve_pty_baud(const struct rk_serve_pty *pty)
{
    struct termios2 tio;

    if (pty->client == RK_SERVE_NONE || ioctl((int)pty->client, TCGETS2, &tio) != 0)
        return 0;
    return tio.c_ospeed;
}

void rk_serve_wait(const intptr_t *handles, const bool *write, size_t count, uint64_t timeout_us)
{
    struct pollfd fds[16];
    struct timespec timeout = {.tv_sec = (time_t)(timeout_us / 1000000),
                               .tv_nsec = (long)(timeout_us % 1000000) * 1000};
    nfds_t n = 0;

    for (; n < count && n < sizeof fds / sizeof fds[0]; n++)
        fds[n] = (struct pollfd){.fd = (int)handles[n],
                                 .events = (short)(POLLIN | (write[n] ? POLLOUT : 0))};
    (void)ppoll(fds, n, &timeout, NULL);
}
