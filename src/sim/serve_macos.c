/* macOS: rates are numbers there, and waiting counts milliseconds. */
#include "sim/serve.h"

#include <poll.h>
#include <termios.h>

uint32_t rk_serve_pty_baud(const struct rk_serve_pty *pty)
{
    struct termios tio;

    if (pty->client == RK_SERVE_NONE || tcgetattr((int)pty->client, &tio) != 0)
        return 0;
    return (uint32_t)cfgetospeed(&tio);
}

void rk_serve_wait(const intptr_t *handles, const bool *write, size_t count, uint64_t timeout_us)
{
    struct pollfd fds[16];
    nfds_t n = 0;

    for (; n < count && n < sizeof fds / sizeof fds[0]; n++)
        fds[n] = (struct pollfd){.fd = (int)handles[n],
                                 .events = (short)(POLLIN | (write[n] ? POLLOUT : 0))};
    (void)poll(fds, n, (int)((timeout_us + 999) / 1000));
}
