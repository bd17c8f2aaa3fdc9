/* Where the pieces of a plan come from: the flash itself, or what the caller has. */
#ifndef RK_IMAGE_BOUFFALO_PIECES_H
#define RK_IMAGE_BOUFFALO_PIECES_H

#include <rekindle/bl602.h>

#include "base/arena.h"
#include "image/bouffalo/app.h"
#include "image/bouffalo/known.h"

/* data/bl602-device-tree.dts. */
extern const char rk_bfl_default_tree[];

/* A plan in the making. */
struct rk_bfl_planner {
    const struct rk_bl602_flash *flash;
    const struct rk_bl602_sources *from;
    struct rk_bl602_plan *plan;
    struct rk_arena *arena;
    uint32_t flash_size;
    uint8_t parameters[84];     /* for boot headers */
    struct rk_bfl_table now;    /* the table that counts; count 0 = none is valid */
    struct rk_bfl_table wanted; /* the one the plan is made for */
    struct rk_bfl_app app;
    struct rk_error *err;
};

/* Adds a range. Errors: NOMEM if the plan is full or `data` is NULL with len > 0 by a failed
 * allocation of the caller. */
RK_MUST_CHECK enum rk_status rk_bfl_plan_write(struct rk_bfl_planner *p, enum rk_bl602_piece piece,
                                               uint32_t addr, const uint8_t *data, size_t len,
                                               const char *why);

/* The second-stage loader with its header, if the flash lacks one: two ranges. */
RK_MUST_CHECK enum rk_status rk_bfl_plan_boot2(struct rk_bfl_planner *p);

/* The device tree, if there is none at its place or it is to be changed. */
RK_MUST_CHECK enum rk_status rk_bfl_plan_tree(struct rk_bfl_planner *p);

/* The flattened tree that a file is, is the source of, or is a capture with. It belongs to the
 * caller. Errors: IMAGE_FORMAT "bl602.tree" (damaged), "bl602.source" (none, or one without /wifi),
 * NOMEM. */
RK_MUST_CHECK enum rk_status rk_bfl_tree_given(const uint8_t *data, size_t len,
                                               struct rk_bytes *out, struct rk_error *err);

/* "bl602.missing": a piece that nobody has. */
enum rk_status rk_bfl_plan_missing(struct rk_bfl_planner *p, enum rk_bl602_piece piece,
                                   const char *detail, const char *hint);

/* The bytes of the flash, if all of them are known; else NULL. */
const uint8_t *rk_bfl_plan_bytes(const struct rk_bfl_planner *p, uint32_t addr, uint32_t len);

#endif
