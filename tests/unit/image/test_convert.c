#include "unit/unit.h"

#include <rekindle/convert.h>
#include <rekindle/inspect.h>
#include <rekindle/update.h>

#include "image/beken/beken.h"
#include "unit/image/model.h"

static const uint32_t no_key[4] = {0};

static enum rk_boots boots_on(const struct rk_bytes *image, const char *chip)
{
    struct rk_inspect *report = NULL;
    enum rk_boots boots;

    assert_int_equal(rk_inspect(image->data, image->len, NULL, &report, NULL), RK_OK);
    boots = rk_inspect_boot_for(report, chip)->boots;
    rk_inspect_free(report);
    return boots;
}

/* Each model to no key, to another key, back: the same bytes, and it boots where it should. */
static void test_rekey(void **state)
{
    static const uint32_t other[4] = {0x12345678, 0x2FAA55AA, 0x3AEE63DD, 0x4FEEAA00};

    (void)state;
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        const struct model *m = &model_list[i];
        struct rk_bytes plain, far, back;
        struct rk_error err;
        size_t len;
        uint8_t *image = model_dump(m, &len);

        assert_int_equal(rk_convert_rekey(image, len, no_key, &plain, &err), RK_OK);
        assert_int_equal(rk_convert_rekey(plain.data, plain.len, other, &far, &err), RK_OK);
        assert_int_equal(rk_convert_rekey(far.data, far.len, m->key, &back, &err), RK_OK);
        assert_int_equal(back.len, len);
        assert_memory_equal(back.data, image, len);
        if (strcmp(m->chip, "BK7231N") == 0)
            assert_int_equal(boots_on(&plain, "BK7231M"), RK_BOOTS_YES);
        rk_bytes_free(&plain);
        rk_bytes_free(&far);
        rk_bytes_free(&back);
        free(image);
    }
}

