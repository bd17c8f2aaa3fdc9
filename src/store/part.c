#include "store/part.h"

#include "base/crc.h"
#include "base/text.h"
#include "store/file.h"

#include <errno.h>
#include <string.h>

static enum rk_status set_paths(struct rk_part *part, const char *path, struct rk_error *err)
{
    if (strlen(path) >= sizeof part->path)
        return rk_fail(err, RK_ERR_FILE, "file.name", "the file name is too long");
    rk_text_copy(part->path, sizeof part->path, path);
    rk_text_format(part->data_path, sizeof part->data_path, "%s.part", path);
    rk_text_format(part->map_path, sizeof part->map_path, "%s.part.json", path);
    rk_text_format(part->manifest_path, sizeof part->manifest_path, "%s.json", path);
    return RK_OK;
}

static enum rk_status check_free(const struct rk_part *part, struct rk_error *err)
{
    const char *taken = rk_file_exists(part->path)            ? part->path
                        : rk_file_exists(part->manifest_path) ? part->manifest_path
                                                              : NULL;

    if (taken) {
        rk_fail(err, RK_ERR_FILE, "file.exists", "\"%s\" is there already", taken);
        rk_error_hint(err, "choose another name, or move the old file away");
        return RK_ERR_FILE;
    }
    if (rk_file_exists(part->data_path)) {
        rk_fail(err, RK_ERR_FILE, "backup.unfinished", "\"%s\" is there already", part->data_path);
        rk_error_hint(err, "--resume continues it; another name begins a new backup");
        return RK_ERR_FILE;
    }
    return RK_OK;
}

enum rk_status rk_part_create(struct rk_part *part, const char *path, struct rk_manifest *manifest,
                              struct rk_error *err)
{
    memset(part, 0, sizeof *part);
    part->fd = -1;
    part->manifest = *manifest;
    memset(manifest, 0, sizeof *manifest);
    enum rk_status status = set_paths(part, path, err);
    if (status == RK_OK)
        status = check_free(part, err);
    /* The map first: a data file without a map could not be told from somebody else's file. */
    if (status == RK_OK)
        status = rk_manifest_write(part->map_path, &part->manifest, true, err);
    if (status == RK_OK) {
        status = rk_file_open_pieces(part->data_path, true, &part->fd, err);
        if (status != RK_OK)
            rk_file_remove(part->map_path);
    }
    if (status != RK_OK)
        rk_manifest_free(&part->manifest);
    return status;
}

/* Believes the map only where the bytes are really there. */
static void recheck(struct rk_part *part)
{
    uint8_t sector[RK_SECTOR_SIZE];

    for (size_t i = 0; i < part->manifest.sector_count; i++) {
        struct rk_manifest_sector *row = &part->manifest.sectors[i];
        if (row->source == RK_SOURCE_MISSING)
            continue;
        if (rk_file_get(part->fd, part->data_path, (uint32_t)i * RK_SECTOR_SIZE, sector,
                        sizeof sector, NULL) != RK_OK ||
            rk_crc32(0, sector, sizeof sector) != row->crc32)
            memset(row, 0, sizeof *row);
    }
}

enum rk_status rk_part_open(struct rk_part *part, const char *path, bool *found,
                            struct rk_error *err)
{
    *found = false;
    memset(part, 0, sizeof *part);
    part->fd = -1;
    enum rk_status status = set_paths(part, path, err);
    if (status != RK_OK || !rk_file_exists(part->data_path) || !rk_file_exists(part->map_path))
        return status;
    if (rk_file_exists(part->path))
        return rk_file_error(err, "create", part->path, EEXIST);
    status = rk_manifest_read(part->map_path, &part->manifest, err);
    if (status != RK_OK)
        rk_error_hint(err,
                      "the map of the unfinished backup is damaged: remove \"%s\" and its map, "
                      "or choose another name",
                      part->data_path);
    if (status == RK_OK)
        status = rk_file_open_pieces(part->data_path, false, &part->fd, err);
    if (status != RK_OK) {
        rk_manifest_free(&part->manifest);
        return status;
    }
    recheck(part);
    *found = true;
    return RK_OK;
}

enum rk_status rk_part_flush(struct rk_part *part, struct rk_error *err)
{
    if (part->pending_count == 0)
        return RK_OK;
    enum rk_status status = rk_file_sync(part->fd, part->data_path, err);
    if (status != RK_OK)
        return status;
    for (size_t i = 0; i < part->pending_count; i++)
        part->manifest.sectors[part->pending[i].index] = part->pending[i].row;
    part->pending_count = 0;
    return rk_manifest_write(part->map_path, &part->manifest, true, err);
}

enum rk_status rk_part_put(struct rk_part *part, size_t index, const uint8_t *data,
                           enum rk_sector_source source, uint32_t reads, struct rk_error *err)
{
    enum rk_status status = rk_file_put(part->fd, part->data_path, (uint32_t)index * RK_SECTOR_SIZE,
                                        data, RK_SECTOR_SIZE, err);

    if (status != RK_OK)
        return status;
    part->pending[part->pending_count].index = index;
    part->pending[part->pending_count].row = (struct rk_manifest_sector){
        .crc32 = rk_crc32(0, data, RK_SECTOR_SIZE), .source = source, .reads = reads};
    part->pending_count++;
    return part->pending_count < RK_PART_PENDING ? RK_OK : rk_part_flush(part, err);
}

/* A manifest that is there already may only be one that an earlier run of ours left behind. */
static enum rk_status check_manifest_is_ours(const struct rk_part *part, struct rk_error *err)
{
    struct rk_manifest orphan = {0};

    if (!rk_file_exists(part->manifest_path))
        return RK_OK;
    bool ours = rk_manifest_read(part->manifest_path, &orphan, NULL) == RK_OK &&
                orphan.len == part->manifest.len;
    rk_manifest_free(&orphan);
    return ours ? RK_OK : rk_file_error(err, "create", part->manifest_path, EEXIST);
}

enum rk_status rk_part_finish(struct rk_part *part, const char *sha256, struct rk_error *err)
{
    enum rk_status status = rk_part_flush(part, err);

    if (status != RK_OK)
        return status;
    if (rk_file_exists(part->path))
        return rk_file_error(err, "create", part->path, EEXIST);
    status = check_manifest_is_ours(part, err);
    if (status != RK_OK)
        return status;
    part->manifest.complete = true;
    rk_text_copy(part->manifest.sha256, sizeof part->manifest.sha256, sha256);
    /* The manifest first. If we die before the data file has its name, the map is still there
     * and the manifest is known as our own: the next run may replace it. */
    status = rk_manifest_write(part->manifest_path, &part->manifest, true, err);
    if (status == RK_OK) {
        rk_file_close(part->fd);
        part->fd = -1;
        status = rk_file_publish(part->data_path, part->path, err);
        if (status != RK_OK)
            rk_file_remove(part->manifest_path);
    }
    if (status == RK_OK)
        rk_file_remove(part->map_path);
    else
        part->manifest.complete = false;
    return status;
}

void rk_part_close(struct rk_part *part)
{
    rk_file_close(part->fd);
    part->fd = -1;
    rk_manifest_free(&part->manifest);
}
