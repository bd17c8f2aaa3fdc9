/* The report about a BL602 file: its pieces and what the judgement says of them. */
#include "image/report.h"

#include "base/bytes.h"
#include "base/text.h"
#include "base/xz.h"
#include "image/bouffalo/app.h"
#include "image/bouffalo/boot2.h"
#include "image/bouffalo/fdt.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/layout.h"
#include "image/bouffalo/ota.h"
#include "image/search.h"

#include <rekindle/bl602.h>

#include <stdlib.h>
#include <string.h>

#define BODY     0x1000u
#define UNPACKED (16u << 20)

static void note(struct rk_inspect_part *part, const char *name, const char *text)
{
    if (!part)
        return;
    rk_text_copy(part->name, sizeof part->name, name);
    rk_text_copy(part->note, sizeof part->note, text);
}

static struct rk_inspect_test *add_test(struct rk_inspect_boot *boot, const char *id,
                                        const char *name, enum rk_verdict verdict)
{
    struct rk_inspect_test *test;

    if (boot->test_count == RK_INSPECT_TESTS)
        return NULL;
    test = &boot->tests[boot->test_count++];
    rk_text_copy(test->id, sizeof test->id, id);
    rk_text_copy(test->name, sizeof test->name, name);
    test->verdict = verdict;
    return test;
}

/* ---- the flash of a module ---- */

static enum rk_verdict state_verdict(enum rk_bl602_state state)
{
    switch (state) {
    case RK_BL602_VALID:
        return RK_VERDICT_GOOD;
    case RK_BL602_PACKED:
        return RK_VERDICT_INFO;
    case RK_BL602_UNREAD:
        return RK_VERDICT_UNTESTED;
    default:
        return RK_VERDICT_BAD;
    }
}

/* One test for each piece, with what was found wrong about it; then what is wrong otherwise. */
static void boot_tests(struct rk_inspect_boot *boot, const struct rk_bl602_report *b)
{
    static const char *const ids[RK_BL602_PIECES] = {"L1", "L2", "P1", "F1", "F2", "D1", "D2"};

    for (size_t i = 0; i < RK_BL602_PIECES; i++) {
        struct rk_inspect_test *test = add_test(
            boot, ids[i], rk_bl602_piece_name((enum rk_bl602_piece)i), state_verdict(b->pieces[i]));

        if (test)
            rk_text_format(test->text, sizeof test->text, "%s at 0x%06X",
                           rk_bl602_state_name(b->pieces[i]), b->piece_addr[i]);
        for (size_t k = 0; k < b->finding_count; k++) {
            const struct rk_bl602_finding *f = &b->findings[k];

            if (f->piece != i)
                continue;
            if (test && test->verdict != RK_VERDICT_GOOD && f->verdict >= RK_VERDICT_WARN) {
                test->verdict = f->verdict;
                rk_text_copy(test->text, sizeof test->text, f->text);
                continue;
            }
            struct rk_inspect_test *more = add_test(boot, ids[i], f->id, f->verdict);
            if (more)
                rk_text_copy(more->text, sizeof more->text, f->text);
        }
    }
}

static void conclude(struct rk_inspect_boot *boot, const struct rk_bl602_report *b)
{
    const struct rk_bl602_finding *f = rk_bl602_fatal(b);

    boot->boots = b->boots;
    rk_text_copy(boot->uart, sizeof boot->uart, b->uart_text);
    for (size_t i = 0; i < b->finding_count && !f; i++)
        if (b->findings[i].verdict == RK_VERDICT_WARN)
            f = &b->findings[i];
    if (!f)
        return;
    rk_text_copy(boot->reason, sizeof boot->reason, f->text);
    rk_text_copy(boot->remedy, sizeof boot->remedy, f->remedy);
}

static void header_part(struct rk_inspect *r, const uint8_t *data, size_t len, uint32_t at,
                        const char *kind, enum rk_bl602_state state)
{
    struct rk_bfl_header h;
    struct rk_inspect_part *part;

    if (at >= len || !rk_bfl_header_read(data + at, len - at, &h))
        return;
    part = rk_report_part(r, "header", at, RK_BFL_HEADER, state_verdict(state));
    if (part)
        rk_text_format(part->note, sizeof part->note,
                       "%s: %u bytes, start 0x%06X, options 0x%08X, crystal %u, read mode 0x%02X",
                       kind, h.length, h.start, h.boot_cfg, h.crystal, h.io_mode);
}

