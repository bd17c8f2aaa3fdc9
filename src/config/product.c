#include "config/product.h"

#include "base/text.h"
#include "config/tables.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 96u
#define PIN_MAX   63

/* A product under construction; lists have room for ITEMS_MAX. */
struct maker {
    struct rk_product_full *full;
    struct rk_product_pin *pins;
    struct rk_product_value *values;
    const char **commands, **remarks;
    bool no_memory;
};

/* A copy for the product. Text from a flash may hold anything: control characters are made visible,
 * so that it can do no harm in a terminal or in another file. */
static const char *keep(struct maker *m, const char *text)
{
    char safe[512];

    rk_text_escape(safe, sizeof safe, (const uint8_t *)text, strlen(text));
    char *copy = rk_arena_copy(&m->full->arena, safe, strlen(safe));

    m->no_memory |= !copy;
    return copy ? copy : "";
}

static void add_text(struct maker *m, const char **list, size_t *count, const char *text)
{
    if (*count < ITEMS_MAX)
        list[(*count)++] = keep(m, text);
}

RK_PRINTF(2, 3) static void add_command(struct maker *m, const char *fmt, ...);
RK_PRINTF(2, 3) static void add_remark(struct maker *m, const char *fmt, ...);

static void add_command(struct maker *m, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_text(m, m->commands, &m->full->facts.command_count, text);
}

static void add_remark(struct maker *m, const char *fmt, ...)
{
    char text[240];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_text(m, m->remarks, &m->full->facts.remark_count, text);
}

bool rk_pin_rule_matches(const char *pattern, const char *key, unsigned *number)
{
    size_t n = strlen(pattern);

    *number = 0;
    if (pattern[0] == '*') {
        char middle[40];
        rk_text_copy(middle, sizeof middle, pattern + 1);
        if (n >= 2 && n - 2 < sizeof middle)
            middle[n - 2] = '\0';
        return strstr(key, middle) != NULL;
    }
    while (*pattern) {
        if (*pattern == '#') {
            const char *first = key;
            for (; *key >= '0' && *key <= '9' && *number < 1000; key++)
                *number = *number * 10 + (unsigned)(*key - '0');
            if (key == first)
                return false;
            pattern++;
        } else if (*pattern++ != *key++) {
            return false;
        }
    }
    return *key == '\0';
}

/* Whether the pin is active high: the settings keep it under the same name with _lv. */
static enum rk_active level_of(const struct rk_loose *pins, const char *key)
{
    char name[96];
    int64_t level;
    size_t n = strlen(key);

    rk_text_copy(name, sizeof name, key);
    if (n > 4 && n < sizeof name && strcmp(key + n - 4, "_pin") == 0)
        name[n - 4] = '\0';
    rk_text_append(name, sizeof name, "_lv");
    if (!rk_loose_number(pins, name, &level))
        return RK_ACTIVE_UNKNOWN;
    return level ? RK_ACTIVE_HIGH : RK_ACTIVE_LOW;
}

static void add_pin(struct maker *m, const struct rk_pin_rule *rule, const char *key, unsigned n,
                    int64_t pin)
{
    struct rk_product *p = &m->full->facts;

    if (pin < 0 || pin > PIN_MAX || p->pin_count >= ITEMS_MAX)
        return;
    struct rk_product_pin *out = &m->pins[p->pin_count++];
    out->pin = (uint8_t)pin;
    out->what = rule->what;
    out->key = keep(m, key);
    out->active = level_of(m->full->source.pins, key);
    out->role = out->active == RK_ACTIVE_HIGH  ? rule->role_high
                : out->active == RK_ACTIVE_LOW ? rule->role_low
                                               : rule->role_unknown;
    out->has_channel = rule->channel != RK_CHANNEL_NONE;
    unsigned channel = rule->channel == RK_CHANNEL_NUMBER ? n : (unsigned)rule->channel;
    out->channel = out->has_channel && channel < 64 ? (uint8_t)channel : 0;
}

