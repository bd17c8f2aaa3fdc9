/* Serial ports on real pseudo-terminals. */
#include "unit/unit.h"

#include <rekindle/rekindle.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct pair {
    int master;
    char path[128];
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_error err;
};

static void open_pair(struct pair *p)
{
    memset(p, 0, sizeof *p);
    p->master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(p->master >= 0);
    assert_int_equal(grantpt(p->master), 0);
    assert_int_equal(unlockpt(p->master), 0);
    assert_int_equal(ptsname_r(p->master, p->path, sizeof p->path), 0);
    assert_int_equal(rk_context_new(&p->ctx, NULL, NULL), RK_OK);
    assert_int_equal(rk_link_open(p->ctx, p->path, &p->link, &p->err), RK_OK);
}

static void close_pair(struct pair *p)
{
    rk_link_close(p->link);
    rk_context_free(p->ctx);
    if (p->master >= 0)
        close(p->master);
}

static void every_byte_passes_in_both_directions(void **state)
{
    struct pair p;
    uint8_t all[256], back[256];
    size_t got, total = 0;
    (void)state;
    for (unsigned i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    open_pair(&p);
    assert_int_equal(rk_link_write(p.link, all, sizeof all, &p.err), RK_OK);
    while (total < sizeof back) {
        ssize_t n = read(p.master, back + total, sizeof back - total);
        assert_true(n > 0);
        total += (size_t)n;
    }
    assert_memory_equal(all, back, sizeof all);
    assert_int_equal(write(p.master, all, sizeof all), (ssize_t)sizeof all);
    for (total = 0; total < sizeof back; total += got) {
        assert_int_equal(
            rk_link_read(p.link, back + total, sizeof back - total, &got, 1000000, &p.err), RK_OK);
        assert_true(got > 0);
    }
    assert_memory_equal(all, back, sizeof all);
    close_pair(&p);
}

/* More than the 4095 bytes that one read of a terminal gives. */
static void long_replies_arrive_whole(void **state)
{
    static uint8_t out[9000], in[9000];
    struct pair p;
    size_t got, sent = 0, total = 0;
    (void)state;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7 + i / 256);
    open_pair(&p);
    assert_int_equal(fcntl(p.master, F_SETFL, O_NONBLOCK), 0);
    while (total < sizeof in) {
        ssize_t n = sent < sizeof out ? write(p.master, out + sent, sizeof out - sent) : 0;
        sent += n > 0 ? (size_t)n : 0;
        assert_int_equal(rk_link_read(p.link, in + total, sizeof in - total, &got, 1000000, &p.err),
                         RK_OK);
        assert_true(got > 0);
        total += got;
    }
    assert_memory_equal(in, out, sizeof out);
    close_pair(&p);
}

static void settings_are_put_back(void **state)
{
    struct pair p;
    struct termios before, after;
    int slave;
    (void)state;
    open_pair(&p);
    rk_link_close(p.link);
    p.link = NULL;
    slave = open(p.path, O_RDWR | O_NOCTTY);
    assert_int_equal(tcgetattr(slave, &before), 0);
    before.c_lflag |= ECHO | ICANON;
    assert_int_equal(cfsetspeed(&before, B9600), 0);
    assert_int_equal(tcsetattr(slave, TCSANOW, &before), 0);
    assert_int_equal(rk_link_open(p.ctx, p.path, &p.link, &p.err), RK_OK);
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_int_equal(after.c_lflag & (ECHO | ICANON), 0);
    assert_int_equal(rk_link_set_baud(p.link, 1234567, NULL, &p.err), RK_OK);
    rk_link_close(p.link);
    p.link = NULL;
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_int_equal(after.c_lflag, before.c_lflag);
    assert_int_equal(cfgetospeed(&after), B9600);
    close(slave);
    close_pair(&p);
}

static bool third_time(void *user)
{
    return ++*(int *)user >= 3;
}

