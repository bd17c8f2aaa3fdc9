#include "config/secret_list.h"

#include "config/loose.h"
#include "config/secrets.h"

#include <mbedtls/base64.h>
#include <string.h>

void rk_secrets_add(struct rk_secret_list *list, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].len == len && memcmp(list->items[i].bytes, bytes, len) == 0)
            return;
    char *copy = list->count < RK_SECRETS_MAX ? rk_arena_copy(&list->arena, bytes, len) : NULL;
    if (!copy) {
        list->failed = true;
        return;
    }
    list->items[list->count].bytes = (const uint8_t *)copy;
    list->items[list->count++].len = len;
}

static void add_text(struct rk_secret_list *list, const char *text, size_t len)
{
    uint8_t plain[128];
    size_t n = 0;

    rk_secrets_add(list, text, len);
    if (len >= 8 && len % 4 == 0 && len <= 160 &&
        mbedtls_base64_decode(plain, sizeof plain, &n, (const uint8_t *)text, len) == 0)
        rk_secrets_add(list, plain, n);
}

static void add_members(struct rk_secret_list *list, const char *key, const struct rk_loose *value)
{
    for (const struct rk_loose *m = value->first; m; m = m->next) {
        if (m->kind == RK_LOOSE_LIST || m->kind == RK_LOOSE_OBJECT)
            add_members(list, key, m);
        else if (m->kind != RK_LOOSE_NULL && rk_secret_member(key, m->key))
            add_text(list, m->text, m->length);
    }
}

/* Runs of printable characters: what a binary record such as ap_info_v2 holds. */
static void add_runs(struct rk_secret_list *list, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && p[i + n] >= 0x20 && p[i + n] < 0x7F)
            n++;
        if (n >= RK_SECRET_SEARCHED)
            rk_secrets_add(list, p + i, n);
        i += n + 1;
    }
}

void rk_secrets_of_key(struct rk_secret_list *list, const struct rk_tuya_key *key)
{
    bool repaired;

    if (key->secret) {
        rk_secrets_add(list, key->value, key->text_length);
        if (key->kind == RK_VALUE_BINARY)
            add_runs(list, key->value, key->length);
    }
    if (key->kind == RK_VALUE_BINARY)
        return;
    const struct rk_loose *value =
        rk_loose_parse(&list->arena, (const char *)key->value, key->text_length, &repaired);
    if (value)
        add_members(list, key->name, value);
}

static void add_item(void *user, const struct rk_obk_item *item)
{
    if (item->secret)
        rk_secrets_add(user, item->value, strlen(item->value));
}

void rk_secrets_of_obk(struct rk_secret_list *list, const struct rk_obk *obk)
{
    rk_obk_visit(obk, add_item, list);
}

static const uint8_t *find(const uint8_t *data, size_t len, const uint8_t *what, size_t what_len)
{
    for (size_t i = 0; i + what_len <= len;) {
        const uint8_t *hit = memchr(data + i, what[0], len - i - what_len + 1);
        if (!hit)
            return NULL;
        if (memcmp(hit, what, what_len) == 0)
            return hit;
        i = (size_t)(hit - data) + 1;
    }
    return NULL;
}

size_t rk_secrets_mask(const struct rk_secret_list *list, uint8_t *data, size_t len)
{
    size_t count = 0;

    for (size_t s = 0; s < list->count; s++) {
        const uint8_t *what = list->items[s].bytes;
        size_t n = list->items[s].len, at = 0;
        while (n >= RK_SECRET_SEARCHED && at < len) {
            const uint8_t *hit = find(data + at, len - at, what, n);
            if (!hit)
                break;
            at = (size_t)(hit - data);
            memset(data + at, 'x', n);
            at += n;
            count++;
        }
    }
    return count;
}

bool rk_secrets_in(const struct rk_secret_list *list, const uint8_t *data, size_t len)
{
    for (size_t s = 0; s < list->count; s++)
        if (list->items[s].len >= RK_SECRET_SEARCHED &&
            find(data, len, list->items[s].bytes, list->items[s].len))
            return true;
    return false;
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Fills the value that begins at `at`: a text in quotes, or a word up to the next mark. */
static size_t mask_value(uint8_t *text, size_t len, size_t at)
{
    while (at < len && text[at] == ' ')
        at++;
    bool quoted = at < len && text[at] == '"';
    if (!quoted && len - at >= 4 && memcmp(text + at, "null", 4) == 0)
        return at + 4;
    for (at += quoted; at < len; at++) {
        if (quoted ? text[at] == '"' : text[at] == ',' || text[at] == '}' || text[at] == ']')
            break;
        if (quoted && text[at] == '\\' && at + 1 < len)
            text[at++] = 'x';
        text[at] = 'x';
    }
    return at + (quoted && at < len);
}

void rk_secrets_mask_members(const char *key, uint8_t *text, size_t len)
{
    char word[48];

    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && is_word(text[i + n]))
            n++;
        if (n == 0) {
            i++;
            continue;
        }
        size_t end = i + n, at = end;
        while (at < len && (text[at] == '"' || text[at] == ' '))
            at++;
        if (n < sizeof word && at < len && text[at] == ':') {
            memcpy(word, text + i, n);
            word[n] = '\0';
            if (rk_secret_member(key, word))
                end = mask_value(text, len, at + 1);
        }
        i = end;
    }
}

void rk_secrets_free(struct rk_secret_list *list)
{
    rk_arena_free(&list->arena);
    list->count = 0;
}
