#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void rk_json_init(struct rk_json *json, rk_json_sink *sink, void *user, bool pretty)
{
    memset(json, 0, sizeof *json);
    json->sink = sink;
    json->user = user;
    json->pretty = pretty;
}

static void put(struct rk_json *json, const char *text, size_t len)
{
    if (!json->failed && len && !json->sink(json->user, text, len))
        json->failed = true;
}

static void put_text(struct rk_json *json, const char *text)
{
    put(json, text, strlen(text));
}

static void new_line(struct rk_json *json)
{
    if (!json->pretty)
        return;
    put_text(json, "\n");
    for (unsigned i = 0; i < json->indent + json->depth; i++)
        put_text(json, "  ");
}

/* Separator and indentation in front of a value or key. */
static void begin_value(struct rk_json *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->depth == 0)
        return;
    if (json->has_member[json->depth - 1])
        put_text(json, ",");
    json->has_member[json->depth - 1] = true;
    new_line(json);
}

static void open_level(struct rk_json *json, const char *bracket)
{
    begin_value(json);
    put_text(json, bracket);
    if (json->depth >= RK_JSON_DEPTH) {
        json->failed = true;
        return;
    }
    json->has_member[json->depth++] = false;
}

static void close_level(struct rk_json *json, const char *bracket)
{
    if (json->depth == 0) {
        json->failed = true;
        return;
    }
    bool had = json->has_member[--json->depth];
    if (had)
        new_line(json);
    put_text(json, bracket);
}

void rk_json_object_begin(struct rk_json *json)
{
    open_level(json, "{");
}

void rk_json_object_end(struct rk_json *json)
{
    close_level(json, "}");
}

void rk_json_array_begin(struct rk_json *json)
{
    open_level(json, "[");
}

void rk_json_array_end(struct rk_json *json)
{
    close_level(json, "]");
}

/* Bytes of the UTF-8 sequence at p, 0 if it is not one. */
static size_t sequence_length(const unsigned char *p, size_t len)
{
    static const unsigned char lowest[5] = {0, 0, 0xC2, 0xE0, 0xF0};
    size_t n = p[0] < 0x80   ? 1
               : p[0] < 0xC2 ? 0
               : p[0] < 0xE0 ? 2
               : p[0] < 0xF0 ? 3
               : p[0] < 0xF5 ? 4
                             : 0;
    if (n < 2 || n > len || p[0] < lowest[n])
        return n == 1 ? 1 : 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return n;
}

static void put_escape(struct rk_json *json, unsigned char c)
{
    char text[8];

    switch (c) {
    case '"':
        put_text(json, "\\\"");
        return;
    case '\\':
        put_text(json, "\\\\");
        return;
    case '\n':
        put_text(json, "\\n");
        return;
    case '\r':
        put_text(json, "\\r");
        return;
    case '\t':
        put_text(json, "\\t");
        return;
    default:
        snprintf(text, sizeof text, "\\u%04x", c);
        put_text(json, text);
    }
}

static void put_quoted(struct rk_json *json, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    put_text(json, "\"");
    for (size_t i = 0; i < len;) {
        size_t n = sequence_length(p + i, len - i);
        if (n == 0) {
            put_text(json, "\xEF\xBF\xBD");
            i++;
        } else if (n == 1 && (p[i] < 0x20 || p[i] == '"' || p[i] == '\\' || p[i] == 0x7F)) {
            put_escape(json, p[i]);
            i++;
        } else {
            put(json, text + i, n);
            i += n;
        }
    }
    put_text(json, "\"");
}

void rk_json_key(struct rk_json *json, const char *key)
{
    begin_value(json);
    put_quoted(json, key, strlen(key));
    put_text(json, json->pretty ? ": " : ":");
    json->after_key = true;
}

void rk_json_string_n(struct rk_json *json, const char *text, size_t len)
{
    begin_value(json);
    put_quoted(json, text, len);
}

void rk_json_string(struct rk_json *json, const char *text)
{
    if (!text) {
        rk_json_null(json);
        return;
    }
    rk_json_string_n(json, text, strlen(text));
}

void rk_json_u64(struct rk_json *json, uint64_t value)
{
    char text[24];

    begin_value(json);
    snprintf(text, sizeof text, "%" PRIu64, value);
    put_text(json, text);
}

void rk_json_i64(struct rk_json *json, int64_t value)
{
    char text[24];

    begin_value(json);
    snprintf(text, sizeof text, "%" PRId64, value);
    put_text(json, text);
}

void rk_json_real(struct rk_json *json, double value, unsigned decimals)
{
    char text[64];

    if (!(fabs(value) <= 1e15)) {
        rk_json_null(json);
        return;
    }
    begin_value(json);
    snprintf(text, sizeof text, "%.*f", (int)(decimals < 12 ? decimals : 12), value);
    for (char *p = text; *p; p++)
        if (*p == ',')
            *p = '.';
    put_text(json, text);
}

void rk_json_bool(struct rk_json *json, bool value)
{
    begin_value(json);
    put_text(json, value ? "true" : "false");
}

void rk_json_null(struct rk_json *json)
{
    begin_value(json);
    put_text(json, "null");
}

void rk_json_hex(struct rk_json *json, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    begin_value(json);
    put_text(json, "\"");
    for (size_t i = 0; i < len; i++) {
        char pair[2] = {digits[data[i] >> 4], digits[data[i] & 15]};
        put(json, pair, 2);
    }
    put_text(json, "\"");
}

void rk_json_raw(struct rk_json *json, const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
        len--;
    if (len == 0) {
        rk_json_null(json);
        return;
    }
    begin_value(json);
    put(json, text, len);
}

void rk_json_put_string(struct rk_json *json, const char *key, const char *text)
{
    rk_json_key(json, key);
    rk_json_string(json, text);
}

void rk_json_put_u64(struct rk_json *json, const char *key, uint64_t value)
{
    rk_json_key(json, key);
    rk_json_u64(json, value);
}

void rk_json_put_bool(struct rk_json *json, const char *key, bool value)
{
    rk_json_key(json, key);
    rk_json_bool(json, value);
}

void rk_json_put_real(struct rk_json *json, const char *key, double value, unsigned decimals)
{
    rk_json_key(json, key);
    rk_json_real(json, value, decimals);
}

void rk_json_put_null(struct rk_json *json, const char *key)
{
    rk_json_key(json, key);
    rk_json_null(json);
}

void rk_json_put_hex(struct rk_json *json, const char *key, const uint8_t *data, size_t len)
{
    rk_json_key(json, key);
    rk_json_hex(json, data, len);
}

bool rk_json_finish(struct rk_json *json)
{
    put_text(json, "\n");
    return !json->failed && json->depth == 0;
}
