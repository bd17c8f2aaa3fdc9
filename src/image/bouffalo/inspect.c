/* The report about a BL602 image: boot headers, partition tables, what they stamp. */
#include "image/report.h"

#include "base/bytes.h"
#include "base/text.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/partitions.h"
#include "image/search.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FW_OFFSET  0x1000u
#define OTA_HEADER 512u
#define XZ_MAGIC                                                                                   \
    "\xFD"                                                                                         \
    "7zXZ"

static void say(struct rk_inspect_boot *boot, const char *id, const char *name,
                enum rk_verdict verdict, const char *fmt, ...) RK_PRINTF(5, 6);

static void say(struct rk_inspect_boot *boot, const char *id, const char *name,
                enum rk_verdict verdict, const char *fmt, ...)
{
    struct rk_inspect_test *test;
    va_list args;

    if (boot->test_count == RK_INSPECT_TESTS)
        return;
    test = &boot->tests[boot->test_count++];
    rk_text_copy(test->id, sizeof test->id, id);
    rk_text_copy(test->name, sizeof test->name, name);
    test->verdict = verdict;
    va_start(args, fmt);
    vsnprintf(test->text, sizeof test->text, fmt, args);
    va_end(args);
}

/* What the ROM wants of the header at 0 and the second-stage loader behind it. */
static void judge_boot2(struct rk_inspect_boot *boot, const uint8_t *data, size_t len)
{
    struct rk_bfl_header h;

    if (!rk_bfl_header_read(data, len, &h)) {
        say(boot, "L1", "boot header", RK_VERDICT_BAD, "none at 0x000000");
        return;
    }
    say(boot, "L1", "boot header", h.crc_good ? RK_VERDICT_GOOD : RK_VERDICT_BAD,
        h.crc_good ? "magic and CRC are right" : "its CRC is wrong");
    say(boot, "L2", "flash parameters", h.flash_good ? RK_VERDICT_GOOD : RK_VERDICT_WARN,
        h.flash_good ? "CRC is right" : "wrong: the loader may not read its tables");
    say(boot, "L3", "clock settings", h.clock_good ? RK_VERDICT_GOOD : RK_VERDICT_WARN,
        h.clock_good ? "CRC is right" : "wrong: the chip stays at 32 MHz");
    say(boot, "L4", "boot options",
        h.flat && h.cached && h.plain ? RK_VERDICT_GOOD : RK_VERDICT_BAD, "option word 0x%08X",
        h.boot_cfg);
    say(boot, "L5", "second-stage loader",
        rk_bfl_hash_check(&h, data, len, h.start) ? RK_VERDICT_GOOD : RK_VERDICT_BAD,
        "%u bytes at 0x%06X", h.length, h.start);
}

static void judge_firmware(struct rk_inspect_boot *boot, const uint8_t *data, size_t len,
                           const struct rk_bfl_table *table)
{
    const struct rk_bfl_part *fw = rk_bfl_part_of_type(table, 0);
    struct rk_bfl_header h;
    uint32_t addr;

    if (!fw) {
        say(boot, "F1", "firmware entry", RK_VERDICT_BAD, "the table has none");
        return;
    }
    addr = fw->addr[fw->active & 1];
    if (addr >= len || !rk_bfl_header_read(data + addr, len - addr, &h)) {
        bool packed = addr < len && len - addr > 6 && memcmp(data + addr, XZ_MAGIC, 6) == 0;

        say(boot, "F1", "firmware header", packed ? RK_VERDICT_INFO : RK_VERDICT_BAD,
            packed ? "a packed update at 0x%06X, unpacked at the next start" : "none at 0x%06X",
            addr);
        return;
    }
    say(boot, "F1", "firmware header", h.crc_good ? RK_VERDICT_GOOD : RK_VERDICT_BAD, "at 0x%06X",
        addr);
    say(boot, "F2", "firmware hash",
        rk_bfl_hash_check(&h, data, len, (size_t)addr + FW_OFFSET) ? RK_VERDICT_GOOD
                                                                   : RK_VERDICT_BAD,
        "%u bytes at 0x%06X", h.length, addr + FW_OFFSET);
}

static void judge_tree(struct rk_inspect_boot *boot, const uint8_t *data, size_t len,
                       const struct rk_bfl_table *table)
{
    const struct rk_bfl_part *factory = rk_bfl_part_named(table, "factory");
    bool tree = factory && factory->addr[0] < len && len - factory->addr[0] >= 4 &&
                rk_get_be32(data + factory->addr[0]) == 0xD00DFEED;

    say(boot, "D1", "device tree",
        !factory ? RK_VERDICT_BAD
        : tree   ? RK_VERDICT_GOOD
                 : RK_VERDICT_WARN,
        !factory ? "the table has no factory entry" : "%s at 0x%06X",
        tree ? "found" : "none: no Wi-Fi settings,", factory ? factory->addr[0] : 0);
    say(boot, "D2", "settings entry",
        rk_bfl_part_named(table, "PSM") ? RK_VERDICT_GOOD : RK_VERDICT_BAD, "%s",
        rk_bfl_part_named(table, "PSM") ? "PSM is in the table" : "the table has no PSM entry");
}

static void conclude(struct rk_inspect_boot *boot)
{
    boot->boots = RK_BOOTS_YES;
    for (size_t i = 0; i < boot->test_count; i++) {
        const struct rk_inspect_test *test = &boot->tests[i];

        if (test->verdict != RK_VERDICT_BAD &&
            (test->verdict != RK_VERDICT_WARN || boot->reason[0]))
            continue;
        rk_text_format(boot->reason, sizeof boot->reason, "%s: %s", test->name, test->text);
        if (test->verdict == RK_VERDICT_BAD) {
            boot->boots = RK_BOOTS_NO;
            return;
        }
    }
}

