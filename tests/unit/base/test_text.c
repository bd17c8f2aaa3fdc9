#include "unit/unit.h"

#include "base/text.h"

#include <string.h>

static void numbers_follow_the_syntax(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint32_t value;
    } cases[] = {
        {"0", true, 0},
        {"4096", true, 4096},
        {"0x11000", true, 0x11000},
        {"0XfF", true, 255},
        {"4K", true, 4096},
        {"2m", true, 2097152},
        {"4294967295", true, UINT32_MAX},
        {"4294967296", false, 0},
        {"4096M", false, 0},
        {"11000h", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {" 1", false, 0},
        {"0x", false, 0},
        {"1000", true, 1000},
        {"ff", false, 0},
        {"99999999999999999999999", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t v = 77;
        struct rk_error err;
        enum rk_status st = rk_parse_u32(cases[i].text, &v, &err);
        assert_int_equal(st, cases[i].ok ? RK_OK : RK_ERR_ARG);
        assert_int_equal(v, cases[i].ok ? cases[i].value : 77);
        if (!cases[i].ok)
            assert_string_equal(err.id, "usage.number");
    }
}

static void ranges_are_half_open(void **state)
{
    uint32_t a, n;
    (void)state;
    assert_int_equal(rk_parse_range("0x11000+64K", &a, &n, NULL), RK_OK);
    assert_int_equal(a, 0x11000);
    assert_int_equal(n, 65536);
    assert_int_equal(rk_parse_range("0x1000-0x3000", &a, &n, NULL), RK_OK);
    assert_int_equal(a, 0x1000);
    assert_int_equal(n, 0x2000);
    static const char *const bad[] = {"",    "1",   "1+",           "+1",    "5-5",
                                      "6-5", "1+0", "0xffffffff+1", "1+2+3", "a-b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(rk_parse_range(bad[i], &a, &n, NULL), RK_ERR_ARG);
}

static void nearest_name_is_found(void **state)
{
    static const char *const names[] = {"backup", "restore", "flash", "verify"};
    (void)state;
    assert_string_equal(rk_text_nearest("bakcup", names, 4, sizeof names[0]), "backup");
    assert_string_equal(rk_text_nearest("FLASH", names, 4, sizeof names[0]), "flash");
    assert_null(rk_text_nearest("xyzzy", names, 4, sizeof names[0]));
}

static void device_text_is_escaped(void **state)
{
    char out[64];
    (void)state;
    rk_text_escape(out, sizeof out, (const uint8_t *)"a\x1b[31m\xC3\xA4\xff", 9);
    assert_string_equal(out, "a\\x1b[31m\xC3\xA4\\xff");
    rk_text_escape(out, 6, (const uint8_t *)"abcdefgh", 8);
    assert_string_equal(out, "abcde");
}

static void dates_are_utc(void **state)
{
    char out[24];
    (void)state;
    rk_text_utc(out, sizeof out, 0, false);
    assert_string_equal(out, "1970-01-01T00:00:00Z");
    rk_text_utc(out, sizeof out, 1709210096, false);
    assert_string_equal(out, "2024-02-29T12:34:56Z");
    rk_text_utc(out, sizeof out, 4107542399, true);
    assert_string_equal(out, "21000228T235959Z");
    rk_text_utc(out, sizeof out, INT64_MAX, false);
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    rk_text_utc(out, sizeof out, -1, false);
    assert_string_equal(out, "1970-01-01T00:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_follow_the_syntax),
        cmocka_unit_test(ranges_are_half_open),
        cmocka_unit_test(nearest_name_is_found),
        cmocka_unit_test(device_text_is_escaped),
        cmocka_unit_test(dates_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
