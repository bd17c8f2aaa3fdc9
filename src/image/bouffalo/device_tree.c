#include "image/bouffalo/device_tree.h"

#include "base/bytes.h"
#include "image/search.h"

#include <stdlib.h>
#include <string.h>

#define RESERVE_MAP    16u
#define VERSION        17u
#define VERSION_OLD    16u
#define TREE_MAX       (64u << 10) /* no partition for one is larger */
#define TOKEN_BEGIN    1u
#define TOKEN_END      2u
#define TOKEN_PROPERTY 3u
#define TOKEN_STOP     9u

static enum rk_status no_memory(struct rk_error *err)
{
    return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

void rk_dt_free(struct rk_dt *tree)
{
    rk_arena_free(&tree->arena);
    tree->root = NULL;
}

struct rk_dt_node *rk_dt_add_node(struct rk_dt *tree, struct rk_dt_node *parent, const char *name,
                                  size_t len)
{
    struct rk_dt_node *node = rk_arena_alloc(&tree->arena, sizeof *node), **end;

    if (!node)
        return NULL;
    node->name = rk_arena_copy(&tree->arena, name, len);
    node->parent = parent;
    end = parent ? &parent->children : &tree->root;
    while (*end)
        end = &(*end)->next;
    *end = node;
    return node->name ? node : NULL;
}

struct rk_dt_property *rk_dt_add_property(struct rk_dt *tree, struct rk_dt_node *node,
                                          const char *name, size_t len)
{
    struct rk_dt_property *property = rk_arena_alloc(&tree->arena, sizeof *property), **end;

    if (!property)
        return NULL;
    property->name = rk_arena_copy(&tree->arena, name, len);
    for (end = &node->properties; *end;)
        end = &(*end)->next;
    *end = property;
    return property->name ? property : NULL;
}

static bool take_item(struct rk_dt *tree, struct rk_dt_node **at, const struct rk_fdt_item *item)
{
    struct rk_dt_property *property;

    if (item->token == RK_FDT_BEGIN) {
        *at = rk_dt_add_node(tree, *at, item->name, strlen(item->name));
        return *at != NULL;
    }
    if (item->token == RK_FDT_END) {
        *at = (*at)->parent;
        return true;
    }
    property = rk_dt_add_property(tree, *at, item->name, strlen(item->name));
    if (!property)
        return false;
    property->value = (const uint8_t *)rk_arena_copy(&tree->arena, item->value, item->len);
    property->len = item->len;
    return property->value != NULL;
}

enum rk_status rk_dt_from_fdt(const uint8_t *data, size_t len, struct rk_dt *out,
                              struct rk_error *err)
{
    struct rk_fdt fdt;
    struct rk_dt_node *at = NULL;
    uint32_t cursor = 0;

    *out = (struct rk_dt){0};
    if (!rk_fdt_open(data, len, &fdt) || fdt.total > TREE_MAX || !rk_fdt_sound(&fdt))
        return rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.tree",
                       "the device tree is damaged or cut short");
    for (;;) {
        struct rk_fdt_item item = rk_fdt_next(&fdt, &cursor);

        if (item.token == RK_FDT_STOP)
            return RK_OK;
        if (!at && item.token != RK_FDT_BEGIN) {
            rk_dt_free(out);
            return rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.tree",
                           "the device tree has a property outside of its root");
        }
        if (!take_item(out, &at, &item)) {
            rk_dt_free(out);
            return no_memory(err);
        }
    }
}

/* ---- flattening ---- */

struct flat {
    uint8_t *bytes;
    size_t used, cap;
    bool failed;
};

static void put(struct flat *f, const void *bytes, size_t len)
{
    if (f->failed || len > TREE_MAX - f->used) {
        f->failed = true;
        return;
    }
    if (f->used + len > f->cap) {
        size_t cap = (f->used + len) * 2;
        uint8_t *grown = realloc(f->bytes, cap);

        if (!grown) {
            f->failed = true;
            return;
        }
        f->bytes = grown;
        f->cap = cap;
    }
    if (len)
        memcpy(f->bytes + f->used, bytes, len);
    f->used += len;
}

static void put_be32(struct flat *f, uint32_t value)
{
    uint8_t bytes[4];

    rk_put_be32(bytes, value);
    put(f, bytes, sizeof bytes);
}

static void align(struct flat *f)
{
    static const uint8_t zeros[4] = {0};

    put(f, zeros, (4 - f->used % 4) % 4);
}

