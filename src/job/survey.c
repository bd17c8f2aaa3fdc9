#include "job/survey.h"

#include "base/context.h"
#include "chip/chip.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS_PER_BLOCK (RK_BLOCK_SIZE / RK_SECTOR_SIZE)
#define CONFIRMATIONS     2 /* a surprising answer is asked for this often */

enum rk_status rk_survey_check_range(const struct rk_device *dev, uint32_t addr, size_t len,
                                     struct rk_error *err)
{
    uint32_t size = rk_device_info(dev)->flash_size;

    if (size == 0) {
        rk_fail(err, RK_ERR_UNSUPPORTED, "flash.size-unknown", "the size of the flash is unknown");
        rk_error_hint(err, "run `rekindle info`: it says what was tried");
        return RK_ERR_UNSUPPORTED;
    }
    if (len > 0 && addr <= size && len <= size - addr)
        return RK_OK;
    rk_fail(err, RK_ERR_RANGE, "range.outside", "0x%06x+0x%zx is not inside of the flash",
            (unsigned)addr, len);
    rk_error_detail(err, "the flash has 0x%x bytes", (unsigned)size);
    rk_error_at(err, addr);
    return RK_ERR_RANGE;
}

enum rk_status rk_survey_init(struct rk_survey *survey, struct rk_device *dev, struct rk_error *err)
{
    uint8_t sector[RK_SECTOR_SIZE];
    enum rk_digest_kind kind = rk_device_digest_kind(dev);
    enum rk_status status = rk_survey_check_range(dev, 0, 1, err);

    memset(survey, 0, sizeof *survey);
    if (status != RK_OK)
        return status;
    survey->dev = dev;
    survey->sector_count = rk_device_info(dev)->flash_size / RK_SECTOR_SIZE;
    survey->digests = calloc(survey->sector_count, sizeof *survey->digests);
    survey->known = calloc(survey->sector_count, sizeof *survey->known);
    if (!survey->digests || !survey->known) {
        rk_survey_free(survey);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    memset(sector, 0xFF, sizeof sector);
    rk_digest_of(kind, sector, sizeof sector, &survey->blank);
    memset(sector, 0, sizeof sector);
    rk_digest_of(kind, sector, sizeof sector, &survey->zero);
    return RK_OK;
}

void rk_survey_free(struct rk_survey *survey)
{
    free(survey->digests);
    free(survey->known);
    memset(survey, 0, sizeof *survey);
}

static void digest_sector(const struct rk_survey *survey, const uint8_t *bytes,
                          struct rk_digest *out)
{
    rk_digest_of(rk_device_digest_kind(survey->dev), bytes, RK_SECTOR_SIZE, out);
}

enum rk_status rk_survey_refresh(struct rk_survey *survey, uint32_t addr, struct rk_error *err)
{
    uint32_t index = addr / RK_SECTOR_SIZE;
    enum rk_status status =
        rk_device_digest(survey->dev, addr, RK_SECTOR_SIZE, &survey->digests[index], err);

    survey->known[index] = status == RK_OK;
    return status;
}

/* Asks for a whole block and, if it holds what is expected, knows its sectors. `expected` NULL
 * means FF. */
static enum rk_status try_block(struct rk_survey *survey, uint32_t addr, const uint8_t *expected,
                                struct rk_error *err)
{
    struct rk_digest told, wanted;
    uint8_t *block = NULL;
    enum rk_status status = rk_device_digest(survey->dev, addr, RK_BLOCK_SIZE, &told, err);

