/* The plan: what a write will do to every sector, computed before anything is touched. */
#ifndef REKINDLE_PLAN_H
#define REKINDLE_PLAN_H

#include <rekindle/image.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_sector_action {
    RK_SECTOR_SAME,    /* already right: nothing is sent */
    RK_SECTOR_PROGRAM, /* program only: blank now, or only bits have to be cleared */
    RK_SECTOR_REWRITE, /* erase, then program */
    RK_SECTOR_ERASE    /* erase only: shall become blank */
};

struct rk_plan_sector {
    uint32_t addr;
    enum rk_sector_action action;
};

/* One erase of the plan, RK_SECTOR_SIZE or RK_BLOCK_SIZE long. */
struct rk_plan_erase {
    uint32_t addr, len;
};

struct rk_plan;

size_t rk_plan_sectors(const struct rk_plan *plan, const struct rk_plan_sector **out);
size_t rk_plan_erases(const struct rk_plan *plan, const struct rk_plan_erase **out);

struct rk_plan_totals {
    uint32_t same, program, rewrite, erase; /* sectors of each action */
    uint32_t erases_4k, erases_64k;         /* erase commands */
    uint32_t bytes_to_program;
    uint32_t seconds; /* estimate at the current rate */
};
void rk_plan_totals(const struct rk_plan *plan, struct rk_plan_totals *out);

/* True if the plan changes any byte of [addr, addr+len). */
bool rk_plan_touches(const struct rk_plan *plan, uint32_t addr, uint32_t len);

/* Frees; NULL is allowed. */
void rk_plan_free(struct rk_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
