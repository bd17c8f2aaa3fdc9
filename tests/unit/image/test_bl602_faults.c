/* Every single fault of a BL602 flash, made in a flash that boots: it is named, with what the serial
 * line shows, and an application is never planned for it unless everything is right afterwards. The
 * expectations are what the dumped mask ROM, real second-stage loaders and OpenBL602 1.18.57 did when
 * they were executed with the same fault. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/partitions.h"
#include "unit/image/bl602_set.h"

#include <stdio.h>

/* Where things are in the flash in hand; layouts differ. */
struct place {
    uint32_t app, tree, settings, other;
};

static uint8_t *flash;
static struct place at;

static struct place places(void)
{
    struct rk_bfl_table table;
    struct place p = {0};

    assert_true(rk_bfl_table_choose(flash, SET_FLASH, &table) >= 0);
    p.app = rk_bfl_part_of_type(&table, 0)->addr[0];
    p.other = rk_bfl_part_of_type(&table, 0)->addr[1];
    p.tree = rk_bfl_part_named(&table, "factory")->addr[0];
    p.settings = rk_bfl_part_named(&table, "PSM")->addr[0];
    return p;
}

static void wipe(uint32_t addr, uint32_t len)
{
    memset(flash + addr, 0xFF, len);
}

/* Changes a byte of a header and makes its CRCs right again. */
static void reheader(uint32_t addr, uint32_t offset, uint8_t value)
{
    flash[addr + offset] = value;
    rk_bfl_header_reseal(flash + addr, NULL);
}

/* Rewrites both copies of the table. */
static void retable(void (*change)(struct rk_bfl_table *))
{
    struct rk_bfl_table table;

    assert_true(rk_bfl_table_choose(flash, SET_FLASH, &table) >= 0);
    change(&table);
    wipe(RK_BFL_TABLE_0, 0x2000);
    rk_bfl_table_write(&table, flash + RK_BFL_TABLE_0);
    rk_bfl_table_write(&table, flash + RK_BFL_TABLE_1);
}

static void drop(struct rk_bfl_table *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->parts[i].name, name) == 0) {
            memmove(&t->parts[i], &t->parts[i + 1], (t->count - i - 1) * sizeof t->parts[0]);
            t->count--;
            return;
        }
}

/* ---- the faults ---- */

