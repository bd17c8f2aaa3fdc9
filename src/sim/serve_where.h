/* Addresses to listen on. */
#ifndef RK_SIM_SERVE_WHERE_H
#define RK_SIM_SERVE_WHERE_H

#include <rekindle/error.h>

/* Splits "PORT", "HOST:PORT" or "[HOST]:PORT". Errors: ARG. */
RK_MUST_CHECK enum rk_status rk_serve_where(const char *where, char *host, size_t host_cap,
                                            char *port, size_t port_cap, struct rk_error *err);

#endif
