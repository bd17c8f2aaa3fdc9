/* A list of byte runs with their places in the flash, in order of precedence: the later counts. */
#ifndef RK_JOB_SEGMENTS_H
#define RK_JOB_SEGMENTS_H

#include <rekindle/image.h>

struct rk_segments {
    struct rk_segment *items;
    size_t count, cap;
};

/* Appends one. Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_segments_add(struct rk_segments *list, uint32_t addr, uint32_t len,
                                             const uint8_t *data, struct rk_error *err);

/* Takes [addr, addr+len) out of every segment. Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_segments_exclude(struct rk_segments *list, uint32_t addr,
                                                 uint32_t len, struct rk_error *err);

/* True if some segment has a byte of [addr, addr+len). */
bool rk_segments_touch(const struct rk_segments *list, uint32_t addr, uint32_t len);

/* Bytes of all segments together. */
uint64_t rk_segments_bytes(const struct rk_segments *list);

/* True if two segments claim the same place with different bytes. */
bool rk_segments_conflict(const struct rk_segments *list);

void rk_segments_free(struct rk_segments *list);

#endif
