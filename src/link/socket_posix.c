#include "link/socket.h"

#include <rekindle/clock.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 5000

static enum rk_status gone(const char *name, struct rk_error *err)
{
    rk_fail(err, RK_ERR_PORT_GONE, "port.gone", "the connection to %s has ended", name);
    rk_error_hint(err, "is the remote program still running?");
    return RK_ERR_PORT_GONE;
}

static enum rk_status io_error(const char *name, int e, struct rk_error *err)
{
    if (e == ECONNRESET || e == EPIPE || e == ENOTCONN)
        return gone(name, err);
    rk_fail(err, RK_ERR_PORT_IO, "port.io", "%s: %s", name, strerror(e));
    if (err)
        err->os_error = e;
    return RK_ERR_PORT_IO;
}

/* Connects within a few seconds; 0 or an errno. */
static int connect_one(const struct addrinfo *ai, int *out)
{
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);
    int one = 1, e = 0;
    socklen_t len = sizeof e;

    if (fd < 0)
        return errno;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (errno != EINPROGRESS)
            e = errno;
        else if (poll(&p, 1, CONNECT_MS) != 1)
            e = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
            e = errno;
    }
    if (e != 0) {
        close(fd);
        return e;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *out = fd;
    return 0;
}

enum rk_status rk_socket_connect(const char *address, int *out, struct rk_error *err)
{
    char host[256], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    enum rk_status st = rk_address_split(address, host, sizeof host, port, sizeof port, err);

    if (st != RK_OK)
        return st;
    int n = getaddrinfo(host, port, &hints, &list);
    if (n != 0) {
        rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.host", "%s: %s", host, gai_strerror(n));
        rk_error_hint(err, "check the name of the host");
        return RK_ERR_PORT_NOT_FOUND;
    }
    int e = EHOSTUNREACH;
    for (const struct addrinfo *ai = list; ai && e != 0; ai = ai->ai_next)
        e = connect_one(ai, out);
    freeaddrinfo(list);
    if (e == 0)
        return RK_OK;
    rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.host", "cannot connect to %s: %s", address,
            strerror(e));
    rk_error_hint(err, "is the remote program running and does it listen on that port?");
    if (err)
        err->os_error = e;
    return RK_ERR_PORT_NOT_FOUND;
}

enum rk_status rk_socket_read(int fd, const char *name, uint8_t *buf, size_t cap, size_t *got,
                              uint64_t timeout_us, struct rk_error *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ms = timeout_us > 1000000u ? 1000 : (int)((timeout_us + 999) / 1000);
    int ready = poll(&p, 1, ms);

    *got = 0;
    if (ready <= 0)
        return ready == 0 || errno == EINTR ? RK_OK : io_error(name, errno, err);
    ssize_t n = recv(fd, buf, cap, 0);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? RK_OK : io_error(name, errno, err);
    if (n == 0)
        return gone(name, err);
    *got = (size_t)n;
    return RK_OK;
}

enum rk_status rk_socket_write(int fd, const char *name, const uint8_t *buf, size_t len,
                               uint64_t timeout_us, struct rk_error *err)
{
    const struct rk_clock *clock = rk_clock_system();
    uint64_t end = rk_clock_now(clock) + timeout_us;

    while (len > 0) {
        ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);
        if (n > 0) {
            buf += n;
            len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return io_error(name, errno, err);
        if (rk_clock_now(clock) >= end)
            return rk_fail(err, RK_ERR_TIMEOUT, "port.stuck", "%s takes no more bytes", name);
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        (void)poll(&p, 1, 100);
    }
    return RK_OK;
}

void rk_socket_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
