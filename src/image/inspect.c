#include <rekindle/inspect.h>

#include "base/sha256.h"
#include "base/text.h"
#include "image/beken/cortex.h"
#include "image/identify.h"
#include "image/report.h"

#include <stdlib.h>
#include <string.h>

/* Chips whose start is not judged: the parts alone. */
static enum rk_status cortex_inspect(struct rk_inspect *report, const uint8_t *data, size_t len,
                                     struct rk_error *err)
{
    enum rk_status status = rk_report_sectors(report, data, len, err);
    struct rk_cortex c;

    if (status != RK_OK || !rk_cortex_read(data, len, &c))
        return status;
    if (!c.has_boot)
        report->start = RK_APP_ADDR;
    if (c.has_boot)
        rk_report_part(report, "boot", 0, c.boot_len, RK_VERDICT_INFO);
    if (c.has_app)
        rk_report_part(report, "app", RK_APP_ADDR, c.app_len, RK_VERDICT_INFO);
    rk_report_mark(report, 0, c.boot_len, RK_SECTOR_BOOT);
    rk_report_mark(report, c.app_addr, c.app_len, RK_SECTOR_APP);
    return RK_OK;
}

/* Parts and judgement, by what kind of image it is. */
static enum rk_status inspect_kind(struct rk_inspect *report, const struct rk_beken *beken,
                                   const uint8_t *data, size_t len,
                                   const struct rk_inspect_options *opt, struct rk_error *err)
{
    if (report->facts.kind == RK_IMAGE_DUMP_DOUBLED && strcmp(report->facts.family, "bl602") == 0)
        return rk_bouffalo_inspect(report, data, len, opt, err);
    switch (report->facts.kind) {
    case RK_IMAGE_QIO:
    case RK_IMAGE_UA:
    case RK_IMAGE_BOOT:
    case RK_IMAGE_DUMP:
    case RK_IMAGE_DUMP_SHIFTED:
    case RK_IMAGE_DUMP_DOUBLED:
    case RK_IMAGE_DUMP_SWAPPED:
        if (beken->flash)
            return rk_beken_inspect(report, beken, opt, err);
        return cortex_inspect(report, data, len, err);
    case RK_IMAGE_BL602:
    case RK_IMAGE_BL602_DUMP:
    case RK_IMAGE_BL602_OTA:
    case RK_IMAGE_BL602_APP:
    case RK_IMAGE_BL602_BOOT:
    case RK_IMAGE_BL602_RAM:
    case RK_IMAGE_BL602_TABLE:
    case RK_IMAGE_BL602_TREE:
    case RK_IMAGE_BL602_XZ:
    case RK_IMAGE_BL602_EFUSE:
        return rk_bouffalo_inspect(report, data, len, opt, err);
    case RK_IMAGE_RBL:
    case RK_IMAGE_UG:
    case RK_IMAGE_UF2:
    case RK_IMAGE_HEX:
    case RK_IMAGE_RF:
    case RK_IMAGE_TUYA_STORAGE:
    case RK_IMAGE_OBK_CONFIG:
    case RK_IMAGE_RAW_CODE:
    case RK_IMAGE_DIFF2YA:
        return rk_package_inspect(report, data, len, opt, err);
    case RK_IMAGE_UNKNOWN:
    case RK_IMAGE_BLANK:
    case RK_IMAGE_ESP:
    case RK_IMAGE_FOREIGN:
        break;
    }
    return rk_report_sectors(report, data, len, err);
}

static void put_digest(struct rk_inspect *report, const uint8_t *data, size_t len)
{
    uint8_t digest[32];

    rk_sha256(data, len, digest);
    rk_sha256_hex(digest, report->sha256);
}

enum rk_status rk_inspect(const uint8_t *data, size_t len, const struct rk_inspect_options *opt,
                          struct rk_inspect **out, struct rk_error *err)
{
    struct rk_inspect *report = calloc(1, sizeof *report);
    struct rk_beken beken;
    enum rk_status status;

    if (!report)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    report->size = sizeof *report;
    report->file_size = report->flash_size = len;
    rk_identify(data, len, opt ? opt->name : NULL, &report->facts, &beken);
    if (!opt || !opt->without_digest)
        put_digest(report, data, len);
    status = inspect_kind(report, &beken, data, len, opt, err);
    rk_beken_free(&beken);
    if (status != RK_OK) {
        rk_inspect_free(report);
        return status;
    }
    rk_summarise(&report->facts);
    rk_report_sort(report);
    *out = report;
    return RK_OK;
}

void rk_inspect_free(struct rk_inspect *report)
{
    if (!report)
        return;
    free(report->sectors);
    free((void *)(uintptr_t)report->bl602);
    free(report);
}

const struct rk_inspect_boot *rk_inspect_boot_for(const struct rk_inspect *report, const char *chip)
{
    for (size_t i = 0; i < report->boot_count; i++) {
        if (strcmp(report->boots[i].chip, chip) == 0)
            return &report->boots[i];
    }
    return NULL;
}
