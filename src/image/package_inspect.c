/* The report about containers: what is packed inside and whether it can be unpacked. */
#include "image/report.h"

#include "base/bytes.h"
#include "base/text.h"
#include "image/beken/beken.h"
#include "image/beken/uf2.h"
#include "image/beken/ug.h"
#include "image/hex.h"

#include <stdlib.h>
#include <string.h>

static void put_name(struct rk_inspect_part *part, const char *name, const char *note)
{
    if (!part)
        return;
    rk_text_copy(part->name, sizeof part->name, name);
    rk_text_copy(part->note, sizeof part->note, note);
}

/* Plain application code out of a package. */
static void app_facts(struct rk_inspect *r, const uint8_t *plain, size_t len)
{
    struct rk_app_info info;

    if (len < RK_VECTORS_SIZE || !rk_vectors_plausible(plain))
        return;
    rk_app_identify(plain, len, RK_KEY_UNKNOWN, &info);
    r->facts.has_app = true;
    rk_text_copy(r->facts.app_name, sizeof r->facts.app_name, info.name);
    if (info.version[0])
        rk_text_copy(r->facts.app_version, sizeof r->facts.app_version, info.version);
    if (!r->facts.chip[0]) {
        rk_text_copy(r->facts.chip, sizeof r->facts.chip, info.chip);
        r->facts.chip_evidence = info.evidence;
    }
    rk_text_copy(r->sdk, sizeof r->sdk, info.sdk);
    rk_text_copy(r->build, sizeof r->build, info.build);
}

static void rbl_parts(struct rk_inspect *r, const uint8_t *data, size_t len, uint32_t at)
{
    struct rk_error why;
    struct rk_rbl rbl;
    uint8_t *raw = NULL;
    size_t raw_len = 0;
    struct rk_inspect_part *part;

    if (!rk_rbl_read(data, len, &rbl)) {
        put_name(rk_report_part(r, "rbl", at, (uint32_t)len, RK_VERDICT_BAD), "",
                 "no RBL header, or its CRC is wrong");
        return;
    }
    part = rk_report_part(r, "header", at, RK_RBL_HEADER, RK_VERDICT_GOOD);
    put_name(part, rk_rbl_version(&rbl), "RBL header");
    part = rk_report_part(r, "rbl", at + RK_RBL_HEADER, rbl.package_size, RK_VERDICT_GOOD);
    put_name(part, rbl.partition, "");
    if (rk_rbl_unpack(data, len, &rbl, &raw, &raw_len, &why) != RK_OK) {
        if (part) {
            part->verdict = RK_VERDICT_BAD;
            rk_text_copy(part->note, sizeof part->note, why.message);
        }
        return;
    }
    if (part)
        rk_text_format(part->note, sizeof part->note,
                       "CRC and hash are right, %zu bytes when unpacked", raw_len);
    app_facts(r, raw, raw_len);
    free(raw);
}

static void ug_parts(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_ug ug;
    struct rk_inspect_part *part;

    rk_ug_read(data, len, &ug);
    part = rk_report_part(r, "header", 0, RK_UG_HEADER,
                          ug.header_good && ug.body_good ? RK_VERDICT_GOOD : RK_VERDICT_BAD);
    put_name(part, ug.version,
             !ug.header_good ? "UG header, its sum is wrong"
             : !ug.complete  ? "UG header, the file is cut short"
             : !ug.body_good ? "UG header, the sum over the body is wrong"
                             : "UG header, both sums are right");
    rbl_parts(r, data + RK_UG_HEADER, len - RK_UG_HEADER, RK_UG_HEADER);
}

static void uf2_parts(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_uf2 uf2;
    struct rk_error why;
    uint8_t *image = NULL;
    size_t image_len = 0;
    uint32_t addr = 0;
    struct rk_inspect_part *part;

    rk_uf2_read(data, len, &uf2);
    rk_text_format(r->sdk, sizeof r->sdk, "LibreTiny %s, board %s", uf2.sdk, uf2.board);
    part = rk_report_part(r, "header", 0, (uint32_t)len,
                          uf2.complete ? RK_VERDICT_GOOD : RK_VERDICT_BAD);
    if (part)
        rk_text_format(part->note, sizeof part->note, "%u blocks%s", uf2.blocks,
                       uf2.complete ? "" : ", the file is cut short");
    if (rk_uf2_unpack(data, len, &image, &image_len, &addr, &why) != RK_OK) {
        if (part) {
            part->verdict = RK_VERDICT_WARN;
            rk_text_copy(part->note, sizeof part->note, why.message);
        }
        return;
    }
    put_name(rk_report_part(r, "app", addr, (uint32_t)image_len, RK_VERDICT_GOOD), uf2.firmware,
             "what a UART flasher writes");
    free(image);
}

