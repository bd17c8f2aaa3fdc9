/* Switches and plugs: relays with their buttons and lamps, and the network lamp. */
#include "config/esphome.h"

#include "base/text.h"

#include <string.h>

#define CHANNELS 10u

/* The number under a name with a channel in it; false if there is none that can be a pin. */
static bool channel_number(const struct rk_loose *pins, const char *fmt_head, unsigned channel,
                           const char *fmt_tail, int64_t *out)
{
    char name[32];

    rk_text_format(name, sizeof name, "%s%u%s", fmt_head, channel, fmt_tail);
    return rk_loose_number(pins, name, out) && *out >= 0;
}

static bool channel_pin(const struct rk_loose *pins, const char *head, unsigned channel,
                        const char *tail, unsigned *pin)
{
    int64_t value;

    if (!channel_number(pins, head, channel, tail, &value) || value > 63)
        return false;
    *pin = (unsigned)value;
    return true;
}

/* Pins that PWM can drive on BK7231T and N. */
static bool is_pwm_pin(unsigned pin)
{
    return (pin >= 6 && pin <= 9) || pin == 24 || pin == 26;
}

static void write_lamp(struct rk_yaml *yaml, unsigned channel, unsigned pin, bool inverted)
{
    bool pwm = is_pwm_pin(pin);
    struct rk_buffer *out = rk_yaml_section(yaml, "output");

    rk_buffer_put(out, "  - platform: %s\n    id: output_led_%u\n", pwm ? "libretiny_pwm" : "gpio",
                  channel);
    rk_yaml_pin(out, 4, "pin", pin, inverted, NULL);
    rk_buffer_put(rk_yaml_section(yaml, "light"),
                  "  - platform: %s\n    id: light_switch_%u\n    output: output_led_%u\n",
                  pwm ? "monochromatic" : "binary", channel, channel);
}

static void write_button(struct rk_yaml *yaml, const char *id, unsigned pin, bool low,
                         const char *event)
{
    struct rk_buffer *out = rk_yaml_section(yaml, "binary_sensor");

    rk_buffer_put(out, "  - platform: gpio\n    id: %s\n", id);
    rk_yaml_pin(out, 4, "pin", pin, low, low ? "INPUT_PULLUP" : "INPUT_PULLDOWN");
    rk_buffer_put(out, "    %s:\n      then:\n", event);
}

static void write_toggle(struct rk_yaml *yaml, unsigned channel)
{
    rk_buffer_put(rk_yaml_section(yaml, "binary_sensor"), "        - switch.toggle: switch_%u\n",
                  channel);
}

static void write_relay(struct rk_yaml *yaml, const struct rk_loose *pins, unsigned channel,
                        const char *lamp)
{
    struct rk_buffer *out = rk_yaml_section(yaml, "switch");
    unsigned pin, off;
    int64_t level = 1, time = 100;

    if (channel_pin(pins, "rl", channel, "_pin", &pin)) {
        (void)channel_number(pins, "rl", channel, "_lv", &level);
        rk_buffer_put(out, "  - platform: gpio\n    id: switch_%u\n    name: Relay %u\n", channel,
                      channel);
        rk_yaml_pin(out, 4, "pin", pin, level == 0, NULL);
    } else if (channel_pin(pins, "rl_on", channel, "_pin", &pin) &&
               channel_pin(pins, "rl_off", channel, "_pin", &off)) {
        rk_buffer_put(out, "  - platform: hbridge\n    id: switch_%u\n    name: Relay %u\n",
                      channel, channel);
        (void)channel_number(pins, "rl_on", channel, "_lv", &level);
        rk_yaml_pin(out, 4, "on_pin", pin, level == 0, NULL);
        level = 1;
        (void)channel_number(pins, "rl_off", channel, "_lv", &level);
        rk_yaml_pin(out, 4, "off_pin", off, level == 0, NULL);
        (void)channel_number(pins, "rl", channel, "_drvtime", &time);
        rk_buffer_put(out, "    pulse_length: %dms\n    wait_time: %dms\n", (int)time,
                      (int)(time / 2));
    }
    if (lamp[0])
        rk_buffer_put(out,
                      "    on_turn_on:\n      - light.turn_on: %s\n"
                      "    on_turn_off:\n      - light.turn_off: %s\n",
                      lamp, lamp);
}

