/* The RFC 2217 client against ser2net, which others wrote, on a pseudo-terminal. Skipped where ser2net
 * is not installed. */
#include "unit/unit.h"

#include <rekindle/rekindle.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

struct peer {
    int master;
    pid_t pid;
    char config[64], spec[64];
};

static unsigned free_port(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &len), 0);
    close(fd);
    return ntohs(where.sin_port);
}

static const char *program(void)
{
    return access("/usr/sbin/ser2net", X_OK) == 0 ? "/usr/sbin/ser2net" : NULL;
}

static void start(struct peer *peer)
{
    char tty[128];
    unsigned port = free_port();
    int fd;

    peer->master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(peer->master >= 0);
    assert_int_equal(grantpt(peer->master), 0);
    assert_int_equal(unlockpt(peer->master), 0);
    assert_int_equal(ptsname_r(peer->master, tty, sizeof tty), 0);
    snprintf(peer->config, sizeof peer->config, "/tmp/rekindle-ser2net-XXXXXX");
    fd = mkstemp(peer->config);
    assert_true(fd >= 0);
    assert_true(dprintf(fd,
                        "%%YAML 1.1\n---\nconnection: &a\n"
                        "  accepter: telnet(rfc2217),tcp,127.0.0.1,%u\n"
                        "  connector: serialdev,%s,115200n81,local\n",
                        port, tty) > 0);
    close(fd);
    snprintf(peer->spec, sizeof peer->spec, "rfc2217://127.0.0.1:%u", port);
    char name[] = "ser2net", stay[] = "-n", no_lock[] = "-u", config[] = "-c";
    char *argv[] = {name, stay, no_lock, config, peer->config, NULL};
    assert_int_equal(posix_spawn(&peer->pid, program(), NULL, NULL, argv, environ), 0);
}

static void stop(struct peer *peer)
{
    kill(peer->pid, SIGKILL);
    waitpid(peer->pid, NULL, 0);
    close(peer->master);
    unlink(peer->config);
}

/* ser2net needs a moment until it listens. */
static struct rk_link *connect_to(const struct peer *peer)
{
    struct rk_link *link = NULL;
    struct rk_error err;
    enum rk_status st = RK_ERR_PORT_NOT_FOUND;

    for (int i = 0; i < 500 && st == RK_ERR_PORT_NOT_FOUND; i++) {
        st = rk_link_open(NULL, peer->spec, &link, &err);
        if (st == RK_ERR_PORT_NOT_FOUND)
            poll(NULL, 0, 20);
    }
    if (st != RK_OK)
        print_error("%s (%s)\n", err.message, err.detail);
    assert_int_equal(st, RK_OK);
    return link;
}

static void ser2net_passes_every_byte(void **state)
{
    struct peer peer;
    uint8_t out[2048], in[2048];
    struct rk_error err;
    size_t got, total = 0;
    uint32_t actual = 0;
    struct termios t;
    (void)state;
    if (!program()) {
        print_message("SKIPPED: ser2net is not installed\n");
        skip();
    }
    start(&peer);
    struct rk_link *link = connect_to(&peer);
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i < 1024 ? i : 255);
    assert_int_equal(rk_link_write(link, out, sizeof out, &err), RK_OK);
    while (total < sizeof in) {
        ssize_t n = read(peer.master, in + total, sizeof in - total);
        assert_true(n > 0);
        total += (size_t)n;
    }
    assert_memory_equal(in, out, sizeof out);
    assert_int_equal(write(peer.master, out, sizeof out), (ssize_t)sizeof out);
    for (total = 0; total < sizeof in; total += got) {
        assert_int_equal(rk_link_read(link, in + total, sizeof in - total, &got, 10000000, &err),
                         RK_OK);
        assert_true(got > 0);
    }
    assert_memory_equal(in, out, sizeof out);
    assert_int_equal(rk_link_set_baud(link, 921600, &actual, &err), RK_OK);
    assert_int_equal(actual, 921600);
    assert_int_equal(tcgetattr(peer.master, &t), 0);
    assert_int_equal(cfgetospeed(&t), B921600);
    assert_int_equal(t.c_cflag & (CSIZE | PARENB | CSTOPB), CS8);
    assert_false(rk_link_info(link)->has_lines); /* a pty has none */
    assert_int_equal(rk_link_set_lines(link, 1, 0, &err), RK_ERR_UNSUPPORTED);
    assert_int_equal(rk_link_discard(link, &err), RK_OK);
    rk_link_close(link);
    stop(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ser2net_passes_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
