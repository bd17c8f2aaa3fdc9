/* Where a product comes from: a storage, a pin text, a file of other tools. */
#include "config/product.h"

#include "base/text.h"

#include <string.h>

/* Names of the old nested form, after joining, and what the flat form calls them. */
static const struct {
    const char *from, *to;
} old_names[] = {
    {"dltj_ct", "chip_type"},
    {"dltj_ivcpin_pin", "sel_pin_pin"},
    {"dltj_ivcpin_lv", "sel_pin_lv"},
    {"dltj_ivpin_pin", "vi_pin"},
    {"dltj_epin_pin", "ele_pin"},
    {"dltj_ri", "resistor"},
    {"ch_0_bt", "bt1"},
    {"ch_1_bt", "bt2"},
    {"ch_2_bt", "bt3"},
    {"ch_3_bt", "bt4"},
    {"ch_0_rl", "rl1"},
    {"ch_1_rl", "rl2"},
    {"ch_2_rl", "rl3"},
    {"ch_3_rl", "rl4"},
    {"net_wfst", "netled"},
};

static void rename_old(char *name, size_t cap)
{
    char tail[96];
    size_t n = strlen(name);

    if (strncmp(name, "sw_", 3) == 0)
        memmove(name, name + 3, n - 2);
    n = strlen(name);
    if (n > 6 && strcmp(name + n - 6, "_value") == 0)
        name[n - 6] = '\0';
    for (size_t i = 0; i < sizeof old_names / sizeof old_names[0]; i++) {
        size_t from = strlen(old_names[i].from);
        if (strncmp(name, old_names[i].from, from) != 0)
            continue;
        rk_text_copy(tail, sizeof tail, name + from);
        rk_text_format(name, cap, "%s%s", old_names[i].to, tail);
        return;
    }
}

static bool add_flat(struct rk_arena *arena, struct rk_loose *out, const struct rk_loose *value,
                     const char *path)
{
    char name[96];
    unsigned position = 0;

    for (const struct rk_loose *m = value->first; m; m = m->next, position++) {
        rk_text_copy(name, sizeof name, path);
        if (value->kind == RK_LOOSE_LIST)
            rk_text_append(name, sizeof name, "%s%u", name[0] ? "_" : "", position);
        else
            rk_text_append(name, sizeof name, "%s%s", name[0] ? "_" : "", m->key);
        if (m->kind == RK_LOOSE_OBJECT || m->kind == RK_LOOSE_LIST) {
            if (!add_flat(arena, out, m, name))
                return false;
            continue;
        }
        rename_old(name, sizeof name);
        const char *key = rk_arena_copy(arena, name, strlen(name));
        struct rk_loose *copy = key ? rk_loose_add(arena, out, key) : NULL;
        if (!copy)
            return false;
        copy->kind = m->kind == RK_LOOSE_BOOL ? RK_LOOSE_NUMBER : m->kind;
        copy->number = m->number;
        copy->text = m->kind != RK_LOOSE_BOOL ? m->text : m->number ? "1" : "0";
        copy->length = strlen(copy->text);
    }
    return true;
}

const struct rk_loose *rk_pins_flatten(struct rk_arena *arena, const struct rk_loose *pins)
{
    const struct rk_loose *sw = rk_loose_get(pins, "sw");

    if (!sw || sw->kind != RK_LOOSE_OBJECT)
        return pins;
    struct rk_loose *out = rk_arena_alloc(arena, sizeof *out);
    if (!out)
        return NULL;
    out->kind = RK_LOOSE_OBJECT;
    out->key = out->text = "";
    return add_flat(arena, out, pins, "") ? out : NULL;
}

/* The member as an object: as it is, or parsed if it is kept as text. */
static const struct rk_loose *object_member(struct rk_arena *arena, const struct rk_loose *root,
                                            const char *key)
{
    const struct rk_loose *m = rk_loose_get(root, key);
    bool repaired;

    if (m && m->kind == RK_LOOSE_TEXT)
        m = rk_loose_parse(arena, m->text, m->length, &repaired);
    return m && m->kind == RK_LOOSE_OBJECT ? m : NULL;
}

static bool has_any(const struct rk_loose *object, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rk_loose_get(object, keys[i]))
            return true;
    return false;
}

bool rk_product_source_of_text(struct rk_arena *arena, const char *text, size_t len,
                               struct rk_product_source *source)
{
    static const char *const of_storage[] = {"gw_bi", "user_param_key", "gw_di", "gw_wsm"};
    static const char *const of_pins[] = {"Jsonver", "jv", "crc", "sw", "module"};
    bool repaired;
    const struct rk_loose *root = rk_loose_parse(arena, text, len, &repaired), *pins = NULL;

    memset(source, 0, sizeof *source);
    if (!root || root->kind != RK_LOOSE_OBJECT)
        return false;
    if (rk_loose_get(root, "device_configuration") ||
        (rk_loose_get(root, "schemas") && rk_loose_get(root, "profiles"))) {
        pins = object_member(arena, root, "device_configuration");
        source->profiles = rk_loose_get(root, "profiles");
    } else if (has_any(root, of_storage, sizeof of_storage / sizeof of_storage[0])) {
        pins = object_member(arena, root, "user_param_key");
        source->platform = rk_loose_text(root, "em_sys_env");
        source->baud = object_member(arena, root, "baud_cfg");
        source->uart = object_member(arena, root, "uart_adapt_params");
        source->device = object_member(arena, root, "gw_di");
    } else if (has_any(root, of_pins, sizeof of_pins / sizeof of_pins[0])) {
        pins = root;
    } else {
        return false;
    }
    source->pins = pins ? rk_pins_flatten(arena, pins) : NULL;
    return true;
}
