/* The monitor's pure part: lines, boots, strange bytes, and the search for the rate. */
#include "unit/unit.h"

#include <rekindle/monitor.h>

#include <stdio.h>
#include <string.h>

struct seen {
    char lines[64][200];
    char phases[64][40];
    unsigned boots[64];
    bool starts[64], complete[64];
    unsigned count;
    uint32_t baud;
    bool found;
};

static void on_line(void *user, const struct rk_monitor_line *line)
{
    struct seen *seen = user;

    if (seen->count == 64)
        return;
    snprintf(seen->lines[seen->count], sizeof seen->lines[0], "%s", line->text);
    snprintf(seen->phases[seen->count], sizeof seen->phases[0], "%s",
             line->phase ? line->phase : "");
    seen->boots[seen->count] = line->boot;
    seen->starts[seen->count] = line->boot_start;
    seen->complete[seen->count++] = line->complete;
}

static void on_rate(void *user, uint32_t baud, bool found)
{
    struct seen *seen = user;

    seen->baud = baud;
    seen->found = found;
}

static struct rk_monitor *start(struct seen *seen, uint32_t baud)
{
    struct rk_monitor_options opt = {
        .size = sizeof opt, .baud = baud, .user = seen, .line = on_line, .rate = on_rate};
    struct rk_monitor *monitor = NULL;

    memset(seen, 0, sizeof *seen);
    assert_int_equal(rk_monitor_new(&opt, &monitor, NULL), RK_OK);
    return monitor;
}

static void feed(struct rk_monitor *monitor, uint64_t at, const char *text)
{
    rk_monitor_take(monitor, at, (const uint8_t *)text, strlen(text));
}

static void lines_come_out_clean(void **state)
{
    (void)state;
    struct seen seen;
    struct rk_monitor *monitor = start(&seen, 115200);

    feed(monitor, 0, "\r\r\nJ 0x10000\r\r\n\x1b[32;22m[I/FAL] ok\x1b[0m\r\n");
    rk_monitor_take(monitor, 1000, (const uint8_t *)"a\x00\xff\xc3\xa4\x1b]0;x\x07\n", 12);
    feed(monitor, 2000, "cut");
    assert_int_equal(seen.count, 3);
    rk_monitor_idle(monitor, 100000);
    assert_int_equal(seen.count, 3);
    rk_monitor_idle(monitor, 300000);
    assert_int_equal(seen.count, 4);
    assert_string_equal(seen.lines[0], "J 0x10000");
    assert_string_equal(seen.phases[0], "bk.boot.jump");
    assert_string_equal(seen.lines[1], "[I/FAL] ok");
    assert_string_equal(seen.lines[2], "a\\x00\\xff\xc3\xa4\\x1b]0;x\\x07");
    assert_string_equal(seen.lines[3], "cut");
    assert_false(seen.complete[3]);
    rk_monitor_free(monitor);
}

static void boots_are_counted_also_in_mid_line(void **state)
{
    (void)state;
    struct seen seen;
    struct rk_monitor *monitor = start(&seen, 115200);

    feed(monitor, 0, "[FUNC]c\xd0\r\r\nV:BK7231N_1.0.1\r\r\nST:00000000\r\r\n[FUNC]rwnxl_i");
    feed(monitor, 1, "V:BK7231N_1.0.1\r\r\nST:00000000\r\r\n");
    feed(monitor, 2, "xxStarting bl602 now....\r\n");
    rk_monitor_end(monitor);
    static const char *const lines[] = {
        "[FUNC]c\\xd0",    "V:BK7231N_1.0.1", "ST:00000000", "[FUNC]rwnxl_i",
        "V:BK7231N_1.0.1", "ST:00000000",     "xx",          "Starting bl602 now...."};
    static const unsigned boots[] = {0, 1, 1, 1, 2, 2, 2, 3};
    assert_int_equal(seen.count, 8);
    for (unsigned i = 0; i < 8; i++) {
        assert_string_equal(seen.lines[i], lines[i]);
        assert_int_equal(seen.boots[i], boots[i]);
        assert_int_equal(seen.starts[i], i == 1 || i == 4 || i == 7);
    }
    struct rk_monitor_stats stats;
    rk_monitor_stats(monitor, &stats);
    assert_int_equal(stats.boots, 3);
    assert_string_equal(stats.last_phase, "bl.start");
    rk_monitor_free(monitor);
}

