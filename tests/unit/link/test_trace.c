/* Recording a session and playing it back. */
#include "unit/unit.h"

#include "link/trace.h"

#include <rekindle/rekindle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A device on a clock of its own: answers a byte n, 2 ms later, with n bytes counting up. */
struct toy {
    uint64_t now_us, ready_us;
    uint8_t left, next;
    struct rk_clock clock;
};

static uint64_t toy_now(void *self)
{
    return ((struct toy *)self)->now_us;
}

static void toy_sleep(void *self, uint64_t us)
{
    ((struct toy *)self)->now_us += us;
}

static enum rk_status toy_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                               uint64_t timeout_us, struct rk_error *err)
{
    struct toy *toy = self;

    (void)err;
    *got = 0;
    if (toy->left == 0 || toy->ready_us > toy->now_us + timeout_us) {
        toy->now_us += timeout_us;
        return RK_OK;
    }
    if (toy->now_us < toy->ready_us)
        toy->now_us = toy->ready_us;
    for (; *got < cap && toy->left > 0; toy->left--)
        buf[(*got)++] = toy->next++;
    return RK_OK;
}

static enum rk_status toy_write(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                struct rk_error *err)
{
    struct toy *toy = self;

    (void)timeout_us;
    (void)err;
    toy->left = buf[len - 1];
    toy->ready_us = toy->now_us + 2000;
    return RK_OK;
}

static enum rk_status toy_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    (void)self;
    (void)dtr;
    (void)rts;
    (void)err;
    return RK_OK;
}

static void toy_close(void *self)
{
    (void)self;
}

static const struct rk_link_ops toy_ops = {.size = sizeof toy_ops,
                                           .read = toy_read,
                                           .write = toy_write,
                                           .set_lines = toy_lines,
                                           .close = toy_close};

/* The same talk with whatever is at the other end; returns the number of bytes received. */
static size_t talk(struct rk_link *link, uint8_t *in, size_t cap, uint64_t *took_us)
{
    uint8_t out[100];
    size_t got, total = 0;
    uint64_t start = rk_clock_now(rk_link_clock(link));

    memset(out, 0xA5, sizeof out);
    assert_int_equal(rk_link_run_sequence(link, "D0|R1|W0.2|R0", NULL), RK_OK);
    for (uint8_t n = 5; n < 90; n = (uint8_t)(n + 40)) {
        out[sizeof out - 1] = n;
        assert_int_equal(rk_link_discard(link, NULL), RK_OK);
        assert_int_equal(rk_link_write(link, out, sizeof out, NULL), RK_OK);
        assert_int_equal(rk_link_drain(link, NULL), RK_OK);
        do {
            assert_int_equal(rk_link_read(link, in + total, cap - total, &got, 50000, NULL), RK_OK);
            total += got;
        } while (got > 0);
    }
    assert_int_equal(rk_link_set_baud(link, 921600, NULL, NULL), RK_OK);
    *took_us = rk_clock_now(rk_link_clock(link)) - start;
    return total;
}

static char path[64];
static uint8_t recorded[400];
static size_t recorded_len;
static uint64_t recorded_us;

