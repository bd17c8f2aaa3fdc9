#include "config/loose.h"

#include "base/text.h"

#include <string.h>

struct reader {
    struct rk_arena *arena;
    const char *text;
    size_t len, at;
    bool repaired, no_memory;
};

struct rk_loose *rk_loose_add(struct rk_arena *arena, struct rk_loose *parent, const char *key)
{
    struct rk_loose *value = rk_arena_alloc(arena, sizeof *value);

    if (!value)
        return NULL;
    value->key = key;
    value->text = "";
    if (parent->last)
        parent->last->next = value;
    else
        parent->first = value;
    parent->last = value;
    return value;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

static bool is_mark(char c)
{
    return c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',';
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->len && is_blank(r->text[r->at])) {
        r->repaired |= r->text[r->at] == '\0';
        r->at++;
    }
}

static char peek(struct reader *r)
{
    skip_blanks(r);
    return r->at < r->len ? r->text[r->at] : '\0';
}

/* Four hex digits behind \u; false if they are not. */
static bool scan_hex4(const struct reader *r, size_t at, unsigned *out)
{
    *out = 0;
    if (at + 4 > r->len)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        char c = r->text[i];
        unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                            : 16u;
        if (d > 15)
            return false;
        *out = *out << 4 | d;
    }
    return true;
}

static size_t put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return c != 0;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Reads what stands behind a backslash; returns the bytes written (never more than were read). */
static size_t read_escape(struct reader *r, char *out)
{
    static const char from[] = "bfnrt\"\\/", to[] = "\b\f\n\r\t\"\\/";
    unsigned high, low;
    char c = r->text[r->at++];

    if (c == 'u' && scan_hex4(r, r->at, &high)) {
        r->at += 4;
        if (high >= 0xD800 && high < 0xDC00 && r->at + 6 <= r->len && r->text[r->at] == '\\' &&
            r->text[r->at + 1] == 'u' && scan_hex4(r, r->at + 2, &low) && low >= 0xDC00 &&
            low < 0xE000) {
            r->at += 6;
            return put_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
        }
        return put_utf8(out, high >= 0xD800 && high < 0xE000 ? 0xFFFDu : high);
    }
    const char *known = c ? strchr(from, c) : NULL;
    if (!known)
        r->repaired = true;
    out[0] = known ? to[known - from] : c;
    return out[0] != '\0';
}

/* A text in quotes. A missing closing quote ends it with the text. */
static const char *read_quoted(struct reader *r, size_t *length)
{
    size_t start = ++r->at, used = 0;

    while (r->at < r->len && r->text[r->at] != '"')
        r->at += r->text[r->at] == '\\' && r->at + 1 < r->len ? 2 : 1;
    size_t end = r->at < r->len ? r->at : r->len;
    char *out = rk_arena_alloc(r->arena, end - start + 1);
    if (!out) {
        r->no_memory = true;
        return "";
    }
    size_t stop = r->len;
    r->len = end;
    for (r->at = start; r->at < r->len;) {
        char c = r->text[r->at++];
        if (c == '\\' && r->at < r->len)
            used += read_escape(r, out + used);
        else if (c != '\0')
            out[used++] = c;
    }
    r->len = stop;
    r->at = end < stop ? end + 1 : end;
    r->repaired |= end == stop;
    *length = used;
    return out;
}

/* A word without quotes: everything up to the next mark, without the blanks around it. */
static const char *read_word(struct reader *r, size_t *length)
{
    size_t start = r->at, used = 0;

    while (r->at < r->len && !is_mark(r->text[r->at]))
        r->at++;
    size_t end = r->at;
    while (end > start && (is_blank(r->text[end - 1]) || r->text[end - 1] == '"'))
        end--;
    char *out = rk_arena_alloc(r->arena, end - start + 1);
    if (!out) {
        r->no_memory = true;
        return "";
    }
    for (size_t i = start; i < end; i++)
        if (r->text[i] != '\0')
            out[used++] = r->text[i];
    *length = used;
    return out;
}

