#include "job/segments.h"

#include <stdlib.h>
#include <string.h>

enum rk_status rk_segments_add(struct rk_segments *list, uint32_t addr, uint32_t len,
                               const uint8_t *data, struct rk_error *err)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        struct rk_segment *bigger = realloc(list->items, cap * sizeof *bigger);
        if (!bigger)
            return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        list->items = bigger;
        list->cap = cap;
    }
    list->items[list->count++] = (struct rk_segment){addr, len, data};
    return RK_OK;
}

static const uint8_t *advance(const uint8_t *data, uint32_t by)
{
    return data ? data + by : NULL;
}

enum rk_status rk_segments_exclude(struct rk_segments *list, uint32_t addr, uint32_t len,
                                   struct rk_error *err)
{
    struct rk_segments kept = {0};
    uint32_t end = addr + len;
    enum rk_status status = RK_OK;

    for (size_t i = 0; status == RK_OK && i < list->count; i++) {
        const struct rk_segment *s = &list->items[i];
        uint32_t s_end = s->addr + s->len;
        uint32_t head_end = s_end < addr ? s_end : addr;
        uint32_t tail = s->addr > end ? s->addr : end;
        if (s->addr < head_end)
            status = rk_segments_add(&kept, s->addr, head_end - s->addr, s->data, err);
        if (status == RK_OK && tail < s_end)
            status =
                rk_segments_add(&kept, tail, s_end - tail, advance(s->data, tail - s->addr), err);
    }
    if (status != RK_OK) {
        rk_segments_free(&kept);
        return status;
    }
    rk_segments_free(list);
    *list = kept;
    return RK_OK;
}

bool rk_segments_touch(const struct rk_segments *list, uint32_t addr, uint32_t len)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].addr < addr + len && addr < list->items[i].addr + list->items[i].len)
            return true;
    return false;
}

uint64_t rk_segments_bytes(const struct rk_segments *list)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < list->count; i++)
        bytes += list->items[i].len;
    return bytes;
}

static bool conflict(const struct rk_segment *a, const struct rk_segment *b)
{
    uint32_t from = a->addr > b->addr ? a->addr : b->addr;
    uint32_t a_end = a->addr + a->len, b_end = b->addr + b->len;
    uint32_t to = a_end < b_end ? a_end : b_end;

    if (from >= to)
        return false;
    if (!a->data || !b->data)
        return a->data != b->data;
    return memcmp(a->data + (from - a->addr), b->data + (from - b->addr), to - from) != 0;
}

bool rk_segments_conflict(const struct rk_segments *list)
{
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = i + 1; k < list->count; k++)
            if (conflict(&list->items[i], &list->items[k]))
                return true;
    return false;
}

void rk_segments_free(struct rk_segments *list)
{
    free(list->items);
    *list = (struct rk_segments){0};
}
