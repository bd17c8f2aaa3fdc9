/* The planner: from what the flash shall hold and what is known of it to a list of erases and
 * programs. Pure: no device, no clock, no input or output. */
#ifndef RK_FLASH_PLANNER_H
#define RK_FLASH_PLANNER_H

#include <rekindle/plan.h>

/* What a plan is made from. Nothing is owned. */
struct rk_plan_request {
    uint32_t flash_size; /* bytes, a multiple of RK_SECTOR_SIZE */

    /* The bytes that are wanted; `data` NULL means FF. Where segments overlap, the later one in
     * the array counts. Bytes of a sector that no segment covers keep their present value. */
    const struct rk_segment *segments;
    size_t segment_count;

    /* The flash as it is: present[0 .. flash_size), of which the sectors with known[i] true are
     * certain. Both NULL = no byte is known. */
    const uint8_t *present;
    const bool *known;

    /* For a sector whose bytes are not known: does it hold exactly these RK_SECTOR_SIZE bytes?
     * Answered from the chip's digests. NULL = cannot be told. */
    bool (*matches)(void *user, uint32_t addr, const uint8_t *wanted);
    void *user;

    /* Sectors that make the module start something: erased first and programmed last, in this
     * order, so that a write that is interrupted leaves nothing that starts half-written code. */
    const uint32_t *entries;
    size_t entry_count;

    /* Regions in which a sector that is right is never erased together with its block: boot loader
     * and calibration must not be lost for a moment. */
    const struct rk_region *spared;
    size_t spared_count;

    uint32_t baud; /* transfer rate for the estimate, bit/s; 0 = 115200 */
};

struct rk_plan {
    struct rk_plan_sector *sectors; /* every sector of the segments, ascending */
    size_t sector_count;
    struct rk_plan_erase *erases; /* in order of execution */
    size_t erase_count;
    size_t entry_erases; /* the first so many hold entries */
    uint32_t *programs;  /* sector addresses in order of execution */
    size_t program_count;
    size_t entry_programs; /* the last so many are entries */
    struct rk_plan_totals totals;
};

/* Makes the plan. `want` (flash_size bytes) receives the final content of every sector of the
 * plan and is left alone elsewhere. *out is set only on success; free it with rk_plan_free().
 * Errors: RANGE "plan.range" (a segment reaches outside of the flash), ARG "plan.neighbours" (a
 * sector is covered in part and its other bytes are not known), NOMEM.
 *
 * A sector is programmed without an erase only if its bytes are certain and programming clears
 * bits only. A block of RK_BLOCK_SIZE is erased as a whole only if every byte of it is covered by
 * the segments, none of it is to be spared, and that is faster, programming its unchanged sectors
 * again included. */
RK_MUST_CHECK enum rk_status rk_plan_make(const struct rk_plan_request *request, uint8_t *want,
                                          struct rk_plan **out, struct rk_error *err);

/* True if the plan neither erases nor programs anything. */
bool rk_plan_empty(const struct rk_plan *plan);

#endif
