/* What the settings mean: pins, templates, commands, ESPHome. */
#include "config/esphome.h"
#include "unit/config/goldens.h"

#include <stdio.h>

static struct rk_product *product_of(const char *text)
{
    struct rk_product *p = NULL;
    struct rk_error err = {0};

    if (rk_product_of_text(text, strlen(text), &p, &err) != RK_OK)
        fail_msg("%s", err.message);
    return p;
}

static void assert_form(const struct rk_product *p, enum rk_product_format format,
                        const char *expected)
{
    char *text = NULL;

    assert_int_equal(rk_product_write(p, format, &text, NULL), RK_OK);
    assert_string_equal(text, expected);
    free(text);
}

static void pins_are_explained(void **state)
{
    struct rk_product *p = product_of("{rl1_pin:26,rl1_lv:1,bt1_pin:10,bt1_lv:0,netled1_pin:8,"
                                      "netled1_lv:0,rl2_pin:9,rl2_lv:0,module:CB2S,crc:1,}");
    (void)state;
    assert_form(p, RK_PRODUCT_TEXT,
                "Module CB2S, chip BK7231N\n"
                "Relay, channel 1, on P26, active high\n"
                "Button, channel 1, on P10, active low\n"
                "Wi-Fi LED, on P8, active low\n"
                "Relay, channel 2, on P9, active low\n");
    assert_form(p, RK_PRODUCT_COMMANDS,
                "backlog setPinRole 26 Rel; setPinChannel 26 1\n"
                "backlog setPinRole 10 Btn; setPinChannel 10 1\n"
                "backlog setPinRole 8 WifiLED_n; setPinChannel 8 0\n"
                "backlog setPinRole 9 Rel_n; setPinChannel 9 2\n");
    char *text = NULL;
    assert_int_equal(rk_product_write(p, RK_PRODUCT_TEMPLATE, &text, NULL), RK_OK);
    json_t *json = json_loads(text, 0, NULL);
    json_t *pins = json_object_get(json, "pins");
    assert_string_equal(json_string_value(json_object_get(pins, "26")), "Rel;1");
    assert_string_equal(json_string_value(json_object_get(pins, "9")), "Rel_n;2");
    assert_string_equal(json_string_value(json_object_get(json, "chip")), "BK7231N");
    json_decref(json);
    free(text);
    struct rk_error err;
    assert_int_equal(rk_product_write(p, RK_PRODUCT_TASMOTA, &text, &err), RK_ERR_UNSUPPORTED);
    assert_string_equal(err.id, "config.no-form");
    rk_product_free(p);
}

static void the_old_nested_form_is_understood(void **state)
{
    struct rk_product *p = product_of(
        "{sw:{ch:[{bt:{pin:{value:18},lv:{value:false}},rl:{pin:{value:5},lv:{value:true}}}],"
        "net:{wfst:{pin:{value:13},lv:{value:true}}}},}");
    (void)state;
    assert_form(p, RK_PRODUCT_COMMANDS,
                "backlog setPinRole 18 Btn; setPinChannel 18 1\n"
                "backlog setPinRole 5 Rel; setPinChannel 5 1\n"
                "backlog setPinRole 13 WifiLED; setPinChannel 13 0\n");
    rk_product_free(p);
}

static void tasmota_is_for_esp_only(void **state)
{
    struct rk_product *p = product_of("{\"gw_bi\":{},\"em_sys_env\":\"esp8266\",\"user_param_key\":"
                                      "\"{rl1_pin:12,rl1_lv:1,bt1_pin:0,bt1_lv:0,crc:1,}\"}");
    (void)state;
    assert_form(p, RK_PRODUCT_TASMOTA,
                "{\"NAME\":\"Tuya\",\"GPIO\":[32,0,0,0,0,0,0,0,224,0,0,0,0,0],\"FLAG\":0,"
                "\"BASE\":18}\n");
    rk_product_free(p);
}

static void light_drivers_are_recognised(void **state)
{
    struct rk_product *p =
        product_of("{iicscl:24,iicsda:26,iicr:1,iicg:0,iicb:2,iicc:4,iicw:3,dmod:6,drgbcur:14,"
                   "dccur:26,dwcur:20,module:WBLC5,crc:15,}");
    (void)state;
    assert_string_equal(p->led_driver, "BP5758D");
    assert_string_equal(p->commands[0], "BP5758D_Current 14 26");
    assert_string_equal(p->commands[1], "LED_Map 1 0 2 4 3");
    assert_string_equal(p->pins[0].role, "BP5758D_DAT");
    assert_int_equal(p->pins[0].pin, 26);
    rk_product_free(p);
}

