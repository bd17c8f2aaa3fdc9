/* The first steps of a write: what the file is, and which of its bytes go where. */
#include "job/transaction.h"

#include "base/context.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX 64 /* of one image file */

static enum rk_status bad_file(const struct rk_transaction *t, const char *id, const char *what,
                               const char *hint, struct rk_error *err)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, id, "\"%s\" %s", t->file.name ? t->file.name : "the file",
            what);
    rk_error_detail(err, "%s", t->facts.summary);
    rk_error_hint(err, "%s", hint);
    return RK_ERR_IMAGE_FORMAT;
}

/* A file that is damaged is refused before anything else is asked. */
static enum rk_status judge_content(const struct rk_transaction *t, struct rk_error *err)
{
    const struct rk_image_facts *facts = &t->facts;
    bool code = facts->kind == RK_IMAGE_QIO || facts->kind == RK_IMAGE_UA;

    if (t->kind == RK_WRITE_RAW)
        return RK_OK;
    if (facts->kind == RK_IMAGE_BLANK)
        return bad_file(t, "image.blank", "holds nothing but one repeated byte",
                        "a failed download or read looks like this: get the file again", err);
    if (t->kind == RK_WRITE_FLASH && code && facts->bad_blocks > 0 && !t->file.have_addr)
        return bad_file(t, "image.damaged", "is damaged: code blocks have wrong checksums",
                        "download or copy the file again; `rekindle write 0x11000 FILE` writes it "
                        "as it is",
                        err);
    return RK_OK;
}

enum rk_status rk_step_judge_file(struct rk_transaction *t, struct rk_error *err)
{
    if (t->file.data) {
        rk_image_identify(t->file.data, t->file.len, t->file.name, &t->facts);
        t->has_facts = true;
        t->safety.image = &t->facts;
        enum rk_status status = judge_content(t, err);
        if (status != RK_OK)
            return status;
        rk_log(t->ctx, RK_LEVEL_INFO, "image", "%s", t->facts.summary);
    }
    t->safety.without_backup = t->policy->no_backup;
    return rk_safety_judge(&t->safety, RK_SAFETY_FILE, t->policy->lifted, err);
}

/* The file carries this module's own MAC, and one that was given to it alone. */
static bool has_own_mac(const struct rk_transaction *t)
{
    const struct rk_device_info *info = &t->dev->info;

    return t->facts.has_mac && info->has_mac && rk_mac_is_personal(info->mac) &&
           memcmp(t->facts.mac, info->mac, sizeof info->mac) == 0;
}

enum rk_status rk_step_identify(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = rk_device_identify(t->dev, err);

    if (status != RK_OK)
        return status;
    t->safety.own_backup = t->kind == RK_WRITE_RESTORE && has_own_mac(t);
    return rk_safety_judge(&t->safety, RK_SAFETY_DEVICE, t->policy->lifted, err);
}

/* ---- which regions are left out ---- */

static enum rk_status leave_out(struct rk_transaction *t, enum rk_region_kind kind,
                                struct rk_error *err)
{
    enum rk_status status = RK_OK;

    for (size_t i = 0; i < t->dev->region_count && status == RK_OK; i++)
        if (t->dev->regions[i].kind == kind)
            status = rk_segments_exclude(&t->segments, t->dev->regions[i].addr,
                                         t->dev->regions[i].len, err);
    return status;
}

static bool touches(const struct rk_transaction *t, enum rk_region_kind kind)
{
    for (size_t i = 0; i < t->dev->region_count; i++)
        if (t->dev->regions[i].kind == kind &&
            rk_segments_touch(&t->segments, t->dev->regions[i].addr, t->dev->regions[i].len))
            return true;
    return false;
}

/* Learns the digests of a region's sectors; true in *blank if all of them are. */
static enum rk_status look_at(struct rk_transaction *t, enum rk_region_kind kind, bool *blank,
                              struct rk_error *err)
{
    *blank = true;
    for (size_t i = 0; i < t->dev->region_count; i++) {
        const struct rk_region *r = &t->dev->regions[i];
        if (r->kind != kind)
            continue;
        enum rk_status status = rk_survey_range(&t->survey, r->addr, r->len, NULL, err);
        if (status != RK_OK)
            return status;
        *blank = *blank && rk_survey_blank(&t->survey, r->addr, r->len);
    }
    return RK_OK;
}

