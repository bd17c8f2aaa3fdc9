/* The report about a Beken image: its parts and its sector map. */
#include "image/report.h"

#include "base/bytes.h"
#include "base/text.h"
#include "image/beken/beken.h"
#include "image/beken/boots.h"

#include <string.h>

static void note_code(struct rk_inspect_part *part, const struct rk_code *code)
{
    if (!part)
        return;
    if (code->bad)
        rk_text_format(part->note, sizeof part->note, "%u of %u blocks damaged, first at 0x%06X",
                       code->bad, code->blocks, part->addr + code->first_bad);
    else if (!code->present)
        rk_text_copy(part->note, sizeof part->note, "no key makes code of it");
    else
        rk_text_format(part->note, sizeof part->note, "%u blocks, key %s", code->blocks,
                       code->key.name);
}

static void code_parts(struct rk_inspect *r, const struct rk_beken *b)
{
    struct rk_inspect_part *part;

    if (b->boot.blocks) {
        part = rk_report_part(r, "boot", 0, b->boot.blocks * RK_BLOCK_SPAN,
                              b->boot.bad || !b->boot.present ? RK_VERDICT_BAD : RK_VERDICT_GOOD);
        if (part)
            rk_text_format(part->name, sizeof part->name, "%s%s%s", b->boot_info.name,
                           r->boot_variant[0] ? " " : "", r->boot_variant);
        note_code(part, &b->boot);
    }
    if (b->app.blocks) {
        part = rk_report_part(r, "app", RK_APP_ADDR, b->app.blocks * RK_BLOCK_SPAN,
                              b->app.bad || !b->app.present ? RK_VERDICT_BAD : RK_VERDICT_GOOD);
        if (part)
            rk_text_format(part->name, sizeof part->name, "%.24s%s%.14s", b->app_info.name,
                           b->app_info.version[0] ? " " : "", b->app_info.version);
        note_code(part, &b->app);
    }
    if (b->has_app2) {
        part = rk_report_part(r, "app2", RK_APP2_ADDR, b->app2_blocks * RK_BLOCK_SPAN,
                              b->app2_bad ? RK_VERDICT_WARN : RK_VERDICT_INFO);
        if (part)
            rk_text_copy(part->note, sizeof part->note, "second application, for the factory test");
    }
}

static void rbl_parts(struct rk_inspect *r, const struct rk_beken *b)
{
    for (size_t i = 0; i < b->rbl_count; i++) {
        const struct rk_rbl_place *place = &b->rbls[i];
        const struct rk_code *code = place == b->boot_rbl  ? &b->boot
                                     : place == b->app_rbl ? &b->app
                                                           : NULL;
        enum rk_rbl_state state = place == b->boot_rbl ? b->boot_rbl_state : b->app_rbl_state;
        bool good = state == RK_RBL_GOOD || state == RK_RBL_OTA;
        struct rk_inspect_part *part = rk_report_part(
            r, "rbl", place->addr + b->start, place->in_blocks ? RK_RBL_SPAN : RK_RBL_HEADER,
            !code  ? RK_VERDICT_INFO
            : good ? RK_VERDICT_GOOD
                   : RK_VERDICT_WARN);

        if (!part)
            return;
        rk_text_format(part->name, sizeof part->name, "%s %.20s", place->rbl.partition,
                       rk_rbl_version(&place->rbl));
        rk_text_format(part->note, sizeof part->note, "%s%u bytes",
                       !code  ? "package or stamp, "
                       : good ? "CRC and hash fit, "
                              : "does not fit the code, ",
                       place->rbl.raw_size);
    }
}

static void area_part(struct rk_inspect *r, const struct rk_beken *b, const struct rk_area *area)
{
    static const struct {
        const char *kind;
        enum rk_sector_use use;
    } forms[] = {
        [RK_AREA_RF] = {"rf", RK_SECTOR_RF},
        [RK_AREA_NET] = {"net", RK_SECTOR_CONFIG},
        [RK_AREA_OBK_CONFIG] = {"obk-config", RK_SECTOR_CONFIG},
        [RK_AREA_TUYA] = {"tuya-storage", RK_SECTOR_STORAGE},
        [RK_AREA_TUYA_BACKUP] = {"tuya-backup", RK_SECTOR_STORAGE},
        [RK_AREA_LITTLEFS] = {"littlefs", RK_SECTOR_FILES},
        [RK_AREA_DIFF2YA] = {"diff2ya", RK_SECTOR_OTA},
    };
    uint32_t len = RK_SECTOR_SIZE, version, config_len;
    struct rk_inspect_part *part;

    if (area->kind == RK_AREA_TUYA && b->has_tuya && b->tuya.addr == area->addr)
        len = b->tuya.len;
    part = rk_report_part(r, forms[area->kind].kind, area->addr, len, RK_VERDICT_GOOD);
    rk_report_mark(r, area->addr, len, forms[area->kind].use);
    if (!part)
        return;
    if (area->kind == RK_AREA_RF && b->has_rf && area->addr == b->rf_offset) {
        part->verdict = b->rf.well_formed && b->rf.mac_state == RK_RF_MAC_GOOD ? RK_VERDICT_GOOD
                                                                               : RK_VERDICT_WARN;
        rk_text_format(part->note, sizeof part->note, "%s, record of 0x%X bytes%s",
                       rk_rf_mac_text(b->rf.mac_state), b->rf.length,
                       b->rf.well_formed ? "" : ", damaged");
    } else if (area->kind == RK_AREA_TUYA) {
        bool sound = b->tuya.key_good && b->tuya.blocks == b->tuya.blocks_good;

        part->verdict = sound ? RK_VERDICT_GOOD : RK_VERDICT_WARN;
        rk_text_format(part->note, sizeof part->note, "%u of %u blocks right", b->tuya.blocks_good,
                       b->tuya.blocks);
    } else if (area->kind == RK_AREA_OBK_CONFIG) {
        bool sound =
            rk_obk_config_check(b->flash + area->addr, b->len - area->addr, &version, &config_len);

        part->verdict = sound ? RK_VERDICT_GOOD : RK_VERDICT_WARN;
        rk_text_format(part->note, sizeof part->note, "version %u%s", version,
                       sound ? "" : ", checksum wrong");
    }
}

