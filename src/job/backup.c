#include "job/backup.h"

#include "base/context.h"
#include "base/sha256.h"
#include "base/text.h"
#include "chip/chip.h"
#include "job/backup_name.h"
#include "store/file.h"
#include "store/part.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS_PER_BLOCK (RK_BLOCK_SIZE / RK_SECTOR_SIZE)

/* A backup under way. */
struct backup {
    struct rk_device *dev;
    struct rk_context *ctx;
    const struct rk_backup_options *opt;
    struct rk_survey *survey;
    struct rk_transfer *transfer;
    struct rk_backup_previous previous;
    struct rk_part part;
    bool part_open;
    uint32_t addr, len;
    bool by_block; /* whole blocks, each with its digest behind it, instead of digests first */
    uint8_t *data; /* the bytes of the file */
    struct rk_backup_result *out;
    uint32_t unstable;              /* sectors that no repetition could settle */
    struct rk_error unstable_error; /* the first of them */
};

void rk_backup_describe(struct rk_manifest *manifest, const struct rk_device *dev, const char *path)
{
    const struct rk_link_info *link = rk_link_info(rk_device_link(dev));
    size_t count = 0;
    const struct rk_region *regions = rk_device_regions(dev, &count);

    rk_text_copy(manifest->tool_version, sizeof manifest->tool_version, RK_VERSION_STRING);
    rk_text_utc(manifest->created, sizeof manifest->created, rk_context_utc(rk_device_context(dev)),
                false);
    rk_text_copy(manifest->file, sizeof manifest->file, rk_backup_base_name(path));
    rk_text_copy(manifest->port, sizeof manifest->port, link->name);
    rk_text_copy(manifest->bridge, sizeof manifest->bridge, link->bridge);
    rk_text_copy(manifest->adapter, sizeof manifest->adapter, link->serial);
    manifest->device = *rk_device_info(dev);
    memset(manifest->device.key, 0, sizeof manifest->device.key);
    for (size_t i = 0; i < count && i < RK_MANIFEST_REGIONS_MAX; i++)
        manifest->regions[manifest->region_count++].region = regions[i];
}

/* Continues FILE.part if it is of this module and range, else begins it. */
static enum rk_status open_part(struct backup *b, struct rk_error *err)
{
    struct rk_manifest manifest;
    enum rk_status status = RK_OK;

    if (b->opt->resume) {
        status = rk_part_open(&b->part, b->out->path, &b->part_open, err);
        if (status != RK_OK)
            return status;
    }
    if (b->part_open) {
        const struct rk_manifest *old = &b->part.manifest;
        if (old->addr == b->addr && old->len == b->len &&
            rk_manifest_same_module(old, rk_device_info(b->dev)) != RK_MODULE_OTHER)
            return RK_OK;
        rk_fail(err, RK_ERR_FILE, "backup.other-module",
                "\"%s\" is the unfinished backup of another module or range", b->part.data_path);
        rk_error_hint(err, "choose another name for this module's backup");
        return RK_ERR_FILE;
    }
    status = rk_manifest_init(&manifest, b->addr, b->len, err);
    if (status != RK_OK)
        return status;
    rk_backup_describe(&manifest, b->dev, b->out->path);
    rk_text_copy(manifest.reused_from, sizeof manifest.reused_from, b->previous.name);
    status = rk_part_create(&b->part, b->out->path, &manifest, err);
    b->part_open = status == RK_OK;
    return status;
}

/* The bytes of the earlier backup at a sector, or NULL. */
static const uint8_t *previous_at(const struct backup *b, uint32_t addr)
{
    const struct rk_backup_previous *p = &b->previous;

    if (!p->data || addr < p->addr || p->len < RK_SECTOR_SIZE ||
        addr - p->addr > p->len - RK_SECTOR_SIZE)
        return NULL;
    return p->data + (addr - p->addr);
}

/* A flash that says the same everywhere has nothing to save, or does not answer at all. */
static enum rk_status check_alive(const struct backup *b, struct rk_error *err)
{
    bool zero = rk_survey_zero(b->survey, b->addr, b->len);

    if (b->opt->have_range && !zero)
        return RK_OK;
    if (!zero && !rk_survey_blank(b->survey, b->addr, b->len))
        return RK_OK;
    if (zero) {
        rk_fail(err, RK_ERR_FLASH_FAULT, "flash.silent", "the flash reads 00 everywhere");
        rk_error_hint(err, "the chip answers, its flash does not: check the supply and the solder "
                           "joints of the flash");
    } else {
        rk_fail(err, RK_ERR_FLASH_FAULT, "flash.blank",
                "the flash is blank from end to end: there is nothing to back up");
        rk_error_hint(err, "if the module worked a moment ago, check the supply and try again");
    }
    return RK_ERR_FLASH_FAULT;
}

