/* A serial port behind Telnet: the client side of RFC 2217. */
#include "link/schemes.h"

#include "base/bytes.h"
#include "base/context.h"
#include "base/text.h"
#include "link/serial.h"
#include "link/socket.h"
#include "link/telnet.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BAUD      115200u
#define ANSWER_LIMIT_US 3000000u
#define LATE_LIMIT_US   300000u
#define SEND_LIMIT_US   5000000u
#define SLICE_US        20000u

/* Subcommands of the COM port option. Answers carry the number + 100. */
enum {
    SET_BAUDRATE = 1,
    SET_DATASIZE = 2,
    SET_PARITY = 3,
    SET_STOPSIZE = 4,
    SET_CONTROL = 5,
    FLOW_SUSPEND = 8,
    FLOW_RESUME = 9,
    PURGE_DATA = 12,
    ANSWER = 100
};
enum {
    CONTROL_NO_FLOW = 1,
    CONTROL_DTR_ON = 8,
    CONTROL_DTR_OFF = 9,
    CONTROL_RTS_ON = 11,
    CONTROL_RTS_OFF = 12,
    PURGE_RECEIVED = 1
};

struct remote {
    struct rk_context *ctx;
    intptr_t socket;
    char name[256];
    struct rk_telnet telnet;
    uint8_t data[65536]; /* received while an answer was waited for */
    size_t data_start, data_end;
    bool com_port, refused; /* the server agreed to the option, or said no */
    bool suspended;         /* the server asked us to pause */
    bool has_lines;
    unsigned asked;   /* answers wanted: a bit per subcommand, control see below */
    uint32_t baud;    /* as the server says */
    uint8_t dtr, rts; /* as the server says, in the coding of SET_CONTROL; 0 = unknown */
    uint32_t rate;    /* as set, for drain */
    uint64_t idle_us; /* what was written has left the far UART by then */
};

/* Answers to SET_CONTROL are told apart by their value. */
#define ASKED(command) (1u << (command))
#define ASKED_DTR      (1u << 16)
#define ASKED_RTS      (1u << 17)
#define ASKED_FLOW     (1u << 18)

static enum rk_status send_bytes(struct remote *r, const uint8_t *buf, size_t len,
                                 struct rk_error *err)
{
    return rk_socket_write(r->socket, r->name, buf, len, SEND_LIMIT_US, err);
}

/* ---- what the server says ---- */

static bool wanted_option(uint8_t option)
{
    return option == RK_TELNET_BINARY || option == RK_TELNET_SGA || option == RK_TELNET_COM_PORT;
}

/* Our side asked for everything it wants at the start; agreeing answers need none in turn. */
static enum rk_status take_verb(struct remote *r, uint8_t option, struct rk_error *err)
{
    uint8_t answer[3] = {RK_TELNET_IAC, 0, option};

    if (option == RK_TELNET_COM_PORT) {
        if (r->telnet.verb == RK_TELNET_DO || r->telnet.verb == RK_TELNET_WILL)
            r->com_port = true;
        if (r->telnet.verb == RK_TELNET_DONT)
            r->refused = true;
    }
    if (wanted_option(option))
        return RK_OK;
    if (r->telnet.verb == RK_TELNET_DO)
        answer[1] = RK_TELNET_WONT;
    else if (r->telnet.verb == RK_TELNET_WILL)
        answer[1] = RK_TELNET_DONT;
    else
        return RK_OK;
    return send_bytes(r, answer, sizeof answer, err);
}

static void take_control(struct remote *r, uint8_t value)
{
    if (value == CONTROL_DTR_ON || value == CONTROL_DTR_OFF) {
        r->dtr = value;
        r->asked &= ~ASKED_DTR;
    } else if (value == CONTROL_RTS_ON || value == CONTROL_RTS_OFF) {
        r->rts = value;
        r->asked &= ~ASKED_RTS;
    } else {
        r->asked &= ~ASKED_FLOW;
    }
}

static void take_sub(struct remote *r)
{
    const uint8_t *sub = r->telnet.sub;
    size_t len = r->telnet.sub_len;

    if (len < 2 || sub[0] != RK_TELNET_COM_PORT || sub[1] < ANSWER)
        return;
    unsigned command = sub[1] - ANSWER;
    if (command == FLOW_SUSPEND || command == FLOW_RESUME)
        r->suspended = command == FLOW_SUSPEND;
    else if (command == SET_CONTROL && len >= 3)
        take_control(r, sub[2]);
    else if (command == SET_BAUDRATE && len >= 6)
        r->baud = rk_get_be32(sub + 2);
    if (command < 16 && command != SET_CONTROL)
        r->asked &= ~ASKED(command);
}

