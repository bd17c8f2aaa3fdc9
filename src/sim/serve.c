/* The loop that runs a virtual module in real time between its lines and its clients. */
#include "sim/serve.h"

#include "base/context.h"
#include "base/text.h"
#include "sim/machine.h"
#include "sim/rfc2217_server.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_WAIT_US 40000u   /* the context is asked so often whether to stop */
#define SAVE_AFTER_US   1000000u /* idle time after a change */
#define QUIET_US        1000000u /* silence after which a client counts as a new one */
#define OUT_MAX         65536u

enum { PTY, PTY_LOG, TCP, RFC2217, CLIENTS, TCP_LISTEN = CLIENTS, RFC2217_LISTEN, HANDLES };

/* Bytes on their way to a client, after the latency of its adapter. */
struct outgoing {
    uint8_t bytes[OUT_MAX];
    size_t len;
    uint64_t due_us;
};

struct server {
    struct rk_context *ctx;
    struct rk_sim *sim;
    const struct rk_sim_serve_options *opt;
    const struct rk_clock *clock;
    uint64_t start_us;
    intptr_t handle[HANDLES];
    struct outgoing out[CLIENTS];
    struct rk_serve_pty pty, log;
    struct rk_rfc2217_server telnet;
    struct rk_rfc2217_events telnet_events;
    uint32_t telnet_baud;
    int dtr, rts;
    uint64_t sent_ns;                 /* the host's transmitter is busy until then */
    uint64_t heard_us;                /* when a client last sent something */
    bool released;                    /* since then the pty was opened for the next one */
    int talker;                       /* the client that sent last */
    uint64_t saved, seen, changed_us; /* state of the flash */
};

/* The module's time: microseconds since serving began. */
static uint64_t now_us(const struct server *server)
{
    return rk_clock_now(server->clock) - server->start_us;
}

/* ---- from the clients to the module ---- */

/* A module whose power was cut gets it back when a client comes that has not been there at the
 * time: its user would have seen to that. */
static void restore_power(struct server *server)
{
    uint64_t now = now_us(server);

    if (server->sim->power == RK_SIM_OFF && !server->sim->options.manual_reset &&
        now - server->heard_us > QUIET_US)
        rk_sim_power_on(server->sim, now);
    server->heard_us = now;
    server->released = false;
}

static void release_when_quiet(struct server *server)
{
    if (server->released || now_us(server) - server->heard_us < QUIET_US)
        return;
    rk_serve_pty_release(&server->pty);
    server->released = true;
}

static void to_module(struct server *server, const uint8_t *bytes, size_t len, uint32_t baud)
{
    uint32_t rate = baud ? baud : server->sim->baud;
    uint64_t start = now_us(server) * 1000;

    restore_power(server);
    if (start < server->sent_ns)
        start = server->sent_ns;
    uint64_t character = 10000000000u / rate;
    rk_sim_receive(server->sim, (start + character + 999) / 1000, bytes, len, baud);
    server->sent_ns = start + len * 10000000000u / rate;
}

/* The rate at which the client that talks listens now. */
static uint32_t listening_baud(const struct server *server)
{
    return server->talker == PTY       ? rk_serve_pty_baud(&server->pty)
           : server->talker == RFC2217 ? server->telnet_baud
                                       : 0;
}

static void telnet_data(void *user, const uint8_t *bytes, size_t len)
{
    struct server *server = user;

    to_module(server, bytes, len, server->telnet_baud);
}

static void queue(struct server *server, int client, const uint8_t *bytes, size_t len)
{
    struct outgoing *out = &server->out[client];

    if (server->handle[client] == RK_SERVE_NONE)
        return;
    if (out->len == 0)
        out->due_us = now_us(server) + server->sim->faults.slow_us;
    if (len > sizeof out->bytes - out->len) /* nobody reads: as with a real port, it is lost */
        len = sizeof out->bytes - out->len;
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
}

static void telnet_answer(void *user, const uint8_t *bytes, size_t len)
{
    queue(user, RFC2217, bytes, len);
}

static uint32_t telnet_baud(void *user, uint32_t baud)
{
    struct server *server = user;

    if (baud >= 50 && baud <= 20000000)
        server->telnet_baud = baud;
    return server->telnet_baud;
}

static void telnet_lines(void *user, int dtr, int rts)
{
    struct server *server = user;

    if (dtr >= 0)
        server->dtr = dtr;
    if (rts >= 0)
        server->rts = rts;
    rk_sim_lines(server->sim, now_us(server), server->dtr, server->rts);
}