static enum rk_status put(struct backup *b, size_t index, enum rk_sector_source source,
                          uint32_t reads, struct rk_error *err)
{
    uint32_t *const counters[RK_SOURCE_COUNT] = {[RK_SOURCE_READ] = &b->out->transferred,
                                                 [RK_SOURCE_VOTED] = &b->out->transferred,
                                                 [RK_SOURCE_BLANK] = &b->out->blank,
                                                 [RK_SOURCE_REUSED] = &b->out->reused,
                                                 [RK_SOURCE_UNSTABLE] = &b->out->transferred};

    ++*counters[source];
    return rk_part_put(&b->part, index, b->data + index * RK_SECTOR_SIZE, source, reads, err);
}

/* Obtains one sector in the cheapest way its digest allows. */
static enum rk_status obtain(struct backup *b, size_t index, struct rk_error *err)
{
    uint32_t addr = b->addr + (uint32_t)index * RK_SECTOR_SIZE, reads = 0;
    uint8_t *bytes = b->data + index * RK_SECTOR_SIZE;
    enum rk_sector_source source = b->part.manifest.sectors[index].source;
    const uint8_t *earlier = previous_at(b, addr);
    struct rk_error *slot = err ? err : &b->unstable_error;

    if (source != RK_SOURCE_MISSING && source != RK_SOURCE_UNSTABLE &&
        rk_file_get(b->part.fd, b->part.data_path, (uint32_t)index * RK_SECTOR_SIZE, bytes,
                    RK_SECTOR_SIZE, NULL) == RK_OK &&
        rk_survey_matches(b->survey, addr, bytes)) {
        b->out->resumed++;
        return RK_OK;
    }
    if (!b->opt->transfer_all && rk_survey_blank(b->survey, addr, RK_SECTOR_SIZE)) {
        memset(bytes, 0xFF, RK_SECTOR_SIZE);
        return put(b, index, RK_SOURCE_BLANK, 0, err);
    }
    if (!b->opt->transfer_all && earlier && rk_survey_matches(b->survey, addr, earlier)) {
        memcpy(bytes, earlier, RK_SECTOR_SIZE);
        return put(b, index, RK_SOURCE_REUSED, 0, err);
    }
    enum rk_status status = rk_transfer_sector(b->transfer, addr, bytes, &source, &reads, slot);
    if (status == RK_ERR_UNSTABLE_READ) {
        if (b->unstable++ == 0)
            b->unstable_error = *slot;
        rk_warn(b->ctx, "read.unstable", "sector 0x%06x does not read the same twice",
                (unsigned)addr);
        status = RK_OK;
    }
    return status == RK_OK ? put(b, index, source, reads, err) : status;
}

/* Transfers a whole block and proves it with one digest. *done stays false if some of it is there
 * already or the digest disagrees: then it goes sector by sector. */
static enum rk_status obtain_block(struct backup *b, size_t index, bool *done, struct rk_error *err)
{
    uint32_t addr = b->addr + (uint32_t)index * RK_SECTOR_SIZE;

    for (size_t i = 0; i < SECTORS_PER_BLOCK; i++)
        if (b->part.manifest.sectors[index + i].source != RK_SOURCE_MISSING)
            return RK_OK;
    enum rk_status status =
        rk_transfer_block(b->transfer, addr, b->data + index * RK_SECTOR_SIZE, done, err);
    for (size_t i = 0; status == RK_OK && *done && i < SECTORS_PER_BLOCK; i++) {
        uint32_t at = addr + (uint32_t)i * RK_SECTOR_SIZE;
        rk_survey_learn(b->survey, at, b->data + (index + i) * RK_SECTOR_SIZE);
        bool blank = !b->opt->transfer_all && rk_survey_blank(b->survey, at, RK_SECTOR_SIZE);
        status = put(b, index + i, blank ? RK_SOURCE_BLANK : RK_SOURCE_READ, !blank, err);
    }
    return status;
}

static enum rk_status obtain_all(struct backup *b, struct rk_error *err)
{
    enum rk_status status = RK_OK;
    size_t count = b->len / RK_SECTOR_SIZE;

