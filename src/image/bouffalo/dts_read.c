/* Device tree source as the factory parameters of the BL602 are written in it: nodes, properties,
 * strings, cells, bytes, labels. What refers to something elsewhere is refused by name. */
#include "image/bouffalo/device_tree.h"

#include "base/bytes.h"
#include "base/text.h"

#include <string.h>

#define SOURCE_MAX (256u << 10)

struct source {
    const char *text;
    size_t len, at;
    unsigned line;
    struct rk_dt *tree;
    struct rk_error *err;
    enum rk_status status;
    uint8_t *value; /* of the property in hand, as large as the text */
    uint32_t used;
};

static bool complain(struct source *s, const char *what)
{
    if (s->status != RK_OK)
        return false;
    s->status = rk_fail(s->err, RK_ERR_IMAGE_FORMAT, "bl602.tree",
                        "line %u of the device tree source: %s", s->line, what);
    return false;
}

static bool no_memory(struct source *s)
{
    s->status = rk_fail(s->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    return false;
}

static int peek(const struct source *s)
{
    return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static bool starts(const struct source *s, const char *word)
{
    size_t n = strlen(word);

    return n <= s->len - s->at && memcmp(s->text + s->at, word, n) == 0;
}

/* Over blanks and both kinds of comments. */
static void skip(struct source *s)
{
    for (;;) {
        if (starts(s, "//")) {
            while (s->at < s->len && s->text[s->at] != '\n')
                s->at++;
        } else if (starts(s, "/*")) {
            for (s->at += 2; s->at < s->len && !starts(s, "*/"); s->at++)
                s->line += s->text[s->at] == '\n';
            s->at += s->at < s->len ? 2 : 0;
        } else if (s->at < s->len && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at]) {
            s->line += s->text[s->at++] == '\n';
        } else {
            return;
        }
    }
}

static bool expect(struct source *s, char c)
{
    char what[] = "'?' is missing";

    skip(s);
    if (peek(s) == c) {
        s->at++;
        return true;
    }
    what[1] = c;
    return complain(s, what);
}

static bool is_name_char(int c)
{
    return c > 0 && strchr(RK_DT_NAME_CHARS, c);
}

static size_t name_length(const struct source *s)
{
    size_t n = 0;

    while (s->at + n < s->len && is_name_char((unsigned char)s->text[s->at + n]))
        n++;
    return n;
}

/* ---- values ---- */

static void add_byte(struct source *s, unsigned value)
{
    s->value[s->used++] = (uint8_t)value;
}

static int hex_digit(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool read_escape(struct source *s)
{
    static const char names[] = "ntr\"\\0", codes[] = "\n\t\r\"\\";
    int c = peek(s);
    const char *known = c > 0 ? strchr(names, c) : NULL;

    if (c == 'x' && s->at + 2 < s->len && hex_digit(s->text[s->at + 1]) >= 0 &&
        hex_digit(s->text[s->at + 2]) >= 0) {
        add_byte(s, (unsigned)(hex_digit(s->text[s->at + 1]) * 16 + hex_digit(s->text[s->at + 2])));
        s->at += 3;
        return true;
    }
    if (!known)
        return complain(s, "unknown escape in a string");
    add_byte(s, (unsigned char)codes[known - names]);
    s->at++;
    return true;
}

static bool read_string(struct source *s)
{
    for (s->at++; peek(s) != '"';) {
        int c = peek(s);

        if (c < 0 || c == '\n' || c == 0)
            return complain(s, "a string without its end");
        s->at++;
        if (c != '\\')
            add_byte(s, (unsigned)c);
        else if (!read_escape(s))
            return false;
    }
    s->at++;
    add_byte(s, 0);
    return true;
}

static bool read_cells(struct source *s)
{
    for (s->at++;;) {
        char word[24];
        uint64_t number = 0;
        struct rk_error why;
        size_t n;

        skip(s);
        if (peek(s) == '>') {
            s->at++;
            return true;
        }
        n = name_length(s);
        if (n == 0 || n >= sizeof word)
            return complain(s, peek(s) == '&' ? "references are not supported"
                                              : "a number is expected between < and >");
        memcpy(word, s->text + s->at, n);
        word[n] = '\0';
        if (rk_parse_u64(word, UINT32_MAX, &number, &why) != RK_OK)
            return complain(s, "this is no number of 32 bits");
        s->at += n;
        rk_put_be32(s->value + s->used, (uint32_t)number);
        s->used += 4;
    }
}

static bool read_bytes(struct source *s)
{
    for (s->at++;;) {
        int high, low;

        skip(s);
        if (peek(s) == ']') {
            s->at++;
            return true;
        }
        high = hex_digit(peek(s));
        low = high >= 0 && s->at + 1 < s->len ? hex_digit(s->text[s->at + 1]) : -1;
        if (low < 0)
            return complain(s, "two hexadecimal digits are expected between [ and ]");
        add_byte(s, (unsigned)(high * 16 + low));
        s->at += 2;
    }
}

static bool read_values(struct source *s)
{
    for (;;) {
        skip(s);
        switch (peek(s)) {
        case '"':
            if (!read_string(s))
                return false;
            break;
        case '<':
            if (!read_cells(s))
                return false;
            break;
        case '[':
            if (!read_bytes(s))
                return false;
            break;
        default:
            return complain(s, "a value is expected: \"text\", <number> or [bytes]");
        }
        skip(s);
        if (peek(s) != ',')
            return true;
        s->at++;
    }
}

/* ---- nodes ---- */

static bool read_property(struct source *s, struct rk_dt_node *node, const char *name, size_t len)
{
    struct rk_dt_property *property = rk_dt_add_property(s->tree, node, name, len);

    s->used = 0;
    if (!property)
        return no_memory(s);
    if (peek(s) == '=') {
        s->at++;
        if (!read_values(s))
            return false;
    }
    property->value = (const uint8_t *)rk_arena_copy(&s->tree->arena, s->value, s->used);
    property->len = s->used;
    return property->value ? expect(s, ';') : no_memory(s);
}

/* One statement of a node's body: moves *node down or up, or adds a property. */
static bool read_statement(struct source *s, struct rk_dt_node **node, unsigned *depth)
{
    const char *name = s->text + s->at;
    size_t len = name_length(s);

    if (peek(s) == '}') {
        s->at++;
        *node = (*node)->parent;
        (*depth)--;
        return expect(s, ';');
    }
    if (len == 0)
        return complain(s, peek(s) == '/' || peek(s) == '&'
                               ? "directives and references are not supported"
                               : "the name of a node or of a property is expected");
    s->at += len;
    skip(s);
    if (peek(s) == ':') { /* a label: nothing can refer to it */
        s->at++;
        return true;
    }
    if (peek(s) != '{')
        return read_property(s, *node, name, len);
    s->at++;
    if (++*depth > RK_FDT_DEPTH)
        return complain(s, "nodes are nested too deeply");
    *node = rk_dt_add_node(s->tree, *node, name, len);
    return *node ? true : no_memory(s);
}

/* The vendor's sources include a file that is in no public tree, and their compiler skips the line.
 * Any other one would be missed. */
static bool skip_include(struct source *s)
{
    static const char line[] = "/include/ \"bl602_base.dtsi\"";

    skip(s);
    if (!starts(s, "/include/"))
        return true;
    if (!starts(s, line))
        return complain(s, "it includes another file: put that in here");
    s->at += sizeof line - 1;
    return expect(s, ';');
}

static bool read_source(struct source *s)
{
    struct rk_dt_node *node;
    unsigned depth = 1;

    skip(s);
    if (!starts(s, "/dts-v1/"))
        return complain(s, "it does not begin with /dts-v1/;");
    s->at += 8;
    if (!expect(s, ';') || !skip_include(s) || !expect(s, '/') || !expect(s, '{'))
        return false;
    node = rk_dt_add_node(s->tree, NULL, "", 0);
    if (!node)
        return no_memory(s);
    while (node) {
        skip(s);
        if (s->at >= s->len)
            return complain(s, "it ends inside of a node");
        if (!read_statement(s, &node, &depth))
            return false;
    }
    skip(s);
    return s->at == s->len ? true : complain(s, "there is something behind the end of the tree");
}

enum rk_status rk_dt_from_dts(const char *text, size_t len, struct rk_dt *out, struct rk_error *err)
{
    struct source s = {.text = text, .len = len, .line = 1, .tree = out, .err = err};

    *out = (struct rk_dt){0};
    if (len > SOURCE_MAX)
        return rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.tree",
                       "this is too long for the source of a device tree");
    /* No value is longer than its text, but for <0>, which becomes four bytes of three. */
    s.value = rk_arena_alloc(&out->arena, 4 * len + 8);
    if (!s.value)
        no_memory(&s);
    else
        read_source(&s);
    if (s.status != RK_OK)
        rk_dt_free(out);
    return s.status;
}