static void all_blank(void)
{
    wipe(0, SET_FLASH);
}
static void header_blank(void)
{
    wipe(0, 0x1000);
}
static void header_magic(void)
{
    flash[1] ^= 1;
}
static void header_crc(void)
{
    rk_put_le32(flash + 116, rk_get_le32(flash + 116) & ~(1u << 16)); /* some have it ignored */
    flash[173] ^= 1;
}
static void header_cached(void)
{
    reheader(0, 117, (uint8_t)(flash[117] & ~2));
}
static void header_segments(void)
{
    reheader(0, 117, (uint8_t)(flash[117] & ~1));
}
static void header_signed(void)
{
    reheader(0, 116, 1);
}
static void header_length(void)
{
    rk_put_le32(flash + 120, 0);
    rk_bfl_header_reseal(flash, NULL);
}
static void header_bl702(void)
{
    reheader(0, 118, (uint8_t)(flash[118] | 8));
}
static void header_flash(void)
{
    flash[20] ^= 1;
    rk_put_le32(flash + 172, rk_crc32(0, flash, 172));
}
static void header_clock(void)
{
    flash[106] ^= 1;
    rk_put_le32(flash + 172, rk_crc32(0, flash, 172));
}
static void header_crystal(void)
{
    reheader(0, 104, 5);
}
static void app_at_zero(void)
{
    memmove(flash, flash + at.app, 0x1000 + rk_get_le32(flash + at.app + 120));
}
static void boot2_blank(void)
{
    wipe(0x2000, 0xC000);
}
static void boot2_bit(void)
{
    reheader(0, 118, 0); /* some have the hash ignored */
    flash[0x2000 + 777] ^= 4;
}
static void tables_blank(void)
{
    wipe(RK_BFL_TABLE_0, 0x2000);
}
static void tables_damaged(void)
{
    flash[RK_BFL_TABLE_0 + 20] ^= 1;
    flash[RK_BFL_TABLE_1 + 12] ^= 1;
}
static void table_0_blank(void)
{
    wipe(RK_BFL_TABLE_0, 0x1000);
}
static void table_1_bit(void)
{
    flash[RK_BFL_TABLE_1 + 40] ^= 1;
}
static void no_firmware(struct rk_bfl_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        t->parts[i].type = (uint8_t)(t->parts[i].type + 9);
}
static void firmware_entry(void)
{
    retable(no_firmware);
}
static void low_firmware(struct rk_bfl_table *t)
{
    t->parts[0].addr[0] = 0x8000;
}
static void firmware_low(void)
{
    retable(low_firmware);
}
static void no_factory(struct rk_bfl_table *t)
{
    drop(t, "factory");
}
static void tree_entry(void)
{
    retable(no_factory);
}
static void no_psm(struct rk_bfl_table *t)
{
    drop(t, "PSM");
}
static void settings_entry(void)
{
    retable(no_psm);
}
static void low_factory(struct rk_bfl_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->parts[i].name, "factory") == 0)
            t->parts[i].addr[0] = 0xC000;
}
static void tree_low(void)
{
    retable(low_factory);
}
static void same_types(struct rk_bfl_table *t)
{
    t->parts[2].type = t->parts[1].type;
}
static void table_types(void)
{
    retable(same_types);
}
static void app_blank(void)
{
    wipe(at.app, 0x100000);
}
static void app_crc(void)
{
    rk_put_le32(flash + at.app + 116, rk_get_le32(flash + at.app + 116) & ~(1u << 16));
    flash[at.app + 174] ^= 1;
}
static void app_bit(void)
{
    reheader(at.app, 118, 0);
    flash[at.app + 0x1000 + 12345] ^= 8;
}
static void app_bare(void)
{
    memmove(flash + at.app, flash + at.app + 0x1000, 0x10000);
}
static void app_uncached(void)
{
    reheader(at.app, 117, (uint8_t)(flash[at.app + 117] & ~2));
}
static void app_foreign(void)
{
    memset(flash + at.app, 0x42, 0x100);
}
static void app_bl702(void)
{
    reheader(at.app, 118, (uint8_t)(flash[at.app + 118] | 8));
}
static void tree_blank(void)
{
    wipe(at.tree, 0x3000);
}
static void tree_cut(void)
{
    wipe(at.tree + 0x200, 0x2000);
}
static void settings_foreign(void)
{
    memset(flash + at.settings, 0x5A, 0x1000);
}

