/* A product in the forms that people and other firmware read. ESPHome has a file of its own. */
#include "config/product.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *const format_names[] = {"text",     "json",    "template",
                                           "commands", "esphome", "tasmota"};

bool rk_product_format_find(const char *name, enum rk_product_format *out)
{
    for (size_t i = 0; i < sizeof format_names / sizeof format_names[0]; i++)
        if (rk_text_same(format_names[i], name)) {
            *out = (enum rk_product_format)i;
            return true;
        }
    return false;
}

enum rk_status rk_product_write(const struct rk_product *product, enum rk_product_format format,
                                char **text, struct rk_error *err)
{
    struct rk_buffer out = {0};
    enum rk_status st = RK_OK;

    switch (format) {
    case RK_PRODUCT_TEXT:
        rk_product_write_text(product, &out);
        break;
    case RK_PRODUCT_JSON:
        rk_product_write_json(product, &out);
        break;
    case RK_PRODUCT_TEMPLATE:
        rk_product_write_template(product, &out);
        break;
    case RK_PRODUCT_COMMANDS:
        rk_product_write_commands(product, &out);
        break;
    case RK_PRODUCT_ESPHOME:
        st = rk_product_write_esphome((const struct rk_product_full *)product, &out, err);
        break;
    case RK_PRODUCT_TASMOTA:
        st = rk_product_write_tasmota(product, &out, err);
        break;
    }
    if (st == RK_OK)
        return rk_buffer_take(&out, text, err);
    rk_buffer_free(&out);
    return st;
}

static const char *active_name(enum rk_active active)
{
    return active == RK_ACTIVE_HIGH ? "high" : active == RK_ACTIVE_LOW ? "low" : "";
}

static void write_chip(const struct rk_product *p, struct rk_buffer *out)
{
    static const char *const sure[] = {"", ", a guess by the name", "", ", confirmed"};

    if (p->module[0])
        rk_buffer_put(out, "Module %s", p->module);
    else
        rk_buffer_put(out, "Module not named");
    if (p->chip[0])
        rk_buffer_put(out, ", chip %s%s", p->chip, sure[p->chip_evidence]);
    if (p->platform[0])
        rk_buffer_put(out, ", platform %s", p->platform);
    rk_buffer_put(out, "\n");
}

void rk_product_write_text(const struct rk_product *p, struct rk_buffer *out)
{
    write_chip(p, out);
    if (p->tuya_mcu && p->baud)
        rk_buffer_put(out, "TuyaMCU: a second microcontroller does the work, UART at %u baud\n",
                      (unsigned)p->baud);
    else if (p->tuya_mcu)
        rk_buffer_put(out, "TuyaMCU: a second microcontroller does the work\n");
    for (size_t i = 0; i < p->pin_count; i++) {
        const struct rk_product_pin *pin = &p->pins[i];
        rk_buffer_put(out, "%s", pin->what);
        if (pin->has_channel)
            rk_buffer_put(out, ", channel %u", pin->channel);
        rk_buffer_put(out, ", on P%u", pin->pin);
        if (pin->active != RK_ACTIVE_UNKNOWN)
            rk_buffer_put(out, ", active %s", active_name(pin->active));
        rk_buffer_put(out, "\n");
    }
    if (p->led_driver[0])
        rk_buffer_put(out, "Light driver %s\n", p->led_driver);
    for (size_t i = 0; i < 3 && p->led_remarks[i]; i++)
        rk_buffer_put(out, "Light driver, %s\n", p->led_remarks[i]);
    for (size_t i = 0; i < p->value_count; i++)
        rk_buffer_put(out, "%s %lld%s%s\n", p->values[i].what, (long long)p->values[i].value,
                      p->values[i].unit[0] ? " " : "", p->values[i].unit);
    if (p->pin_count == 0 && !p->tuya_mcu)
        rk_buffer_put(out, "No pins: the settings do not tell what is connected\n");
    for (size_t i = 0; i < p->remark_count; i++)
        rk_buffer_put(out, "Note: %s\n", p->remarks[i]);
}

