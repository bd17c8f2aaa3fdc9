/* A product as ESPHome configuration for bk72xx: the frame. */
#include "config/esphome.h"

#include "base/text.h"

#include <string.h>

struct rk_buffer *rk_yaml_section(struct rk_yaml *yaml, const char *name)
{
    for (size_t i = 0; i < yaml->count; i++)
        if (strcmp(yaml->sections[i].name, name) == 0)
            return &yaml->sections[i].body;
    if (yaml->count == RK_YAML_SECTIONS)
        return &yaml->overflow;
    yaml->sections[yaml->count].name = name;
    return &yaml->sections[yaml->count++].body;
}

void rk_yaml_finish(struct rk_yaml *yaml, struct rk_buffer *out)
{
    for (size_t i = 0; i < yaml->count; i++) {
        struct rk_buffer *body = &yaml->sections[i].body;
        rk_buffer_put(out, "%s%s:\n", i ? "\n" : "", yaml->sections[i].name);
        rk_buffer_add(out, body->text ? body->text : "", body->used);
        out->failed |= body->failed;
        rk_buffer_free(body);
    }
    rk_buffer_free(&yaml->overflow);
    yaml->count = 0;
}

void rk_yaml_pin(struct rk_buffer *out, unsigned indent, const char *name, unsigned pin,
                 bool inverted, const char *mode)
{
    if (!inverted && !mode) {
        rk_buffer_put(out, "%*s%s: P%u\n", (int)indent, "", name, pin);
        return;
    }
    rk_buffer_put(out, "%*s%s:\n%*snumber: P%u\n", (int)indent, "", name, (int)indent + 2, "", pin);
    if (inverted)
        rk_buffer_put(out, "%*sinverted: true\n", (int)indent + 2, "");
    if (mode)
        rk_buffer_put(out, "%*smode: %s\n", (int)indent + 2, "", mode);
}

static bool pin_of(const struct rk_loose *pins, const char *key, unsigned *pin)
{
    int64_t value;

    if (!rk_loose_number(pins, key, &value) || value < 0 || value > 63)
        return false;
    *pin = (unsigned)value;
    return true;
}

static void infrared(struct rk_yaml *yaml, const struct rk_loose *pins)
{
    unsigned pin;

    if (pin_of(pins, "ir", &pin) || pin_of(pins, "infrr", &pin)) {
        struct rk_buffer *out = rk_yaml_section(yaml, "remote_receiver");
        rk_yaml_pin(out, 2, "pin", pin, true, "INPUT_PULLUP");
        rk_buffer_put(out, "  # dump: all\n");
    }
    if (pin_of(pins, "infre", &pin)) {
        struct rk_buffer *out = rk_yaml_section(yaml, "remote_transmitter");
        rk_yaml_pin(out, 2, "pin", pin, false, NULL);
        rk_buffer_put(out, "  carrier_duty_percent: 50%%\n");
    }
}

/* A meter with pulse outputs: BL0937 or HLW8012. */
static void pulse_meter(struct rk_yaml *yaml, const struct rk_loose *pins, bool bl0937)
{
    const char *model = bl0937 ? "BL0937" : "HLW8012";
    unsigned cf, cf1, sel;
    int64_t level = 0, resistor = 0;

    if (!pin_of(pins, "ele_pin", &cf) || !pin_of(pins, "vi_pin", &cf1) ||
        !pin_of(pins, "sel_pin_pin", &sel))
        return;
    (void)rk_loose_number(pins, "sel_pin_lv", &level);
    if (!rk_loose_number(pins, "resistor", &resistor))
        (void)rk_loose_number(pins, "sample_resistor", &resistor);
    struct rk_buffer *out = rk_yaml_section(yaml, "sensor");
    rk_buffer_put(out, "  - platform: hlw8012\n    model: %s\n", model);
    rk_yaml_pin(out, 4, "cf_pin", cf, bl0937, NULL);
    rk_yaml_pin(out, 4, "cf1_pin", cf1, bl0937, NULL);
    rk_yaml_pin(out, 4, "sel_pin", sel, level == 1, NULL);
    rk_buffer_put(out,
                  "    current:\n      name: %s Current\n    voltage:\n      name: %s Voltage\n"
                  "    power:\n      name: %s Power\n    energy:\n      name: %s Energy\n"
                  "    voltage_divider: 1600\n",
                  model, model, model, model);
    if (resistor > 0)
        rk_buffer_put(out, "    current_resistor: %g ohm\n", (double)resistor / 1000);
}