    rk_stage_begin(b->ctx, "backup", "%s", b->out->path);
    if (b->by_block) {
        b->dev->in_turn.addr = b->addr;
        b->dev->in_turn.len = b->len;
    }
    for (size_t i = 0, step; i < count && status == RK_OK; i += step) {
        bool block = b->by_block && i % SECTORS_PER_BLOCK == 0 && b->addr % RK_BLOCK_SIZE == 0 &&
                     count - i >= SECTORS_PER_BLOCK;
        bool done = false;
        step = block ? SECTORS_PER_BLOCK : 1;
        if (rk_cancelled(b->ctx))
            status = rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        else if (block)
            status = obtain_block(b, i, &done, err);
        for (size_t k = 0; !done && k < step && status == RK_OK; k++)
            status = obtain(b, i + k, err);
        rk_progress(b->ctx, "backup", (i + step) * RK_SECTOR_SIZE, b->len,
                    b->addr + (uint32_t)i * RK_SECTOR_SIZE, b->transfer->misread);
    }
    b->dev->in_turn.len = 0;
    return status == RK_OK ? check_alive(b, err) : status;
}

static void digest_regions(struct backup *b)
{
    uint8_t digest[32];

    for (size_t i = 0; i < b->part.manifest.region_count; i++) {
        struct rk_manifest_region *r = &b->part.manifest.regions[i];
        if (r->region.addr < b->addr || r->region.len > b->len ||
            r->region.addr - b->addr > b->len - r->region.len)
            continue;
        rk_sha256(b->data + (r->region.addr - b->addr), r->region.len, digest);
        rk_sha256_hex(digest, r->sha256);
    }
}

static enum rk_status finish(struct backup *b, struct rk_error *err)
{
    uint8_t digest[32];

    if (b->unstable > 0) {
        if (err)
            *err = b->unstable_error;
        rk_error_detail(err, "%u of %u sectors are unstable; everything is kept in \"%s\"",
                        (unsigned)b->unstable, (unsigned)(b->len / RK_SECTOR_SIZE),
                        b->part.data_path);
        return RK_ERR_UNSTABLE_READ;
    }
    rk_sha256(b->data, b->len, digest);
    rk_sha256_hex(digest, b->out->sha256);
    digest_regions(b);
    enum rk_status status = rk_part_finish(&b->part, b->out->sha256, err);
    if (status == RK_OK)
        rk_stage_end(b->ctx, "backup", "%s: %u sectors transferred, %u blank, %u known, sha256 %s",
                     b->out->path, (unsigned)b->out->transferred, (unsigned)b->out->blank,
                     (unsigned)(b->out->reused + b->out->resumed), b->out->sha256);
    return status;
}

static size_t saved_sectors(const struct rk_manifest *manifest)
{
    size_t saved = 0;

    for (size_t i = 0; i < manifest->sector_count; i++)
        saved += manifest->sectors[i].source != RK_SOURCE_MISSING;
    return saved;
}

/* Ends a backup that failed: what was obtained stays, with a map; nothing leaves no files. */
static enum rk_status keep_what_is_there(struct backup *b, enum rk_status status,
                                         struct rk_error *err)
{
    bool device_fault = status <= RK_ERR_PORT_NOT_FOUND && status > RK_ERR_IMAGE_FORMAT;

    (void)!rk_part_flush(&b->part, NULL);
    size_t saved = saved_sectors(&b->part.manifest);
    if (saved == 0) {
        rk_file_remove(b->part.data_path);
        rk_file_remove(b->part.map_path);
        return status;
    }
    if (!device_fault || !err)
        return device_fault ? RK_ERR_PARTIAL : status;
    struct rk_error cause = *err;
    rk_fail(err, RK_ERR_PARTIAL, "backup.partial", "%zu of %zu sectors are saved, then: %s", saved,
            b->part.manifest.sector_count, cause.message);
    rk_error_detail(err, "%s: %s", cause.id, cause.detail);
    rk_error_hint(err, "run it again with --resume: \"%s\" is continued", b->part.data_path);
    return RK_ERR_PARTIAL;
}

/* Everything that needs no module: names, earlier backups, room for the data. */
static enum rk_status prepare(struct backup *b, struct rk_error *err)
{
    const struct rk_backup_options *opt = b->opt;
    enum rk_status status;

