/* Every kind of image, for every chip, whole and spoilt: none may be misnamed. */
#include "unit/unit.h"

#include <rekindle/image.h>

#include "unit/image/model.h"

static struct rk_image_facts identify(const uint8_t *data, size_t len)
{
    struct rk_image_facts facts;

    rk_image_identify(data, len, NULL, &facts);
    return facts;
}

static void check_chip(const struct rk_image_facts *facts, const struct model *m)
{
    if (strcmp(facts->chip, m->chip) != 0)
        fail_msg("chip is %s instead of %s (%s)", facts->chip, m->chip, facts->summary);
    assert_string_equal(facts->family, "bk72xx");
    assert_int_equal(facts->key_class, m->key[3] ? RK_KEY_TUYA : RK_KEY_ZERO);
}

static void test_qio(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        const struct model *m = &model_list[i];
        size_t len;
        uint8_t *image = model_qio(m, &len);
        struct rk_image_facts facts = identify(image, len);

        assert_int_equal(facts.kind, RK_IMAGE_QIO);
        check_chip(&facts, m);
        assert_true(facts.has_boot && facts.has_app && !facts.has_rf);
        assert_string_equal(facts.boot_name, m->boot_version);
        assert_int_equal(facts.bad_blocks, 0);
        assert_int_equal(facts.code_end, 0x11000 + rk_blocks_span(m->app_size));
        assert_false(facts.truncated);
        facts = identify(image, 0x11000 + 34 * 1000 + 7);
        assert_int_equal(facts.kind, RK_IMAGE_QIO);
        assert_true(facts.truncated);
        free(image);
    }
}

static void test_ua(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        const struct model *m = &model_list[i];
        size_t len;
        uint8_t *image = model_ua(m, &len);
        struct rk_image_facts facts = identify(image, len);

        assert_int_equal(facts.kind, RK_IMAGE_UA);
        check_chip(&facts, m);
        assert_false(facts.has_boot);
        assert_int_equal(facts.code_end, len);
        assert_false(facts.truncated);
        facts = identify(image, len - 40);
        assert_int_equal(facts.kind, RK_IMAGE_UA);
        assert_true(facts.truncated);
        free(image);
    }
}

static void test_dump(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        const struct model *m = &model_list[i];
        size_t len;
        uint8_t *image = model_dump(m, &len), *other = malloc(2 * len);
        struct rk_image_facts facts = identify(image, len);

        assert_non_null(other);
        assert_int_equal(facts.kind, RK_IMAGE_DUMP);
        check_chip(&facts, m);
        assert_true(facts.has_rf && facts.has_mac);
        assert_int_equal(facts.rf_offset, m->rf_addr);
        assert_int_equal(facts.mac[0], 0x84);

        memcpy(other, image + 0x11000, len - 0x11000);
        memcpy(other + len - 0x11000, image, 0x11000);
        facts = identify(other, len);
        assert_int_equal(facts.kind, RK_IMAGE_DUMP_SHIFTED);
        check_chip(&facts, m);
        assert_int_equal(facts.rf_offset, m->rf_addr - 0x11000);

        memcpy(other, image + len / 2, len / 2);
        memcpy(other + len / 2, image, len / 2);
        facts = identify(other, len);
        assert_int_equal(facts.kind, RK_IMAGE_DUMP_SWAPPED);
        check_chip(&facts, m);

        memcpy(other, image, len);
        memcpy(other + len, image, len);
        facts = identify(other, 2 * len);
        assert_int_equal(facts.kind, RK_IMAGE_DUMP_DOUBLED);
        check_chip(&facts, m);
        free(other);
        free(image);
    }
}

static void test_damage(void **state)
{
    size_t len;
    uint8_t *image = model_dump(&model_list[0], &len);
    struct rk_image_facts facts;

    (void)state;
    image[0x11000 + 34 * 100 + 5] ^= 0x10;
    image[34 * 7] ^= 0x01;
    facts = identify(image, len);
    assert_int_equal(facts.kind, RK_IMAGE_DUMP);
    assert_int_equal(facts.bad_blocks, 2);
    memset(image, 0xFF, 0x11000);
    facts = identify(image, len);
    assert_int_equal(facts.kind, RK_IMAGE_DUMP);
    assert_false(facts.has_boot);
    assert_true(facts.has_app);
    assert_string_equal(facts.chip, "BK7231N");
    free(image);
}

static void test_boot_alone(void **state)
{
    uint8_t image[0x11000];

    (void)state;
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        struct rk_image_facts facts;

        model_boot(&model_list[i], image);
        facts = identify(image, sizeof image);
        assert_int_equal(facts.kind, RK_IMAGE_BOOT);
        assert_string_equal(facts.boot_name, model_list[i].boot_version);
        assert_string_equal(facts.chip, model_list[i].chip);
    }
}

static void test_other_bytes(void **state)
{
    static const uint8_t one = 0x42;
    uint8_t noise[4096], blank[4096];
    struct rk_rng rng = {7};

    (void)state;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)rk_rng_next(&rng);
    memset(blank, 0xFF, sizeof blank);
    assert_int_equal(identify(NULL, 0).kind, RK_IMAGE_UNKNOWN);
    assert_int_equal(identify(noise, sizeof noise).kind, RK_IMAGE_UNKNOWN);
    assert_int_equal(identify(blank, sizeof blank).kind, RK_IMAGE_BLANK);
    assert_int_equal(identify(&one, 1).kind, RK_IMAGE_BLANK);
    for (size_t len = 0; len < 200; len++)
        assert_int_equal(identify(noise, len).kind, len == 1 ? RK_IMAGE_BLANK : RK_IMAGE_UNKNOWN);
}

static void test_name_is_only_a_hint(void **state)
{
    uint8_t boot[0x11000];
    struct rk_image_facts facts;

    (void)state;
    model_boot(&model_list[0], boot);
    rk_image_identify(boot, sizeof boot, "OpenBK7238_QIO_1.2.3.bin", &facts);
    assert_string_equal(facts.chip, "BK7231N");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qio),
        cmocka_unit_test(test_ua),
        cmocka_unit_test(test_dump),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_boot_alone),
        cmocka_unit_test(test_other_bytes),
        cmocka_unit_test(test_name_is_only_a_hint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
