/* TuyaMCU products: the UART, and what the data point model says about them. */
#include "config/esphome.h"

#include "base/text.h"

#include <string.h>

struct datapoint {
    int64_t id;
    bool writable;
    const char *code, *type;
    const struct rk_loose *spec;
    const struct rk_datapoint_rule *rule; /* NULL: only the code is known */
    char name[96];
};

/* "over_vol_time" -> "Over Vol Time". */
static void title_case(char *out, size_t cap, const char *text)
{
    bool start = true;
    size_t n = 0;

    for (; *text && n + 1 < cap; text++) {
        char c = *text == '_' ? ' ' : *text;
        bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        if (start && lower)
            c = (char)(c - 32);
        else if (!start && upper)
            c = (char)(c + 32);
        start = !(upper || lower);
        out[n++] = (unsigned char)c < 0x20 || c == '"' || c == '\\' ? '?' : c;
    }
    out[n] = '\0';
}

static const struct rk_datapoint_rule *find_rule(const char *category, const char *code)
{
    for (size_t i = 0; i < rk_datapoint_rule_count; i++) {
        const struct rk_datapoint_rule *r = &rk_datapoint_rules[i];
        if (strcmp(r->code, code) == 0 &&
            (r->category[0] == '\0' || strcmp(r->category, category) == 0))
            return r;
    }
    return NULL;
}

/* Units come in the words of the model's author; ESPHome wants those of the trade. */
static void write_unit(struct rk_buffer *out, const struct rk_loose *spec)
{
    static const struct {
        const char *from, *to;
    } units[] = {{"\xE2\x84\x83", "\"\\xB0C\""},
                 {"\xE2\x84\x89", "\"\\xB0F\""},
                 {"%", "\"%\""},
                 {"kW\xC2\xB7h", "kWh"},
                 {"lux", "lx"}};
    const char *unit = rk_loose_text(spec, "unit");

    if (!unit)
        return;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].from, unit) == 0) {
            rk_buffer_put(out, "    unit_of_measurement: %s\n", units[i].to);
            return;
        }
    bool plain = unit[0] != '\0';
    for (const char *p = unit; *p; p++)
        plain &= (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '/';
    rk_buffer_put(out, "    unit_of_measurement: %s\n", plain ? unit : "\"\"");
}

static struct rk_buffer *begin(struct rk_yaml *yaml, const struct datapoint *d, const char *section,
                               const char *id_name)
{
    struct rk_buffer *out = rk_yaml_section(yaml, section);

    rk_buffer_put(out, "  - platform: tuya\n    %s: %d\n    name: %s\n", id_name, (int)d->id,
                  d->name);
    if (d->rule && d->rule->entity_category[0])
        rk_buffer_put(out, "    entity_category: %s\n", d->rule->entity_category);
    if (d->rule && d->rule->device_class[0])
        rk_buffer_put(out, "    device_class: %s\n", d->rule->device_class);
    if (d->rule && d->rule->state_class[0])
        rk_buffer_put(out, "    state_class: %s\n", d->rule->state_class);
    return out;
}

static void write_sensor(struct rk_yaml *yaml, const struct datapoint *d)
{
    struct rk_buffer *out = begin(yaml, d, "sensor", "sensor_datapoint");
    int64_t scale = 0;

    write_unit(out, d->spec);
    if (!rk_loose_number(d->spec, "scale", &scale) || scale <= 0 || scale > 6)
        return;
    rk_buffer_put(out, "    accuracy_decimals: %d\n    filters:\n      - multiply: 0.%0*d\n",
                  (int)scale, (int)scale, 1);
}

static void write_number(struct rk_yaml *yaml, const struct datapoint *d)
{
    static const struct {
        const char *from, *to;
    } limits[] = {{"min", "min_value"}, {"max", "max_value"}, {"step", "step"}};
    struct rk_buffer *out = begin(yaml, d, "number", "number_datapoint");
    write_unit(out, d->spec);

    for (size_t i = 0; i < 3; i++) {
        const struct rk_loose *m = rk_loose_get(d->spec, limits[i].from);
        if (m && m->kind == RK_LOOSE_NUMBER)
            rk_buffer_put(out, "    %s: %lld\n", limits[i].to, (long long)m->number);
    }
}

/* The words of an enumeration: those of the rule, else those of the model in title case. */
static void write_label(struct rk_buffer *out, const struct datapoint *d, unsigned index,
                        const char *word, bool yaml_text)
{
    char text[64];
    bool digits = true;

    title_case(text, sizeof text, word);
    if (d->rule && d->rule->labels[0]) {
        const char *p = d->rule->labels;
        for (unsigned i = 0; i < index && p; i++) {
            p = strchr(p, '|');
            p = p ? p + 1 : NULL;
        }
        if (p)
            rk_text_format(text, sizeof text, "%.*s", (int)strcspn(p, "|"), p);
    }
    for (const char *p = text; *p; p++)
        digits &= *p >= '0' && *p <= '9';
    rk_buffer_put(out, yaml_text && digits ? "\"%s\"" : "%s", text);
}

