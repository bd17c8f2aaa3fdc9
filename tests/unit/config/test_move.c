/* Moving house: the new configuration says what the old settings said. */
#include "unit/config/goldens.h"

#include "base/bytes.h"

#include <rekindle/identity.h>
#include <rekindle/move.h>

static void assert_field(const struct rk_obk *obk, const char *name, const char *expected)
{
    char *value = NULL;

    assert_int_equal(rk_obk_get(obk, name, &value, NULL, NULL), RK_OK);
    assert_string_equal(value, expected);
    free(value);
}

static void the_user_adds_the_network(void **state)
{
    static const struct rk_move_options options = {.ssid = "Home",
                                                   .password = "secret99",
                                                   .mqtt_host = "192.168.1.10:8883",
                                                   .name = "kitchen"};
    uint8_t blank[4096];
    struct rk_move_report report;
    struct rk_obk *obk = NULL;
    (void)state;
    memset(blank, 0xFF, sizeof blank);
    assert_int_equal(
        rk_move_settings(blank, sizeof blank, "BK7231T", &options, &obk, &report, NULL), RK_OK);
    assert_false(report.from_tuya || report.from_openbeken || report.has_mac);
    assert_true(report.has_wifi);
    assert_field(obk, "wifi.ssid", "Home");
    assert_field(obk, "wifi.password", "secret99");
    assert_field(obk, "mqtt.host", "192.168.1.10");
    assert_field(obk, "mqtt.port", "8883");
    assert_field(obk, "name.short", "kitchen");
    assert_int_equal(rk_obk_facts(obk)->place.offset, 0x1E1000);
    rk_obk_free(obk);
    struct rk_error err;
    const struct rk_move_options bad = {.ssid =
                                            "This name of a network is longer than the sixty-four "
                                            "characters that fit into the field"};
    assert_int_equal(rk_move_settings(blank, sizeof blank, "BK7231T", &bad, &obk, &report, &err),
                     RK_ERR_ARG);
    assert_string_equal(err.id, "config.value");
}

static void openbeken_keeps_everything(void **state)
{
    static const uint8_t mac[6] = {0x10, 0x5A, 0x17, 1, 2, 3};
    uint8_t *flash = malloc(0x200000);
    struct rk_obk *obk = NULL, *moved = NULL;
    struct rk_obk_patch patch;
    struct rk_move_report report;
    size_t len;
    (void)state;
    memset(flash, 0xFF, 0x200000);
    assert_int_equal(rk_obk_new("BK7231T", mac, &obk, NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "wifi.ssid", "Home", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "pin.26", "Rel_n;3", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "flag.37", "1", NULL), RK_OK);
    assert_int_equal(rk_obk_set(obk, "startup", "startDriver NTP", NULL), RK_OK);
    (void)rk_obk_seal(obk, &len);
    assert_int_equal(rk_obk_patch(obk, flash, 0x200000, &patch, NULL), RK_OK);
    memcpy(flash + patch.addr, patch.data, patch.len);
    free(patch.data);
    rk_obk_free(obk);
    assert_int_equal(rk_move_settings(flash, 0x200000, "BK7231N", NULL, &moved, &report, NULL),
                     RK_OK);
    assert_true(report.from_openbeken && report.has_wifi);
    assert_int_equal(report.pins, 1);
    assert_field(moved, "wifi.ssid", "Home");
    assert_field(moved, "pin.26", "Rel_n;3");
    assert_field(moved, "flag.37", "1");
    assert_field(moved, "startup", "startDriver NTP");
    assert_int_equal(rk_obk_facts(moved)->place.offset, 0x1D1000);
    rk_obk_free(moved);
    free(flash);
}

/* Pins and roles of the golden description; its converter ignores levels and counts colours from 0. */
static void check_capture(const struct golden *g)
{
    json_t *pins = json_object_get(json_object_get(g->json, "openbeken"), "pins"), *pin;
    struct rk_move_report report;
    struct rk_obk *obk = NULL;
    struct rk_identity id;
    size_t index;

    assert_int_equal(rk_move_settings(g->data, g->len, "BK7231N", NULL, &obk, &report, NULL),
                     RK_OK);
    assert_true(report.from_tuya && report.certain);
    if (rk_identity_find(g->data, g->len, &id))
        assert_memory_equal(report.mac, id.mac, 6);
    json_array_foreach(pins, index, pin)
    {
        char name[16], expected[48], *value = NULL;
        const char *role = json_string_value(json_object_get(pin, "role"));
        int channel = (int)json_integer_value(json_object_get(pin, "channel"));
        rk_text_format(name, sizeof name, "pin.%d",
                       (int)json_integer_value(json_object_get(pin, "pin")));
        rk_text_format(expected, sizeof expected, ";%d", channel + (strcmp(role, "PWM") == 0));
        assert_int_equal(rk_obk_get(obk, name, &value, NULL, NULL), RK_OK);
        size_t n = strlen(role) - (strstr(role, "_n") ? 2 : 0);
        if (strncmp(value, role, n) != 0 || !strstr(value, expected))
            fail_msg("%s: %s is %s, expected %s%s", g->file, name, value, role, expected);
        free(value);
    }
    rk_obk_free(obk);
}

static void captures_move_with_their_pins(void **state)
{
    (void)state;
    if (golden_each(check_capture) == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_user_adds_the_network),
        cmocka_unit_test(openbeken_keeps_everything),
        cmocka_unit_test(captures_move_with_their_pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