static void bad_text_is_refused(void **state)
{
    static const char *const bad[] = {"", "x", "[]", "{}", "{\"a\":1}", "[1,2"};
    struct rk_product *p = NULL;
    struct rk_error err;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(rk_product_of_text(bad[i], strlen(bad[i]), &p, &err), RK_ERR_IMAGE_FORMAT);
        assert_string_equal(err.id, "config.text");
    }
}

/* ---- against the golden descriptions ---- */

/* What a line of the golden description says, in our words. */
static const struct {
    const char *start, *what;
} wording[] = {
    {"- Relay", "Relay"},
    {"- Button", "Button"},
    {"- LED (channel", "LED"},
    {"- WiFi LED", "Wi-Fi LED"},
    {"- Status LED", "Status LED"},
    {"- BL0937 SEL", "Energy meter SEL"},
    {"- BL0937 VI", "Energy meter CF1"},
    {"- BL0937 ELE", "Energy meter CF"},
    {"- LED Red", "Light red"},
    {"- LED Green", "Light green"},
    {"- LED Blue", "Light blue"},
    {"- LED Cool", "Light cold white"},
    {"- LED Warm", "Light warm white"},
    {"- Pair/Toggle All Button", "Button for all channels"},
    {"- TglChannelToggle", "Two-position switch"},
    {"- Control Pin", "Control output"},
    {"- PIR sensor", "PIR sensor"},
    {"- Battery Relay", "Battery measuring switch"},
    {"- Battery ADC", "Battery voltage input"},
    {"- Microphone", "Microphone"},
    {"- IR Receiver", "Infrared receiver"},
    {"- SPI MISO", "SPI MISO"},
    {"- SPI MOSI", "SPI MOSI"},
    {"- SPI CS", "SPI CS"},
    {"- SPI SCL", "SPI SCL"},
    {"- SM2135DAT", "Light driver data"},
    {"- SM2135CLK", "Light driver clock"},
};

static bool has_pin(const struct rk_product *p, const char *what, unsigned pin, int channel)
{
    for (size_t i = 0; i < p->pin_count; i++)
        if (p->pins[i].pin == pin && strcmp(p->pins[i].what, what) == 0 &&
            (channel < 0 || (p->pins[i].has_channel && p->pins[i].channel == channel)))
            return true;
    return false;
}

static bool has_value(const struct rk_product *p, const char *key, long value)
{
    for (size_t i = 0; i < p->value_count; i++)
        if (strcmp(p->values[i].key, key) == 0 && p->values[i].value == value)
            return true;
    return false;
}

static void check_line(const struct golden *g, const struct rk_product *p, const char *line)
{
    const char *number = strrchr(line, ' '), *channel = strstr(line, "hannel ");
    unsigned pin = (unsigned)strtoul(number + (number[1] == 'P' ? 2 : 1), NULL, 10);

    for (size_t i = 0; i < sizeof wording / sizeof wording[0]; i++)
        if (strncmp(line, wording[i].start, strlen(wording[i].start)) == 0) {
            int c = channel ? (int)strtol(channel + 7, NULL, 10) : -1;
            if (!has_pin(p, wording[i].what, pin, c))
                fail_msg("%s: we do not say \"%s\"", g->file, line);
            return;
        }
    if (strncmp(line, "- PWM Frequency ", 16) == 0)
        assert_true(has_value(p, "pwmhz", strtol(line + 16, NULL, 10)));
    else if (strncmp(line, "- Battery Max Voltage: ", 23) == 0)
        assert_true(has_value(p, "max_V", strtol(line + 23, NULL, 10)));
    else if (strncmp(line, "- Battery Min Voltage: ", 23) == 0)
        assert_true(has_value(p, "min_V", strtol(line + 23, NULL, 10)));
    else if (strncmp(line, "- LED remap is ", 15) == 0)
        assert_non_null(strstr(p->led_remarks[0], line + 15));
    else if (strncmp(line, "- RGB current", 13) != 0 && strncmp(line, "- White current", 15) != 0)
        fail_msg("%s: a line this test does not know: %s", g->file, line);
}

static void check_device(const struct golden *g, const struct rk_product *p)
{
    json_t *device = json_object_get(g->json, "device");
    const char *module = json_string_value(json_object_get(device, "module"));
    const char *platform = json_string_value(json_object_get(device, "platform"));

    if (module && strcmp(module, "TuyaMCU") != 0)
        assert_string_equal(p->module, module);
    if (platform)
        assert_string_equal(p->platform, platform);
    if (p->tuya_mcu != json_is_true(json_object_get(device, "tuyamcu")))
        fail_msg("%s: TuyaMCU should be %d", g->file, !p->tuya_mcu);
    if (json_is_integer(json_object_get(device, "baud")))
        assert_int_equal(p->baud, json_integer_value(json_object_get(device, "baud")));
}