static void read_pins(struct maker *m)
{
    struct rk_product *p = &m->full->facts;
    const struct rk_loose *pins = m->full->source.pins;

    for (const struct rk_loose *v = pins->first; v; v = v->next) {
        unsigned number;
        int64_t value;
        if (!rk_loose_number(pins, v->key, &value))
            continue;
        for (size_t i = 0; i < rk_pin_rule_count; i++) {
            const struct rk_pin_rule *rule = &rk_pin_rules[i];
            if (!rk_pin_rule_matches(rule->key, v->key, &number))
                continue;
            if (!rule->value)
                add_pin(m, rule, v->key, number, value);
            else if (p->value_count < ITEMS_MAX)
                m->values[p->value_count++] =
                    (struct rk_product_value){rule->what, rule->unit, v->key, value};
            break;
        }
    }
}

/* The two-wire light drivers: how they are recognised and what OpenBeken calls them. */
static const struct {
    const char *name, *data_role, *clock_role, *command;
    int64_t modes[3];      /* values of dmod; 0 = none */
    const char *marks[3];  /* or one of these currents exists */
    const char *colour[3]; /* names of the colour current, first match */
    const char *white[2];
} led_drivers[] = {
    {"SM2135",
     "SM2135DAT",
     "SM2135CLK",
     "SM2135_Current",
     {2, 3, 4},
     {"ehccur", "wampere", "iicccur"},
     {"ehccur", "iicccur", "campere"},
     {"ehwcur", "iicwcur"}},
    {"BP5758D",
     "BP5758D_DAT",
     "BP5758D_CLK",
     "BP5758D_Current",
     {6, 0, 0},
     {"dccur", NULL, NULL},
     {"drgbcur", NULL, NULL},
     {"dwcur", "dccur"}},
    {"BP1658CJ",
     "BP1658CJ_DAT",
     "BP1658CJ_CLK",
     "BP1658CJ_Current",
     {5, 0, 0},
     {"cjwcur", NULL, NULL},
     {"cjccur", NULL, NULL},
     {"cjwcur", NULL}},
    {"SM2235",
     "SM2235DAT",
     "SM2235CLK",
     "SM2235_Current",
     {7, 0, 0},
     {"2235ccur", "2335ccur", NULL},
     {"2235ccur", "2335ccur", NULL},
     {"2235wcur", "2335wcur"}},
    {"KP18058",
     "KP18058_DAT",
     "KP18058_CLK",
     "KP18058_Current",
     {0, 0, 0},
     {"kp58wcur", NULL, NULL},
     {"kp58wcur", NULL, NULL},
     {"kp58ccur", NULL}},
};
#define LED_DRIVERS (sizeof led_drivers / sizeof led_drivers[0])

static size_t find_driver(const struct rk_loose *pins)
{
    int64_t mode;

    if (rk_loose_number(pins, "dmod", &mode) && mode > 0)
        for (size_t i = 0; i < LED_DRIVERS; i++)
            for (size_t k = 0; k < 3; k++)
                if (led_drivers[i].modes[k] == mode)
                    return i;
    for (size_t i = 0; i < LED_DRIVERS; i++)
        for (size_t k = 0; k < 3 && led_drivers[i].marks[k]; k++)
            if (rk_loose_get(pins, led_drivers[i].marks[k]))
                return i;
    return LED_DRIVERS;
}

/* The largest of the named numbers that exist; -1 if none does. With `first`, the first. */
static int64_t pick_number(const struct rk_loose *pins, const char *const *names, size_t count,
                           bool first)
{
    int64_t best = -1, value;

    for (size_t i = 0; i < count && names[i]; i++)
        if (rk_loose_number(pins, names[i], &value) && (best < 0 || (!first && value > best)))
            best = value;
    return best;
}

static void add_led_pin(struct maker *m, const char *what, const char *role, const char *key)
{
    const struct rk_pin_rule rule = {.what = what,
                                     .role_high = role,
                                     .role_low = role,
                                     .role_unknown = role,
                                     .channel = RK_CHANNEL_NONE};
    int64_t pin;

    if (rk_loose_number(m->full->source.pins, key, &pin))
        add_pin(m, &rule, key, 0, pin);
}

