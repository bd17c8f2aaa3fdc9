/* What a BL602's flash gives away beside OpenBeken's settings, and that it starts as before without. */
#include "unit/unit.h"

#include "config/easyflash.h"
#include "image/search.h"
#include "unit/image/bl602_set.h"

#include <rekindle/scrub.h>

#define TREE  0x1F8000u
#define STORE 0x1E9000u
#define DATA  0x1F3000u

/* An area of EasyFlash with a byte as its unit, as the BL602's firmware formats it. */
static void format_store(uint8_t *area)
{
    memset(area, 0xFF, 0x8000);
    for (uint8_t *sector = area; sector < area + 0x8000; sector += 4096) {
        sector[0] = 0;
        sector[3] = 0;
        memcpy(sector + 8, "EF40", 4);
    }
}

static struct set *lived_in(void)
{
    static const char source[] =
        "/dts-v1/; / { wifi { sta { ssid = \"MyHomeNet\"; pwd = \"correct horse\"; }; mac { mode = "
        "\"MBF\"; sta_mac_addr = [02 11 22 33 44 55]; ap_mac_addr = [02 11 22 33 44 55]; }; }; };";
    struct set *s = set_new();
    struct rk_bl602_flash view = set_view(s);
    struct rk_bl602_plan *plan = NULL;

    s->sources.tree = (const uint8_t *)source;
    s->sources.tree_len = sizeof source - 1;
    assert_int_equal(rk_bl602_plan(&view, s->app, sizeof s->app, &s->sources, &plan, NULL), RK_OK);
    set_apply(plan, s->flash);
    rk_bl602_plan_free(plan);
    format_store(s->flash + STORE);
    assert_int_equal(rk_easyflash_set(s->flash + STORE, 0x8000, "pairing",
                                      (const uint8_t *)"s3cr3t-old", 10, NULL),
                     RK_OK);
    assert_int_equal(
        rk_easyflash_set(s->flash + STORE, 0x8000, "boot_times", (const uint8_t *)"3", 1, NULL),
        RK_OK);
    assert_int_equal(rk_easyflash_set(s->flash + STORE, 0x8000, "pairing",
                                      (const uint8_t *)"s3cr3t-new", 10, NULL),
                     RK_OK);
    memcpy(s->flash + DATA, "identity of the device", 22);
    return s;
}

static bool holds(const uint8_t *data, const char *text)
{
    return rk_search_text(data, SET_FLASH, 0, text) < SET_FLASH;
}

static void test_secrets_are_gone(void **state)
{
    static const char *const secrets[] = {"correct horse", "MyHomeNet", "s3cr3t-old", "s3cr3t-new",
                                          "identity of the device"};
    struct set *s = lived_in();
    struct rk_scrub_report report;
    struct rk_bl602_report after;
    struct rk_easyflash_entry e;
    uint8_t *out = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_true(holds(s->flash, secrets[i]));
    assert_int_equal(rk_scrub(s->flash, SET_FLASH, &out, &report, NULL), RK_OK);
    assert_true(report.proven && report.secrets >= 3);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (holds(out, secrets[i]))
            fail_msg("\"%s\" is still there", secrets[i]);
    assert_true(rk_easyflash_find(out + STORE, 0, 0x8000, "pairing", &e));
    assert_memory_equal(out + STORE + e.value, "xxxxxxxxxx", 10);
    assert_true(rk_easyflash_find(out + STORE, 0, 0x8000, "boot_times", &e));
    assert_int_equal(out[STORE + e.value], '3');
    assert_memory_equal(out, s->flash, 0x1E9000);
    rk_bl602_judge(&(struct rk_bl602_flash){.data = out, .len = SET_FLASH}, &after);
    assert_true(after.complete);
    free(out);
    free(s);
}

/* A value that the application has as well is a default: the application stays as it is. */
static void test_defaults_do_not_damage_the_application(void **state)
{
    struct set *s = lived_in();
    struct rk_scrub_report report;
    uint8_t *out = NULL;

    (void)state;
    memcpy(s->flash + 0x11000 + 9000, "s3cr3t-new", 10);
    assert_int_equal(rk_scrub(s->flash, SET_FLASH, &out, &report, NULL), RK_OK);
    assert_memory_equal(out, s->flash, 0x1E9000);
    free(out);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_are_gone),
        cmocka_unit_test(test_defaults_do_not_damage_the_application),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