static void table_parts(struct rk_inspect *r, const struct rk_bfl_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct rk_bfl_part *p = &table->parts[i];
        struct rk_inspect_partition *out = &r->partitions[r->partition_count++];
        enum rk_sector_use use = strcmp(p->name, "PSM") == 0       ? RK_SECTOR_STORAGE
                                 : strcmp(p->name, "factory") == 0 ? RK_SECTOR_RF
                                 : strcmp(p->name, "media") == 0   ? RK_SECTOR_FILES
                                 : p->type == 0                    ? RK_SECTOR_APP
                                                                   : RK_SECTOR_DATA;

        rk_text_copy(out->name, sizeof out->name, p->name);
        out->addr = p->addr[p->active & 1];
        out->len = p->max_len[p->active & 1];
        rk_report_mark(r, out->addr, out->len, use);
        if (p->type == 0)
            rk_report_mark(r, p->addr[!(p->active & 1)], p->max_len[!(p->active & 1)],
                           RK_SECTOR_OTA);
    }
}

static void find_names(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    size_t at = rk_search_text(data, len, 0, "OpenBL602_"), n;

    if (at == len)
        return;
    for (n = 10; at + n < len && n < 24 &&
                 ((data[at + n] >= '0' && data[at + n] <= '9') || data[at + n] == '.');)
        n++;
    if (n > 10) {
        rk_text_copy(r->facts.app_name, sizeof r->facts.app_name, "OpenBL602");
        rk_text_format(r->facts.app_version, sizeof r->facts.app_version, "%.*s", (int)n - 10,
                       (const char *)data + at + 10);
    }
}

static void inspect_flash(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    struct rk_inspect_boot *boot = &r->boots[r->boot_count++];
    struct rk_inspect_part *part;
    struct rk_bfl_table table;
    int copy = rk_bfl_table_choose(data, len, &table);

    rk_text_copy(boot->chip, sizeof boot->chip, "BL602");
    judge_boot2(boot, data, len);
    rk_report_part(r, "boot", 0, 0xE000, boot->tests[0].verdict);
    rk_report_mark(r, 0, 0xE000, RK_SECTOR_BOOT);
    if (copy < 0) {
        say(boot, "P1", "partition table", RK_VERDICT_BAD, "neither copy is valid");
    } else {
        say(boot, "P1", "partition table", RK_VERDICT_GOOD, "copy %d counts, %zu entries", copy,
            table.count);
        part = rk_report_part(r, "table", copy ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0,
                              (uint32_t)(20 + 36 * table.count), RK_VERDICT_GOOD);
        if (part)
            rk_text_format(part->note, sizeof part->note, "copy %d, age %u", copy, table.age);
        table_parts(r, &table);
        rk_report_mark(r, RK_BFL_TABLE_0, 0x2000, RK_SECTOR_TABLE);
        judge_firmware(boot, data, len, &table);
        judge_tree(boot, data, len, &table);
    }
    for (size_t i = 0; i < r->partition_count; i++) {
        part =
            rk_report_part(r, "data", r->partitions[i].addr, r->partitions[i].len, RK_VERDICT_INFO);
        if (part)
            rk_text_copy(part->name, sizeof part->name, r->partitions[i].name);
    }
    conclude(boot);
}

/* A single image with a boot header: the application or the second-stage loader. */
static void inspect_image(struct rk_inspect *r, const uint8_t *data, size_t len)
{
    static const uint32_t offsets[] = {0x1000, 0x2000};
    struct rk_bfl_header h;
    struct rk_inspect_part *part;
    bool sound = false;

    if (!rk_bfl_header_read(data, len, &h))
        return;
    for (size_t i = 0; i < 2; i++)
        sound = sound || rk_bfl_hash_check(&h, data, len, offsets[i]);
    part = rk_report_part(r, "header", 0, RK_BFL_HEADER,
                          h.crc_good && !h.other_chip ? RK_VERDICT_GOOD : RK_VERDICT_BAD);
    if (part)
        rk_text_copy(part->note, sizeof part->note,
                     h.other_chip ? "made for a relative of the BL602"
                     : h.crc_good ? "CRC is right"
                                  : "CRC is wrong: another chip, or damage");
    part =
        rk_report_part(r, "app", RK_BFL_HEADER, h.length, sound ? RK_VERDICT_GOOD : RK_VERDICT_BAD);
    if (part)
        rk_text_copy(part->note, sizeof part->note,
                     sound ? "hash is right" : "hash is wrong, or the file is cut short");
}

enum rk_status rk_bouffalo_inspect(struct rk_inspect *r, const uint8_t *data, size_t len,
                                   const struct rk_inspect_options *opt, struct rk_error *err)
{
    enum rk_status status = rk_report_sectors(r, data, len, err);

    (void)opt;
    if (status != RK_OK)
        return status;
    find_names(r, data, len);
    if (r->facts.kind == RK_IMAGE_BL602_DUMP)
        inspect_flash(r, data, len);
    else if (r->facts.kind == RK_IMAGE_BL602)
        inspect_image(r, data, len);
    else if (len > OTA_HEADER)
        rk_report_part(r, "ota", OTA_HEADER, (uint32_t)(len - OTA_HEADER), RK_VERDICT_INFO);
    return RK_OK;
}
