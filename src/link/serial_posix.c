/* Serial ports on POSIX systems. Facts measured on Linux: a read never returns more than 4095
 * bytes, 0 bytes after poll() mean that the other end is gone, pseudo-terminals have no modem
 * lines (ENOTTY), and opening a port asserts DTR and RTS. */
#include "link/serial.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define FIRST_BAUD     115200u
#define DRAIN_LIMIT_US 10000000u
#define DRAIN_STEP_US  1000u

struct serial {
    int fd;
    char path[256];
    struct termios saved;
    bool saved_valid, latency_changed, exclusive;
    uint32_t baud; /* in force, 0 at first */
};

static enum rk_status gone(const struct serial *port, struct rk_error *err)
{
    rk_fail(err, RK_ERR_PORT_GONE, "port.gone", "%s has disappeared", port->path);
    rk_error_hint(err, "was the adapter pulled out? a short circuit at a reset pulse also makes it "
                       "vanish: check the wiring, then run the command again");
    return RK_ERR_PORT_GONE;
}

static enum rk_status io_error(const struct serial *port, const char *what, int e,
                               struct rk_error *err)
{
    if (e == EIO || e == ENXIO || e == ENODEV || e == EBADF)
        return gone(port, err);
    rk_fail(err, RK_ERR_PORT_IO, "port.io", "cannot %s %s: %s", what, port->path, strerror(e));
    if (err)
        err->os_error = e;
    return RK_ERR_PORT_IO;
}

/* Waits for `events`; *ready false after the time has passed. */
static enum rk_status wait_for(const struct serial *port, short events, uint64_t timeout_us,
                               bool *ready, struct rk_error *err)
{
    struct pollfd p = {.fd = port->fd, .events = events};
    int ms = timeout_us > 1000000u ? 1000 : (int)((timeout_us + 999) / 1000);
    int n = poll(&p, 1, ms);

    *ready = false;
    if (n < 0)
        return errno == EINTR ? RK_OK : io_error(port, "wait for", errno, err);
    if (n > 0 && p.revents & (POLLERR | POLLNVAL))
        return gone(port, err);
    if (n > 0 && p.revents & POLLHUP && !(p.revents & POLLIN))
        return gone(port, err);
    *ready = n > 0;
    return RK_OK;
}

static enum rk_status serial_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                                  uint64_t timeout_us, struct rk_error *err)
{
    struct serial *port = self;
    bool ready = false;
    enum rk_status st = wait_for(port, POLLIN, timeout_us, &ready, err);

    *got = 0;
    if (st != RK_OK || !ready)
        return st;
    /* A single read returns at most 4095 bytes: go on until nothing is left. */
    while (*got < cap) {
        ssize_t n = read(port->fd, buf + *got, cap - *got);
        if (n > 0) {
            *got += (size_t)n;
            continue;
        }
        if (*got > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
            break; /* an end behind bytes shows again at the next call */
        return n == 0 ? gone(port, err) : io_error(port, "read from", errno, err);
    }
    return RK_OK;
}

static enum rk_status serial_write(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                   struct rk_error *err)
{
    struct serial *port = self;
    const struct rk_clock *clock = rk_clock_system();
    uint64_t end = rk_clock_now(clock) + timeout_us;

    while (len > 0) {
        ssize_t n = write(port->fd, buf, len);
        if (n > 0) {
            buf += n;
            len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return io_error(port, "write to", errno, err);
        uint64_t now = rk_clock_now(clock);
        if (now >= end) {
            rk_fail(err, RK_ERR_TIMEOUT, "port.stuck", "%s takes no more bytes", port->path);
            rk_error_hint(err, "the adapter or its driver is blocked: plug it in again");
            return RK_ERR_TIMEOUT;
        }
        bool ready = false;
        enum rk_status st = wait_for(port, POLLOUT, end - now, &ready, err);
        if (st != RK_OK)
            return st;
    }
    return RK_OK;
}

/* tcdrain() alone would wait for ever on an adapter that hangs: first see the queue empty. */
static enum rk_status serial_drain(void *self, struct rk_error *err)
{
    struct serial *port = self;
    const struct rk_clock *clock = rk_clock_system();
    uint64_t end = rk_clock_now(clock) + DRAIN_LIMIT_US;
    int n, queued = 0;