static void test_rekey_refusals(void **state)
{
    struct rk_bytes out;
    struct rk_error err;
    size_t len;
    uint8_t *image = model_qio(&model_list[0], &len), noise[500];

    (void)state;
    memset(noise, 0x33, sizeof noise);
    assert_int_equal(rk_convert_rekey(noise, sizeof noise, no_key, &out, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.no-code");
    image[0x11000 + 340] ^= 1;
    assert_int_equal(rk_convert_rekey(image, len, no_key, &out, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.damaged");
    assert_null(out.data);
    free(image);
}

static void test_key_names(void **state)
{
    uint32_t words[4];
    struct rk_error err;

    (void)state;
    assert_int_equal(rk_key_parse("tuya", words, &err), RK_OK);
    assert_int_equal(words[3], 0xC7ADEB03);
    assert_int_equal(rk_key_parse("510fb093,a3cbeadc,5993a17e,c7adeb03", words, &err), RK_OK);
    assert_int_equal(words[0], 0x510FB093);
    assert_int_equal(rk_key_parse("510fb093", words, &err), RK_ERR_ARG);
    assert_int_equal(rk_key_parse("nonsense", words, &err), RK_ERR_ARG);
    assert_int_equal(rk_key_parse("", words, &err), RK_ERR_ARG);
}

static void test_pack(void **state)
{
    const struct model *m = &model_list[0];
    struct rk_bytes out;
    struct rk_error err;
    size_t ua_len;
    uint8_t *plain = model_app_plain(m), *ua = model_ua(m, &ua_len);

    (void)state;
    assert_int_equal(rk_convert_pack(plain, m->app_size, m->key, &out, &err), RK_OK);
    assert_int_equal(out.len, ua_len);
    assert_int_equal(out.addr, 0x11000);
    assert_memory_equal(out.data, ua, ua_len);
    rk_bytes_free(&out);
    assert_int_equal(rk_convert_pack(plain + 64, m->app_size - 64, m->key, &out, &err),
                     RK_ERR_IMAGE_FORMAT);
    free(plain);
    free(ua);
}

static void test_merge(void **state)
{
    const struct model *m = &model_list[4];
    struct rk_bytes out;
    struct rk_error err;
    size_t ua_len, qio_len;
    uint8_t boot[0x11000], *ua = model_ua(m, &ua_len), *qio = model_qio(m, &qio_len);

    (void)state;
    model_boot(m, boot);
    assert_int_equal(rk_convert_merge(boot, sizeof boot, ua, ua_len, &out, &err), RK_OK);
    assert_int_equal(out.len, qio_len);
    assert_memory_equal(out.data, qio, 0x11000 + ua_len);
    assert_int_equal(boots_on(&out, "BK7238"), RK_BOOTS_YES);
    rk_bytes_free(&out);
    model_boot(&model_list[0], boot);
    assert_int_equal(rk_convert_merge(boot, sizeof boot, ua, ua_len, &out, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.mixed-keys");
    model_boot(&model_list[3], boot);
    assert_int_equal(rk_convert_merge(boot, sizeof boot, ua, ua_len, &out, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.mixed-chips");
    assert_int_equal(rk_convert_merge(ua, ua_len, ua, ua_len, &out, &err), RK_ERR_IMAGE_FORMAT);
    free(ua);
    free(qio);
}

static void test_order(void **state)
{
    size_t len;
    uint8_t *image = model_dump(&model_list[0], &len), *other = malloc(2 * len);
    struct rk_bytes out;
    struct rk_error err;

    (void)state;
    assert_non_null(other);
    memcpy(other, image + len / 2, len / 2);
    memcpy(other + len / 2, image, len / 2);
    assert_int_equal(rk_convert_order(other, len, &out, &err), RK_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, image, len);
    rk_bytes_free(&out);
    memcpy(other, image + 0x11000, len - 0x11000);
    memcpy(other + len - 0x11000, image, 0x11000);
    memcpy(other + len, other, len);
    assert_int_equal(rk_convert_order(other, 2 * len, &out, &err), RK_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, image, len);
    rk_bytes_free(&out);
    free(other);
    free(image);
}

static void test_extract(void **state)
{
    static const enum rk_extract there[] = {RK_EXTRACT_BOOT, RK_EXTRACT_UA, RK_EXTRACT_APP,
                                            RK_EXTRACT_LOADER, RK_EXTRACT_RF};
    static const enum rk_extract missing[] = {RK_EXTRACT_STORAGE, RK_EXTRACT_CONFIG,
                                              RK_EXTRACT_OTA};
    size_t len;
    uint8_t *image = model_dump(&model_list[1], &len), *plain = model_app_plain(&model_list[1]);
    struct rk_bytes out;
    struct rk_error err;

    (void)state;
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        assert_int_equal(rk_convert_extract(image, len, there[i], &out, &err), RK_OK);
        assert_true(out.len > 0);
        if (there[i] == RK_EXTRACT_APP)
            assert_memory_equal(out.data, plain, model_list[1].app_size);
        if (there[i] == RK_EXTRACT_RF)
            assert_memory_equal(out.data, image + model_list[1].rf_addr, 4096);
        rk_bytes_free(&out);
    }
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        assert_int_equal(rk_convert_extract(image, len, missing[i], &out, &err),
                         RK_ERR_IMAGE_FORMAT);
        assert_string_equal(err.id, "image.no-part");
    }
    free(plain);
    free(image);
}

static void test_transplant(void **state)
{
    size_t len, donor_len;
    uint8_t *image = model_dump(&model_list[0], &len);
    uint8_t *donor = model_dump(&model_list[2], &donor_len);
    struct rk_bytes out;
    struct rk_error err;

    (void)state;
    donor[model_list[2].rf_addr + 0x24] = 0x10;
    assert_int_equal(rk_convert_transplant_rf(image, len, donor, donor_len, &out, &err), RK_OK);
    assert_memory_equal(out.data + 0x1D0000, donor + 0x1E0000, 4096);
    assert_memory_equal(out.data, image, 0x1D0000);
    rk_bytes_free(&out);
    /* A capture that lost its sector gets it where its chip looks for it. */
    memset(image + 0x1D0000, 0xFF, 4096);
    assert_int_equal(rk_convert_transplant_rf(image, len, donor, donor_len, &out, &err), RK_OK);
    assert_memory_equal(out.data + 0x1D0000, donor + 0x1E0000, 4096);
    rk_bytes_free(&out);
    assert_int_equal(rk_convert_transplant_rf(donor, donor_len, image, len, &out, &err),
                     RK_ERR_IMAGE_FORMAT);
    free(image);
    free(donor);
}

static void test_fix_and_pad(void **state)
{
    size_t len, fixed = 0;
    uint8_t *image = model_qio(&model_list[0], &len);
    struct rk_bytes out;
    struct rk_error err;

    (void)state;
    image[0x11000 + 34 * 9 + 33] ^= 0xFF;
    assert_int_equal(rk_convert_fix_crc(image, len, &out, &fixed, &err), RK_OK);
    assert_int_equal(fixed, 1);
    image[0x11000 + 34 * 9 + 33] ^= 0xFF;
    assert_memory_equal(out.data, image, len);
    rk_bytes_free(&out);
    assert_int_equal(rk_convert_pad(image, len, 0x200000, 0, &out, &err), RK_OK);
    assert_int_equal(out.len, 0x200000);
    assert_int_equal(out.data[0x1FFFFF], 0xFF);
    rk_bytes_free(&out);
    assert_int_equal(rk_convert_pad(image, 5000, 0, 4096, &out, &err), RK_OK);
    assert_int_equal(out.len, 8192);
    rk_bytes_free(&out);
    assert_int_equal(rk_convert_pad(image, len, 1000, 0, &out, &err), RK_ERR_RANGE);
    free(image);
}

/* ---- everything in one go ---- */

/* A Tuya UA file and a plain boot loader for a module without a key. */
static void test_recipe(void **state)
{
    struct rk_convert_options opt = {.size = sizeof opt, .key = no_key, .pad_to = 0x200000};
    struct rk_convert_story story;
    struct rk_bytes out;
    struct rk_error err;
    size_t len;
    uint8_t *ua = model_ua(&model_list[0], &len), boot[0x11000];

    (void)state;
    model_boot(&model_list[0], boot);
    opt.boot = boot;
    opt.boot_len = sizeof boot;
    assert_int_equal(rk_convert(ua, len, &opt, &out, &story, &err), RK_OK);
    assert_int_equal(story.count, 3);
    assert_int_equal(out.len, 0x200000);
    assert_int_equal(boots_on(&out, "BK7231M"), RK_BOOTS_YES);
    rk_bytes_free(&out);
    assert_int_equal(rk_convert(ua, len, NULL, &out, NULL, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "convert.nothing");
    free(ua);
}

/* An OTA package becomes a UA file when the key is named, and an error that says so without. */
static void test_recipe_package(void **state)
{
    struct rk_convert_options opt = {.size = sizeof opt, .key = model_list[0].key};
    size_t len;
    uint8_t *ua = model_ua(&model_list[0], &len);
    struct rk_bytes package, out;
    struct rk_error err;

    (void)state;
    assert_int_equal(rk_convert_package(ua, len, NULL, &package, &err), RK_OK);
    assert_int_equal(rk_convert(package.data, package.len, &opt, &out, NULL, &err), RK_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, ua, len);
    rk_bytes_free(&out);
    assert_int_equal(rk_convert(package.data, package.len, NULL, &out, NULL, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "convert.key");
    rk_bytes_free(&package);
    free(ua);
}

/* ---- updates ---- */

static bool accepted(const uint8_t *package, size_t len, const uint8_t *flash, size_t flash_len,
                     struct rk_update *update)
{
    struct rk_error err;

    assert_int_equal(rk_update_check(package, len, flash, flash_len, update, &err), RK_OK);
    assert_true(update->test_count > 0);
    assert_true(update->accepted || update->reason[0]);
    return update->accepted;
}

static void test_update(void **state)
{
    struct rk_package_options opt = {.size = sizeof opt, .version = "2.0", .ug = true};
    size_t n_len, t_len;
    uint8_t *n = model_dump(&model_list[0], &n_len), *t = model_dump(&model_list[2], &t_len);
    struct rk_bytes package;
    struct rk_update update;
    struct rk_error err;

    (void)state;
    assert_int_equal(rk_convert_package(n, n_len, &opt, &package, &err), RK_OK);
    assert_true(accepted(package.data, package.len, n, n_len, &update));
    assert_string_equal(update.version, "2.0");
    assert_false(accepted(package.data, package.len, t, t_len, &update)); /* N code on a T */
    package.data[500] ^= 1;
    assert_false(accepted(package.data, package.len, n, n_len, &update));
    rk_bytes_free(&package);
    opt.partition = "bootloader";
    assert_int_equal(rk_convert_package(n, n_len, &opt, &package, &err), RK_OK);
    assert_false(accepted(package.data, package.len, n, n_len, &update));
    assert_int_equal(rk_update_check(n, n_len, n, n_len, &update, &err), RK_ERR_IMAGE_FORMAT);
    assert_int_equal(
        rk_update_check(package.data, package.len, package.data, package.len, &update, &err),
        RK_ERR_IMAGE_FORMAT);
    rk_bytes_free(&package);
    free(n);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rekey),       cmocka_unit_test(test_rekey_refusals),
        cmocka_unit_test(test_key_names),   cmocka_unit_test(test_pack),
        cmocka_unit_test(test_merge),       cmocka_unit_test(test_order),
        cmocka_unit_test(test_extract),     cmocka_unit_test(test_transplant),
        cmocka_unit_test(test_fix_and_pad), cmocka_unit_test(test_update),
        cmocka_unit_test(test_recipe),      cmocka_unit_test(test_recipe_package),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
