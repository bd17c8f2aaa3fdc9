/* Memory that is freed all at once: for results made of many small pieces. */
#ifndef RK_BASE_ARENA_H
#define RK_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct rk_arena_chunk;

/* Zero-initialise; rk_arena_free() at the end. */
struct rk_arena {
    struct rk_arena_chunk *chunks;
    size_t used, cap; /* of the newest chunk */
};

/* Zeroed memory, aligned for any object; NULL if there is none left. Valid until the arena is
 * freed. A size of 0 gives a valid pointer. */
void *rk_arena_alloc(struct rk_arena *arena, size_t size);

/* A copy of len bytes with a NUL behind them; NULL if there is no memory left. */
char *rk_arena_copy(struct rk_arena *arena, const void *bytes, size_t len);

void rk_arena_free(struct rk_arena *arena);

#endif