    while (ioctl(port->fd, TIOCOUTQ, &queued) == 0 && queued > 0) {
        if (rk_clock_now(clock) >= end) {
            rk_fail(err, RK_ERR_TIMEOUT, "port.stuck", "%s does not send its bytes", port->path);
            rk_error_detail(err, "%d bytes are still queued", queued);
            rk_error_hint(err, "the adapter or its driver is blocked: plug it in again");
            return RK_ERR_TIMEOUT;
        }
        rk_clock_sleep(clock, DRAIN_STEP_US);
    }
    do
        n = tcdrain(port->fd);
    while (n != 0 && errno == EINTR);
    return n == 0 || errno == ENOTTY ? RK_OK : io_error(port, "drain", errno, err);
}

static enum rk_status serial_set_baud(void *self, uint32_t baud, uint32_t *actual,
                                      struct rk_error *err)
{
    struct serial *port = self;
    uint32_t real = baud;
    int e = rk_serial_set_rate(port->fd, baud, &real);

    if (e == EIO || e == ENXIO || e == ENODEV)
        return gone(port, err);
    if (e != 0 || rk_serial_rate_off(baud, real)) {
        uint32_t ignored;
        if (e == 0 && port->baud)
            (void)rk_serial_set_rate(port->fd, port->baud, &ignored);
        rk_fail(err, RK_ERR_PORT_CONFIG, "port.baud", "%s cannot do %u baud", port->path,
                (unsigned)baud);
        if (e != 0)
            rk_error_detail(err, "%s", strerror(e));
        else
            rk_error_detail(err, "the driver offers %u instead", (unsigned)real);
        rk_error_hint(err, "use a lower --baud");
        return RK_ERR_PORT_CONFIG;
    }
    port->baud = baud;
    if (actual)
        *actual = real;
    return RK_OK;
}

static enum rk_status serial_set_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    struct serial *port = self;
    int on = (dtr == 1 ? TIOCM_DTR : 0) | (rts == 1 ? TIOCM_RTS : 0);
    int off = (dtr == 0 ? TIOCM_DTR : 0) | (rts == 0 ? TIOCM_RTS : 0);

    if ((off && ioctl(port->fd, TIOCMBIC, &off) != 0) ||
        (on && ioctl(port->fd, TIOCMBIS, &on) != 0)) {
        int e = errno;
        if (e == EIO || e == ENXIO || e == ENODEV)
            return gone(port, err);
        return rk_fail(err, RK_ERR_UNSUPPORTED, "port.no-lines", "%s has no modem lines",
                       port->path);
    }
    return RK_OK;
}

static enum rk_status serial_discard(void *self, struct rk_error *err)
{
    struct serial *port = self;

    if (tcflush(port->fd, TCIFLUSH) != 0)
        return io_error(port, "flush", errno, err);
    return RK_OK;
}

static void serial_close(void *self)
{
    struct serial *port = self;

    if (port->fd >= 0) {
        if (port->latency_changed)
            (void)rk_serial_low_latency(port->fd, false);
        if (port->saved_valid) {
            tcflush(port->fd, TCIOFLUSH);
            tcsetattr(port->fd, TCSANOW, &port->saved);
        }
        if (port->exclusive)
            ioctl(port->fd, TIOCNXCL);
        close(port->fd);
    }
    free(port);
}

static enum rk_status denied(const char *path, struct rk_error *err)
{
    struct stat st;
    struct group group, *found = NULL;
    char names[1024];

