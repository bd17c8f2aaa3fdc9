/* The matrix: each kind for each chip with the right and the wrong key. Every verdict has to come
 * from the right test. And whatever the bytes, an answer. */
#include "unit/unit.h"

#include <rekindle/inspect.h>

#include "unit/image/model.h"

static struct rk_inspect *inspect(const uint8_t *data, size_t len)
{
    struct rk_inspect *report = NULL;
    struct rk_error err;

    assert_int_equal(rk_inspect(data, len, NULL, &report, &err), RK_OK);
    assert_non_null(report);
    return report;
}

static const struct rk_inspect_test *test_of(const struct rk_inspect_boot *boot, const char *id)
{
    for (size_t i = 0; i < boot->test_count; i++) {
        if (strcmp(boot->tests[i].id, id) == 0)
            return &boot->tests[i];
    }
    fail_msg("no test %s", id);
    return NULL;
}

static void expect(const uint8_t *data, size_t len, const char *chip, enum rk_boots boots,
                   const char *bad)
{
    struct rk_inspect *report = inspect(data, len);
    const struct rk_inspect_boot *boot = rk_inspect_boot_for(report, chip);

    assert_non_null(boot);
    if (boot->boots != boots)
        fail_msg("%s: %s (%s)", chip, rk_boots_name(boot->boots), boot->reason);
    if (bad)
        assert_int_equal(test_of(boot, bad)->verdict, RK_VERDICT_BAD);
    if (boots == RK_BOOTS_NO)
        assert_true(boot->reason[0] && boot->remedy[0]);
    rk_inspect_free(report);
}

/* Each model boots on its own chip and on no other. */
static void test_matrix(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        size_t qio_len, dump_len, ua_len;
        uint8_t *qio = model_qio(&model_list[i], &qio_len);
        uint8_t *dump = model_dump(&model_list[i], &dump_len);
        uint8_t *ua = model_ua(&model_list[i], &ua_len);

        for (size_t j = 0; j < MODEL_COUNT; j++) {
            enum rk_boots wanted = i == j ? RK_BOOTS_YES : RK_BOOTS_NO;

            expect(qio, qio_len, model_list[j].chip, wanted, NULL);
            expect(dump, dump_len, model_list[j].chip, wanted, NULL);
            if (i == j)
                expect(ua, ua_len, model_list[j].chip, RK_BOOTS_WITH_BOOT, NULL);
        }
        free(qio);
        free(dump);
        free(ua);
    }
}

static void test_wrong_keys(void **state)
{
    struct model m = model_list[0];
    size_t len;
    uint8_t *image;

    (void)state;
    /* The classic: an N image on an M module. */
    image = model_qio(&m, &len);
    expect(image, len, "BK7231M", RK_BOOTS_NO, "A4");
    free(image);
    /* Boot loader and application with different keys. */
    memset(m.boot_key, 0, sizeof m.boot_key);
    image = model_qio(&m, &len);
    expect(image, len, "BK7231N", RK_BOOTS_NO, "A3");
    expect(image, len, "BK7231M", RK_BOOTS_NO, "A3");
    free(image);
}

static void test_module_key(void **state)
{
    struct rk_inspect_options opt = {
        .size = sizeof opt, .have_key = true, .key_class = RK_KEY_ZERO, .chip = "BK7231N"};
    size_t len;
    uint8_t *image = model_qio(&model_list[0], &len);
    struct rk_inspect *report;

    (void)state;
    assert_int_equal(rk_inspect(image, len, &opt, &report, NULL), RK_OK);
    assert_int_equal(report->boot_count, 1);
    assert_int_equal(report->boots[0].boots, RK_BOOTS_NO);
    assert_int_equal(test_of(&report->boots[0], "A4")->verdict, RK_VERDICT_BAD);
    rk_inspect_free(report);
    opt.key_class = RK_KEY_TUYA;
    assert_int_equal(rk_inspect(image, len, &opt, &report, NULL), RK_OK);
    assert_int_equal(report->boots[0].boots, RK_BOOTS_YES);
    rk_inspect_free(report);
    free(image);
}

static void test_damage(void **state)
{
    const struct model *m = &model_list[2];
    size_t len;
    uint8_t *image = model_dump(m, &len), keep;

    (void)state;
    expect(image, len, m->chip, RK_BOOTS_YES, NULL);
    keep = image[100];
    image[100] ^= 4;
    expect(image, len, m->chip, RK_BOOTS_NO, "B1");
    image[100] = keep;
    keep = image[0x15000];
    image[0x15000] ^= 4;
    expect(image, len, m->chip, RK_BOOTS_NO, "A2");
    image[0x15000] = keep;
    memset(image, 0xFF, 0x11000);
    expect(image, len, m->chip, RK_BOOTS_NO, "B1");
    memset(image + 0x11000, 0xFF, 0x100000);
    free(image);
}

