/* rk_convert(): the single conversions one after the other. */
#include "image/convert.h"

#include "base/text.h"
#include "image/identify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct recipe {
    const struct rk_convert_options *opt;
    struct rk_bytes now; /* what has come out so far */
    bool keyed;          /* it is enciphered for the key that was asked for */
    struct rk_convert_story *story;
    struct rk_convert_story own;
    struct rk_error *err;
};

static void tell(struct recipe *r, const char *fmt, ...) RK_PRINTF(2, 3);

static void tell(struct recipe *r, const char *fmt, ...)
{
    va_list args;

    if (r->story->count == RK_CONVERT_STEPS)
        return;
    va_start(args, fmt);
    vsnprintf(r->story->steps[r->story->count++], sizeof r->story->steps[0], fmt, args);
    va_end(args);
}

/* Takes the result of a step as the input of the next. */
static enum rk_status take(struct recipe *r, enum rk_status status, struct rk_bytes *made)
{
    if (status != RK_OK)
        return status;
    rk_bytes_free(&r->now);
    r->now = *made;
    return RK_OK;
}

/* Files that stand for other bytes. */
static bool is_packed(enum rk_image_kind kind)
{
    switch (kind) {
    case RK_IMAGE_UF2:
    case RK_IMAGE_HEX:
    case RK_IMAGE_RBL:
    case RK_IMAGE_UG:
    case RK_IMAGE_BL602_OTA:
    case RK_IMAGE_BL602_XZ:
    case RK_IMAGE_BL602_TABLE:
    case RK_IMAGE_BL602_TREE:
        return true;
    default:
        return false;
    }
}

static enum rk_status unpack(struct recipe *r)
{
    struct rk_image_facts facts;
    struct rk_bytes made = {0};
    enum rk_status status;

    rk_identify(r->now.data, r->now.len, NULL, &facts, NULL);
    if (!is_packed(facts.kind))
        return RK_OK;
    status = take(r, rk_convert_unpack(r->now.data, r->now.len, &made, r->err), &made);
    if (status == RK_OK)
        tell(r, "%s the %s file: %zu bytes",
             facts.kind == RK_IMAGE_BL602_TABLE || facts.kind == RK_IMAGE_BL602_TREE ? "translated"
                                                                                     : "unpacked",
             rk_image_kind_name(facts.kind), r->now.len);
    return status;
}

static enum rk_status put_in_order(struct recipe *r)
{
    struct rk_shape shape = rk_shape_find(r->now.data, r->now.len);
    size_t before = r->now.len;
    struct rk_bytes made = {0};
    enum rk_status status;

    if (shape.shift == 0 && shape.period == before)
        return RK_OK;
    status = take(r, rk_convert_order(r->now.data, before, &made, r->err), &made);
    if (status == RK_OK && shape.shift)
        tell(r, "moved flash address 0 from file offset 0x%06zX to the start", shape.shift);
    if (status == RK_OK && shape.period != before)
        tell(r, "cut off %zu bytes that only repeated the flash", before - shape.period);
    return status;
}

/* Linker output and enciphered builds without CRC bytes. */
static enum rk_status add_crc(struct recipe *r)
{
    static const uint32_t no_key[4] = {0};
    struct rk_image_facts facts;
    struct rk_bytes made = {0};
    enum rk_status status;

    rk_identify(r->now.data, r->now.len, NULL, &facts, NULL);
    if (facts.kind != RK_IMAGE_RAW_CODE)
        return RK_OK;
    /* Plain code for a module with a key must be enciphered: nothing is guessed here. */
    if (facts.key_class == RK_KEY_ZERO && !r->opt->key) {
        rk_fail(r->err, RK_ERR_ARG, "convert.key",
                "this is plain code: the key of the module is needed to make flash bytes of it");
        rk_error_hint(r->err, "--key tuya for most BK7231N and BK7231T, --key zero for modules "
                              "without a key");
        return RK_ERR_ARG;
    }
    status = take(
        r,
        rk_convert_pack(r->now.data, r->now.len, r->opt->key ? r->opt->key : no_key, &made, r->err),
        &made);
    if (status == RK_OK)
        tell(r, "added the CRC bytes: %zu bytes for flash address 0x%06X", r->now.len, r->now.addr);
    return status;
}

