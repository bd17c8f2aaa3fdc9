/* One function per test. Ids: B = boot loader, A = application, R = radio, C and T = settings,
 * S = size and OTA slot. docs/images.md explains each to users. */
#include "image/beken/boots.h"

#include "base/bytes.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct subject {
    const struct rk_beken *b;
    const struct rk_target *target;
    const struct rk_inspect_options *opt; /* may be NULL */
};

static void say(struct rk_inspect_test *test, enum rk_verdict verdict, const char *fmt, ...)
    RK_PRINTF(3, 4);

static void say(struct rk_inspect_test *test, enum rk_verdict verdict, const char *fmt, ...)
{
    va_list args;

    test->verdict = verdict;
    va_start(args, fmt);
    vsnprintf(test->text, sizeof test->text, fmt, args);
    va_end(args);
}

static const char *key_text(enum rk_key_class key)
{
    switch (key) {
    case RK_KEY_ZERO:
        return "no key";
    case RK_KEY_TUYA:
        return "the Tuya key";
    case RK_KEY_VENDOR:
        return "another key";
    case RK_KEY_UNKNOWN:
    case RK_KEY_UNREADABLE:
        break;
    }
    return "an unknown key";
}

static void boot_crc(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_code *boot = &s->b->boot;
    uint32_t payload = s->b->boot_rbl ? s->b->boot_rbl->rbl.raw_size : 0;

    if (boot->blocks == 0)
        say(test, RK_VERDICT_BAD, "the boot loader area is blank");
    else if (boot->bad)
        say(test, RK_VERDICT_BAD, "%u of %u blocks are damaged, the first at 0x%06X", boot->bad,
            boot->blocks, boot->first_bad);
    else if (payload > rk_code_size(boot))
        say(test, RK_VERDICT_BAD, "ends after %u of %u bytes", (unsigned)rk_code_size(boot),
            payload);
    else
        say(test, RK_VERDICT_GOOD, "all %u blocks are right", boot->blocks);
}

static void boot_key(const struct subject *s, struct rk_inspect_test *test)
{
    if (s->b->boot.present)
        say(test, RK_VERDICT_GOOD, "made with %s", key_text(s->b->boot.key.cls));
    else
        say(test, RK_VERDICT_BAD, "no boot loader with any key");
}

static void boot_identity(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_boot_info *info = &s->b->boot_info;

    if (!s->b->boot.present)
        say(test, RK_VERDICT_BAD, "there is none");
    else if (info->chip[0] && !rk_image_code_fits(info->chip, s->target->chip))
        say(test, RK_VERDICT_BAD, "%s is for %s", info->name, info->chip);
    else if (info->build)
        say(test, RK_VERDICT_GOOD, "%s%s%s, a known build", info->name,
            info->build->variant[0] ? " " : "", info->build->variant);
    else if (info->name[0])
        say(test, RK_VERDICT_WARN, "%s, but not a build we know", info->name);
    else
        say(test, RK_VERDICT_WARN, "it carries no version");
}

static void partition_table(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_fal *fal = &s->b->fal;
    const struct rk_fal_entry *app = rk_fal_entry(fal, "app");
    const struct rk_fal_entry *download = rk_fal_entry(fal, "download");

    if (fal->count == 0)
        say(test, RK_VERDICT_WARN, "none: updates over the air will not work");
    else if (!app || !download)
        say(test, RK_VERDICT_WARN, "has no %s partition", app ? "download" : "app");
    else if (app->addr != RK_APP_ADDR || app->len % RK_BLOCK_DATA ||
             app->span > download->addr - (download->addr > app->addr ? app->addr : 0) ||
             (rk_is_flash_size(s->b->len) &&
              (download->addr >= s->b->len || download->span > s->b->len - download->addr)))
        say(test, RK_VERDICT_WARN, "inconsistent: app 0x%06X+0x%X, download 0x%06X+0x%X", app->addr,
            app->span, download->addr, download->span);
    else
        say(test, RK_VERDICT_GOOD, "app 0x%06X+0x%X, download 0x%06X+0x%X", app->addr, app->span,
            download->addr, download->span);
}

