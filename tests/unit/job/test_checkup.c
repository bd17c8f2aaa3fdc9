/* Every scenario of the virtual modules is found out by the checkup: blind, in process, on the
 * virtual clock, with both wires. */
#include "unit/unit.h"

#include <rekindle/rekindle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool yes(void *user, const char *id, const char *text)
{
    (void)user;
    (void)id;
    assert_true(text[0]);
    return true;
}

static struct rk_checkup *check(const char *spec)
{
    struct rk_checkup_options opt = {.size = sizeof opt, .ask = yes};
    struct rk_checkup *checkup = NULL;
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_error err;

    assert_int_equal(rk_context_new(&ctx, NULL, &err), RK_OK);
    if (rk_link_open(ctx, spec, &link, &err) != RK_OK)
        fail_msg("%s: %s", spec, err.message);
    if (rk_checkup_run(ctx, link, &opt, &checkup, &err) != RK_OK)
        fail_msg("%s: %s", spec, err.message);
    rk_link_close(link);
    rk_context_free(ctx);
    return checkup;
}

static void tell(const char *spec, const struct rk_checkup *c)
{
    printf("%s: %u starts\n", spec, c->boots);
    for (size_t i = 0; i < c->finding_count; i++)
        printf("  finding %s %u\n", c->findings[i].id, c->findings[i].confidence);
    for (size_t i = 0; i < c->fact_count; i++)
        printf("  fact %s [%s] %s\n", c->facts[i].id, c->facts[i].source, c->facts[i].text);
}

static void every_scenario_is_found_out(void **state)
{
    (void)state;
    struct rk_sim_scenario row;
    unsigned wrong = 0;

    for (size_t i = 0; rk_sim_scenario_at(i, &row); i++) {
        char spec[160];
        size_t n = strcspn(row.models, " ");
        snprintf(spec, sizeof spec, "sim:%.*s,scenario=%s", (int)n, row.models, row.id);
        struct rk_checkup *c = check(spec);
        if (c->finding_count == 0 || strcmp(c->findings[0].id, row.id) != 0) {
            tell(spec, c);
            wrong++;
        }
        rk_checkup_free(c);
    }
    assert_int_equal(wrong, 0);
}

static void bad_wires_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *wire, *finding, *fact;
    } rows[] = {
        {"short", "wire.echo", "echo.own"},       {"low", "wire.low", "line.low"},
        {"none", "dl.no-bus", "wires.silent"},    {"swapped", "dl.no-bus", "wires.silent"},
        {"tx-open", "dl.no-bus", "wires.silent"}, {"uart2", "pwr.rf-init", "wire.on-log"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char spec[160];
        bool seen = false;
        snprintf(spec, sizeof spec, "sim:bk7231n,scenario=pwr.rf-init,unheard,wire=%s",
                 rows[i].wire);
        struct rk_checkup *c = check(spec);
        for (size_t k = 0; k < c->fact_count; k++)
            seen |= strcmp(c->facts[k].id, rows[i].fact) == 0;
        if (!seen || c->finding_count == 0 || strcmp(c->findings[0].id, rows[i].finding) != 0) {
            tell(spec, c);
            fail();
        }
        rk_checkup_free(c);
    }
}

/* Public captures of healthy modules, on the chip they come from and on another one. */
static void healthy_captures_give_no_failure(void **state)
{
    (void)state;
    static const struct {
        const char *file, *model, *finding;
    } rows[] = {
        {"Mirabella Genio I003632 Plug.bin", "bk7231n", "ok.flash"},
        {"SmartLED 8044 1 Gange Smart Switch.bin", "bk7231n", "ok.flash"},
        {"Tuya Generic Motion Sensor CBU v1.0.6 Kraslaw.bin", "bk7231n", "ok.flash"},
        {"Tuya Generic DS-101JL 4 Gang Smart Switch.bin", "bk7231t", "ok.flash"},
        {"Tuya Generic Motion Sensor CBU v1.0.6 Kraslaw.bin", "bk7231t", "dl.wrong-mode-n-on-t"},
        {"Tuya Generic DS-101JL 4 Gang Smart Switch.bin", "bk7231n", "chip.wrong-build"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char spec[700], path[600];
        snprintf(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, rows[i].file);
        FILE *file = fopen(path, "rb");
        if (!file) {
            skip();
            return;
        }
        fclose(file);
        snprintf(spec, sizeof spec, "sim:%s,flash=%s", rows[i].model, path);
        struct rk_checkup *c = check(spec);
        if (c->finding_count != 1 || strcmp(c->findings[0].id, rows[i].finding) != 0) {
            tell(spec, c);
            fail();
        }
        rk_checkup_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_is_found_out),
        cmocka_unit_test(bad_wires_are_named),
        cmocka_unit_test(healthy_captures_give_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