static void read_led_driver(struct maker *m)
{
    static const char *const outputs[5] = {"iicr", "iicg", "iicb", "iicc", "iicw"};
    const struct rk_loose *pins = m->full->source.pins;
    struct rk_product *p = &m->full->facts;
    char order[96] = "", text[128];

    if (!rk_loose_get(pins, "iicscl") || !rk_loose_get(pins, "iicsda"))
        return;
    size_t d = find_driver(pins);
    if (d == LED_DRIVERS) {
        add_led_pin(m, "Light driver data", "", "iicsda");
        add_led_pin(m, "Light driver clock", "", "iicscl");
        add_remark(m, "a two-wire light driver of unknown kind");
        return;
    }
    p->led_driver = led_drivers[d].name;
    add_led_pin(m, "Light driver data", led_drivers[d].data_role, "iicsda");
    add_led_pin(m, "Light driver clock", led_drivers[d].clock_role, "iicscl");
    for (size_t i = 0; i < 5; i++) {
        int64_t output = -1;
        (void)rk_loose_number(pins, outputs[i], &output);
        rk_text_append(order, sizeof order, " %d", (int)output);
    }
    int64_t colour = pick_number(pins, led_drivers[d].colour, 3, true);
    int64_t white = pick_number(pins, led_drivers[d].white, 2, d != 1);
    if (white < 0)
        (void)rk_loose_number(pins, "wampere", &white);
    add_command(m, "%s %d %d", led_drivers[d].command, colour < 0 ? 1 : (int)colour,
                white < 0 ? 1 : (int)white);
    add_command(m, "LED_Map%s", order);
    rk_text_format(text, sizeof text, "outputs for red, green, blue, cold, warm:%s", order);
    p->led_remarks[0] = keep(m, text);
    rk_text_format(text, sizeof text, "current of colours %d, of white %d",
                   colour < 0 ? 0 : (int)colour, white < 0 ? 0 : (int)white);
    p->led_remarks[1] = colour < 0 && white < 0 ? NULL : keep(m, text);
}

/* Chip by the rule of the names: the first letters say the family. Wrong for some modules, so it
 * only serves for those that are not in the table. */
static const char *guess_chip(const char *module)
{
    static const struct {
        const char *start, *chip;
    } rules[] = {{"WR", "RTL87X0C"}, {"WD", "RDA5981"},  {"W", "BK7231T"},  {"CB", "BK7231N"},
                 {"CR", "RTL87X0C"}, {"T34", "BK7231N"}, {"T2", "BK7231N"}, {"T1", "BK7238"},
                 {"T3", "BK7236"},   {"T4", "BK7252N"},  {"T5", "BK7258"},  {"X", "XR809"}};
    char upper[16];

    rk_text_copy(upper, sizeof upper, module);
    for (char *c = upper; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strncmp(upper, rules[i].start, strlen(rules[i].start)) == 0)
            return rules[i].chip;
    return "";
}

static const char *chip_of_platform(const char *platform)
{
    for (size_t i = 0; i < rk_tuya_platform_count; i++)
        if (rk_text_same(rk_tuya_platforms[i].name, platform))
            return rk_tuya_platforms[i].chip;
    return "";
}

/* True if a word stands anywhere in the names of the profiles. */
static bool profiles_say(const struct rk_loose *profiles, const char *word)
{
    for (const struct rk_loose *p = profiles ? profiles->first : NULL; p; p = p->next) {
        const char *name = p->kind == RK_LOOSE_TEXT ? p->text : rk_loose_text(p, "name");
        const char *slug = rk_loose_text(p, "slug");
        if ((name && strstr(name, word)) || (slug && strstr(slug, word)))
            return true;
    }
    return false;
}

/* Without module and platform: what else in the settings belongs to one chip only. */
static const char *chip_of_traces(const struct rk_product_source *s)
{
    if (profiles_say(s->profiles, "BK7231N") || profiles_say(s->profiles, "bk7231n"))
        return "BK7231N";
    if (profiles_say(s->profiles, "BK7231T") || profiles_say(s->profiles, "bk7231s") ||
        profiles_say(s->profiles, "bk7231t"))
        return "BK7231T";
    return s->uart ? "BK7231T" : s->baud ? "BK7231N" : "";
}

