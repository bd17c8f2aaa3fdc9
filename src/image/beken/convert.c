/* Beken images taken apart and put together: OTA packages, joining, RF sector, CRC bytes. */
#include "image/convert.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"
#include "image/beken/target.h"
#include "image/beken/ug.h"

#include <stdlib.h>
#include <string.h>

/* ---- OTA packages ---- */

/* The plain application of whatever the file is. */
static enum rk_status plain_app(const uint8_t *data, size_t len, struct rk_bytes *out,
                                struct rk_error *err)
{
    struct rk_beken b;
    enum rk_status status;
    size_t size;

    if (len >= RK_VECTORS_SIZE && rk_vectors_plausible(data) &&
        rk_code_peek(data, len) == RK_CODE_NONE)
        return rk_convert_copy(data, len, out, err);
    if (!rk_beken_read(data, len, &b))
        return rk_convert_no_memory(err);
    if (!b.app.present) {
        status = rk_convert_refuse(err, "image.no-part", "there is no application in this file",
                                   "an OTA package is made of an application");
    } else if (b.app.bad) {
        status =
            rk_convert_refuse(err, "image.damaged", "code blocks of the application are damaged",
                              "rekindle inspect FILE tells where");
    } else {
        size = rk_code_size(&b.app);
        /* The stamp knows the exact end; the last block is filled up. */
        if (b.app_rbl && (b.app_rbl_state == RK_RBL_GOOD || b.app_rbl_state == RK_RBL_OTA))
            size = b.app_rbl->rbl.raw_size;
        status = rk_convert_copy(b.app.plain, size, out, err);
    }
    rk_beken_free(&b);
    return status;
}

static enum rk_status add_ug_header(const char *version, struct rk_bytes *bytes,
                                    struct rk_error *err)
{
    uint8_t *with = malloc(bytes->len + RK_UG_HEADER);

    if (!with)
        return rk_convert_no_memory(err);
    rk_ug_write(version, bytes->data, bytes->len, with);
    memcpy(with + RK_UG_HEADER, bytes->data, bytes->len);
    free(bytes->data);
    bytes->data = with;
    bytes->len += RK_UG_HEADER;
    return RK_OK;
}

enum rk_status rk_convert_package(const uint8_t *data, size_t len,
                                  const struct rk_package_options *opt, struct rk_bytes *out,
                                  struct rk_error *err)
{
    const char *version = opt && opt->version ? opt->version : "1.00";
    bool plain = opt && opt->plain;
    struct rk_bytes app = {0};
    struct rk_rbl rbl = {.cipher = plain ? RK_RBL_CIPHER_NONE : RK_RBL_CIPHER_AES256,
                         .packing = plain ? RK_RBL_PACKING_NONE : RK_RBL_PACKING_GZIP,
                         .time = opt ? opt->time : 0};
    enum rk_status status;

    *out = (struct rk_bytes){0};
    rk_text_copy(rbl.partition, sizeof rbl.partition,
                 opt && opt->partition ? opt->partition : "app");
    rk_text_copy(rbl.version, sizeof rbl.version, version);
    status = plain_app(data, len, &app, err);
    if (status == RK_OK)
        status = rk_rbl_pack(&rbl, app.data, app.len, &out->data, &out->len, err);
    if (status == RK_OK && opt && opt->ug)
        status = add_ug_header(version, out, err);
    rk_bytes_free(&app);
    if (status != RK_OK)
        rk_bytes_free(out);
    return status;
}

/* ---- joining ---- */

/* A boot loader in flash form, wherever it comes from. */
static enum rk_status boot_bytes(const uint8_t *data, size_t len, struct rk_bytes *out,
                                 struct rk_error *err)
{
    static const uint32_t no_key[4] = {0};
    struct rk_code_key key;
    enum rk_status status;

