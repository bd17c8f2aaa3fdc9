#include "store/folder.h"

#include "base/text.h"
#include "store/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 1024 /* more backups of one module in one folder are not looked at */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

/* Fills *entry if the file is the manifest of a backup of this module. */
static bool examine(const char *dir, const char *name, const struct rk_device_info *device,
                    struct rk_backup_entry *entry)
{
    if (!ends_with(name, ".json") || strlen(dir) + strlen(name) + 2 > sizeof entry->manifest_path)
        return false;
    memset(entry, 0, sizeof *entry);
    if (strcmp(dir, ".") == 0)
        rk_text_copy(entry->manifest_path, sizeof entry->manifest_path, name);
    else
        rk_text_format(entry->manifest_path, sizeof entry->manifest_path, "%s/%s", dir, name);
    rk_text_copy(entry->data_path, sizeof entry->data_path, entry->manifest_path);
    entry->data_path[strlen(entry->data_path) - strlen(".json")] = '\0';
    if (!rk_file_exists(entry->data_path))
        return false;
    if (rk_manifest_read(entry->manifest_path, &entry->manifest, NULL) != RK_OK)
        return false;
    entry->same = rk_manifest_same_module(&entry->manifest, device);
    bool part = ends_with(entry->data_path, ".part");
    if (entry->same != RK_MODULE_OTHER && entry->manifest.complete != part)
        return true;
    rk_manifest_free(&entry->manifest);
    return false;
}

static int newest_first(const void *a, const void *b)
{
    const struct rk_backup_entry *x = a, *y = b;
    int order = strcmp(y->manifest.created, x->manifest.created);

    return order ? order : strcmp(x->manifest_path, y->manifest_path);
}

enum rk_status rk_backup_list_find(const char *dir, const struct rk_device_info *device,
                                   struct rk_backup_list *out, struct rk_error *err)
{
    const char *folder = dir && dir[0] ? dir : ".";
    enum rk_status status = RK_OK;
    struct rk_backup_entry *entry = malloc(sizeof *entry);
    DIR *stream = opendir(folder);
    size_t cap = 0;

    *out = (struct rk_backup_list){0};
    if (!entry)
        status = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    while (status == RK_OK && stream && out->count < ENTRIES_MAX) {
        const struct dirent *item = readdir(stream);
        if (!item)
            break;
        if (!examine(folder, item->d_name, device, entry))
            continue;
        if (out->count == cap) {
            cap = cap ? cap * 2 : 8;
            struct rk_backup_entry *bigger = realloc(out->entries, cap * sizeof *bigger);
            if (!bigger) {
                rk_manifest_free(&entry->manifest);
                status = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
                break;
            }
            out->entries = bigger;
        }
        out->entries[out->count++] = *entry;
    }
    if (stream)
        closedir(stream);
    free(entry);
    if (status != RK_OK)
        rk_backup_list_free(out);
    else if (out->count > 1)
        qsort(out->entries, out->count, sizeof *out->entries, newest_first);
    return status;
}

void rk_backup_list_free(struct rk_backup_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        rk_manifest_free(&list->entries[i].manifest);
    free(list->entries);
    *list = (struct rk_backup_list){0};
}
