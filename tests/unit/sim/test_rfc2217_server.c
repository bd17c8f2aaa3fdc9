#include "unit/unit.h"

#include "sim/rfc2217_server.h"

#include <string.h>

struct seen {
    uint8_t data[256], answer[256];
    size_t data_len, answer_len;
    uint32_t baud;
    int dtr, rts;
};

static void on_data(void *user, const uint8_t *bytes, size_t len)
{
    struct seen *seen = user;

    memcpy(seen->data + seen->data_len, bytes, len);
    seen->data_len += len;
}

static void on_answer(void *user, const uint8_t *bytes, size_t len)
{
    struct seen *seen = user;

    memcpy(seen->answer + seen->answer_len, bytes, len);
    seen->answer_len += len;
}

static uint32_t on_baud(void *user, uint32_t baud)
{
    struct seen *seen = user;

    if (baud)
        seen->baud = baud;
    return seen->baud;
}

static void on_lines(void *user, int dtr, int rts)
{
    struct seen *seen = user;

    seen->dtr = dtr >= 0 ? dtr : seen->dtr;
    seen->rts = rts >= 0 ? rts : seen->rts;
}

/* Feeds `len` bytes, in slices of `slice`, and demands these data and answers. */
static void check(const char *bytes, size_t len, const char *data, size_t data_len,
                  const char *answer, size_t answer_len)
{
    for (size_t slice = 1; slice <= len; slice++) {
        struct seen seen = {.baud = 115200};
        struct rk_rfc2217_events events = {&seen, on_data, on_answer, on_baud, on_lines};
        struct rk_rfc2217_server server;
        rk_rfc2217_server_init(&server, &events);
        for (size_t i = 0; i < len; i += slice)
            rk_rfc2217_server_feed(&server, (const uint8_t *)bytes + i,
                                   slice < len - i ? slice : len - i);
        assert_int_equal(seen.data_len, data_len);
        assert_memory_equal(seen.data, data, data_len);
        assert_int_equal(seen.answer_len, answer_len);
        assert_memory_equal(seen.answer, answer, answer_len);
    }
}
#define CHECK(bytes, data, answer)                                                                 \
    check(bytes, sizeof(bytes) - 1, data, sizeof(data) - 1, answer, sizeof(answer) - 1)

static void data_and_escapes(void **state)
{
    (void)state;
    CHECK("abc", "abc", "");
    CHECK("a\xFF\xFF"
          "b",
          "a\xFF"
          "b",
          "");
    CHECK("a\xFF\xF1"
          "b",
          "ab", ""); /* NOP */
}

static void negotiation_ends(void **state)
{
    (void)state;
    CHECK("\xFF\xFB\x2C", "", "\xFF\xFD\x2C");             /* WILL COM port: DO */
    CHECK("\xFF\xFB\x2C\xFF\xFB\x2C", "", "\xFF\xFD\x2C"); /* once */
    CHECK("\xFF\xFD\x00\xFF\xFD\x03", "", "\xFF\xFB\x00\xFF\xFB\x03");
    CHECK("\xFF\xFD\x01", "", "\xFF\xFC\x01"); /* DO echo: WONT */
    CHECK("\xFF\xFB\x18", "", "\xFF\xFE\x18"); /* WILL terminal type: DONT */
    CHECK("\xFF\xFC\x18\xFF\xFE\x01", "", ""); /* refusals of what is not so */
    CHECK("\xFF\xFD\x00\xFF\xFE\x00", "", "\xFF\xFB\x00\xFF\xFC\x00");
}

static void the_rate_is_set_and_asked(void **state)
{
    (void)state;
    CHECK("\xFF\xFA\x2C\x01\x00\x0E\x10\x00\xFF\xF0", "",
          "\xFF\xFA\x2C\x65\x00\x0E\x10\x00\xFF\xF0");
    CHECK("\xFF\xFA\x2C\x01\x00\x00\x00\x00\xFF\xF0", "",
          "\xFF\xFA\x2C\x65\x00\x01\xC2\x00\xFF\xF0");
    CHECK("\xFF\xFA\x2C\x01\x00\x0E\xFF\xF0", "", ""); /* too short */
    CHECK("\xFF\xFA\x2C\x01\x00\x00\xFF\xFF\xFF\xFF\xFF\xF0", "",
          "\xFF\xFA\x2C\x65\x00\x00\xFF\xFF\xFF\xFF\xFF\xF0"); /* FF inside is doubled */
}

static void the_format_is_always_8n1(void **state)
{
    (void)state;
    CHECK("\xFF\xFA\x2C\x02\x07\xFF\xF0", "", "\xFF\xFA\x2C\x66\x08\xFF\xF0");
    CHECK("\xFF\xFA\x2C\x03\x00\xFF\xF0", "", "\xFF\xFA\x2C\x67\x01\xFF\xF0");
    CHECK("\xFF\xFA\x2C\x04\x02\xFF\xF0", "", "\xFF\xFA\x2C\x68\x01\xFF\xF0");
    CHECK("\xFF\xFA\x2C\x0C\x03\xFF\xF0", "", "\xFF\xFA\x2C\x70\x03\xFF\xF0"); /* purge */
    CHECK("\xFF\xFA\x2C\x00\xFF\xF0", "", "\xFF\xFA\x2C\x64rekindle\xFF\xF0");
}

static void the_lines_follow_the_client(void **state)
{
    struct seen seen = {.dtr = -1, .rts = -1};
    struct rk_rfc2217_events events = {&seen, on_data, on_answer, on_baud, on_lines};
    struct rk_rfc2217_server server;
    (void)state;

    rk_rfc2217_server_init(&server, &events);
    rk_rfc2217_server_feed(&server, (const uint8_t *)"\xFF\xFA\x2C\x05\x08\xFF\xF0", 7);
    rk_rfc2217_server_feed(&server, (const uint8_t *)"\xFF\xFA\x2C\x05\x0B\xFF\xF0", 7);
    assert_int_equal(seen.dtr, 1);
    assert_int_equal(seen.rts, 1);
    rk_rfc2217_server_feed(&server, (const uint8_t *)"\xFF\xFA\x2C\x05\x0C\xFF\xF0", 7);
    assert_int_equal(seen.rts, 0);
    seen.answer_len = 0;
    rk_rfc2217_server_feed(&server, (const uint8_t *)"\xFF\xFA\x2C\x05\x07\xFF\xF0", 7);
    assert_memory_equal(seen.answer, "\xFF\xFA\x2C\x69\x08\xFF\xF0", 7); /* DTR is on */
}

static void garbage_does_no_harm(void **state)
{
    char longer[200];
    (void)state;

    CHECK("\xFF\xFA\xFF\xF0", "", "");           /* empty */
    CHECK("\xFF\xFA\x2C\xFF\xF0", "", "");       /* no code */
    CHECK("\xFF\xFA\x18\x01\xFF\xF0", "", "");   /* another option */
    CHECK("\xFF\xFA\x2C\x01\xFF\x41z", "z", ""); /* broken off */
    memset(longer, 0x01, sizeof longer);
    memcpy(longer, "\xFF\xFA\x2C", 3);
    memcpy(longer + 197, "\xFF\xF0x", 3);
    check(longer, sizeof longer, "x", 1, "", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_and_escapes),
        cmocka_unit_test(negotiation_ends),
        cmocka_unit_test(the_rate_is_set_and_asked),
        cmocka_unit_test(the_format_is_always_8n1),
        cmocka_unit_test(the_lines_follow_the_client),
        cmocka_unit_test(garbage_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
