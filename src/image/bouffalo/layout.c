#include "image/bouffalo/layout.h"

#include "base/text.h"

#include <string.h>

bool rk_bfl_layout_named(const char *name, struct rk_bfl_table *out)
{
    *out = (struct rk_bfl_table){0};
    for (size_t i = 0; i < rk_bfl_layout_entry_count; i++)
        if (rk_text_same(rk_bfl_layout_entries[i].layout, name))
            out->parts[out->count++] = rk_bfl_layout_entries[i].part;
    return out->count > 0;
}

const char *rk_bfl_layout_for(uint32_t flash_size, struct rk_bfl_table *out)
{
    const struct rk_bfl_layout_entry *best = NULL;

    for (size_t i = 0; i < rk_bfl_layout_entry_count; i++) {
        const struct rk_bfl_layout_entry *e = &rk_bfl_layout_entries[i];

        if (e->flash_size <= flash_size && (!best || e->flash_size > best->flash_size))
            best = e;
    }
    return best && rk_bfl_layout_named(best->layout, out) ? best->layout : NULL;
}

void rk_bfl_layout_names(char *out, size_t cap)
{
    const char *last = "";

    out[0] = '\0';
    for (size_t i = 0; i < rk_bfl_layout_entry_count; i++) {
        if (strcmp(rk_bfl_layout_entries[i].layout, last) == 0)
            continue;
        rk_text_append(out, cap, "%s%s", last[0] ? ", " : "", rk_bfl_layout_entries[i].layout);
        last = rk_bfl_layout_entries[i].layout;
    }
}

enum rk_status rk_bfl_layout_read(const uint8_t *data, size_t len, struct rk_bfl_table *out,
                                  struct rk_error *err)
{
    if (len >= 4 && memcmp(data, "BFPT", 4) == 0) {
        if (rk_bfl_table_read(data, len, out))
            return RK_OK;
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.layout", "the partition table is damaged");
        rk_error_hint(err, "its CRCs are wrong, or it is cut short: make it again from its TOML");
        return RK_ERR_IMAGE_FORMAT;
    }
    return rk_bfl_layout_from_toml((const char *)data, len, out, err);
}
