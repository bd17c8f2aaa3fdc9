/* Flashing a BL602: never success with a missing piece, and a power cut at any command leaves a module
 * that the same command repairs. */
#include "unit/chip/bench.h"
#include "unit/image/bl602_set.h"
#include "unit/sim/bl602_loader.h"

#include <rekindle/job.h>

#define CUT_STEP 5u /* every n-th command; all of them: tests/campaign */

static uint8_t loader[LOADER_SIZE];
static uint8_t old_app[SET_APP];

static void begin(struct bench *b, const struct set *set, bool blank)
{
    const struct rk_sim_options sim = {.size = sizeof sim,
                                       .model = "bl602",
                                       .flash = blank ? NULL : set->flash,
                                       .flash_len = blank ? 0 : sizeof set->flash};
    struct rk_connect_options opt = {
        .size = sizeof opt, .chip = "bl602", .loader = loader, .loader_len = sizeof loader};

    loader_make(loader);
    bench_begin(b, &sim);
    bench_ok(b, bench_connect(b, &opt));
}

static enum rk_status flash(struct bench *b, const struct set *set,
                            const struct rk_bl602_sources *sources)
{
    const struct rk_image_file app = {.data = set->app, .len = sizeof set->app};
    const struct rk_write_policy policy = {
        .no_backup = true, .lifted = RK_RULE_BIT(RK_RULE_NO_BACKUP), .no_reset = true};
    struct rk_write_result result;

    return rk_job_flash_bl602(b->dev, &app, sources, &policy, &result, &b->err);
}

static bool complete(const struct bench *b)
{
    struct rk_bl602_report report = {.size = sizeof report};
    struct rk_bl602_flash view = {.size = sizeof view};

    view.data = rk_sim_flash(b->sim, &view.len);
    rk_bl602_judge(&view, &report);
    return report.complete;
}

/* A flash on which an older application runs. */
static void make_old(struct set *set)
{
    const struct rk_bl602_flash view = set_view(set);
    struct rk_bl602_plan *plan = NULL;

    set_app(old_app, sizeof old_app, "OpenBL602_1.18.01");
    old_app[20000] ^= 0x55;
    assert_int_equal(rk_bl602_plan(&view, old_app, sizeof old_app, &set->sources, &plan, NULL),
                     RK_OK);
    set_apply(plan, set->flash);
    rk_bl602_plan_free(plan);
}

static void blank_flash_without_pieces_is_left_alone(void **state)
{
    const struct rk_bl602_sources none = {.size = sizeof none};
    struct set *set = set_new();
    struct bench b;

    (void)state;
    begin(&b, set, true);
    assert_int_equal(flash(&b, set, &none), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(b.err.id, "bl602.missing");
    assert_false(rk_sim_touched(b.sim, 0, SET_FLASH));
    bench_end(&b);
    free(set);
}

static void blank_flash_gets_everything(void **state)
{
    struct set *set = set_new();
    struct bench b;

    (void)state;
    begin(&b, set, true);
    bench_ok(&b, flash(&b, set, &set->sources));
    assert_true(complete(&b));
    bench_end(&b);
    free(set);
}

static void complete_flash_keeps_its_own(void **state)
{
    const struct rk_bl602_sources none = {.size = sizeof none};
    struct set *set = set_new();
    struct bench b;

    (void)state;
    make_old(set);
    begin(&b, set, false);
    bench_ok(&b, flash(&b, set, &none));
    assert_true(complete(&b));
    assert_false(rk_sim_touched(b.sim, 0, 0xE000));        /* boot header, second-stage loader */
    assert_false(rk_sim_touched(b.sim, 0x1F8000, 0x7000)); /* device tree */
    bench_end(&b);
    free(set);
}

static void device_that_lies_is_found_out(void **state)
{
    const struct rk_sim_faults faults = {.ignore_writes = true};
    struct set *set = set_new();
    struct bench b;

    (void)state;
    begin(&b, set, true);
    rk_sim_set_faults(b.sim, &faults);
    assert_int_not_equal(flash(&b, set, &set->sources), RK_OK);
    bench_end(&b);
    free(set);
}

/* Runs with the power cut at a command; false when there was no such command any more. */
static bool cut_and_repair(struct set *set, uint32_t at)
{
    struct bench b;
    struct rk_sim_stats stats;
    const struct rk_connect_options opt = {
        .size = sizeof opt, .chip = "bl602", .loader = loader, .loader_len = sizeof loader};

    begin(&b, set, false);
    rk_sim_stats(b.sim, &stats);
    const struct rk_sim_faults cut = {.seed = at, .power_cut_at = stats.commands + at};
    const struct rk_sim_faults none = {.seed = 0};
    rk_sim_set_faults(b.sim, &cut);
    enum rk_status st = flash(&b, set, &set->sources);
    rk_sim_stats(b.sim, &stats);
    bool cut_off = !stats.powered;
    if (cut_off)
        assert_int_not_equal(st, RK_OK);
    rk_sim_set_faults(b.sim, &none);
    rk_sim_power_on(b.sim, bench_now(&b));
    rk_device_free(b.dev);
    b.dev = NULL;
    bench_ok(&b, bench_connect(&b, &opt));
    bench_ok(&b, flash(&b, set, &set->sources));
    assert_true(complete(&b));
    bench_end(&b);
    return cut_off;
}

static void power_cuts_are_repaired(void **state)
{
    struct set *set = set_new();
    unsigned cuts = 0;

    (void)state;
    make_old(set);
    for (uint32_t at = 1; cut_and_repair(set, at); at += CUT_STEP)
        cuts++;
    assert_true(cuts >= 5);
    free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blank_flash_without_pieces_is_left_alone),
        cmocka_unit_test(blank_flash_gets_everything),
        cmocka_unit_test(complete_flash_keeps_its_own),
        cmocka_unit_test(device_that_lies_is_found_out),
        cmocka_unit_test(power_cuts_are_repaired),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
