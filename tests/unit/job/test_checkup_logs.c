/* Saved logs of devices and flashers with a known cause: the checkup finds the same. */
#include "unit/unit.h"

#include <rekindle/checkup.h>

#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct {
    const char *name, *ids; /* all findings, blank separated, in any order */
    unsigned boots;         /* 0 = does not matter */
    const char *last_phase; /* NULL = none */
} logs[] = {
    {"app.not-starting.bk7231n.log", "app.not-starting", 2, "bk.boot.jump"},
    {"bl.boot2-fail.bl602.log", "bl.boot2-fail", 1, "bl.boot2"},
    {"bl.dl-flash-error.bl602.log", "bl.dl-flash-error", 0, NULL},
    {"bl.dl-no-handshake.bl602.log", "bl.dl-no-handshake", 0, NULL},
    {"bl.dts-blank.bl602.log", "bl.dts-missing bl.romfs-blank", 1, "bl.wifi_fw"},
    {"bl.dts-missing.bl602.log", "bl.dts-missing", 1, "obk.tick"},
    {"bl.exception.bl602.log", "bl.exception", 1, "bl.wifi_mgmr"},
    {"bl.flash-incomplete.bl602.seed-devcube.log", "bl.flash-incomplete dl.bl-write-ok", 0, NULL},
    {"bl.no-param-partition.bl602.log", "bl.no-param-partition", 1, "bl.board"},
    {"bl.power-loop.bl602.log", "bl.power-loop bl.romfs-blank", 3, "bl.wifi_fw"},
    {"boot.fal-missing.bk7231m.log", "boot.fal-missing app.not-starting", 1, "bk.boot.jump"},
    {"boot.ota-verify-failed.bk7231n.log", "boot.ota-verify-failed", 1, "obk.tick"},
    {"cfg.crc-mismatch.bk7231n.log", "cfg.crc-mismatch", 1, "obk.tick"},
    {"dl.baud-failed.bk7231t.log", "dl.baud-failed", 0, NULL},
    {"dl.bootloader-skipped.erased-chip.log", "dl.bootloader-skipped dl.write-ok", 0, NULL},
    {"dl.crc-wrong-chip.t-mode-on-n.log", "dl.crc-wrong-chip", 0, NULL},
    {"dl.data-all-ff.log", "dl.data-all-ff", 0, NULL},
    {"dl.flash-unknown.log", "dl.flash-unknown", 0, NULL},
    {"dl.key-bk7238.cbu.log", "dl.key-bk7238", 0, NULL},
    {"dl.key-zero.bk7231m.log", "dl.key-zero", 0, NULL},
    {"dl.no-bus.gui.log", "dl.no-bus", 0, NULL},
    {"dl.no-bus.uartprogram.log", "dl.no-bus", 0, NULL},
    {"dl.no-response.bk7231tools.log", "dl.short-read", 0, NULL},
    {"dl.read-ok.bk7231n.seed-backup.log", "dl.read-ok", 0, NULL},
    {"dl.read-status6.bk7231tools.log", "dl.read-status6", 0, NULL},
    {"dl.short-read.bk7231n.log", "dl.short-read", 0, NULL},
    {"dl.unprotect-failed.bk7231tools.log", "dl.unprotect-failed", 0, NULL},
    {"dl.unprotect-failed.gui.log", "dl.unprotect-failed", 0, NULL},
    {"dl.write-failed.bk7231n.log", "dl.write-failed", 0, NULL},
    {"hang.rf-init.bk7231n.log", "hang.rf-init", 1, "bk.rf.rwnxl"},
    {"mode.ate.bk7231n.uart1.log", "mode.ate", 1, "bk.rf.ext_over"},
    {"ok.bk7231m.appverify.log", "ok.boot-complete info.app-verify-failed", 1, "obk.boot_ok"},
    {"ok.bk7231n.obk.log", "ok.boot-complete", 1, "obk.boot_ok"},
    {"ok.bl602.obk.log", "ok.boot-complete", 1, "obk.boot_ok"},
    {"pwr.gated.bk7231n.tuyamcu.log", "pwr.gated", 3, "obk.tick"},
    {"pwr.rf-init.bk7231m.alt-sdk.log", "pwr.rf-init", 3, "bk.rf.txdesc"},
    {"pwr.rf-init.bk7231n.seed1.log", "pwr.rf-init", 3, "bk.rf.cal_start"},
    {"pwr.wifi-tx.bk7231n.log", "pwr.wifi-tx state.safe-mode", 3, "net.wifi_start"},
    {"rf.tlv-lost.bk7231n.log", "rf.tlv-lost rf.default-mac", 1, "obk.tick"},
    {"rst.crash.bk7231n.data-abort.log", "rst.crash", 2, "obk.tick"},
    {"rst.watchdog.bk7231n.log", "rst.watchdog", 3, "net.wifi_start"},
    {"state.tuya-stock.bk7231n.log", "state.tuya-stock", 1, "bk.rf.cal_params"},
    {"uart.garbage.log", "uart.garbage", 0, NULL},
};
/* clang-format on */

