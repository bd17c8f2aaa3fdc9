#include "config/tuya_value.h"

#include "base/text.h"
#include "config/loose.h"
#include "config/secrets.h"

#include <string.h>

static bool hide_member(void *user, const char *member)
{
    return rk_secret_member(user, member);
}

static void put_hidden(struct rk_json *json, const struct rk_tuya_key *key)
{
    char text[48];

    rk_text_format(text, sizeof text, "(hidden, %u bytes)", (unsigned)key->length);
    rk_json_string(json, text);
}

/* Writes parsed text; false if it cannot be parsed. */
static bool put_parsed(struct rk_json *json, const struct rk_tuya_key *key, bool show_secrets)
{
    struct rk_arena arena = {0};
    char name[128];
    bool repaired;
    const struct rk_loose *value =
        rk_loose_parse(&arena, (const char *)key->value, key->text_length, &repaired);

    rk_text_copy(name, sizeof name, key->name);
    if (value)
        rk_loose_write(json, value, show_secrets ? NULL : hide_member, name);
    rk_arena_free(&arena);
    return value != NULL;
}

void rk_tuya_put_value(struct rk_json *json, const struct rk_tuya_key *key, bool show_secrets)
{
    if (key->secret && !show_secrets) {
        put_hidden(json, key);
        return;
    }
    if (key->kind == RK_VALUE_BINARY) {
        rk_json_hex(json, key->value, key->length);
        return;
    }
    if (key->kind == RK_VALUE_NUMBER && (key->value[0] != '0' || key->text_length == 1)) {
        int64_t value = 0;
        bool minus = key->value[0] == '-';
        for (uint32_t i = minus; i < key->text_length; i++)
            value = value * 10 + (key->value[i] - '0');
        rk_json_i64(json, minus ? -value : value);
        return;
    }
    if ((key->kind == RK_VALUE_JSON || key->kind == RK_VALUE_PINS) &&
        put_parsed(json, key, show_secrets))
        return;
    /* Text that should have been JSON may hide a secret anywhere. */
    if (key->kind == RK_VALUE_JSON && !show_secrets)
        put_hidden(json, key);
    else
        rk_json_string_n(json, (const char *)key->value, key->text_length);
}

static bool members_hold_secret(const char *key, const struct rk_loose *value)
{
    for (const struct rk_loose *m = value->first; m; m = m->next)
        if ((m->kind != RK_LOOSE_NULL && rk_secret_member(key, m->key)) ||
            members_hold_secret(key, m))
            return true;
    return false;
}

bool rk_tuya_has_secret(const struct rk_tuya_key *key)
{
    struct rk_arena arena = {0};
    bool repaired, found = key->secret;

    if (!found && key->kind == RK_VALUE_JSON) {
        const struct rk_loose *value =
            rk_loose_parse(&arena, (const char *)key->value, key->text_length, &repaired);
        found = !value || members_hold_secret(key->name, value);
    }
    rk_arena_free(&arena);
    return found;
}