/* Sorts received bytes in place: data to the front, which *len then counts. */
static enum rk_status sort_bytes(struct remote *r, uint8_t *buf, size_t *len, struct rk_error *err)
{
    size_t done = 0, kept = 0, used, n;
    uint8_t option = 0;
    enum rk_status st = RK_OK;

    while (done < *len && st == RK_OK) {
        enum rk_telnet_event event =
            rk_telnet_take(&r->telnet, buf + done, *len - done, &used, buf + kept, &n, &option);
        done += used;
        kept += n;
        if (event == RK_TELNET_VERB)
            st = take_verb(r, option, err);
        else if (event == RK_TELNET_SUBNEGOTIATION)
            take_sub(r);
    }
    *len = kept;
    return st;
}

/* Receives for at most timeout_us into the store. */
static enum rk_status pump(struct remote *r, uint64_t timeout_us, struct rk_error *err)
{
    size_t got;

    if (r->data_start > 0) {
        memmove(r->data, r->data + r->data_start, r->data_end - r->data_start);
        r->data_end -= r->data_start;
        r->data_start = 0;
    }
    if (r->data_end == sizeof r->data) {
        rk_fail(err, RK_ERR_PORT_IO, "port.flood", "the server sends data instead of an answer");
        rk_error_detail(err, "%zu bytes came", r->data_end);
        return RK_ERR_PORT_IO;
    }
    enum rk_status st = rk_socket_read(r->socket, r->name, r->data + r->data_end,
                                       sizeof r->data - r->data_end, &got, timeout_us, err);
    if (st == RK_OK)
        st = sort_bytes(r, r->data + r->data_end, &got, err);
    if (st == RK_OK)
        r->data_end += got;
    return st;
}

/* Pumps until none of `wanted` is open any more, or limit_us have passed: what is left stays in
 * r->asked. */
static enum rk_status await_answers(struct remote *r, unsigned wanted, uint64_t limit_us,
                                    struct rk_error *err)
{
    const struct rk_clock *clock = rk_clock_system();
    uint64_t deadline = rk_clock_now(clock) + limit_us;

    while (r->asked & wanted && rk_clock_now(clock) < deadline) {
        if (rk_cancelled(r->ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        enum rk_status st = pump(r, SLICE_US, err);
        if (st != RK_OK)
            return st;
    }
    return RK_OK;
}

/* ---- what we ask ---- */

/* Appends IAC SB COM-PORT command value IAC SE. Returns the new length. */
static size_t put_command(uint8_t *out, size_t at, uint8_t command, const uint8_t *value,
                          size_t len)
{
    out[at++] = RK_TELNET_IAC;
    out[at++] = RK_TELNET_SB;
    out[at++] = RK_TELNET_COM_PORT;
    out[at++] = command;
    at += rk_telnet_escape(value, len, out + at);
    out[at++] = RK_TELNET_IAC;
    out[at++] = RK_TELNET_SE;
    return at;
}

static size_t put_byte(uint8_t *out, size_t at, uint8_t command, uint8_t value)
{
    return put_command(out, at, command, &value, 1);
}

static enum rk_status remote_set_baud(void *self, uint32_t baud, uint32_t *actual,
                                      struct rk_error *err)
{
    struct remote *r = self;
    uint8_t packet[24], value[4];

    rk_put_be32(value, baud);
    r->asked = ASKED(SET_BAUDRATE);
    r->baud = 0;
    enum rk_status st =
        send_bytes(r, packet, put_command(packet, 0, SET_BAUDRATE, value, sizeof value), err);
    if (st == RK_OK)
        st = await_answers(r, r->asked, ANSWER_LIMIT_US, err);
    if (st != RK_OK)
        return st;
    if (r->asked || r->baud == 0 || rk_serial_rate_off(baud, r->baud)) {
        rk_fail(err, RK_ERR_PORT_CONFIG, "port.baud", "the server does not set %u baud",
                (unsigned)baud);
        if (r->asked)
            rk_error_detail(err, "no answer within 3 s");
        else
            rk_error_detail(err, "it answered %u", (unsigned)r->baud);
        rk_error_hint(err, "choose a lower rate with --baud");
        return RK_ERR_PORT_CONFIG;
    }
    r->rate = r->baud;
    if (actual)
        *actual = r->baud;
    return RK_OK;
}

static enum rk_status remote_set_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    struct remote *r = self;
    uint8_t packet[32];
    size_t len = 0;
    uint8_t want_dtr = dtr ? CONTROL_DTR_ON : CONTROL_DTR_OFF;
    uint8_t want_rts = rts ? CONTROL_RTS_ON : CONTROL_RTS_OFF;

    if (!r->has_lines)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "port.no-lines", "%s has no modem lines", r->name);
    if (dtr >= 0)
        len = put_byte(packet, len, SET_CONTROL, want_dtr);
    if (rts >= 0)
        len = put_byte(packet, len, SET_CONTROL, want_rts);
    r->asked = (dtr >= 0 ? ASKED_DTR : 0) | (rts >= 0 ? ASKED_RTS : 0);
    enum rk_status st = send_bytes(r, packet, len, err);
    if (st == RK_OK)
        st = await_answers(r, r->asked, ANSWER_LIMIT_US, err);
    if (st != RK_OK)
        return st;
    if (r->asked || (dtr >= 0 && r->dtr != want_dtr) || (rts >= 0 && r->rts != want_rts))
        return rk_fail(err, RK_ERR_UNSUPPORTED, "port.no-lines", "%s does not set the modem lines",
                       r->name);
    return RK_OK;
}