/* Every word of `ids` is a finding, and there are no others. */
static bool same_findings(const struct rk_checkup *c, const char *ids)
{
    size_t words = 1;

    for (const char *p = ids; *p; p++)
        words += *p == ' ';
    if (words != c->finding_count)
        return false;
    for (size_t i = 0; i < c->finding_count; i++) {
        const char *at = strstr(ids, c->findings[i].id);
        if (!at)
            return false;
    }
    return true;
}

static void saved_logs(void **state)
{
    (void)state;
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct rk_checkup *c = NULL;
        struct rk_error err;
        char path[512];
        uint8_t *data;
        size_t len;
        snprintf(path, sizeof path, "%s/data/logs/%s", RK_SHARED_DIR, logs[i].name);
        if (rk_file_read(path, 1u << 20, &data, &len, &err) != RK_OK) {
            skip();
            return;
        }
        const struct rk_checkup_source source = {.name = logs[i].name, .bytes = data, .len = len};
        assert_int_equal(rk_checkup_logs(&source, 1, &c, &err), RK_OK);
        if (!same_findings(c, logs[i].ids) || (logs[i].boots && c->boots != logs[i].boots) ||
            (logs[i].last_phase && strcmp(c->last_phase, logs[i].last_phase) != 0)) {
            printf("%s: %s, %u boots, %s\n", logs[i].name,
                   c->finding_count ? c->findings[0].id : "nothing", c->boots, c->last_phase);
            wrong++;
        }
        rk_checkup_free(c);
        free(data);
    }
    assert_int_equal(wrong, 0);
}

#define BANNER "V:BK7231N_1.0.1\nREG:cpsr     spsr     r13      r14\nST:00000000\nJ 0x10000\n"
#define APP    "bk_misc_init_start_type 0 0\nprvHeapInit-start addr:0x4142f0, size:113936\n"
#define RADIO  "[load]bandgap_calm=0x62->0x22,vddig=4->5\n[FUNC]rwnxl_init\n"

/* Short logs of the shapes that devices and flashers print. */
/* clang-format off */
static const struct {
    const char *text, *ids;
} shapes[] = {
    {BANNER APP RADIO "[bk]tx_tx\xC1" BANNER APP RADIO "[FUNC]c\xE0" BANNER APP, "pwr.rf-init"},
    {"10:00:01.250 -> " BANNER "10:00:01.300 -> J 0x10000\nRX< " BANNER, "app.not-starting"},
    {BANNER "hello\nthis is another firmware\nwith its own words\n" BANNER, ""},
    {BANNER "one stray line\n" BANNER, "app.not-starting"},
    {"\xEF\xBB\xBF\r\n", "silent.uart2"},
    {BANNER "I [      0.000] LibreTiny v1.9.1 on cb3s, compiled at Jan  1 2025, GCC 10.3.1\n"
     "[I][safe_mode:041]: Boot seems successful; resetting boot loop counter\n", "ok.boot-complete"},
    {"[C][debug:061]: Reset Reason: Brownout\n", "rst.brown-out"},
    {"CRC mismatch!\nSend by BK 0x11111111, our CRC 0x22222222\n"
     "CRC mismatch!\nSend by BK 0x33333333, our CRC 0x22222222\n", "dl.crc-noise"},
    {"CRC mismatch!\nSend by BK 0x11111111, our CRC 0x22222222\n"
     "CRC mismatch!\nSend by BK 0x11111111, our CRC 0x22222222\n", "dl.crc-wrong-chip"},
    {"Flasher mode: BK7231T\nCRC mismatch!\nSend by BK 0x00, our CRC 0x22222222\n", "dl.crc-zero"},
    {"Flash MID loaded: FFFFFF\nData is entirely filled with 0xff, something must went wrong!\n",
     "dl.flash-silent"},
    {"W: Unknown bootloader CRC - 0xB397B8F6 - please report\n", "dl.bootloader-blank"},
    {"Unknown bootloader CRC - 0x12345678\n", "dl.bootloader-foreign"},
    {"ValueError: Chip CRC value 12345678 does not match calculated CRC value 9ABCDEF0\n",
     "dl.verify-failed"},
    {"Flasher mode: BK7231N\nChip ID: 0x7231A (BK7231T)\n", "dl.wrong-mode-n-on-t"},
    {"Flasher mode: BK7231N\nChip ID: 0x7238 (BK7238)\n", "chip.wrong-build-7238"},
    {"Flasher mode: BK7231M\nEncryption key: 510fb093 a3cbeadc 5993a17e c7adeb03\n",
     "dl.mode-m-on-n"},
    {"serial.SerialException: ClearCommError failed\n", "host.port-lost"},
    {BANNER APP RADIO BANNER APP RADIO BANNER "Starting bl602 now....\n"
     "Boot Reason:        BL_RST_SOFTWARE_WATCHDOG\n[OS] Starting TCP/IP Stack...\n", "pwr.rf-init"},
    {"nothing of interest\n", ""},
};
/* clang-format on */

