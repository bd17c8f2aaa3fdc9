/* A TCP connection, the same on every system. */
#ifndef RK_LINK_SOCKET_H
#define RK_LINK_SOCKET_H

#include <rekindle/context.h>

#define RK_SOCKET_NONE ((intptr_t)-1)

/* Splits "HOST:PORT" or "[HOST]:PORT". Errors: ARG "usage.port". */
RK_MUST_CHECK enum rk_status rk_address_split(const char *address, char *host, size_t host_cap,
                                              char *port, size_t port_cap, struct rk_error *err);

/* Connects to an address as above within 5 s, asking for cancellation meanwhile; small packets are
 * sent at once. Errors: ARG "usage.port", PORT_NOT_FOUND "port.host" (name unknown, refused,
 * unreachable), CANCELLED. */
RK_MUST_CHECK enum rk_status rk_socket_connect(struct rk_context *ctx, const char *address,
                                               intptr_t *handle, struct rk_error *err);
void rk_socket_close(intptr_t handle);

/* Takes what is there within timeout_us, at most cap bytes; *got 0 = nothing came. `name` is for
 * messages. Errors: PORT_GONE. */
RK_MUST_CHECK enum rk_status rk_socket_read(intptr_t handle, const char *name, uint8_t *buf,
                                            size_t cap, size_t *got, uint64_t timeout_us,
                                            struct rk_error *err);

/* Sends all of it within timeout_us. Errors: PORT_GONE, TIMEOUT. */
RK_MUST_CHECK enum rk_status rk_socket_write(intptr_t handle, const char *name, const uint8_t *buf,
                                             size_t len, uint64_t timeout_us, struct rk_error *err);

/* ---- what the system provides; used by socket.c only ---- */

enum rk_socket_state { RK_SOCKET_WAITING, RK_SOCKET_READY, RK_SOCKET_FAILED };

/* Begins to connect to the n-th address of host and port. False: there is no such address
 * (`text` then says why if it is the first). */
bool rk_socket_begin(const char *host, const char *port, unsigned n, intptr_t *handle, char *text,
                     size_t cap);
/* Waits until the socket is readable, or writable, or timeout_us have passed. */
enum rk_socket_state rk_socket_wait(intptr_t handle, bool writable, uint64_t timeout_us);
/* True if the connection that was begun stands; else `text` says why not. */
bool rk_socket_connected(intptr_t handle, char *text, size_t cap);
/* Bytes received or sent without waiting; 0 = none now, -1 = the other side is gone. */
long rk_socket_recv_now(intptr_t handle, uint8_t *buf, size_t cap);
long rk_socket_send_now(intptr_t handle, const uint8_t *buf, size_t len);

#endif
