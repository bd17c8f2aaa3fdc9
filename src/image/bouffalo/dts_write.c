/* Device tree source of a tree. What a value was meant to be is not in a flattened tree: it is
 * written in the first of these forms that gives the same bytes again: text, cells, bytes. */
#include "image/bouffalo/device_tree.h"

#include "base/bytes.h"

#include <string.h>

static bool is_text(const struct rk_dt_property *p)
{
    bool was_end = true;

    if (p->len == 0 || p->value[p->len - 1] != 0)
        return false;
    for (uint32_t i = 0; i < p->len; i++) {
        bool end = p->value[i] == 0;

        if ((end && was_end) || (!end && (p->value[i] < 0x20 || p->value[i] > 0x7E)))
            return false;
        was_end = end;
    }
    return true;
}

static void put_text(const struct rk_dt_property *p, struct rk_buffer *out)
{
    rk_buffer_put(out, "\"");
    for (uint32_t i = 0; i + 1 < p->len; i++) {
        char c = (char)p->value[i];

        if (c == '\0')
            rk_buffer_put(out, "\", \"");
        else
            rk_buffer_put(out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    rk_buffer_put(out, "\"");
}

static void put_property(const struct rk_dt_property *p, int depth, struct rk_buffer *out)
{
    rk_buffer_put(out, "%*s%s", 4 * depth, "", p->name);
    if (p->len == 0) {
        rk_buffer_put(out, ";\n");
        return;
    }
    rk_buffer_put(out, " = ");
    if (is_text(p)) {
        put_text(p, out);
    } else if (p->len % 4 == 0) {
        for (uint32_t i = 0; i < p->len; i += 4)
            rk_buffer_put(out, "%s%u", i ? " " : "<", rk_get_be32(p->value + i));
        rk_buffer_put(out, ">");
    } else {
        for (uint32_t i = 0; i < p->len; i++)
            rk_buffer_put(out, "%s%02X", i ? " " : "[", p->value[i]);
        rk_buffer_put(out, "]");
    }
    rk_buffer_put(out, ";\n");
}

static bool is_name(const char *name)
{
    return name[0] && strspn(name, RK_DT_NAME_CHARS) == strlen(name);
}

bool rk_dt_has_source(const struct rk_dt *tree)
{
    const struct rk_dt_node *node = tree->root;

    while (node) {
        if (node == tree->root ? node->name[0] != '\0' : !is_name(node->name))
            return false;
        for (const struct rk_dt_property *p = node->properties; p; p = p->next)
            if (!is_name(p->name))
                return false;
        if (node->children) {
            node = node->children;
            continue;
        }
        while (node != tree->root && !node->next)
            node = node->parent;
        node = node == tree->root ? NULL : node->next;
    }
    return true;
}

void rk_dt_to_dts(const struct rk_dt *tree, struct rk_buffer *out)
{
    const struct rk_dt_node *node = tree->root;
    int depth = 0;

    rk_buffer_put(out, "/dts-v1/;\n\n");
    while (node) {
        rk_buffer_put(out, "%*s%s {\n", 4 * depth, "", node == tree->root ? "/" : node->name);
        for (const struct rk_dt_property *p = node->properties; p; p = p->next)
            put_property(p, depth + 1, out);
        if (node->children) {
            node = node->children;
            depth++;
            continue;
        }
        rk_buffer_put(out, "%*s};\n", 4 * depth, "");
        while (node != tree->root && !node->next) {
            node = node->parent;
            rk_buffer_put(out, "%*s};\n", 4 * --depth, "");
        }
        node = node == tree->root ? NULL : node->next;
    }
}