static void find_chip(struct maker *m)
{
    struct rk_product *p = &m->full->facts;
    const struct rk_module *module = rk_module_find(p->module);
    const char *by_platform = chip_of_platform(p->platform);
    const char *by_module = module ? module->chip : guess_chip(p->module);

    p->chip = by_platform[0] ? by_platform : by_module;
    if (!p->chip[0])
        p->chip = by_module = chip_of_traces(&m->full->source);
    if (by_platform[0] && strcmp(by_platform, by_module) == 0)
        p->chip_evidence = RK_EVIDENCE_CONFIRMED;
    else if (by_platform[0] || (module && by_module[0]))
        p->chip_evidence = RK_EVIDENCE_ONE;
    else
        p->chip_evidence = by_module[0] ? RK_EVIDENCE_GUESS : RK_EVIDENCE_NONE;
    if (by_platform[0] && by_module[0] && strcmp(by_platform, by_module) != 0)
        add_remark(m, "the module name %s speaks of a %s, the platform %s of a %s", p->module,
                   by_module, p->platform, by_platform);
}

/* A TuyaMCU product has a UART in its settings, or no pin text although it is a product. */
static void find_mcu(struct maker *m)
{
    const struct rk_product_source *s = &m->full->source;
    struct rk_product *p = &m->full->facts;
    const char *pk = rk_loose_text(s->device, "pk"), *firmk = rk_loose_text(s->device, "firmk");
    int64_t dtp = 0, baud = 0;

    p->tuya_mcu = s->baud || s->uart || (s->profiles && !s->pins) ||
                  (!s->pins && rk_loose_number(s->device, "dtp", &dtp) && dtp != 0 && pk &&
                   strcmp(pk, firmk ? firmk : "") != 0);
    if (!rk_loose_number(s->baud, "baud", &baud))
        (void)rk_loose_number(s->uart, "uart_baud", &baud);
    p->baud = baud > 0 && baud <= 4000000 ? (uint32_t)baud : 0;
    if (!p->tuya_mcu)
        return;
    add_command(m, "startDriver TuyaMCU");
    if (p->baud)
        add_command(m, "tuyaMcu_setBaudRate %u", (unsigned)p->baud);
}

static void read_commands(struct maker *m)
{
    const struct rk_loose *pins = m->full->source.pins;
    const struct rk_product *p = &m->full->facts;
    int64_t number;

    if (rk_loose_number(pins, "pwmhz", &number) && number > 0)
        add_command(m, "PWMFrequency %d", (int)(number > 1000000 ? 1000000 : number));
    if (rk_loose_number(pins, "chip_type", &number) && number == 3)
        add_command(m, "startDriver BL0942");
    for (size_t i = 0; i < p->pin_count; i++)
        for (size_t k = i + 1; k < p->pin_count; k++)
            if (m->pins[i].pin == m->pins[k].pin)
                add_remark(m, "P%u is named twice, as %s and as %s", m->pins[i].pin, m->pins[i].key,
                           m->pins[k].key);
}

static void fill(struct maker *m)
{
    struct rk_product *p = &m->full->facts;
    const struct rk_loose *pins = m->full->source.pins;
    const char *module = rk_loose_text(pins, "module");

    p->module = keep(m, module ? module : "");
    p->platform = keep(m, m->full->source.platform ? m->full->source.platform : "");
    p->led_driver = "";
    p->certain = true;
    p->pins = m->pins;
    p->values = m->values;
    p->commands = m->commands;
    p->remarks = m->remarks;
    find_chip(m);
    find_mcu(m);
    if (pins) {
        read_pins(m);
        read_led_driver(m);
        read_commands(m);
    }
}

