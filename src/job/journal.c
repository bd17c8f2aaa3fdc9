/* The record that a write is going on, in the manifest of the backup that protects it. */
#include "job/transaction.h"

#include "base/context.h"
#include "base/sha256.h"
#include "base/text.h"

#include <string.h>

enum rk_status rk_journal_begin(struct rk_transaction *t, struct rk_error *err)
{
    struct rk_manifest *m = &t->protector.manifest;
    uint8_t digest[32];

    if (!t->protector.manifest_path[0])
        return RK_OK;
    if (m->journal.state != RK_JOURNAL_WRITING)
        for (size_t i = 0; i < m->sector_count; i++)
            m->sectors[i].journalled = false;
    for (size_t i = 0; i < t->plan->sector_count; i++)
        if (t->plan->sectors[i].action != RK_SECTOR_SAME)
            m->sectors[t->plan->sectors[i].addr / RK_SECTOR_SIZE].journalled = true;
    m->journal.state = RK_JOURNAL_WRITING;
    m->journal.image_sha256[0] = '\0';
    if (t->file.data) {
        rk_sha256(t->file.data, t->file.len, digest);
        rk_sha256_hex(digest, m->journal.image_sha256);
    }
    rk_text_utc(m->journal.started, sizeof m->journal.started, rk_context_utc(t->ctx), false);
    return rk_manifest_write(t->protector.manifest_path, m, true, err);
}

enum rk_status rk_journal_add(struct rk_transaction *t, uint32_t addr, struct rk_error *err)
{
    if (!t->protector.manifest_path[0])
        return RK_OK;
    t->protector.manifest.sectors[addr / RK_SECTOR_SIZE].journalled = true;
    return rk_manifest_write(t->protector.manifest_path, &t->protector.manifest, true, err);
}

void rk_journal_done(struct rk_transaction *t)
{
    struct rk_manifest *m = &t->protector.manifest;
    struct rk_error err = {0};

    if (!t->protector.manifest_path[0] || m->journal.state != RK_JOURNAL_WRITING)
        return;
    m->journal.state = RK_JOURNAL_DONE;
    if (rk_manifest_write(t->protector.manifest_path, m, true, &err) != RK_OK)
        rk_warn(t->ctx, "journal.unsaved",
                "the flash is right, but the manifest could not be updated: %s", err.message);
}

void rk_journal_abandon(struct rk_transaction *t, const char *path, struct rk_manifest *manifest)
{
    struct rk_error err = {0};

    manifest->journal.state = RK_JOURNAL_ABANDONED;
    if (rk_manifest_write(path, manifest, true, &err) != RK_OK)
        rk_warn(t->ctx, "journal.unsaved", "the manifest could not be updated: %s", err.message);
}