/* ---- bytes ---- */

static enum rk_status remote_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                                  uint64_t timeout_us, struct rk_error *err)
{
    struct remote *r = self;
    const struct rk_clock *clock = rk_clock_system();
    uint64_t deadline = rk_clock_now(clock) + timeout_us;
    enum rk_status st = RK_OK;

    *got = 0;
    while (st == RK_OK && r->data_start == r->data_end) {
        uint64_t now = rk_clock_now(clock);
        uint64_t left = now < deadline ? deadline - now : 0;
        st = pump(r, left, err);
        if (left == 0)
            break; /* answers and notices are no data: wait on only while there is time */
    }
    size_t n = r->data_end - r->data_start;
    if (st == RK_OK && n > 0) {
        *got = n < cap ? n : cap;
        memcpy(buf, r->data + r->data_start, *got);
        r->data_start += *got;
    }
    return st;
}

/* The server cannot be asked when its UART is empty: take the time the bytes need there. */
static void count_wire_time(struct remote *r, size_t len)
{
    uint64_t now = rk_clock_now(rk_clock_system());

    if (r->idle_us < now)
        r->idle_us = now;
    r->idle_us += (uint64_t)len * 10 * 1000000 / r->rate;
}

static enum rk_status remote_write(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                   struct rk_error *err)
{
    struct remote *r = self;
    const struct rk_clock *clock = rk_clock_system();
    uint64_t deadline = rk_clock_now(clock) + timeout_us;
    uint8_t packet[2048];

    while (len > 0) {
        uint64_t now = rk_clock_now(clock);
        if (now >= deadline)
            return rk_fail(err, RK_ERR_TIMEOUT, "port.stuck", "%s takes no more bytes", r->name);
        if (r->suspended) {
            enum rk_status st = pump(r, SLICE_US, err);
            if (st != RK_OK)
                return st;
            continue;
        }
        size_t part = len < sizeof packet / 2 ? len : sizeof packet / 2;
        size_t n = rk_telnet_escape(buf, part, packet);
        enum rk_status st = rk_socket_write(r->socket, r->name, packet, n, deadline - now, err);
        if (st != RK_OK)
            return st;
        count_wire_time(r, part);
        buf += part;
        len -= part;
    }
    return RK_OK;
}

static enum rk_status remote_drain(void *self, struct rk_error *err)
{
    struct remote *r = self;
    const struct rk_clock *clock = rk_clock_system();
    uint64_t now = rk_clock_now(clock);

    (void)err;
    if (r->idle_us > now)
        rk_clock_sleep(clock, r->idle_us - now);
    return RK_OK;
}

static enum rk_status remote_discard(void *self, struct rk_error *err)
{
    struct remote *r = self;
    uint8_t packet[16];

    r->asked = ASKED(PURGE_DATA);
    enum rk_status st = send_bytes(r, packet, put_byte(packet, 0, PURGE_DATA, PURGE_RECEIVED), err);
    if (st == RK_OK)
        st = await_answers(r, r->asked, ANSWER_LIMIT_US, err);
    r->data_start = r->data_end = 0;
    return st;
}

static void remote_close(void *self)
{
    struct remote *r = self;

    rk_socket_close(r->socket);
    free(r);
}

static const struct rk_link_ops remote_ops = {
    .size = sizeof(struct rk_link_ops),
    .read = remote_read,
    .write = remote_write,
    .drain = remote_drain,
    .set_baud = remote_set_baud,
    .set_lines = remote_set_lines,
    .discard = remote_discard,
    .close = remote_close,
};

/* ---- opening ---- */