    if (rk_code_peek(data, len) == RK_CODE_NONE && len >= RK_VECTORS_SIZE &&
        len <= RK_APP_LOGICAL && rk_key_find(data, len, 0, true, &key)) {
        status = rk_convert_pack(data, len, no_key, out, err);
    } else {
        status = rk_convert_extract(data, len, RK_EXTRACT_BOOT, out, err);
    }
    if (status == RK_ERR_IMAGE_FORMAT)
        rk_error_context(err, "the boot loader file");
    return status;
}

static enum rk_status check_pair(const struct rk_beken *boot, const struct rk_beken *app,
                                 struct rk_error *err)
{
    if (memcmp(boot->boot.key.words, app->app.key.words, sizeof boot->boot.key.words) != 0)
        return rk_convert_refuse(
            err, "image.mixed-keys", "boot loader and application are made with different keys",
            "encipher one of them: rekindle image encrypt FILE --key NAME -o NEW");
    if (boot->boot_info.chip[0] && app->app_info.series != RK_SERIES_UNKNOWN &&
        rk_series_of_chip(boot->boot_info.chip) != app->app_info.series) {
        rk_convert_refuse(err, "image.mixed-chips",
                          "boot loader and application are for different chips", "");
        rk_error_detail(err, "boot loader for %s, application for %s", boot->boot_info.chip,
                        rk_series_text(app->app_info.series));
        return RK_ERR_IMAGE_FORMAT;
    }
    if (boot->boot.bad || app->app.bad)
        return rk_convert_refuse(err, "image.damaged", "code blocks are damaged",
                                 "rekindle inspect FILE tells where");
    return RK_OK;
}

/* Writes the joined image: out->data is FF up to the end of the application partition. */
static void join(const struct rk_beken *boot, const struct rk_beken *app, struct rk_bytes *out)
{
    size_t boot_len = boot->len < RK_BOOT_SPAN ? boot->len : RK_BOOT_SPAN;
    size_t code = (size_t)app->app.blocks * RK_BLOCK_SPAN;
    struct rk_rbl rbl = {.raw_size = (uint32_t)rk_code_size(&app->app)};
    uint8_t header[RK_RBL_HEADER];

    memset(out->data, 0xFF, out->len);
    memcpy(out->data, boot->flash, boot_len);
    memcpy(out->data + RK_APP_ADDR, app->flash + app->app.addr, code);
    if (app->app_rbl && app->app_rbl_state == RK_RBL_GOOD)
        rbl = app->app_rbl->rbl;
    rk_text_copy(rbl.partition, sizeof rbl.partition, "app");
    if (rbl.version[0] == '\0')
        rk_text_copy(rbl.version, sizeof rbl.version, "1.00");
    if (rbl.package_size == 0) {
        rbl.package_size = rbl.raw_size;
        rbl.hash = rk_fnv1a(app->app.stored, rbl.raw_size);
        rbl.crc = rk_crc32(0, app->app.stored, rbl.raw_size);
    }
    rk_rbl_write(&rbl, header);
    rk_blocks_add(header, sizeof header, out->data + out->len - RK_RBL_SPAN);
}

