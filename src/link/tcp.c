/* A plain TCP connection to something that passes bytes on to a UART. It has no rate of its own and
 * no modem lines: what the far end is set to stays. */
#include "base/text.h"
#include "link/schemes.h"
#include "link/socket.h"

#include <stdlib.h>

struct tcp {
    intptr_t socket;
    char name[256];
};

static enum rk_status tcp_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                               uint64_t timeout_us, struct rk_error *err)
{
    struct tcp *tcp = self;

    return rk_socket_read(tcp->socket, tcp->name, buf, cap, got, timeout_us, err);
}

static enum rk_status tcp_write(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                struct rk_error *err)
{
    struct tcp *tcp = self;

    return rk_socket_write(tcp->socket, tcp->name, buf, len, timeout_us, err);
}

static void tcp_close(void *self)
{
    struct tcp *tcp = self;

    rk_socket_close(tcp->socket);
    free(tcp);
}

enum rk_status rk_tcp_open(struct rk_context *ctx, const char *address, struct rk_link **out,
                           struct rk_error *err)
{
    static const struct rk_link_ops ops = {
        .size = sizeof ops, .read = tcp_read, .write = tcp_write, .close = tcp_close};
    struct rk_link_info info = {.kind = "tcp"};
    struct tcp *tcp = calloc(1, sizeof *tcp);

    if (!tcp)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status st = rk_socket_connect(ctx, address, &tcp->socket, err);
    if (st != RK_OK) {
        free(tcp);
        return st;
    }
    rk_text_format(tcp->name, sizeof tcp->name, "tcp://%s", address);
    rk_text_copy(info.name, sizeof info.name, tcp->name);
    return rk_link_custom(ctx, &ops, tcp, NULL, &info, out, err);
}
