#include "job/backup_name.h"

#include "base/context.h"
#include "base/text.h"
#include "job/backup.h"
#include "store/file.h"
#include "store/folder.h"

#include <ctype.h>
#include <string.h>

const char *rk_backup_base_name(const char *path)
{
    const char *base = path;

    for (const char *p = path; *p; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    return base;
}

/* Continues the newest unfinished backup of the same module and range. */
static enum rk_status find_unfinished(struct rk_device *dev, const char *dir, uint32_t addr,
                                      uint32_t len, char *path, size_t cap, struct rk_error *err)
{
    struct rk_backup_list list;
    enum rk_status status = rk_backup_list_find(dir, rk_device_info(dev), &list, err);

    if (status != RK_OK)
        return status;
    for (size_t i = 0; i < list.count && !path[0]; i++) {
        const struct rk_backup_entry *entry = &list.entries[i];
        if (entry->manifest.complete || entry->manifest.addr != addr || entry->manifest.len != len)
            continue;
        rk_text_copy(path, cap, entry->data_path);
        size_t end = strlen(path) - strlen(".part");
        path[end] = '\0';
    }
    rk_backup_list_free(&list);
    return RK_OK;
}

enum rk_status rk_backup_choose_name(struct rk_device *dev, const char *dir, uint32_t addr,
                                     uint32_t len, bool resume, char *path, size_t cap,
                                     struct rk_error *err)
{
    const struct rk_device_info *info = rk_device_info(dev);
    char chip[sizeof info->chip], mac[16] = "nomac", date[24], part[1100];

    path[0] = '\0';
    if (resume) {
        enum rk_status status = find_unfinished(dev, dir, addr, len, path, cap, err);
        if (status != RK_OK || path[0])
            return status;
    }
    rk_text_copy(chip, sizeof chip, info->chip);
    for (char *p = chip; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (info->has_mac)
        rk_text_format(mac, sizeof mac, "%02x%02x%02x%02x%02x%02x", info->mac[0], info->mac[1],
                       info->mac[2], info->mac[3], info->mac[4], info->mac[5]);
    rk_text_utc(date, sizeof date, rk_context_utc(rk_device_context(dev)), true);
    for (unsigned n = 1; n < 1000; n++) {
        char number[8] = "";
        if (n > 1)
            rk_text_format(number, sizeof number, "-%u", n);
        rk_text_format(path, cap, "%s%s%s-%s-%s%s.bin", dir && dir[0] ? dir : "",
                       dir && dir[0] ? "/" : "", chip, mac, date, number);
        rk_text_format(part, sizeof part, "%s.part", path);
        if (!rk_file_exists(path) && !rk_file_exists(part))
            return RK_OK;
    }
    return rk_fail(err, RK_ERR_FILE, "file.exists", "no free name for a backup in \"%s\"",
                   dir ? dir : ".");
}

/* Any file will do that the user names: each sector is proven by digest before it is used. */
static enum rk_status load_named(const char *path, struct rk_backup_previous *out,
                                 struct rk_error *err)
{
    size_t len = 0;
    enum rk_status status = rk_file_read(path, RK_MANIFEST_DATA_MAX, &out->data, &len, err);

    if (status != RK_OK)
        return status;
    struct rk_manifest manifest = {0};
    char manifest_path[1100];
    rk_text_format(manifest_path, sizeof manifest_path, "%s.json", path);
    if (rk_manifest_read(manifest_path, &manifest, NULL) == RK_OK)
        out->addr = manifest.addr;
    rk_manifest_free(&manifest);
    out->len = (uint32_t)len;
    rk_text_copy(out->name, sizeof out->name, rk_backup_base_name(path));
    return RK_OK;
}

enum rk_status rk_backup_find_previous(struct rk_device *dev, const char *path, const char *dir,
                                       struct rk_backup_previous *out, struct rk_error *err)
{
    struct rk_backup_list list;

    memset(out, 0, sizeof *out);
    if (path)
        return load_named(path, out, err);
    enum rk_status status = rk_backup_list_find(dir, rk_device_info(dev), &list, err);
    if (status != RK_OK)
        return status;
    for (size_t i = 0; i < list.count && !out->data; i++) {
        const struct rk_backup_entry *entry = &list.entries[i];
        if (!entry->manifest.complete ||
            rk_manifest_load(&entry->manifest, entry->data_path, &out->data, NULL) != RK_OK)
            continue;
        out->addr = entry->manifest.addr;
        out->len = entry->manifest.len;
        rk_text_copy(out->name, sizeof out->name, rk_backup_base_name(entry->data_path));
    }
    rk_backup_list_free(&list);
    return RK_OK;
}
