/* The server side of RFC 2217 (serial port control over telnet): a parser of foreign bytes that
 * separates data from control and composes the answers. It does no input or output itself. */
#ifndef RK_SIM_RFC2217_SERVER_H
#define RK_SIM_RFC2217_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who receives what the parser finds. All are required. */
struct rk_rfc2217_events {
    void *user;
    void (*data)(void *user, const uint8_t *bytes, size_t len);   /* for the serial line */
    void (*answer)(void *user, const uint8_t *bytes, size_t len); /* back to the client */
    /* The client sets the rate; returns the one that is in force then. */
    uint32_t (*baud)(void *user, uint32_t baud);
    void (*lines)(void *user, int dtr, int rts); /* -1: unchanged */
};

struct rk_rfc2217_server {
    const struct rk_rfc2217_events *events;
    unsigned state;
    uint8_t verb;       /* WILL, WONT, DO, DONT in hand */
    uint8_t option[64]; /* the subnegotiation in hand, unescaped; longer ones are dropped */
    size_t option_len;
    uint32_t agreed_us, agreed_them; /* telnet options 0..31 in force */
    uint8_t dtr, rts;
};

void rk_rfc2217_server_init(struct rk_rfc2217_server *server,
                            const struct rk_rfc2217_events *events);

/* Takes bytes from the client, in any slices. */
void rk_rfc2217_server_feed(struct rk_rfc2217_server *server, const uint8_t *bytes, size_t len);

/* Doubles FF as telnet wants it. Returns the number of bytes written: at most 2 * len, which `out`
 * must have room for. */
size_t rk_rfc2217_server_escape(const uint8_t *bytes, size_t len, uint8_t *out);

#endif
