#include "unit/config/goldens.h"

#include "base/bytes.h"

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

static void put_be32(uint8_t *p, uint32_t v)
{
    rk_put_be32(p, v);
}

static void the_device_tree_of_bl602_is_read(void **state)
{
    uint8_t *flash = malloc(0x10000), *p;
    static const char strings[] = "sta_mac_addr\0ap_mac_addr";
    struct rk_identity id;
    static const uint8_t other[6] = {0x02, 1, 2, 3, 4, 5};
    (void)state;
    memset(flash, 0xFF, 0x10000);
    p = flash + 0x8000;
    memset(p, 0, 256);
    put_be32(p, 0xD00DFEED);
    put_be32(p + 4, 200);
    put_be32(p + 8, 40);
    put_be32(p + 12, 120);
    put_be32(p + 40, 1); /* the root node, without a name */
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *q = p + 48 + 20 * i;
        put_be32(q, 3);
        put_be32(q + 4, 6);
        put_be32(q + 8, 13 * i);
        memcpy(q + 12, (const uint8_t[]){0x24, 0x94, 0x94, 0x9F, 0x96, (uint8_t)(0xE7 + i)}, 6);
    }
    put_be32(p + 88, 2);
    put_be32(p + 92, 9);
    memcpy(p + 120, strings, sizeof strings);
    assert_true(rk_identity_find(flash, 0x10000, &id));
    assert_int_equal(id.place, RK_MAC_DEVICE_TREE);
    assert_int_equal(id.offset, 0x8000 + 60);
    assert_int_equal(id.second, 0x8000 + 80);
    assert_int_equal(rk_identity_set(flash, 0x10000, &id, other, NULL), RK_OK);
    assert_memory_equal(flash + 0x8000 + 80, other, 6);
    free(flash);
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
