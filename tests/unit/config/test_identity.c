#include "unit/config/goldens.h"

#include "unit/image/bl602_set.h"

#include <rekindle/identity.h>

static void addresses_are_read_and_judged(void **state)
{
    static const uint8_t good[6] = {0x10, 0x5A, 0x17, 0xF3, 0xD6, 0x37};
    static const uint8_t shared[6] = {0xC8, 0x47, 0x8C, 0, 0, 0};
    static const char *const bad[] = {"",
                                      "10:5A:17:F3:D6",
                                      "10:5A:17:F3:D6:3",
                                      "105A17F3D637",
                                      "10:5A:17:F3:D6:37:00",
                                      "g0:5A:17:F3:D6:37"};
    uint8_t mac[6];
    (void)state;
    assert_int_equal(rk_mac_parse("10:5a:17:F3:D6:37", mac, NULL), RK_OK);
    assert_memory_equal(mac, good, 6);
    assert_int_equal(rk_mac_parse("10-5A-17-F3-D6-37", mac, NULL), RK_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(rk_mac_parse(bad[i], mac, NULL), RK_ERR_ARG);
    assert_int_equal(rk_mac_judge(good), RK_MAC_GOOD);
    assert_int_equal(rk_mac_judge(shared), RK_MAC_DEFAULT);
}

static void the_rf_sector_is_found_by_content(void **state)
{
    static const uint8_t rf[] = {'T',  'L', 'V',  0,    34,   0,    0,    0,    0x00, 0x11, 0x11,
                                 0x11, 26,  0,    0,    0,    0x01, 0x11, 0x11, 0x11, 4,    0,
                                 0,    0,   0x4E, 0x61, 0xBC, 0x00, 0x02, 0x11, 0x11, 0x11, 6,
                                 0,    0,   0,    0x10, 0x5A, 0x17, 1,    2,    3};
    static const uint8_t other[6] = {0x02, 1, 2, 3, 4, 5}, shared[6] = {0xC8, 0x47, 0x8C, 0, 0, 0};
    uint8_t *flash = malloc(0x10000);
    struct rk_identity id;
    struct rk_error err;
    (void)state;
    memset(flash, 0xFF, 0x10000);
    assert_false(rk_identity_find(flash, 0x10000, &id));
    memcpy(flash + 0x7000, rf, sizeof rf);
    assert_true(rk_identity_find(flash, 0x10000, &id));
    assert_int_equal(id.place, RK_MAC_RF_SECTOR);
    assert_int_equal(id.sector, 0x7000);
    assert_int_equal(id.offset, 0x7024);
    assert_int_equal(rk_identity_set(flash, 0x10000, &id, shared, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "config.mac");
    assert_int_equal(rk_identity_set(flash, 0x10000, &id, other, NULL), RK_OK);
    assert_true(rk_identity_find(flash, 0x10000, &id));
    assert_memory_equal(id.mac, other, 6);
    assert_memory_equal(flash + 0x7000, rf, 0x24);
    free(flash);
}

/* The tree that the partition table names is the one, not an older one lying about; the flash is as
 * sound afterwards as before. */
static void the_device_tree_of_bl602_is_read(void **state)
{
    static const uint8_t own[6] = {0x02, 1, 2, 3, 4, 5}, other[6] = {0x02, 9, 8, 7, 6, 5};
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;
    struct rk_bl602_report report;
    struct rk_identity id;

    (void)state;
    s->sources.mac = own;
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, NULL), RK_OK);
    set_apply(plan, s->flash);
    rk_bl602_plan_free(plan);
    memcpy(s->flash + 0x100000, s->flash + 0x1F8000, 4096);
    assert_true(rk_identity_find(s->flash, SET_FLASH, &id));
    assert_int_equal(id.place, RK_MAC_DEVICE_TREE);
    assert_int_equal(id.state, RK_MAC_GOOD);
    assert_int_equal(id.sector, 0x1F8000);
    assert_memory_equal(id.mac, own, 6);
    assert_int_equal(rk_identity_set(s->flash, SET_FLASH, &id, other, NULL), RK_OK);
    assert_memory_equal(s->flash + id.second, other, 6);
    rk_bl602_judge(&view, &report);
    assert_true(report.complete);
    assert_true(rk_identity_find(s->flash + 0x1F8000, 2000, &id)); /* a tree alone */
    assert_memory_equal(id.mac, other, 6);
    free(s);
}

static void check_capture(const struct golden *g)
{
    const char *expected =
        json_string_value(json_object_get(json_object_get(g->json, "device"), "mac"));
    struct rk_identity id;
    char text[24];

    if (!expected)
        return;
    assert_true(rk_identity_find(g->data, g->len, &id));
    rk_text_format(text, sizeof text, "%02X:%02X:%02X:%02X:%02X:%02X", id.mac[0], id.mac[1],
                   id.mac[2], id.mac[3], id.mac[4], id.mac[5]);
    assert_string_equal(text, expected);
}

static void captures_have_the_golden_address(void **state)
{
    (void)state;
    if (golden_each(check_capture) == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_judged),
        cmocka_unit_test(the_rf_sector_is_found_by_content),
        cmocka_unit_test(the_device_tree_of_bl602_is_read),
        cmocka_unit_test(captures_have_the_golden_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
