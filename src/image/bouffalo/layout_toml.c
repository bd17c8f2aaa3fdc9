/* The TOML that the vendor's tools make partition tables of: a small part of the language, one
 * statement a line. */
#include "image/bouffalo/layout.h"

#include "base/text.h"

#include <string.h>

#define LINE_MAX 160

struct reader {
    struct rk_bfl_table *table;
    unsigned line;
    bool in_entry;
    unsigned have; /* bits of the keys of this entry */
    struct rk_error *err;
};

/* Keys of an entry; the first eight have no default. */
enum { TYPE, NAME, DEVICE, ADDRESS0, SIZE0, ADDRESS1, SIZE1, LEN, ACTIVE, AGE, KEYS };
#define KEYS_NEEDED 8
static const char *const keys[KEYS] = {"type",     "name",  "device", "address0",    "size0",
                                       "address1", "size1", "len",    "activeindex", "age"};

static enum rk_status complain(struct reader *r, const char *what, const char *text)
{
    rk_fail(r->err, RK_ERR_IMAGE_FORMAT, "bl602.toml", "line %u: %s%s%s", r->line, what,
            text ? ": " : "", text ? text : "");
    rk_error_hint(r->err, "a partition table looks like the vendor's partition_cfg_2M.toml: "
                          "[[pt_entry]] with type, name, device, address0, size0, address1, size1, "
                          "len");
    return RK_ERR_IMAGE_FORMAT;
}

static enum rk_status finish_entry(struct reader *r)
{
    if (r->in_entry) {
        for (size_t i = 0; i < KEYS_NEEDED; i++)
            if (!(r->have & 1u << i))
                return complain(r, "the entry that ends here lacks a key", keys[i]);
        r->table->count++;
    }
    r->in_entry = false;
    r->have = 0;
    return RK_OK;
}

static enum rk_status section(struct reader *r, const char *text)
{
    enum rk_status status = finish_entry(r);

    if (status != RK_OK)
        return status;
    if (strcmp(text, "[[pt_entry]]") == 0) {
        if (r->table->count == RK_BFL_PART_MAX)
            return complain(r, "more than 16 entries", NULL);
        r->table->parts[r->table->count] = (struct rk_bfl_part){0};
        r->in_entry = true;
        return RK_OK;
    }
    return strcmp(text, "[pt_table]") == 0 ? RK_OK : complain(r, "unknown section", text);
}

/* What the table can be written back with. */
static bool is_plain(char c)
{
    return c >= 0x20 && c <= 0x7E && !strchr("\"'\\", c);
}

static enum rk_status set_name(struct reader *r, const char *value)
{
    size_t len = strlen(value);
    struct rk_bfl_part *part = &r->table->parts[r->table->count];

    if (len < 2 || (value[0] != '"' && value[0] != '\'') || value[len - 1] != value[0])
        return complain(r, "a name stands in quotes", value);
    if (len - 2 == 0 || len - 2 > 8)
        return complain(r, "a name has 1 to 8 characters", value);
    for (size_t i = 1; i < len - 1; i++)
        if (!is_plain(value[i]))
            return complain(r, "a name has letters, digits and the like only", value);
    rk_text_format(part->name, sizeof part->name, "%.*s", (int)(len - 2), value + 1);
    return RK_OK;
}

static enum rk_status set_number(struct reader *r, size_t key, const char *value)
{
    struct rk_bfl_part *part = &r->table->parts[r->table->count];
    uint64_t max = key == TYPE || key == DEVICE || key == ACTIVE ? 255 : UINT32_MAX, number = 0;
    struct rk_error why;

    if (rk_parse_u64(value, max, &number, &why) != RK_OK)
        return complain(r, "this is no number that fits", value);
    switch (key) {
    case TYPE:
        part->type = (uint8_t)number;
        break;
    case ACTIVE:
        part->active = (uint8_t)number;
        break;
    case ADDRESS0:
    case ADDRESS1:
        part->addr[key == ADDRESS1] = (uint32_t)number;
        break;
    case SIZE0:
    case SIZE1:
        part->max_len[key == SIZE1] = (uint32_t)number;
        break;
    case LEN:
        part->len = (uint32_t)number;
        break;
    case AGE:
        part->age = (uint32_t)number;
        break;
    default:
        break;
    }
    return RK_OK;
}

