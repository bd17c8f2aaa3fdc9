/* Conversions that need no knowledge of code: order, containers, parts, padding. */
#include <rekindle/convert.h>

#include "base/text.h"
#include "image/convert.h"
#include "image/hex.h"
#include "image/beken/uf2.h"
#include "image/beken/ug.h"
#include "image/bouffalo/extract.h"
#include "image/bouffalo/identify.h"

#include <stdlib.h>
#include <string.h>

void rk_bytes_free(struct rk_bytes *bytes)
{
    if (!bytes)
        return;
    free(bytes->data);
    *bytes = (struct rk_bytes){0};
}

enum rk_status rk_convert_no_memory(struct rk_error *err)
{
    return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

enum rk_status rk_convert_refuse(struct rk_error *err, const char *id, const char *message,
                                 const char *hint)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, id, "%s", message);
    rk_error_hint(err, "%s", hint);
    return RK_ERR_IMAGE_FORMAT;
}

enum rk_status rk_convert_copy(const uint8_t *data, size_t len, struct rk_bytes *out,
                               struct rk_error *err)
{
    *out = (struct rk_bytes){.data = malloc(len ? len : 1), .len = len};
    if (!out->data)
        return rk_convert_no_memory(err);
    if (len)
        memcpy(out->data, data, len);
    return RK_OK;
}

enum rk_status rk_convert_order(const uint8_t *data, size_t len, struct rk_bytes *out,
                                struct rk_error *err)
{
    struct rk_shape shape = rk_shape_find(data, len);

    *out = (struct rk_bytes){.data = malloc(shape.period ? shape.period : 1), .len = shape.period};
    if (!out->data)
        return rk_convert_no_memory(err);
    if (shape.period)
        rk_shape_undo(&shape, data, out->data);
    return RK_OK;
}

enum rk_status rk_convert_unpack(const uint8_t *data, size_t len, struct rk_bytes *out,
                                 struct rk_error *err)
{
    struct rk_uf2 uf2;
    struct rk_ug ug;
    struct rk_rbl rbl;

    struct rk_image_facts facts = {.kind = RK_IMAGE_UNKNOWN};

    *out = (struct rk_bytes){0};
    if (rk_bouffalo_identify(data, len, &facts))
        return rk_bl602_convert(data, len, out, err);
    if (rk_uf2_read(data, len, &uf2))
        return rk_uf2_unpack(data, len, &out->data, &out->len, &out->addr, err);
    if (rk_hex_recognise(data, len))
        return rk_hex_unpack(data, len, &out->data, &out->len, &out->addr, err);
    if (rk_ug_read(data, len, &ug)) {
        if (!ug.header_good || !ug.body_good) {
            rk_fail(err, RK_ERR_IMAGE_FORMAT, ug.complete ? "ug.sum" : "ug.truncated",
                    ug.complete ? "a sum of the UG file is wrong" : "the UG file is cut short");
            rk_error_hint(err, "download the file again");
            return RK_ERR_IMAGE_FORMAT;
        }
        return rk_rbl_unpack(data + RK_UG_HEADER, ug.body_len, &rbl, &out->data, &out->len, err);
    }
    return rk_rbl_unpack(data, len, &rbl, &out->data, &out->len, err);
}

enum rk_status rk_convert_pad(const uint8_t *data, size_t len, size_t to, size_t align,
                              struct rk_bytes *out, struct rk_error *err)
{
    size_t wanted = to ? to : align && len % align ? len + align - len % align : len;

    if (wanted < len) {
        rk_fail(err, RK_ERR_RANGE, "image.too-large",
                "the image has %zu bytes, more than the %zu it is to be filled up to", len, wanted);
        return RK_ERR_RANGE;
    }
    *out = (struct rk_bytes){.data = malloc(wanted ? wanted : 1), .len = wanted};
    if (!out->data)
        return rk_convert_no_memory(err);
    memset(out->data, 0xFF, wanted);
    if (len)
        memcpy(out->data, data, len);
    return RK_OK;
}

const char *rk_extract_name(enum rk_extract what)
{
    static const char *const names[RK_EXTRACT_COUNT] = {
        "boot", "ua", "app", "loader", "rf", "storage", "config", "ota", "table", "tree"};

    return (unsigned)what < RK_EXTRACT_COUNT ? names[what] : NULL;
}