static void boot_rbl(const struct subject *s, struct rk_inspect_test *test)
{
    if (!s->b->boot.stored)
        say(test, RK_VERDICT_UNTESTED, "no boot loader");
    else if (!s->b->boot_rbl)
        say(test, RK_VERDICT_INFO, "it has no stamp");
    else if (s->b->boot_rbl_state == RK_RBL_GOOD)
        say(test, RK_VERDICT_GOOD, "CRC and hash are right");
    else
        say(test, RK_VERDICT_WARN, "CRC or hash of the stamp do not fit the boot loader");
}

static void app_present(const struct subject *s, struct rk_inspect_test *test)
{
    if (s->b->app.blocks)
        say(test, RK_VERDICT_GOOD, "code at 0x%06X", RK_APP_ADDR);
    else
        say(test, RK_VERDICT_BAD, "nothing at 0x%06X", RK_APP_ADDR);
}

static void app_crc(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_code *app = &s->b->app;
    uint32_t raw =
        s->b->app_rbl && s->b->app_rbl_state == RK_RBL_TOO_LONG ? s->b->app_rbl->rbl.raw_size : 0;

    if (app->bad)
        say(test, RK_VERDICT_BAD, "%u of %u blocks are damaged, the first at 0x%06X", app->bad,
            app->blocks, RK_APP_ADDR + app->first_bad);
    else if (app->blocks && raw)
        say(test, RK_VERDICT_WARN, "ends after %u bytes, its stamp says %u",
            (unsigned)rk_code_size(app), raw);
    else if (app->blocks)
        say(test, RK_VERDICT_GOOD, "all %u blocks are right", app->blocks);
    else
        say(test, RK_VERDICT_BAD, "there is no application");
}

static void app_key(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_code *boot = &s->b->boot, *app = &s->b->app;

    if (!app->present)
        say(test, RK_VERDICT_BAD, "%s",
            app->blocks ? "no key makes an application of it" : "there is no application");
    else if (boot->present && memcmp(boot->key.words, app->key.words, sizeof boot->key.words) != 0)
        say(test, RK_VERDICT_BAD, "made with %s, the boot loader with %s", key_text(app->key.cls),
            key_text(boot->key.cls));
    else
        say(test, RK_VERDICT_GOOD, "made with %s", key_text(app->key.cls));
}

static void key_for_chip(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_code *code = s->b->app.present ? &s->b->app : &s->b->boot;
    enum rk_key_class key = code->key.cls;
    const struct rk_inspect_options *opt = s->opt;

    if (!code->present)
        say(test, RK_VERDICT_UNTESTED, "no code");
    else if (opt && opt->have_key &&
             (opt->key_class == RK_KEY_ZERO || opt->key_class == RK_KEY_TUYA ||
              opt->key_class == RK_KEY_VENDOR))
        say(test, key == opt->key_class ? RK_VERDICT_GOOD : RK_VERDICT_BAD,
            "made with %s, this module has %s", key_text(key), key_text(opt->key_class));
    else if (!(s->target->keys & RK_KEY_BIT(key)))
        say(test, RK_VERDICT_BAD, "made with %s, which a %s does not have", key_text(key),
            s->target->chip);
    else if (key == RK_KEY_VENDOR)
        say(test, RK_VERDICT_UNTESTED, "only the module itself tells whether it has this key");
    else
        say(test, RK_VERDICT_GOOD, "%s is usual for a %s", key_text(key), s->target->chip);
}

