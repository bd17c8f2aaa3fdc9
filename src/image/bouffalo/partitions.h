/* The BL602's partition table: two copies, the newer valid one counts. */
#ifndef RK_IMAGE_BOUFFALO_PARTITIONS_H
#define RK_IMAGE_BOUFFALO_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_BFL_TABLE_0    0xE000u
#define RK_BFL_TABLE_1    0xF000u
#define RK_BFL_PART_MAX   16
#define RK_BFL_TABLE_SPAN 596u /* bytes of the largest table */

struct rk_bfl_part {
    char name[10];
    uint8_t type, active;
    uint32_t addr[2], max_len[2];
    uint32_t len, age;
};

struct rk_bfl_table {
    uint32_t age;
    size_t count;
    struct rk_bfl_part parts[RK_BFL_PART_MAX];
};

/* Reads one copy. False unless the magic, the count and both CRCs are right. */
bool rk_bfl_table_read(const uint8_t *data, size_t len, struct rk_bfl_table *out);

/* Reads the copy that counts, as the second-stage loader chooses it: -1 if none is valid, else its
 * number. */
int rk_bfl_table_choose(const uint8_t *flash, size_t len, struct rk_bfl_table *out);

/* The first entry of that type, or NULL. Type 0 is the firmware. */
const struct rk_bfl_part *rk_bfl_part_of_type(const struct rk_bfl_table *table, uint8_t type);
const struct rk_bfl_part *rk_bfl_part_named(const struct rk_bfl_table *table, const char *name);

/* The binary form into out (RK_BFL_TABLE_SPAN bytes); returns its length. */
size_t rk_bfl_table_write(const struct rk_bfl_table *table, uint8_t *out);

/* True if both describe the same partitions; ages, lengths and active slots do not count. */
bool rk_bfl_table_same(const struct rk_bfl_table *a, const struct rk_bfl_table *b);

#endif
