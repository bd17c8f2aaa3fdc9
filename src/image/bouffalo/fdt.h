/* Flattened device trees, as the Devicetree Specification has them: everything is big-endian. This
 * reader takes any bytes and never looks past their end. */
#ifndef RK_IMAGE_BOUFFALO_FDT_H
#define RK_IMAGE_BOUFFALO_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_FDT_HEADER 40u
#define RK_FDT_DEPTH  16

struct rk_fdt {
    const uint8_t *data;
    uint32_t total;          /* bytes of the tree */
    uint32_t structure, end; /* the structure block */
    uint32_t strings, strings_end;
};

enum rk_fdt_token { RK_FDT_BEGIN, RK_FDT_END, RK_FDT_PROPERTY, RK_FDT_STOP, RK_FDT_BAD };

struct rk_fdt_item {
    enum rk_fdt_token token;
    const char *name; /* of the node or property; terminated */
    const uint8_t *value;
    uint32_t len;
};

/* Bytes the header says the tree has; 0 if there is no tree at data. len >= 8 is enough. */
uint32_t rk_fdt_total(const uint8_t *data, size_t len);

/* Opens a tree. False unless the magic, the version, all offsets and the sizes are right. */
bool rk_fdt_open(const uint8_t *data, size_t len, struct rk_fdt *out);

/* Walks: *at is 0 before the first call. STOP ends a sound tree; BAD ends one that is cut short or
 * damaged. Neither moves on. */
struct rk_fdt_item rk_fdt_next(const struct rk_fdt *tree, uint32_t *at);

/* True if the walk comes to its end with every node closed. */
bool rk_fdt_sound(const struct rk_fdt *tree);

/* The property at a path such as "/wifi/mac/mode": its value, or NULL. *len may be NULL. */
const uint8_t *rk_fdt_get(const struct rk_fdt *tree, const char *path, uint32_t *len);

/* True if there is a node of that path, e.g. "/wifi". */
bool rk_fdt_has(const struct rk_fdt *tree, const char *path);

#endif
