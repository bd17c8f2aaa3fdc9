/* Inside of the ESPHome writer: sections that fill in any order and come out in the order of their
 * first use, and the parts that fill them. */
#ifndef RK_CONFIG_ESPHOME_H
#define RK_CONFIG_ESPHOME_H

#include "config/product.h"

#define RK_YAML_SECTIONS 24u

struct rk_yaml {
    struct {
        const char *name;
        struct rk_buffer body;
    } sections[RK_YAML_SECTIONS];
    size_t count;
    struct rk_buffer overflow; /* takes what has no section any more; never written out */
};

/* The body of a top-level section, made on first use. */
struct rk_buffer *rk_yaml_section(struct rk_yaml *yaml, const char *name);

/* Writes all sections, a blank line between them, and frees them. */
void rk_yaml_finish(struct rk_yaml *yaml, struct rk_buffer *out);

/* Writes a pin as the value of `name`, in the short form where nothing but the number is needed.
 * mode may be NULL. indent is the number of blanks in front of the name. */
void rk_yaml_pin(struct rk_buffer *out, unsigned indent, const char *name, unsigned pin,
                 bool inverted, const char *mode);

/* Parts; each fills nothing if the product has nothing of its kind. */
void rk_esphome_light(struct rk_yaml *yaml, const struct rk_loose *pins);
void rk_esphome_switches(struct rk_yaml *yaml, const struct rk_loose *pins);
void rk_esphome_mcu(struct rk_yaml *yaml, const struct rk_product_full *full);

/* Everything that follows from the settings, without the heading about chip, network and so on. */
void rk_esphome_body(const struct rk_product_full *full, struct rk_buffer *out);

/* One row of data/tuya-datapoints.csv: how a data point of a TuyaMCU product is presented. */
struct rk_datapoint_rule {
    const char *category; /* of the product; "" = any */
    const char *code, *name, *entity_category, *device_class, *state_class;
    const char *labels; /* of an enumeration, separated by '|' */
};
extern const struct rk_datapoint_rule rk_datapoint_rules[];
extern const size_t rk_datapoint_rule_count;

#endif
