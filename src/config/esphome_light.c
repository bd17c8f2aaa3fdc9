/* Lights: outputs by PWM or by a two-wire driver, and the light platform that fits the colours. */
#include "config/esphome.h"

#include "base/text.h"

#include <string.h>

enum colour { RED, GREEN, BLUE, COLD, WARM, COLOURS };

struct light {
    bool has[COLOURS];
    bool ct; /* the white outputs are brightness and temperature */
};

static const char letters[COLOURS] = {'r', 'g', 'b', 'c', 'w'};

static const char *output_name(const struct light *light, enum colour colour)
{
    static const char *const names[COLOURS] = {"red", "green", "blue", "cold", "warm"};

    if (light->ct && colour >= COLD)
        return colour == COLD ? "brightness" : "temperature";
    return names[colour];
}

/* Two-wire drivers of ESPHome. */
static const struct {
    int64_t modes[3];      /* dmod */
    const char *name;      /* component */
    unsigned first;        /* number of the first channel */
    const char *colour[3]; /* keys of the current, first that exists */
    const char *cold[3], *warm[2];
    bool per_output;   /* the current is a member of every output */
    bool milliamperes; /* the heading takes milliamperes, else steps */
} drivers[] = {
    {{2, 3, 4},
     "sm2135",
     0,
     {"ehccur", "iicccur", "campere"},
     {"ehwcur", "iicwcur", "wampere"},
     {NULL},
     false,
     true},
    {{5}, "bp1658cj", 0, {"cjccur"}, {"cjwcur"}, {NULL}, false, false},
    {{6}, "bp5758d", 1, {"drgbcur"}, {"dccur"}, {"dwcur"}, true, false},
    {{7}, "sm2235", 0, {"2235ccur", "2335ccur"}, {"2235wcur", "2335wcur"}, {NULL}, false, false},
};

static int find_driver(const struct rk_loose *pins)
{
    int64_t mode = 0;

    (void)rk_loose_number(pins, "dmod", &mode);
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        for (size_t k = 0; k < 3; k++)
            if (mode && drivers[i].modes[k] == mode)
                return (int)i;
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        for (size_t k = 0; k < 3 && drivers[i].cold[k]; k++)
            if (rk_loose_get(pins, drivers[i].cold[k]))
                return (int)i;
    return -1;
}

/* A current: the value of the first key that exists. The SM2135 keeps steps of 5 mA from 10 mA on
 * under some names and milliamperes under others. */
static bool current_of(const struct rk_loose *pins, const char *const *keys, size_t count,
                       bool milliamperes, int64_t *out)
{
    for (size_t i = 0; i < count && keys[i]; i++)
        if (rk_loose_number(pins, keys[i], out)) {
            if (milliamperes && strstr(keys[i], "cur"))
                *out = 10 + 5 * *out;
            return true;
        }
    return false;
}

static void driver_heading(struct rk_yaml *yaml, const struct rk_loose *pins, size_t d)
{
    struct rk_buffer *out = rk_yaml_section(yaml, drivers[d].name);
    bool ma = drivers[d].milliamperes;
    int64_t value = 0;

    (void)rk_loose_number(pins, "iicscl", &value);
    rk_buffer_put(out, "  clock_pin: P%d\n", (int)value);
    (void)rk_loose_number(pins, "iicsda", &value);
    rk_buffer_put(out, "  data_pin: P%d\n", (int)value);
    if (drivers[d].per_output)
        return;
    if (current_of(pins, drivers[d].colour, 3, ma, &value))
        rk_buffer_put(out, ma ? "  rgb_current: %dmA\n" : "  max_power_color_channels: %d\n",
                      (int)value);
    if (current_of(pins, drivers[d].cold, 3, ma, &value))
        rk_buffer_put(out, ma ? "  cw_current: %dmA\n" : "  max_power_white_channels: %d\n",
                      (int)value);
}

