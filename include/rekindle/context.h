/* The context: who listens to events, who may cancel, who answers questions.
 *
 * One context serves one thread of work. Any number may exist side by side; the library keeps no
 * global state. */
#ifndef REKINDLE_CONTEXT_H
#define REKINDLE_CONTEXT_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_event_kind {
    RK_EVENT_LOG,      /* a remark; `level` says how important */
    RK_EVENT_STAGE,    /* a stage begins or ends; `id` names it, `text` describes or concludes it */
    RK_EVENT_PROGRESS, /* `done` of `total` bytes of stage `id` */
    RK_EVENT_WARNING,  /* something the user should know although the work goes on */
    RK_EVENT_NEED_USER /* the user has to do something (power-cycle the module) while we wait */
};

enum rk_level { RK_LEVEL_ERROR, RK_LEVEL_WARN, RK_LEVEL_INFO, RK_LEVEL_DEBUG, RK_LEVEL_WIRE };

/* Valid only during the callback. Fields may be appended in later versions: `size` tells how much
 * of the structure the library filled. */
struct rk_event {
    size_t size;
    enum rk_event_kind kind;
    enum rk_level level;
    const char *id;   /* stable name of the stage, warning or request; never NULL */
    const char *text; /* UTF-8, one line, no control characters; NULL for pure progress */
    uint64_t done;    /* progress only, bytes */
    uint64_t total;   /* progress only, bytes; 0 = unknown */
    uint32_t addr;    /* flash address concerned, if len > 0 or kind is PROGRESS */
    uint32_t len;     /* bytes concerned */
    uint32_t retries; /* progress only: repeats so far in this stage */
    bool finished;    /* stage only: this event ends the stage */
    bool secret;      /* the text carries a key or a password: do not show it unasked */
};

/* All members but `size` may be 0/NULL. */
struct rk_callbacks {
    size_t size; /* sizeof(struct rk_callbacks) */
    void *user;  /* handed to every callback */
    void (*event)(void *user, const struct rk_event *event);
    /* Asked at least every 50 ms of the link's clock; true ends the work at the next safe point
     * (the sector in hand is finished) with RK_ERR_CANCELLED. */
    bool (*cancelled)(void *user);
    /* Wall clock: seconds since 1970-01-01 00:00 UTC, for the names and dates of backups. NULL =
     * the system's. */
    int64_t (*utc)(void *user);
};

struct rk_context;

/* Creates a context. `callbacks` is copied (NULL = silent, never cancelled). *out is set only on
 * success; free it with rk_context_free(). Errors: NOMEM. */
RK_MUST_CHECK enum rk_status
rk_context_new(struct rk_context **out, const struct rk_callbacks *callbacks, struct rk_error *err);

/* Frees a context; NULL is allowed. Links and devices made with it must be gone before. */
void rk_context_free(struct rk_context *ctx);

#ifdef __cplusplus
}
#endif
#endif
