/* Sockets without the differences between systems. A socket is an int; -1 = none. */
#ifndef RK_LINK_SOCKET_H
#define RK_LINK_SOCKET_H

#include <rekindle/error.h>

/* Connects to "HOST:PORT" ([v6]:PORT too), without Nagle's delay. Errors: ARG "usage.port",
 * PORT_NOT_FOUND "port.host" (name unknown, refused, unreachable), PORT_IO. */
RK_MUST_CHECK enum rk_status rk_socket_connect(const char *address, int *out, struct rk_error *err);

/* Waits up to timeout_us for bytes; *got 0 = none came. Errors: PORT_GONE, PORT_IO. */
RK_MUST_CHECK enum rk_status rk_socket_read(int fd, const char *name, uint8_t *buf, size_t cap,
                                            size_t *got, uint64_t timeout_us, struct rk_error *err);

/* Sends everything within timeout_us. Errors: PORT_GONE, PORT_IO, TIMEOUT. */
RK_MUST_CHECK enum rk_status rk_socket_write(int fd, const char *name, const uint8_t *buf,
                                             size_t len, uint64_t timeout_us, struct rk_error *err);

void rk_socket_close(int fd);

/* Splits "HOST:PORT". Errors: ARG. */
RK_MUST_CHECK enum rk_status rk_address_split(const char *address, char *host, size_t host_cap,
                                              char *port, size_t port_cap, struct rk_error *err);

#endif