/* The place of a name in the strings, added if it is new. As in the vendor's compiler and in dtc, the
 * end of a longer name will do. */
static uint32_t name_offset(struct flat *strings, const char *name)
{
    size_t len = strlen(name) + 1;
    size_t at = rk_search(strings->bytes, strings->used, 0, name, len);

    if (at == strings->used)
        put(strings, name, len);
    return (uint32_t)at;
}

static void flatten_properties(struct flat *f, struct flat *strings, const struct rk_dt_node *node)
{
    for (const struct rk_dt_property *p = node->properties; p; p = p->next) {
        put_be32(f, TOKEN_PROPERTY);
        put_be32(f, p->len);
        put_be32(f, name_offset(strings, p->name));
        put(f, p->value, p->len);
        align(f);
    }
}

/* Nodes in order, without recursion: down to children, else along, else up. */
static void flatten(struct flat *f, struct flat *strings, const struct rk_dt_node *root)
{
    const struct rk_dt_node *node = root;

    while (node) {
        put_be32(f, TOKEN_BEGIN);
        put(f, node->name, strlen(node->name) + 1);
        align(f);
        flatten_properties(f, strings, node);
        if (node->children) {
            node = node->children;
            continue;
        }
        put_be32(f, TOKEN_END);
        while (node != root && !node->next) {
            node = node->parent;
            put_be32(f, TOKEN_END);
        }
        node = node == root ? NULL : node->next;
    }
    put_be32(f, TOKEN_STOP);
}

static void put_header(struct flat *out, const struct flat *structure, const struct flat *strings)
{
    static const uint8_t no_reservation[RESERVE_MAP] = {0};
    uint32_t begin = RK_FDT_HEADER + RESERVE_MAP;
    const uint32_t words[] = {0xD00DFEED,
                              begin + (uint32_t)structure->used + (uint32_t)strings->used,
                              begin,
                              begin + (uint32_t)structure->used,
                              RK_FDT_HEADER,
                              VERSION,
                              VERSION_OLD,
                              0,
                              (uint32_t)strings->used,
                              (uint32_t)structure->used};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        put_be32(out, words[i]);
    put(out, no_reservation, sizeof no_reservation);
}

enum rk_status rk_dt_to_fdt(const struct rk_dt *tree, uint8_t **out, size_t *out_len,
                            struct rk_error *err)
{
    struct flat all = {0}, structure = {0}, strings = {0};
    bool failed;

    flatten(&structure, &strings, tree->root);
    put_header(&all, &structure, &strings);
    put(&all, structure.bytes, structure.used);
    put(&all, strings.bytes, strings.used);
    failed = all.failed || structure.failed || strings.failed;
    free(structure.bytes);
    free(strings.bytes);
    if (failed) {
        free(all.bytes);
        return no_memory(err);
    }
    *out = all.bytes;
    *out_len = all.used;
    return RK_OK;
}

/* ---- changing ---- */

static struct rk_dt_node *child_named(struct rk_dt *tree, struct rk_dt_node *node, const char *name,
                                      size_t len)
{
    for (struct rk_dt_node *child = node->children; child; child = child->next)
        if (strlen(child->name) == len && memcmp(child->name, name, len) == 0)
            return child;
    return rk_dt_add_node(tree, node, name, len);
}

static struct rk_dt_property *property_named(struct rk_dt *tree, struct rk_dt_node *node,
                                             const char *name)
{
    for (struct rk_dt_property *p = node->properties; p; p = p->next)
        if (strcmp(p->name, name) == 0)
            return p;
    return rk_dt_add_property(tree, node, name, strlen(name));
}

enum rk_status rk_dt_set(struct rk_dt *tree, const char *path, const uint8_t *value, uint32_t len,
                         struct rk_error *err)
{
    struct rk_dt_node *node = tree->root;
    struct rk_dt_property *property;
    const char *rest = path + 1, *slash;

    for (; node && (slash = strchr(rest, '/')) != NULL; rest = slash + 1)
        node = child_named(tree, node, rest, (size_t)(slash - rest));
    property = node ? property_named(tree, node, rest) : NULL;
    if (!property)
        return no_memory(err);
    property->value = (const uint8_t *)rk_arena_copy(&tree->arena, value, len);
    property->len = len;
    return property->value ? RK_OK : no_memory(err);
}
