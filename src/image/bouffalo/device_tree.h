/* A device tree in memory: made of a flattened tree or of source text, changed, and written as
 * either. */
#ifndef RK_IMAGE_BOUFFALO_DEVICE_TREE_H
#define RK_IMAGE_BOUFFALO_DEVICE_TREE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "image/bouffalo/fdt.h"

struct rk_dt_property {
    const char *name;
    const uint8_t *value;
    uint32_t len;
    struct rk_dt_property *next;
};

struct rk_dt_node {
    const char *name; /* "" for the root */
    struct rk_dt_property *properties;
    struct rk_dt_node *children, *next, *parent;
};

/* Zero-initialise; rk_dt_free() at the end. */
struct rk_dt {
    struct rk_arena arena;
    struct rk_dt_node *root;
};
void rk_dt_free(struct rk_dt *tree);

/* Errors of both: IMAGE_FORMAT "bl602.tree" (damaged, or what the source says and where), NOMEM. */
RK_MUST_CHECK enum rk_status rk_dt_from_fdt(const uint8_t *data, size_t len, struct rk_dt *out,
                                            struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_dt_from_dts(const char *text, size_t len, struct rk_dt *out,
                                            struct rk_error *err);

/* Flattens as the vendor's tool does: version 17, no padding, each name once. free() *out.
 * Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_dt_to_fdt(const struct rk_dt *tree, uint8_t **out, size_t *out_len,
                                          struct rk_error *err);

/* What names are made of (Devicetree Specification 2.2.1 and 2.2.4). */
#define RK_DT_NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,._+-?#@"

/* False if a name in the tree cannot be written as source. */
bool rk_dt_has_source(const struct rk_dt *tree);

/* Source text that becomes the same tree again, if it has one. Failures are remembered in the buffer. */
void rk_dt_to_dts(const struct rk_dt *tree, struct rk_buffer *out);

/* Sets a property, with the nodes on the way to it. Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_dt_set(struct rk_dt *tree, const char *path, const uint8_t *value,
                                       uint32_t len, struct rk_error *err);

/* For the readers: adds at the end; NULL if out of memory. */
struct rk_dt_node *rk_dt_add_node(struct rk_dt *tree, struct rk_dt_node *parent, const char *name,
                                  size_t len);
struct rk_dt_property *rk_dt_add_property(struct rk_dt *tree, struct rk_dt_node *node,
                                          const char *name, size_t len);

#endif
