/* How each kind of port specification is opened: the text behind its prefix goes to one of these. */
#ifndef RK_LINK_SCHEMES_H
#define RK_LINK_SCHEMES_H

#include <rekindle/link.h>

/* "HOST:PORT" */
RK_MUST_CHECK enum rk_status rk_tcp_open(struct rk_context *ctx, const char *address,
                                         struct rk_link **out, struct rk_error *err);
/* "HOST:PORT" of a server that speaks RFC 2217: Telnet with the COM port option. Errors also:
 * PORT_CONFIG "port.no-rfc2217". */
RK_MUST_CHECK enum rk_status rk_rfc2217_open(struct rk_context *ctx, const char *address,
                                             struct rk_link **out, struct rk_error *err);
/* A trace file, which answers as the module did when it was recorded, in virtual time. Errors: FILE,
 * IMAGE_FORMAT. Writing fails with PROTOCOL "trace.differs" at the first byte that is not as
 * recorded, with "trace.end" behind the end. */
RK_MUST_CHECK enum rk_status rk_replay_open(struct rk_context *ctx, const char *path,
                                            struct rk_link **out, struct rk_error *err);
/* "VID:PID[:SERIAL]", hexadecimal */
RK_MUST_CHECK enum rk_status rk_usb_open(struct rk_context *ctx, const char *id,
                                         struct rk_link **out, struct rk_error *err);

#endif
