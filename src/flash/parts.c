#include "flash/parts.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *key, const void *row)
{
    uint32_t id = *(const uint32_t *)key;
    uint32_t other = ((const struct rk_flash_part *)row)->jedec;

    return id < other ? -1 : id > other;
}

const struct rk_flash_part *rk_flash_part_find(uint32_t jedec)
{
    return bsearch(&jedec, rk_flash_parts, rk_flash_part_count, sizeof rk_flash_parts[0], compare);
}

uint32_t rk_flash_size_of_code(uint8_t code)
{
    return code >= 0x10 && code <= 0x1B ? 1u << code : 0;
}

void rk_flash_part_generic(uint32_t jedec, struct rk_flash_part *part)
{
    memset(part, 0, sizeof *part);
    part->jedec = jedec;
    part->name = "unknown";
    part->maker = "";
    part->size = rk_flash_size_of_code((uint8_t)(jedec >> 16));
    part->status_count = 2;
    part->protect = 7;
    part->mask = 0x407C;
    part->shift = 2;
    part->bits = 5;
    part->read_ops[0] = 0x05;
    part->read_ops[1] = 0x35;
    part->write_ops[0] = 0x01;
}
