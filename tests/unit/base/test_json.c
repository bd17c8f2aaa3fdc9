#include "unit/unit.h"

#include "base/json.h"

#include <jansson.h>
#include <string.h>

struct text {
    char bytes[1024];
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

/* Everything odd a device could put into a string, read back by another library. */
static void jansson_reads_what_we_write(void **state)
{
    struct text t = {.len = 0};
    struct rk_json json;
    const uint8_t id[] = {0xc8, 0x40, 0x15};
    (void)state;
    rk_json_init(&json, take, &t, true);
    rk_json_object_begin(&json);
    rk_json_put_string(&json, "odd", "q\"b\\n\n\x01\xff\xC3\xA4\x7f");
    rk_json_put_hex(&json, "jedec", id, sizeof id);
    rk_json_put_real(&json, "t", 1.25, 3);
    rk_json_key(&json, "list");
    rk_json_array_begin(&json);
    rk_json_array_end(&json);
    rk_json_put_u64(&json, "big", 4294967296u);
    rk_json_put_null(&json, "none");
    rk_json_object_end(&json);
    assert_true(rk_json_finish(&json));

    json_t *root = json_loads(t.bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "odd")),
                        "q\"b\\n\n\x01\xEF\xBF\xBD\xC3\xA4\x7f");
    assert_string_equal(json_string_value(json_object_get(root, "jedec")), "c84015");
    assert_true(json_array_size(json_object_get(root, "list")) == 0);
    assert_true(json_integer_value(json_object_get(root, "big")) == 4294967296);
    assert_true(json_is_null(json_object_get(root, "none")));
    json_decref(root);
}

static void unbalanced_documents_are_noticed(void **state)
{
    struct text t = {.len = 0};
    struct rk_json json;
    (void)state;
    rk_json_init(&json, take, &t, false);
    rk_json_object_begin(&json);
    assert_false(rk_json_finish(&json));
    rk_json_init(&json, take, &t, false);
    for (int i = 0; i < RK_JSON_DEPTH + 1; i++)
        rk_json_array_begin(&json);
    assert_true(json.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jansson_reads_what_we_write),
        cmocka_unit_test(unbalanced_documents_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
