/* Serving in real time: a thread serves, this one is the client. Nothing here depends on how fast
 * the machine is: every wait ends with what it waits for, or fails after a long time. */
#include "unit/unit.h"

#include <rekindle/sim.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 20000

struct served {
    struct rk_context *ctx;
    struct rk_sim *sim;
    struct rk_sim_serve_options opt;
    struct rk_error err;
    enum rk_status result;
    pthread_t thread;
    atomic_bool stop, up;
    char names[512], folder[64], port[96], log[96], save[96];
};

static bool cancelled(void *user)
{
    struct served *served = user;

    return atomic_load(&served->stop);
}

static void ready(void *user, const char *names)
{
    struct served *served = user;

    snprintf(served->names, sizeof served->names, "%s", names);
    atomic_store(&served->up, true);
}

static void *serve(void *user)
{
    struct served *served = user;

    served->result = rk_sim_serve(served->ctx, served->sim, &served->opt, &served->err);
    atomic_store(&served->up, true);
    return NULL;
}

static void begin(struct served *served, struct rk_sim_options opt, bool pty, bool net)
{
    struct rk_callbacks callbacks = {
        .size = sizeof callbacks, .user = served, .cancelled = cancelled};

    memset(served, 0, sizeof *served);
    snprintf(served->folder, sizeof served->folder, "/tmp/rekindle-serve-XXXXXX");
    assert_non_null(mkdtemp(served->folder));
    snprintf(served->port, sizeof served->port, "%s/port", served->folder);
    snprintf(served->log, sizeof served->log, "%s/log", served->folder);
    snprintf(served->save, sizeof served->save, "%s/flash", served->folder);
    opt.size = sizeof opt;
    assert_int_equal(rk_context_new(&served->ctx, &callbacks, &served->err), RK_OK);
    assert_int_equal(rk_sim_new(&opt, &served->sim, &served->err), RK_OK);
    served->opt = (struct rk_sim_serve_options){.size = sizeof served->opt,
                                                .pty = pty ? served->port : NULL,
                                                .pty_uart2 = pty ? served->log : NULL,
                                                .tcp = net ? "0" : NULL,
                                                .rfc2217 = net ? "127.0.0.1:0" : NULL,
                                                .save_path = served->save,
                                                .ready = ready,
                                                .user = served};
    assert_int_equal(pthread_create(&served->thread, NULL, serve, served), 0);
    for (int i = 0; i < PATIENCE_MS && !atomic_load(&served->up); i++)
        (void)poll(NULL, 0, 1);
    assert_true(atomic_load(&served->up));
}

static void end(struct served *served)
{
    atomic_store(&served->stop, true);
    assert_int_equal(pthread_join(served->thread, NULL), 0);
    rk_sim_free(served->sim);
    rk_context_free(served->ctx);
    (void)remove(served->save);
    assert_int_equal(rmdir(served->folder), 0); /* the links are gone */
}

/* Reads exactly len bytes, or fails. */
static void receive(int fd, uint8_t *buf, size_t len)
{
    size_t used = 0;

    while (used < len) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
        ssize_t n = read(fd, buf + used, len - used);
        assert_true(n > 0);
        used += (size_t)n;
    }
}

static void ask(int fd, const void *request, size_t request_len, const void *reply,
                size_t reply_len)
{
    uint8_t got[64];

    assert_int_equal(write(fd, request, request_len), request_len);
    receive(fd, got, reply_len);
    assert_memory_equal(got, reply, reply_len);
}

#define LINK_CHECK "\x01\xE0\xFC\x01\x00"
#define LINK_OK    "\x04\x0E\x05\x01\xE0\xFC\x01\x00"

