/* Events out of the library. Only this file and context.c know what a context is made of. */
#ifndef RK_BASE_CONTEXT_H
#define RK_BASE_CONTEXT_H

#include <rekindle/context.h>

struct rk_context {
    struct rk_callbacks callbacks;
    bool cancel_held;
};

/* Each of these does nothing if ctx is NULL or has no listener. */
void rk_log(struct rk_context *ctx, enum rk_level level, const char *id, const char *fmt, ...)
    RK_PRINTF(4, 5);
void rk_warn(struct rk_context *ctx, const char *id, const char *fmt, ...) RK_PRINTF(3, 4);
void rk_need_user(struct rk_context *ctx, const char *id, const char *fmt, ...) RK_PRINTF(3, 4);
void rk_stage_begin(struct rk_context *ctx, const char *id, const char *fmt, ...) RK_PRINTF(3, 4);
void rk_stage_end(struct rk_context *ctx, const char *id, const char *fmt, ...) RK_PRINTF(3, 4);
void rk_progress(struct rk_context *ctx, const char *id, uint64_t done, uint64_t total,
                 uint32_t addr, uint32_t retries);
bool rk_cancelled(struct rk_context *ctx);

/* While held, rk_cancelled() says no: an erase or program that has begun is not torn off in the
 * middle, and protection is put back also after a cancellation. Hold only over single commands. */
void rk_cancel_hold(struct rk_context *ctx, bool hold);
/* The same question, held or not: for a command that takes long and can be ended between its steps. */
bool rk_cancel_wanted(struct rk_context *ctx);

/* Wall clock of the context (of the system if it brings none), seconds since 1970 UTC. */
int64_t rk_context_utc(struct rk_context *ctx);

#endif