    if (b->addr % RK_SECTOR_SIZE || b->len % RK_SECTOR_SIZE) {
        rk_fail(err, RK_ERR_RANGE, "range.alignment", "a backup holds whole sectors");
        rk_error_hint(err, "use a multiple of 0x1000, or `rekindle read` for any range");
        return RK_ERR_RANGE;
    }
    if (opt->path && strlen(opt->path) >= sizeof b->out->path)
        return rk_fail(err, RK_ERR_FILE, "file.name", "the file name is too long");
    if (opt->path)
        rk_text_copy(b->out->path, sizeof b->out->path, opt->path);
    else if ((status = rk_backup_choose_name(b->dev, opt->dir, b->addr, b->len, opt->resume,
                                             b->out->path, sizeof b->out->path, err)) != RK_OK)
        return status;
    if (!opt->transfer_all || opt->previous) {
        status = rk_backup_find_previous(b->dev, opt->previous, opt->dir, &b->previous, err);
        if (status != RK_OK)
            return status;
    }
    b->data = malloc(b->len);
    b->transfer = calloc(1, sizeof *b->transfer);
    if (!b->data || !b->transfer)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    b->transfer->survey = b->survey;
    return open_part(b, err);
}

/* Is nothing known of the range that could save reading some of it? */
static bool is_new(const struct backup *b)
{
    bool aligned = b->addr % RK_BLOCK_SIZE == 0 && b->len % RK_BLOCK_SIZE == 0;

    for (size_t i = 0; i < b->len / RK_SECTOR_SIZE; i++)
        if (b->part.manifest.sectors[i].source != RK_SOURCE_MISSING ||
            b->survey->known[b->addr / RK_SECTOR_SIZE + i])
            return false;
    return aligned && !b->previous.data;
}

/* The digests, with what is expected from the earlier backup. A backup that transfers everything
 * needs none in advance. */
static enum rk_status look(struct backup *b, struct rk_error *err)
{
    b->by_block = b->opt->transfer_all || (b->dev->streams && is_new(b));
    if (b->by_block)
        return RK_OK;
    bool covered = b->previous.data && b->addr >= b->previous.addr &&
                   b->addr + b->len <= b->previous.addr + b->previous.len;
    const uint8_t *expected = covered ? b->previous.data + (b->addr - b->previous.addr) : NULL;
    enum rk_status status = rk_survey_range(b->survey, b->addr, b->len, expected, err);

    return status == RK_OK ? check_alive(b, err) : status;
}

static void report(struct backup *b, uint32_t retries, uint64_t started,
                   struct rk_backup_extra *extra)
{
    const struct rk_clock *clock = rk_link_clock(b->dev->link);

    rk_text_copy(b->out->manifest, sizeof b->out->manifest, b->part.manifest_path);
    b->out->bytes = b->len;
    b->out->sectors = b->len / RK_SECTOR_SIZE;
    b->out->retries = b->dev->retries_used - retries + b->transfer->misread;
    b->out->seconds = (double)(rk_clock_now(clock) - started) / 1e6;
    if (!extra)
        return;
    extra->data = b->data;
    b->data = NULL;
    extra->transfers = b->transfer->sectors;
    extra->misread = b->transfer->misread;
}

enum rk_status rk_backup_make(struct rk_survey *survey, const struct rk_backup_options *opt,
                              struct rk_backup_result *out, struct rk_backup_extra *extra,
                              struct rk_error *err)
{
    struct rk_device *dev = survey->dev;
    uint64_t started = rk_clock_now(rk_link_clock(dev->link));
    uint32_t retries = dev->retries_used;
    struct backup *b = calloc(1, sizeof *b);

    if (!b)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    memset(out, 0, sizeof *out);
    b->dev = dev;
    b->ctx = dev->ctx;
    b->opt = opt;
    b->survey = survey;
    b->out = out;
    b->addr = opt->have_range ? opt->addr : 0;
    b->len = opt->have_range ? opt->len : dev->info.flash_size;
    enum rk_status status = rk_survey_check_range(dev, b->addr, b->len, err);
    if (status == RK_OK)
        status = prepare(b, err);
    if (status == RK_OK) {
        status = look(b, err);
        if (status == RK_OK)
            status = obtain_all(b, err);
        if (status == RK_OK)
            status = finish(b, err);
        if (status != RK_OK)
            status = keep_what_is_there(b, status, err);
    }
    if (status == RK_OK)
        report(b, retries, started, extra);
    if (b->part_open)
        rk_part_close(&b->part);
    free(b->previous.data);
    free(b->transfer);
    free(b->data);
    free(b);
    return status;
}

enum rk_status rk_job_backup(struct rk_device *dev, const struct rk_backup_options *opt,
                             struct rk_backup_result *out, struct rk_error *err)
{
    struct rk_survey survey;
    enum rk_status status = rk_survey_init(&survey, dev, err);

    if (status != RK_OK)
        return status;
    status = rk_backup_make(&survey, opt, out, NULL, err);
    rk_survey_free(&survey);
    return status;
}