/* The fixed places of the two copies: other ones are not read by any loader of the BL602. */
static enum rk_status table_key(struct reader *r, const char *key, const char *value)
{
    static const struct {
        const char *key;
        uint64_t value;
    } fixed[] = {{"address0", RK_BFL_TABLE_0}, {"address1", RK_BFL_TABLE_1}};
    uint64_t number = 0;
    struct rk_error why;

    for (size_t i = 0; i < 2; i++)
        if (strcmp(key, fixed[i].key) == 0 &&
            (rk_parse_u64(value, UINT32_MAX, &number, &why) != RK_OK || number != fixed[i].value))
            return complain(r, "the tables of a BL602 are at 0xE000 and 0xF000, not at", value);
    return RK_OK;
}

static enum rk_status assignment(struct reader *r, char *text)
{
    char *equals = strchr(text, '='), *key_end = equals, *value;

    if (!equals)
        return complain(r, "this is no assignment", text);
    while (key_end > text && (key_end[-1] == ' ' || key_end[-1] == '\t'))
        key_end--;
    *key_end = '\0';
    for (value = equals + 1; *value == ' ' || *value == '\t';)
        value++;
    if (!r->in_entry)
        return table_key(r, text, value);
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(text, keys[i]) != 0)
            continue;
        if (r->have & 1u << i)
            return complain(r, "the key is there twice", text);
        r->have |= 1u << i;
        return i == NAME ? set_name(r, value) : set_number(r, i, value);
    }
    return RK_OK; /* "header", "security": for the vendor's tool, not for the table */
}

/* Without the comment and the blanks around. */
static char *trimmed(char *line)
{
    char quote = '\0', *end = line;

    while (*line == ' ' || *line == '\t')
        line++;
    for (end = line; *end && (quote || *end != '#'); end++) {
        if (quote ? *end == quote : *end == '"' || *end == '\'')
            quote = quote ? '\0' : *end;
    }
    while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *end = '\0';
    return line;
}

enum rk_status rk_bfl_layout_from_toml(const char *text, size_t len, struct rk_bfl_table *out,
                                       struct rk_error *err)
{
    struct reader r = {.table = out, .err = err};
    enum rk_status status = RK_OK;
    char line[LINE_MAX], *words;

    *out = (struct rk_bfl_table){0};
    for (size_t at = 0; at < len && status == RK_OK;) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t span = newline ? (size_t)(newline - text) - at : len - at;

        r.line++;
        if (span >= sizeof line || memchr(text + at, '\0', span))
            return complain(&r, "this is no text of a partition table", NULL);
        memcpy(line, text + at, span);
        line[span] = '\0';
        at += span + 1;
        words = trimmed(line);
        if (words[0])
            status = words[0] == '[' ? section(&r, words) : assignment(&r, words);
    }
    if (status == RK_OK)
        status = finish_entry(&r);
    if (status == RK_OK && out->count == 0)
        return complain(&r, "there is no [[pt_entry]]", NULL);
    return status;
}

/* A name that is right inside of quotes; what no sensible table has becomes '?'. */
static void plain_name(const char *name, char out[10])
{
    size_t i = 0;

    for (; i < 9 && name[i]; i++)
        out[i] = name[i];
    out[i] = '\0';
    for (i = 0; out[i]; i++)
        if (!is_plain(out[i]))
            out[i] = '?';
    if (i == 0)
        out[i++] = '?';
    out[i < 8 ? i : 8] = '\0';
}

void rk_bfl_layout_to_toml(const struct rk_bfl_table *table, struct rk_buffer *out)
{
    rk_buffer_put(out, "[pt_table]\naddress0 = 0x%X\naddress1 = 0x%X\n", RK_BFL_TABLE_0,
                  RK_BFL_TABLE_1);
    for (size_t i = 0; i < table->count; i++) {
        const struct rk_bfl_part *p = &table->parts[i];
        char name[10];

        plain_name(p->name, name);
        rk_buffer_put(out,
                      "\n[[pt_entry]]\ntype = %u\nname = \"%s\"\ndevice = 0\naddress0 = 0x%X\n"
                      "size0 = 0x%X\naddress1 = 0x%X\nsize1 = 0x%X\nlen = %u\n",
                      p->type, name, p->addr[0], p->max_len[0], p->addr[1], p->max_len[1], p->len);
        if (p->active)
            rk_buffer_put(out, "activeindex = %u\n", p->active);
        if (p->age)
            rk_buffer_put(out, "age = %u\n", p->age);
    }
}