static void app_for_chip(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_app_info *info = &s->b->app_info;

    if (!s->b->app.present)
        say(test, RK_VERDICT_UNTESTED, "no application");
    else if (info->series != s->target->series)
        say(test, RK_VERDICT_BAD, "it is for %s", rk_series_text(info->series));
    else if (info->evidence == RK_EVIDENCE_ONE && info->chip[0] &&
             !rk_image_code_fits(info->chip, s->target->chip))
        say(test, RK_VERDICT_BAD, "it says it is for %s", info->chip);
    else
        say(test, RK_VERDICT_GOOD, "code for %s", rk_series_text(info->series));
}

static void app_vectors(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_code *app = &s->b->app;
    uint32_t end = RK_APP_LOGICAL + (uint32_t)rk_code_size(app);

    if (!app->present) {
        say(test, RK_VERDICT_UNTESTED, "no application");
        return;
    }
    for (size_t i = 8; i < 15; i++) {
        uint32_t word = rk_get_le32(app->plain + 4 * i);

        if (word % 4 || word < RK_APP_LOGICAL || word >= end) {
            say(test, RK_VERDICT_WARN, "vector %zu points to 0x%X", i - 8, word);
            return;
        }
    }
    if (rk_get_le32(app->plain + 60) != 0xDEADBEEF)
        say(test, RK_VERDICT_WARN, "the mark behind the vectors is missing");
    else
        say(test, RK_VERDICT_GOOD, "all seven point into the code");
}

static void app_rbl(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_code *app = &s->b->app;

    if (!app->present) {
        say(test, RK_VERDICT_UNTESTED, "no application");
        return;
    }
    if (!s->b->app_rbl) {
        say(test, RK_VERDICT_INFO, "it has no stamp: usual for a UA file and after an update");
        return;
    }
    switch (s->b->app_rbl_state) {
    case RK_RBL_GOOD:
        say(test, RK_VERDICT_GOOD, "CRC and hash are right");
        break;
    case RK_RBL_OTA:
        say(test, RK_VERDICT_GOOD, "the stamp of an update, its hash is right");
        break;
    case RK_RBL_STALE:
        say(test, RK_VERDICT_WARN,
            "it does not fit: left behind by an earlier application, or damage");
        break;
    case RK_RBL_TOO_LONG:
        say(test, RK_VERDICT_WARN, "it stamps more code than there is");
        break;
    }
}

static bool expected_rf(const struct rk_target *target, uint32_t addr)
{
    for (size_t i = 0; i < target->rf_addr_count; i++) {
        if (target->rf_addrs[i] == addr)
            return true;
    }
    return false;
}

static void rf_sector(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_beken *b = s->b;

    if (!b->has_rf && !rk_is_flash_size(b->len))
        say(test, RK_VERDICT_INFO, "not part of such a file: the module keeps its own");
    else if (!b->has_rf)
        say(test, RK_VERDICT_WARN, "missing: bad Wi-Fi range and a MAC many modules share");
    else if (!b->rf.well_formed)
        say(test, RK_VERDICT_WARN, "damaged, at 0x%06X", b->rf_offset);
    else if (b->rf.mac_state != RK_RF_MAC_GOOD)
        say(test, RK_VERDICT_WARN, "has %s", rk_rf_mac_text(b->rf.mac_state));
    else if (!expected_rf(s->target, b->rf_offset))
        say(test, RK_VERDICT_WARN, "at 0x%06X, a %s looks at 0x%06X", b->rf_offset, s->target->chip,
            s->target->rf_addrs[0]);
    else
        say(test, RK_VERDICT_GOOD, "at 0x%06X, with a MAC address", b->rf_offset);
}

static void calibration(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_rf *rf = &s->b->rf;

    if (!s->b->has_rf)
        say(test, RK_VERDICT_UNTESTED, "no RF sector");
    else if (rf->tx_power && rf->tx_calibration && rf->rx_calibration)
        say(test, RK_VERDICT_GOOD, "transmit power, transmit and receive calibration are there");
    else
        say(test, RK_VERDICT_INFO, "only the basic record: the chip calibrates itself");
}