/* A blank or silent flash has a known fingerprint too: its name begins with "none". */
static bool fingerprint_is_loader(const struct rk_device_info *info)
{
    return info->fingerprint_name[0] && strncmp(info->fingerprint_name, "none", 4) != 0;
}

/* Does the module have a boot loader that works? On chips without a loader in ROM we are talking
 * to it. Elsewhere its fingerprint says so, else its bytes. */
static enum rk_status has_loader(struct rk_transaction *t, bool *works, struct rk_error *err)
{
    struct rk_image_facts facts;
    enum rk_sector_source source;
    uint32_t reads;
    enum rk_status status = RK_OK;

    *works = !t->dev->info.loader_in_rom || fingerprint_is_loader(&t->dev->info);
    for (size_t i = 0; i < t->dev->region_count && !*works; i++) {
        const struct rk_region *r = &t->dev->regions[i];
        if (r->kind != RK_REGION_BOOT)
            continue;
        uint8_t *bytes = malloc(r->len);
        if (!bytes)
            return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
        for (uint32_t at = 0; at < r->len && status == RK_OK; at += RK_SECTOR_SIZE)
            status =
                rk_transfer_sector(t->transfer, r->addr + at, bytes + at, &source, &reads, err);
        if (status == RK_OK) {
            rk_image_identify(bytes, r->len, NULL, &facts);
            *works = facts.has_boot;
        }
        free(bytes);
    }
    return status;
}

static bool image_boot_is_known(const struct rk_transaction *t)
{
    const struct rk_image_facts *facts = &t->facts;
    enum rk_key_class key = t->dev->info.key_class;
    bool key_fits =
        key == RK_KEY_UNKNOWN || key == RK_KEY_UNREADABLE || key == facts->boot_key_class;

    return t->has_facts && facts->has_boot && facts->boot_verified && key_fits &&
           rk_safety_chip_fits(facts->chip, t->dev->info.chip);
}

static enum rk_status keep_boot(struct rk_transaction *t, struct rk_error *err)
{
    if (!touches(t, RK_REGION_BOOT))
        return RK_OK;
    rk_log(t->ctx, RK_LEVEL_INFO, "boot.kept",
           "the module keeps its own boot loader (--force=boot writes the one in the file)");
    return leave_out(t, RK_REGION_BOOT, err);
}

static enum rk_status keep_calibration(struct rk_transaction *t, const char *why,
                                       struct rk_error *err)
{
    if (!touches(t, RK_REGION_CALIBRATION))
        return RK_OK;
    rk_log(t->ctx, RK_LEVEL_INFO, "calibration.kept",
           "the module keeps its own RF calibration and MAC: %s", why);
    return leave_out(t, RK_REGION_CALIBRATION, err);
}

/* An application alone starts only behind a boot loader. */
static enum rk_status judge_boot_missing(struct rk_transaction *t, struct rk_error *err)
{
    bool works = true;
    enum rk_status status = RK_OK;

    if (t->facts.kind == RK_IMAGE_UA && !t->file.have_addr)
        status = has_loader(t, &works, err);
    if (status != RK_OK)
        return status;
    t->safety.boot_missing = !works;
    return rk_safety_judge(&t->safety, RK_SAFETY_DEVICE, t->policy->lifted, err);
}

/* An image brings code; what is the module's own stays. */
static enum rk_status narrow_flash(struct rk_transaction *t, struct rk_error *err)
{
    bool works = true;
    enum rk_status status = judge_boot_missing(t, err);

