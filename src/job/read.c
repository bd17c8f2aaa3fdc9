#include <rekindle/job.h>

#include "base/context.h"
#include "chip/chip.h"
#include "job/transfer.h"

#include <stdlib.h>
#include <string.h>

enum rk_status rk_job_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                           struct rk_error *err)
{
    struct rk_context *ctx = rk_device_context(dev);
    struct rk_survey survey;
    uint8_t sector[RK_SECTOR_SIZE];
    enum rk_status status = rk_survey_check_range(dev, addr, len, err);

    if (status == RK_OK)
        status = rk_survey_init(&survey, dev, err);
    if (status != RK_OK)
        return status;
    struct rk_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        status = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    else
        transfer->survey = &survey;
    rk_stage_begin(ctx, "read", "0x%06x+0x%zx", (unsigned)addr, len);
    for (size_t done = 0; status == RK_OK && done < len;) {
        uint32_t at = addr + (uint32_t)done, base = at / RK_SECTOR_SIZE * RK_SECTOR_SIZE;
        size_t n = base + RK_SECTOR_SIZE - at;
        enum rk_sector_source source;
        uint32_t reads;
        if (rk_cancelled(ctx)) {
            status = rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
            break;
        }
        status = rk_survey_refresh(&survey, base, err);
        if (status == RK_OK && rk_survey_blank(&survey, base, RK_SECTOR_SIZE))
            memset(sector, 0xFF, sizeof sector);
        else if (status == RK_OK)
            status = rk_transfer_sector(transfer, base, sector, &source, &reads, err);
        n = n < len - done ? n : len - done;
        if (status == RK_OK)
            memcpy(buf + done, sector + (at - base), n);
        done += n;
        rk_progress(ctx, "read", done, len, at, dev->retries_used);
    }
    if (status == RK_OK)
        rk_stage_end(ctx, "read", "every sector agrees with the chip's digest");
    free(transfer);
    rk_survey_free(&survey);
    return status;
}
