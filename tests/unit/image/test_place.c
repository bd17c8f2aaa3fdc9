#include "unit/unit.h"

#include <rekindle/image.h>

#include "unit/image/bl602_set.h"
#include "unit/image/model.h"

static enum rk_status place(const uint8_t *data, size_t len, const char *chip, uint32_t size,
                            struct rk_segment *segment, struct rk_error *err)
{
    struct rk_image_facts facts;
    size_t count = 0;
    enum rk_status status;

    rk_image_identify(data, len, NULL, &facts);
    status = rk_image_place(&facts, data, len, chip, size, segment, 1, &count, err);
    assert_int_equal(count, status == RK_OK);
    return status;
}

static void test_places(void **state)
{
    const struct model *m = &model_list[0];
    struct rk_segment segment;
    struct rk_error err;
    size_t len;
    uint8_t *image = model_ua(m, &len);

    (void)state;
    assert_int_equal(place(image, len, "BK7231N", 0x200000, &segment, &err), RK_OK);
    assert_int_equal(segment.addr, 0x11000);
    assert_int_equal(segment.len, len);
    assert_ptr_equal(segment.data, image);
    assert_int_equal(place(image, len, "BK7231N", 0x20000, &segment, &err), RK_ERR_RANGE);
    assert_string_equal(err.id, "image.too-large");
    assert_int_equal(place(image, len, "BL602", 0x200000, &segment, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.family");
    assert_int_equal(place(image, len - 3, "BK7231N", 0x200000, &segment, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.truncated");
    free(image);
    image = model_qio(m, &len);
    assert_int_equal(place(image, len, "BK7231N", 0x200000, &segment, &err), RK_OK);
    assert_int_equal(segment.addr, 0);
    free(image);
    image = model_dump(m, &len);
    assert_int_equal(place(image, len, "BK7231N", 0x200000, &segment, &err), RK_OK);
    assert_int_equal(segment.addr, 0);
    assert_int_equal(place(image, len, "BK7231N", 0x100000, &segment, &err), RK_ERR_RANGE);
    free(image);
}

static void test_refusals(void **state)
{
    struct rk_segment segment;
    struct rk_error err;
    size_t len;
    uint8_t *image = model_dump(&model_list[0], &len), *shifted = malloc(len), boot[0x11000];

    (void)state;
    assert_non_null(shifted);
    memcpy(shifted, image + 0x11000, len - 0x11000);
    memcpy(shifted + len - 0x11000, image, 0x11000);
    assert_int_equal(place(shifted, len, "BK7231N", 0x200000, &segment, &err), RK_ERR_IMAGE_FORMAT);
    assert_non_null(strstr(err.hint, "rekindle image convert"));
    model_boot(&model_list[0], boot);
    assert_int_equal(place(boot, sizeof boot, "BK7231N", 0x200000, &segment, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.no-place");
    free(shifted);
    free(image);
}

/* Files of the BL602 have a place only where its table says, and none on another chip. */
static void test_bl602(void **state)
{
    struct set *s = set_new();
    struct rk_segment segment;
    struct rk_error err;

    (void)state;
    assert_int_equal(place(s->app, sizeof s->app, "BK7231N", 0x200000, &segment, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.family");
    assert_int_equal(place(s->app, sizeof s->app, "BL602", 0x200000, &segment, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "image.no-place");
    assert_int_equal(place(s->boot2, sizeof s->boot2, "BL602", 0x200000, &segment, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_non_null(strstr(err.hint, "--boot"));
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_bl602)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
