/* Sectors from the module to the host, each proven by the chip's digest. */
#ifndef RK_JOB_TRANSFER_H
#define RK_JOB_TRANSFER_H

#include "job/survey.h"
#include "store/manifest.h"

#define RK_TRANSFER_TRIES 9 /* transfers of one sector before we give up on it */

struct rk_transfer {
    struct rk_survey *survey;
    uint32_t sectors, misread; /* statistics: transfers, and those that were wrong */
    uint8_t copies[RK_TRANSFER_TRIES][RK_SECTOR_SIZE];
};

/* Gets one sector. A digest that is not known yet is asked for first. If transfer and digest do
 * not agree, both are repeated; from the third transfer on the majority of all is tried as well.
 * *reads counts the transfers. On UNSTABLE_READ `out` holds the majority all the same. Errors:
 * UNSTABLE_READ "read.unstable", and those of rk_device_read(). */
RK_MUST_CHECK enum rk_status rk_transfer_sector(struct rk_transfer *transfer, uint32_t addr,
                                                uint8_t *out, enum rk_sector_source *source,
                                                uint32_t *reads, struct rk_error *err);

/* Gets the sixteen sectors of a block with one digest for all: for transfers that skip nothing.
 * *good tells whether the digest agrees. */
RK_MUST_CHECK enum rk_status rk_transfer_block(struct rk_transfer *transfer, uint32_t addr,
                                               uint8_t *out, bool *good, struct rk_error *err);

/* As rk_job_read(), as a part of something else: without a stage of its own. */
RK_MUST_CHECK enum rk_status rk_read_silently(struct rk_device *dev, uint32_t addr, uint8_t *buf,
                                              size_t len, struct rk_error *err);

#endif
