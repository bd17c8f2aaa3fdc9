#include "unit/unit.h"

#include "base/text.h"
#include "job/safety.h"

#include <string.h>

static struct rk_device_info device;
static struct rk_image_facts image;

static struct rk_safety_case fresh(void)
{
    device = (struct rk_device_info){
        .family = "bk72xx", .chip = "BK7231N", .loader_in_rom = true, .baud = 921600};
    image = (struct rk_image_facts){.family = "bk72xx",
                                    .chip = "BK7231N",
                                    .chip_evidence = RK_EVIDENCE_CONFIRMED,
                                    .key_class = RK_KEY_TUYA,
                                    .summary = "an image"};
    return (struct rk_safety_case){.device = &device, .image = &image, .device_key = RK_KEY_TUYA};
}

/* Judges all stages; the rule that objects, or RK_RULE_COUNT. */
static enum rk_rule judge(const struct rk_safety_case *c, uint32_t lifted)
{
    enum rk_rule rule = RK_RULE_COUNT;
    for (int stage = RK_SAFETY_FILE; stage <= RK_SAFETY_WRITE; stage++) {
        struct rk_error err = {0};
        char id[40];
        if (rk_safety_judge(c, (enum rk_safety_stage)stage, lifted, &err) == RK_OK)
            continue;
        assert_int_equal(err.status, RK_ERR_REFUSED);
        rk_text_format(id, sizeof id, "refused.%s", err.rule);
        assert_string_equal(err.id, id);
        assert_non_null(strstr(err.hint, "--force="));
        assert_int_equal(rk_rule_parse(err.rule, &rule, NULL), RK_OK);
        return rule;
    }
    return rule;
}

static void only_its_own_rule_lifts_a_refusal(void **state)
{
    struct rk_safety_case cases[RK_RULE_COUNT];
    (void)state;
    for (unsigned i = 0; i < RK_RULE_COUNT; i++)
        cases[i] = fresh();
    static struct rk_image_facts other_chip, other_key;
    static struct rk_device_info flash_loader, slow;
    other_chip = image;
    rk_text_copy(other_chip.chip, sizeof other_chip.chip, "BK7231T");
    other_key = image;
    other_key.key_class = RK_KEY_ZERO;
    flash_loader = device;
    flash_loader.loader_in_rom = false;
    slow = device;
    slow.baud = 115200;
    cases[RK_RULE_NO_BACKUP].without_backup = true;
    cases[RK_RULE_CHIP].image = &other_chip;
    cases[RK_RULE_KEY].image = &other_key;
    cases[RK_RULE_BOOT].changes_boot = true;
    cases[RK_RULE_BOOT_BRICK].changes_boot = true;
    cases[RK_RULE_BOOT_BRICK].boot_known = true;
    cases[RK_RULE_BOOT_BRICK].device = &flash_loader;
    cases[RK_RULE_CALIBRATION].changes_calibration = true;
    cases[RK_RULE_SIZE].size_uncertain = true;
    cases[RK_RULE_LAYOUT].overlapping = true;
    cases[RK_RULE_FOREIGN_BACKUP].changes_calibration = true;
    cases[RK_RULE_FOREIGN_BACKUP].calibration_foreign = true;
    cases[RK_RULE_PROTECT].protection_unknown = true;
    cases[RK_RULE_UNSTABLE].device = &slow;
    cases[RK_RULE_UNSTABLE].sectors_read = 200;
    cases[RK_RULE_UNSTABLE].misread = 3;
    cases[RK_RULE_SAME_PORT].module_changed = true;
    for (unsigned i = 0; i < RK_RULE_COUNT; i++) {
        assert_int_equal(judge(&cases[i], 0), i);
        assert_int_equal(judge(&cases[i], ~RK_RULE_BIT(i)), i);
        assert_int_equal(judge(&cases[i], RK_RULE_BIT(i)), RK_RULE_COUNT);
    }
}

static void what_is_unknown_speaks_against_nobody(void **state)
{
    struct rk_safety_case c = fresh();
    (void)state;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    c.image = NULL;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    c = fresh();
    image.chip[0] = image.family[0] = '\0';
    image.key_class = RK_KEY_UNKNOWN;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    c = fresh();
    c.device_key = RK_KEY_UNREADABLE;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    rk_text_copy(image.chip, sizeof image.chip, "BK7231T");
    image.chip_evidence = RK_EVIDENCE_GUESS;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    rk_text_copy(image.family, sizeof image.family, "bl602");
    assert_int_equal(judge(&c, 0), RK_RULE_CHIP);
}

