/* Growing text. A failed allocation is remembered: check `failed` once at the end. */
#ifndef RK_BASE_BUFFER_H
#define RK_BASE_BUFFER_H

#include <rekindle/error.h>

/* Zero-initialise; free with rk_buffer_free(). `text` is NULL while nothing was written, else it is
 * terminated. */
struct rk_buffer {
    char *text;
    size_t used, cap;
    bool failed;
};

void rk_buffer_add(struct rk_buffer *buffer, const char *bytes, size_t len);
void rk_buffer_put(struct rk_buffer *buffer, const char *fmt, ...) RK_PRINTF(2, 3);

/* A sink for rk_json_init(): `user` is the buffer. */
bool rk_buffer_sink(void *user, const char *text, size_t len);

/* Hands the text over (free() it; never NULL on success) and empties the buffer.
 * Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_buffer_take(struct rk_buffer *buffer, char **text,
                                            struct rk_error *err);

void rk_buffer_free(struct rk_buffer *buffer);

#endif