static void write_channel(struct rk_yaml *yaml, const struct rk_loose *pins, unsigned channel,
                          bool shared_lamp)
{
    char lamp[32] = "", id[32];
    unsigned pin;
    int64_t level = 1;

    if (shared_lamp) {
        rk_text_copy(lamp, sizeof lamp, "light_status");
    } else if (channel_pin(pins, "led", channel, "_pin", &pin)) {
        (void)channel_number(pins, "led", channel, "_lv", &level);
        write_lamp(yaml, channel, pin, level == 0);
        rk_text_format(lamp, sizeof lamp, "light_switch_%u", channel);
    }
    if (channel_pin(pins, "bt", channel, "_pin", &pin)) {
        level = 1;
        (void)channel_number(pins, "bt", channel, "_lv", &level);
        rk_text_format(id, sizeof id, "binary_switch_%u", channel);
        write_button(yaml, id, pin, level == 0, "on_press");
        write_toggle(yaml, channel);
    }
    if (channel_pin(pins, "onoff", channel, "", &pin)) {
        rk_text_format(id, sizeof id, "binary_onoff_%u", channel);
        write_button(yaml, id, pin, true, "on_state");
        write_toggle(yaml, channel);
    }
    write_relay(yaml, pins, channel, lamp);
}

static bool has_relay(const struct rk_loose *pins, unsigned channel)
{
    unsigned pin;

    return channel_pin(pins, "rl", channel, "_pin", &pin) ||
           (channel_pin(pins, "rl_on", channel, "_pin", &pin) &&
            channel_pin(pins, "rl_off", channel, "_pin", &pin));
}

/* The network lamp: first of the names that exists. */
static bool status_lamp(const struct rk_loose *pins, unsigned *pin, bool *inverted)
{
    static const struct {
        const char *pin, *level;
    } names[] = {
        {"netled_pin", "netled_lv"}, {"netled1_pin", "netled1_lv"}, {"wfst_pin", "wfst_lv"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int64_t value, level = 1;
        if (!rk_loose_number(pins, names[i].pin, &value) || value < 0 || value > 63)
            continue;
        (void)rk_loose_number(pins, names[i].level, &level);
        *pin = (unsigned)value;
        *inverted = level == 0;
        return true;
    }
    return false;
}

static void write_status(struct rk_yaml *yaml, unsigned pin, bool inverted, bool shared)
{
    if (!shared) {
        rk_yaml_pin(rk_yaml_section(yaml, "status_led"), 2, "pin", pin, inverted, NULL);
        return;
    }
    struct rk_buffer *out = rk_yaml_section(yaml, "light");
    rk_buffer_put(out, "  - platform: status_led\n    id: light_status\n");
    rk_yaml_pin(out, 4, "pin", pin, inverted, NULL);
}

void rk_esphome_switches(struct rk_yaml *yaml, const struct rk_loose *pins)
{
    unsigned lamp = 0, pin;
    bool inverted = false, has_lamp = status_lamp(pins, &lamp, &inverted);
    int64_t shared = 0, level = 1;
    bool any = false;

    (void)rk_loose_number(pins, "netled_reuse", &shared);
    for (unsigned i = 0; i < CHANNELS; i++)
        if (has_relay(pins, i)) {
            write_channel(yaml, pins, i, shared == 1 && has_lamp);
            any = true;
        }
    int64_t total;
    if (any && rk_loose_number(pins, "total_bt_pin", &total) && total >= 0 && total <= 63) {
        pin = (unsigned)total;
        (void)rk_loose_number(pins, "total_bt_lv", &level);
        write_button(yaml, "binary_switch_all", pin, level == 0, "on_press");
        for (unsigned i = 0; i < CHANNELS; i++)
            if (has_relay(pins, i))
                write_toggle(yaml, i);
    }
    if (has_lamp)
        write_status(yaml, lamp, inverted, shared == 1);
}