static void obk_config(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_beken *b = s->b;
    uint32_t version, length;

    for (size_t i = 0; i < b->area_count; i++) {
        uint32_t addr = b->areas[i].addr;

        if (b->areas[i].kind != RK_AREA_OBK_CONFIG)
            continue;
        if (rk_obk_config_check(b->flash + addr, b->len - addr, &version, &length))
            say(test, RK_VERDICT_GOOD, "version %u at 0x%06X", version, addr);
        else
            say(test, RK_VERDICT_WARN, "version %u at 0x%06X, its checksum is wrong", version,
                addr);
        return;
    }
    say(test, RK_VERDICT_INFO, "none");
}

static void tuya_storage(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_tuya_storage *t = &s->b->tuya;

    if (!s->b->has_tuya)
        say(test, RK_VERDICT_INFO, "none");
    else if (t->key_good && t->blocks && t->blocks_good == t->blocks)
        say(test, RK_VERDICT_GOOD, "%u blocks at 0x%06X, all checksums are right", t->blocks,
            t->addr);
    else
        say(test, RK_VERDICT_INFO, "at 0x%06X, %u of %u blocks are right", t->addr, t->blocks_good,
            t->blocks);
}

static void file_size(const struct subject *s, struct rk_inspect_test *test)
{
    uint32_t wanted = s->opt && s->opt->flash_size ? s->opt->flash_size : s->target->usual_size;

    if (s->b->len == wanted)
        say(test, RK_VERDICT_GOOD, "a whole flash of %u KiB", wanted / 1024);
    else if (s->b->len > wanted)
        say(test, s->opt && s->opt->flash_size ? RK_VERDICT_BAD : RK_VERDICT_INFO,
            "larger than the flash of %u KiB", wanted / 1024);
    else
        say(test, RK_VERDICT_INFO, "not a full backup: %zu of %u KiB", s->b->len / 1024,
            wanted / 1024);
}

static void download_slot(const struct subject *s, struct rk_inspect_test *test)
{
    const struct rk_beken *b = s->b;
    struct rk_rbl rbl;
    uint32_t addr, len;

    if (!rk_beken_download(b, &addr, &len))
        say(test, RK_VERDICT_UNTESTED, "no download partition in this image");
    else if (!rk_rbl_read(b->flash + addr, len, &rbl))
        say(test, RK_VERDICT_GOOD, "no package waits at 0x%06X", addr);
    else if (b->app_rbl && rk_rbl_same(&rbl, &b->app_rbl->rbl))
        say(test, RK_VERDICT_GOOD, "the package at 0x%06X is installed already", addr);
    else
        say(test, RK_VERDICT_WARN,
            "holds a package (%s): the boot loader will install it at the next start",
            rk_rbl_version(&rbl));
}

static const struct {
    const char *id, *name;
    bool needs_boot; /* belongs to images that begin at flash address 0 */
    void (*run)(const struct subject *s, struct rk_inspect_test *test);
} tests[] = {
    {"B1", "boot loader CRC", true, boot_crc},
    {"B2", "boot loader key", true, boot_key},
    {"B3", "boot loader for the chip", true, boot_identity},
    {"B4", "partition table", true, partition_table},
    {"B5", "boot loader stamp", true, boot_rbl},
    {"A1", "application present", false, app_present},
    {"A2", "application CRC", false, app_crc},
    {"A3", "application key", false, app_key},
    {"A4", "key for the chip", false, key_for_chip},
    {"A5", "application for the chip", false, app_for_chip},
    {"A6", "vectors", false, app_vectors},
    {"A7", "application stamp", false, app_rbl},
    {"R1", "RF sector", true, rf_sector},
    {"R2", "calibration", true, calibration},
    {"C1", "OpenBeken configuration", true, obk_config},
    {"T1", "Tuya storage", true, tuya_storage},
    {"S1", "size", true, file_size},
    {"S2", "download partition", true, download_slot},
};
_Static_assert(sizeof tests / sizeof tests[0] <= RK_INSPECT_TESTS, "room for all tests");

