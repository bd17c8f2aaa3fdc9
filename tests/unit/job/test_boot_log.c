/* What the log of an emulated start tells. */
#include "unit/unit.h"

#include "job/boot_log.h"

#include <string.h>

static void add_text(struct rk_boot_log *log, unsigned unit, const char *text)
{
    for (; *text; text++)
        assert_true(rk_boot_log_add(log, unit, (uint8_t)*text));
}

static void a_test_mode_is_no_normal_start(void **state)
{
    struct rk_boot_log log = {.len = {0}};
    struct rk_boot_result result = {.finding_count = 0};
    (void)state;
    add_text(&log, 0,
             "bk_misc_init_start_type 0 0\r\nprvHeapInit-start addr:0x414540, size:113344\r\n"
             "[Flash]id:0xeb6015\r\nsctrl_sta_ps_init\r\ncset:0 0 0 0\r\n[FUNC]rwnxl_init\r\n"
             "[bk]tx_txdesc_flush\r\n[FUNC]intc_init\r\n[FUNC]calibration_main\r\n"
             "calibration_main over\r\n[FUNC]func_init_extended OVER!!!\r\n");
    assert_true(rk_boot_log_judge(&log, 0, true, &result));
    assert_int_equal(result.finding_count, 1);
    assert_string_equal(result.findings[0].id, "mode.ate");
    assert_int_equal(result.findings[0].verdict, RK_VERDICT_WARN);
    rk_boot_log_free(&log);
}

static void a_collapse_counts_only_where_it_is_not_up(void **state)
{
    struct rk_boot_log log = {.len = {0}};
    struct rk_boot_result result = {.finding_count = 0};
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        add_text(&log, 1,
                 "V:BK7231N_1.0.1\r\nST:00000000\r\nJ 0x10000\r\nbk_misc_init_start_type 0 0\r\n"
                 "[FUNC]rwnxl_init\r\n[FUNC]intc_init\r\n[FUNC]calibration_main\r\n");
    assert_false(rk_boot_log_judge(&log, 1, true, &result));
    assert_int_equal(result.finding_count, 0);
    assert_false(rk_boot_log_judge(&log, 1, false, &result));
    assert_true(result.finding_count > 0);
    assert_string_equal(result.findings[0].id, "pwr.rf-init");
    /* nothing came from the other UART */
    result.finding_count = 0;
    assert_false(rk_boot_log_judge(&log, 0, false, &result));
    assert_int_equal(result.finding_count, 0);
    rk_boot_log_free(&log);
}

static void a_log_without_end_is_bounded(void **state)
{
    struct rk_boot_log log = {.len = {0}};
    (void)state;
    for (size_t i = 0; i < RK_BOOT_LOG_MAX + 5000; i++)
        assert_true(rk_boot_log_add(&log, 1, (uint8_t)(i % 64 ? 'x' : '\n')));
    assert_int_equal(log.len[1], RK_BOOT_LOG_MAX);
    rk_boot_log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_mode_is_no_normal_start),
        cmocka_unit_test(a_collapse_counts_only_where_it_is_not_up),
        cmocka_unit_test(a_log_without_end_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