static void table_parts(struct rk_inspect *r, const uint8_t *data, size_t len,
                        const struct rk_bl602_report *b)
{
    for (unsigned copy = 0; copy < 2; copy++) {
        uint32_t at = copy ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0;
        struct rk_inspect_part *part = rk_report_part(
            r, "table", at, b->table_valid[copy] ? 20u + 36u * rk_get_le16(data + at + 6) : 4096u,
            b->table_valid[copy] ? RK_VERDICT_GOOD : RK_VERDICT_BAD);

        if (!part)
            continue;
        rk_text_format(part->name, sizeof part->name, "copy %u", copy);
        if (b->table_valid[copy])
            rk_text_format(part->note, sizeof part->note, "age %u%s", b->table_age[copy],
                           b->table == (int)copy ? ", this one counts" : "");
        else
            rk_text_copy(part->note, sizeof part->note,
                         rk_bytes_all(data + at, 4096 < len - at ? 4096 : len - at, 0xFF)
                             ? "blank"
                             : "not valid");
    }
}

static void slot_parts(struct rk_inspect *r, const uint8_t *data, size_t len,
                       const struct rk_bl602_report *b)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct rk_bl602_slot *slot = &b->slots[i];
        bool active = i == b->active_slot;
        enum rk_bl602_state state = slot->image;
        struct rk_bfl_header h = {.length = 0};
        struct rk_inspect_part *part;

        if (!slot->present || slot->addr >= len)
            continue;
        rk_bfl_header_read(data + slot->addr, len - slot->addr, &h);
        /* The other slot is only judged where the start depends on it. */
        if (state == RK_BL602_NO_PLACE && h.length)
            state = rk_bfl_hash_check(&h, data, len, (size_t)slot->addr + BODY) ? RK_BL602_VALID
                                                                                : RK_BL602_DAMAGED;
        if (state == RK_BL602_NO_PLACE)
            state = rk_xz_recognise(data + slot->addr, len - slot->addr) ? RK_BL602_PACKED
                                                                         : RK_BL602_MISSING;
        header_part(r, data, len, slot->addr, active ? "application" : "other slot",
                    slot->header == RK_BL602_NO_PLACE ? state : slot->header);
        if (!active && state == RK_BL602_MISSING)
            continue;
        part = rk_report_part(r, active ? "app" : "ota", slot->addr + (h.length ? BODY : 0),
                              h.length ? h.length : slot->max_len,
                              active || state != RK_BL602_DAMAGED ? state_verdict(state)
                                                                  : RK_VERDICT_WARN);
        if (part)
            rk_text_format(part->note, sizeof part->note, "slot %u%s: %s", i,
                           active ? ", active" : "",
                           state == RK_BL602_VALID     ? "its hash is right"
                           : state == RK_BL602_PACKED  ? "a packed update"
                           : state == RK_BL602_MISSING ? "nothing"
                                                       : "its hash is wrong");
        rk_report_mark(r, slot->addr, h.length ? BODY + h.length : slot->max_len,
                       active ? RK_SECTOR_APP : RK_SECTOR_OTA);
    }
}

static void partitions(struct rk_inspect *r, const struct rk_bfl_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct rk_bfl_part *p = &table->parts[i];
        struct rk_inspect_partition *out = &r->partitions[r->partition_count++];
        struct rk_inspect_part *part;
        unsigned active = p->type == 0 ? p->active & 1u : 0;

        rk_text_copy(out->name, sizeof out->name, p->name);
        out->addr = p->addr[active];
        out->len = p->max_len[active];
        part = rk_report_part(r, "data", out->addr, out->len, RK_VERDICT_INFO);
        if (part) {
            rk_text_copy(part->name, sizeof part->name, p->name);
            rk_text_format(part->note, sizeof part->note, "partition, type %u", p->type);
        }
        rk_report_mark(r, out->addr, out->len,
                       strcmp(p->name, "PSM") == 0       ? RK_SECTOR_STORAGE
                       : strcmp(p->name, "factory") == 0 ? RK_SECTOR_RF
                       : strcmp(p->name, "media") == 0   ? RK_SECTOR_FILES
                       : p->type == 0                    ? RK_SECTOR_APP
                                                         : RK_SECTOR_DATA);
    }
}