static void what_the_module_held_before_may_come_back(void **state)
{
    struct rk_safety_case c = fresh();
    (void)state;
    rk_text_copy(image.chip, sizeof image.chip, "BK7231T");
    image.chip_evidence = RK_EVIDENCE_CONFIRMED;
    assert_int_equal(judge(&c, 0), RK_RULE_CHIP);
    c.own_backup = true;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    c = fresh();
    image.key_class = RK_KEY_ZERO;
    c.device_key = RK_KEY_TUYA;
    assert_int_equal(judge(&c, 0), RK_RULE_KEY);
    c.own_backup = true;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
}

static void a_line_is_judged_only_at_the_lowest_rate_and_after_a_sample(void **state)
{
    struct rk_safety_case c = fresh();
    (void)state;
    c.sectors_read = 100;
    c.misread = 50;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    device.baud = 115200;
    assert_int_equal(judge(&c, 0), RK_RULE_UNSTABLE);
    c.misread = 1;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
    c.misread = c.sectors_read = 63;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
}

static void own_calibration_may_come_back(void **state)
{
    struct rk_safety_case c = fresh();
    (void)state;
    c.changes_calibration = c.calibration_own = true;
    assert_int_equal(judge(&c, 0), RK_RULE_COUNT);
}

static void other_names_of_a_chip_fit(void **state)
{
    (void)state;
    assert_true(rk_safety_chip_fits("BK7231N", "BK7231N"));
    assert_true(rk_safety_chip_fits("bk7231n", "BK7231N"));
    assert_true(rk_safety_chip_fits("BL2028N", "BK7231M"));
    assert_true(rk_safety_chip_fits("BK7231M", "BL2028N"));
    assert_true(rk_safety_chip_fits("BK7231N", "BK7231M")); /* the rule `key` separates these */
    assert_false(rk_safety_chip_fits("BK7231T", "BK7231N"));
    assert_false(rk_safety_chip_fits("BK7238", "BK7252N"));
    assert_false(rk_safety_chip_fits("BK7231", "BK7231N"));
    assert_false(rk_safety_chip_fits("", "BK7231N"));
}

static void rules_have_names_and_a_suggestion(void **state)
{
    struct rk_error err;
    enum rk_rule rule;
    (void)state;
    for (unsigned i = 0; i < RK_RULE_COUNT; i++) {
        assert_int_equal(rk_rule_parse(rk_rule_name((enum rk_rule)i), &rule, NULL), RK_OK);
        assert_int_equal(rule, i);
        assert_true(strlen(rk_rule_text(rule)) > 10);
    }
    assert_null(rk_rule_name(RK_RULE_COUNT));
    assert_int_equal(rk_rule_parse("calibraton", &rule, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "usage.rule");
    assert_non_null(strstr(err.hint, "calibration"));
    assert_int_equal(rk_rule_parse("all", &rule, &err), RK_ERR_ARG);
}

static void an_application_needs_a_boot_loader(void **state)
{
    struct rk_safety_case c = fresh();
    struct rk_error err = {0};
    (void)state;
    c.boot_missing = true;
    assert_int_equal(rk_safety_judge(&c, RK_SAFETY_DEVICE, 0, &err), RK_ERR_REFUSED);
    assert_string_equal(err.rule, "layout");
    assert_non_null(strstr(err.message, "boot loader"));
    assert_non_null(strstr(err.hint, "--boot"));
    assert_int_equal(judge(&c, RK_RULE_BIT(RK_RULE_LAYOUT)), RK_RULE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_its_own_rule_lifts_a_refusal),
        cmocka_unit_test(what_is_unknown_speaks_against_nobody),
        cmocka_unit_test(what_the_module_held_before_may_come_back),
        cmocka_unit_test(a_line_is_judged_only_at_the_lowest_rate_and_after_a_sample),
        cmocka_unit_test(own_calibration_may_come_back),
        cmocka_unit_test(other_names_of_a_chip_fit),
        cmocka_unit_test(rules_have_names_and_a_suggestion),
        cmocka_unit_test(an_application_needs_a_boot_loader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
