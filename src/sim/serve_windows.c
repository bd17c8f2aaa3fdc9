/* Sockets of Windows; there are no ptys. */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "sim/serve.h"

#include "base/text.h"
#include "sim/serve_where.h"

static enum rk_status cannot(struct rk_error *err, const char *what, const char *name, int number)
{
    rk_fail(err, RK_ERR_PORT_IO, "sim.serve", "cannot %s %s: Windows error %d", what, name, number);
    if (err)
        err->os_error = number;
    return RK_ERR_PORT_IO;
}

static void make_nonblocking(SOCKET socket_handle)
{
    u_long one = 1;

    (void)ioctlsocket(socket_handle, (long)FIONBIO, &one);
}

enum rk_status rk_serve_listen(const char *where, intptr_t *handle, char *name, size_t cap,
                               struct rk_error *err)
{
    char host[256], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    struct sockaddr_in bound;
    int len = sizeof bound;
    WSADATA data;

    enum rk_status st = rk_serve_where(where, host, sizeof host, port, sizeof port, err);
    if (st != RK_OK)
        return st;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return cannot(err, "use", "the network", WSAGetLastError());
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return rk_fail(err, RK_ERR_ARG, "sim.address", "the address \"%s\" cannot be resolved",
                       host);
    SOCKET fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    bool ok = fd != INVALID_SOCKET && bind(fd, found->ai_addr, (int)found->ai_addrlen) == 0 &&
              listen(fd, 4) == 0;
    int number = WSAGetLastError();
    freeaddrinfo(found);
    if (!ok) {
        if (fd != INVALID_SOCKET)
            closesocket(fd);
        return cannot(err, "listen on", where, number);
    }
    make_nonblocking(fd);
    unsigned shown = 0;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
        shown = ntohs(bound.sin_port);
    rk_text_format(name, cap, "%s:%u", host, shown);
    *handle = (intptr_t)fd;
    return RK_OK;
}

intptr_t rk_serve_accept(intptr_t listener)
{
    SOCKET fd = accept((SOCKET)listener, NULL, NULL);
    BOOL one = TRUE;

    if (fd == INVALID_SOCKET)
        return RK_SERVE_NONE;
    make_nonblocking(fd);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (const char *)&one, sizeof one);
    return (intptr_t)fd;
}

long rk_serve_read(intptr_t handle, uint8_t *buf, size_t cap)
{
    int n = recv((SOCKET)handle, (char *)buf, (int)cap, 0);

    if (n > 0)
        return n;
    return n < 0 && WSAGetLastError() == WSAEWOULDBLOCK ? 0 : -1;
}

long rk_serve_write(intptr_t handle, const uint8_t *buf, size_t len)
{
    int n = send((SOCKET)handle, (const char *)buf, (int)len, 0);

    if (n >= 0)
        return n;
    return WSAGetLastError() == WSAEWOULDBLOCK ? 0 : -1;
}

void rk_serve_close(intptr_t handle)
{
    if (handle != RK_SERVE_NONE)
        closesocket((SOCKET)handle);
}

void rk_serve_wait(const intptr_t *handles, const bool *write, size_t count, uint64_t timeout_us)
{
    WSAPOLLFD fds[16];
    ULONG n = 0;

    for (; n < count && n < sizeof fds / sizeof fds[0]; n++)
        fds[n] = (WSAPOLLFD){.fd = (SOCKET)handles[n],
                             .events = (SHORT)(POLLIN | (write[n] ? POLLOUT : 0))};
    (void)WSAPoll(fds, n, (INT)((timeout_us + 999) / 1000));
}

enum rk_status rk_serve_pty_open(const char *link, struct rk_serve_pty *pty, struct rk_error *err)
{
    (void)link;
    (void)pty;
    rk_fail(err, RK_ERR_UNSUPPORTED, "sim.no-pty", "Windows has no ptys");
    rk_error_hint(err, "serve the module with --tcp PORT or --rfc2217 PORT instead");
    return RK_ERR_UNSUPPORTED;
}

void rk_serve_pty_release(const struct rk_serve_pty *pty)
{
    (void)pty;
}

void rk_serve_pty_close(struct rk_serve_pty *pty)
{
    (void)pty;
}

uint32_t rk_serve_pty_baud(const struct rk_serve_pty *pty)
{
    (void)pty;
    return 0;
}
