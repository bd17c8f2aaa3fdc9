#include "link/socket.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE below */
#endif

static int make_socket(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol), on = 1;

    if (fd < 0)
        return -1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
        (connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS ||
         errno == EINTR))
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

bool rk_socket_begin(const char *host, const char *port, unsigned n, intptr_t *handle, char *text,
                     size_t cap)
{
    struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    int rc = getaddrinfo(host, port, &want, &list), fd = -1;

    if (rc != 0) {
        rk_text_copy(text, cap, gai_strerror(rc));
        return false;
    }
    for (struct addrinfo *a = list; a && fd<0; a = a->ai_next, n -= n> 0) {
        if (n > 0)
            continue;
        fd = make_socket(a);
        if (fd < 0)
            rk_text_copy(text, cap, strerror(errno));
    }
    freeaddrinfo(list);
    *handle = fd;
    return fd >= 0;
}

void rk_socket_close(intptr_t handle)
{
    close((int)handle);
}

enum rk_socket_state rk_socket_wait(intptr_t handle, bool writable, uint64_t timeout_us)
{
    struct pollfd p = {.fd = (int)handle, .events = writable ? POLLOUT : POLLIN};
    uint64_t ms = (timeout_us + 999) / 1000;
    int n = poll(&p, 1, ms > 60000 ? 60000 : (int)ms);

    if (n == 0 || (n < 0 && errno == EINTR))
        return RK_SOCKET_WAITING;
    return n < 0 ? RK_SOCKET_FAILED : RK_SOCKET_READY;
}

bool rk_socket_connected(intptr_t handle, char *text, size_t cap)
{
    int e = 0;
    socklen_t len = sizeof e;

    if (getsockopt((int)handle, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
        e = errno;
    if (e)
        rk_text_copy(text, cap, strerror(e));
    return e == 0;
}

static long result(ssize_t n)
{
    if (n >= 0)
        return (long)n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

long rk_socket_recv_now(intptr_t handle, uint8_t *buf, size_t cap)
{
    ssize_t n = recv((int)handle, buf, cap, 0);

    return n == 0 ? -1 : result(n);
}

long rk_socket_send_now(intptr_t handle, const uint8_t *buf, size_t len)
{
    return result(send((int)handle, buf, len, MSG_NOSIGNAL));
}