static void a_banner_counts_once(void **state)
{
    (void)state;
    static const char *const banners[] = {"V:BK7231N_1.0.1\r\n", "V:BK7231S_1.0.5\r\n",
                                          "BK7231n_1.0.8\r\n",   "V: T1_2.0.0\r\n",
                                          "BK7238_1.0.14\r\n",   "Starting bl602 now....\r\n"};

    for (size_t i = 0; i < sizeof banners / sizeof banners[0]; i++) {
        struct seen seen;
        struct rk_monitor *monitor = start(&seen, 115200);
        struct rk_monitor_stats stats;
        feed(monitor, 0, banners[i]);
        rk_monitor_stats(monitor, &stats);
        assert_int_equal(stats.boots, 1);
        assert_int_equal(seen.count, 1);
        rk_monitor_free(monitor);
    }
}

static void long_lines_come_in_pieces(void **state)
{
    (void)state;
    struct seen seen;
    struct rk_monitor *monitor = start(&seen, 115200);
    struct rk_monitor_stats stats;

    for (unsigned i = 0; i < 100000; i++)
        feed(monitor, i, ".");
    rk_monitor_end(monitor);
    rk_monitor_stats(monitor, &stats);
    assert_int_equal(stats.lines, 100000 / 4096 + 1);
    assert_int_equal(stats.bytes, 100000);
    rk_monitor_free(monitor);
}

static void text_is_told_from_noise(void **state)
{
    (void)state;
    uint8_t noise[256];

    for (unsigned i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * 151 + 7);
    assert_true(rk_monitor_text_score(noise, sizeof noise) < 60);
    assert_int_equal(rk_monitor_text_score((const uint8_t *)"V:BK7231N_1.0.1\r\r\n", 18), 100);
    assert_int_equal(rk_monitor_text_score((const uint8_t *)"\x1b[32;22mx\x1b[0m\r\n", 15), 100);
    assert_int_equal(rk_monitor_text_score((const uint8_t *)"\xe2\x96\x88\xe2\x95\x97\n", 7), 100);
    assert_int_equal(rk_monitor_text_score(noise, 0), 0);
}

/* A line that talks at `rate`: what is received at another one is noise. */
static void talk(struct rk_monitor *monitor, uint32_t rate, unsigned chunks)
{
    static const char text[] = "Info:MAIN:Time 1, idle 190037/s, free 77832, MQTT 0(0)\r\n";
    uint8_t noise[sizeof text];

    for (unsigned i = 0; i < chunks; i++) {
        for (unsigned k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t)((k + i) * 151 + 0x87);
        if (rk_monitor_baud(monitor) == rate)
            feed(monitor, i * 20000ull, text);
        else
            rk_monitor_take(monitor, i * 20000ull, noise, sizeof noise - 1);
    }
}

static void the_rate_is_found(void **state)
{
    (void)state;
    static const uint32_t rates[] = {115200, 2000000, 921600, 9600, 1500000};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct seen seen;
        struct rk_monitor *monitor = start(&seen, 0);
        talk(monitor, rates[i], 30);
        assert_true(seen.found);
        assert_int_equal(rk_monitor_baud(monitor), rates[i]);
        /* and found again when the module changes it */
        talk(monitor, 57600, 60);
        assert_int_equal(rk_monitor_baud(monitor), 57600);
        rk_monitor_free(monitor);
    }
}

static void a_rate_that_was_named_stays(void **state)
{
    (void)state;
    struct seen seen;
    struct rk_monitor *monitor = start(&seen, 9600);

    talk(monitor, 115200, 30);
    assert_int_equal(rk_monitor_baud(monitor), 9600);
    rk_monitor_free(monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_clean),
        cmocka_unit_test(boots_are_counted_also_in_mid_line),
        cmocka_unit_test(a_banner_counts_once),
        cmocka_unit_test(long_lines_come_in_pieces),
        cmocka_unit_test(text_is_told_from_noise),
        cmocka_unit_test(the_rate_is_found),
        cmocka_unit_test(a_rate_that_was_named_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
