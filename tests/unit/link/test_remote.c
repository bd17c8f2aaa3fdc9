/* Ports behind TCP and RFC 2217, against a server in a thread of this test. */
#include "unit/unit.h"

#include "sim/rfc2217_server.h"

#include <rekindle/rekindle.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum mode { ECHO, RFC2217, RFC2217_WRONG_RATE, NOT_TELNET, HANG_UP };

struct server {
    enum mode mode;
    int listener, fd;
    char address[64];
    pthread_t thread;
    uint32_t baud;
    int dtr, rts;
    unsigned data_bytes;
};

static void reply(struct server *s, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(s->fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

static void on_answer(void *user, const uint8_t *bytes, size_t len)
{
    reply(user, bytes, len);
}

/* The "module" sends everything back. */
static void on_data(void *user, const uint8_t *bytes, size_t len)
{
    struct server *s = user;
    uint8_t out[8192];

    s->data_bytes += (unsigned)len;
    for (size_t at = 0; at < len; at += 4096) {
        size_t n = len - at < 4096 ? len - at : 4096;
        reply(s, out, rk_rfc2217_server_escape(bytes + at, n, out));
    }
}

static uint32_t on_baud(void *user, uint32_t baud)
{
    struct server *s = user;

    s->baud = s->mode == RFC2217_WRONG_RATE && baud != 115200 ? 9600 : baud;
    return s->baud;
}

static void on_lines(void *user, int dtr, int rts)
{
    struct server *s = user;

    if (dtr >= 0)
        s->dtr = dtr;
    if (rts >= 0)
        s->rts = rts;
}

static void *serve(void *arg)
{
    struct server *s = arg;
    const struct rk_rfc2217_events events = {
        .user = s, .data = on_data, .answer = on_answer, .baud = on_baud, .lines = on_lines};
    struct rk_rfc2217_server server;
    uint8_t buf[1024];
    ssize_t n;

    s->fd = accept(s->listener, NULL, NULL);
    rk_rfc2217_server_init(&server, &events);
    while (s->mode != HANG_UP && (n = recv(s->fd, buf, sizeof buf, 0)) > 0) {
        if (s->mode == ECHO)
            reply(s, buf, (size_t)n);
        else if (s->mode == NOT_TELNET)
            reply(s, (const uint8_t *)"\377\376\054", 3); /* DONT COM-PORT */
        else
            rk_rfc2217_server_feed(&server, buf, (size_t)n);
    }
    close(s->fd);
    return NULL;
}

static void start(struct server *s, enum mode mode)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof where;

    memset(s, 0, sizeof *s);
    s->mode = mode;
    s->dtr = s->rts = 1;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&where, &len), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    snprintf(s->address, sizeof s->address, "%s127.0.0.1:%u",
             mode == ECHO || mode == HANG_UP ? "tcp://" : "rfc2217://", ntohs(where.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static void expect_echo(struct rk_link *link, size_t len)
{
    uint8_t out[3000], in[3000];
    size_t got;
    struct rk_error err;

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i % 7 ? i : 255);
    assert_int_equal(rk_link_write(link, out, len, &err), RK_OK);
    for (size_t total = 0; total < len; total += got) {
        assert_int_equal(rk_link_read(link, in + total, len - total, &got, 10000000, &err), RK_OK);
        assert_true(got > 0);
    }
    assert_memory_equal(in, out, len);
}

static void tcp_passes_bytes(void **state)
{
    struct server s;
    struct rk_link *link = NULL;
    struct rk_error err;
    (void)state;
    start(&s, ECHO);
    assert_int_equal(rk_link_open(NULL, s.address, &link, &err), RK_OK);
    assert_string_equal(rk_link_info(link)->kind, "tcp");
    assert_string_equal(rk_link_info(link)->name, s.address);
    expect_echo(link, 3000);
    assert_int_equal(rk_link_set_lines(link, 0, 0, &err), RK_ERR_UNSUPPORTED);
    rk_link_close(link);
    stop(&s);
}

static void a_closed_connection_is_noticed(void **state)
{
    struct server s;
    struct rk_link *link = NULL;
    struct rk_error err;
    uint8_t byte;
    size_t got;
    (void)state;
    start(&s, HANG_UP);
    assert_int_equal(rk_link_open(NULL, s.address, &link, &err), RK_OK);
    assert_int_equal(rk_link_read(link, &byte, 1, &got, 10000000, &err), RK_ERR_PORT_GONE);
    assert_string_equal(err.id, "port.gone");
    rk_link_close(link);
    stop(&s);
}

static void rfc2217_sets_rate_and_lines(void **state)
{
    struct server s;
    struct rk_link *link = NULL;
    struct rk_error err;
    uint32_t actual = 0;
    (void)state;
    start(&s, RFC2217);
    assert_int_equal(rk_link_open(NULL, s.address, &link, &err), RK_OK);
    assert_int_equal(s.baud, 115200);
    assert_int_equal(s.dtr, 0);
    assert_int_equal(s.rts, 0);
    assert_true(rk_link_info(link)->has_lines);
    expect_echo(link, 3000);
    assert_int_equal(rk_link_set_baud(link, 0xFFFFFF, &actual, &err), RK_OK); /* FF in the rate */
    assert_int_equal(actual, 0xFFFFFF);
    assert_int_equal(s.baud, 0xFFFFFF);
    assert_int_equal(rk_link_set_lines(link, -1, 1, &err), RK_OK);
    assert_int_equal(s.dtr, 0);
    assert_int_equal(s.rts, 1);
    assert_int_equal(rk_link_run_sequence(link, "D1|R0", &err), RK_OK);
    assert_int_equal(s.dtr, 1);
    assert_int_equal(s.rts, 0);
    expect_echo(link, 100);
    assert_int_equal(rk_link_discard(link, &err), RK_OK);
    assert_int_equal(s.data_bytes, 3100);
    rk_link_close(link);
    stop(&s);
}

static void a_rate_that_is_not_set_is_an_error(void **state)
{
    struct server s;
    struct rk_link *link = NULL;
    struct rk_error err;
    (void)state;
    start(&s, RFC2217_WRONG_RATE);
    assert_int_equal(rk_link_open(NULL, s.address, &link, &err), RK_OK);
    assert_int_equal(rk_link_set_baud(link, 921600, NULL, &err), RK_ERR_PORT_CONFIG);
    assert_string_equal(err.id, "port.baud");
    assert_non_null(strstr(err.detail, "9600"));
    rk_link_close(link);
    stop(&s);
}

static void a_server_without_the_option_is_an_error(void **state)
{
    struct server s;
    struct rk_link *link = NULL;
    struct rk_error err;
    (void)state;
    start(&s, NOT_TELNET);
    assert_int_equal(rk_link_open(NULL, s.address, &link, &err), RK_ERR_PORT_CONFIG);
    assert_string_equal(err.id, "port.no-rfc2217");
    assert_null(link);
    stop(&s);
}

static bool yes(void *user)
{
    (void)user;
    return true;
}

static void connecting_can_be_cancelled(void **state)
{
    const struct rk_callbacks callbacks = {.size = sizeof callbacks, .cancelled = yes};
    struct server s = {0};
    struct rk_context *ctx = NULL;
    struct rk_link *link = NULL;
    struct rk_error err;
    (void)state;
    start(&s, RFC2217);
    assert_int_equal(rk_context_new(&ctx, &callbacks, NULL), RK_OK);
    assert_int_equal(rk_link_open(ctx, s.address, &link, &err), RK_ERR_CANCELLED);
    assert_null(link);
    shutdown(s.listener, SHUT_RDWR);
    stop(&s);
    rk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_passes_bytes),
        cmocka_unit_test(a_closed_connection_is_noticed),
        cmocka_unit_test(rfc2217_sets_rate_and_lines),
        cmocka_unit_test(a_rate_that_is_not_set_is_an_error),
        cmocka_unit_test(a_server_without_the_option_is_an_error),
        cmocka_unit_test(connecting_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
