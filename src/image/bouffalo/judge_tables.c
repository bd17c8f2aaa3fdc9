/* What the second-stage loader makes of the two copies of the partition table. */
#include "image/bouffalo/known.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"

#include <string.h>

#define FIRST_APP 0x10000u
#define SECTOR    4096u

/* Why a copy is not valid. */
static const char *table_fault(const uint8_t *p)
{
    size_t count = rk_get_le16(p + 6);

    if (rk_bytes_all(p, RK_BFL_TABLE_SPAN, 0xFF))
        return "is blank";
    if (memcmp(p, "BFPT", 4) != 0)
        return "has no magic";
    if (rk_get_le32(p + 12) != rk_crc32(0, p, 12))
        return "has a header with a wrong CRC";
    return count > RK_BFL_PART_MAX ? "has more than 16 entries" : "has entries with a wrong CRC";
}

static void judge_neither(struct rk_bfl_case *c, const uint8_t *const copies[2])
{
    bool blank = rk_bytes_all(copies[0], RK_BFL_TABLE_SPAN, 0xFF) &&
                 rk_bytes_all(copies[1], RK_BFL_TABLE_SPAN, 0xFF);

    c->report->pieces[RK_BL602_TABLE] = blank ? RK_BL602_MISSING : RK_BL602_DAMAGED;
    rk_bfl_find(c,
                c->boot2_v8 ? "tables-default"
                : blank     ? "tables-missing"
                            : "tables-damaged",
                RK_BFL_TABLE_0, "no partition table: the copy at 0x%06X %s, the copy at 0x%06X %s",
                RK_BFL_TABLE_0, table_fault(copies[0]), RK_BFL_TABLE_1, table_fault(copies[1]));
}

static void compare_copies(struct rk_bfl_case *c, const struct rk_bfl_table tables[2])
{
    const struct rk_bfl_part *first = rk_bfl_part_of_type(&tables[0], 0);
    const struct rk_bfl_part *second = rk_bfl_part_of_type(&tables[1], 0);
    int wins = c->report->table;

    if (!rk_bfl_table_same(&tables[0], &tables[1]))
        rk_bfl_find(c, "layouts-differ", RK_BFL_TABLE_0,
                    "the two copies describe different layouts; copy %d counts (ages %u and %u)",
                    wins, tables[0].age, tables[1].age);
    else if (tables[0].age != tables[1].age || (first && second && first->active != second->active))
        rk_bfl_find(c, "tables-differ", RK_BFL_TABLE_0,
                    "copy %d counts: ages %u and %u, slots %u and %u", wins, tables[0].age,
                    tables[1].age, first ? first->active : 0, second ? second->active : 0);
}

static void judge_types(struct rk_bfl_case *c)
{
    for (size_t i = 0; i < c->table.count; i++)
        for (size_t j = 0; j < i; j++)
            if (c->table.parts[i].type == c->table.parts[j].type) {
                rk_bfl_find(c, "table-types", RK_BFL_TABLE_0 + 16 + 36 * (uint32_t)i,
                            "\"%s\" and \"%s\" have the same type %u", c->table.parts[j].name,
                            c->table.parts[i].name, c->table.parts[i].type);
                return;
            }
}

/* Entries that the start needs must lie in the flash; others are only remarked. */
static void judge_ends(struct rk_bfl_case *c)
{
    for (size_t i = 0; i < c->table.count; i++) {
        const struct rk_bfl_part *p = &c->table.parts[i];
        bool needed =
            p->type == 0 || strcmp(p->name, "PSM") == 0 || strcmp(p->name, "factory") == 0;

        for (size_t k = 0; k < 2; k++) {
            bool used = p->type == 0 ? k == (p->active & 1u) : k == 0;

            if (p->max_len[k] == 0 ||
                (p->addr[k] < c->flash_size && p->max_len[k] <= c->flash_size - p->addr[k]))
                continue;
            rk_bfl_find(
                c, needed && used && p->addr[k] >= c->flash_size ? "past-end" : "past-end-partly",
                p->addr[k], "\"%s\" is 0x%06X-0x%06llX, the flash ends at 0x%06X", p->name,
                p->addr[k], (unsigned long long)p->addr[k] + p->max_len[k], c->flash_size);
            break;
        }
    }
}

