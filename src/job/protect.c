/* The steps of a write that make sure nothing is lost: an interrupted run is recognised, what is
 * right already is found out, and what will be overwritten is on the disk first. */
#include "job/transaction.h"

#include "base/context.h"
#include "base/text.h"
#include "job/backup.h"
#include "store/file.h"
#include "store/folder.h"

#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 8 /* earlier backups that are compared with the flash */

/* The folder in which backups of this module are looked for. */
static void backup_folder(const struct rk_transaction *t, char *out, size_t cap)
{
    const char *path = t->policy->backup_path;

    rk_text_copy(out, cap, t->policy->backup_dir ? t->policy->backup_dir : ".");
    if (t->policy->backup_dir || !path)
        return;
    size_t len = (size_t)(rk_backup_base_name(path) - path);
    if (len > 0)
        rk_text_copy(out, len < cap ? len : cap, path);
}

static bool is_whole(const struct rk_transaction *t, const struct rk_backup_entry *entry)
{
    return entry->manifest.complete && entry->manifest.addr == 0 &&
           entry->manifest.len == t->dev->info.flash_size;
}

/* ---- an interrupted run ---- */

/* Can the module have run its application since the write was interrupted? Not if that write was
 * replacing the application's first sector, which comes last, and it is not what it was. */
static bool may_have_run(const struct rk_transaction *t, const struct rk_manifest *m)
{
    for (size_t i = 0; i < t->dev->region_count; i++) {
        const struct rk_region *r = &t->dev->regions[i];
        size_t index = r->addr / RK_SECTOR_SIZE;
        if (r->kind == RK_REGION_APP && index < m->sector_count && m->sectors[index].journalled &&
            !t->known[index])
            return false;
    }
    return true;
}

/* Marks as certain every sector that holds what the backup says. *rest is true if all sectors
 * outside of the journal do. */
static enum rk_status compare_with_backup(struct rk_transaction *t, const struct rk_manifest *m,
                                          const uint8_t *data, bool *rest, struct rk_error *err)
{
    enum rk_status status = rk_survey_range(&t->survey, 0, m->len, data, err);

    *rest = true;
    for (size_t i = 0; i < m->sector_count && status == RK_OK; i++) {
        uint32_t addr = (uint32_t)i * RK_SECTOR_SIZE;
        bool same = rk_survey_matches(&t->survey, addr, data + addr);
        if (!same && !m->sectors[i].journalled)
            status = rk_survey_confirm(&t->survey, addr, data + addr, &same, err);
        t->known[i] = same;
        if (same)
            memcpy(t->present + addr, data + addr, RK_SECTOR_SIZE);
        else if (!m->sectors[i].journalled)
            *rest = false;
    }
    return status;
}

/* Puts in front of the wanted bytes the original content of everything the interrupted write may
 * have damaged: what the new write does not cover becomes again what it was. */
static enum rk_status add_base(struct rk_transaction *t, struct rk_error *err)
{
    struct rk_segments base = {0};
    const struct rk_manifest *m = &t->protector.manifest;
    enum rk_status status = RK_OK;

    for (size_t i = 0, end; i < m->sector_count && status == RK_OK; i = end + 1) {
        for (end = i; end < m->sector_count && m->sectors[end].journalled; end++)
            ;
        uint32_t addr = (uint32_t)i * RK_SECTOR_SIZE;
        if (end > i)
            status = rk_segments_add(&base, addr, (uint32_t)(end - i) * RK_SECTOR_SIZE,
                                     t->protector.data + addr, err);
    }
    t->base_count = base.count;
    for (size_t i = 0; i < t->segments.count && status == RK_OK; i++)
        status = rk_segments_add(&base, t->segments.items[i].addr, t->segments.items[i].len,
                                 t->segments.items[i].data, err);
    rk_segments_free(&t->segments);
    t->segments = base;
    return status;
}

static void adopt(struct rk_transaction *t, struct rk_backup_entry *entry, uint8_t *data)
{
    rk_text_copy(t->protector.manifest_path, sizeof t->protector.manifest_path,
                 entry->manifest_path);
    t->protector.manifest = entry->manifest;
    t->protector.data = data;
    memset(&entry->manifest, 0, sizeof entry->manifest);
    struct rk_backup_result *r = &t->out->backup;
    memset(r, 0, sizeof *r);
    rk_text_copy(r->path, sizeof r->path, entry->data_path);
    rk_text_copy(r->manifest, sizeof r->manifest, entry->manifest_path);
    r->bytes = t->protector.manifest.len;
    r->sectors = r->bytes / RK_SECTOR_SIZE;
    r->reused = r->sectors;
    rk_text_copy(r->sha256, sizeof r->sha256, t->protector.manifest.sha256);
}

