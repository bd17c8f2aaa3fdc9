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
