#include <rekindle/openbeken.h>
#include <rekindle/repair.h>

#include "base/bytes.h"
#include "base/text.h"
#include "image/beken/code.h"
#include "image/beken/rf.h"
#include "image/bouffalo/pieces.h"

#include <stdlib.h>
#include <string.h>

#define COUNTER_OFFSET 0x2000u /* of the boot counter behind OpenBeken's settings (before 2026) */

static const struct rk_repair_kind kinds[] = {
    {"boot", "the boot loader", true},
    {"app", "the application", true},
    {"rf", "the RF calibration and MAC address", true},
    {"tree", "the device tree", true},
    {"obk-config", "OpenBeken's settings", false},
    {"start-script", "the start-up command in OpenBeken's settings", false},
    {"boot-counter", "the counter of failed starts", false},
    {"tuya-store", "the settings of Tuya's firmware", false},
};

bool rk_repair_kind_at(size_t index, struct rk_repair_kind *out)
{
    if (index >= sizeof kinds / sizeof kinds[0])
        return false;
    *out = kinds[index];
    return true;
}

static enum rk_status find_kind(const char *name, struct rk_repair_kind *out, struct rk_error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *out = kinds[i];
            return RK_OK;
        }
    rk_fail(err, RK_ERR_ARG, "repair.kind", "there is no repair \"%s\"", name);
    const char *near =
        rk_text_nearest(name, &kinds[0].name, sizeof kinds / sizeof kinds[0], sizeof kinds[0]);
    rk_error_hint(err, near ? "did you mean \"%s\"?" : "`rekindle help repair` lists them",
                  near ? near : "");
    return RK_ERR_ARG;
}

static const struct rk_region *find_region(const struct rk_device *dev, const char *name)
{
    size_t count = 0;
    const struct rk_region *regions = rk_device_regions(dev, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(regions[i].name, name) == 0)
            return &regions[i];
    return NULL;
}

static enum rk_status nothing(const struct rk_repair *repair, struct rk_error *err)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "repair.nothing", "%s does not hold %s",
            repair->file.name ? repair->file.name : "the file", repair->kind.what);
    rk_error_hint(err, "a backup or a whole image (QIO) has it; `rekindle inspect FILE` shows what "
                       "is in a file");
    return RK_ERR_IMAGE_FORMAT;
}

/* The boot loader is what stands in front of the application in images and backups. */
static enum rk_status take_boot(struct rk_repair *repair, struct rk_error *err)
{
    const struct rk_image_file *file = &repair->file;
    struct rk_image_facts facts;
    size_t len = file->len < RK_BOOT_SPAN ? file->len : RK_BOOT_SPAN;

    rk_image_identify(file->data, file->len, file->name, &facts);
    if (!facts.has_boot)
        return nothing(repair, err);
    while (len > RK_SECTOR_SIZE &&
           rk_bytes_all(file->data + len - RK_SECTOR_SIZE, RK_SECTOR_SIZE, 0xFF))
        len -= RK_SECTOR_SIZE;
    repair->data = file->data;
    repair->addr = 0;
    repair->len = (uint32_t)len;
    return RK_OK;
}

static enum rk_status take_rf(const struct rk_region *place, struct rk_repair *repair,
                              struct rk_error *err)
{
    const struct rk_image_file *file = &repair->file;
    struct rk_image_facts facts;
    struct rk_rf rf;

    rk_image_identify(file->data, file->len, file->name, &facts);
    if (!facts.has_rf || file->len < facts.rf_offset + RK_SECTOR_SIZE ||
        !rk_rf_read(file->data + facts.rf_offset, RK_SECTOR_SIZE, &rf))
        return nothing(repair, err);
    repair->data = file->data + facts.rf_offset;
    repair->addr = place->addr;
    repair->len = RK_SECTOR_SIZE;
    return RK_OK;
}

/* The device tree, 0xFF behind it up to the end of its last sector. */
static enum rk_status take_tree(const struct rk_region *place, struct rk_repair *repair,
                                struct rk_error *err)
{
    struct rk_bytes tree = {0};
    enum rk_status st = rk_bfl_tree_given(repair->file.data, repair->file.len, &tree, err);
    size_t len = (tree.len + RK_SECTOR_SIZE - 1) / RK_SECTOR_SIZE * RK_SECTOR_SIZE;

    if (st == RK_OK && len > place->len)
        st = rk_fail(err, RK_ERR_RANGE, "bl602.too-large",
                     "the device tree has %zu bytes, its partition %u", tree.len,
                     (unsigned)place->len);
    if (st == RK_OK && !(repair->owned = malloc(len)))
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    if (st == RK_OK) {
        memset(repair->owned, 0xFF, len);
        memcpy(repair->owned, tree.data, tree.len);
        repair->data = repair->owned;
        repair->addr = place->addr;
        repair->len = (uint32_t)len;
    }
    rk_bytes_free(&tree);
    return st;
}

