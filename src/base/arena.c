#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 16384u

struct rk_arena_chunk {
    struct rk_arena_chunk *older;
    alignas(max_align_t) uint8_t bytes[];
};

void *rk_arena_alloc(struct rk_arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    if (!arena->chunks || arena->cap - arena->used < size) {
        size_t cap = size > CHUNK ? size : CHUNK;
        struct rk_arena_chunk *chunk = malloc(sizeof *chunk + cap);
        if (!chunk)
            return NULL;
        chunk->older = arena->chunks;
        arena->chunks = chunk;
        arena->used = 0;
        arena->cap = cap;
    }
    uint8_t *p = arena->chunks->bytes + arena->used;
    arena->used += size;
    memset(p, 0, size);
    return p;
}

char *rk_arena_copy(struct rk_arena *arena, const void *bytes, size_t len)
{
    char *p = len < SIZE_MAX ? rk_arena_alloc(arena, len + 1) : NULL;

    if (p && len)
        memcpy(p, bytes, len);
    return p;
}

void rk_arena_free(struct rk_arena *arena)
{
    while (arena->chunks) {
        struct rk_arena_chunk *older = arena->chunks->older;
        free(arena->chunks);
        arena->chunks = older;
    }
    arena->used = arena->cap = 0;
}