static void write_list(struct rk_json *json, const char *key, const char *const *list, size_t count)
{
    rk_json_key(json, key);
    rk_json_array_begin(json);
    for (size_t i = 0; i < count; i++)
        rk_json_string(json, list[i]);
    rk_json_array_end(json);
}

static void write_pin(struct rk_json *json, const struct rk_product_pin *pin)
{
    rk_json_object_begin(json);
    rk_json_put_u64(json, "pin", pin->pin);
    rk_json_put_string(json, "what", pin->what);
    if (pin->has_channel)
        rk_json_put_u64(json, "channel", pin->channel);
    else
        rk_json_put_null(json, "channel");
    rk_json_put_string(json, "active", pin->active ? active_name(pin->active) : NULL);
    rk_json_put_string(json, "role", pin->role[0] ? pin->role : NULL);
    rk_json_put_string(json, "key", pin->key);
    rk_json_object_end(json);
}

void rk_product_put(struct rk_json *json, const struct rk_product *p)
{
    static const char *const evidence[] = {"none", "guess", "one", "confirmed"};

    rk_json_object_begin(json);
    rk_json_put_string(json, "module", p->module[0] ? p->module : NULL);
    rk_json_put_string(json, "platform", p->platform[0] ? p->platform : NULL);
    rk_json_put_string(json, "chip", p->chip[0] ? p->chip : NULL);
    rk_json_put_string(json, "chip_evidence", evidence[p->chip_evidence]);
    rk_json_put_bool(json, "certain", p->certain);
    rk_json_put_bool(json, "tuya_mcu", p->tuya_mcu);
    rk_json_put_u64(json, "baud", p->baud);
    rk_json_key(json, "pins");
    rk_json_array_begin(json);
    for (size_t i = 0; i < p->pin_count; i++)
        write_pin(json, &p->pins[i]);
    rk_json_array_end(json);
    rk_json_key(json, "values");
    rk_json_array_begin(json);
    for (size_t i = 0; i < p->value_count; i++) {
        rk_json_object_begin(json);
        rk_json_put_string(json, "what", p->values[i].what);
        rk_json_key(json, "value");
        rk_json_i64(json, p->values[i].value);
        rk_json_put_string(json, "unit", p->values[i].unit[0] ? p->values[i].unit : NULL);
        rk_json_put_string(json, "key", p->values[i].key);
        rk_json_object_end(json);
    }
    rk_json_array_end(json);
    rk_json_put_string(json, "light_driver", p->led_driver[0] ? p->led_driver : NULL);
    write_list(json, "commands", p->commands, p->command_count);
    write_list(json, "remarks", p->remarks, p->remark_count);
    rk_json_object_end(json);
}

void rk_product_write_json(const struct rk_product *p, struct rk_buffer *out)
{
    struct rk_json json;

    rk_json_init(&json, rk_buffer_sink, out, true);
    rk_product_put(&json, p);
    (void)rk_json_finish(&json);
}

/* "Rel;1": role and channel as OpenBeken's templates have it. */
static void write_role(struct rk_json *json, const struct rk_product_pin *pin)
{
    char key[8], value[48];

    rk_text_format(key, sizeof key, "%u", pin->pin);
    rk_text_format(value, sizeof value, "%s;%u", pin->role, pin->channel);
    rk_json_put_string(json, key, value);
}

/* True if an earlier pin already gave this number a role: a template has one role for each. */
static bool is_taken(const struct rk_product *p, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (p->pins[i].pin == p->pins[index].pin && p->pins[i].role[0])
            return true;
    return false;
}

static void join_commands(const struct rk_product *p, char *out, size_t cap)
{
    out[0] = '\0';
    for (size_t i = 0; i < p->command_count; i++)
        rk_text_append(out, cap, "%s%s",
                       i                      ? "; "
                       : p->command_count > 1 ? "backlog "
                                              : "",
                       p->commands[i]);
}

