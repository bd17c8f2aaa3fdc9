/* The telnet machine: whatever the slices, the same comes out. */
#include "unit/unit.h"

#include "link/telnet.h"

#include <string.h>

/* data "A" FF "B", DO COM-PORT, SB COM-PORT 101 00 01 FF 00 SE, NOP, data "C" */
static const uint8_t stream[] = {'A', 255, 255, 'B', 255, 253, 44,  255, 250, 44,  101, 0,   1,
                                 255, 255, 0,   255, 240, 255, 241, 'C', 255, 250, 255, 240, 'D'};

struct seen {
    uint8_t data[64];
    size_t len;
    unsigned verbs, subs;
    uint8_t option;
    struct rk_telnet at_sub;
};

static void run(size_t slice, struct seen *seen)
{
    struct rk_telnet t = {0};
    uint8_t buf[sizeof stream];

    memset(seen, 0, sizeof *seen);
    for (size_t at = 0; at < sizeof stream; at += slice) {
        size_t len = sizeof stream - at < slice ? sizeof stream - at : slice;
        memcpy(buf, stream + at, len);
        for (size_t done = 0, used, n; done < len; done += used) {
            enum rk_telnet_event event =
                rk_telnet_take(&t, buf + done, len - done, &used, buf + done, &n, &seen->option);
            assert_true(n <= used && used <= len - done && used > 0);
            memcpy(seen->data + seen->len, buf + done, n);
            seen->len += n;
            seen->verbs += event == RK_TELNET_VERB;
            if (event == RK_TELNET_SUBNEGOTIATION) {
                seen->subs++;
                seen->at_sub = t;
            }
        }
    }
}

static void slices_do_not_matter(void **state)
{
    static const uint8_t sub[] = {44, 101, 0, 1, 255, 0};
    (void)state;
    for (size_t slice = 1; slice <= sizeof stream; slice++) {
        struct seen seen;
        run(slice, &seen);
        assert_int_equal(seen.len, 5);
        assert_memory_equal(seen.data, "A\377BCD", 5);
        assert_int_equal(seen.verbs, 1);
        assert_int_equal(seen.option, RK_TELNET_COM_PORT);
        assert_int_equal(seen.subs, 1); /* the empty one does not count */
        assert_int_equal(seen.at_sub.sub_len, sizeof sub);
        assert_memory_equal(seen.at_sub.sub, sub, sizeof sub);
    }
}

static void overlong_subnegotiations_are_dropped(void **state)
{
    struct rk_telnet t = {0};
    uint8_t in[4 + 300], out[sizeof in], option = 0;
    size_t used, n;
    (void)state;
    memset(in, 7, sizeof in);
    in[0] = RK_TELNET_IAC;
    in[1] = RK_TELNET_SB;
    in[sizeof in - 2] = RK_TELNET_IAC;
    in[sizeof in - 1] = RK_TELNET_SE;
    assert_int_equal(rk_telnet_take(&t, in, sizeof in, &used, out, &n, &option), RK_TELNET_NOTHING);
    assert_int_equal(used, sizeof in);
    assert_int_equal(n, 0);
    assert_int_equal(rk_telnet_take(&t, (const uint8_t *)"x", 1, &used, out, &n, &option),
                     RK_TELNET_NOTHING);
    assert_int_equal(n, 1);
}

static void escaping_doubles_only_iac(void **state)
{
    static const uint8_t in[] = {0, 255, 254, 255, 13};
    static const uint8_t want[] = {0, 255, 255, 254, 255, 255, 13};
    uint8_t out[10];
    (void)state;
    assert_int_equal(rk_telnet_escape(in, sizeof in, out), sizeof want);
    assert_memory_equal(out, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_do_not_matter),
        cmocka_unit_test(overlong_subnegotiations_are_dropped),
        cmocka_unit_test(escaping_doubles_only_iac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
