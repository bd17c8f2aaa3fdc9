/* The views, read back by other libraries or checked character by character. */
#include "unit/unit.h"

#include "image/view.h"
#include "unit/image/model.h"

#include <jansson.h>

struct text {
    char bytes[400000];
    size_t len;
};

static bool take(void *user, const char *bytes, size_t len)
{
    struct text *t = user;

    if (t->len + len >= sizeof t->bytes)
        return false;
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    t->bytes[t->len] = '\0';
    return true;
}

static struct text *text_new(void)
{
    struct text *t = calloc(1, sizeof *t);

    assert_non_null(t);
    return t;
}

static struct rk_inspect *report_of(size_t which)
{
    size_t len;
    uint8_t *image = model_dump(&model_list[which], &len);
    struct rk_inspect *report = NULL;

    assert_int_equal(rk_inspect(image, len, NULL, &report, NULL), RK_OK);
    free(image);
    return report;
}

static void test_json(void **state)
{
    struct rk_inspect *report = report_of(0);
    struct text *t = text_new();
    struct rk_json json;
    json_t *root, *boots;

    (void)state;
    rk_json_init(&json, take, t, false);
    rk_json_object_begin(&json);
    rk_view_json(&json, report);
    rk_json_object_end(&json);
    assert_true(rk_json_finish(&json));
    root = json_loads(t->bytes, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "kind")), "dump");
    assert_string_equal(json_string_value(json_object_get(root, "family")), "bk72xx");
    assert_string_equal(json_string_value(json_object_get(root, "chip")), "BK7231N");
    assert_string_equal(json_string_value(json_object_get(root, "key_class")), "tuya");
    assert_string_equal(json_string_value(json_object_get(root, "mac")), "84:e3:42:12:34:56");
    assert_true(json_array_size(json_object_get(root, "parts")) >= 5);
    assert_true(json_is_integer(
        json_object_get(json_array_get(json_object_get(root, "parts"), 0), "address")));
    boots = json_object_get(root, "boots");
    assert_int_equal(json_array_size(boots), report->boot_count);
    assert_string_equal(json_string_value(json_object_get(json_array_get(boots, 0), "verdict")),
                        "yes");
    assert_int_equal(json_array_size(json_object_get(root, "entropy")), 512);
    json_decref(root);
    rk_inspect_free(report);
    free(t);
}

/* Every tag is closed, every attribute quoted, and hostile names stay text. */
static void test_svg(void **state)
{
    struct rk_inspect *report = report_of(2);
    struct text *t = text_new();
    struct rk_view view = {.sink = take, .user = t};
    size_t rects = 0, texts = 0, closed = 0;

    (void)state;
    rk_view_svg(&view, "<script>&\"\x01.bin", report);
    assert_false(view.failed);
    assert_null(strstr(t->bytes, "<script"));
    assert_non_null(strstr(t->bytes, "&lt;script&gt;&amp;&quot;"));
    for (const char *p = t->bytes; (p = strchr(p, '<')) != NULL; p++) {
        rects += strncmp(p, "<rect", 5) == 0;
        texts += strncmp(p, "<text", 5) == 0;
        closed += strncmp(p, "</text>", 7) == 0;
    }
    assert_true(rects >= 512);
    assert_int_equal(texts, closed);
    assert_string_equal(t->bytes + t->len - 7, "</svg>\n");
    for (size_t i = 0; i < t->len; i++)
        assert_true(t->bytes[i] == '\n' || (unsigned char)t->bytes[i] >= 0x20);
    rk_inspect_free(report);
    free(t);
}

static void test_text(void **state)
{
    struct rk_inspect *report = report_of(0);
    struct text *t = text_new();
    struct rk_view view = {.sink = take, .user = t, .entropy = true};
    const char *map;

    (void)state;
    rk_view_text(&view, "bad\033name.bin", report);
    assert_false(view.failed);
    assert_null(strchr(t->bytes, '\033')); /* no colours asked for, none smuggled in */
    assert_non_null(strstr(t->bytes, "BK7231N  yes"));
    assert_non_null(strstr(t->bytes, "oem_bk7231n_plug 1.1.7"));
    map = strstr(t->bytes, "  000000  BBBB");
    assert_non_null(map);
    assert_int_equal(strcspn(map + 10, "\n"), 64);
    assert_non_null(strstr(t->bytes, "R rf"));
    t->len = 0;
    view.colour = true;
    rk_view_text(&view, "x", report);
    assert_non_null(strchr(t->bytes, '\033'));
    rk_inspect_free(report);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_svg),
                                       cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
