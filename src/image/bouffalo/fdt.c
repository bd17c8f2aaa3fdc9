#include "image/bouffalo/fdt.h"

#include "base/bytes.h"

#include <string.h>

#define MAGIC       0xD00DFEEDu
#define VERSION_MIN 16u

enum { TOKEN_BEGIN = 1, TOKEN_END = 2, TOKEN_PROPERTY = 3, TOKEN_NOP = 4, TOKEN_STOP = 9 };

uint32_t rk_fdt_total(const uint8_t *data, size_t len)
{
    return len >= 8 && rk_get_be32(data) == MAGIC ? rk_get_be32(data + 4) : 0;
}

bool rk_fdt_open(const uint8_t *data, size_t len, struct rk_fdt *out)
{
    uint32_t total = rk_fdt_total(data, len), strings_len;

    if (len < RK_FDT_HEADER || total < RK_FDT_HEADER || total > len ||
        rk_get_be32(data + 20) < VERSION_MIN)
        return false;
    *out = (struct rk_fdt){.data = data,
                           .total = total,
                           .structure = rk_get_be32(data + 8),
                           .end = total,
                           .strings = rk_get_be32(data + 12),
                           .strings_end = total};
    strings_len = rk_get_be32(data + 32);
    if (out->structure < RK_FDT_HEADER || out->structure % 4 || out->structure >= total ||
        out->strings < RK_FDT_HEADER || out->strings > total || strings_len > total - out->strings)
        return false;
    out->strings_end = out->strings + strings_len;
    if (rk_get_be32(data + 20) >= 17) {
        uint32_t structure_len = rk_get_be32(data + 36);

        if (structure_len > total - out->structure)
            return false;
        out->end = out->structure + structure_len;
    }
    return true;
}

/* A text that ends before `end`. */
static const char *text_at(const struct rk_fdt *t, uint32_t at, uint32_t end)
{
    return at < end && memchr(t->data + at, 0, end - at) ? (const char *)t->data + at : NULL;
}

static uint32_t aligned(uint32_t at)
{
    return at + (4 - at % 4) % 4;
}

static bool read_property(const struct rk_fdt *t, uint32_t *at, struct rk_fdt_item *item)
{
    uint32_t len, name, head = *at;

    if (t->end - head < 8)
        return false;
    len = rk_get_be32(t->data + head);
    name = rk_get_be32(t->data + head + 4);
    if (len > t->end - head - 8 || name >= t->strings_end - t->strings)
        return false;
    item->token = RK_FDT_PROPERTY;
    item->name = text_at(t, t->strings + name, t->strings_end);
    item->value = t->data + head + 8;
    item->len = len;
    *at = aligned(head + 8 + len);
    return item->name != NULL;
}

struct rk_fdt_item rk_fdt_next(const struct rk_fdt *t, uint32_t *at)
{
    struct rk_fdt_item item = {.token = RK_FDT_BAD};
    uint32_t p = *at ? *at : t->structure, token;

    do {
        if (p >= t->end || t->end - p < 4)
            return item;
        token = rk_get_be32(t->data + p);
        p += 4;
    } while (token == TOKEN_NOP);
    switch (token) {
    case TOKEN_BEGIN:
        item.name = text_at(t, p, t->end);
        if (!item.name)
            return item;
        item.token = RK_FDT_BEGIN;
        p = aligned(p + (uint32_t)strlen(item.name) + 1);
        break;
    case TOKEN_END:
        item.token = RK_FDT_END;
        break;
    case TOKEN_PROPERTY:
        if (!read_property(t, &p, &item))
            return (struct rk_fdt_item){.token = RK_FDT_BAD};
        break;
    case TOKEN_STOP:
        item.token = RK_FDT_STOP;
        return item;
    default:
        return item;
    }
    *at = p;
    return item;
}

bool rk_fdt_sound(const struct rk_fdt *t)
{
    unsigned depth = 0, nodes = 0;
    uint32_t at = 0;

    for (;;) {
        struct rk_fdt_item item = rk_fdt_next(t, &at);

        if (item.token == RK_FDT_BAD || (item.token == RK_FDT_END && depth == 0) ||
            (item.token == RK_FDT_BEGIN && (depth == RK_FDT_DEPTH || (depth == 0 && nodes))))
            return false;
        if (item.token == RK_FDT_STOP)
            return depth == 0 && nodes > 0;
        nodes += item.token == RK_FDT_BEGIN;
        depth += item.token == RK_FDT_BEGIN;
        depth -= item.token == RK_FDT_END;
    }
}

/* Length of the first part of a path: "/wifi/mac" has "wifi". */
static size_t first_part(const char *path)
{
    return strcspn(path, "/");
}

static bool is_part(const char *name, const char *path, size_t len)
{
    return strlen(name) == len && memcmp(name, path, len) == 0;
}

/* Follows a path. `matched` counts the nodes of it that are entered: while it equals the depth,
 * everything around the cursor lies on the path. */
static bool follow(const struct rk_fdt *t, const char *path, struct rk_fdt_item *found)
{
    unsigned depth = 0, matched = 0;
    const char *rest = path + 1, *starts[RK_FDT_DEPTH + 1];
    uint32_t at = 0;

    for (;;) {
        struct rk_fdt_item item = rk_fdt_next(t, &at);
        bool here = matched == depth, last = strchr(rest, '/') == NULL;

        if (item.token == RK_FDT_BAD || item.token == RK_FDT_STOP)
            return false;
        if (item.token == RK_FDT_PROPERTY && here && depth && last &&
            is_part(item.name, rest, first_part(rest))) {
            *found = item;
            return true;
        }
        if (item.token == RK_FDT_BEGIN) {
            if (depth == RK_FDT_DEPTH)
                return false;
            if (here && depth == 0) {
                starts[matched++] = rest;
            } else if (here && is_part(item.name, rest, first_part(rest))) {
                starts[matched++] = rest;
                if (last) {
                    *found = item;
                    return true;
                }
                rest += first_part(rest) + 1;
            }
            depth++;
        } else if (item.token == RK_FDT_END) {
            if (depth == 0)
                return false;
            if (here)
                rest = starts[--matched];
            depth--;
        }
    }
}

const uint8_t *rk_fdt_get(const struct rk_fdt *t, const char *path, uint32_t *len)
{
    struct rk_fdt_item item;

    if (!follow(t, path, &item) || item.token != RK_FDT_PROPERTY)
        return NULL;
    if (len)
        *len = item.len;
    return item.value;
}

bool rk_fdt_has(const struct rk_fdt *t, const char *path)
{
    struct rk_fdt_item item;

    return follow(t, path, &item) && item.token == RK_FDT_BEGIN;
}
