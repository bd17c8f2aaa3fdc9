/* Real firmware, run with the loops counted in which it only waits, and executed as a whole: the same
 * bytes at the same times, the same registers after the same number of instructions. Skipped where
 * there is no capture. */
#include "unit/unit.h"

#include "store/file.h"

#include <rekindle/emulate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

struct run {
    struct rk_emulator *emulator;
    uint32_t sum; /* over bytes and times */
    unsigned bytes;
};

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct run *r = user;

    r->sum = r->sum * 16777619u ^ byte ^ unit << 8 ^ (uint32_t)time_ns;
    r->bytes++;
}

static void on_trace(void *user, const struct rk_emulate_trace *what)
{
    (void)user;
    (void)what;
}

static void start(struct run *r, const char *chip, const uint8_t *flash, size_t len, bool all)
{
    struct rk_emulate_options opt = {.size = sizeof opt,
                                     .chip = chip,
                                     .flash = flash,
                                     .flash_len = len,
                                     .events = {.user = r, .uart = on_uart}};

    memset(r, 0, sizeof *r);
    if (all) { /* who wants to see every access gets every instruction executed */
        opt.watch = RK_EMULATE_REGISTERS;
        opt.events.trace = on_trace;
    }
    assert_int_equal(rk_emulator_new(&opt, &r->emulator, NULL), RK_OK);
}

static void compare(const char *chip, const uint8_t *flash, size_t len)
{
    struct rk_emulate_state one, other;
    struct run quick, whole;
    uint64_t skipped = 0;

    start(&quick, chip, flash, len, false);
    start(&whole, chip, flash, len, true);
    for (unsigned i = 1; i <= 5; i++) {
        (void)rk_emulator_run(quick.emulator, i * 37 * MS);
        (void)rk_emulator_run(whole.emulator, i * 37 * MS);
        rk_emulator_state(quick.emulator, &one);
        rk_emulator_state(whole.emulator, &other);
        assert_int_equal(quick.bytes, whole.bytes);
        assert_int_equal(quick.sum, whole.sum);
        assert_int_equal(other.skipped, 0);
        skipped = one.skipped;
        one.skipped = 0;
        assert_memory_equal(&one, &other, sizeof one);
    }
    assert_true(quick.bytes > 300);
    assert_true(skipped > one.instructions / 4);
    rk_emulator_free(quick.emulator);
    rk_emulator_free(whole.emulator);
}

static void nothing_but_the_time_it_takes_is_different(void **state)
{
    static const char *const captures[][2] = {
        {"Globe Electric 37783 RGBCT Bulb v2.0.0.bin", "BK7231T"},
        {"Mirabella Genio I003632 Plug.bin", "BK7231N"},
    };
    unsigned seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        char path[1024];
        uint8_t *flash = NULL;
        size_t len = 0;
        snprintf(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, captures[i][0]);
        if (!rk_file_exists(path))
            continue;
        assert_int_equal(rk_file_read(path, 4u << 20, &flash, &len, NULL), RK_OK);
        compare(captures[i][1], flash, len);
        free(flash);
        seen++;
    }
    if (!seen)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_the_time_it_takes_is_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