static int record(void **state)
{
    struct toy toy = {.clock = {toy_now, toy_sleep, &toy}};
    struct rk_link *inner = NULL, *link = NULL;
    int fd;
    (void)state;
    snprintf(path, sizeof path, "/tmp/rekindle-trace-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(rk_link_custom(NULL, &toy_ops, &toy, &toy.clock, NULL, &inner, NULL), RK_OK);
    assert_int_equal(rk_link_trace(inner, path, &link, NULL), RK_OK);
    recorded_len = talk(link, recorded, sizeof recorded, &recorded_us);
    rk_link_close(link);
    return recorded_len == 5 + 45 + 85 ? 0 : -1;
}

static int forget(void **state)
{
    (void)state;
    return unlink(path);
}

static struct rk_link *replay(void)
{
    struct rk_link *link = NULL;
    struct rk_error err;
    char spec[80];

    snprintf(spec, sizeof spec, "replay:%s", path);
    assert_int_equal(rk_link_open(NULL, spec, &link, &err), RK_OK);
    return link;
}

static void a_recording_plays_back(void **state)
{
    struct rk_link *link = replay();
    uint8_t in[400], byte = 1;
    uint64_t took;
    struct rk_error err;
    (void)state;
    assert_true(rk_link_info(link)->is_virtual && rk_link_info(link)->has_lines);
    assert_int_equal(talk(link, in, sizeof in, &took), recorded_len);
    assert_memory_equal(in, recorded, recorded_len);
    assert_int_equal(took, recorded_us);
    assert_int_equal(rk_link_write(link, &byte, 1, &err), RK_ERR_PROTOCOL);
    assert_string_equal(err.id, "trace.end");
    rk_link_close(link);
}

static void the_first_difference_is_named(void **state)
{
    struct rk_link *link = replay();
    uint8_t out[100];
    struct rk_error err;
    (void)state;
    memset(out, 0xA5, sizeof out);
    out[37] = 0x5A;
    assert_int_equal(rk_link_write(link, out, sizeof out, &err), RK_ERR_PROTOCOL);
    assert_string_equal(err.id, "trace.differs");
    assert_non_null(strstr(err.detail, "byte 37 sent is 5a"));
    rk_link_close(link);
}

static void only_a_trace_is_replaced(void **state)
{
    struct toy toy = {.clock = {toy_now, toy_sleep, &toy}};
    struct rk_link *inner = NULL, *link = NULL;
    struct rk_error err;
    char text[16] = "";
    FILE *f = fopen(path, "w");
    (void)state;
    assert_non_null(f);
    fputs("my only backup", f);
    fclose(f);
    assert_int_equal(rk_link_custom(NULL, &toy_ops, &toy, &toy.clock, NULL, &inner, NULL), RK_OK);
    assert_int_equal(rk_link_trace(inner, path, &link, &err), RK_ERR_FILE);
    assert_string_equal(err.id, "file.exists");
    rk_link_close(inner);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    assert_string_equal(text, "my only backup");
}

static void damaged_traces_are_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned good; /* records before the fault */
    } cases[] = {
        {"", 0},
        {"hello", 0},
        {"# rekindle trace 2\n", 0},
        {RK_TRACE_HEADER "\n0 > 01\n1 >", 1},
        {RK_TRACE_HEADER "\n0 > 1\n", 0},
        {RK_TRACE_HEADER "\n0 > 0102\n", 0},
        {RK_TRACE_HEADER "\n0 > AB\n", 0},
        {RK_TRACE_HEADER "\n5 > 01\n4 < 02\n", 1},
        {RK_TRACE_HEADER "\n0 b 0\n", 0},
        {RK_TRACE_HEADER "\n0 b 4294967296\n", 0},
        {RK_TRACE_HEADER "\n0 l 0 2\n", 0},
        {RK_TRACE_HEADER "\n0 d d\n", 0},
        {RK_TRACE_HEADER "\n-1 d\n", 0},
        {RK_TRACE_HEADER "\n99999999999999999999 d\n", 0},
        {RK_TRACE_HEADER
         "\n0 > 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16"
         " 17 18 19 1a 1b 1c 1d 1e 1f 20\n",
         0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_trace_reader reader = {.text = cases[i].text, .size = strlen(cases[i].text)};
        struct rk_trace_record record;
        struct rk_error err;
        unsigned good = 0;
        bool end = false;
        enum rk_status st;
        while ((st = rk_trace_next(&reader, &record, &end, &err)) == RK_OK && !end)
            good++;
        assert_int_equal(st, RK_ERR_IMAGE_FORMAT);
        assert_string_equal(err.id, "trace.format");
        assert_int_equal(good, cases[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_recording_plays_back, record, forget),
        cmocka_unit_test_setup_teardown(the_first_difference_is_named, record, forget),
        cmocka_unit_test_setup_teardown(only_a_trace_is_replaced, record, forget),
        cmocka_unit_test(damaged_traces_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