static void hex_parts(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_error why;
    uint8_t *image = NULL;
    size_t image_len = 0;
    uint32_t addr = 0;

    if (rk_hex_unpack(data, len, &image, &image_len, &addr, &why) != RK_OK) {
        put_name(rk_report_part(r, "data", 0, (uint32_t)len, RK_VERDICT_BAD), "", why.message);
        return;
    }
    put_name(rk_report_part(r, "data", addr, (uint32_t)image_len, RK_VERDICT_GOOD), "",
             "bytes the HEX file describes");
    free(image);
}

static void diff2ya_parts(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_diff2ya diff;
    struct rk_inspect_part *part;

    if (!rk_diff2ya_read(data, len, &diff))
        return;
    part = rk_report_part(r, "diff2ya", 0, (uint32_t)len, RK_VERDICT_INFO);
    if (part)
        rk_text_format(part->note, sizeof part->note,
                       "turns an application of %u bytes into one of %u", diff.source_len,
                       diff.target_len);
}

/* Code without CRC bytes: a boot loader or an application, plain or enciphered. */
static enum rk_status raw_code_parts(struct rk_inspect *r, const uint8_t *data, size_t len,
                                     struct rk_error *err)
{
    size_t span = rk_blocks_span(len);
    uint8_t *packed = malloc(span);
    struct rk_beken b;
    struct rk_inspect_part *part = rk_report_part(r, "code", 0, (uint32_t)len, RK_VERDICT_WARN);

    if (packed)
        rk_blocks_add(data, len, packed);
    if (!packed || !rk_beken_read(packed, span, &b)) {
        free(packed);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    if (b.boot.present)
        rk_text_copy(r->facts.boot_name, sizeof r->facts.boot_name, b.boot_info.name);
    if (b.app.present)
        app_facts(r, b.app.plain, rk_code_size(&b.app));
    rk_text_copy(r->facts.chip, sizeof r->facts.chip, rk_beken_chip(&b, &r->facts.chip_evidence));
    put_name(part, b.boot.present ? b.boot_info.name : b.app_info.name,
             b.boot.present ? "a boot loader without CRC bytes: pack it before use"
                            : "an application without CRC bytes: pack it before use");
    rk_beken_free(&b);
    free(packed);
    return RK_OK;
}

static void area_parts(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len; at += RK_SECTOR_SIZE) {
        struct rk_tuya_storage tuya;
        uint32_t version, length;

        switch (rk_area_at(data + at, len - at)) {
        case RK_AREA_RF:
            rk_report_part(r, "rf", (uint32_t)at, RK_SECTOR_SIZE, RK_VERDICT_GOOD);
            break;
        case RK_AREA_OBK_CONFIG:
            r->has_obk_config = true;
            rk_report_part(r, "obk-config", (uint32_t)at, RK_SECTOR_SIZE,
                           rk_obk_config_check(data + at, len - at, &version, &length)
                               ? RK_VERDICT_GOOD
                               : RK_VERDICT_WARN);
            break;
        case RK_AREA_TUYA:
            r->has_tuya_storage = true;
            if (rk_tuya_storage_read(data, len, (uint32_t)at, &tuya))
                rk_report_part(r, "tuya-storage", (uint32_t)at, tuya.len,
                               tuya.key_good && tuya.blocks == tuya.blocks_good ? RK_VERDICT_GOOD
                                                                                : RK_VERDICT_WARN);
            break;
        default:
            break;
        }
    }
}

enum rk_status rk_package_inspect(struct rk_inspect *r, const uint8_t *data, size_t len,
                                  const struct rk_inspect_options *opt, struct rk_error *err)
{
    enum rk_status status = rk_report_sectors(r, data, len, err);

    (void)opt;
    if (status != RK_OK)
        return status;
    switch (r->facts.kind) {
    case RK_IMAGE_RBL:
        rbl_parts(r, data, len, 0);
        break;
    case RK_IMAGE_UG:
        ug_parts(r, data, len);
        break;
    case RK_IMAGE_UF2:
        uf2_parts(r, data, len);
        break;
    case RK_IMAGE_HEX:
        hex_parts(r, data, len);
        break;
    case RK_IMAGE_DIFF2YA:
        diff2ya_parts(r, data, len);
        break;
    case RK_IMAGE_RAW_CODE:
        return raw_code_parts(r, data, len, err);
    default:
        area_parts(r, data, len);
        break;
    }
    return RK_OK;
}
