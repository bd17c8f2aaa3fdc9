/* Names for functions in the trace of an emulated start. */
#ifndef RK_JOB_BOOT_TRACE_H
#define RK_JOB_BOOT_TRACE_H

#include <rekindle/boot.h>

#include "job/boot_text.h"

struct rk_boot_trace;

/* The emulator has to outlive it. NULL if there is no memory. */
struct rk_boot_trace *rk_boot_trace_new(const struct rk_emulator *emulator);
void rk_boot_trace_free(struct rk_boot_trace *t);
/* The text that the function at addr is nearest to; "" if there is none. Valid until the next call. */
const char *rk_boot_trace_near(struct rk_boot_trace *t, uint32_t addr);

#endif
