/* Who is it, and how is it reached: keys, names, fingerprints, ways of resetting. */
#include "unit/chip/bench.h"

static const struct rk_device_info *info_of(struct bench *b)
{
    return rk_device_info(b->dev);
}

static void the_key_tells_the_chip(void **state)
{
    static const struct {
        uint32_t key[4];
        const char *chip;
        enum rk_key_class key_class;
    } cases[] = {
        {{0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03}, "BK7231N", RK_KEY_TUYA},
        {{0, 0, 0, 0}, "BK7231M", RK_KEY_ZERO},
        {{1, 2, 3, 4}, "BK7231N", RK_KEY_VENDOR},
        {{0x5100B093, 0x00CBEADC, 0x5993A17E, 0xC7ADEB03}, "BK7231N", RK_KEY_VENDOR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_sim_options sim = bench_sim("bk7231n", NULL, 0x200000);
        struct bench b;
        sim.have_key = true;
        memcpy(sim.key, cases[i].key, sizeof sim.key);
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        for (int again = 0; again < 2; again++) {
            assert_string_equal(info_of(&b)->chip, cases[i].chip);
            assert_int_equal(info_of(&b)->key_class, cases[i].key_class);
            assert_memory_equal(info_of(&b)->key, cases[i].key, sizeof sim.key);
            bench_ok(&b, rk_device_identify(b.dev, &b.err));
        }
        bench_end(&b);
    }
}

/* Where no register can be read there is no key: that is not the key zero. */
static void silence_is_not_the_key_zero(void **state)
{
    static const char *const models[] = {"bk7231t", "bk7231u", "bk7231q", "bk7252"};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct rk_sim_options sim = bench_sim(models[i], NULL, 0x400000 >> (i < 3));
        struct bench b;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        bench_ok(&b, rk_device_identify(b.dev, &b.err));
        assert_int_equal(info_of(&b)->key_class, RK_KEY_UNKNOWN);
        assert_int_equal(info_of(&b)->chip_id, 0);
        assert_false(info_of(&b)->has_jedec);
        bench_end(&b);
    }
}

static void loaders_are_known_by_their_bytes(void **state)
{
    static const struct {
        const char *model, *loader, *chip;
        uint32_t crc;
    } cases[] = {
        {"bk7231t", "1.0.4", "BK7231T", 0x4B31E44D}, {"bk7231t", "1.0.5", "BK7231T", 0xBA54C1B8},
        {"bk7231t", "1.0.6", "BK7231T", 0xE5CBC953}, {"bk7231u", NULL, "BK7231U", 0x8BCEC3B4},
        {"bk7231q", NULL, "BK7231Q", 0x42C221EA},    {"bk7252", NULL, "BK7252", 0x8BCEC3B4},
        {"bk7231n", NULL, "BK7231N", 0xB397B8F6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_sim_options sim = bench_sim(cases[i].model, cases[i].loader, 0);
        struct bench b;
        sim.flash = NULL;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        assert_string_equal(info_of(&b)->chip, cases[i].chip);
        assert_true(info_of(&b)->has_fingerprint && info_of(&b)->fingerprint_name[0]);
        assert_int_equal(info_of(&b)->fingerprint, cases[i].crc);
        bench_end(&b);
    }
}

static void other_names_are_understood(void **state)
{
    static const struct {
        const char *model, *named;
        enum rk_status st;
        const char *found;
    } cases[] = {
        {"bl2028n", "t34", RK_OK, NULL},
        {"bk7231m", "BL2028N", RK_OK, NULL},
        {"bk7231m", "bk7231n", RK_ERR_CHIP_MISMATCH, "BK7231M"},
        {"bk7238", "t1", RK_OK, NULL},
        {"bk7238", "bk7231n", RK_ERR_CHIP_MISMATCH, "BK7238"},
        {"bk7231n", "bk7238", RK_ERR_CHIP_MISMATCH, "BK7231N"},
        {"bk7231t", "bk7231n", RK_ERR_CHIP_MISMATCH, "BK7231T"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_sim_options sim = bench_sim(cases[i].model, NULL, 0x200000);
        struct rk_connect_options opt = {.size = sizeof opt, .chip = cases[i].named};
        struct bench b;
        bench_begin(&b, &sim);
        assert_int_equal(bench_connect(&b, &opt), cases[i].st);
        if (cases[i].found)
            assert_non_null(strstr(b.err.message, cases[i].found));
        bench_end(&b);
    }
}

/* An application runs, and nobody but us can restart it. */
static struct rk_sim_options running_application(const char *model)
{
    struct rk_sim_options sim = bench_sim(model, NULL, 0x200000);

    sim.manual_reset = true;
    return sim;
}

static void modem_lines_reset_it(void **state)
{
    static const char *const ways[] = {NULL, "auto", "dtr-rts", "rts", "dtr", "seq:R1|W0.2|R0"};
    static const char *const models[] = {"bk7231t", "bk7231u", "bk7231n"};
    (void)state;
    for (size_t m = 0; m < sizeof models / sizeof models[0]; m++)
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            struct rk_sim_options sim = running_application(models[m]);
            struct rk_connect_options opt = {.size = sizeof opt, .reset = ways[i]};
            struct bench b;
            bench_begin(&b, &sim);
            rk_clock_sleep(rk_link_clock(b.link), 3000000);
            uint64_t start = bench_now(&b);
            bench_ok(&b, bench_connect(&b, &opt));
            assert_int_equal(b.requests, 0);
            assert_true(bench_now(&b) - start < 8000000);
            bench_end(&b);
        }
}

static void hands_off_means_hands_off(void **state)
{
    static const char *const ways[] = {"none", "manual"};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct rk_sim_options sim = running_application("bk7231t");
        struct rk_connect_options opt = {
            .size = sizeof opt, .reset = ways[i], .link_timeout_ms = 5000};
        struct rk_sim_stats stats;
        struct bench b;
        bench_begin(&b, &sim);
        rk_clock_sleep(rk_link_clock(b.link), 3000000);
        assert_int_equal(bench_connect(&b, &opt), RK_ERR_NO_LINK);
        assert_true(b.requests >= 1);
        rk_sim_stats(b.sim, &stats);
        assert_int_equal(stats.resets, 0);
        bench_end(&b);
    }
}

/* Bytes begin to get lost in the middle of the work: slower, and told. */
static void a_rate_that_goes_bad_is_left(void **state)
{
    static const char *const models[] = {"bk7231t", "bk7231n"};
    static uint8_t buf[0x40000];
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct rk_sim_options sim = bench_sim(models[m], NULL, 0x200000);
        struct rk_sim_faults worse = {.seed = 4, .max_baud = 500000};
        struct bench b;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        assert_int_equal(info_of(&b)->baud, 921600);
        b.warnings = 0;
        rk_sim_set_faults(b.sim, &worse);
        bench_ok(&b, rk_device_read(b.dev, 0x20000, buf, sizeof buf, &b.err));
        assert_int_equal(info_of(&b)->baud, 460800);
        assert_true(b.warnings > 0);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_tells_the_chip),
        cmocka_unit_test(silence_is_not_the_key_zero),
        cmocka_unit_test(loaders_are_known_by_their_bytes),
        cmocka_unit_test(other_names_are_understood),
        cmocka_unit_test(modem_lines_reset_it),
        cmocka_unit_test(hands_off_means_hands_off),
        cmocka_unit_test(a_rate_that_goes_bad_is_left),
    };
    bench_make_content();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