/* What differs outside of the journal although the module cannot have run was damaged by the
 * interrupted write, by a command with a garbled address: it is put back as well. */
static void add_damage(struct rk_transaction *t)
{
    struct rk_manifest *m = &t->protector.manifest;

    for (size_t i = 0; i < m->sector_count; i++)
        if (!t->known[i])
            m->sectors[i].journalled = true;
}

/* Takes up the interrupted write this entry records, if it is one of this module. */
static enum rk_status try_resume(struct rk_transaction *t, struct rk_backup_entry *entry,
                                 struct rk_error *err)
{
    uint8_t *data = NULL;
    bool rest = false;

    if (!is_whole(t, entry) || entry->manifest.journal.state != RK_JOURNAL_WRITING)
        return RK_OK;
    if (rk_manifest_load(&entry->manifest, entry->data_path, &data, NULL) != RK_OK) {
        rk_warn(t->ctx, "backup.altered",
                "\"%s\" belongs to an interrupted write but was changed since: not used",
                entry->data_path);
        return RK_OK;
    }
    enum rk_status status = compare_with_backup(t, &entry->manifest, data, &rest, err);
    if (status != RK_OK || (entry->same != RK_MODULE_SAME && !rest)) {
        memset(t->known, 0, t->survey.sector_count * sizeof *t->known);
        free(data);
        return status;
    }
    adopt(t, entry, data);
    t->out->resumed = true;
    rk_log(t->ctx, RK_LEVEL_INFO, "resume", "continuing the write of %s; the backup is \"%s\"",
           t->protector.manifest.journal.started, t->out->backup.path);
    if (!may_have_run(t, &t->protector.manifest))
        add_damage(t);
    return add_base(t, err);
}

enum rk_status rk_step_resume(struct rk_transaction *t, struct rk_error *err)
{
    struct rk_backup_list list;
    char folder[1024];

    if (t->policy->no_backup)
        return RK_OK;
    backup_folder(t, folder, sizeof folder);
    enum rk_status status = rk_backup_list_find(folder, &t->dev->info, &list, err);
    for (size_t i = 0; status == RK_OK && i < list.count && !t->out->resumed; i++)
        status = try_resume(t, &list.entries[i], err);
    rk_backup_list_free(&list);
    return status;
}

/* ---- what is right already ---- */

/* Fetches the sector around an edge of a segment: its other bytes are to be kept. */
static enum rk_status fetch_edge(struct rk_transaction *t, uint32_t edge, struct rk_error *err)
{
    uint32_t addr = edge / RK_SECTOR_SIZE * RK_SECTOR_SIZE, reads;
    enum rk_sector_source source;

    if (edge == addr || t->known[addr / RK_SECTOR_SIZE])
        return RK_OK;
    enum rk_status status =
        rk_transfer_sector(t->transfer, addr, t->present + addr, &source, &reads, err);
    t->known[addr / RK_SECTOR_SIZE] = status == RK_OK;
    return status;
}

static enum rk_status survey_segment(struct rk_transaction *t, const struct rk_segment *s,
                                     struct rk_error *err)
{
    uint32_t end = s->addr + s->len;
    uint32_t from = (s->addr + RK_SECTOR_SIZE - 1) / RK_SECTOR_SIZE * RK_SECTOR_SIZE;
    uint32_t to = end / RK_SECTOR_SIZE * RK_SECTOR_SIZE;
    enum rk_status status = fetch_edge(t, s->addr, err);

    if (status == RK_OK && from < to)
        status = rk_survey_range(&t->survey, from, to - from,
                                 s->data ? s->data + (from - s->addr) : NULL, err);
    return status == RK_OK ? fetch_edge(t, end, err) : status;
}

enum rk_status rk_step_compare(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = RK_OK;

    for (size_t i = t->base_count; status == RK_OK && i < t->segments.count; i++)
        status = survey_segment(t, &t->segments.items[i], err);
    if (status == RK_OK)
        status = rk_transaction_plan(t, err);
    if (status != RK_OK || !rk_plan_empty(t->plan))
        return status;
    t->finished = true;
    t->out->verified = true;
    rk_plan_totals(t->plan, &t->out->plan);
    if (!t->policy->dry_run)
        rk_journal_done(t);
    rk_stage_end(t->ctx, "plan", "the flash holds all of it already: nothing to be done");
    return RK_OK;
}

/* ---- the backup ---- */

