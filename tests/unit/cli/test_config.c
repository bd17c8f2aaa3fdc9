#include "config.h"

#include "unit/unit.h"

#include <string.h>

static enum rk_status parse(const char *text, struct config *out, struct rk_error *err)
{
    rk_error_clear(err);
    return config_parse("some.ini", text, strlen(text), out, err);
}

static void test_values(void **state)
{
    struct config config;
    struct rk_error err;

    (void)state;
    assert_int_equal(parse("# comment\n; another\n\n[rekindle]\r\n  port =  /dev/tty USB \r\n"
                           "baud=921600\nbaud = 460800\nbackup-dir = a=b",
                           &config, &err),
                     RK_OK);
    assert_string_equal(config.values[CONFIG_PORT], "/dev/tty USB");
    assert_string_equal(config.values[CONFIG_BAUD], "460800");
    assert_string_equal(config.values[CONFIG_BACKUP_DIR], "a=b");
    assert_null(config.values[CONFIG_CHIP]);
    config_free(&config);
    assert_int_equal(parse("", &config, &err), RK_OK);
    config_free(&config);
}

static void test_errors_name_the_line(void **state)
{
    static const char *const texts[] = {
        "port = x\nforce = chip\n",
        "port = x\nyes = 1",
        "\n[other]\n",
        "\nport\n",
        "port = x\nport =\n",
        "\n = x\n",
        "\n[rekindle\n",
        "port = x\nPORT = y\n",
        "\n\x01\x02\x1b[31m\n",
        "port = x\nsecret-dir = /",
        "port = x\nport x = /dev\n",
    };
    struct config config;
    struct rk_error err;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(parse(texts[i], &config, &err), RK_ERR_ARG);
        assert_string_equal(err.id, "config.line");
        assert_memory_equal(err.message, "some.ini:2: ", 12);
        assert_null(strchr(err.message, '\x1b'));
        for (size_t k = 0; k < CONFIG_KEYS; k++)
            assert_null(config.values[k]);
    }
}

static void test_zero_bytes(void **state)
{
    static const char text[] = "port = a\0b\n";
    struct config config;
    struct rk_error err;

    (void)state;
    assert_int_equal(config_parse("some.ini", text, sizeof text - 1, &config, &err), RK_ERR_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_zero_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