/* A decimal number as JSON has it, without a fraction and small enough. */
static bool scan_number(const char *text, size_t len, int64_t *out)
{
    size_t i = len > 0 && text[0] == '-';
    int64_t value = 0;

    if (len == i || len - i > 18 || (text[i] == '0' && len > i + 1))
        return false;
    for (size_t k = i; k < len; k++) {
        if (text[k] < '0' || text[k] > '9')
            return false;
        value = value * 10 + (text[k] - '0');
    }
    *out = i ? -value : value;
    return true;
}

/* A JSON number with a fraction or an exponent. */
static bool is_real(const char *text)
{
    const char *p = text + (*text == '-');
    const char *digits = p;

    while (*p >= '0' && *p <= '9')
        p++;
    if (p == digits || (digits[0] == '0' && p > digits + 1))
        return false;
    if (*p == '.') {
        const char *fraction = ++p;
        while (*p >= '0' && *p <= '9')
            p++;
        if (p == fraction)
            return false;
    }
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        const char *exponent = p;
        while (*p >= '0' && *p <= '9')
            p++;
        if (p == exponent)
            return false;
    }
    return *p == '\0';
}

/* What a word without quotes is. In text without quoted names, 1.0 is a version, not a number. */
static void classify(struct rk_loose *value, bool strict)
{
    if (scan_number(value->text, value->length, &value->number)) {
        value->kind = RK_LOOSE_NUMBER;
    } else if (strcmp(value->text, "true") == 0 || strcmp(value->text, "false") == 0) {
        value->kind = RK_LOOSE_BOOL;
        value->number = value->text[0] == 't';
    } else if (strcmp(value->text, "null") == 0) {
        value->kind = RK_LOOSE_NULL;
    } else {
        value->kind = strict && is_real(value->text) ? RK_LOOSE_REAL : RK_LOOSE_TEXT;
    }
}

static void read_value(struct reader *r, struct rk_loose *value, unsigned depth, bool strict);

/* The name in front of a colon. */
static const char *read_name(struct reader *r, bool *quoted)
{
    size_t length;

    *quoted = peek(r) == '"';
    const char *name = *quoted ? read_quoted(r, &length) : read_word(r, &length);
    if (peek(r) == ':')
        r->at++;
    else
        r->repaired = true;
    return name;
}

static void read_members(struct reader *r, struct rk_loose *parent, unsigned depth, bool strict)
{
    char close = parent->kind == RK_LOOSE_OBJECT ? '}' : ']';

    r->at++;
    while (!r->no_memory) {
        char c = peek(r);
        if (r->at >= r->len) {
            r->repaired = true;
            return;
        }
        if (c == '}' || c == ']') {
            /* The other bracket closes this level, too: one is missing. */
            r->repaired |= c != close;
            if (c == close || depth > 0)
                r->at += c == close;
            else
                r->at++;
            return;
        }
        if (c == ',' || c == ':') {
            r->at++;
            continue;
        }
        bool quoted = strict;
        const char *key = close == '}' ? read_name(r, &quoted) : "";
        struct rk_loose *value = rk_loose_add(r->arena, parent, key);
        if (!value) {
            r->no_memory = true;
            return;
        }
        read_value(r, value, depth + 1, quoted);
    }
}

static void read_value(struct reader *r, struct rk_loose *value, unsigned depth, bool strict)
{
    char c = peek(r);

    if ((c == '{' || c == '[') && depth < RK_LOOSE_DEPTH) {
        value->kind = c == '{' ? RK_LOOSE_OBJECT : RK_LOOSE_LIST;
        read_members(r, value, depth, strict);
    } else if (c == '{' || c == '[') {
        r->at++;
        r->repaired = true;
    } else if (c == '"') {
        value->kind = RK_LOOSE_TEXT;
        value->text = read_quoted(r, &value->length);
    } else {
        value->text = read_word(r, &value->length);
        classify(value, strict);
    }
}