    if (status != RK_OK)
        return status;
    if (!rk_transaction_lifted(t, RK_RULE_BOOT) && touches(t, RK_REGION_BOOT)) {
        status = has_loader(t, &works, err);
        /* Without one the file's loader is wanted; whether it may be written is for the rules. */
        if (status == RK_OK && works)
            status = keep_boot(t, err);
    }
    if (status != RK_OK || rk_transaction_lifted(t, RK_RULE_CALIBRATION))
        return status;
    status = keep_calibration(t, "an image never brings these", err);
    /* A capture of a module with another layout carries its calibration elsewhere. */
    if (status == RK_OK && t->facts.has_rf && !t->file.have_addr && t->segments.count > 0)
        status = rk_segments_exclude(&t->segments, t->facts.rf_offset, RK_SECTOR_SIZE, err);
    return status;
}

/* A backup brings everything back, the calibration only to the module it was measured on. */
static enum rk_status narrow_restore(struct rk_transaction *t, struct rk_error *err)
{
    const struct rk_device_info *info = &t->dev->info;
    bool both = t->facts.has_mac && info->has_mac, blank = false;
    bool equal = both && memcmp(t->facts.mac, info->mac, sizeof info->mac) == 0;
    bool same = t->safety.own_backup;
    bool lifted = rk_transaction_lifted(t, RK_RULE_CALIBRATION) ||
                  rk_transaction_lifted(t, RK_RULE_FOREIGN_BACKUP);
    bool boot =
        rk_transaction_lifted(t, RK_RULE_BOOT) || (info->loader_in_rom && image_boot_is_known(t));
    enum rk_status status = look_at(t, RK_REGION_CALIBRATION, &blank, err);

    t->safety.calibration_own = same || blank;
    t->safety.calibration_foreign = both && !equal && !blank;
    if (status == RK_OK && !boot)
        status = keep_boot(t, err);
    if (status == RK_OK && !t->safety.calibration_own && !lifted)
        status = keep_calibration(t,
                                  t->safety.calibration_foreign ? "the backup is of another module"
                                                                : "the backup does not say whose "
                                                                  "it is",
                                  err);
    return status;
}

/* ---- where it goes ---- */

static enum rk_status add_raw(struct rk_transaction *t, uint32_t addr, struct rk_error *err)
{
    enum rk_status status = rk_survey_check_range(t->dev, addr, t->file.len, err);

    if (status == RK_OK)
        status = rk_segments_add(&t->segments, addr, (uint32_t)t->file.len, t->file.data, err);
    return status;
}

static enum rk_status place_image(struct rk_transaction *t, struct rk_error *err)
{
    struct rk_segment segments[SEGMENTS_MAX];
    size_t count = 0;
    enum rk_status status =
        rk_image_place(&t->facts, t->file.data, t->file.len, t->dev->info.chip,
                       t->dev->info.flash_size, segments, SEGMENTS_MAX, &count, err);

    for (size_t i = 0; i < count && status == RK_OK; i++)
        status =
            rk_segments_add(&t->segments, segments[i].addr, segments[i].len, segments[i].data, err);
    return status;
}

/* What the caller wants written along with the image, in place of what the image has there. */
static enum rk_status add_extra(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status = RK_OK;

    for (size_t i = 0; i < t->policy->extra_count && status == RK_OK; i++) {
        const struct rk_segment *s = &t->policy->extra[i];
        status = rk_survey_check_range(t->dev, s->addr, s->len, err);
        if (status == RK_OK)
            status = rk_segments_exclude(&t->segments, s->addr, s->len, err);
        if (status == RK_OK)
            status = rk_segments_add(&t->segments, s->addr, s->len, s->data, err);
    }
    return status;
}

/* A whole flash, or a part with its address: anything else cannot be somebody's backup. */
static enum rk_status place_backup(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_image_kind kind = t->facts.kind;

    if (kind == RK_IMAGE_DUMP_SHIFTED || kind == RK_IMAGE_DUMP_DOUBLED ||
        kind == RK_IMAGE_DUMP_SWAPPED)
        return place_image(t, err);
    if (!t->file.have_addr && t->file.len != t->dev->info.flash_size && kind != RK_IMAGE_DUMP &&
        kind != RK_IMAGE_BL602_DUMP) {
        char what[96];
        rk_text_format(what, sizeof what, "is no backup of a whole flash of %u KiB",
                       (unsigned)(t->dev->info.flash_size / 1024));
        return bad_file(t, "image.no-backup", what,
                        "`rekindle flash` is for images; a backup of a range needs its address",
                        err);
    }
    return add_raw(t, t->file.have_addr ? t->file.addr : 0, err);
}

