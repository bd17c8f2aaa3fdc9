/* The values of a device tree, as text and as JSON. */
#include "image/view.h"

#include "base/bytes.h"
#include "base/text.h"
#include "image/bouffalo/fdt.h"

#include <string.h>

#define VALUE_MAX 256

/* A walk that knows the path of what it sees. */
struct walk {
    struct rk_fdt tree;
    uint32_t at;
    char path[256];
    size_t lengths[RK_FDT_DEPTH + 1]; /* of the path before each node */
    unsigned depth;
};

static bool is_text(const struct rk_fdt_item *item)
{
    if (item->len < 2 || item->value[item->len - 1] != 0)
        return false;
    for (uint32_t i = 0; i + 1 < item->len; i++)
        if (item->value[i] != 0 && (item->value[i] < 0x20 || item->value[i] > 0x7E))
            return false;
    return item->value[0] != 0;
}

static void format_value(const struct rk_fdt_item *item, char *out)
{
    out[0] = '\0';
    if (is_text(item)) {
        for (uint32_t i = 0; i + 1 < item->len; i++)
            rk_text_append(out, VALUE_MAX, item->value[i] ? "%c" : ", ", (char)item->value[i]);
    } else if (item->len && item->len % 4 == 0) {
        for (uint32_t i = 0; i < item->len; i += 4)
            rk_text_append(out, VALUE_MAX, "%s%u", i ? " " : "", rk_get_be32(item->value + i));
    } else {
        for (uint32_t i = 0; i < item->len; i++)
            rk_text_append(out, VALUE_MAX, "%s%02x", i ? ":" : "", item->value[i]);
    }
}

/* The next property with its path, or false. */
static bool next_property(struct walk *w, struct rk_fdt_item *item)
{
    for (;;) {
        *item = rk_fdt_next(&w->tree, &w->at);
        switch (item->token) {
        case RK_FDT_BEGIN:
            if (w->depth > RK_FDT_DEPTH)
                return false;
            w->lengths[w->depth++] = strlen(w->path);
            rk_text_append(w->path, sizeof w->path, "%s%s", w->depth > 1 ? "/" : "", item->name);
            break;
        case RK_FDT_END:
            if (w->depth == 0)
                return false;
            w->path[w->lengths[--w->depth]] = '\0';
            break;
        case RK_FDT_PROPERTY:
            return true;
        default:
            return false;
        }
    }
}

static bool begin(struct walk *w, const uint8_t *data, size_t len)
{
    *w = (struct walk){.at = 0};
    return rk_fdt_open(data, len, &w->tree) && rk_fdt_sound(&w->tree);
}

static bool is_secret(const struct rk_fdt_item *item)
{
    return strcmp(item->name, "pwd") == 0;
}

/* What is about this module rather than about its board. */
static bool is_personal(const char *path)
{
    return strncmp(path, "/wifi", 5) == 0 || strncmp(path, "/bluetooth", 10) == 0;
}

void rk_view_tree_text(struct rk_view *view, const uint8_t *data, size_t len)
{
    struct rk_fdt_item item;
    char value[VALUE_MAX], name[VALUE_MAX];
    struct walk w;

    if (!begin(&w, data, len))
        return;
    rk_view_put(view, "\nDevice tree%s\n", view->verbose ? "" : " (radio; -v shows all of it)");
    while (next_property(&w, &item)) {
        if (!view->verbose && !is_personal(w.path))
            continue;
        format_value(&item, value);
        rk_text_format(name, sizeof name, "%s/%s", w.path, item.name);
        rk_view_put(view, "  %-36s %s\n", name,
                    is_secret(&item) && !view->secrets ? "(masked)" : value);
    }
}

void rk_view_tree_json(struct rk_json *json, const uint8_t *data, size_t len, bool secrets)
{
    struct rk_fdt_item item;
    char value[VALUE_MAX], name[VALUE_MAX];
    struct walk w;

    rk_json_key(json, "device_tree");
    rk_json_array_begin(json);
    if (begin(&w, data, len)) {
        while (next_property(&w, &item)) {
            format_value(&item, value);
            rk_text_format(name, sizeof name, "%s/%s", w.path, item.name);
            rk_json_object_begin(json);
            rk_json_put_string(json, "path", name);
            if (is_secret(&item) && !secrets)
                rk_json_put_null(json, "value");
            else
                rk_json_put_string(json, "value", value);
            rk_json_object_end(json);
        }
    }
    rk_json_array_end(json);
}