static void a_pty_serves_one_client_after_another(void **state)
{
    struct served served;
    struct stat st;
    (void)state;

    begin(&served, (struct rk_sim_options){.model = "bk7231n"}, true, false);
    assert_int_equal(lstat(served.port, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    for (int i = 0; i < 3; i++) { /* closing does not end it */
        int fd = open(served.port, O_RDWR | O_NOCTTY);
        assert_true(fd >= 0);
        ask(fd, LINK_CHECK, 5, LINK_OK, 8);
        close(fd);
    }
    end(&served);
    assert_int_equal(served.result, RK_OK);
}

static void changes_are_saved(void **state)
{
    struct served served;
    (void)state;

    begin(&served, (struct rk_sim_options){.model = "bk7231n", .flash_size = 65536}, true, false);
    int fd = open(served.port, O_RDWR | O_NOCTTY);
    ask(fd, LINK_CHECK, 5, LINK_OK, 8);
    ask(fd, "\x01\xE0\xFC\xFF\xF4\x06\x00\x06\x00\x10\x00\x00\x42", 13,
        "\x04\x0E\xFF\x01\xE0\xFC\xF4\x07\x00\x06\x00\x00\x10\x00\x00\x01", 16);
    close(fd);
    atomic_store(&served.stop, true);
    assert_int_equal(pthread_join(served.thread, NULL), 0);
    FILE *file = fopen(served.save, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0x1000, SEEK_SET), 0);
    assert_int_equal(fgetc(file), 0x42);
    fclose(file);
    rk_sim_free(served.sim);
    rk_context_free(served.ctx);
    (void)remove(served.save);
    assert_int_equal(rmdir(served.folder), 0);
}

static int connect_to(const struct served *served, const char *kind)
{
    const char *where = strstr(served->names, kind);

    assert_non_null(where); /* "KIND:PORT" */
    unsigned long number = strtoul(where + strlen(kind) + 1, NULL, 10);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)number),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void the_network_serves_it_too(void **state)
{
    struct served served;
    uint8_t byte;
    (void)state;

    begin(&served, (struct rk_sim_options){.model = "bk7231n"}, false, true);
    int fd = connect_to(&served, "tcp://127.0.0.1");
    ask(fd, LINK_CHECK, 5, LINK_OK, 8);
    int second = connect_to(&served, "tcp://127.0.0.1"); /* a serial port has one user */
    assert_int_equal(read(second, &byte, 1), 0);
    close(second);
    close(fd);
    fd = connect_to(&served, "rfc2217://127.0.0.1");
    ask(fd, "\xFF\xFB\x2C", 3, "\xFF\xFD\x2C", 3);
    ask(fd, "\xFF\xFA\x2C\x05\x0B\xFF\xF0", 7, "\xFF\xFA\x2C\x69\x0B\xFF\xF0", 7); /* CEN low */
    ask(fd, "\xFF\xFA\x2C\x05\x0C\xFF\xF0", 7, "\xFF\xFA\x2C\x69\x0C\xFF\xF0", 7);
    ask(fd, LINK_CHECK, 5, LINK_OK, 8);
    close(fd);
    end(&served);
    assert_int_equal(served.result, RK_OK);
}

static void what_cannot_be_served_is_an_error(void **state)
{
    struct rk_sim_options opt = {.size = sizeof opt, .model = "bk7231n"};
    static const struct {
        struct rk_sim_serve_options serve;
        const char *id;
    } rows[] = {
        {{.pty = NULL}, "sim.no-port"},
        {{.pty = "/no/such/folder/port"}, "sim.serve"},
        {{.pty = "/tmp"}, "sim.link-exists"},
        {{.tcp = "65536"}, "sim.address"},
        {{.rfc2217 = "127.0.0.1:http"}, "sim.address"},
    };
    struct rk_error err;
    struct rk_sim *sim;
    (void)state;

    assert_int_equal(rk_sim_new(&opt, &sim, &err), RK_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_not_equal(rk_sim_serve(NULL, sim, &rows[i].serve, &err), RK_OK);
        assert_string_equal(err.id, rows[i].id);
    }
    rk_sim_free(sim);
}

static void a_vanishing_adapter_ends_the_service(void **state)
{
    struct served served;
    struct stat st;
    (void)state;

    begin(&served, (struct rk_sim_options){.model = "bk7231n", .faults = {.vanish_at = 2}}, true,
          false);
    int fd = open(served.port, O_RDWR | O_NOCTTY);
    ask(fd, LINK_CHECK, 5, LINK_OK, 8);
    assert_int_equal(write(fd, LINK_CHECK, 5), 5);
    assert_int_equal(pthread_join(served.thread, NULL), 0);
    assert_int_equal(lstat(served.port, &st), -1);
    close(fd);
    rk_sim_free(served.sim);
    rk_context_free(served.ctx);
    assert_int_equal(remove(served.save), 0); /* written at the end, changed or not */
    assert_int_equal(rmdir(served.folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pty_serves_one_client_after_another),
        cmocka_unit_test(changes_are_saved),
        cmocka_unit_test(the_network_serves_it_too),
        cmocka_unit_test(what_cannot_be_served_is_an_error),
        cmocka_unit_test(a_vanishing_adapter_ends_the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