/* The golden pins follow a converter that ignores levels and counts colours from 0. */
static void check_roles(const struct golden *g, const struct rk_product *p)
{
    json_t *pins = json_object_get(json_object_get(g->json, "openbeken"), "pins"), *pin;
    size_t index;

    json_array_foreach(pins, index, pin)
    {
        const char *role = json_string_value(json_object_get(pin, "role"));
        json_int_t number = json_integer_value(json_object_get(pin, "pin"));
        json_int_t channel = json_integer_value(json_object_get(pin, "channel"));
        size_t n = strlen(role) - (strstr(role, "_n") ? 2 : 0);
        bool found = false;
        for (size_t i = 0; i < p->pin_count; i++)
            found |= p->pins[i].pin == number && strncmp(p->pins[i].role, role, n) == 0 &&
                     (p->pins[i].role[n] == '\0' || strcmp(p->pins[i].role + n, "_n") == 0) &&
                     p->pins[i].channel == channel + (strcmp(role, "PWM") == 0);
        if (!found)
            fail_msg("%s: P%d should be %s", g->file, (int)number, role);
    }
    json_array_foreach(json_object_get(json_object_get(g->json, "openbeken"), "startup"), index,
                       pin)
    {
        bool found = false;
        for (size_t i = 0; i < p->command_count; i++)
            found |= strcmp(p->commands[i], json_string_value(pin)) == 0;
        if (!found)
            fail_msg("%s: no command %s", g->file, json_string_value(pin));
    }
}

static void check_description(const struct golden *g)
{
    static const char *const folders[] = {RK_SHARED_DIR "/data/tuya-golden",
                                          RK_SHARED_DIR "/data/tuya-golden/extra"};
    struct rk_tuya *t = NULL;
    struct rk_product *p = NULL;
    uint8_t *text = NULL;
    size_t len = 0;
    char path[1024];

    assert_int_equal(rk_tuya_read(g->data, g->len, &t, NULL), RK_OK);
    assert_int_equal(rk_product_of_tuya(t, &p, NULL), RK_OK);
    for (size_t i = 0; i < 2 && !text; i++) {
        rk_text_format(path, sizeof path, "%s/%s.description.txt", folders[i], g->file);
        if (rk_file_exists(path))
            assert_int_equal(rk_file_read(path, 65536, &text, &len, NULL), RK_OK);
    }
    for (size_t at = 0; at < len;) {
        char line[160];
        size_t n = 0;
        for (; at < len && text[at] != '\n'; at++)
            if (n + 1 < sizeof line)
                line[n++] = (char)text[at];
        at++;
        line[n] = '\0';
        if (strncmp(line, "- ", 2) == 0)
            check_line(g, p, line);
    }
    check_device(g, p);
    check_roles(g, p);
    free(text);
    rk_product_free(p);
    rk_tuya_free(t);
}

static void descriptions_agree_with_the_golden_ones(void **state)
{
    (void)state;
    if (golden_each(check_description) == 0)
        skip();
}

/* ---- against the ESPHome cases ---- */

static void check_case(json_t *c)
{
    json_t *input = json_object_get(c, "input"), *model = json_object_get(c, "model");
    const char *name = json_string_value(json_object_get(c, "name"));
    const char *expected = json_string_value(json_object_get(c, "yaml"));
    char *text = json_is_string(input) ? strdup(json_string_value(input)) : json_dumps(input, 0);
    struct rk_product *p = NULL;
    struct rk_buffer out = {0};
    bool empty = json_array_size(json_object_get(c, "errors")) > 0;
    enum rk_status st = rk_product_of_text(text, strlen(text), &p, NULL);

    free(text);
    assert_int_equal(st, empty ? RK_ERR_IMAGE_FORMAT : RK_OK);
    if (empty)
        return;
    if (json_is_object(model)) {
        text = json_dumps(model, 0);
        assert_int_equal(rk_product_set_model(p, text, strlen(text), NULL), RK_OK);
        free(text);
    }
    rk_esphome_body((const struct rk_product_full *)p, &out);
    if (strcmp(out.text, expected) != 0)
        fail_msg("%s: ours:\n%s\nexpected:\n%s", name, out.text, expected);
    rk_buffer_free(&out);
    rk_product_free(p);
}

static void esphome_equals_the_cases(void **state)
{
    json_t *file = json_load_file(RK_SHARED_DIR "/data/upk-esphome-cases.json", 0, NULL), *c;
    size_t index;
    (void)state;
    if (!file)
        skip();
    assert_true(json_array_size(json_object_get(file, "cases")) >= 30);
    json_array_foreach(json_object_get(file, "cases"), index, c) check_case(c);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_are_explained),
        cmocka_unit_test(the_old_nested_form_is_understood),
        cmocka_unit_test(tasmota_is_for_esp_only),
        cmocka_unit_test(light_drivers_are_recognised),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(descriptions_agree_with_the_golden_ones),
        cmocka_unit_test(esphome_equals_the_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
