#include "base/context.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum rk_status rk_context_new(struct rk_context **out, const struct rk_callbacks *callbacks,
                              struct rk_error *err)
{
    struct rk_context *ctx = calloc(1, sizeof *ctx);

    if (!ctx)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    if (callbacks) {
        size_t n =
            callbacks->size < sizeof ctx->callbacks ? callbacks->size : sizeof ctx->callbacks;
        memcpy(&ctx->callbacks, callbacks, n);
    }
    *out = ctx;
    return RK_OK;
}

void rk_context_free(struct rk_context *ctx)
{
    free(ctx);
}

void rk_cancel_hold(struct rk_context *ctx, bool hold)
{
    if (ctx)
        ctx->cancel_held = hold;
}

bool rk_cancel_wanted(struct rk_context *ctx)
{
    return ctx && ctx->callbacks.cancelled && ctx->callbacks.cancelled(ctx->callbacks.user);
}

bool rk_cancelled(struct rk_context *ctx)
{
    return ctx && !ctx->cancel_held && rk_cancel_wanted(ctx);
}

int64_t rk_context_utc(struct rk_context *ctx)
{
    if (ctx && ctx->callbacks.utc)
        return ctx->callbacks.utc(ctx->callbacks.user);
    return (int64_t)time(NULL);
}

static void emit(struct rk_context *ctx, struct rk_event *event)
{
    event->size = sizeof *event;
    ctx->callbacks.event(ctx->callbacks.user, event);
}

static bool listening(const struct rk_context *ctx)
{
    return ctx && ctx->callbacks.event;
}

/* Formats the text into one clean line and emits the event. */
RK_PRINTF(3, 0)
static void emit_text(struct rk_context *ctx, struct rk_event *event, const char *fmt, va_list ap)
{
    char raw[512], text[640];
    int n = vsnprintf(raw, sizeof raw, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1;

    rk_text_escape(text, sizeof text, (const uint8_t *)raw, len);
    event->text = text;
    emit(ctx, event);
}

void rk_log(struct rk_context *ctx, enum rk_level level, const char *id, const char *fmt, ...)
{
    struct rk_event event = {.kind = RK_EVENT_LOG, .level = level, .id = id};
    va_list ap;

    if (!listening(ctx))
        return;
    va_start(ap, fmt);
    emit_text(ctx, &event, fmt, ap);
    va_end(ap);
}

void rk_warn(struct rk_context *ctx, const char *id, const char *fmt, ...)
{
    struct rk_event event = {.kind = RK_EVENT_WARNING, .level = RK_LEVEL_WARN, .id = id};
    va_list ap;

    if (!listening(ctx))
        return;
    va_start(ap, fmt);
    emit_text(ctx, &event, fmt, ap);
    va_end(ap);
}

void rk_need_user(struct rk_context *ctx, const char *id, const char *fmt, ...)
{
    struct rk_event event = {.kind = RK_EVENT_NEED_USER, .level = RK_LEVEL_WARN, .id = id};
    va_list ap;

    if (!listening(ctx))
        return;
    va_start(ap, fmt);
    emit_text(ctx, &event, fmt, ap);
    va_end(ap);
}

void rk_stage_begin(struct rk_context *ctx, const char *id, const char *fmt, ...)
{
    struct rk_event event = {.kind = RK_EVENT_STAGE, .level = RK_LEVEL_INFO, .id = id};
    va_list ap;

    if (!listening(ctx))
        return;
    va_start(ap, fmt);
    emit_text(ctx, &event, fmt, ap);
    va_end(ap);
}

void rk_stage_end(struct rk_context *ctx, const char *id, const char *fmt, ...)
{
    struct rk_event event = {
        .kind = RK_EVENT_STAGE, .level = RK_LEVEL_INFO, .id = id, .finished = true};
    va_list ap;

    if (!listening(ctx))
        return;
    va_start(ap, fmt);
    emit_text(ctx, &event, fmt, ap);
    va_end(ap);
}

void rk_progress(struct rk_context *ctx, const char *id, uint64_t done, uint64_t total,
                 uint32_t addr, uint32_t retries)
{
    struct rk_event event = {.kind = RK_EVENT_PROGRESS,
                             .level = RK_LEVEL_INFO,
                             .id = id,
                             .done = done,
                             .total = total,
                             .addr = addr,
                             .retries = retries};

    if (listening(ctx))
        emit(ctx, &event);
}
