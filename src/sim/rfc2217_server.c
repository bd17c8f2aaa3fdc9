#include "sim/rfc2217_server.h"

#include "base/bytes.h"

#include <string.h>

enum { IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, SE = 240 };
enum { OPTION_BINARY = 0, OPTION_SUPPRESS_GO_AHEAD = 3, OPTION_COM_PORT = 44 };
enum state { DATA, COMMAND, VERB, SUB, SUB_COMMAND };

/* Codes of the COM port option as the client sends them; answers add 100. */
enum {
    SIGNATURE = 0,
    SET_BAUD_RATE = 1,
    SET_DATA_SIZE = 2,
    SET_STOP_SIZE = 4,
    SET_CONTROL = 5,
    LINE_STATE_MASK = 10,
    MODEM_STATE_MASK = 11,
    PURGE = 12,
    ANSWER = 100
};

void rk_rfc2217_server_init(struct rk_rfc2217_server *server,
                            const struct rk_rfc2217_events *events)
{
    memset(server, 0, sizeof *server);
    server->events = events;
}

static void answer(struct rk_rfc2217_server *server, const uint8_t *bytes, size_t len)
{
    server->events->answer(server->events->user, bytes, len);
}

static void answer_verb(struct rk_rfc2217_server *server, uint8_t verb, uint8_t option)
{
    const uint8_t bytes[] = {IAC, verb, option};

    answer(server, bytes, sizeof bytes);
}

static void answer_option(struct rk_rfc2217_server *server, uint8_t code, const uint8_t *value,
                          size_t len)
{
    uint8_t bytes[4 + 2 * 16 + 2] = {IAC, SB, OPTION_COM_PORT, (uint8_t)(code + ANSWER)};
    size_t used = 4 + rk_rfc2217_server_escape(value, len < 16 ? len : 16, bytes + 4);

    bytes[used++] = IAC;
    bytes[used++] = SE;
    answer(server, bytes, used);
}

size_t rk_rfc2217_server_escape(const uint8_t *bytes, size_t len, uint8_t *out)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        out[used++] = bytes[i];
        if (bytes[i] == IAC)
            out[used++] = IAC;
    }
    return used;
}

/* Agrees to the options we have, refuses the others, and does not answer what is already so, which
 * is what keeps telnet from negotiating for ever. */
static void negotiate(struct rk_rfc2217_server *server, uint8_t verb, uint8_t option)
{
    bool them = verb == WILL || verb == WONT; /* about what the client does */
    bool wanted = verb == WILL || verb == DO;
    bool have =
        option == OPTION_BINARY || option == OPTION_SUPPRESS_GO_AHEAD || option == OPTION_COM_PORT;
    uint32_t *agreed = them ? &server->agreed_them : &server->agreed_us;
    uint32_t bit = option == OPTION_COM_PORT ? 1u << 31 : have ? 1u << option : 0;
    bool now = (*agreed & bit) != 0;

    if (wanted && !have) {
        answer_verb(server, them ? DONT : WONT, option);
    } else if (wanted && !now) {
        *agreed |= bit;
        answer_verb(server, them ? DO : WILL, option);
    } else if (!wanted && now) {
        *agreed &= ~bit;
        answer_verb(server, them ? DONT : WONT, option);
    }
}

static void control(struct rk_rfc2217_server *server, uint8_t value)
{
    uint8_t reply = value;

    switch (value) {
    case 0: /* which flow control? */
        reply = 1;
        break;
    case 4: /* break? */
        reply = 6;
        break;
    case 7: /* DTR? */
        reply = server->dtr ? 8 : 9;
        break;
    case 8:
    case 9:
        server->dtr = value == 8;
        server->events->lines(server->events->user, server->dtr, -1);
        break;
    case 10: /* RTS? */
        reply = server->rts ? 11 : 12;
        break;
    case 11:
    case 12:
        server->rts = value == 11;
        server->events->lines(server->events->user, -1, server->rts);
        break;
    case 13: /* inbound flow control? */
        reply = 14;
        break;
    default:
        break;
    }
    answer_option(server, SET_CONTROL, &reply, 1);
}

static void com_port(struct rk_rfc2217_server *server, const uint8_t *option, size_t len)
{
    static const uint8_t name[] = "rekindle";
    uint8_t value[4] = {0};

    switch (option[0]) {
    case SIGNATURE:
        if (len == 1)
            answer_option(server, SIGNATURE, name, sizeof name - 1);
        break;
    case SET_BAUD_RATE:
        if (len < 5)
            return;
        rk_put_be32(value, server->events->baud(server->events->user, rk_get_be32(option + 1)));
        answer_option(server, SET_BAUD_RATE, value, 4);
        break;
    case SET_CONTROL:
        if (len >= 2)
            control(server, option[1]);
        break;
    case LINE_STATE_MASK:
    case MODEM_STATE_MASK:
    case PURGE:
        if (len >= 2)
            answer_option(server, option[0], option + 1, 1);
        break;
    default: /* data size, parity, stop bits: always 8N1, which value 0 asks for */
        if (option[0] >= SET_DATA_SIZE && option[0] <= SET_STOP_SIZE && len >= 2) {
            value[0] = option[0] == SET_DATA_SIZE ? 8 : 1;
            answer_option(server, option[0], value, 1);
        }
        break;
    }
}

static void subnegotiation(struct rk_rfc2217_server *server)
{
    if (server->option_len >= 2 && server->option_len <= sizeof server->option &&
        server->option[0] == OPTION_COM_PORT)
        com_port(server, server->option + 1, server->option_len - 1);
}

static void option_byte(struct rk_rfc2217_server *server, uint8_t byte)
{
    if (server->option_len < sizeof server->option)
        server->option[server->option_len] = byte;
    if (server->option_len <= sizeof server->option)
        server->option_len++; /* one more than fits marks it as too long */
}

static void command_byte(struct rk_rfc2217_server *server, uint8_t byte)
{
    static const uint8_t escaped = IAC;

    server->state = DATA;
    if (byte == IAC) {
        server->events->data(server->events->user, &escaped, 1);
    } else if (byte >= WILL && byte <= DONT) {
        server->verb = byte;
        server->state = VERB;
    } else if (byte == SB) {
        server->option_len = 0;
        server->state = SUB;
    }
}

static void control_byte(struct rk_rfc2217_server *server, uint8_t byte)
{
    switch (server->state) {
    case COMMAND:
        command_byte(server, byte);
        break;
    case VERB:
        server->state = DATA;
        negotiate(server, server->verb, byte);
        break;
    case SUB:
        if (byte == IAC)
            server->state = SUB_COMMAND;
        else
            option_byte(server, byte);
        break;
    default: /* SUB_COMMAND */
        server->state = byte == IAC ? SUB : DATA;
        if (byte == IAC)
            option_byte(server, byte);
        else if (byte == SE)
            subnegotiation(server);
        break;
    }
}

void rk_rfc2217_server_feed(struct rk_rfc2217_server *server, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        if (server->state != DATA) {
            control_byte(server, *bytes++);
            len--;
            continue;
        }
        const uint8_t *escape = memchr(bytes, IAC, len);
        size_t plain = escape ? (size_t)(escape - bytes) : len;
        if (plain)
            server->events->data(server->events->user, bytes, plain);
        if (escape) {
            server->state = COMMAND;
            plain++;
        }
        bytes += plain;
        len -= plain;
    }
}