static void judge_firmware_entry(struct rk_bfl_case *c)
{
    struct rk_bl602_report *r = c->report;
    const struct rk_bfl_part *fw = rk_bfl_part_of_type(&c->table, 0);
    uint32_t trials;

    if (!fw) {
        r->pieces[RK_BL602_TABLE] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "firmware-entry", r->piece_addr[RK_BL602_TABLE],
                    "the table has no entry of type 0: only that is looked at for firmware");
        return;
    }
    trials = fw->age >> 24;
    r->active_slot = fw->active & 1u;
    for (size_t i = 0; i < 2; i++)
        r->slots[i] = (struct rk_bl602_slot){.present = fw->addr[i] != 0,
                                             .addr = fw->addr[i],
                                             .max_len = fw->max_len[i],
                                             .header = RK_BL602_NO_PLACE,
                                             .image = RK_BL602_NO_PLACE};
    if (fw->addr[r->active_slot] < FIRST_APP || fw->addr[r->active_slot] % SECTOR) {
        r->pieces[RK_BL602_TABLE] = RK_BL602_DAMAGED;
        rk_bfl_find(c, "firmware-address", fw->addr[r->active_slot],
                    "the table puts the firmware at 0x%06X", fw->addr[r->active_slot]);
    }
    if (fw->active > 1)
        rk_bfl_find(c, "slot-copy", r->piece_addr[RK_BL602_TABLE],
                    "active slot is %u: slot %u is to be copied over the other first", fw->active,
                    fw->active & 1u);
    if (trials && trials < 0xF1)
        rk_bfl_find(c, "slot-trial", r->piece_addr[RK_BL602_TABLE],
                    "the age of the firmware entry is 0x%08X", fw->age);
}

void rk_bfl_judge_tables(struct rk_bfl_case *c)
{
    static const uint32_t places[2] = {RK_BFL_TABLE_0, RK_BFL_TABLE_1};
    struct rk_bl602_report *r = c->report;
    struct rk_bfl_table tables[2];
    const uint8_t *copies[2];

    c->piece = RK_BL602_TABLE;
    r->table = -1;
    r->piece_addr[RK_BL602_TABLE] = RK_BFL_TABLE_0;
    for (size_t i = 0; i < 2; i++) {
        copies[i] = rk_bfl_bytes(c, places[i], RK_BFL_TABLE_SPAN, true);
        r->table_valid[i] =
            copies[i] && rk_bfl_table_read(copies[i], RK_BFL_TABLE_SPAN, &tables[i]);
        r->table_age[i] = r->table_valid[i] ? tables[i].age : 0;
    }
    if (!copies[0] || !copies[1])
        return;
    if (!r->table_valid[0] && !r->table_valid[1]) {
        judge_neither(c, copies);
        return;
    }
    r->table = r->table_valid[0] && (!r->table_valid[1] || tables[0].age >= tables[1].age) ? 0 : 1;
    c->table = tables[r->table];
    c->tables = true;
    r->pieces[RK_BL602_TABLE] = RK_BL602_VALID;
    r->piece_addr[RK_BL602_TABLE] = places[r->table];
    r->piece_len[RK_BL602_TABLE] = (uint32_t)(20 + 36 * c->table.count);
    for (size_t i = 0; i < 2; i++)
        if (!r->table_valid[i])
            rk_bfl_find(c,
                        rk_bytes_all(copies[i], RK_BFL_TABLE_SPAN, 0xFF) ? "table-missing"
                                                                         : "table-damaged",
                        places[i], "the copy at 0x%06X %s: the other one counts", places[i],
                        table_fault(copies[i]));
    if (r->table_valid[0] && r->table_valid[1])
        compare_copies(c, tables);
    judge_firmware_entry(c);
    judge_types(c);
    judge_ends(c);
}