static void write_select(struct rk_yaml *yaml, const struct datapoint *d)
{
    struct rk_buffer *out = begin(yaml, d, "select", "enum_datapoint");
    const struct rk_loose *range = rk_loose_get(d->spec, "range");
    unsigned index = 0;

    rk_buffer_put(out, "    optimistic: true\n    options:\n");
    for (const struct rk_loose *m = range ? range->first : NULL; m; m = m->next, index++) {
        rk_buffer_put(out, "      %u: ", index);
        write_label(out, d, index, m->text, true);
        rk_buffer_put(out, "\n");
    }
}

/* A read-only enumeration: a text that is published when the data point changes. */
static void write_state(struct rk_yaml *yaml, const struct datapoint *d)
{
    struct rk_buffer *tuya = rk_yaml_section(yaml, "tuya");
    struct rk_buffer *out = rk_yaml_section(yaml, "text_sensor");
    const struct rk_loose *range = rk_loose_get(d->spec, "range");
    unsigned index = 0;

    if (!tuya->text || !strstr(tuya->text, "on_datapoint_update"))
        rk_buffer_put(tuya, "  on_datapoint_update:\n");
    rk_buffer_put(tuya,
                  "    - sensor_datapoint: %d\n      datapoint_type: enum\n      then:\n"
                  "        - text_sensor.template.publish:\n            id: tuya_%s\n"
                  "            state: !lambda \"return std::to_string(x);\"\n",
                  (int)d->id, d->code);
    rk_buffer_put(out,
                  "  - platform: template\n    id: tuya_%s\n    name: %s\n    filters:\n"
                  "      - map:\n",
                  d->code, d->name);
    for (const struct rk_loose *m = range ? range->first : NULL; m; m = m->next, index++) {
        rk_buffer_put(out, "          - %u -> ", index);
        write_label(out, d, index, m->text, false);
        rk_buffer_put(out, "\n");
    }
}

static void write_datapoint(struct rk_yaml *yaml, const struct datapoint *d)
{
    if (strcmp(d->type, "bool") == 0)
        (void)begin(yaml, d, d->writable ? "switch" : "binary_sensor",
                    d->writable ? "switch_datapoint" : "sensor_datapoint");
    else if (strcmp(d->type, "value") == 0 && d->writable)
        write_number(yaml, d);
    else if (strcmp(d->type, "value") == 0)
        write_sensor(yaml, d);
    else if (strcmp(d->type, "enum") == 0 && d->writable)
        write_select(yaml, d);
    else if (strcmp(d->type, "enum") == 0)
        write_state(yaml, d);
    else if (strcmp(d->type, "string") == 0 && !d->writable)
        (void)begin(yaml, d, "text_sensor", "sensor_datapoint");
}

/* A code becomes part of the YAML: only names as the cloud gives them. */
static bool is_code(const char *text)
{
    size_t n = 0;

    for (; text[n]; n++)
        if (!((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
              (text[n] >= '0' && text[n] <= '9') || text[n] == '_'))
            return false;
    return n > 0 && n < 64;
}

static bool read_datapoint(const struct rk_loose *property, const char *category,
                           struct datapoint *d)
{
    const char *mode = rk_loose_text(property, "accessMode");

    memset(d, 0, sizeof *d);
    d->code = rk_loose_text(property, "code");
    d->spec = rk_loose_get(property, "typeSpec");
    d->type = rk_loose_text(d->spec, "type");
    if (!d->code || !is_code(d->code) || !d->type || !mode ||
        !rk_loose_number(property, "abilityId", &d->id) || d->id < 0 || d->id > 255)
        return false;
    d->writable = strchr(mode, 'w') != NULL;
    d->rule = find_rule(category, d->code);
    if (d->rule) {
        rk_text_copy(d->name, sizeof d->name, d->rule->name);
    } else {
        rk_text_copy(d->name, sizeof d->name, "(Unconfirmed) ");
        title_case(d->name + strlen(d->name), sizeof d->name - strlen(d->name), d->code);
    }
    return true;
}

void rk_esphome_mcu(struct rk_yaml *yaml, const struct rk_product_full *full)
{
    const struct rk_loose *root = full->source.model;
    const char *category = rk_loose_text(root, "category");
    const struct rk_loose *model = rk_loose_get(root, "model") ? rk_loose_get(root, "model") : root;
    const struct rk_loose *services = rk_loose_get(model, "services");
    struct rk_buffer *uart = rk_yaml_section(yaml, "uart");
    struct rk_buffer *tuya = rk_yaml_section(yaml, "tuya");
    const char *id = rk_loose_text(model, "modelId");

    rk_buffer_put(uart, "  rx_pin: RX1\n  tx_pin: TX1\n");
    if (full->facts.baud)
        rk_buffer_put(uart, "  baud_rate: %u\n", (unsigned)full->facts.baud);
    else
        rk_buffer_put(uart, "  baud_rate: REPLACEME\n");
    if (id && is_code(id))
        rk_buffer_put(tuya, "  # DPIDs processed from schema model: %s\n", id);
    for (const struct rk_loose *s = services ? services->first : NULL; s; s = s->next) {
        const struct rk_loose *properties = rk_loose_get(s, "properties");
        for (const struct rk_loose *p = properties ? properties->first : NULL; p; p = p->next) {
            struct datapoint d;
            if (read_datapoint(p, category ? category : "", &d))
                write_datapoint(yaml, &d);
        }
    }
}