/* The download partition: blank, a package, or something else. */
static void ota_part(struct rk_inspect *r, const struct rk_beken *b)
{
    uint32_t addr, len;
    struct rk_rbl rbl;
    struct rk_inspect_part *part;
    bool waits;

    if (!rk_beken_download(b, &addr, &len) || rk_bytes_all(b->flash + addr, len, 0xFF))
        return;
    if (!rk_rbl_read(b->flash + addr, len, &rbl))
        return;
    waits = !b->app_rbl || !rk_rbl_same(&rbl, &b->app_rbl->rbl);
    part = rk_report_part(r, "ota", addr, RK_RBL_HEADER + rbl.package_size,
                          waits ? RK_VERDICT_WARN : RK_VERDICT_INFO);
    rk_report_mark(r, addr, RK_RBL_HEADER + rbl.package_size, RK_SECTOR_OTA);
    if (part) {
        rk_text_copy(part->name, sizeof part->name, rk_rbl_version(&rbl));
        rk_text_copy(part->note, sizeof part->note,
                     waits ? "the boot loader will install it at the next start"
                           : "installed already");
    }
}

/* Sectors of code whose blocks have a wrong CRC. */
static void mark_damage(struct rk_inspect *r, const struct rk_beken *b, const struct rk_code *code)
{
    const uint8_t *p = b->flash + code->addr;
    uint32_t last = UINT32_MAX;

    for (uint32_t i = 0; code->bad && i < code->blocks; i++) {
        uint32_t at = code->addr + i * RK_BLOCK_SPAN;

        if (rk_block_state(p + (size_t)i * RK_BLOCK_SPAN) != RK_BLOCK_BAD)
            continue;
        rk_report_mark(r, at, RK_BLOCK_SPAN, RK_SECTOR_DAMAGED);
        r->damaged_sectors += at / RK_SECTOR_SIZE != last;
        last = at / RK_SECTOR_SIZE;
    }
}

static void mark_code(struct rk_inspect *r, const struct rk_beken *b)
{
    rk_report_mark(r, b->boot.addr, b->boot.blocks * RK_BLOCK_SPAN, RK_SECTOR_BOOT);
    rk_report_mark(r, b->app.addr, b->app.blocks * RK_BLOCK_SPAN, RK_SECTOR_APP);
    if (b->has_app2)
        rk_report_mark(r, RK_APP2_ADDR, b->app2_blocks * RK_BLOCK_SPAN, RK_SECTOR_APP);
    for (size_t i = 0; i < b->rbl_count; i++) {
        if (b->rbls[i].in_blocks)
            rk_report_mark(r, b->rbls[i].addr, RK_RBL_SPAN,
                           &b->rbls[i] == b->boot_rbl ? RK_SECTOR_BOOT : RK_SECTOR_APP);
    }
}

static void copy_facts(struct rk_inspect *r, const struct rk_beken *b)
{
    const struct rk_code *code = b->app.present ? &b->app : &b->boot;

    r->start = b->start;
    r->flash_size = b->len;
    if (b->boot_info.build)
        rk_text_copy(r->boot_variant, sizeof r->boot_variant, b->boot_info.build->variant);
    if (code->present) {
        rk_text_copy(r->key_name, sizeof r->key_name, code->key.name);
        r->key_computed = code->key.computed;
    }
    rk_text_copy(r->sdk, sizeof r->sdk, b->app_info.sdk);
    rk_text_copy(r->build, sizeof r->build, b->app_info.build);
    r->has_tuya_storage = b->has_tuya;
    r->calibrated = b->has_rf && b->rf.tx_calibration && b->rf.rx_calibration;
    for (size_t i = 0; i < b->area_count; i++)
        r->has_obk_config |= b->areas[i].kind == RK_AREA_OBK_CONFIG;
    for (size_t i = 0; i < b->fal.count; i++) {
        struct rk_inspect_partition *p = &r->partitions[r->partition_count++];

        rk_text_copy(p->name, sizeof p->name, b->fal.entries[i].name);
        p->addr = b->fal.entries[i].addr;
        p->len = b->fal.entries[i].span;
    }
}

enum rk_status rk_beken_inspect(struct rk_inspect *r, const struct rk_beken *b,
                                const struct rk_inspect_options *opt, struct rk_error *err)
{
    enum rk_status status = rk_report_sectors(r, b->flash, b->len, err);

    if (status != RK_OK)
        return status;
    copy_facts(r, b);
    mark_code(r, b);
    code_parts(r, b);
    rbl_parts(r, b);
    ota_part(r, b);
    if (b->fal.count)
        rk_report_part(r, "table", rk_physical(b->fal.at),
                       rk_physical((uint32_t)b->fal.count * RK_FAL_ENTRY), RK_VERDICT_GOOD);
    for (size_t i = 0; i < b->area_count; i++)
        area_part(r, b, &b->areas[i]);
    mark_damage(r, b, &b->boot);
    mark_damage(r, b, &b->app);
    rk_beken_judge(b, opt, r);
    return RK_OK;
}
