#include "store_keys.h"

#include "base/text.h"

#include <rekindle/easyflash.h>

#include <stdlib.h>
#include <string.h>

#define SHOWN 48u /* bytes of a value */

static void show_key(const uint8_t *data, const struct rk_store_key *key, bool secrets,
                     struct text *text, struct rk_json *json)
{
    char value[4 * SHOWN + 4];
    size_t shown = key->length < SHOWN ? key->length : SHOWN;
    bool masked = !secrets && !key->harmless;

    rk_text_escape(value, sizeof value, data + key->offset, shown);
    rk_json_object_begin(json);
    rk_json_put_string(json, "name", key->name);
    rk_json_put_u64(json, "address", key->offset);
    rk_json_put_u64(json, "length", key->length);
    rk_json_put_bool(json, "masked", masked);
    if (masked)
        rk_json_put_null(json, "value");
    else
        rk_json_put_string(json, "value", value);
    rk_json_object_end(json);
    text_printf(text, "  %-20s %5u bytes at 0x%06X  %s%s\n", key->name, key->length, key->offset,
                masked ? "(masked)" : value, !masked && shown < key->length ? " .." : "");
}

size_t store_keys_show(const uint8_t *data, size_t len, bool secrets, struct text *text,
                       struct rk_json *json)
{
    size_t count = rk_store_keys(data, len, NULL, 0);
    struct rk_store_key *keys = count ? calloc(count, sizeof *keys) : NULL;

    rk_json_key(json, "store_keys");
    rk_json_array_begin(json);
    if (keys) {
        rk_store_keys(data, len, keys, count);
        for (size_t i = 0; i < count; i++)
            show_key(data, &keys[i], secrets, text, json);
    }
    rk_json_array_end(json);
    free(keys);
    return count;
}