static enum rk_status negotiate(struct remote *r, struct rk_error *err)
{
    static const uint8_t offer[] = {
        RK_TELNET_IAC,    RK_TELNET_WILL, RK_TELNET_COM_PORT, RK_TELNET_IAC,    RK_TELNET_WILL,
        RK_TELNET_BINARY, RK_TELNET_IAC,  RK_TELNET_DO,       RK_TELNET_BINARY, RK_TELNET_IAC,
        RK_TELNET_WILL,   RK_TELNET_SGA,  RK_TELNET_IAC,      RK_TELNET_DO,     RK_TELNET_SGA,
    };
    const struct rk_clock *clock = rk_clock_system();
    uint64_t deadline = rk_clock_now(clock) + ANSWER_LIMIT_US;
    enum rk_status st = send_bytes(r, offer, sizeof offer, err);

    while (st == RK_OK && !r->com_port && !r->refused && rk_clock_now(clock) < deadline) {
        if (rk_cancelled(r->ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        st = pump(r, SLICE_US, err);
    }
    if (st == RK_OK && !r->com_port) {
        st = rk_fail(err, RK_ERR_PORT_CONFIG, "port.no-rfc2217",
                     "the server does not speak RFC 2217");
        rk_error_detail(err, r->refused ? "it refuses the COM port option" : "it does not answer");
        rk_error_hint(err, "use tcp:// for a plain byte pipe, or switch RFC 2217 on at the server");
    }
    return st;
}

/* One packet sets everything, the modem lines first. */
static enum rk_status set_up(struct remote *r, struct rk_error *err)
{
    uint8_t packet[128], value[4];
    size_t n = put_byte(packet, 0, SET_CONTROL, CONTROL_DTR_OFF);

    n = put_byte(packet, n, SET_CONTROL, CONTROL_RTS_OFF);
    rk_put_be32(value, FIRST_BAUD);
    n = put_command(packet, n, SET_BAUDRATE, value, sizeof value);
    n = put_byte(packet, n, SET_DATASIZE, 8);
    n = put_byte(packet, n, SET_PARITY, 1);
    n = put_byte(packet, n, SET_STOPSIZE, 1);
    n = put_byte(packet, n, SET_CONTROL, CONTROL_NO_FLOW);
    n = put_byte(packet, n, PURGE_DATA, PURGE_RECEIVED);
    r->asked = ASKED_DTR | ASKED_RTS | ASKED_FLOW | ASKED(SET_BAUDRATE) | ASKED(SET_DATASIZE) |
               ASKED(SET_PARITY) | ASKED(SET_STOPSIZE) | ASKED(PURGE_DATA);
    enum rk_status st = send_bytes(r, packet, n, err);
    if (st == RK_OK)
        st = await_answers(r, ASKED(SET_BAUDRATE) | ASKED(PURGE_DATA), ANSWER_LIMIT_US, err);
    /* Servers answer in order, so what is open now is not supported, or late at most: ser2net says
     * nothing to modem lines that its port lacks. */
    if (st == RK_OK)
        st = await_answers(r, r->asked, LATE_LIMIT_US, err);
    if (st == RK_OK && r->baud != FIRST_BAUD) {
        st = rk_fail(err, RK_ERR_PORT_CONFIG, "port.baud", "the server does not set %u baud",
                     FIRST_BAUD);
        rk_error_detail(err, "it answered %u", (unsigned)r->baud);
    }
    r->rate = FIRST_BAUD;
    r->data_start = r->data_end = 0;
    return st;
}

enum rk_status rk_rfc2217_open(struct rk_context *ctx, const char *address, struct rk_link **out,
                               struct rk_error *err)
{
    struct rk_link_info info = {.kind = "rfc2217", .paced = true};
    struct remote *r = calloc(1, sizeof *r);

    if (!r)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    r->ctx = ctx;
    rk_text_format(r->name, sizeof r->name, "rfc2217://%s", address);
    enum rk_status st = rk_socket_connect(ctx, address, &r->socket, err);
    if (st != RK_OK) {
        free(r);
        return st;
    }
    st = negotiate(r, err);
    if (st == RK_OK)
        st = set_up(r, err);
    if (st != RK_OK) {
        rk_error_context(err, "%s", r->name);
        remote_close(r);
        return st;
    }
    r->has_lines = r->dtr == CONTROL_DTR_OFF && r->rts == CONTROL_RTS_OFF;
    info.has_lines = r->has_lines;
    rk_text_copy(info.name, sizeof info.name, r->name);
    return rk_link_custom(ctx, &remote_ops, r, NULL, &info, out, err);
}