static void tree_part(struct rk_inspect *r, const uint8_t *data, size_t len, uint32_t at)
{
    struct rk_fdt tree;
    struct rk_inspect_part *part;
    const uint8_t *mac = NULL;
    uint32_t mac_len = 0;

    if (at >= len || !rk_fdt_total(data + at, len - at))
        return;
    if (!rk_fdt_open(data + at, len - at, &tree) || !rk_fdt_sound(&tree)) {
        note(rk_report_part(r, "tree", at, 4096, RK_VERDICT_BAD), "device tree",
             "cut short or damaged");
        return;
    }
    r->tree_offset = at;
    r->tree_size = tree.total;
    part = rk_report_part(r, "tree", at, tree.total, RK_VERDICT_GOOD);
    note(part, "device tree", "");
    mac = rk_fdt_get(&tree, "/wifi/mac/ap_mac_addr", &mac_len);
    if (!mac || mac_len != 6)
        mac = rk_fdt_get(&tree, "/wifi/mac/sta_mac_addr", &mac_len);
    if (mac && mac_len == 6) {
        r->facts.has_mac = true;
        memcpy(r->facts.mac, mac, 6);
        if (part)
            rk_text_copy(part->note, sizeof part->note,
                         "its MAC counts only if the efuses have none");
    }
}

static void flash_parts(struct rk_inspect *r, const uint8_t *data, size_t len,
                        const struct rk_bl602_report *b)
{
    struct rk_bfl_table table;
    struct rk_inspect_part *part;

    rk_report_mark(r, 0, RK_BFL_TABLE_0, RK_SECTOR_BOOT);
    rk_report_mark(r, RK_BFL_TABLE_0, 0x2000, RK_SECTOR_TABLE);
    header_part(r, data, len, 0, "second-stage loader", b->pieces[RK_BL602_BOOT_HEADER]);
    part = rk_report_part(r, "boot", b->piece_addr[RK_BL602_BOOT2], b->piece_len[RK_BL602_BOOT2],
                          state_verdict(b->pieces[RK_BL602_BOOT2]));
    note(part, b->boot2, "second-stage loader");
    if (rk_bfl_table_choose(data, len, &table) >= 0)
        partitions(r, &table);
    if (b->pieces[RK_BL602_SETTINGS] == RK_BL602_VALID)
        r->has_obk_config =
            rk_search_text(data + b->piece_addr[RK_BL602_SETTINGS], b->piece_len[RK_BL602_SETTINGS],
                           0, "mY0bcFg") < b->piece_len[RK_BL602_SETTINGS];
    table_parts(r, data, len, b);
    slot_parts(r, data, len, b);
    if (b->pieces[RK_BL602_TREE] != RK_BL602_NO_PLACE)
        tree_part(r, data, len, b->piece_addr[RK_BL602_TREE]);
}