static void drop_client(struct server *server, int client)
{
    rk_serve_close(server->handle[client]);
    server->handle[client] = RK_SERVE_NONE;
    server->out[client].len = 0;
    if (client == RFC2217)
        telnet_lines(server, 0, 0);
}

static void read_client(struct server *server, int client)
{
    uint8_t buf[4096];
    long n;

    while (server->handle[client] != RK_SERVE_NONE &&
           (n = rk_serve_read(server->handle[client], buf, sizeof buf)) != 0) {
        if (n < 0) {
            if (client != PTY && client != PTY_LOG)
                drop_client(server, client);
            return;
        }
        if (client != PTY_LOG)
            server->talker = client;
        if (client == PTY)
            to_module(server, buf, (size_t)n, rk_serve_pty_baud(&server->pty));
        else if (client == TCP)
            to_module(server, buf, (size_t)n, 0);
        else if (client == RFC2217)
            rk_rfc2217_server_feed(&server->telnet, buf, (size_t)n);
        /* the log port has no receiver */
    }
}

static void accept_client(struct server *server, int listener, int client)
{
    intptr_t handle = server->handle[listener] == RK_SERVE_NONE
                          ? RK_SERVE_NONE
                          : rk_serve_accept(server->handle[listener]);

    if (handle == RK_SERVE_NONE)
        return;
    if (server->handle[client] != RK_SERVE_NONE) { /* a serial port has one user */
        rk_serve_close(handle);
        return;
    }
    server->handle[client] = handle;
    if (client == RFC2217) {
        rk_rfc2217_server_init(&server->telnet, &server->telnet_events);
        server->telnet_baud = 115200;
    }
}

/* ---- from the module to the clients ---- */

static void from_module(struct server *server)
{
    uint8_t buf[4096], escaped[2 * sizeof buf];
    uint64_t now = now_us(server);
    size_t n;

    do {
        n = rk_sim_transmit(server->sim, RK_SIM_UART1, now, buf, sizeof buf,
                            listening_baud(server));
        if (n == 0)
            break;
        queue(server, PTY, buf, n);
        queue(server, TCP, buf, n);
        queue(server, RFC2217, escaped, rk_rfc2217_server_escape(buf, n, escaped));
    } while (n == sizeof buf);
    while ((n = rk_sim_transmit(server->sim, RK_SIM_UART2, now, buf, sizeof buf, 0)) > 0)
        queue(server, PTY_LOG, buf, n);
}

static void write_client(struct server *server, int client)
{
    struct outgoing *out = &server->out[client];

    if (out->len == 0 || now_us(server) < out->due_us)
        return;
    long n = rk_serve_write(server->handle[client], out->bytes, out->len);
    if (n < 0) {
        if (client != PTY && client != PTY_LOG)
            drop_client(server, client);
        return;
    }
    memmove(out->bytes, out->bytes + n, out->len - (size_t)n);
    out->len -= (size_t)n;
}

/* ---- the loop ---- */

static uint64_t wait_us(const struct server *server)
{
    uint64_t now = now_us(server), wait = LONGEST_WAIT_US;
    uint64_t next = rk_sim_next_look_ns(server->sim, 4096, true);

    if (next != RK_SIM_NEVER) {
        next = (next + 999) / 1000;
        if (next <= now)
            return 0;
        if (next - now < wait)
            wait = next - now;
    }
    for (int client = 0; client < CLIENTS; client++) {
        const struct outgoing *out = &server->out[client];
        if (out->len && out->due_us > now && out->due_us - now < wait)
            wait = out->due_us - now;
    }
    return wait;
}

static void wait_for_something(struct server *server)
{
    intptr_t handles[HANDLES];
    bool write[HANDLES];
    size_t n = 0;

    for (int i = 0; i < HANDLES; i++) {
        if (server->handle[i] == RK_SERVE_NONE)
            continue;
        handles[n] = server->handle[i];
        /* what a full log port does not take is no reason to wake up */
        write[n++] = i < CLIENTS && i != PTY_LOG && server->out[i].len > 0 &&
                     server->out[i].due_us <= now_us(server);
    }
    rk_serve_wait(handles, write, n, wait_us(server));
}

static enum rk_status save(struct server *server, bool now, struct rk_error *err)
{
    uint64_t changes = rk_nor_changes(server->sim->nor);
    size_t len;

