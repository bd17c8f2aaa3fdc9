#include "image/beken/beken.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define PEEK_BLOCKS     64u
#define APP_END_DEFAULT 0x132000u /* where the largest known application partition of 2 MiB ends */
#define APP_END_LARGE   0x286000u /* the same for 4 MiB */

/* Are these code blocks at all? More than nine in ten of the first 64 blocks must be valid. */
static bool looks_like_blocks(const uint8_t *data, size_t len)
{
    size_t count = len / RK_BLOCK_SPAN < PEEK_BLOCKS ? len / RK_BLOCK_SPAN : PEEK_BLOCKS;
    struct rk_block_counts counts = rk_blocks_count(data, count * RK_BLOCK_SPAN);

    return count >= 2 && counts.valid * 10 >= count * 9;
}

static size_t app_area_end(size_t len)
{
    size_t end = len > 0x200000 ? APP_END_LARGE : APP_END_DEFAULT;

    return len < end ? len : end;
}

static bool read_parts(struct rk_beken *b)
{
    size_t boot_len = b->len < RK_BOOT_SPAN ? b->len : RK_BOOT_SPAN;

    if (b->start == RK_APP_ADDR)
        return rk_code_read(b->flash, b->len, RK_APP_LOGICAL, &b->app);
    if (!rk_code_read(b->flash, boot_len, 0, &b->boot))
        return false;
    if (b->len <= RK_APP_ADDR)
        return true;
    if (!rk_code_read(b->flash + RK_APP_ADDR, app_area_end(b->len) - RK_APP_ADDR, RK_APP_LOGICAL,
                      &b->app))
        return false;
    b->app.addr = RK_APP_ADDR;
    return true;
}

/* Old SDK test builds are linked at 0 although they belong at the application's place: no boot
 * loader is longer than its area. */
static bool is_zero_linked_app(const uint8_t *data, size_t len)
{
    return len > RK_BOOT_SPAN + 2 * RK_BLOCK_SPAN &&
           rk_blocks_run(data, RK_BOOT_SPAN + 2 * (size_t)RK_BLOCK_SPAN) * RK_BLOCK_SPAN >
               RK_BOOT_SPAN &&
           rk_code_peek(data + RK_APP_ADDR, len - RK_APP_ADDR) == RK_CODE_NONE;
}

static enum rk_image_kind kind_of(const struct rk_beken *b)
{
    if (b->start == RK_APP_ADDR)
        return b->app.blocks ? RK_IMAGE_UA : RK_IMAGE_UNKNOWN;
    if (rk_is_flash_size(b->len) && (b->boot.present || b->app.present || b->has_rf)) {
        /* OpenBeken's QIO for the BK7231T fills exactly 1 MiB and holds nothing but code. */
        if (b->len == 0x100000 && !b->has_rf && b->boot.present && b->app.present)
            return RK_IMAGE_QIO;
        return RK_IMAGE_DUMP;
    }
    if (b->boot.present)
        return b->len <= RK_BOOT_SPAN || !b->app.present ? RK_IMAGE_BOOT : RK_IMAGE_QIO;
    if (b->app.present)
        return RK_IMAGE_QIO;
    return RK_IMAGE_UNKNOWN;
}

bool rk_beken_read(const uint8_t *data, size_t len, struct rk_beken *out)
{
    enum rk_code_kind first;

    *out = (struct rk_beken){.flash = data, .len = len};
    out->shape = rk_shape_find(data, len);
    if (out->shape.shift != 0) {
        out->owned = malloc(out->shape.period);
        if (!out->owned)
            return false;
        rk_shape_undo(&out->shape, data, out->owned);
        out->flash = out->owned;
    }
    out->len = out->shape.period;
    first = rk_code_peek(out->flash, out->len);
    if (first == RK_CODE_APP || (first == RK_CODE_BOOT && is_zero_linked_app(out->flash, out->len)))
        out->start = RK_APP_ADDR;
    else if (first == RK_CODE_NONE && !rk_is_flash_size(len) && !looks_like_blocks(data, len))
        return true;
    if (!read_parts(out)) {
        rk_beken_free(out);
        return false;
    }
    rk_boot_identify(&out->boot, out->flash, out->len, &out->boot_info);
    if (out->app.present)
        rk_app_identify(out->app.plain, rk_code_size(&out->app), out->app.key.cls, &out->app_info);
    out->has_rf = out->start == 0 && rk_rf_find(out->flash, out->len, &out->rf_offset, &out->rf);
    out->kind = kind_of(out);
    return true;
}

void rk_beken_free(struct rk_beken *b)
{
    rk_code_free(&b->boot);
    rk_code_free(&b->app);
    free(b->owned);
    *b = (struct rk_beken){0};
}

const char *rk_beken_chip(const struct rk_beken *b, enum rk_evidence *evidence)
{
    bool same_series = rk_series_of_chip(b->boot_info.chip) == b->app_info.series;

    *evidence = RK_EVIDENCE_NONE;
    /* A boot loader names its chip; the application must agree or it is not believed alone. */
    if (b->boot_info.chip[0] && (!b->app.present || same_series)) {
        *evidence = b->app.present ? RK_EVIDENCE_CONFIRMED : RK_EVIDENCE_ONE;
        if (b->app_info.evidence == RK_EVIDENCE_ONE && !b->boot_info.build)
            return b->app_info.chip;
        return b->boot_info.chip;
    }
    if (b->app.present && b->app_info.chip[0]) {
        *evidence = b->app_info.evidence;
        return b->app_info.chip;
    }
    return "";
}
