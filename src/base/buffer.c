#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rk_buffer_add(struct rk_buffer *buffer, const char *bytes, size_t len)
{
    if (buffer->failed)
        return;
    if (len >= buffer->cap - buffer->used) {
        size_t cap = buffer->cap ? buffer->cap : 256;
        while (len >= cap - buffer->used)
            cap *= 2;
        char *bigger = realloc(buffer->text, cap);
        if (!bigger) {
            buffer->failed = true;
            return;
        }
        buffer->text = bigger;
        buffer->cap = cap;
    }
    if (len)
        memcpy(buffer->text + buffer->used, bytes, len);
    buffer->used += len;
    buffer->text[buffer->used] = '\0';
}

void rk_buffer_put(struct rk_buffer *buffer, const char *fmt, ...)
{
    char small[256];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t)n < sizeof small) {
        rk_buffer_add(buffer, small, (size_t)n);
        return;
    }
    char *large = malloc((size_t)n + 1);
    if (!large) {
        buffer->failed = true;
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(large, (size_t)n + 1, fmt, ap);
    va_end(ap);
    rk_buffer_add(buffer, large, (size_t)n);
    free(large);
}

bool rk_buffer_sink(void *user, const char *text, size_t len)
{
    struct rk_buffer *buffer = user;

    rk_buffer_add(buffer, text, len);
    return !buffer->failed;
}

enum rk_status rk_buffer_take(struct rk_buffer *buffer, char **text, struct rk_error *err)
{
    rk_buffer_add(buffer, "", 0);
    if (buffer->failed) {
        rk_buffer_free(buffer);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    *text = buffer->text;
    buffer->text = NULL;
    rk_buffer_free(buffer);
    return RK_OK;
}

void rk_buffer_free(struct rk_buffer *buffer)
{
    free(buffer->text);
    buffer->text = NULL;
    buffer->used = buffer->cap = 0;
    buffer->failed = false;
}