void rk_product_write_template(const struct rk_product *p, struct rk_buffer *out)
{
    struct rk_json json;
    char command[1024];

    rk_json_init(&json, rk_buffer_sink, out, true);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "vendor", "Tuya");
    rk_json_put_string(&json, "name", "");
    rk_json_put_string(&json, "model", "");
    rk_json_put_string(&json, "chip", p->chip);
    rk_json_put_string(&json, "board", p->module);
    rk_json_put_string(&json, "flags", "1024");
    rk_json_key(&json, "pins");
    rk_json_object_begin(&json);
    for (size_t i = 0; i < p->pin_count; i++)
        if (p->pins[i].role[0] && !is_taken(p, i))
            write_role(&json, &p->pins[i]);
    rk_json_object_end(&json);
    join_commands(p, command, sizeof command);
    rk_json_put_string(&json, "command", command);
    rk_json_object_end(&json);
    (void)rk_json_finish(&json);
}

void rk_product_write_commands(const struct rk_product *p, struct rk_buffer *out)
{
    char command[1024];

    for (size_t i = 0; i < p->pin_count; i++) {
        const struct rk_product_pin *pin = &p->pins[i];
        if (!pin->role[0] || is_taken(p, i))
            continue;
        rk_buffer_put(out, "backlog setPinRole %u %s; setPinChannel %u %u\n", pin->pin, pin->role,
                      pin->pin, pin->channel);
    }
    join_commands(p, command, sizeof command);
    if (command[0])
        rk_buffer_put(out, "StartupCommand \"%s\"\n", command);
}

/* OpenBeken's role and Tasmota's component number; with a step, the channel is added to it. */
static const struct {
    const char *role;
    unsigned component;
    bool counted;
} tasmota_components[] = {
    {"Rel", 224, true},         {"Rel_n", 256, true},        {"Btn", 32, true},
    {"Btn_n", 96, true},        {"LED", 288, true},          {"LED_n", 320, true},
    {"PWM", 416, true},         {"PWM_n", 448, true},        {"WifiLED", 544, false},
    {"WifiLED_n", 576, false},  {"BL0937SEL", 2592, false},  {"BL0937SEL_n", 2624, false},
    {"BL0937CF1", 2656, false}, {"BL0937CF", 2720, false},   {"IRRecv", 1088, false},
    {"IRSend", 1056, false},    {"TglChanOnTgl", 160, true},
};

static unsigned component_of(const struct rk_product_pin *pin)
{
    for (size_t i = 0; i < sizeof tasmota_components / sizeof tasmota_components[0]; i++)
        if (strcmp(tasmota_components[i].role, pin->role) == 0)
            return tasmota_components[i].component +
                   (tasmota_components[i].counted && pin->channel ? pin->channel - 1u : 0u);
    return 0;
}

enum rk_status rk_product_write_tasmota(const struct rk_product *p, struct rk_buffer *out,
                                        struct rk_error *err)
{
    /* The pins of an ESP8266 template, in its order. */
    static const uint8_t order[] = {0, 1, 2, 3, 4, 5, 9, 10, 12, 13, 14, 15, 16, 17};
    struct rk_json json;

    if (strcmp(p->chip, "ESP8266") != 0) {
        rk_fail(err, RK_ERR_UNSUPPORTED, "config.no-form", "Tasmota does not run on a %s",
                p->chip[0] ? p->chip : "module of unknown kind");
        rk_error_hint(err, "use the form template (OpenBeken) or esphome");
        return RK_ERR_UNSUPPORTED;
    }
    rk_json_init(&json, rk_buffer_sink, out, false);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "NAME", p->module[0] ? p->module : "Tuya");
    rk_json_key(&json, "GPIO");
    rk_json_array_begin(&json);
    for (size_t i = 0; i < sizeof order; i++) {
        unsigned component = 0;
        for (size_t k = 0; k < p->pin_count && !component; k++)
            if (p->pins[k].pin == order[i])
                component = component_of(&p->pins[k]);
        rk_json_u64(&json, component);
    }
    rk_json_array_end(&json);
    rk_json_put_u64(&json, "FLAG", 0);
    rk_json_put_u64(&json, "BASE", 18);
    rk_json_object_end(&json);
    (void)rk_json_finish(&json);
    return RK_OK;
}
