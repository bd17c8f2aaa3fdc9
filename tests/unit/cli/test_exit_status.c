#include "exit_status.h"

#include "unit/unit.h"

#include <string.h>

/* Every status of the library has a documented exit status; only bugs are "internal". */
static void test_every_status(void **state)
{
    (void)state;
    for (int status = 0; status >= -100; status--) {
        bool known = strcmp(rk_status_name((enum rk_status)status),
                            rk_status_name((enum rk_status) - 99)) != 0;
        int code = exit_status_of((enum rk_status)status);
        bool listed = false;
        for (const struct exit_row *row = exit_rows; row->name; row++)
            listed = listed || row->code == code;
        assert_true(listed);
        if (known && status != RK_ERR_INTERNAL && status != RK_ERR_NOMEM)
            assert_int_not_equal(code, EXIT_INTERNAL);
        assert_true((code == EXIT_OK) == (status == RK_OK));
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(exit_status_name(EXIT_OK), "ok");
    assert_string_equal(exit_status_name(EXIT_DEVICE_FAULT), "device-fault");
    assert_string_equal(exit_status_name(EXIT_TERMINATED), "terminated");
    assert_string_equal(exit_status_name(99), "internal");
}

/* A total order: symmetric, success least, and what is not expected most serious. */
static void test_worse(void **state)
{
    (void)state;
    for (const struct exit_row *a = exit_rows; a->name; a++) {
        assert_int_equal(exit_status_worse(EXIT_OK, a->code), a->code);
        assert_int_equal(exit_status_worse(a->code, EXIT_OK), a->code);
        assert_int_equal(exit_status_worse(a->code, a->code), a->code);
    }
    assert_int_equal(exit_status_worse(EXIT_DIFFERS, EXIT_DEVICE_FAULT), EXIT_DEVICE_FAULT);
    assert_int_equal(exit_status_worse(EXIT_DEVICE_FAULT, EXIT_DIFFERS), EXIT_DEVICE_FAULT);
    assert_int_equal(exit_status_worse(EXIT_INTERRUPTED, EXIT_DEVICE_FAULT), EXIT_INTERRUPTED);
    assert_int_equal(exit_status_worse(EXIT_NO_LINK, EXIT_INTERNAL), EXIT_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_worse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
