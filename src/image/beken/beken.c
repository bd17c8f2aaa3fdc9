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

uint32_t rk_beken_app_end(const struct rk_beken *b)
{
    const struct rk_fal_entry *app = rk_fal_entry(&b->fal, "app");
    uint32_t end = b->len > 0x200000 ? APP_END_LARGE : APP_END_DEFAULT;

    if (app && app->addr == RK_APP_ADDR && app->span <= b->len - RK_APP_ADDR)
        end = app->addr + app->span;
    return b->len < end ? (uint32_t)b->len : end;
}

bool rk_beken_download(const struct rk_beken *b, uint32_t *addr, uint32_t *len)
{
    const struct rk_fal_entry *entry = rk_fal_entry(&b->fal, "download");

    if (!entry || entry->addr >= b->len)
        return false;
    *addr = entry->addr;
    *len = entry->span < b->len - entry->addr ? entry->span : (uint32_t)b->len - entry->addr;
    return true;
}

/* Reads the application in the partition its boot loader knows; a build for a larger layout may go
 * on behind it. */
static bool read_app(struct rk_beken *b)
{
    size_t end = rk_beken_app_end(b), largest = b->len < APP_END_DEFAULT ? b->len : APP_END_DEFAULT;

    if (end < largest && end >= RK_APP_ADDR + RK_BLOCK_SPAN &&
        rk_block_state(b->flash + end - RK_BLOCK_SPAN) == RK_BLOCK_VALID && !b->app_rbl &&
        largest - end >= RK_BLOCK_SPAN && rk_block_state(b->flash + end) == RK_BLOCK_VALID)
        end = largest;
    if (!rk_code_read(b->flash + RK_APP_ADDR, end - RK_APP_ADDR, RK_APP_LOGICAL, &b->app))
        return false;
    b->app.addr = RK_APP_ADDR;
    return true;
}

/* Which of the stamps belong to boot loader and application. Without a partition name the place
 * decides. */
static void assign_rbls(struct rk_beken *b)
{
    b->rbl_count = rk_rbl_find(b->flash, b->len, b->rbls, RK_BEKEN_RBLS);
    for (size_t i = 0; i < b->rbl_count; i++) {
        const struct rk_rbl_place *place = &b->rbls[i];

        if (!place->in_blocks)
            continue;
        if (b->start == 0 && place->addr < RK_BOOT_SPAN)
            b->boot_rbl = place;
        else if (!b->app_rbl && strcmp(place->rbl.partition, "app") == 0)
            b->app_rbl = place;
    }
}

static bool read_parts(struct rk_beken *b)
{
    size_t boot_len = b->len < RK_BOOT_SPAN ? b->len : RK_BOOT_SPAN;

    assign_rbls(b);
    if (b->start == RK_APP_ADDR)
        return rk_code_read(b->flash, b->len, RK_APP_LOGICAL, &b->app);
    if (!rk_code_read(b->flash, boot_len, 0, &b->boot))
        return false;
    if (b->boot.stored)
        rk_fal_find(b->boot.stored, rk_code_size(&b->boot), &b->fal);
    return b->len <= RK_APP_ADDR || read_app(b);
}

/* The data areas, sector by sector; the code in front of them cannot begin like one. */
static void read_areas(struct rk_beken *b)
{
    for (size_t at = b->start; at < b->len && b->area_count < RK_BEKEN_AREAS;
         at += RK_SECTOR_SIZE) {
        enum rk_area_kind kind = rk_area_at(b->flash + at, b->len - at);

        if (kind == RK_AREA_NONE && rk_tuya_backup_check(b->flash + at, b->len - at))
            kind = RK_AREA_TUYA_BACKUP;
        if (kind == RK_AREA_NONE)
            continue;
        if (kind == RK_AREA_TUYA && !b->has_tuya)
            b->has_tuya = rk_tuya_storage_read(b->flash, b->len, (uint32_t)at, &b->tuya);
        b->areas[b->area_count++] = (struct rk_area){kind, (uint32_t)at};
    }
}

static void read_app2(struct rk_beken *b)
{
    const uint8_t *p = b->flash + RK_APP2_ADDR;
    uint8_t first[RK_VECTORS_SIZE];
    struct rk_code_key key;

    if (b->start != 0 || b->len < RK_APP2_ADDR + 2 * (size_t)RK_BLOCK_SPAN ||
        rk_block_state(p) != RK_BLOCK_VALID)
        return;
    rk_blocks_strip(p, 2, first);
    if (!rk_key_find(first, sizeof first, RK_APP2_LOGICAL, false, &key))
        return;
    b->has_app2 = true;
    for (size_t at = 0; b->len - RK_APP2_ADDR - at >= RK_BLOCK_SPAN; at += RK_BLOCK_SPAN) {
        enum rk_block_state state = rk_block_state(p + at);

        if (state == RK_BLOCK_BLANK)
            break;
        b->app2_blocks++;
        b->app2_bad += state == RK_BLOCK_BAD;
    }
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
    if (rk_is_flash_size(b->len) && (b->boot.present || b->app.present || b->area_count)) {
        /* OpenBeken's QIO for the BK7231T fills exactly 1 MiB and holds nothing but code. */
        if (b->len == 0x100000 && b->area_count == 0 && b->boot.present && b->app.present)
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
    if (out->boot_rbl && out->boot.stored)
        out->boot_rbl_state = rk_rbl_check_code(&out->boot_rbl->rbl, &out->boot);
    if (out->app_rbl && out->app.stored)
        out->app_rbl_state = rk_rbl_check_code(&out->app_rbl->rbl, &out->app);
    read_areas(out);
    read_app2(out);
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
