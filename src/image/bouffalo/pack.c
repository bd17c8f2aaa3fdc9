/* Files made of a plan or of an application, and files in their other form. */
#include <rekindle/bl602.h>

#include "base/buffer.h"
#include "base/text.h"
#include "base/xz.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/app.h"
#include "image/bouffalo/device_tree.h"
#include "image/bouffalo/layout.h"
#include "image/bouffalo/ota.h"
#include "image/search.h"

#include <stdlib.h>
#include <string.h>

#define BODY      0x1000u
#define APP_START 0x2000u
#define USUAL     0xEF4015u
#define UNPACKED  (16u << 20)

static enum rk_status no_memory(struct rk_error *err)
{
    return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

static enum rk_status blank(size_t len, struct rk_bytes *out, struct rk_error *err)
{
    *out = (struct rk_bytes){.data = malloc(len ? len : 1), .len = len};
    if (!out->data)
        return no_memory(err);
    memset(out->data, 0xFF, len);
    return RK_OK;
}

static enum rk_status parameters_of(const uint8_t *jedec, uint8_t *out, struct rk_error *err)
{
    uint32_t id = jedec ? (uint32_t)jedec[0] << 16 | (uint32_t)jedec[1] << 8 | jedec[2] : USUAL;
    const struct rk_bl602_part *part = rk_bl602_part_find(id);

    if (!part) {
        rk_fail(err, RK_ERR_UNSUPPORTED, "bl602.flash-part",
                "the flash part %06X is not in the table of the BL602's parameters", id);
        rk_error_hint(err, "without an id the parameters of EF4015 (W25Q16JV) are taken");
        return RK_ERR_UNSUPPORTED;
    }
    memcpy(out, part->parameters, RK_BL602_FLASH_PARAMETERS);
    out[2] = out[3] = 1; /* clock delay and inversion, as Dev Cube has them */
    return RK_OK;
}

enum rk_status rk_bl602_pack_app(const uint8_t *app, size_t app_len, const uint8_t *jedec,
                                 bool any_code, struct rk_bytes *out, struct rk_error *err)
{
    uint8_t parameters[RK_BL602_FLASH_PARAMETERS];
    struct rk_arena arena = {0};
    struct rk_bfl_app code;
    enum rk_status status = parameters_of(jedec, parameters, err);

    if (status == RK_OK)
        status = rk_bfl_app_read(app, app_len, any_code, &arena, &code, err);
    if (status == RK_OK)
        status = blank(BODY + code.len, out, err);
    if (status == RK_OK) {
        rk_bfl_header_make(out->data, parameters, code.code, code.len, APP_START);
        memcpy(out->data + BODY, code.code, code.len);
        out->addr = 0x10000;
    }
    rk_arena_free(&arena);
    return status;
}

enum rk_status rk_bl602_pack_ota(const uint8_t *firmware, size_t len, bool packed,
                                 const char *hardware, const char *software, struct rk_bytes *out,
                                 struct rk_error *err)
{
    uint8_t *xz = NULL;
    size_t body_len = len;
    enum rk_status status = packed ? rk_xz_pack(firmware, len, &xz, &body_len, err) : RK_OK;
    const uint8_t *body = packed ? xz : firmware;

    if (status == RK_OK)
        status = blank(RK_BFL_OTA_HEADER + body_len, out, err);
    if (status == RK_OK) {
        rk_bfl_ota_make(out->data, body, body_len, packed, hardware ? hardware : "BFL_Module_v1.1",
                        software ? software : "1.0.0");
        memcpy(out->data + RK_BFL_OTA_HEADER, body, body_len);
    }
    free(xz);
    return status;
}

enum rk_status rk_bl602_plan_image(const struct rk_bl602_plan *plan, struct rk_bytes *out,
                                   struct rk_error *err)
{
    size_t end = 0;
    enum rk_status status;

    for (size_t i = 0; i < plan->write_count; i++) {
        const struct rk_bl602_write *w = &plan->writes[i];

        if (w->data && w->addr + (size_t)w->len > end)
            end = w->addr + (size_t)w->len;
    }
    status = blank(end, out, err);
    for (size_t i = 0; i < plan->write_count && status == RK_OK; i++)
        if (plan->writes[i].data)
            memcpy(out->data + plan->writes[i].addr, plan->writes[i].data, plan->writes[i].len);
    return status;
}

/* ---- the other form ---- */

static enum rk_status text_of(struct rk_buffer *buffer, struct rk_bytes *out, struct rk_error *err)
{
    char *text = NULL;
    size_t len = buffer->used;
    enum rk_status status = rk_buffer_take(buffer, &text, err);

