/* Scenarios: each can be made, is deterministic, and shows on its wires what its row promises. */
#include "unit/unit.h"

#include <rekindle/rekindle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX 300000u

struct shown {
    char *log;  /* UART2, NUL-terminated; embedded NULs as they are */
    size_t len; /* bytes of it */
    uint8_t uart1[4096];
    size_t uart1_len;
    struct rk_sim_stats stats;
};

static struct rk_sim *make(const char *model, const char *scenario)
{
    struct rk_sim_spec spec;
    struct rk_sim *sim = NULL;
    struct rk_error err;
    char text[128];

    snprintf(text, sizeof text, "%s,scenario=%s", model, scenario);
    assert_int_equal(rk_sim_spec_parse(text, &spec, &err), RK_OK);
    if (rk_sim_new(&spec.options, &sim, &err) != RK_OK)
        fail_msg("%s: %s", text, err.message);
    rk_sim_spec_free(&spec);
    return sim;
}

/* Looks at a module for some seconds without touching it. */
static void show(const char *model, const char *scenario, unsigned seconds, struct shown *out)
{
    struct rk_sim *sim = make(model, scenario);

    memset(out, 0, sizeof *out);
    out->log = calloc(1, LOG_MAX + 1);
    assert_non_null(out->log);
    for (uint64_t at = 0; at <= seconds * 1000000ull; at += 10000) {
        out->len += rk_sim_transmit(sim, RK_SIM_UART2, at, (uint8_t *)out->log + out->len,
                                    LOG_MAX - out->len, 0);
        out->uart1_len += rk_sim_transmit(sim, RK_SIM_UART1, at, out->uart1 + out->uart1_len,
                                          sizeof out->uart1 - out->uart1_len, 0);
    }
    rk_sim_stats(sim, &out->stats);
    rk_sim_free(sim);
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;

    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static void every_scenario_can_be_made_on_its_models(void **state)
{
    (void)state;
    struct rk_sim_scenario row;
    size_t i;

    for (i = 0; rk_sim_scenario_at(i, &row); i++) {
        char models[128], *at = models;
        snprintf(models, sizeof models, "%s", row.models);
        for (char *model = at; model; model = at) {
            at = strchr(model, ' ');
            if (at)
                *at++ = '\0';
            rk_sim_free(make(model, row.id));
        }
        assert_true(row.shows[0]);
    }
    assert_true(i >= 55);
}

static void the_same_scenario_shows_the_same(void **state)
{
    (void)state;
    struct shown a, b;

    show("bk7231n", "pwr.rf-init", 4, &a);
    show("bk7231n", "pwr.rf-init", 4, &b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.log, b.log, a.len);
    free(a.log);
    free(b.log);
}

static void a_supply_that_collapses_loops_with_power_on(void **state)
{
    (void)state;
    struct shown s;

    show("bk7231n", "pwr.rf-init", 4, &s);
    unsigned boots = count(s.log, "\r\r\nV:BK7231N_1.0.1\r\r\n");
    assert_true(boots >= 8);
    assert_int_equal(count(s.log, "ST:00000000\r\r\n"), boots);
    assert_int_equal(count(s.log, "calibration"), 0);
    assert_true(count(s.log, "[FUNC]c\xd0") >= boots - 1);
    assert_non_null(strstr(s.log, "Boot Count 21"));
    assert_non_null(strstr(s.log, "Boot Count 22"));
    /* on the download wire each collapse is a break */
    assert_true(s.uart1_len >= boots - 1);
    assert_int_equal(s.uart1[0], 0);
    free(s.log);
}

static void reset_causes_are_in_the_banner(void **state)
{
    (void)state;
    static const struct {
        const char *id, *banner, *start;
    } rows[] = {
        {"rst.watchdog", "ST:00010002\r", "bk_misc_init_start_type 2 10002\r"},
        {"rst.crash", "ST:0001AD03\r", "bk_misc_init_start_type 8 1ad03\r"},
        {"rst.software", "ST:00010001\r", "bk_misc_init_start_type 1 10001\r"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct shown s;
        show("bk7231n", rows[i].id, 20, &s);
        assert_non_null(strstr(s.log, rows[i].banner));
        assert_non_null(strstr(s.log, rows[i].start));
        assert_non_null(strstr(s.log, "00401e0c 003f0fb4")); /* a link register that was used */
        free(s.log);
    }
}

static void a_gated_supply_is_off_for_a_while(void **state)
{
    (void)state;
    struct shown s;

    show("bk7231n", "pwr.gated", 36, &s);
    assert_int_equal(count(s.log, "V:BK7231N"), 3);
    assert_int_equal(count(s.log, "Time 9,"), 3);
    assert_int_equal(count(s.log, "Time 11,"), 0);
    free(s.log);
}

static void silence_is_silence(void **state)
{
    (void)state;
    static const char *const ids[] = {"silent.uart2", "dl.data-all-ff", "dl.bootloader-blank",
                                      "dl.flash-silent", "dl.app-at-zero"};

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct shown s;
        show("bk7231n", ids[i], 5, &s);
        assert_int_equal(s.len, 0);
        assert_int_equal(s.uart1_len, 0);
        free(s.log);
    }
}

static void a_healthy_module_completes_its_boot_once(void **state)
{
    (void)state;
    struct shown s;

    show("bk7231n", "ok.boot-complete", 60, &s);
    assert_int_equal(count(s.log, "V:BK7231N"), 1);
    assert_int_equal(count(s.log, "Boot complete time reached"), 1);
    assert_int_equal(s.stats.resets, 0);
    free(s.log);
}

static void firmware_can_erase_its_own_boot_loader(void **state)
{
    (void)state;
    struct rk_sim *sim = make("bk7238", "app.erases-sector0");
    uint8_t waste[4096];
    size_t len;

    assert_int_not_equal(rk_sim_flash(sim, &len)[0], 0xFF);
    for (uint64_t at = 0; at < 3000000; at += 10000)
        (void)rk_sim_transmit(sim, RK_SIM_UART2, at, waste, sizeof waste, 0);
    assert_int_equal(rk_sim_flash(sim, &len)[0], 0xFF);
    assert_int_not_equal(rk_sim_flash(sim, &len)[4096], 0xFF);
    rk_sim_free(sim);
}

static void what_does_not_exist_gets_a_suggestion(void **state)
{
    (void)state;
    struct rk_sim_options opt = {.size = sizeof opt, .model = "bk7231n", .scenario = "pwr.rf-int"};
    struct rk_sim *sim = NULL;
    struct rk_error err;

    assert_int_equal(rk_sim_new(&opt, &sim, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "sim.scenario");
    assert_non_null(strstr(err.hint, "pwr.rf-init"));
    opt.scenario = "app.erases-sector0";
    assert_int_equal(rk_sim_new(&opt, &sim, &err), RK_ERR_ARG);
    assert_non_null(strstr(err.hint, "bk7238"));
}

static void both_wires_share_a_clock(void **state)
{
    (void)state;
    struct rk_context *ctx;
    struct rk_link *link, *log, *second;
    struct rk_error err;
    uint8_t buf[4096];
    size_t got, total = 0;

    assert_int_equal(rk_context_new(&ctx, NULL, &err), RK_OK);
    assert_int_equal(rk_link_open(ctx, "sim:bk7231n,scenario=ok.boot-complete", &link, &err),
                     RK_OK);
    assert_int_equal(rk_link_log(link, &log, &err), RK_OK);
    assert_int_equal(rk_link_log(link, &second, &err), RK_ERR_UNSUPPORTED);
    rk_clock_sleep(rk_link_clock(link), 2000000);
    do {
        assert_int_equal(rk_link_read(log, buf, sizeof buf, &got, 0, &err), RK_OK);
        total += got;
    } while (got > 0);
    assert_true(total > 1000);
    assert_true(rk_clock_now(rk_link_clock(log)) == rk_clock_now(rk_link_clock(link)));
    rk_link_close(log);
    rk_link_close(link);
    assert_int_equal(rk_link_open(ctx, "sim:bk7231n,unheard", &link, &err), RK_OK);
    assert_int_equal(rk_link_log(link, &log, &err), RK_ERR_UNSUPPORTED);
    assert_string_equal(err.id, "port.no-log");
    rk_link_close(link);
    rk_context_free(ctx);
}

static void wires_can_be_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        bool heard, echo;
    } rows[] = {
        {"sim:bk7231n", true, false},
        {"sim:bk7231n,wire=rx-open", false, false},
        {"sim:bk7231n,wire=tx-open", false, false},
        {"sim:bk7231n,wire=swapped", false, false},
        {"sim:bk7231n,wire=short", true, true},
        {"sim:bk7231n,wire=loop", true, true},
        {"sim:bk7231n,wire=none", false, false},
    };
    static const uint8_t check[] = {0x01, 0xE0, 0xFC, 0x01, 0x00};
    struct rk_context *ctx;
    struct rk_error err;

    assert_int_equal(rk_context_new(&ctx, NULL, &err), RK_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rk_link *link;
        uint8_t buf[64];
        size_t got, total = 0;
        assert_int_equal(rk_link_open(ctx, rows[i].spec, &link, &err), RK_OK);
        assert_int_equal(rk_link_write(link, check, sizeof check, &err), RK_OK);
        do {
            assert_int_equal(rk_link_read(link, buf + total, sizeof buf - total, &got, 20000, &err),
                             RK_OK);
            total += got;
        } while (got > 0);
        assert_int_equal(total > 0, rows[i].heard);
        if (rows[i].echo)
            assert_memory_equal(buf, check, sizeof check);
        rk_link_close(link);
    }
    rk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_can_be_made_on_its_models),
        cmocka_unit_test(the_same_scenario_shows_the_same),
        cmocka_unit_test(a_supply_that_collapses_loops_with_power_on),
        cmocka_unit_test(reset_causes_are_in_the_banner),
        cmocka_unit_test(a_gated_supply_is_off_for_a_while),
        cmocka_unit_test(silence_is_silence),
        cmocka_unit_test(a_healthy_module_completes_its_boot_once),
        cmocka_unit_test(firmware_can_erase_its_own_boot_loader),
        cmocka_unit_test(what_does_not_exist_gets_a_suggestion),
        cmocka_unit_test(both_wires_share_a_clock),
        cmocka_unit_test(wires_can_be_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