/* A capture is judged as the flash it stands for: without repetition, and up to a whole size. */
static enum rk_status inspect_flash(struct rk_inspect *r, const uint8_t *data, size_t len,
                                    const struct rk_inspect_options *opt, struct rk_error *err)
{
    struct rk_inspect_boot *boot = &r->boots[r->boot_count++];
    struct rk_bl602_report *b = malloc(sizeof *b);
    struct rk_bl602_flash view;
    size_t whole = 1u << 20;
    uint8_t *flash;

    r->bl602 = b;
    while (whole < len)
        whole *= 2;
    flash = malloc(whole);
    if (!flash || !b) {
        free(flash);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    memset(flash, 0xFF, whole);
    memcpy(flash, data, len);
    r->flash_size = len;
    rk_text_copy(boot->chip, sizeof boot->chip, "BL602");
    view = (struct rk_bl602_flash){
        .size = sizeof view, .data = flash, .len = whole, .flash_size = (uint32_t)whole};
    if (opt && opt->flash_size)
        view.flash_size = opt->flash_size;
    view.has_jedec = opt && opt->have_jedec;
    if (view.has_jedec)
        memcpy(view.jedec, opt->jedec, sizeof view.jedec);
    rk_bl602_judge(&view, b);
    flash_parts(r, flash, whole, b);
    boot_tests(boot, b);
    conclude(boot, b);
    free(flash);
    return RK_OK;
}

/* ---- single files ---- */

/* A file with a boot header: application, second-stage loader, flash loader. */
static void inspect_headed(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    static const uint32_t places[] = {BODY, 0x2000};
    struct rk_bfl_header h;
    uint32_t at = 0;
    bool sound = false;

    if (!rk_bfl_header_read(data, len, &h)) {
        note(rk_report_part(r, "header", 0, RK_BFL_HEADER, RK_VERDICT_BAD), "",
             "for another chip of the family");
        return;
    }
    for (size_t i = 0; i < 2 && !sound; i++) {
        at = places[i];
        sound = rk_bfl_hash_check(&h, data, len, at);
    }
    header_part(r, data, len, 0,
                h.other_chip  ? "for a relative of the BL602"
                : !h.crc_good ? "its CRC is wrong: another chip, or damage"
                : !h.flat     ? "for the RAM"
                : sound       ? "its CRC is right"
                              : "its CRC is right, the image is not",
                h.crc_good && !h.other_chip ? RK_BL602_VALID : RK_BL602_DAMAGED);
    if (h.flat)
        note(rk_report_part(r, "code", sound ? at : RK_BFL_HEADER, h.length,
                            sound ? RK_VERDICT_GOOD : RK_VERDICT_BAD),
             "", sound ? "its hash is right" : "its hash is wrong, or the file is cut short");
}

static void inspect_packed(struct rk_inspect *r, const uint8_t *data, size_t len, uint32_t at)
{
    struct rk_inspect_part *part =
        rk_report_part(r, "xz", at, (uint32_t)(len - at), RK_VERDICT_BAD);
    struct rk_xz_facts xz;
    struct rk_image_facts inside;
    struct rk_error why;
    uint8_t *raw = NULL;
    size_t raw_len = 0;

    if (!part || rk_xz_unpack(data + at, len - at, UNPACKED, &raw, &raw_len, &why) != RK_OK) {
        note(part, "", why.message);
        return;
    }
    rk_image_identify(raw, raw_len, NULL, &inside);
    if (!rk_xz_read(data + at, len - at, &xz) || !xz.crc32 || xz.dictionary > 32768) {
        rk_text_format(part->note, sizeof part->note,
                       "no loader unpacks it: check %s, dictionary %u bytes",
                       xz.crc32 ? "CRC-32" : "other than CRC-32", xz.dictionary);
    } else {
        part->verdict = inside.kind == RK_IMAGE_BL602 ? RK_VERDICT_GOOD : RK_VERDICT_WARN;
        rk_text_format(part->note, sizeof part->note, "%zu bytes when unpacked: %s", raw_len,
                       inside.summary);
    }
    if (inside.kind == RK_IMAGE_BL602) {
        r->facts.has_app = inside.has_app;
        rk_text_copy(r->facts.app_name, sizeof r->facts.app_name, inside.app_name);
        rk_text_copy(r->facts.app_version, sizeof r->facts.app_version, inside.app_version);
    }
    free(raw);
}

static void inspect_ota(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_bfl_ota ota;
    struct rk_inspect_part *part;
    struct rk_image_facts inside;

    rk_bfl_ota_read(data, len, &ota);
    part = rk_report_part(r, "header", 0, RK_BFL_OTA_HEADER,
                          ota.complete && ota.hash_good ? RK_VERDICT_GOOD : RK_VERDICT_BAD);
    note(part, ota.software,
         !ota.complete    ? "OTA header, the file is cut short"
         : !ota.hash_good ? "OTA header, the hash of the body is wrong"
                          : "OTA header, the hash of the body is right");
    if (!ota.complete)
        return;
    if (ota.packed) {
        inspect_packed(r, data, RK_BFL_OTA_HEADER + ota.body_len, RK_BFL_OTA_HEADER);
        return;
    }
    rk_image_identify(data + RK_BFL_OTA_HEADER, ota.body_len, NULL, &inside);
    note(rk_report_part(r, "ota", RK_BFL_OTA_HEADER, ota.body_len,
                        inside.kind == RK_IMAGE_BL602 ? RK_VERDICT_GOOD : RK_VERDICT_BAD),
         "", inside.summary);
}

static void inspect_table(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_bfl_table table;
    struct rk_error why;

    if (rk_bfl_layout_read(data, len, &table, &why) != RK_OK) {
        note(rk_report_part(r, "table", 0, (uint32_t)len, RK_VERDICT_BAD), "", why.message);
        return;
    }
    note(rk_report_part(r, "table", 0, (uint32_t)len, RK_VERDICT_GOOD), "", "both CRCs are right");
    if (data[0] != 'B')
        note(&r->parts[0], "", "source of a partition table");
    partitions(r, &table);
}

static void inspect_efuse(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_inspect_part *part = rk_report_part(r, "efuse", 0, (uint32_t)len, RK_VERDICT_INFO);
    struct rk_bl602_efuse e;

    if (!part || !rk_bl602_efuse_read(data, len, &e))
        return;
    rk_text_format(part->note, sizeof part->note,
                   "modes 0x%08X, usage 0x%08X, locks 0x%08X%s%s%s, MAC in slot %u", e.modes,
                   e.usage, e.locks, e.secure ? ", wants signed or enciphered code" : "",
                   e.no_flash_start ? ", no start from flash" : "",
                   e.no_uart_start ? ", no UART mode" : "", e.mac_slot);
    if (e.has_capcode)
        rk_text_append(part->note, sizeof part->note, ", crystal trim %u", e.capcode);
}

/* Single files: would what is in them start on a BL602 that has the rest? */
static void judge_file(struct rk_inspect *r)
{
    struct rk_inspect_boot *boot = &r->boots[r->boot_count++];

    rk_text_copy(boot->chip, sizeof boot->chip, "BL602");
    boot->boots = RK_BOOTS_WITH_BOOT;
    if (r->facts.kind == RK_IMAGE_BL602_RAM || r->facts.kind == RK_IMAGE_BL602_BOOT)
        boot->boots = RK_BOOTS_NO;
    if (boot->boots == RK_BOOTS_NO)
        rk_text_copy(boot->reason, sizeof boot->reason, "it is no application");
    for (size_t i = 0; i < r->part_count; i++) {
        if (r->parts[i].verdict != RK_VERDICT_BAD)
            continue;
        boot->boots = RK_BOOTS_NO;
        rk_text_copy(boot->reason, sizeof boot->reason, r->parts[i].note);
        return;
    }
}

/* Named for another chip: that settles it. */
static void judge_other_chip(struct rk_inspect *r, const char *chip)
{
    if (rk_text_same(chip, "BL602") || rk_text_same(chip, "BL604"))
        return;
    r->boot_count = 1;
    r->boots[0] = (struct rk_inspect_boot){.boots = RK_BOOTS_NO};
    rk_text_copy(r->boots[0].chip, sizeof r->boots[0].chip, chip);
    rk_text_copy(r->boots[0].reason, sizeof r->boots[0].reason, "it is made for a BL602");
}

static enum rk_status inspect_kind(struct rk_inspect *r, const uint8_t *data, size_t len,
                                   const struct rk_inspect_options *opt, struct rk_error *err)
{
    switch (r->facts.kind) {
    case RK_IMAGE_BL602_DUMP:
    case RK_IMAGE_DUMP_DOUBLED:
        return inspect_flash(r, data, len, opt, err);
    case RK_IMAGE_BL602_OTA:
        inspect_ota(r, data, len);
        break;
    case RK_IMAGE_BL602_XZ:
        inspect_packed(r, data, len, 0);
        break;
    case RK_IMAGE_BL602_TABLE:
        inspect_table(r, data, len);
        return RK_OK;
    case RK_IMAGE_BL602_TREE:
        tree_part(r, data, len, 0);
        return RK_OK;
    case RK_IMAGE_BL602_EFUSE:
        inspect_efuse(r, data, len);
        return RK_OK;
    case RK_IMAGE_BL602_APP:
        note(rk_report_part(r, "code", 0, (uint32_t)len, RK_VERDICT_GOOD), r->facts.app_name,
             "an application without its header: rekindle flash and image pack add it");
        break;
    case RK_IMAGE_BL602_BOOT:
        if (memcmp(data, "BFNP", 4) != 0) {
            note(rk_report_part(r, "boot", 0, (uint32_t)len, RK_VERDICT_GOOD), r->facts.boot_name,
                 "a second-stage loader without its header");
            break;
        }
        inspect_headed(r, data, len);
        break;
    default:
        inspect_headed(r, data, len);
        break;
    }
    if (r->facts.kind == RK_IMAGE_BL602_APP || r->facts.kind == RK_IMAGE_BL602)
        rk_report_mark(r, 0, (uint32_t)len, RK_SECTOR_APP);
    judge_file(r);
    return RK_OK;
}

enum rk_status rk_bouffalo_inspect(struct rk_inspect *r, const uint8_t *data, size_t len,
                                   const struct rk_inspect_options *opt, struct rk_error *err)
{
    enum rk_status status;

    /* What was read past the end of the chip is not looked at. */
    while (r->facts.kind == RK_IMAGE_DUMP_DOUBLED && len > 1u << 20 && len % 2 == 0 &&
           memcmp(data, data + len / 2, len / 2) == 0)
        len /= 2;
    status = rk_report_sectors(r, data, len, err);
    if (status == RK_OK)
        status = inspect_kind(r, data, len, opt, err);
    if (status == RK_OK && opt && opt->chip)
        judge_other_chip(r, opt->chip);
    return status;
}
