/* What may not be shown goes, what helps stays. */
#include "unit/unit.h"

#include "unit/config/storage_builder.h"

#include <rekindle/openbeken.h>
#include <rekindle/redact.h>

#include <stdio.h>

static char *redact(const char *text, const uint8_t *dump, size_t dump_len,
                    struct rk_redacted *report)
{
    char *out = NULL;
    size_t len;
    struct rk_error err;

    if (rk_redact(text, strlen(text), dump, dump_len, &out, &len, report, &err) != RK_OK)
        fail_msg("%s", err.message);
    assert_int_equal(len, strlen(out));
    return out;
}

static void lines_lose_what_is_private(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"Info:MAIN:Using SSID [My Net]", "Info:MAIN:Using SSID [<6 characters>]"},
        {"Info:MAIN:Using SSID []", "Info:MAIN:Using SSID []"},
        {"ssid=MyNet,bssid=aa:bb:cc:dd:ee:ff,x", "ssid=<5 characters>,bssid=<17 characters>,x"},
        {"\"passwd\":\"geheim 1\",\"a\":1", "\"passwd\":\"<8 characters>\",\"a\":1"},
        {"mac=b8:06:0d:12:34:56", "mac=b8:06:0d:xx:xx:xx"},
        {"mac b8060d1234ef.", "mac b8060dxxxxxx."},
        {"mac=c8:47:8c:00:00:00", "mac=c8:47:8c:00:00:00"},
        {"C8-47-8C-42-88-48", "C8-47-8C-42-88-48"},
        {"ip=192.168.1.7 gate=10.0.0.138", "ip=<ip> gate=<ip>"},
        {"version 1.18.300", "version 1.18.300"},
        {"mqtt://broker.lan:1883/x", "mqtt://<host>/x"},
        {"/Users/anna/a/dump.bin 3", "<path>/dump.bin 3"},
        {"C:\\Users\\Anna\\dump.bin", "<path>/dump.bin"},
        {"/dev/ttyUSB0", "/dev/ttyUSB0"},
        {"Encryption key: 11111111 22222222 33333333 44444444", "Encryption key: <key>"},
        {"Encryption key: 510fb093 a3cbeadc 5993a17e c7adeb03",
         "Encryption key: 510fb093 a3cbeadc 5993a17e c7adeb03"},
        {"[   1] connecting to MyNet:geheim", "[   1] connecting to <network and password>"},
        {"SVC:000000D3          00401C1C 000033AC", "SVC:000000D3          00401C1C 000033AC"},
        {"[load]bandgap_calm=0x62->0x22,vddig=4->5", "[load]bandgap_calm=0x62->0x22,vddig=4->5"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rk_redacted report;
        char *out = redact(rows[i].in, NULL, 0, &report);
        assert_string_equal(out, rows[i].out);
        free(out);
    }
}

static void secrets_of_the_dump_are_found_anywhere(void **state)
{
    (void)state;
    uint8_t *flash = malloc(16 * 4096), s[4096];
    struct rk_redacted report;

    memset(flash, 0xFF, 16 * 4096);
    builder_key_block(flash);
    builder_sector(s, 0, 4);
    builder_value(s, 1, "gw_wsm",
                  "{\"ssid\":\"TheNetwork\",\"passwd\":\"MyPassword1\",\"stat\":2}");
    builder_store(flash + 4096, s, 0);
    char *out = redact("it said TheNetwork and xMyPassword1x", flash, 16 * 4096, &report);
    assert_string_equal(out, "it said xxxxxxxxxx and xxxxxxxxxxxxx");
    assert_int_equal(report.settings, 2);
    free(out);
    free(flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_lose_what_is_private),
        cmocka_unit_test(secrets_of_the_dump_are_found_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
