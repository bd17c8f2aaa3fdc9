#include "unit/unit.h"

#include "link/sequence.h"

static void steps_come_out_in_order(void **state)
{
    const char *p = "D0|R1|W0.25|R0";
    struct rk_sequence_step step;
    (void)state;
    assert_true(rk_sequence_next(&p, &step) && step.dtr == 0 && step.rts == -1);
    assert_true(rk_sequence_next(&p, &step) && step.dtr == -1 && step.rts == 1);
    assert_true(rk_sequence_next(&p, &step) && step.wait_us == 250000);
    assert_true(rk_sequence_next(&p, &step) && step.rts == 0);
    assert_int_equal(*p, '\0');
}

static void bad_sequences_are_named(void **state)
{
    static const char *const bad[] = {"",    "D2",   "X1",     "D0|",   "|D0",
                                      "W",   "W-1",  "D0||R1", "W61",   "W0.x",
                                      "D01", "W1e3", "d0",     "D0 R1", "W99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct rk_error err;
        enum rk_status st = rk_sequence_check(bad[i], &err);
        if (st == RK_OK)
            print_error("accepted \"%s\"\n", bad[i]);
        assert_int_equal(st, RK_ERR_ARG);
        assert_string_equal(err.id, "usage.sequence");
    }
    assert_int_equal(rk_sequence_check("D1|R1|W0.1|D0|W0.05|R0", NULL), RK_OK);
    assert_int_equal(rk_sequence_check("W2", NULL), RK_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_come_out_in_order),
        cmocka_unit_test(bad_sequences_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
