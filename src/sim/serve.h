/* Serving a virtual module in real time: what the operating system has to offer for it. */
#ifndef RK_SIM_SERVE_H
#define RK_SIM_SERVE_H

#include <rekindle/sim.h>

/* A file descriptor or a socket. */
#define RK_SERVE_NONE ((intptr_t)-1)

/* Listens on "PORT" or "HOST:PORT" (no host: this machine only; port 0: any free one). `name`
 * receives HOST:PORT as it came out. Errors: ARG, PORT_IO. */
RK_MUST_CHECK enum rk_status rk_serve_listen(const char *where, intptr_t *handle, char *name,
                                             size_t cap, struct rk_error *err);
/* The next client that waits, RK_SERVE_NONE if there is none. */
intptr_t rk_serve_accept(intptr_t listener);

/* Bytes read or written without waiting; 0 = none now, -1 = the other side is gone. */
long rk_serve_read(intptr_t handle, uint8_t *buf, size_t cap);
long rk_serve_write(intptr_t handle, const uint8_t *buf, size_t len);
void rk_serve_close(intptr_t handle);

/* Waits until one of them is readable (or writable, where `write` says so), at most timeout_us. */
void rk_serve_wait(const intptr_t *handles, const bool *write, size_t count, uint64_t timeout_us);

/* A pty in raw mode. Its client side is kept open, so that clients may come and go, and its name gets
 * a symbolic link. */
struct rk_serve_pty {
    intptr_t handle, client;
    char link[1024];
};
RK_MUST_CHECK enum rk_status rk_serve_pty_open(const char *link, struct rk_serve_pty *pty,
                                               struct rk_error *err);
void rk_serve_pty_close(struct rk_serve_pty *pty);

/* Lets the next client in. An exclusive client that died would otherwise block the pty for ever,
 * because its client side stays open here. */
void rk_serve_pty_release(const struct rk_serve_pty *pty);

/* The rate that the client has set, bit/s; 0 = unknown. */
uint32_t rk_serve_pty_baud(const struct rk_serve_pty *pty);

#endif
