/* Sockets and ptys of POSIX systems. */
#include "sim/serve.h"

#include "base/text.h"
#include "sim/serve_where.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS has a socket option instead */
#endif

static void make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static enum rk_status cannot(struct rk_error *err, const char *what, const char *name, int number)
{
    rk_fail(err, RK_ERR_PORT_IO, "sim.serve", "cannot %s %s: %s", what, name, strerror(number));
    if (err)
        err->os_error = number;
    if (number == EADDRINUSE)
        rk_error_hint(err, "another program listens there: choose another port, or 0 for any");
    return RK_ERR_PORT_IO;
}

static int listen_on(const struct addrinfo *address)
{
    int one = 1;
    int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, 4) != 0) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    make_nonblocking(fd);
    return fd;
}

enum rk_status rk_serve_listen(const char *where, intptr_t *handle, char *name, size_t cap,
                               struct rk_error *err)
{
    char host[256], port[8], numeric[64];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;

    enum rk_status st = rk_serve_where(where, host, sizeof host, port, sizeof port, err);
    if (st != RK_OK)
        return st;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        rk_fail(err, RK_ERR_ARG, "sim.address", "the address \"%s\" cannot be resolved", host);
        return RK_ERR_ARG;
    }
    int fd = listen_on(found);
    int number = errno;
    freeaddrinfo(found);
    if (fd < 0)
        return cannot(err, "listen on", where, number);
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0 &&
        getnameinfo((struct sockaddr *)&bound, len, NULL, 0, numeric, sizeof numeric,
                    NI_NUMERICSERV) == 0)
        rk_text_copy(port, sizeof port, numeric);
    rk_text_format(name, cap, "%s:%s", host, port);
    *handle = fd;
    return RK_OK;
}

intptr_t rk_serve_accept(intptr_t listener)
{
    int one = 1;
    int fd = accept((int)listener, NULL, NULL);

    if (fd < 0)
        return RK_SERVE_NONE;
    make_nonblocking(fd);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
#ifdef SO_NOSIGPIPE
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one);
#endif
    return fd;
}

static bool try_again(void)
{
    return errno == EAGAIN || errno == EINTR;
}

long rk_serve_read(intptr_t handle, uint8_t *buf, size_t cap)
{
    ssize_t n = read((int)handle, buf, cap);

    if (n > 0)
        return (long)n;
    return n < 0 && try_again() ? 0 : -1;
}

long rk_serve_write(intptr_t handle, const uint8_t *buf, size_t len)
{
    ssize_t n = send((int)handle, buf, len, MSG_NOSIGNAL);

    if (n < 0 && errno == ENOTSOCK)
        n = write((int)handle, buf, len);
    if (n >= 0)
        return (long)n;
    return try_again() ? 0 : -1;
}

void rk_serve_close(intptr_t handle)
{
    if (handle != RK_SERVE_NONE)
        close((int)handle);
}

/* Gives the pty its name; an old link that leads nowhere any more is replaced. */
static enum rk_status make_link(const char *target, const char *link, struct rk_error *err)
{
    struct stat st;

    if (lstat(link, &st) == 0) {
        if (!S_ISLNK(st.st_mode) || stat(link, &st) == 0) {
            rk_fail(err, RK_ERR_ARG, "sim.link-exists", "\"%s\" exists already", link);
            rk_error_hint(err, "end the program that made it, or choose another name");
            return RK_ERR_ARG;
        }
        (void)unlink(link);
    }
    if (symlink(target, link) != 0)
        return cannot(err, "create the link", link, errno);
    return RK_OK;
}

static bool set_raw(int fd)
{
    struct termios tio;

    if (tcgetattr(fd, &tio) != 0)
        return false;
    cfmakeraw(&tio);
    (void)cfsetspeed(&tio, B115200);
    return tcsetattr(fd, TCSANOW, &tio) == 0;
}

enum rk_status rk_serve_pty_open(const char *link, struct rk_serve_pty *pty, struct rk_error *err)
{
    char far_name[256];
    int fd = posix_openpt(O_RDWR | O_NOCTTY);

    if (fd < 0)
        return cannot(err, "open", "a pty", errno);
    pty->handle = fd;
    const char *name = grantpt(fd) == 0 && unlockpt(fd) == 0 ? ptsname(fd) : NULL;
    if (!name)
        return cannot(err, "set up", "a pty", errno);
    rk_text_copy(far_name, sizeof far_name, name);
    int client = open(far_name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (client < 0)
        return cannot(err, "open", far_name, errno);
    pty->client = client;
    if (!set_raw(client))
        return cannot(err, "set up", far_name, errno);
    make_nonblocking(fd);
    enum rk_status st = make_link(far_name, link, err);
    if (st == RK_OK)
        rk_text_copy(pty->link, sizeof pty->link, link);
    return st;
}

void rk_serve_pty_release(const struct rk_serve_pty *pty)
{
    if (pty->client != RK_SERVE_NONE)
        (void)ioctl((int)pty->client, TIOCNXCL);
}

void rk_serve_pty_close(struct rk_serve_pty *pty)
{
    if (pty->link[0])
        (void)unlink(pty->link);
    rk_serve_close(pty->client);
    rk_serve_close(pty->handle);
    pty->link[0] = '\0';
    pty->handle = pty->client = RK_SERVE_NONE;
}
