#include <rekindle/job.h>

#include "base/context.h"
#include "chip/chip.h"
#include "job/transfer.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct rk_survey survey;
    struct rk_transfer transfer;
    uint32_t addr;
    uint8_t *buf;
    size_t len, done;
};

/* A whole block, where its digest comes with it. *good stays false if the two disagree. */
static enum rk_status read_block(struct reading *r, bool *good, struct rk_error *err)
{
    enum rk_status status =
        rk_transfer_block(&r->transfer, r->addr + (uint32_t)r->done, r->buf + r->done, good, err);

    r->done += *good ? RK_BLOCK_SIZE : 0;
    return status;
}

/* What of the next sector is in the range. */
static enum rk_status read_sector(struct reading *r, struct rk_error *err)
{
    uint8_t sector[RK_SECTOR_SIZE];
    uint32_t at = r->addr + (uint32_t)r->done, base = at / RK_SECTOR_SIZE * RK_SECTOR_SIZE, reads;
    size_t n = base + RK_SECTOR_SIZE - at, left = r->len - r->done;
    enum rk_sector_source source;
    enum rk_status status = rk_survey_refresh(&r->survey, base, err);

    if (status == RK_OK && rk_survey_blank(&r->survey, base, RK_SECTOR_SIZE))
        memset(sector, 0xFF, sizeof sector);
    else if (status == RK_OK)
        status = rk_transfer_sector(&r->transfer, base, sector, &source, &reads, err);
    if (status != RK_OK)
        return status;
    n = n < left ? n : left;
    memcpy(r->buf + r->done, sector + (at - base), n);
    r->done += n;
    return RK_OK;
}

static enum rk_status read_all(struct reading *r, struct rk_error *err)
{
    struct rk_device *dev = r->survey.dev;
    struct rk_context *ctx = rk_device_context(dev);
    enum rk_status status = RK_OK;

    while (status == RK_OK && r->done < r->len) {
        uint32_t at = r->addr + (uint32_t)r->done;
        bool good = false;
        if (rk_cancelled(ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        if (dev->streams && at % RK_BLOCK_SIZE == 0 && r->len - r->done >= RK_BLOCK_SIZE)
            status = read_block(r, &good, err);
        if (status == RK_OK && !good)
            status = read_sector(r, err);
        rk_progress(ctx, "read", r->done, r->len, at, dev->retries_used);
    }
    return status;
}

enum rk_status rk_read_silently(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                                struct rk_error *err)
{
    enum rk_status status = rk_survey_check_range(dev, addr, len, err);

    if (status != RK_OK)
        return status;
    struct reading *r = calloc(1, sizeof *r);
    if (!r)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    r->addr = addr;
    r->buf = buf;
    r->len = len;
    r->transfer.survey = &r->survey;
    status = rk_survey_init(&r->survey, dev, err);
    if (status == RK_OK) {
        dev->in_turn.addr = (addr + RK_BLOCK_SIZE - 1) / RK_BLOCK_SIZE * RK_BLOCK_SIZE;
        uint32_t end = (addr + (uint32_t)len) / RK_BLOCK_SIZE * RK_BLOCK_SIZE;
        dev->in_turn.len = end > dev->in_turn.addr ? end - dev->in_turn.addr : 0;
        status = read_all(r, err);
        dev->in_turn.len = 0;
    }
    rk_survey_free(&r->survey);
    free(r);
    return status;
}

enum rk_status rk_job_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                           struct rk_error *err)
{
    struct rk_context *ctx = rk_device_context(dev);

    rk_stage_begin(ctx, "read", "0x%06x+0x%zx", (unsigned)addr, len);
    enum rk_status status = rk_read_silently(dev, addr, buf, len, err);
    if (status == RK_OK)
        rk_stage_end(ctx, "read", "every sector agrees with the chip's digest");
    return status;
}
