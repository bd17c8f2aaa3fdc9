/* Inside of a product: what it was made from, for the writers of the various forms. */
#ifndef RK_CONFIG_PRODUCT_H
#define RK_CONFIG_PRODUCT_H

#include <rekindle/product.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "config/loose.h"

/* What a product is made from. All members may be NULL. */
struct rk_product_source {
    const struct rk_loose *pins;     /* the pin text, flattened */
    const struct rk_loose *baud;     /* baud_cfg */
    const struct rk_loose *uart;     /* uart_adapt_params */
    const struct rk_loose *device;   /* gw_di */
    const struct rk_loose *profiles; /* of a cloud-cutting device file */
    const struct rk_loose *model;    /* data point model of a TuyaMCU product */
    const char *platform;            /* em_sys_env */
};

/* `facts` must be the first member: the public pointer is the whole object. */
struct rk_product_full {
    struct rk_product facts;
    struct rk_arena arena;
    struct rk_product_source source;
};

/* Reads the forms of text that rk_product_of_text() takes. False: none of them. */
bool rk_product_source_of_text(struct rk_arena *arena, const char *text, size_t len,
                               struct rk_product_source *source);

/* The pin text as one flat object: the old nested form gets the names of the new one. NULL if
 * there is no memory. */
const struct rk_loose *rk_pins_flatten(struct rk_arena *arena, const struct rk_loose *pins);

/* True if the pattern of a rule matches the key; *number is what stands for '#', else 0. */
bool rk_pin_rule_matches(const char *pattern, const char *key, unsigned *number);

/* The facts as a JSON object inside a document of the caller. */
void rk_product_put(struct rk_json *json, const struct rk_product *p);

/* Writers, one per form. */
void rk_product_write_text(const struct rk_product *p, struct rk_buffer *out);
void rk_product_write_json(const struct rk_product *p, struct rk_buffer *out);
void rk_product_write_template(const struct rk_product *p, struct rk_buffer *out);
void rk_product_write_commands(const struct rk_product *p, struct rk_buffer *out);
enum rk_status rk_product_write_tasmota(const struct rk_product *p, struct rk_buffer *out,
                                        struct rk_error *err);
enum rk_status rk_product_write_esphome(const struct rk_product_full *full, struct rk_buffer *out,
                                        struct rk_error *err);

#endif