/* What is left is nothing: the file holds only what the rules keep. */
static enum rk_status nothing_left(bool boot, struct rk_error *err)
{
    const char *rule = rk_rule_name(boot ? RK_RULE_BOOT : RK_RULE_CALIBRATION);

    rk_fail(err, RK_ERR_REFUSED, "", "nothing of the file is left to be written: it holds only %s",
            boot ? "a boot loader" : "RF calibration");
    if (err) {
        rk_text_format(err->id, sizeof err->id, "refused.%s", rule);
        rk_text_copy(err->rule, sizeof err->rule, rule);
    }
    rk_error_hint(err, "the module keeps its own; --force=%s writes it all the same", rule);
    return RK_ERR_REFUSED;
}

/* Where the module's table has its firmware, whichever slot; without a table, where all have it. */
static bool is_slot(const struct rk_transaction *t, uint32_t addr)
{
    bool none = true;

    for (size_t i = 0; i < t->dev->region_count; i++) {
        const struct rk_region *r = &t->dev->regions[i];
        if (r->kind != RK_REGION_APP && r->kind != RK_REGION_OTA)
            continue;
        if (r->addr == addr)
            return true;
        none = false;
    }
    return none && addr == 0x10000;
}

/* The pieces of a BL602 start only where ROM, second-stage loader or application look for them. */
static bool is_misplaced(const struct rk_transaction *t)
{
    uint32_t addr = t->file.addr;

    switch (t->facts.kind) {
    case RK_IMAGE_BL602:
        return !is_slot(t, addr);
    case RK_IMAGE_BL602_APP:
        return addr < RK_SECTOR_SIZE || !is_slot(t, addr - RK_SECTOR_SIZE);
    case RK_IMAGE_BL602_BOOT:
        return addr > 0x2000;
    case RK_IMAGE_BL602_TABLE:
        return addr != 0xE000 && addr != 0xF000;
    case RK_IMAGE_BL602_OTA:
    case RK_IMAGE_BL602_RAM:
        return true;
    default:
        return false;
    }
}

enum rk_status rk_step_place(struct rk_transaction *t, struct rk_error *err)
{
    enum rk_status status;

    switch (t->kind) {
    case RK_WRITE_FLASH:
        status = t->file.have_addr ? add_raw(t, t->file.addr, err) : place_image(t, err);
        if (status == RK_OK)
            status = add_extra(t, err);
        break;
    case RK_WRITE_RESTORE:
        status = place_backup(t, err);
        break;
    case RK_WRITE_ERASE:
        if (t->file.addr % RK_SECTOR_SIZE || t->file.len % RK_SECTOR_SIZE) {
            rk_fail(err, RK_ERR_RANGE, "range.alignment", "only whole sectors can be erased");
            rk_error_hint(err, "use multiples of 0x1000");
            return RK_ERR_RANGE;
        }
        status = add_raw(t, t->file.addr, err);
        break;
    case RK_WRITE_RAW:
    default:
        status = add_raw(t, t->file.addr, err);
    }
    if (status != RK_OK)
        return status;
    t->safety.overlapping = rk_segments_conflict(&t->segments);
    t->safety.misplaced = t->kind == RK_WRITE_FLASH && t->file.have_addr && is_misplaced(t);
    status = rk_safety_judge(&t->safety, RK_SAFETY_DEVICE, t->policy->lifted, err);
    bool boot = touches(t, RK_REGION_BOOT);
    if (status == RK_OK && t->kind == RK_WRITE_FLASH)
        status = narrow_flash(t, err);
    else if (status == RK_OK && t->kind == RK_WRITE_RESTORE)
        status = narrow_restore(t, err);
    if (status == RK_OK && rk_segments_bytes(&t->segments) == 0)
        status = nothing_left(boot, err);
    return status;
}
