/* TCP connections: addresses, time limits, cancellation. The system calls are in socket_posix.c and
 * socket_windows.c. */
#include "link/socket.h"

#include "base/context.h"
#include "base/text.h"

#include <rekindle/clock.h>

#include <string.h>

#define CONNECT_LIMIT_US 5000000u
#define SLICE_US         20000u

/* Waits for one connection that was begun. OK with *connected false: try the next address. */
static enum rk_status await(struct rk_context *ctx, intptr_t handle, uint64_t deadline,
                            bool *connected, char *text, size_t cap, struct rk_error *err)
{
    const struct rk_clock *clock = rk_clock_system();

    *connected = false;
    while (rk_clock_now(clock) < deadline) {
        if (rk_cancelled(ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        if (rk_socket_wait(handle, true, SLICE_US) == RK_SOCKET_WAITING)
            continue;
        *connected = rk_socket_connected(handle, text, cap);
        return RK_OK;
    }
    rk_text_copy(text, cap, "no answer within 5 s");
    return RK_OK;
}

enum rk_status rk_socket_connect(struct rk_context *ctx, const char *address, intptr_t *handle,
                                 struct rk_error *err)
{
    char host[256], port[8], text[160] = "";
    uint64_t deadline = rk_clock_now(rk_clock_system()) + CONNECT_LIMIT_US;
    bool connected = false;
    intptr_t made;
    enum rk_status st = rk_address_split(address, host, sizeof host, port, sizeof port, err);

    for (unsigned n = 0; st == RK_OK && !connected; n++) {
        if (!rk_socket_begin(host, port, n, &made, text, sizeof text))
            break;
        st = await(ctx, made, deadline, &connected, text, sizeof text, err);
        if (st != RK_OK || !connected)
            rk_socket_close(made);
    }
    if (st != RK_OK)
        return st;
    if (!connected) {
        rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.host", "cannot connect to %s", address);
        rk_error_detail(err, "%s", text);
        rk_error_hint(err, "is the server running (ser2net, rekindle sim --tcp), and is the port "
                           "number right?");
        return RK_ERR_PORT_NOT_FOUND;
    }
    *handle = made;
    return RK_OK;
}

static enum rk_status gone(const char *name, struct rk_error *err)
{
    rk_fail(err, RK_ERR_PORT_GONE, "port.gone", "the connection to %s has ended", name);
    rk_error_hint(err, "is the remote program still running? another client may have taken the "
                       "port over, or the server lost its adapter: look at its log");
    return RK_ERR_PORT_GONE;
}

enum rk_status rk_socket_read(intptr_t handle, const char *name, uint8_t *buf, size_t cap,
                              size_t *got, uint64_t timeout_us, struct rk_error *err)
{
    size_t used = 0;

    *got = 0;
    if (rk_socket_wait(handle, false, timeout_us) == RK_SOCKET_WAITING)
        return RK_OK;
    while (used < cap) {
        long n = rk_socket_recv_now(handle, buf + used, cap - used);
        if (n < 0 && used == 0)
            return gone(name, err);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    *got = used;
    return RK_OK;
}

enum rk_status rk_socket_write(intptr_t handle, const char *name, const uint8_t *buf, size_t len,
                               uint64_t timeout_us, struct rk_error *err)
{
    const struct rk_clock *clock = rk_clock_system();
    uint64_t deadline = rk_clock_now(clock) + timeout_us;
    size_t done = 0;

    while (done < len) {
        long n = rk_socket_send_now(handle, buf + done, len - done);
        if (n < 0)
            return gone(name, err);
        done += (size_t)n;
        if (n > 0)
            continue;
        uint64_t now = rk_clock_now(clock);
        if (now >= deadline || rk_socket_wait(handle, true, deadline - now) == RK_SOCKET_WAITING) {
            rk_fail(err, RK_ERR_TIMEOUT, "port.stuck", "%s takes no more bytes", name);
            rk_error_detail(err, "%zu of %zu bytes sent", done, len);
            return RK_ERR_TIMEOUT;
        }
    }
    return RK_OK;
}