static void test_missing_app(void **state)
{
    const struct model *m = &model_list[0];
    size_t len;
    uint8_t *image = model_dump(m, &len);

    (void)state;
    memset(image + 0x11000, 0xFF, 0x119000);
    expect(image, len, m->chip, RK_BOOTS_NO, "A1");
    free(image);
}

static void test_rf(void **state)
{
    const struct model *m = &model_list[0];
    size_t len;
    uint8_t *image = model_dump(m, &len);
    struct rk_inspect *report;

    (void)state;
    memset(image + 0x1D0000, 0xFF, 4096);
    report = inspect(image, len);
    assert_int_equal(test_of(rk_inspect_boot_for(report, "BK7231N"), "R1")->verdict,
                     RK_VERDICT_WARN);
    rk_inspect_free(report);
    model_rf(image + 0x1D0000, (const uint8_t[6]){0xC8, 0x47, 0x8C, 0x42, 0x88, 0x48});
    report = inspect(image, len);
    assert_int_equal(test_of(rk_inspect_boot_for(report, "BK7231N"), "R1")->verdict,
                     RK_VERDICT_WARN);
    rk_inspect_free(report);
    free(image);
}

static void test_sector_map(void **state)
{
    const struct model *m = &model_list[0];
    size_t len;
    uint8_t *image = model_dump(m, &len);
    struct rk_inspect *report;

    (void)state;
    image[0x12000] ^= 1;
    report = inspect(image, len);
    assert_int_equal(report->sector_count, len / 4096);
    assert_int_equal(report->sectors[0].use, RK_SECTOR_BOOT);
    assert_int_equal(report->sectors[0x12].use, RK_SECTOR_DAMAGED);
    assert_int_equal(report->sectors[0x20].use, RK_SECTOR_APP);
    assert_int_equal(report->sectors[0x1D0].use, RK_SECTOR_RF);
    assert_int_equal(report->sectors[0x1FF].use, RK_SECTOR_BLANK);
    assert_int_equal(report->damaged_sectors, 1);
    assert_true(report->sectors[0x20].entropy > 31 && report->sectors[0x20].entropy <= 248);
    rk_inspect_free(report);
    free(image);
}

/* Parts never lie outside of the image and are in order. */
static void check_parts(const struct rk_inspect *report)
{
    uint32_t last = 0;

    for (size_t i = 0; i < report->part_count; i++) {
        assert_true(report->parts[i].addr >= last);
        last = report->parts[i].addr;
    }
}

/* A small image, cut at every offset near the edges and at many others. */
static void test_truncations(void **state)
{
    struct model m = model_list[0];
    size_t len;
    uint8_t *image, *copy;

    (void)state;
    m.app_size = 0x1000;
    image = model_ua(&m, &len);
    for (size_t cut = 0; cut <= len; cut++) {
        copy = malloc(cut ? cut : 1); /* exactly as large: a read behind the end is seen */
        assert_non_null(copy);
        memcpy(copy, image, cut);
        struct rk_inspect *report = inspect(copy, cut);

        if (cut >= 2 * RK_BLOCK_SPAN && cut < len) {
            assert_int_equal(report->facts.kind, RK_IMAGE_UA);
            assert_int_equal(report->facts.truncated, cut % RK_BLOCK_SPAN != 0);
        }
        check_parts(report);
        rk_inspect_free(report);
        free(copy);
    }
    free(image);
}

static void test_bit_flips(void **state)
{
    const struct model *m = &model_list[4];
    size_t len;
    uint8_t *image = model_qio(m, &len);
    struct rk_rng rng = {21};

    (void)state;
    len = 0x11000 + 34 * 200;
    for (int round = 0; round < 150; round++) {
        size_t at = rk_rng_below(&rng, (uint32_t)len);
        struct rk_inspect *report;

        image[at] ^= (uint8_t)(1u << rk_rng_below(&rng, 8));
        report = inspect(image, len);
        check_parts(report);
        assert_int_equal(report->facts.kind, RK_IMAGE_QIO);
        rk_inspect_free(report);
    }
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix),      cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_module_key),  cmocka_unit_test(test_damage),
        cmocka_unit_test(test_missing_app), cmocka_unit_test(test_rf),
        cmocka_unit_test(test_sector_map),  cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_bit_flips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