static void shapes_of_logs(void **state)
{
    (void)state;
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct rk_checkup *c = NULL;
        struct rk_error err;
        const struct rk_checkup_source source = {
            .name = "log", .bytes = (const uint8_t *)shapes[i].text, .len = strlen(shapes[i].text)};
        assert_int_equal(rk_checkup_logs(&source, 1, &c, &err), RK_OK);
        bool same = shapes[i].ids[0] ? same_findings(c, shapes[i].ids) : c->finding_count == 0;
        if (!same) {
            printf("wanted \"%s\", got", shapes[i].ids);
            for (size_t f = 0; f < c->finding_count; f++)
                printf(" %s", c->findings[f].id);
            printf("\n");
            wrong++;
        }
        rk_checkup_free(c);
    }
    assert_int_equal(wrong, 0);
}

/* A flash whose every byte is alike is a dump; one without a trace of code or settings is a log. */
static void dumps_are_evidence(void **state)
{
    (void)state;
    enum { LEN = 0x200000 };
    uint8_t *flash = malloc(LEN);
    struct rk_checkup_source source = {.name = "dump.bin", .bytes = flash, .len = LEN};
    struct rk_checkup *c = NULL;
    struct rk_error err;

    assert_non_null(flash);
    memset(flash, 0xFF, LEN);
    assert_int_equal(rk_checkup_logs(&source, 1, &c, &err), RK_OK);
    assert_true(same_findings(c, "dl.data-all-ff"));
    assert_int_equal(c->boots, 0);
    rk_checkup_free(c);
    memcpy(flash + 0xE000, "BFPT", 4);
    memcpy(flash + 0x10000, "BFNP", 4);
    assert_int_equal(rk_checkup_logs(&source, 1, &c, &err), RK_OK);
    assert_true(same_findings(c, "bl.flash-incomplete"));
    assert_string_equal(c->facts[0].source, "dump.bin");
    rk_checkup_free(c);
    free(flash);
}

/* What one log says is not taken back by the log of another device. */
static void sources_are_judged_together(void **state)
{
    (void)state;
    static const char beken[] = BANNER APP RADIO BANNER APP RADIO BANNER;
    static const char bouffalo[] = "Starting bl602 now....\n[OS] Starting TCP/IP Stack...\n";
    static const char flasher[] = "programming bl_partition.bin to 0x0000E000\n[All Success]\n";
    const struct rk_checkup_source sources[] = {
        {.name = "a.log", .bytes = (const uint8_t *)beken, .len = sizeof beken - 1},
        {.name = "b.log", .bytes = (const uint8_t *)bouffalo, .len = sizeof bouffalo - 1},
        {.name = "c.log", .bytes = (const uint8_t *)flasher, .len = sizeof flasher - 1}};
    struct rk_checkup *c = NULL;
    struct rk_error err;

    assert_int_equal(rk_checkup_logs(sources, 3, &c, &err), RK_OK);
    assert_true(same_findings(c, "pwr.rf-init bl.flash-incomplete dl.bl-write-ok"));
    assert_string_equal(c->findings[0].id, "pwr.rf-init");
    assert_string_equal(c->facts[c->findings[0].facts[0]].source, "a.log");
    assert_int_equal(c->boots, 3);
    assert_int_equal(c->missing_count, 1);
    rk_checkup_free(c);
}