static void driver_outputs(struct rk_yaml *yaml, const struct rk_loose *pins, struct light *light,
                           size_t d)
{
    struct rk_buffer *out = rk_yaml_section(yaml, "output");
    int64_t cold = -1, channel, current;

    (void)rk_loose_number(pins, "iicc", &cold);
    for (unsigned c = 0; c < COLOURS; c++) {
        char key[8];
        rk_text_format(key, sizeof key, "iic%c", letters[c]);
        if (!rk_loose_number(pins, key, &channel) || channel < 0 || (c == WARM && channel == cold))
            continue;
        light->has[c] = true;
        rk_buffer_put(out, "  - platform: %s\n    id: output_%s\n    channel: %d\n",
                      drivers[d].name, output_name(light, c), (int)channel + (int)drivers[d].first);
        if (!drivers[d].per_output)
            continue;
        const char *const *keys = c < COLD    ? drivers[d].colour
                                  : c == COLD ? drivers[d].cold
                                              : drivers[d].warm;
        if (current_of(pins, keys, 1, false, &current))
            rk_buffer_put(out, "    current: %d\n", (int)current);
    }
}

static void pwm_outputs(struct rk_yaml *yaml, const struct rk_loose *pins, struct light *light)
{
    for (unsigned c = 0; c < COLOURS; c++) {
        char key[8];
        int64_t pin, level = 1;
        rk_text_format(key, sizeof key, "%c_pin", letters[c]);
        if (!rk_loose_number(pins, key, &pin) || pin < 0 || pin > 63)
            continue;
        rk_text_format(key, sizeof key, "%c_lv", letters[c]);
        (void)rk_loose_number(pins, key, &level);
        light->has[c] = true;
        struct rk_buffer *out = rk_yaml_section(yaml, "output");
        rk_buffer_put(out, "  - platform: libretiny_pwm\n    id: output_%s\n",
                      output_name(light, c));
        rk_yaml_pin(out, 4, "pin", (unsigned)pin, level == 0, NULL);
    }
}

static const char *platform_of(const struct light *light)
{
    bool rgb = light->has[RED] && light->has[GREEN] && light->has[BLUE];
    bool two = light->has[COLD] && light->has[WARM];
    bool one = light->has[COLD] || light->has[WARM];

    if (rgb)
        return two ? light->ct ? "rgbct" : "rgbww" : one ? "rgbw" : "rgb";
    return two ? light->ct ? "color_temperature" : "cwww" : one ? "monochromatic" : NULL;
}

static void write_platform(struct rk_yaml *yaml, const struct light *light)
{
    const char *platform = platform_of(light);
    bool two = light->has[COLD] && light->has[WARM];

    if (!platform)
        return;
    struct rk_buffer *out = rk_yaml_section(yaml, "light");
    rk_buffer_put(out, "  - platform: %s\n    id: light_%s\n    name: Light\n", platform, platform);
    if (two && strncmp(platform, "rgb", 3) == 0)
        rk_buffer_put(out, "    color_interlock: true\n");
    if (two)
        rk_buffer_put(out, "    cold_white_color_temperature: 6500 K\n"
                           "    warm_white_color_temperature: 2700 K\n");
    if (strncmp(platform, "rgb", 3) == 0)
        rk_buffer_put(out, "    red: output_red\n    green: output_green\n    blue: output_blue\n");
    if (two && light->ct)
        rk_buffer_put(out, "    %s: output_brightness\n    color_temperature: output_temperature\n",
                      strcmp(platform, "rgbct") == 0 ? "white_brightness" : "brightness");
    else if (two)
        rk_buffer_put(out, "    cold_white: output_cold\n    warm_white: output_warm\n");
    else if (light->has[COLD] || light->has[WARM])
        rk_buffer_put(out, "    %s: output_%s\n",
                      strcmp(platform, "rgbw") == 0 ? "white" : "output",
                      output_name(light, light->has[COLD] ? COLD : WARM));
}

void rk_esphome_light(struct rk_yaml *yaml, const struct rk_loose *pins)
{
    struct light light = {0};
    int64_t type = 0;

    (void)rk_loose_number(pins, "cwtype", &type);
    light.ct = type == 1;
    if (rk_loose_get(pins, "iicscl") && rk_loose_get(pins, "iicsda")) {
        int d = find_driver(pins);
        if (d < 0)
            return;
        driver_heading(yaml, pins, (size_t)d);
        driver_outputs(yaml, pins, &light, (size_t)d);
    } else {
        pwm_outputs(yaml, pins, &light);
    }
    write_platform(yaml, &light);
}
