#include "unit/unit.h"

#include "base/bytes.h"
#include "base/text.h"
#include "config/easyflash.h"
#include "config/obk.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mac[6] = {0x10, 0x5A, 0x17, 0xF3, 0xD6, 0x37};

static uint8_t *unhex(const char *text, size_t *len)
{
    size_t n = strlen(text) / 2;
    uint8_t *out = malloc(n + 1);

    for (size_t i = 0; i < n; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    *len = n;
    return out;
}

static void assert_field(const struct rk_obk *obk, const char *name, const char *expected)
{
    char *value = NULL;
    struct rk_error err = {0};

    if (rk_obk_get(obk, name, &value, NULL, &err) != RK_OK)
        fail_msg("%s: %s", name, err.message);
    if (strcmp(value, expected) != 0)
        fail_msg("%s is \"%s\", expected \"%s\"", name, value, expected);
    free(value);
}

static void checksums_equal_the_known_answers(void **state)
{
    static const uint8_t ones[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    (void)state;
    assert_int_equal(rk_obk_crc8((const uint8_t *)"123456789", 9, true), 0x63);
    assert_int_equal(rk_obk_crc8((const uint8_t *)"123456789", 9, false), 0xA1);
    assert_int_equal(rk_obk_crc8(ones, 16, true), 0xAC);
    assert_int_equal(rk_obk_crc8(ones, 16, false), 0x7B);
}

static void a_new_record_is_valid_and_found_again(void **state)
{
    struct rk_obk *obk = NULL, *back = NULL;
    size_t len;
    (void)state;
    assert_int_equal(rk_obk_new("bk7231n", mac, &obk, NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "wifi.ssid", "Home", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "pin.26", "Rel;1", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "pin.10", "Btn;1;2", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "channel.1.type", "toggle", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "channel.1.start", "-1", NULL), RK_OK);
    const uint8_t *record = rk_obk_seal(obk, &len);
    assert_int_equal(rk_obk_find(record, len, NULL, &back, NULL), RK_OK);
    assert_string_equal(rk_obk_facts(back)->platform->name, "BK7231N");
    assert_int_equal(rk_obk_facts(back)->crc, RK_OBK_CRC_SIGNED);
    assert_field(back, "wifi.ssid", "Home");
    assert_field(back, "name.short", "obk17F3D637");
    assert_field(back, "name.long", "OpenBK7231N_17F3D637");
    assert_field(back, "mac", "10:5A:17:F3:D6:37");
    assert_field(back, "pin.26", "Rel;1");
    assert_field(back, "pin.10", "Btn;1;2");
    assert_field(back, "channel.1.type", "Toggle");
    assert_field(back, "channel.1.start", "-1");
    assert_field(back, "led.correction", "1 1 1 2.2 0.1 0.1");
    assert_field(back, "flags", "1024");
    assert_field(back, "changes", "1");
    rk_obk_free(back);
    rk_obk_free(obk);
}

static void nonsense_is_refused(void **state)
{
    static const struct {
        const char *name, *value, *id;
    } bad[] = {
        {"wifi.sid", "x", "config.field"},
        {"pin.29", "Rel;1", "config.value"},
        {"pin.99", "Rel;1", "config.field"},
        {"pin.26", "Relais;1", "config.value"},
        {"pin.26", "Rel;64", "config.value"},
        {"pin.26", "Rel;1;2;3", "config.value"},
        {"pin.26", "Rel;", "config.value"},
        {"flag.64", "1", "config.field"},
        {"flag.1", "2", "config.value"},
        {"mac", "10:5A:17:F3:D6", "config.value"},
        {"network.ip", "192.168.1", "config.value"},
        {"network.ip", "192.168.1.256", "config.value"},
        {"mqtt.port", "70000", "usage.number"},
        {"led.map", "1 2 3", "config.value"},
        {"name.short", "a name that is much too long for it", "config.value"},
        {"startup", "a\nb", "config.value"},
        {"channel.1.type", "Nothing", "config.value"},
        {"channel.1.start", "40000", "config.value"},
        {"calibration", "0", "config.value"},
    };
    struct rk_obk *obk = NULL;
    struct rk_error err;
    (void)state;
    assert_int_equal(rk_obk_new("BK7231N", mac, &obk, NULL), RK_OK);
    struct rk_obk before = *obk;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(rk_obk_set(obk, bad[i].name, bad[i].value, &err), RK_ERR_ARG);
        if (strcmp(err.id, bad[i].id) != 0)
            fail_msg("%s=%s: %s", bad[i].name, bad[i].value, err.id);
    }
    assert_memory_equal(obk->bytes, before.bytes, sizeof before.bytes);
    assert_int_equal(rk_obk_new("BK7231X", mac, &obk, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "config.platform");
    rk_obk_free(obk);
}

static void templates_of_the_field_are_understood(void **state)
{
    (void)state;
    assert_int_equal(rk_obk_role_find("Relay"), 1);
    assert_int_equal(rk_obk_role_find("wifiled_N"), 9);
    assert_int_equal(rk_obk_role_find("SM2135_DAT"), 21);
    assert_int_equal(rk_obk_role_find("Button_pd"), 89);
    assert_int_equal(rk_obk_role_find(""), -1);
    assert_int_equal(rk_obk_role_find("None"), 0);
}

/* ---- vectors ---- */

static const struct {
    const char *vector, *name;
} text_names[] = {
    {"wifi_ssid", "wifi.ssid"},
    {"wifi_pass", "wifi.password"},
    {"mqtt_host", "mqtt.host"},
    {"mqtt_clientId", "mqtt.client"},
    {"mqtt_brokerName", "mqtt.client"},
    {"mqtt_userName", "mqtt.user"},
    {"mqtt_pass", "mqtt.password"},
    {"webappRoot", "web.app"},
    {"shortDeviceName", "name.short"},
    {"longDeviceName", "name.long"},
    {"dgr_name", "group.name"},
    {"ntpServer", "ntp.server"},
    {"mqtt_group", "mqtt.group"},
    {"ping_host", "ping.host"},
    {"initCommandLine", "startup"},
    {"wifi_ssid2", "wifi2.ssid"},
    {"wifi_pass2", "wifi2.password"},
    {"webPassword", "web.password"},
    {"mac", "mac"},
    {"mqtt_port", "mqtt.port"},
    {"ping_interval", "ping.interval"},
    {"ping_seconds", "ping.timeout"},
    {"dgr_sendFlags", "group.send"},
    {"dgr_recvFlags", "group.receive"},
    {"LFS_Size", "lfs.size"},
    {"loggerFlags", "log.flags"},
    {"changeCounter", "changes"},
    {"otaCounter", "otas"},
    {"buttonShortPress", "button.short"},
    {"buttonLongPress", "button.long"},
    {"buttonHoldRepeat", "button.hold"},
    {"timeRequiredToMarkBootSuccessfull", "boot.seconds"},
};

static void check_pins(const struct rk_obk *obk, json_t *pins)
{
    json_t *pin;
    size_t index;
    char name[24], value[64];

    json_array_foreach(pins, index, pin)
    {
        int second = (int)json_integer_value(json_object_get(pin, "channel2"));
        rk_text_format(name, sizeof name, "pin.%d",
                       (int)json_integer_value(json_object_get(pin, "pin")));
        rk_text_format(value, sizeof value, "%s;%d",
                       rk_obk_role_name((unsigned)json_integer_value(json_object_get(pin, "role"))),
                       (int)json_integer_value(json_object_get(pin, "channel")));
        if (second)
            rk_text_append(value, sizeof value, ";%d", second);
        assert_field(obk, name, value);
    }
}

static void check_expectation(const struct rk_obk *obk, json_t *expect)
{
    char text[64];
    json_t *value, *ip = json_object_get(expect, "static_ip");
    const char *key;

    for (size_t i = 0; i < sizeof text_names / sizeof text_names[0]; i++) {
        value = json_object_get(expect, text_names[i].vector);
        if (json_is_string(value)) {
            assert_field(obk, text_names[i].name, json_string_value(value));
        } else if (json_is_integer(value)) {
            rk_text_format(text, sizeof text, "%lld", (long long)json_integer_value(value));
            assert_field(obk, text_names[i].name, text);
        }
    }
    unsigned long long flags =
        strtoull(json_string_value(json_object_get(expect, "genericFlags2")), NULL, 16) << 32 |
        strtoull(json_string_value(json_object_get(expect, "genericFlags")), NULL, 16);
    rk_text_format(text, sizeof text, "%llu", flags);
    assert_field(obk, "flags", text);
    check_pins(obk, json_object_get(expect, "pins"));
    json_object_foreach(json_object_get(expect, "channel_types"), key, value)
    {
        char name[32];
        rk_text_format(name, sizeof name, "channel.%s.type", key);
        assert_field(obk, name, rk_obk_channel_types[json_integer_value(value)]);
    }
    if (ip) {
        assert_field(obk, "network.ip", json_string_value(json_object_get(ip, "address")));
        assert_field(obk, "network.gateway", json_string_value(json_object_get(ip, "gateway")));
        assert_field(obk, "network.dns", json_string_value(json_object_get(ip, "dns")));
        assert_field(obk, "led.map", "2 1 0 4 3");
        assert_field(obk, "led.correction", "1 1 1 2.2 0.1 0.1");
    }
}

static void check_vector(json_t *v)
{
    const char *group = json_string_value(json_object_get(v, "layout_group"));
    const char *platform = group[0] == 'A'   ? "W800"
                           : group[0] == 'B' ? "ESP32"
                           : group[0] == 'C' ? "RTL8720D"
                                             : "BK7231N";
    struct rk_obk *obk = NULL, *again = NULL;
    size_t len;
    uint8_t *record = unhex(json_string_value(json_object_get(v, "hex")), &len);

    assert_int_equal(rk_obk_find(record, len, platform, &obk, NULL), RK_OK);
    assert_int_equal(rk_obk_facts(obk)->version, json_integer_value(json_object_get(v, "version")));
    assert_int_equal(rk_obk_facts(obk)->length, json_integer_value(json_object_get(v, "length")));
    check_expectation(obk, json_object_get(v, "expect"));
    /* Any flipped bit is noticed, and a changed field gives a valid record again. */
    record[len / 2] ^= 1;
    assert_int_equal(rk_obk_find(record, len, platform, &again, NULL), RK_ERR_IMAGE_FORMAT);
    assert_int_equal(rk_obk_set(obk, "name.short", "changed", NULL), RK_OK);
    const uint8_t *sealed = rk_obk_seal(obk, &len);
    assert_int_equal(rk_obk_find(sealed, len, platform, &again, NULL), RK_OK);
    assert_field(again, "name.short", "changed");
    assert_field(again, "changes", "8");
    rk_obk_free(again);
    rk_obk_free(obk);
    free(record);
}

static json_t *load_vectors(void)
{
    return json_load_file(RK_SHARED_DIR "/data/obk-config-vectors.json", 0, NULL);
}

static void records_equal_the_vectors(void **state)
{
    json_t *file = load_vectors(), *v;
    size_t index;
    (void)state;
    if (!file)
        skip();
    json_array_foreach(json_object_get(file, "vectors"), index, v) check_vector(v);
    assert_int_equal(index, 10);
    json_decref(file);
}

/* ---- EasyFlash ---- */

static void format_area(uint8_t *area, size_t len, unsigned granularity)
{
    static const uint8_t bits[] = {0x7F, 0x7F, 0xFF, 0xFF, 'E', 'F', '4', '0'};
    static const uint8_t bytes[] = {0, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0xFF, 0xFF, 'E', 'F', '4', '0'};
    memset(area, 0xFF, len);
    for (size_t i = 0; i < len; i += 4096) {
        if (granularity == 1)
            memcpy(area + i, bits, sizeof bits);
        else
            memcpy(area + i, bytes, sizeof bytes);
    }
}

static void the_log_equals_the_library(void **state)
{
    json_t *file = load_vectors(), *v;
    size_t index;
    (void)state;
    if (!file)
        skip();
    json_array_foreach(json_object_get(file, "easyflash"), index, v)
    {
        uint8_t area[4 * 4096], value[64] = {1}, config[40];
        size_t len;
        uint8_t *sector = unhex(json_string_value(json_object_get(v, "sector0")), &len);
        struct rk_easyflash_entry e;
        format_area(area, sizeof area,
                    (unsigned)json_integer_value(json_object_get(v, "gran_bits")));
        for (unsigned i = 0; i < 40; i++)
            config[i] = (uint8_t)(0x40 + i);
        assert_int_equal(rk_easyflash_set(area, sizeof area, "ObkCfg", config, 40, NULL), RK_OK);
        assert_int_equal(rk_easyflash_set(area, sizeof area, "OBK_FV", value, 64, NULL), RK_OK);
        config[0] = 0x99;
        assert_int_equal(rk_easyflash_set(area, sizeof area, "ObkCfg", config, 40, NULL), RK_OK);
        assert_memory_equal(area, sector, len);
        assert_true(rk_easyflash_find(area, 0, sizeof area, "ObkCfg", &e));
        assert_int_equal(e.length, 40);
        assert_int_equal(area[e.value], 0x99);
        free(sector);
    }
    json_decref(file);
}

static void the_log_survives_many_changes(void **state)
{
    uint8_t area[4 * 4096], value[3000], small[64];
    struct rk_easyflash_entry e;
    (void)state;
    for (unsigned granularity = 1; granularity <= 8; granularity += 7) {
        format_area(area, sizeof area, granularity);
        memset(small, 7, sizeof small);
        assert_int_equal(rk_easyflash_set(area, sizeof area, "OBK_FV", small, 64, NULL), RK_OK);
        for (unsigned i = 0; i < 20; i++) {
            memset(value, (int)i, sizeof value);
            assert_int_equal(
                rk_easyflash_set(area, sizeof area, "ObkCfg", value, sizeof value, NULL), RK_OK);
            assert_true(rk_easyflash_find(area, 0, sizeof area, "ObkCfg", &e));
            assert_memory_equal(area + e.value, value, sizeof value);
            assert_true(rk_easyflash_find(area, 0, sizeof area, "OBK_FV", &e));
            assert_memory_equal(area + e.value, small, sizeof small);
        }
    }
    assert_int_equal(rk_easyflash_set(area, 4096, "x", value, sizeof value, NULL),
                     RK_ERR_UNSUPPORTED);
}

/* ---- in a flash ---- */

static void a_record_is_patched_into_its_place(void **state)
{
    struct rk_obk *obk = NULL, *back = NULL;
    struct rk_obk_patch patch;
    uint8_t *flash = malloc(0x200000);
    size_t len;
    (void)state;
    memset(flash, 0xFF, 0x200000);
    assert_int_equal(rk_obk_new("BK7231T", mac, &obk, NULL), RK_OK);
    (void)rk_obk_seal(obk, &len);
    assert_int_equal(rk_obk_patch(obk, flash, 0x200000, &patch, NULL), RK_OK);
    assert_int_equal(patch.addr, 0x1E1000);
    assert_int_equal(patch.len, 4096);
    assert_true(rk_bytes_all(patch.data + 3584, 512, 0xFF));
    memcpy(flash + patch.addr, patch.data, patch.len);
    free(patch.data);
    assert_int_equal(rk_obk_find(flash, 0x200000, NULL, &back, NULL), RK_OK);
    assert_string_equal(rk_obk_facts(back)->platform->name, "BK7231T");
    struct rk_error err;
    assert_int_equal(rk_obk_patch(obk, flash, 0x100000, &patch, &err), RK_ERR_RANGE);
    flash[0x1E1000 + 100] ^= 1;
    rk_obk_free(back);
    assert_int_equal(rk_obk_find(flash, 0x200000, NULL, &back, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "config.checksum");
    assert_int_equal(err.addr, 0x1E1000);
    rk_obk_free(obk);
    free(flash);
}

static void boot_counters_are_read(void **state)
{
    uint8_t *flash = malloc(0x200000);
    struct rk_obk_boots boots;
    (void)state;
    memset(flash, 0xFF, 0x200000);
    rk_obk_boots(flash, 0x200000, &boots);
    assert_false(boots.found);
    rk_put_le32(flash + 0x1D3000, 0xFEFEFEFE);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *p = flash + 0x1D3004 + 64 * i;
        memset(p, 0, 64);
        rk_put_le16(p, (uint16_t)(9 + i));
        rk_put_le16(p + 2, 4);
        p[63] = 64;
    }
    rk_obk_boots(flash, 0x200000, &boots);
    assert_true(boots.found);
    assert_int_equal(boots.boots, 11);
    assert_int_equal(boots.successes, 4);
    free(flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_equal_the_known_answers),
        cmocka_unit_test(a_new_record_is_valid_and_found_again),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(templates_of_the_field_are_understood),
        cmocka_unit_test(records_equal_the_vectors),
        cmocka_unit_test(the_log_equals_the_library),
        cmocka_unit_test(the_log_survives_many_changes),
        cmocka_unit_test(a_record_is_patched_into_its_place),
        cmocka_unit_test(boot_counters_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