static const struct rk_inspect_test *first_of(const struct rk_inspect_boot *boot,
                                              enum rk_verdict verdict)
{
    for (size_t i = 0; i < boot->test_count; i++) {
        if (boot->tests[i].verdict == verdict)
            return &boot->tests[i];
    }
    return NULL;
}

/* What would help against the test that failed first. */
static const char *remedy_of(const char *id)
{
    if (strcmp(id, "B1") == 0 || strcmp(id, "B2") == 0 || strcmp(id, "B3") == 0)
        return "put the right boot loader in: rekindle image convert FILE --boot LOADER -o FIXED";
    if (strcmp(id, "A2") == 0)
        return "write an undamaged copy of this application, or take it from another backup";
    if (strcmp(id, "A3") == 0 || strcmp(id, "A4") == 0)
        return "encipher it for the module's key: rekindle image encrypt FILE --key NAME -o FIXED";
    if (strcmp(id, "A1") == 0)
        return "flash an application for this chip on top";
    if (strcmp(id, "A5") == 0)
        return "get the build that is made for this chip";
    return "";
}

static void conclude(const struct subject *s, struct rk_inspect_boot *boot)
{
    const struct rk_inspect_test *bad = first_of(boot, RK_VERDICT_BAD);
    const struct rk_inspect_test *warn = first_of(boot, RK_VERDICT_WARN);

    if (s->b->shape.shift && !bad) {
        boot->boots = RK_BOOTS_NO;
        rk_text_copy(boot->reason, sizeof boot->reason,
                     "the capture does not begin at flash address 0");
        rk_text_copy(boot->remedy, sizeof boot->remedy,
                     "put it in order: rekindle image convert FILE -o FIXED");
        return;
    }
    if (bad) {
        boot->boots = RK_BOOTS_NO;
        rk_text_format(boot->reason, sizeof boot->reason, "%s: %s", bad->name, bad->text);
        rk_text_copy(boot->remedy, sizeof boot->remedy, remedy_of(bad->id));
        return;
    }
    if (s->b->start != 0) {
        boot->boots = RK_BOOTS_WITH_BOOT;
        rk_text_copy(boot->reason, sizeof boot->reason,
                     "an application: the module's own boot loader has to be there");
        rk_text_copy(boot->remedy, sizeof boot->remedy,
                     "for an erased chip: rekindle flash FILE --boot LOADER");
        return;
    }
    boot->boots = RK_BOOTS_YES;
    for (size_t i = 0; i < boot->test_count; i++) {
        if (boot->tests[i].verdict == RK_VERDICT_UNTESTED && strcmp(boot->tests[i].id, "A4") == 0) {
            boot->boots = RK_BOOTS_UNKNOWN;
            warn = &boot->tests[i];
        }
    }
    if (warn)
        rk_text_format(boot->reason, sizeof boot->reason, "%s: %s", warn->name, warn->text);
}

void rk_beken_judge(const struct rk_beken *b, const struct rk_inspect_options *opt,
                    struct rk_inspect *report)
{
    const char *only = opt ? opt->chip : NULL;

    for (size_t t = 0; t < rk_target_count && report->boot_count < RK_INSPECT_CHIPS; t++) {
        struct rk_inspect_boot *boot = &report->boots[report->boot_count];
        struct subject s = {b, &rk_targets[t], opt};

        if (only && strcmp(only, rk_targets[t].chip) != 0)
            continue;
        rk_text_copy(boot->chip, sizeof boot->chip, rk_targets[t].chip);
        for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
            struct rk_inspect_test *test = &boot->tests[boot->test_count];

            if (tests[i].needs_boot && b->start != 0)
                continue;
            rk_text_copy(test->id, sizeof test->id, tests[i].id);
            rk_text_copy(test->name, sizeof test->name, tests[i].name);
            tests[i].run(&s, test);
            boot->test_count++;
        }
        conclude(&s, boot);
        report->boot_count++;
    }
}