    if (status == RK_OK)
        *out = (struct rk_bytes){.data = (uint8_t *)text, .len = len};
    return status;
}

static enum rk_status table_to_toml(const uint8_t *data, size_t len, struct rk_bytes *out,
                                    struct rk_error *err)
{
    struct rk_bfl_table table;
    struct rk_buffer buffer = {0};
    enum rk_status status = rk_bfl_layout_read(data, len, &table, err);

    if (status != RK_OK)
        return status;
    rk_bfl_layout_to_toml(&table, &buffer);
    return text_of(&buffer, out, err);
}

static enum rk_status toml_to_table(const uint8_t *data, size_t len, struct rk_bytes *out,
                                    struct rk_error *err)
{
    struct rk_bfl_table table;
    enum rk_status status = rk_bfl_layout_from_toml((const char *)data, len, &table, err);

    if (status == RK_OK)
        status = blank(RK_BFL_TABLE_SPAN, out, err);
    if (status == RK_OK)
        out->len = rk_bfl_table_write(&table, out->data);
    return status;
}

static enum rk_status tree_to_source(const uint8_t *data, size_t len, struct rk_bytes *out,
                                     struct rk_error *err)
{
    struct rk_dt tree;
    struct rk_buffer buffer = {0};
    enum rk_status status = rk_dt_from_fdt(data, len, &tree, err);

    if (status != RK_OK)
        return status;
    if (!rk_dt_has_source(&tree)) {
        rk_dt_free(&tree);
        return rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.tree",
                       "a name in this device tree cannot be written as source");
    }
    rk_dt_to_dts(&tree, &buffer);
    rk_dt_free(&tree);
    return text_of(&buffer, out, err);
}

static enum rk_status source_to_tree(const uint8_t *data, size_t len, struct rk_bytes *out,
                                     struct rk_error *err)
{
    struct rk_dt tree;
    enum rk_status status = rk_dt_from_dts((const char *)data, len, &tree, err);

    if (status != RK_OK)
        return status;
    status = rk_dt_to_fdt(&tree, &out->data, &out->len, err);
    rk_dt_free(&tree);
    return status;
}

static enum rk_status open_ota(const uint8_t *data, size_t len, struct rk_bytes *out,
                               struct rk_error *err)
{
    struct rk_bfl_ota ota;
    enum rk_status status;

    rk_bfl_ota_read(data, len, &ota);
    if (!ota.complete || !ota.hash_good) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.application", "the OTA file is %s",
                ota.complete ? "damaged: its hash is wrong" : "cut short");
        rk_error_hint(err, "download or copy the file again");
        return RK_ERR_IMAGE_FORMAT;
    }
    data += RK_BFL_OTA_HEADER;
    if (ota.packed)
        return rk_xz_unpack(data, ota.body_len, UNPACKED, &out->data, &out->len, err);
    status = blank(ota.body_len, out, err);
    if (status == RK_OK)
        memcpy(out->data, data, ota.body_len);
    return status;
}

static bool is_source(const uint8_t *data, size_t len, const char *mark)
{
    size_t span = len < 4096 ? len : 4096;

    return !memchr(data, 0, span) && rk_search_text(data, span, 0, mark) < span;
}

enum rk_status rk_bl602_convert(const uint8_t *data, size_t len, struct rk_bytes *out,
                                struct rk_error *err)
{
    struct rk_bfl_ota ota;

    *out = (struct rk_bytes){0};
    if (rk_bfl_ota_read(data, len, &ota))
        return open_ota(data, len, out, err);
    if (rk_xz_recognise(data, len))
        return rk_xz_unpack(data, len, UNPACKED, &out->data, &out->len, err);
    if (len >= 4 && memcmp(data, "BFPT", 4) == 0)
        return table_to_toml(data, len, out, err);
    if (rk_fdt_total(data, len))
        return tree_to_source(data, len, out, err);
    if (len && is_source(data, len, "/dts-v1/"))
        return source_to_tree(data, len, out, err);
    if (len && is_source(data, len, "[[pt_entry]]"))
        return toml_to_table(data, len, out, err);
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "convert.nothing", "there is nothing to convert");
    return RK_ERR_IMAGE_FORMAT;
}
