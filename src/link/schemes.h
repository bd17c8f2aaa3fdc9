/* How each kind of port specification is opened: the text behind its prefix goes to one of these. */
#ifndef RK_LINK_SCHEMES_H
#define RK_LINK_SCHEMES_H

#include <rekindle/link.h>

/* "HOST:PORT" */
RK_MUST_CHECK enum rk_status rk_tcp_open(struct rk_context *ctx, const char *address,
                                         struct rk_link **out, struct rk_error *err);
/* "VID:PID[:SERIAL]", hexadecimal */
RK_MUST_CHECK enum rk_status rk_usb_open(struct rk_context *ctx, const char *id,
                                         struct rk_link **out, struct rk_error *err);

#endif
