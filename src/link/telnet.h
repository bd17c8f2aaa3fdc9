/* Telnet (RFC 854) as a pure machine: bytes in, data and events out, in any slices. */
#ifndef RK_LINK_TELNET_H
#define RK_LINK_TELNET_H

#include <stddef.h>
#include <stdint.h>

enum {
    RK_TELNET_SE = 240,
    RK_TELNET_SB = 250,
    RK_TELNET_WILL = 251,
    RK_TELNET_WONT = 252,
    RK_TELNET_DO = 253,
    RK_TELNET_DONT = 254,
    RK_TELNET_IAC = 255
};
enum { RK_TELNET_BINARY = 0, RK_TELNET_SGA = 3, RK_TELNET_COM_PORT = 44 };

#define RK_TELNET_SUB_MAX 128

enum rk_telnet_state {
    RK_TELNET_IN_DATA,
    RK_TELNET_AFTER_IAC,
    RK_TELNET_AFTER_VERB,
    RK_TELNET_IN_SUB,
    RK_TELNET_SUB_AFTER_IAC
};

/* Zeroed = at the start of a connection. */
struct rk_telnet {
    enum rk_telnet_state state;
    uint8_t verb;
    uint8_t sub[RK_TELNET_SUB_MAX]; /* option and payload, IAC IAC undone */
    size_t sub_len;                 /* beyond RK_TELNET_SUB_MAX: too long, is dropped */
};

enum rk_telnet_event {
    RK_TELNET_NOTHING, /* all input is used up */
    RK_TELNET_VERB,    /* WILL, WONT, DO, DONT with an option */
    RK_TELNET_SUBNEGOTIATION
};

/* Takes bytes up to the next event. *used receives how many of `in` were taken; data bytes go to
 * `out`, which has room for len bytes and may be `in` itself, *out_len of them. For a VERB,
 * t->verb and *option are set; for a SUBNEGOTIATION t->sub holds 1 to RK_TELNET_SUB_MAX bytes. */
enum rk_telnet_event rk_telnet_take(struct rk_telnet *t, const uint8_t *in, size_t len,
                                    size_t *used, uint8_t *out, size_t *out_len, uint8_t *option);

/* Doubles every IAC. `out` has room for 2 * len bytes; returns the length. */
size_t rk_telnet_escape(const uint8_t *in, size_t len, uint8_t *out);

#endif