struct rk_loose *rk_loose_parse(struct rk_arena *arena, const char *text, size_t len,
                                bool *repaired)
{
    struct reader r = {.arena = arena, .text = text, .len = len};
    struct rk_loose *root = rk_arena_alloc(arena, sizeof *root);

    if (!root || (peek(&r) != '{' && peek(&r) != '['))
        return NULL;
    root->key = root->text = "";
    read_value(&r, root, 0, true);
    skip_blanks(&r);
    *repaired = r.repaired || r.at < r.len;
    return r.no_memory ? NULL : root;
}

const struct rk_loose *rk_loose_get(const struct rk_loose *object, const char *key)
{
    if (object && object->kind == RK_LOOSE_OBJECT)
        for (const struct rk_loose *m = object->first; m; m = m->next)
            if (strcmp(m->key, key) == 0)
                return m;
    return NULL;
}

bool rk_loose_number(const struct rk_loose *object, const char *key, int64_t *out)
{
    const struct rk_loose *m = rk_loose_get(object, key);
    int64_t value = 0;

    if (!m || m->kind == RK_LOOSE_LIST || m->kind == RK_LOOSE_OBJECT || m->kind == RK_LOOSE_NULL)
        return false;
    if (m->kind == RK_LOOSE_NUMBER || m->kind == RK_LOOSE_BOOL) {
        *out = m->number;
        return true;
    }
    if (m->length == 0 || m->length > 18)
        return false;
    for (size_t i = 0; i < m->length; i++) {
        if (m->text[i] < '0' || m->text[i] > '9')
            return false;
        value = value * 10 + (m->text[i] - '0');
    }
    *out = value;
    return true;
}

const char *rk_loose_text(const struct rk_loose *object, const char *key)
{
    const struct rk_loose *m = rk_loose_get(object, key);

    return m && m->kind == RK_LOOSE_TEXT ? m->text : NULL;
}

static void write_hidden(struct rk_json *json, const struct rk_loose *value)
{
    char text[48];

    if (value->kind == RK_LOOSE_NULL) {
        rk_json_null(json);
        return;
    }
    rk_text_format(text, sizeof text, "(hidden, %zu characters)", value->length);
    rk_json_string(json, text);
}

/* Writes a number with a fraction with as many decimals as it has; one with an exponent as text. */
static void write_real(struct rk_json *json, const char *text)
{
    const char *p = text + (*text == '-');
    double value = 0, scale = 1;
    unsigned decimals = 0;

    for (; *p >= '0' && *p <= '9'; p++)
        value = value * 10 + (*p - '0');
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++, decimals++) {
            value = value * 10 + (*p - '0');
            scale *= 10;
        }
    if (*p != '\0' || decimals > 12) {
        rk_json_string(json, text);
        return;
    }
    rk_json_real(json, (*text == '-' ? -value : value) / scale, decimals);
}

void rk_loose_write(struct rk_json *json, const struct rk_loose *value,
                    bool (*hide)(void *user, const char *member), void *user)
{
    bool object = value->kind == RK_LOOSE_OBJECT;

    switch (value->kind) {
    case RK_LOOSE_NULL:
        rk_json_null(json);
        return;
    case RK_LOOSE_BOOL:
        rk_json_bool(json, value->number != 0);
        return;
    case RK_LOOSE_NUMBER:
        rk_json_i64(json, value->number);
        return;
    case RK_LOOSE_REAL:
        write_real(json, value->text);
        return;
    case RK_LOOSE_TEXT:
        rk_json_string_n(json, value->text, value->length);
        return;
    default:
        break;
    }
    if (object)
        rk_json_object_begin(json);
    else
        rk_json_array_begin(json);
    for (const struct rk_loose *m = value->first; m; m = m->next) {
        if (object)
            rk_json_key(json, m->key);
        if (object && hide && hide(user, m->key))
            write_hidden(json, m);
        else
            rk_loose_write(json, m, hide, user);
    }
    if (object)
        rk_json_object_end(json);
    else
        rk_json_array_end(json);
}
