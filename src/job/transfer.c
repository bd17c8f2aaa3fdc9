#include "job/transfer.h"

#include <string.h>

/* Byte by byte the value most copies have; the earliest of equally frequent ones. */
static void majority(const uint8_t (*copies)[RK_SECTOR_SIZE], unsigned count, uint8_t *out)
{
    for (uint32_t i = 0; i < RK_SECTOR_SIZE; i++) {
        unsigned best = 0;
        for (unsigned a = 0; a < count; a++) {
            unsigned votes = 0;
            for (unsigned b = 0; b < count; b++)
                votes += copies[a][i] == copies[b][i];
            if (votes > best) {
                best = votes;
                out[i] = copies[a][i];
            }
        }
    }
}

enum rk_status rk_transfer_sector(struct rk_transfer *transfer, uint32_t addr, uint8_t *out,
                                  enum rk_sector_source *source, uint32_t *reads,
                                  struct rk_error *err)
{
    struct rk_survey *survey = transfer->survey;
    enum rk_status status = RK_OK;

    *source = RK_SOURCE_READ;
    if (!survey->known[addr / RK_SECTOR_SIZE])
        status = rk_survey_refresh(survey, addr, err);
    for (unsigned n = 1; status == RK_OK && n <= RK_TRANSFER_TRIES; n++) {
        *reads = n;
        status = rk_device_read(survey->dev, addr, out, RK_SECTOR_SIZE, err);
        if (status != RK_OK)
            return status;
        transfer->sectors++;
        if (rk_survey_matches(survey, addr, out))
            return RK_OK;
        transfer->misread++;
        memcpy(transfer->copies[n - 1], out, RK_SECTOR_SIZE);
        status = rk_survey_refresh(survey, addr, err);
        if (status != RK_OK || rk_survey_matches(survey, addr, out))
            return status;
        if (n < 3)
            continue;
        majority((const uint8_t(*)[RK_SECTOR_SIZE])transfer->copies, n, out);
        if (rk_survey_matches(survey, addr, out)) {
            *source = RK_SOURCE_VOTED;
            return RK_OK;
        }
    }
    if (status != RK_OK)
        return status;
    *source = RK_SOURCE_UNSTABLE;
    rk_fail(err, RK_ERR_UNSTABLE_READ, "read.unstable",
            "%d transfers of sector 0x%06x do not agree with the chip's digest", RK_TRANSFER_TRIES,
            (unsigned)addr);
    rk_error_hint(err, "a lower baud rate, shorter wires, a common ground, a stronger 3.3 V "
                       "supply; then run it again");
    rk_error_at(err, addr);
    return RK_ERR_UNSTABLE_READ;
}

enum rk_status rk_transfer_block(struct rk_transfer *transfer, uint32_t addr, uint8_t *out,
                                 bool *good, struct rk_error *err)
{
    struct rk_device *dev = transfer->survey->dev;
    struct rk_digest told, have;
    enum rk_status status = rk_device_read(dev, addr, out, RK_BLOCK_SIZE, err);

    *good = false;
    if (status == RK_OK)
        status = rk_device_digest(dev, addr, RK_BLOCK_SIZE, &told, err);
    if (status != RK_OK)
        return status;
    rk_digest_of(told.kind, out, RK_BLOCK_SIZE, &have);
    *good = rk_digest_equal(&told, &have);
    transfer->sectors += RK_BLOCK_SIZE / RK_SECTOR_SIZE;
    return RK_OK;
}