enum rk_status rk_convert_merge(const uint8_t *boot_data, size_t boot_len, const uint8_t *app_data,
                                size_t app_len, struct rk_bytes *out, struct rk_error *err)
{
    struct rk_bytes loader = {0};
    struct rk_beken boot = {0}, app = {0};
    enum rk_status status = boot_bytes(boot_data, boot_len, &loader, err);
    uint32_t end = 0;

    *out = (struct rk_bytes){0};
    if (status == RK_OK &&
        (!rk_beken_read(loader.data, loader.len, &boot) || !rk_beken_read(app_data, app_len, &app)))
        status = rk_convert_no_memory(err);
    if (status == RK_OK && !app.app.present)
        status = rk_convert_refuse(err, "image.no-part", "there is no application in this file",
                                   "merging wants a UA file, a QIO image or a capture");
    if (status == RK_OK)
        status = check_pair(&boot, &app, err);
    if (status == RK_OK) {
        const struct rk_fal_entry *slot = rk_fal_entry(&boot.fal, "app");

        end = slot && slot->addr == RK_APP_ADDR && slot->span < 0x800000 ? slot->addr + slot->span
                                                                         : 0x132000;
        if ((uint64_t)RK_APP_ADDR + (uint64_t)app.app.blocks * RK_BLOCK_SPAN + RK_RBL_SPAN > end) {
            rk_fail(err, RK_ERR_RANGE, "image.too-large",
                    "the application is larger than the partition of this boot loader");
            status = RK_ERR_RANGE;
        }
    }
    if (status == RK_OK) {
        *out = (struct rk_bytes){.data = malloc(end), .len = end};
        if (out->data)
            join(&boot, &app, out);
        else
            status = rk_convert_no_memory(err);
    }
    rk_beken_free(&boot);
    rk_beken_free(&app);
    rk_bytes_free(&loader);
    return status;
}

/* ---- RF sector and CRC bytes ---- */

enum rk_status rk_convert_transplant_rf(const uint8_t *data, size_t len, const uint8_t *donor,
                                        size_t donor_len, struct rk_bytes *out,
                                        struct rk_error *err)
{
    struct rk_beken b;
    struct rk_rf rf;
    uint32_t from = 0, to = 0;
    enum rk_evidence evidence;
    enum rk_status status = RK_OK;
    const char *chip;

    *out = (struct rk_bytes){0};
    if (!rk_rf_find(donor, donor_len, &from, &rf) || !rf.well_formed)
        return rk_convert_refuse(err, "image.no-rf", "the donor has no sound RF sector",
                                 "take it from a backup of this very module");
    if (!rk_beken_read(data, len, &b))
        return rk_convert_no_memory(err);
    chip = rk_beken_chip(&b, &evidence);
    to = b.has_rf ? b.rf_offset : 0;
    for (size_t i = 0; i < rk_target_count && to == 0; i++) {
        if (strcmp(rk_targets[i].chip, chip) == 0)
            to = rk_targets[i].rf_addrs[0];
    }
    if (to == 0 || b.start != 0 || (size_t)to + RK_SECTOR_SIZE > b.len)
        status =
            rk_convert_refuse(err, "image.no-rf-place", "this file has no place for an RF sector",
                              "it belongs into a capture of a whole flash");
    if (status == RK_OK)
        status = rk_convert_copy(b.flash, b.len, out, err);
    if (status == RK_OK) {
        size_t part = donor_len - from < RK_SECTOR_SIZE ? donor_len - from : RK_SECTOR_SIZE;

        memset(out->data + to, 0xFF, RK_SECTOR_SIZE);
        memcpy(out->data + to, donor + from, part);
    }
    rk_beken_free(&b);
    return status;
}

enum rk_status rk_convert_fix_crc(const uint8_t *data, size_t len, struct rk_bytes *out,
                                  size_t *fixed, struct rk_error *err)
{
    struct rk_beken b;
    enum rk_status status;

    *out = (struct rk_bytes){0};
    *fixed = 0;
    if (!rk_beken_read(data, len, &b))
        return rk_convert_no_memory(err);
    if (b.boot.blocks + b.app.blocks == 0) {
        status = rk_convert_refuse(err, "image.no-code", "there is no code in this file",
                                   "rekindle inspect FILE tells what it is");
    } else {
        status = rk_convert_copy(b.flash, b.len, out, err);
    }
    if (status == RK_OK) {
        if (b.boot.present)
            *fixed += rk_blocks_seal(out->data, (size_t)b.boot.blocks * RK_BLOCK_SPAN);
        if (b.app.present)
            *fixed += rk_blocks_seal(out->data + b.app.addr, (size_t)b.app.blocks * RK_BLOCK_SPAN);
        out->addr = b.start;
    }
    rk_beken_free(&b);
    return status;
}