static const struct fault {
    void (*make)(void);
    const char *id;
    enum rk_boots boots;
    enum rk_bl602_uart uart;
} faults[] = {
    {all_blank, "header-missing", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_blank, "header-missing", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_magic, "header-foreign", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_crc, "header-crc", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_cached, "header-options", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_segments, "header-options", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_signed, "header-options", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_length, "header-options", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_bl702, "header-chip", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_flash, "header-flash", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {header_clock, "header-clock", RK_BOOTS_YES, RK_BL602_UART_APP},
    {header_crystal, "crystal", RK_BOOTS_NO, RK_BL602_UART_UNKNOWN},
    {app_at_zero, "header-app", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {boot2_blank, "boot2-missing", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {boot2_bit, "boot2-hash", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {tables_blank, "tables-missing", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {tables_damaged, "tables-damaged", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {table_0_blank, "table-missing", RK_BOOTS_YES, RK_BL602_UART_APP},
    {table_1_bit, "table-damaged", RK_BOOTS_YES, RK_BL602_UART_APP},
    {firmware_entry, "firmware-entry", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {firmware_low, "firmware-address", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {table_types, "table-types", RK_BOOTS_YES, RK_BL602_UART_APP},
    {app_blank, "app-missing", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {app_crc, "app-crc", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {app_bit, "app-hash", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {app_bare, "app-bare", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {app_uncached, "app-cache", RK_BOOTS_NO, RK_BL602_UART_LOOP},
    {app_foreign, "app-foreign", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {app_bl702, "app-chip", RK_BOOTS_NO, RK_BL602_UART_SILENT},
    {tree_entry, "tree-entry", RK_BOOTS_NO, RK_BL602_UART_APP_STOPS},
    {tree_low, "tree-address", RK_BOOTS_YES, RK_BL602_UART_APP_LACKS},
    {tree_blank, "tree-missing", RK_BOOTS_YES, RK_BL602_UART_APP_LACKS},
    {tree_cut, "tree-damaged", RK_BOOTS_YES, RK_BL602_UART_APP_LACKS},
    {settings_entry, "settings-entry", RK_BOOTS_NO, RK_BL602_UART_APP_STOPS},
    {settings_foreign, "settings-foreign", RK_BOOTS_YES, RK_BL602_UART_APP},
};

#define FAULTS (sizeof faults / sizeof faults[0])

static const struct rk_bl602_finding *finding(const struct rk_bl602_report *r, const char *id)
{
    for (size_t i = 0; i < r->finding_count; i++)
        if (strcmp(r->findings[i].id, id) == 0)
            return &r->findings[i];
    return NULL;
}

static void check_judgement(const struct fault *fault, const struct rk_bl602_report *r)
{
    const struct rk_bl602_finding *f = finding(r, fault->id);

    if (!f)
        fail_msg("%s is not found; instead: %s", fault->id,
                 r->finding_count ? r->findings[0].id : "nothing");
    if (r->boots != fault->boots || r->uart != fault->uart)
        fail_msg("%s: boots %s, serial line %s", fault->id, rk_boots_name(r->boots),
                 rk_bl602_uart_name(r->uart));
    assert_true(f->text[0]);
    assert_true(f->verdict != RK_VERDICT_BAD || f->remedy[0]);
    assert_true(f->shows == RK_BL602_UART_UNKNOWN || f->uart[0]);
    if (fault->boots == RK_BOOTS_NO)
        assert_string_equal(rk_bl602_fatal(r)->id, fault->id);
}

/* A plan for the faulty flash: with sources it makes everything right; without, it does so from what
 * is there or names what is missing. Never anything between. */
static void check_plan(const struct fault *fault, const struct set *s, bool sources)
{
    static const struct rk_bl602_sources nothing = {.size = sizeof nothing};
    struct rk_bl602_flash view = {.data = flash, .len = SET_FLASH};
    struct rk_bl602_plan *plan = NULL;
    struct rk_bl602_report after;
    struct rk_error err = {.status = RK_OK};
    enum rk_status status =
        rk_bl602_plan(&view, s->app, sizeof s->app, sources ? &s->sources : &nothing, &plan, &err);

    if (status != RK_OK) {
        assert_null(plan);
        assert_true(err.id[0] && err.hint[0]);
        if (strcmp(err.id, "bl602.missing") != 0 && strcmp(err.id, "bl602.layout") != 0)
            fail_msg("%s: %s: %s", fault->id, err.id, err.message);
        if (sources && strcmp(err.id, "bl602.layout") != 0)
            fail_msg("%s: not even with sources: %s: %s", fault->id, err.message, err.detail);
        return;
    }
    set_apply(plan, flash);
    rk_bl602_judge(&view, &after);
    if (!after.complete)
        fail_msg("%s: planned, and then %s", fault->id,
                 after.finding_count ? after.findings[0].text : "incomplete");
    rk_bl602_plan_free(plan);
}

static void run_faults(const uint8_t *good, const struct set *s)
{
    flash = malloc(SET_FLASH);
    for (size_t i = 0; i < FAULTS; i++) {
        struct rk_bl602_report r;

        memcpy(flash, good, SET_FLASH);
        at = places();
        faults[i].make();
        rk_bl602_judge(&(struct rk_bl602_flash){.data = flash, .len = SET_FLASH}, &r);
        check_judgement(&faults[i], &r);
        check_plan(&faults[i], s, i % 2 == 0);
    }
    free(flash);
}

static void test_faults_of_a_packed_set(void **state)
{
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;

    (void)state;
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, NULL), RK_OK);
    set_apply(plan, s->flash);
    rk_bl602_plan_free(plan);
    run_faults(s->flash, s);
    free(s);
}

static void run_capture(const char *name)
{
    struct set *s = set_new();
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, name);
    file = fopen(path, "rb");
    if (!file) {
        free(s);
        skip();
    }
    assert_int_equal(fread(s->flash, 1, SET_FLASH, file), SET_FLASH);
    fclose(file);
    /* An application that keeps to its place: the layout of some modules leaves no room for others. */
    set_app(s->app, sizeof s->app, "Booting BL602 Chip");
    run_faults(s->flash, s);
    free(s);
}

static void test_faults_of_pinecone(void **state)
{
    (void)state;
    run_capture("pinecone-factory-flash.bin");
}

static void test_faults_of_axus(void **state)
{
    (void)state;
    run_capture("Axus_eWeLink_3G_Switch_SDV-002_V1.2_(FWSW-HSBL602-SWITCH-BL602L_v1.3.3).bin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_of_a_packed_set),
        cmocka_unit_test(test_faults_of_pinecone),
        cmocka_unit_test(test_faults_of_axus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