static enum rk_status rekey(struct recipe *r)
{
    struct rk_bytes made = {0};
    enum rk_status status;

    if (!r->opt->key || r->keyed)
        return RK_OK;
    status = take(r, rk_convert_rekey(r->now.data, r->now.len, r->opt->key, &made, r->err), &made);
    if (status == RK_OK)
        tell(r, "enciphered it for the key");
    return status;
}

/* With a key the boot loader is enciphered for it too, so that both parts agree. */
static enum rk_status merge(struct recipe *r)
{
    struct rk_bytes boot = {0}, made = {0};
    const uint8_t *from = r->opt->boot;
    size_t from_len = r->opt->boot_len;
    enum rk_status status = RK_OK;

    if (!from)
        return RK_OK;
    if (r->opt->key) {
        status = rk_convert_rekey(from, from_len, r->opt->key, &boot, r->err);
        from = boot.data;
        from_len = boot.len;
    }
    if (status == RK_OK)
        status = take(r, rk_convert_merge(from, from_len, r->now.data, r->now.len, &made, r->err),
                      &made);
    if (status == RK_OK)
        tell(r, "joined boot loader and application into %zu bytes", r->now.len);
    rk_bytes_free(&boot);
    return status;
}

static enum rk_status transplant(struct recipe *r)
{
    struct rk_bytes made = {0};
    enum rk_status status;

    if (!r->opt->rf)
        return RK_OK;
    status = take(r,
                  rk_convert_transplant_rf(r->now.data, r->now.len, r->opt->rf, r->opt->rf_len,
                                           &made, r->err),
                  &made);
    if (status == RK_OK)
        tell(r, "put the RF sector in");
    return status;
}

static enum rk_status fix_crc(struct recipe *r)
{
    struct rk_bytes made = {0};
    size_t fixed = 0;
    enum rk_status status;

    if (!r->opt->fix_crc)
        return RK_OK;
    status = take(r, rk_convert_fix_crc(r->now.data, r->now.len, &made, &fixed, r->err), &made);
    if (status == RK_OK)
        tell(r, "corrected the CRC bytes of %zu blocks", fixed);
    return status;
}

static enum rk_status pad(struct recipe *r)
{
    struct rk_bytes made = {0};
    enum rk_status status;

    if (!r->opt->pad_to && !r->opt->align)
        return RK_OK;
    status = take(
        r, rk_convert_pad(r->now.data, r->now.len, r->opt->pad_to, r->opt->align, &made, r->err),
        &made);
    if (status == RK_OK)
        tell(r, "filled up to %zu bytes", r->now.len);
    return status;
}

enum rk_status rk_convert(const uint8_t *data, size_t len, const struct rk_convert_options *opt,
                          struct rk_bytes *out, struct rk_convert_story *story,
                          struct rk_error *err)
{
    enum rk_status (*const steps[])(struct recipe *) = {unpack, put_in_order, add_crc, rekey,
                                                        merge,  transplant,   fix_crc, pad};
    struct rk_convert_options none = {.size = sizeof none};
    struct recipe r = {.opt = opt ? opt : &none, .err = err};
    enum rk_status status;

    *out = (struct rk_bytes){0};
    r.story = story ? story : &r.own;
    *r.story = (struct rk_convert_story){0};
    status = rk_convert_copy(data, len, &r.now, err);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == RK_OK; i++)
        status = steps[i](&r);
    if (status == RK_OK && r.story->count == 0) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "convert.nothing", "there is nothing to convert");
        rk_error_hint(err, "the file is in order; options say what else to do with it");
        status = RK_ERR_IMAGE_FORMAT;
    }
    if (status != RK_OK) {
        rk_bytes_free(&r.now);
        return status;
    }
    *out = r.now;
    return RK_OK;
}