static enum rk_status no_place(const struct rk_repair *repair, struct rk_error *err)
{
    rk_fail(err, RK_ERR_UNSUPPORTED, "repair.place", "this module has no known place for %s",
            repair->kind.what);
    rk_error_hint(err, "`rekindle erase ADDR+LEN` erases a place that you know");
    return RK_ERR_UNSUPPORTED;
}

/* In front of a BL602's application stand its tables, which belong to the flash as a whole. */
static enum rk_status not_alone(const struct rk_repair *repair, struct rk_error *err)
{
    rk_fail(err, RK_ERR_UNSUPPORTED, "repair.place", "%s of this chip goes with its tables",
            repair->kind.what);
    rk_error_hint(err, "`rekindle flash APP --boot FILE` puts in what is missing");
    return RK_ERR_UNSUPPORTED;
}

static enum rk_status place_erase(const struct rk_device *dev, struct rk_repair *repair,
                                  struct rk_error *err)
{
    bool tuya = strcmp(repair->kind.name, "tuya-store") == 0;
    const struct rk_region *region = find_region(dev, tuya ? "storage" : "config");

    if (!region)
        return no_place(repair, err);
    repair->addr = region->addr;
    repair->len = region->len;
    if (strcmp(repair->kind.name, "boot-counter") == 0) {
        repair->addr += COUNTER_OFFSET;
        repair->len = RK_SECTOR_SIZE;
    }
    return RK_OK;
}

/* The record of OpenBeken's settings in `flash`, without its start-up command, as sectors to write. */
static enum rk_status without_script(const uint8_t *flash, const struct rk_region *region,
                                     struct rk_repair *repair, struct rk_error *err)
{
    struct rk_obk *obk = NULL;
    struct rk_obk_patch patch = {.data = NULL};
    size_t len;
    enum rk_status st = rk_obk_find(flash, region->len, NULL, &obk, err);

    if (st == RK_OK)
        st = rk_obk_set(obk, "startup", "", err);
    if (st == RK_OK) {
        (void)rk_obk_seal(obk, &len);
        st = rk_obk_patch(obk, flash, region->len, &patch, err);
    }
    rk_obk_free(obk);
    if (st != RK_OK)
        return st;
    repair->owned = patch.data;
    repair->data = patch.data;
    repair->addr = region->addr + patch.addr;
    repair->len = patch.len;
    return RK_OK;
}

static enum rk_status take_script(struct rk_device *dev, struct rk_repair *repair,
                                  struct rk_error *err)
{
    const struct rk_region *region = find_region(dev, "config");

    if (!region)
        return no_place(repair, err);
    uint8_t *flash = malloc(region->len);
    if (!flash)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status st = rk_job_read(dev, region->addr, flash, region->len, err);
    if (st == RK_OK)
        st = without_script(flash, region, repair, err);
    free(flash);
    return st;
}

enum rk_status rk_repair_prepare(struct rk_device *dev, const char *name,
                                 const struct rk_image_file *file, struct rk_repair *out,
                                 struct rk_error *err)
{
    struct rk_repair repair = {.addr = 0};
    const struct rk_region *rf = find_region(dev, "rf"), *factory = find_region(dev, "factory");
    enum rk_status st = find_kind(name, &repair.kind, err);

    if (st != RK_OK)
        return st;
    if (repair.kind.wants_file && !file) {
        rk_fail(err, RK_ERR_ARG, "repair.file", "%s has to come from a file", repair.kind.what);
        rk_error_hint(err, "name it: --%s FILE", name);
        return RK_ERR_ARG;
    }
    if (file)
        repair.file = *file;
    if (strcmp(name, "boot") == 0)
        st = find_region(dev, "tables") ? not_alone(&repair, err) : take_boot(&repair, err);
    else if (strcmp(name, "tree") == 0)
        st = factory ? take_tree(factory, &repair, err) : no_place(&repair, err);
    else if (strcmp(name, "rf") == 0)
        st = rf ? take_rf(rf, &repair, err) : no_place(&repair, err);
    else if (strcmp(name, "start-script") == 0)
        st = take_script(dev, &repair, err);
    else if (!repair.kind.wants_file)
        st = place_erase(dev, &repair, err);
    if (st == RK_OK)
        *out = repair;
    return st;
}

enum rk_status rk_repair_run(struct rk_device *dev, const struct rk_repair *repair,
                             const struct rk_write_policy *policy, struct rk_write_result *out,
                             struct rk_error *err)
{
    if (repair->data)
        return rk_job_write(dev, repair->addr, repair->data, repair->len, policy, out, err);
    if (repair->kind.wants_file)
        return rk_job_flash(dev, &repair->file, policy, out, err);
    return rk_job_erase(dev, repair->addr, repair->len, policy, out, err);
}

void rk_repair_free(struct rk_repair *repair)
{
    free(repair->owned);
    *repair = (struct rk_repair){.addr = 0};
}
