#include "image/bouffalo/partitions.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"

#include <string.h>

#define HEAD  16u
#define ENTRY 36u

static void read_part(const uint8_t *p, struct rk_bfl_part *out)
{
    out->type = p[0];
    out->active = p[2];
    rk_text_escape(out->name, sizeof out->name, p + 3, strnlen((const char *)p + 3, 9));
    for (size_t i = 0; i < 2; i++) {
        out->addr[i] = rk_get_le32(p + 12 + 4 * i);
        out->max_len[i] = rk_get_le32(p + 20 + 4 * i);
    }
    out->len = rk_get_le32(p + 28);
    out->age = rk_get_le32(p + 32);
}

bool rk_bfl_table_read(const uint8_t *data, size_t len, struct rk_bfl_table *out)
{
    size_t count;

    *out = (struct rk_bfl_table){0};
    if (len < HEAD || memcmp(data, "BFPT", 4) != 0 ||
        rk_get_le32(data + 12) != rk_crc32(0, data, 12))
        return false;
    count = rk_get_le16(data + 6);
    if (count > RK_BFL_PART_MAX || len < HEAD + count * ENTRY + 4 ||
        rk_get_le32(data + HEAD + count * ENTRY) != rk_crc32(0, data + HEAD, count * ENTRY))
        return false;
    out->age = rk_get_le32(data + 8);
    out->count = count;
    for (size_t i = 0; i < count; i++)
        read_part(data + HEAD + i * ENTRY, &out->parts[i]);
    return true;
}

int rk_bfl_table_choose(const uint8_t *flash, size_t len, struct rk_bfl_table *out)
{
    struct rk_bfl_table second;
    bool first_good = len > RK_BFL_TABLE_0 &&
                      rk_bfl_table_read(flash + RK_BFL_TABLE_0, len - RK_BFL_TABLE_0, out);
    bool second_good = len > RK_BFL_TABLE_1 &&
                       rk_bfl_table_read(flash + RK_BFL_TABLE_1, len - RK_BFL_TABLE_1, &second);

    if (first_good && (!second_good || out->age >= second.age))
        return 0;
    if (!second_good)
        return -1;
    *out = second;
    return 1;
}

const struct rk_bfl_part *rk_bfl_part_of_type(const struct rk_bfl_table *table, uint8_t type)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->parts[i].type == type)
            return &table->parts[i];
    }
    return NULL;
}

const struct rk_bfl_part *rk_bfl_part_named(const struct rk_bfl_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->parts[i].name, name) == 0)
            return &table->parts[i];
    }
    return NULL;
}

size_t rk_bfl_table_write(const struct rk_bfl_table *table, uint8_t *out)
{
    size_t span = table->count * ENTRY;

    memset(out, 0, HEAD + span + 4);
    memcpy(out, "BFPT", 4);
    rk_put_le16(out + 6, (uint16_t)table->count);
    rk_put_le32(out + 8, table->age);
    rk_put_le32(out + 12, rk_crc32(0, out, 12));
    for (size_t i = 0; i < table->count; i++) {
        const struct rk_bfl_part *part = &table->parts[i];
        uint8_t *p = out + HEAD + i * ENTRY;

        p[0] = part->type;
        p[2] = part->active;
        memcpy(p + 3, part->name, strnlen(part->name, 9));
        for (size_t k = 0; k < 2; k++) {
            rk_put_le32(p + 12 + 4 * k, part->addr[k]);
            rk_put_le32(p + 20 + 4 * k, part->max_len[k]);
        }
        rk_put_le32(p + 28, part->len);
        rk_put_le32(p + 32, part->age);
    }
    rk_put_le32(out + HEAD + span, rk_crc32(0, out + HEAD, span));
    return HEAD + span + 4;
}

bool rk_bfl_table_same(const struct rk_bfl_table *a, const struct rk_bfl_table *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct rk_bfl_part *p = &a->parts[i], *q = &b->parts[i];

        if (strcmp(p->name, q->name) != 0 || p->type != q->type ||
            memcmp(p->addr, q->addr, sizeof p->addr) != 0 ||
            memcmp(p->max_len, q->max_len, sizeof p->max_len) != 0)
            return false;
    }
    return true;
}