/* The first area of a kind, or false. */
static bool find_area(const struct rk_beken *b, enum rk_area_kind kind, uint32_t *addr)
{
    for (size_t i = 0; i < b->area_count; i++) {
        if (b->areas[i].kind == kind) {
            *addr = b->areas[i].addr;
            return true;
        }
    }
    return false;
}

/* Where the wanted part lies in the flash image; false if there is none. */
static bool locate(const struct rk_beken *b, enum rk_extract what, uint32_t *addr, size_t *len)
{
    struct rk_rbl rbl;
    uint32_t slot;

    *len = RK_SECTOR_SIZE;
    switch (what) {
    case RK_EXTRACT_BOOT:
        *addr = 0;
        *len = b->boot_rbl ? RK_BOOT_SPAN : (size_t)b->boot.blocks * RK_BLOCK_SPAN;
        return b->boot.present;
    case RK_EXTRACT_UA:
        *addr = b->app.addr;
        *len = (size_t)b->app.blocks * RK_BLOCK_SPAN;
        return b->app.present;
    case RK_EXTRACT_RF:
        *addr = b->rf_offset;
        return b->has_rf;
    case RK_EXTRACT_STORAGE:
        *addr = b->tuya.addr;
        *len = b->tuya.len;
        return b->has_tuya;
    case RK_EXTRACT_CONFIG:
        return find_area(b, RK_AREA_OBK_CONFIG, addr);
    case RK_EXTRACT_OTA:
        if (!rk_beken_download(b, addr, &slot) || !rk_rbl_read(b->flash + *addr, slot, &rbl))
            return false;
        *len = RK_RBL_HEADER + rbl.package_size < slot ? RK_RBL_HEADER + rbl.package_size : slot;
        return true;
    case RK_EXTRACT_APP:
    case RK_EXTRACT_LOADER:
    case RK_EXTRACT_TABLE:
    case RK_EXTRACT_TREE:
    case RK_EXTRACT_COUNT:
        break;
    }
    return false;
}

static enum rk_status no_part(enum rk_extract what, struct rk_error *err)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "image.no-part", "there is no %s part in this image",
            rk_extract_name(what) ? rk_extract_name(what) : "such");
    rk_error_hint(err, "rekindle inspect FILE lists what is in it");
    return RK_ERR_IMAGE_FORMAT;
}

static enum rk_status extract_bouffalo(const uint8_t *data, size_t len, enum rk_extract what,
                                       struct rk_bytes *out, struct rk_error *err)
{
    uint32_t addr = 0, part = 0;
    enum rk_status status;

    if (!rk_bouffalo_locate(data, len, what, &addr, &part))
        return no_part(what, err);
    status = rk_convert_copy(data + addr, part, out, err);
    if (status == RK_OK)
        out->addr = addr;
    return status;
}

enum rk_status rk_convert_extract(const uint8_t *data, size_t len, enum rk_extract what,
                                  struct rk_bytes *out, struct rk_error *err)
{
    struct rk_beken b;
    enum rk_status status = RK_OK;
    const struct rk_code *code;
    struct rk_image_facts facts = {.kind = RK_IMAGE_UNKNOWN};
    uint32_t addr = 0;
    size_t part = 0;

    if (rk_bouffalo_identify(data, len, &facts))
        return extract_bouffalo(data, len, what, out, err);
    if (!rk_beken_read(data, len, &b))
        return rk_convert_no_memory(err);
    code = what == RK_EXTRACT_LOADER ? &b.boot : &b.app;
    if ((what == RK_EXTRACT_APP || what == RK_EXTRACT_LOADER) && code->present) {
        status = rk_convert_copy(code->plain, rk_code_size(code), out, err);
    } else if (locate(&b, what, &addr, &part) && addr <= b.len) {
        part = part < b.len - addr ? part : b.len - addr;
        status = rk_convert_copy(b.flash + addr, part, out, err);
        if (status == RK_OK)
            out->addr = b.start + addr;
    } else {
        status = no_part(what, err);
    }
    rk_beken_free(&b);
    return status;
}