    rk_fail(err, RK_ERR_PORT_DENIED, "port.denied", "no permission to open %s", path);
    if (stat(path, &st) == 0 && st.st_gid != 0 && st.st_mode & S_IWGRP)
        (void)getgrgid_r(st.st_gid, &group, names, sizeof names, &found);
    const char *name = found ? found->gr_name : "dialout";
    rk_error_hint(err,
                  "it belongs to the group \"%s\": run sudo usermod -aG %s $USER, then log in "
                  "again, or install the udev rule of rekindle",
                  name, name);
    return RK_ERR_PORT_DENIED;
}

static enum rk_status busy(const char *path, struct rk_error *err)
{
    char holder[96];

    rk_serial_holder(path, holder, sizeof holder);
    rk_fail(err, RK_ERR_PORT_BUSY, "port.busy", "%s is in use", path);
    if (holder[0])
        rk_error_detail(err, "held by %s", holder);
    rk_error_hint(err, "close the other program (terminal, flasher, ModemManager) and try again");
    return RK_ERR_PORT_BUSY;
}

static enum rk_status open_failed(const char *path, int e, struct rk_error *err)
{
    if (e == EACCES || e == EPERM)
        return denied(path, err);
    if (e == EBUSY)
        return busy(path, err);
    rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.not-found", "cannot open %s: %s", path, strerror(e));
    rk_error_hint(err, "`rekindle ports` lists what is there");
    if (err)
        err->os_error = e;
    return RK_ERR_PORT_NOT_FOUND;
}

/* Lock, raw mode, lines released, low latency. */
static enum rk_status set_up(struct serial *port, struct rk_link_info *info, struct rk_error *err)
{
    if (!isatty(port->fd)) {
        rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.not-serial", "%s is not a serial port",
                port->path);
        rk_error_hint(err, "`rekindle ports` lists the serial ports");
        return RK_ERR_PORT_NOT_FOUND;
    }
    if (flock(port->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return busy(port->path, err);
    port->saved_valid = tcgetattr(port->fd, &port->saved) == 0;
    enum rk_status st = serial_set_lines(port, 0, 0, NULL);
    info->has_lines = st == RK_OK;
    if (st == RK_ERR_PORT_GONE)
        return gone(port, err);
    st = serial_set_baud(port, FIRST_BAUD, NULL, err);
    if (st != RK_OK)
        return st;
    /* Not on a pty: its far side may stay open for days, and the mark would outlive a program that
     * was killed. The lock above ends with its owner. */
    port->exclusive = info->has_lines && ioctl(port->fd, TIOCEXCL) == 0;
    port->latency_changed = rk_serial_low_latency(port->fd, true);
    tcflush(port->fd, TCIOFLUSH);
    return RK_OK;
}

enum rk_status rk_serial_open(struct rk_context *ctx, const char *path,
                              const struct rk_link_info *known, struct rk_link **out,
                              struct rk_error *err)
{
    static const struct rk_link_ops ops = {
        .size = sizeof ops,
        .read = serial_read,
        .write = serial_write,
        .drain = serial_drain,
        .set_baud = serial_set_baud,
        .set_lines = serial_set_lines,
        .discard = serial_discard,
        .close = serial_close,
    };
    struct rk_link_info info = known ? *known : (struct rk_link_info){.vid = 0};
    struct serial *port = calloc(1, sizeof *port);

    if (!port)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_text_copy(port->path, sizeof port->path, path);
    port->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->fd < 0) {
        int e = errno;
        free(port);
        return open_failed(path, e, err);
    }
    enum rk_status st = set_up(port, &info, err);
    if (st != RK_OK) {
        serial_close(port);
        return st;
    }
    rk_text_copy(info.name, sizeof info.name, path);
    rk_text_copy(info.kind, sizeof info.kind, "serial");
    info.paced = true;
    return rk_link_custom(ctx, &ops, port, NULL, &info, out, err);
}
