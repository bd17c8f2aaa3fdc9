/* The product around the module: what its pins do, explained and put into the forms that other
 * firmware understands. Pure: made from settings, without any access to a device. */
#ifndef REKINDLE_PRODUCT_H
#define REKINDLE_PRODUCT_H

#include <rekindle/device.h>
#include <rekindle/tuya.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_active { RK_ACTIVE_UNKNOWN, RK_ACTIVE_HIGH, RK_ACTIVE_LOW };

/* What one pin does. Texts live as long as the product. */
struct rk_product_pin {
    uint8_t pin;      /* 26 for P26 */
    const char *what; /* "Relay" */
    const char *role; /* OpenBeken's role, "" if there is none for it */
    bool has_channel; /* `channel` is set: pins that belong together have the same */
    uint8_t channel;
    enum rk_active active;
    const char *key; /* the name in the settings this comes from: "rl1_pin" */
};

/* A number the settings hold that is no pin. */
struct rk_product_value {
    const char *what; /* "PWM frequency" */
    const char *unit; /* "Hz"; may be empty */
    const char *key;
    int64_t value;
};

struct rk_product {
    const char *module;   /* "CB3S"; "" = unknown */
    const char *platform; /* the firmware's own name for its platform, "bk7231n"; "" = unknown */
    const char *chip;     /* "BK7231N"; "" = unknown */
    enum rk_evidence chip_evidence; /* CONFIRMED if platform and module agree */
    bool tuya_mcu;                  /* a second microcontroller does the work; pins tell nothing */
    uint32_t baud;                  /* of its UART; 0 = unknown */
    const struct rk_product_pin *pins; /* in the order of the settings */
    size_t pin_count;
    const struct rk_product_value *values;
    size_t value_count;
    const char *const *commands; /* OpenBeken start-up commands */
    size_t command_count;
    const char *const *remarks; /* doubts and contradictions, a sentence each */
    size_t remark_count;
    const char *led_driver;     /* "SM2135": a two-wire light driver; "" = none */
    const char *led_remarks[3]; /* "channel order 2 1 0 4 3", currents; NULL behind the last */
    bool certain;               /* everything it was made from is certain */
};

enum rk_product_format {
    RK_PRODUCT_TEXT,     /* for people: "Relay, channel 1, on P26, active high" */
    RK_PRODUCT_JSON,     /* the facts above */
    RK_PRODUCT_TEMPLATE, /* OpenBeken template, JSON */
    RK_PRODUCT_COMMANDS, /* OpenBeken commands, a line each */
    RK_PRODUCT_ESPHOME,  /* ESPHome YAML for bk72xx */
    RK_PRODUCT_TASMOTA   /* Tasmota template; only for ESP8266 products */
};

/* Makes the product of a storage. *out is set on success; free it with rk_product_free(). A storage
 * without pins gives a product without pins. Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_product_of_tuya(const struct rk_tuya *tuya, struct rk_product **out,
                                                struct rk_error *err);

/* Makes it of text: a pin text, a storage as JSON (an object with the storage's keys), or a device
 * file of the cloud-cutting project. Errors: IMAGE_FORMAT "config.text" (none of these), NOMEM. */
RK_MUST_CHECK enum rk_status rk_product_of_text(const char *text, size_t len,
                                                struct rk_product **out, struct rk_error *err);

/* Gives a TuyaMCU product its data point model (JSON as Tuya's cloud has it), which makes the
 * ESPHome form complete. Errors: IMAGE_FORMAT "config.text", NOMEM. */
RK_MUST_CHECK enum rk_status rk_product_set_model(struct rk_product *product, const char *text,
                                                  size_t len, struct rk_error *err);

void rk_product_free(struct rk_product *product);

/* Writes the product in that form; *text is allocated (free() it).
 * Errors: UNSUPPORTED "config.no-form" (this form has no meaning for this product), NOMEM. */
RK_MUST_CHECK enum rk_status rk_product_write(const struct rk_product *product,
                                              enum rk_product_format format, char **text,
                                              struct rk_error *err);

/* "text", "json", "template", "commands", "esphome", "tasmota"; false if there is no such form. */
bool rk_product_format_find(const char *name, enum rk_product_format *out);

#ifdef __cplusplus
}
#endif
#endif
