#include <rekindle/job.h>

#include "base/context.h"
#include "chip/chip.h"
#include "job/transfer.h"

#include <stdlib.h>
#include <string.h>

/* The comparison under way. */
struct comparison {
    struct rk_survey survey;
    struct rk_transfer *transfer;
    const uint8_t *data;
    uint32_t addr, len;
    struct rk_verify_result *out;
    size_t cap;
};

static enum rk_status add_difference(struct comparison *c, uint32_t addr, uint32_t len,
                                     struct rk_error *err)
{
    struct rk_verify_result *out = c->out;

    out->differing += len;
    if (out->count > 0) {
        struct rk_difference *last = &out->ranges[out->count - 1];
        if (last->addr + last->len == addr) {
            last->len += len;
            return RK_OK;
        }
    }
    if (out->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct rk_difference *bigger = realloc(out->ranges, cap * sizeof *bigger);
        if (!bigger)
            return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        out->ranges = bigger;
        c->cap = cap;
    }
    out->ranges[out->count++] = (struct rk_difference){addr, len};
    return RK_OK;
}

/* Compares the part of one sector that the data cover. */
static enum rk_status compare_sector(struct comparison *c, uint32_t base, struct rk_error *err)
{
    uint32_t from = base > c->addr ? base : c->addr;
    uint32_t to =
        c->addr + c->len < base + RK_SECTOR_SIZE ? c->addr + c->len : base + RK_SECTOR_SIZE;
    const uint8_t *wanted = c->data + (from - c->addr);
    uint8_t sector[RK_SECTOR_SIZE];
    enum rk_sector_source source;
    uint32_t reads;
    bool same = false;
    enum rk_status status;

    if (to - from == RK_SECTOR_SIZE) {
        status = rk_survey_confirm(&c->survey, base, wanted, &same, err);
    } else {
        /* The digest speaks of the whole sector: bytes around the range have to be fetched. */
        status = rk_transfer_sector(c->transfer, base, sector, &source, &reads, err);
        same = status == RK_OK && memcmp(sector + (from - base), wanted, to - from) == 0;
    }
    if (status == RK_OK && !same)
        status = add_difference(c, from, to - from, err);
    return status;
}

static enum rk_status compare(struct comparison *c, struct rk_error *err)
{
    struct rk_context *ctx = rk_device_context(c->survey.dev);
    uint32_t end = c->addr + c->len, step;
    enum rk_status status = RK_OK;

    for (uint32_t at = c->addr / RK_SECTOR_SIZE * RK_SECTOR_SIZE; status == RK_OK && at < end;
         at += step) {
        bool block = at >= c->addr && at % RK_BLOCK_SIZE == 0 && end - at >= RK_BLOCK_SIZE;
        step = block ? RK_BLOCK_SIZE : RK_SECTOR_SIZE;
        if (rk_cancelled(ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        if (block) {
            struct rk_digest told, wanted;
            const uint8_t *data = c->data + (at - c->addr);
            status = rk_device_digest(c->survey.dev, at, RK_BLOCK_SIZE, &told, err);
            if (status != RK_OK)
                break;
            rk_digest_of(told.kind, data, RK_BLOCK_SIZE, &wanted);
            block = rk_digest_equal(&told, &wanted);
        }
        for (uint32_t i = 0; !block && status == RK_OK && i < step; i += RK_SECTOR_SIZE)
            status = compare_sector(c, at + i, err);
        rk_progress(ctx, "verify", at + step > end ? c->len : at + step - c->addr, c->len, at,
                    c->survey.dev->retries_used);
    }
    return status;
}

enum rk_status rk_job_verify(struct rk_device *dev, uint32_t addr, const uint8_t *data, size_t len,
                             struct rk_verify_result *out, struct rk_error *err)
{
    struct comparison c = {.data = data, .addr = addr, .len = (uint32_t)len, .out = out};
    enum rk_status status = rk_survey_check_range(dev, addr, len, err);

    memset(out, 0, sizeof *out);
    if (status == RK_OK)
        status = rk_survey_init(&c.survey, dev, err);
    if (status != RK_OK)
        return status;
    c.transfer = calloc(1, sizeof *c.transfer);
    if (!c.transfer) {
        rk_survey_free(&c.survey);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    c.transfer->survey = &c.survey;
    rk_stage_begin(rk_device_context(dev), "verify", "0x%06x+0x%zx", (unsigned)addr, len);
    status = compare(&c, err);
    free(c.transfer);
    rk_survey_free(&c.survey);
    if (status != RK_OK) {
        rk_verify_result_free(out);
        return status;
    }
    out->compared = (uint32_t)len;
    rk_stage_end(rk_device_context(dev), "verify", out->count ? "%u of %u bytes differ" : "same",
                 (unsigned)out->differing, (unsigned)out->compared);
    if (out->count == 0)
        return RK_OK;
    rk_fail(err, RK_ERR_VERIFY, "verify.differs", "the flash differs in %zu range%s", out->count,
            out->count == 1 ? "" : "s");
    rk_error_detail(err, "first at 0x%06x, %u of %u bytes lie in sectors that differ",
                    (unsigned)out->ranges[0].addr, (unsigned)out->differing,
                    (unsigned)out->compared);
    rk_error_at(err, out->ranges[0].addr);
    return RK_ERR_VERIFY;
}

void rk_verify_result_free(struct rk_verify_result *result)
{
    free(result->ranges);
    memset(result, 0, sizeof *result);
}