static void rules_can_be_replaced(void **state)
{
    (void)state;
    static const char log[] = "Cannot get bus\n";
    static const char good[] =
        "id,kind,all,none,confidence,meaning,next,remedy,repair\r\n"
        "my.rule,failure,fl.no-bus,,42,\"a \"\"quoted\"\", text\",,one|two,\n";
    static const char *const bad[] = {"my.rule,failure\n", "my.rule,perhaps,a,,4,m,,,\n",
                                      "my.rule,ok,a,,400,m,,,\n", "my.rule,ok,a,,,m,,,\n",
                                      "my.rule,ok,a,,4,m,,,,\n"};
    const struct rk_checkup_source source = {
        .name = "log", .bytes = (const uint8_t *)log, .len = sizeof log - 1};
    struct rk_checkup *c = NULL;
    struct rk_checkup_ruleset *set = NULL;
    struct rk_error err;

    assert_int_equal(rk_checkup_logs(&source, 1, &c, &err), RK_OK);
    assert_int_equal(rk_checkup_ruleset_read((const uint8_t *)good, sizeof good - 1, &set, &err),
                     RK_OK);
    rk_checkup_rejudge(c, set);
    assert_int_equal(c->finding_count, 1);
    assert_string_equal(c->findings[0].id, "my.rule");
    assert_string_equal(c->findings[0].meaning, "a \"quoted\", text");
    assert_int_equal(c->findings[0].confidence, 42);
    rk_checkup_free(c);
    rk_checkup_ruleset_free(set);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(
            rk_checkup_ruleset_read((const uint8_t *)bad[i], strlen(bad[i]), &set, &err),
            RK_ERR_ARG);
        assert_string_equal(err.id, "rules.bad");
    }
}

/* What terminals and forums do to a log. Each returns its length; out is large enough. */
static size_t without_cr(const uint8_t *in, size_t len, uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        if (in[i] != '\r')
            out[n++] = in[i];
    return n;
}

static size_t with_times(const uint8_t *in, size_t len, uint8_t *out)
{
    static const char stamp[] = "[12:34:56.789] - ";
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (i == 0 || in[i - 1] == '\n') {
            memcpy(out + n, stamp, sizeof stamp - 1);
            n += sizeof stamp - 1;
        }
        out[n++] = in[i];
    }
    return n;
}

static size_t in_16_bits(const uint8_t *in, size_t len, uint8_t *out)
{
    size_t n = 2;

    out[0] = 0xFF;
    out[1] = 0xFE;
    for (size_t i = 0; i < len; i++) {
        out[n++] = in[i];
        out[n++] = 0;
    }
    return n;
}

static void logs_that_went_through_other_hands(void **state)
{
    (void)state;
    static size_t (*const variants[])(const uint8_t *, size_t, uint8_t *) = {without_cr, with_times,
                                                                             in_16_bits};
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct rk_error err;
        char path[512];
        uint8_t *data, *other;
        size_t len;
        snprintf(path, sizeof path, "%s/data/logs/%s", RK_SHARED_DIR, logs[i].name);
        if (rk_file_read(path, 1u << 20, &data, &len, &err) != RK_OK) {
            skip();
            return;
        }
        other = malloc(len * 20 + 64);
        for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
            struct rk_checkup *c = NULL;
            const struct rk_checkup_source source = {
                .name = "log", .bytes = other, .len = variants[v](data, len, other)};
            if (strcmp(logs[i].name, "uart.garbage.log") == 0)
                continue;
            assert_int_equal(rk_checkup_logs(&source, 1, &c, &err), RK_OK);
            if (!same_findings(c, logs[i].ids)) {
                printf("%s, variant %zu: %s\n", logs[i].name, v,
                       c->finding_count ? c->findings[0].id : "nothing");
                wrong++;
            }
            rk_checkup_free(c);
        }
        free(other);
        free(data);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_logs),
        cmocka_unit_test(shapes_of_logs),
        cmocka_unit_test(dumps_are_evidence),
        cmocka_unit_test(sources_are_judged_together),
        cmocka_unit_test(rules_can_be_replaced),
        cmocka_unit_test(logs_that_went_through_other_hands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