/* Does the adopted backup save everything the plan is going to change? */
static bool covers_plan(const struct rk_transaction *t)
{
    for (size_t i = 0; i < t->plan->sector_count; i++) {
        size_t index = t->plan->sectors[i].addr / RK_SECTOR_SIZE;
        if (t->plan->sectors[i].action != RK_SECTOR_SAME && !t->known[index] &&
            !t->protector.manifest.sectors[index].journalled)
            return false;
    }
    return true;
}

/* The module was used since: what it holds now is saved as it is. */
static void abandon(struct rk_transaction *t)
{
    rk_warn(t->ctx, "resume.abandoned",
            "the module has changed since the interrupted write: a new backup is made");
    rk_journal_abandon(t, t->protector.manifest_path, &t->protector.manifest);
    rk_manifest_free(&t->protector.manifest);
    t->protector.manifest_path[0] = '\0';
    memmove(t->segments.items, t->segments.items + t->base_count,
            (t->segments.count - t->base_count) * sizeof *t->segments.items);
    t->segments.count -= t->base_count;
    t->base_count = 0;
    t->out->resumed = false;
}

static bool holds(const struct rk_transaction *t, const uint8_t *data)
{
    for (uint32_t i = 0; i < t->survey.sector_count; i++)
        if (!rk_survey_matches(&t->survey, i * RK_SECTOR_SIZE, data + i * RK_SECTOR_SIZE))
            return false;
    return true;
}

/* Asks for all digests and looks for a backup that holds exactly that. */
static enum rk_status find_same_state(struct rk_transaction *t, const char *folder,
                                      struct rk_error *err)
{
    struct rk_backup_list list;
    size_t tried = 0;
    enum rk_status status = rk_backup_list_find(folder, &t->dev->info, &list, err);

    for (size_t i = 0; i < list.count && status == RK_OK && tried < CANDIDATES_MAX &&
                       !t->protector.manifest_path[0];
         i++) {
        uint8_t *data = NULL;
        if (!is_whole(t, &list.entries[i]) ||
            rk_manifest_load(&list.entries[i].manifest, list.entries[i].data_path, &data, NULL) !=
                RK_OK)
            continue;
        if (tried++ == 0)
            status = rk_survey_range(&t->survey, 0, t->dev->info.flash_size, data, err);
        if (status == RK_OK && holds(t, data)) {
            memcpy(t->present, data, t->dev->info.flash_size);
            adopt(t, &list.entries[i], data);
            t->out->backup_reused = true;
        } else {
            free(data);
        }
    }
    rk_backup_list_free(&list);
    if (status == RK_OK && tried == 0)
        status = rk_survey_range(&t->survey, 0, t->dev->info.flash_size, NULL, err);
    return status;
}

static enum rk_status make_backup(struct rk_transaction *t, const char *folder,
                                  struct rk_error *err)
{
    struct rk_backup_options opt = {
        .size = sizeof opt, .path = t->policy->backup_path, .dir = folder, .resume = true};
    struct rk_backup_extra extra = {0};
    enum rk_status status = rk_backup_make(&t->survey, &opt, &t->out->backup, &extra, err);

    if (status != RK_OK) {
        rk_error_context(err, "nothing was written, the backup failed");
        return status;
    }
    memcpy(t->present, extra.data, t->dev->info.flash_size);
    t->protector.data = extra.data;
    t->safety.sectors_read = extra.transfers;
    t->safety.misread = extra.misread;
    rk_text_copy(t->protector.manifest_path, sizeof t->protector.manifest_path,
                 t->out->backup.manifest);
    return rk_manifest_read(t->out->backup.manifest, &t->protector.manifest, err);
}

enum rk_status rk_step_backup(struct rk_transaction *t, struct rk_error *err)
{
    uint32_t size = t->dev->info.flash_size;
    char folder[1024];

    if (t->policy->no_backup)
        return RK_OK;
    if (t->out->resumed && covers_plan(t))
        return RK_OK;
    if (t->out->resumed)
        abandon(t);
    free(t->protector.data);
    t->protector.data = NULL;
    backup_folder(t, folder, sizeof folder);
    enum rk_status status = find_same_state(t, folder, err);
    if (status != RK_OK)
        return status;
    bool blank = rk_survey_blank(&t->survey, 0, size);
    if (blank && t->dev->info.has_jedec) {
        rk_log(t->ctx, RK_LEVEL_INFO, "backup.blank",
               "the flash is blank: there is nothing to back up");
        memset(t->present, 0xFF, size);
    } else if (!t->out->backup_reused) {
        status = make_backup(t, strcmp(folder, ".") == 0 ? NULL : folder, err);
    }
    if (status == RK_OK)
        memset(t->known, 1, t->survey.sector_count * sizeof *t->known);
    return status;
}
