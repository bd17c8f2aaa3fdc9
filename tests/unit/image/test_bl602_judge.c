/* The judgement of BL602 flashes: which slot and which table copy count, what is asked for, updates
 * that wait to be unpacked. (Every single fault is in test_bl602_faults.c.) */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/xz.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/partitions.h"
#include "unit/image/bl602_set.h"

#define APP  0x10000u
#define BODY 0x1000u

static struct set *ready(void)
{
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;

    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, NULL), RK_OK);
    set_apply(plan, s->flash);
    rk_bl602_plan_free(plan);
    return s;
}

static struct rk_bl602_report judge(const struct set *s)
{
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_report r;

    rk_bl602_judge(&view, &r);
    return r;
}

static bool found(const struct rk_bl602_report *r, const char *id)
{
    for (size_t i = 0; i < r->finding_count; i++)
        if (strcmp(r->findings[i].id, id) == 0)
            return true;
    return false;
}

static void write_table(struct set *s, unsigned copy, uint32_t age, uint8_t active)
{
    struct rk_bfl_table table;

    assert_true(rk_bfl_table_choose(s->flash, SET_FLASH, &table) >= 0);
    table.age = age;
    table.parts[0].active = active;
    memset(s->flash + (copy ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0), 0xFF, 4096);
    rk_bfl_table_write(&table, s->flash + (copy ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0));
}

/* Ages as executed loaders compare them: unsigned, the first copy on a tie. */
static void test_which_copy_counts(void **state)
{
    static const struct {
        uint32_t first, second;
        int counts;
    } cases[] = {{0, 0, 0}, {5, 5, 0}, {0, 1, 1}, {UINT32_MAX, 0, 0}, {0, UINT32_MAX, 1}};
    struct set *s = ready();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_table(s, 0, cases[i].first, 0);
        write_table(s, 1, cases[i].second, 0);
        assert_int_equal(judge(s).table, cases[i].counts);
    }
    free(s);
}

/* Slot 1 is active and blank: the loader rolls back and starts slot 0. */
static void test_roll_back(void **state)
{
    struct set *s = ready();
    struct rk_bl602_report r;

    (void)state;
    write_table(s, 0, 0, 1);
    write_table(s, 1, 0, 1);
    r = judge(s);
    assert_int_equal(r.boots, RK_BOOTS_YES);
    assert_true(found(&r, "app-missing") && found(&r, "app-rollback"));
    assert_false(r.complete);
    s->flash[APP + BODY] ^= 1;
    r = judge(s);
    assert_int_equal(r.boots, RK_BOOTS_NO);
    assert_int_equal(r.uart, RK_BL602_UART_SILENT);
    free(s);
}

static void test_stale_slot_is_told(void **state)
{
    struct set *s = ready();
    struct rk_bl602_report r;

    (void)state;
    memcpy(s->flash + 0xE8000, s->flash + APP, BODY + SET_APP_BYTES);
    write_table(s, 1, 1, 1);
    r = judge(s);
    assert_int_equal(r.active_slot, 1);
    assert_int_equal(r.boots, RK_BOOTS_YES);
    assert_true(found(&r, "slot-stale") && found(&r, "tables-differ"));
    free(s);
}

static void test_packed_update(void **state)
{
    struct set *s = ready();
    struct rk_bl602_report r;
    uint8_t *packed = NULL;
    size_t len = 0;

    (void)state;
    if (rk_xz_pack(s->flash + APP, BODY + SET_APP_BYTES, &packed, &len, NULL) != RK_OK) {
        free(s);
        skip();
    }
    memcpy(s->flash + 0xE8000, packed, len);
    memset(s->flash + APP, 0xFF, BODY + SET_APP_BYTES);
    write_table(s, 0, 1, 1);
    r = judge(s);
    assert_int_equal(r.boots, RK_BOOTS_YES);
    assert_int_equal(r.pieces[RK_BL602_APP], RK_BL602_PACKED);
    memset(s->flash + 0xE8000 + len / 2, 0xFF, len);
    r = judge(s);
    assert_int_equal(r.boots, RK_BOOTS_NO);
    assert_true(found(&r, "app-packed-bad"));
    free(packed);
    free(s);
}