    /* At the end the file is written in any case: whoever named it expects it. */
    if (!server->opt->save_path || (changes == server->saved && !now))
        return RK_OK;
    if (changes != server->seen) {
        server->seen = changes;
        server->changed_us = now_us(server);
    }
    if (!now && now_us(server) - server->changed_us < SAVE_AFTER_US)
        return RK_OK;
    const uint8_t *flash = rk_sim_flash(server->sim, &len);
    enum rk_status st = rk_file_write(server->opt->save_path, flash, len, false, false, err);
    if (st == RK_OK)
        server->saved = changes;
    return st;
}

static enum rk_status loop(struct server *server, struct rk_error *err)
{
    enum rk_status st = RK_OK;

    while (st == RK_OK && !rk_cancelled(server->ctx) && !server->sim->vanished) {
        for (int client = 0; client < CLIENTS; client++)
            read_client(server, client);
        release_when_quiet(server);
        accept_client(server, TCP_LISTEN, TCP);
        accept_client(server, RFC2217_LISTEN, RFC2217);
        from_module(server);
        for (int client = 0; client < CLIENTS; client++)
            write_client(server, client);
        st = save(server, false, err);
        if (st == RK_OK)
            wait_for_something(server);
    }
    if (server->sim->vanished)
        rk_log(server->ctx, RK_LEVEL_INFO, "sim.vanished",
               "the virtual adapter disappears, as asked for");
    return st;
}

/* ---- begin and end ---- */

static enum rk_status open_all(struct server *server, char *names, size_t cap, struct rk_error *err)
{
    const struct rk_sim_serve_options *opt = server->opt;
    char where[300];
    enum rk_status st = RK_OK;

    names[0] = '\0';
    if (opt->pty && (st = rk_serve_pty_open(opt->pty, &server->pty, err)) == RK_OK) {
        server->handle[PTY] = server->pty.handle;
        rk_text_append(names, cap, "%s", opt->pty);
    }
    if (st == RK_OK && opt->pty_uart2 &&
        (st = rk_serve_pty_open(opt->pty_uart2, &server->log, err)) == RK_OK) {
        server->handle[PTY_LOG] = server->log.handle;
        rk_text_append(names, cap, "%s%s (log)", *names ? " " : "", opt->pty_uart2);
    }
    if (st == RK_OK && opt->tcp &&
        (st = rk_serve_listen(opt->tcp, &server->handle[TCP_LISTEN], where, sizeof where, err)) ==
            RK_OK)
        rk_text_append(names, cap, "%stcp://%s", *names ? " " : "", where);
    if (st == RK_OK && opt->rfc2217 &&
        (st = rk_serve_listen(opt->rfc2217, &server->handle[RFC2217_LISTEN], where, sizeof where,
                              err)) == RK_OK)
        rk_text_append(names, cap, "%srfc2217://%s", *names ? " " : "", where);
    if (st == RK_OK && !*names) {
        st = rk_fail(err, RK_ERR_ARG, "sim.no-port", "no port to serve the virtual module on");
        rk_error_hint(err, "name at least one of --pty LINK, --tcp PORT, --rfc2217 PORT");
    }
    return st;
}

static void close_all(struct server *server)
{
    rk_serve_pty_close(&server->pty);
    rk_serve_pty_close(&server->log);
    for (int i = TCP; i < HANDLES; i++)
        rk_serve_close(server->handle[i]);
}

enum rk_status rk_sim_serve(struct rk_context *ctx, struct rk_sim *sim,
                            const struct rk_sim_serve_options *opt, struct rk_error *err)
{
    struct server *server = calloc(1, sizeof *server);
    char names[2048];

    if (!server)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    server->ctx = ctx;
    server->sim = sim;
    server->opt = opt;
    server->clock = rk_clock_system();
    server->start_us = rk_clock_now(server->clock) - sim->now_ns / 1000;
    server->telnet_events =
        (struct rk_rfc2217_events){server, telnet_data, telnet_answer, telnet_baud, telnet_lines};
    server->telnet_baud = 115200;
    server->talker = opt->pty ? PTY : opt->rfc2217 ? RFC2217 : TCP;
    server->pty.handle = server->pty.client = server->log.handle = server->log.client =
        RK_SERVE_NONE;
    for (int i = 0; i < HANDLES; i++)
        server->handle[i] = RK_SERVE_NONE;
    server->saved = server->seen = rk_nor_changes(sim->nor);

    enum rk_status st = open_all(server, names, sizeof names, err);
    if (st == RK_OK) {
        if (opt->ready)
            opt->ready(opt->user, names);
        st = loop(server, err);
        enum rk_status saved = save(server, true, st == RK_OK ? err : NULL);
        st = st == RK_OK ? saved : st;
    }
    close_all(server);
    free(server);
    return st;
}