static void a_long_wait_can_be_cancelled(void **state)
{
    int asked = 0;
    const struct rk_callbacks callbacks = {
        .size = sizeof callbacks, .user = &asked, .cancelled = third_time};
    struct pair p;
    uint8_t byte;
    size_t got;
    (void)state;
    open_pair(&p);
    rk_link_close(p.link);
    rk_context_free(p.ctx);
    assert_int_equal(rk_context_new(&p.ctx, &callbacks, NULL), RK_OK);
    assert_int_equal(rk_link_open(p.ctx, p.path, &p.link, &p.err), RK_OK);
    assert_int_equal(rk_link_read(p.link, &byte, 1, &got, 3600000000u, &p.err), RK_ERR_CANCELLED);
    assert_int_equal(asked, 3);
    close_pair(&p);
}

static void any_rate_is_accepted(void **state)
{
    struct pair p;
    uint32_t actual = 0;
    (void)state;
    open_pair(&p);
    assert_int_equal(rk_link_baud(p.link), 115200);
    assert_int_equal(rk_link_set_baud(p.link, 1234567, &actual, &p.err), RK_OK);
    assert_int_equal(actual, 1234567);
    assert_int_equal(rk_link_set_baud(p.link, 0, &actual, &p.err), RK_ERR_ARG);
    close_pair(&p);
}

static void missing_modem_lines_are_no_disaster(void **state)
{
    struct pair p;
    (void)state;
    open_pair(&p);
    assert_false(rk_link_info(p.link)->has_lines);
    assert_int_equal(rk_link_set_lines(p.link, 1, 0, &p.err), RK_ERR_UNSUPPORTED);
    close_pair(&p);
}

static void a_second_user_is_told_who_is_busy(void **state)
{
    struct pair p;
    struct rk_link *second = NULL;
    (void)state;
    open_pair(&p);
    assert_int_equal(rk_link_open(p.ctx, p.path, &second, &p.err), RK_ERR_PORT_BUSY);
    assert_string_equal(p.err.id, "port.busy");
    close_pair(&p);
}

static void a_vanished_adapter_is_noticed(void **state)
{
    struct pair p;
    uint8_t byte;
    size_t got;
    (void)state;
    open_pair(&p);
    close(p.master);
    p.master = -1;
    assert_int_equal(rk_link_read(p.link, &byte, 1, &got, 1000000, &p.err), RK_ERR_PORT_GONE);
    assert_string_equal(p.err.id, "port.gone");
    close_pair(&p);
}

static void what_is_no_port_is_refused(void **state)
{
    static const struct {
        const char *spec;
        enum rk_status status;
    } cases[] = {
        {"/dev/null", RK_ERR_PORT_NOT_FOUND},
        {"/nonexistent/tty", RK_ERR_PORT_NOT_FOUND},
        {"usb:zz:1", RK_ERR_ARG},
        {"usb:1a86", RK_ERR_ARG},
        {"tpc://localhost:1", RK_ERR_ARG},
        {"tcp://localhost", RK_ERR_ARG},
        {"tcp://127.0.0.1:1", RK_ERR_PORT_NOT_FOUND},
        {"", RK_ERR_ARG},
        {"simm:bk7231n", RK_ERR_ARG},
        {"sim:bk7231x", RK_ERR_ARG},
    };
    struct rk_context *ctx = NULL;
    (void)state;
    assert_int_equal(rk_context_new(&ctx, NULL, NULL), RK_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_link *link = NULL;
        struct rk_error err;
        assert_int_equal(rk_link_open(ctx, cases[i].spec, &link, &err), cases[i].status);
        assert_null(link);
        assert_true(err.message[0] != '\0');
    }
    rk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_passes_in_both_directions),
        cmocka_unit_test(long_replies_arrive_whole),
        cmocka_unit_test(settings_are_put_back),
        cmocka_unit_test(a_long_wait_can_be_cancelled),
        cmocka_unit_test(any_rate_is_accepted),
        cmocka_unit_test(missing_modem_lines_are_no_disaster),
        cmocka_unit_test(a_second_user_is_told_who_is_busy),
        cmocka_unit_test(a_vanished_adapter_is_noticed),
        cmocka_unit_test(what_is_no_port_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