    if (status != RK_OK)
        return status;
    if (!expected) {
        block = malloc(RK_BLOCK_SIZE);
        if (!block)
            return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        memset(block, 0xFF, RK_BLOCK_SIZE);
        expected = block;
    }
    rk_digest_of(told.kind, expected, RK_BLOCK_SIZE, &wanted);
    if (rk_digest_equal(&told, &wanted))
        for (uint32_t i = 0; i < SECTORS_PER_BLOCK; i++) {
            uint32_t index = addr / RK_SECTOR_SIZE + i;
            rk_survey_learn(survey, index * RK_SECTOR_SIZE, expected + i * RK_SECTOR_SIZE);
        }
    free(block);
    return RK_OK;
}

static bool block_is_open(const struct rk_survey *survey, uint32_t addr, uint32_t end)
{
    if (addr % RK_BLOCK_SIZE || end - addr < RK_BLOCK_SIZE)
        return false;
    for (uint32_t i = 0; i < SECTORS_PER_BLOCK; i++)
        if (survey->known[addr / RK_SECTOR_SIZE + i])
            return false;
    return true;
}

/* A block digest costs as much flash reading as sixteen sector digests: it is worth asking only
 * if the answer can be foreseen. Blank flash tends to go on, and so does what is as expected, or is
 * not. */
static bool block_is_foreseen(const struct rk_survey *survey, uint32_t addr,
                              const uint8_t *expected, bool first)
{
    uint32_t before = addr - RK_SECTOR_SIZE;

    if (expected)
        return first || rk_survey_matches(survey, before, expected - RK_SECTOR_SIZE);
    return addr > 0 && rk_survey_blank(survey, before, RK_SECTOR_SIZE);
}

enum rk_status rk_survey_range(struct rk_survey *survey, uint32_t addr, uint32_t len,
                               const uint8_t *expected, struct rk_error *err)
{
    struct rk_context *ctx = rk_device_context(survey->dev);
    uint32_t end = addr + len;
    enum rk_status status = RK_OK;

    rk_stage_begin(ctx, "survey", "asking the chip for the digests of %u KiB",
                   (unsigned)(len / 1024));
    for (uint32_t at = addr; at < end && status == RK_OK; at += RK_SECTOR_SIZE) {
        if (rk_cancelled(ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        const uint8_t *here = expected ? expected + (at - addr) : NULL;
        if (block_is_open(survey, at, end) && block_is_foreseen(survey, at, here, at == addr))
            status = try_block(survey, at, here, err);
        if (status == RK_OK && !survey->known[at / RK_SECTOR_SIZE])
            status = rk_survey_refresh(survey, at, err);
        rk_progress(ctx, "survey", at + RK_SECTOR_SIZE - addr, len, at, survey->dev->retries_used);
    }
    if (status == RK_OK)
        rk_stage_end(ctx, "survey", "digests of %u sectors", (unsigned)(len / RK_SECTOR_SIZE));
    return status;
}

void rk_survey_learn(struct rk_survey *survey, uint32_t addr, const uint8_t *bytes)
{
    digest_sector(survey, bytes, &survey->digests[addr / RK_SECTOR_SIZE]);
    survey->known[addr / RK_SECTOR_SIZE] = true;
}

bool rk_survey_matches(const struct rk_survey *survey, uint32_t addr, const uint8_t *bytes)
{
    struct rk_digest digest;
    uint32_t index = addr / RK_SECTOR_SIZE;

    if (!survey->known[index])
        return false;
    digest_sector(survey, bytes, &digest);
    return rk_digest_equal(&digest, &survey->digests[index]);
}

enum rk_status rk_survey_confirm(struct rk_survey *survey, uint32_t addr, const uint8_t *bytes,
                                 bool *matches, struct rk_error *err)
{
    *matches = rk_survey_matches(survey, addr, bytes);
    for (int i = 0; !*matches && i < CONFIRMATIONS; i++) {
        enum rk_status status = rk_survey_refresh(survey, addr, err);
        if (status != RK_OK)
            return status;
        *matches = rk_survey_matches(survey, addr, bytes);
    }
    return RK_OK;
}

static bool all_are(const struct rk_survey *survey, uint32_t addr, uint32_t len,
                    const struct rk_digest *digest)
{
    for (uint32_t at = addr; at < addr + len; at += RK_SECTOR_SIZE)
        if (!survey->known[at / RK_SECTOR_SIZE] ||
            !rk_digest_equal(&survey->digests[at / RK_SECTOR_SIZE], digest))
            return false;
    return true;
}

bool rk_survey_blank(const struct rk_survey *survey, uint32_t addr, uint32_t len)
{
    return all_are(survey, addr, len, &survey->blank);
}

bool rk_survey_zero(const struct rk_survey *survey, uint32_t addr, uint32_t len)
{
    return all_are(survey, addr, len, &survey->zero);
}

bool rk_survey_mirrored(const struct rk_survey *survey)
{
    uint32_t half = survey->sector_count / 2;

    if (half == 0 || rk_survey_blank(survey, 0, survey->sector_count * RK_SECTOR_SIZE))
        return false;
    for (uint32_t i = 0; i < half; i++)
        if (!survey->known[i] || !survey->known[half + i] ||
            !rk_digest_equal(&survey->digests[i], &survey->digests[half + i]))
            return false;
    return true;
}