/* A flash of which nothing is known yet is asked for piece by piece, and little of it is read. */
static void test_wants_lead_to_a_judgement(void **state)
{
    struct set *s = ready();
    uint8_t known[SET_FLASH / 4096] = {0};
    struct rk_bl602_digest digests[4];
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_report r;
    size_t rounds = 0, read = 0;

    (void)state;
    view.known = known;
    view.digests = digests;
    for (;; rounds++) {
        rk_bl602_judge(&view, &r);
        if (r.want_count == 0)
            break;
        assert_int_equal(r.boots, RK_BOOTS_UNKNOWN);
        assert_true(rounds < 8);
        for (size_t i = 0; i < r.want_count; i++) {
            const struct rk_bl602_want *w = &r.wants[i];

            if (w->digest_will_do) {
                digests[view.digest_count].addr = w->addr;
                digests[view.digest_count].len = w->len;
                rk_sha256(s->flash + w->addr, w->len, digests[view.digest_count++].sha256);
                continue;
            }
            for (uint32_t k = w->addr / 4096; k <= (w->addr + w->len - 1) / 4096; k++) {
                read += !known[k];
                known[k] = 1;
            }
        }
    }
    assert_int_equal(view.digest_count, 2);
    assert_true(r.complete);
    assert_true(read <= 6);
    free(s);
}

static void test_repeated_capture(void **state)
{
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;
    struct rk_bl602_report r;

    (void)state;
    view.len = view.flash_size = SET_FLASH / 2;
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, NULL), RK_OK);
    set_apply(plan, s->flash);
    memcpy(s->flash + SET_FLASH / 2, s->flash, SET_FLASH / 2);
    rk_bl602_plan_free(plan);
    r = judge(s);
    assert_true(found(&r, "flash-repeats"));
    assert_true(r.complete);
    free(s);
}

/* A table for 2 MiB on a chip of 1 MiB. */
static void test_table_past_the_end(void **state)
{
    struct set *s = ready();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_report r;

    (void)state;
    view.len = view.flash_size = 1u << 20;
    rk_bl602_judge(&view, &r);
    assert_true(found(&r, "past-end"));
    assert_int_equal(r.boots, RK_BOOTS_NO);
    free(s);
}

static void test_efuses_that_want_signatures(void **state)
{
    struct set *s = ready();
    struct rk_bl602_flash view = set_view(s);
    uint8_t efuse[RK_BL602_EFUSE_SIZE] = {0};
    struct rk_bl602_report r;
    struct rk_bl602_plan *plan = NULL;
    struct rk_error err = {.status = RK_OK};

    (void)state;
    view.efuse = efuse;
    rk_bl602_judge(&view, &r);
    assert_true(r.complete);
    efuse[0] = 4;
    rk_bl602_judge(&view, &r);
    assert_true(found(&r, "efuse-locked"));
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, &err),
                     RK_ERR_UNSUPPORTED);
    assert_string_equal(err.id, "bl602.efuse");
    free(s);
}

/* The two examples of the vendor's efuse description, and a slot that miscounts. */
static void test_efuse_mac(void **state)
{
    static const uint8_t mac[6] = {0x24, 0x94, 0x94, 0x9F, 0x96, 0xE7};
    static const uint8_t newer[6] = {0x7C, 0xB9, 0x4C, 0xA8, 0xA9, 0x85};
    uint8_t efuse[RK_BL602_EFUSE_SIZE] = {0};
    struct rk_bl602_efuse e;

    (void)state;
    memcpy(efuse + 20, "\xE7\x96\x9F\x94\x94\x24\x18", 7);
    assert_true(rk_bl602_efuse_read(efuse, sizeof efuse, &e));
    assert_true(e.has_mac && !e.secure);
    assert_memory_equal(e.mac, mac, 6);
    memcpy(efuse + 108, "\x85\xA9\xA8\x4C\xB9\x7C\x19", 7);
    assert_true(rk_bl602_efuse_read(efuse, sizeof efuse, &e));
    assert_memory_equal(e.mac, newer, 6);
    assert_int_equal(e.mac_slot, 1);
    efuse[114] = 0x1A;
    assert_true(rk_bl602_efuse_read(efuse, sizeof efuse, &e));
    assert_memory_equal(e.mac, mac, 6);
    efuse[26] = 1;
    assert_true(rk_bl602_efuse_read(efuse, sizeof efuse, &e));
    assert_true(!e.has_mac && e.mac_damaged);
    rk_put_le32(efuse + 12, (0x80u | 0x40 | 38) << 2); /* 100110: three ones */
    assert_true(rk_bl602_efuse_read(efuse, sizeof efuse, &e));
    assert_true(e.has_capcode);
    assert_int_equal(e.capcode, 38);
    assert_false(rk_bl602_efuse_read(efuse, 127, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_copy_counts),
        cmocka_unit_test(test_roll_back),
        cmocka_unit_test(test_stale_slot_is_told),
        cmocka_unit_test(test_packed_update),
        cmocka_unit_test(test_wants_lead_to_a_judgement),
        cmocka_unit_test(test_repeated_capture),
        cmocka_unit_test(test_table_past_the_end),
        cmocka_unit_test(test_efuses_that_want_signatures),
        cmocka_unit_test(test_efuse_mac),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
