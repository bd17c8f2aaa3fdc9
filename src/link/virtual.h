/* Where the links meet the virtual modules: rk_link_open() hands "sim:..." over through this. */
#ifndef RK_LINK_VIRTUAL_H
#define RK_LINK_VIRTUAL_H

#include <rekindle/link.h>

/* Opens the module that `spec` ("bk7231n,flash=dump.bin", without "sim:") describes, as a link with
 * its own virtual clock. With `save` its flash file is written when the link is closed. Errors:
 * ARG, FILE, NOMEM. Implemented in src/sim/link_virtual.c. */
RK_MUST_CHECK enum rk_status rk_sim_open_link(struct rk_context *ctx, const char *spec,
                                              struct rk_link **out, struct rk_error *err);

#endif