static bool begin(struct maker *m)
{
    memset(m, 0, sizeof *m);
    m->full = calloc(1, sizeof *m->full);
    if (!m->full)
        return false;
    struct rk_arena *a = &m->full->arena;
    m->pins = rk_arena_alloc(a, ITEMS_MAX * sizeof m->pins[0]);
    m->values = rk_arena_alloc(a, ITEMS_MAX * sizeof m->values[0]);
    m->commands = rk_arena_alloc(a, ITEMS_MAX * sizeof m->commands[0]);
    m->remarks = rk_arena_alloc(a, ITEMS_MAX * sizeof m->remarks[0]);
    return m->pins && m->values && m->commands && m->remarks;
}

static enum rk_status finish(struct maker *m, bool ok, struct rk_product **out,
                             struct rk_error *err)
{
    if (ok)
        fill(m);
    if (!ok || m->no_memory) {
        rk_product_free(m->full ? &m->full->facts : NULL);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    *out = &m->full->facts;
    return RK_OK;
}

static const struct rk_loose *parse_key(struct rk_arena *arena, const struct rk_tuya *tuya,
                                        const char *name)
{
    const struct rk_tuya_key *key = rk_tuya_find(tuya, name);
    bool repaired;

    return key ? rk_loose_parse(arena, (const char *)key->value, key->text_length, &repaired)
               : NULL;
}

enum rk_status rk_product_of_tuya(const struct rk_tuya *tuya, struct rk_product **out,
                                  struct rk_error *err)
{
    const struct rk_tuya_key *platform = rk_tuya_find(tuya, "em_sys_env");
    const struct rk_tuya_key *pins = rk_tuya_find(tuya, "user_param_key");
    struct maker m;
    bool ok = begin(&m);

    if (ok) {
        struct rk_product_source *s = &m.full->source;
        struct rk_arena *a = &m.full->arena;
        const struct rk_loose *text = parse_key(a, tuya, "user_param_key");
        s->pins = text && text->kind == RK_LOOSE_OBJECT ? rk_pins_flatten(a, text) : NULL;
        s->baud = parse_key(a, tuya, "baud_cfg");
        s->uart = parse_key(a, tuya, "uart_adapt_params");
        s->device = parse_key(a, tuya, "gw_di");
        if (platform && platform->kind == RK_VALUE_TEXT)
            s->platform = rk_arena_copy(a, platform->value, platform->text_length);
    }
    enum rk_status st = finish(&m, ok, out, err);
    if (st == RK_OK && pins && !pins->certain) {
        (*out)->certain = false;
        add_remark(&m, "the pins are doubtful: %s", pins->doubt);
    }
    return st;
}

enum rk_status rk_product_of_text(const char *text, size_t len, struct rk_product **out,
                                  struct rk_error *err)
{
    struct maker m;
    bool ok = begin(&m);

    if (ok && !rk_product_source_of_text(&m.full->arena, text, len, &m.full->source)) {
        rk_product_free(&m.full->facts);
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "config.text", "this text describes no product");
        rk_error_hint(err, "give a pin text such as {rl1_pin:26,module:CB2S}, the settings as "
                           "JSON, or a device file of tuya-cloudcutter");
        return RK_ERR_IMAGE_FORMAT;
    }
    return finish(&m, ok, out, err);
}

enum rk_status rk_product_set_model(struct rk_product *product, const char *text, size_t len,
                                    struct rk_error *err)
{
    struct rk_product_full *full = (struct rk_product_full *)product;
    bool repaired;
    const struct rk_loose *model = rk_loose_parse(&full->arena, text, len, &repaired);
    const struct rk_loose *inner = rk_loose_get(model, "model");

    if (!rk_loose_get(model, "services") && !rk_loose_get(inner, "services")) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "config.text", "this text is no data point model");
        rk_error_hint(err, "it should be a JSON object with \"services\"");
        return RK_ERR_IMAGE_FORMAT;
    }
    full->source.model = model;
    return RK_OK;
}

void rk_product_free(struct rk_product *product)
{
    struct rk_product_full *full = (struct rk_product_full *)product;

    if (!full)
        return;
    rk_arena_free(&full->arena);
    free(full);
}