static void uart_meter(struct rk_yaml *yaml, const struct rk_loose *pins)
{
    unsigned rx, tx;
    struct rk_buffer *uart = rk_yaml_section(yaml, "uart");

    rk_buffer_put(uart, "  id: uart_bus\n");
    if (pin_of(pins, "ele_rx", &rx) && pin_of(pins, "ele_tx", &tx))
        rk_buffer_put(uart, "  tx_pin: P%u\n  rx_pin: P%u\n", tx, rx);
    else
        rk_buffer_put(uart, "  tx_pin: TX1\n  rx_pin: RX1\n");
    rk_buffer_put(uart, "  baud_rate: 4800\n  stop_bits: 1\n");
    rk_buffer_put(rk_yaml_section(yaml, "sensor"),
                  "  - platform: bl0942\n    uart_id: uart_bus\n"
                  "    current:\n      name: BL0942 Current\n"
                  "    voltage:\n      name: BL0942 Voltage\n"
                  "    power:\n      name: BL0942 Power\n      filters:\n        multiply: -1\n"
                  "    energy:\n      name: BL0942 Energy\n"
                  "    frequency:\n      name: BL0942 Frequency\n      accuracy_decimals: 2\n");
}

static void meter(struct rk_yaml *yaml, const struct rk_loose *pins)
{
    int64_t kind;

    if (!rk_loose_number(pins, "chip_type", &kind))
        return;
    if (kind == 0 || kind == 1)
        pulse_meter(yaml, pins, kind == 0);
    else if (kind == 3)
        uart_meter(yaml, pins);
}

/* Buttons of products that are no switches: what they do is for the user to say. */
static void keys(struct rk_yaml *yaml, const struct rk_loose *pins)
{
    for (unsigned i = 1; i <= 9; i++) {
        char name[24] = "key_pin", level_name[24] = "key_lv";
        unsigned pin;
        int64_t level = 1;
        if (i > 1) {
            rk_text_format(name, sizeof name, "k%upin_pin", i);
            rk_text_format(level_name, sizeof level_name, "k%upin_lv", i);
        }
        if (!pin_of(pins, name, &pin))
            continue;
        (void)rk_loose_number(pins, level_name, &level);
        struct rk_buffer *out = rk_yaml_section(yaml, "binary_sensor");
        rk_buffer_put(out, "  - platform: gpio\n    id: binary_switch_%u\n", i);
        rk_yaml_pin(out, 4, "pin", pin, level == 0, level == 0 ? "INPUT_PULLUP" : "INPUT_PULLDOWN");
        rk_buffer_put(out, "    on_press:\n      then: []\n");
    }
}

void rk_esphome_body(const struct rk_product_full *full, struct rk_buffer *out)
{
    const struct rk_loose *pins = full->source.pins;
    struct rk_yaml yaml = {0};

    if (pins) {
        rk_esphome_light(&yaml, pins);
        rk_esphome_switches(&yaml, pins);
        infrared(&yaml, pins);
        meter(&yaml, pins);
    }
    if (full->facts.tuya_mcu)
        rk_esphome_mcu(&yaml, full);
    if (pins)
        keys(&yaml, pins);
    rk_yaml_finish(&yaml, out);
}

static void heading(const struct rk_product *p, struct rk_buffer *out)
{
    const char *board = strcmp(p->chip, "BK7231T") == 0   ? "generic-bk7231t-qfn32-tuya"
                        : strcmp(p->chip, "BK7231N") == 0 ? "generic-bk7231n-qfn32-tuya"
                                                          : "REPLACEME";

    for (size_t i = 0; i < p->remark_count; i++)
        rk_buffer_put(out, "# %s\n", p->remarks[i]);
    rk_buffer_put(out, "esphome:\n  name: rekindled\n\nbk72xx:\n  board: %s\n\n", board);
    rk_buffer_put(out, "logger:\n\napi:\n\nota:\n  - platform: esphome\n\n"
                       "wifi:\n  ssid: !secret wifi_ssid\n  password: !secret wifi_password\n"
                       "  ap:\n\ncaptive_portal:\n\n");
}

enum rk_status rk_product_write_esphome(const struct rk_product_full *full, struct rk_buffer *out,
                                        struct rk_error *err)
{
    struct rk_buffer body = {0};

    rk_esphome_body(full, &body);
    if (body.used == 0) {
        rk_buffer_free(&body);
        rk_fail(err, RK_ERR_UNSUPPORTED, "config.no-form",
                full->facts.pin_count ? "ESPHome has no component for the pins of this product"
                                      : "the settings hold no pins to configure");
        rk_error_hint(err, "products with firmware of their own maker keep their pins elsewhere: "
                           "trace them on the board");
        return RK_ERR_UNSUPPORTED;
    }
    heading(&full->facts, out);
    rk_buffer_add(out, body.text, body.used);
    out->failed |= body.failed;
    rk_buffer_free(&body);
    return RK_OK;
}
