#include "link/telnet.h"

static void keep(struct rk_telnet *t, uint8_t byte)
{
    if (t->sub_len < RK_TELNET_SUB_MAX)
        t->sub[t->sub_len] = byte;
    if (t->sub_len <= RK_TELNET_SUB_MAX)
        t->sub_len++;
}

/* One byte that is not plain data. */
static enum rk_telnet_event step(struct rk_telnet *t, uint8_t byte, uint8_t *option)
{
    switch (t->state) {
    case RK_TELNET_AFTER_IAC:
        t->state = RK_TELNET_IN_DATA;
        if (byte >= RK_TELNET_WILL && byte <= RK_TELNET_DONT) {
            t->verb = byte;
            t->state = RK_TELNET_AFTER_VERB;
        } else if (byte == RK_TELNET_SB) {
            t->sub_len = 0;
            t->state = RK_TELNET_IN_SUB;
        }
        return RK_TELNET_NOTHING;
    case RK_TELNET_AFTER_VERB:
        t->state = RK_TELNET_IN_DATA;
        *option = byte;
        return RK_TELNET_VERB;
    case RK_TELNET_IN_SUB:
        if (byte == RK_TELNET_IAC)
            t->state = RK_TELNET_SUB_AFTER_IAC;
        else
            keep(t, byte);
        return RK_TELNET_NOTHING;
    case RK_TELNET_SUB_AFTER_IAC:
        if (byte == RK_TELNET_IAC) {
            keep(t, byte);
            t->state = RK_TELNET_IN_SUB;
            return RK_TELNET_NOTHING;
        }
        /* SE ends it. Anything else is a fault of the server: what came so far is not trusted. */
        t->state = RK_TELNET_IN_DATA;
        return byte == RK_TELNET_SE && t->sub_len > 0 && t->sub_len <= RK_TELNET_SUB_MAX
                   ? RK_TELNET_SUBNEGOTIATION
                   : RK_TELNET_NOTHING;
    case RK_TELNET_IN_DATA:
        break;
    }
    return RK_TELNET_NOTHING;
}

enum rk_telnet_event rk_telnet_take(struct rk_telnet *t, const uint8_t *in, size_t len,
                                    size_t *used, uint8_t *out, size_t *out_len, uint8_t *option)
{
    *out_len = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = in[i];
        if (t->state == RK_TELNET_IN_DATA && byte != RK_TELNET_IAC) {
            out[(*out_len)++] = byte;
        } else if (t->state == RK_TELNET_IN_DATA) {
            t->state = RK_TELNET_AFTER_IAC;
        } else if (t->state == RK_TELNET_AFTER_IAC && byte == RK_TELNET_IAC) {
            out[(*out_len)++] = byte;
            t->state = RK_TELNET_IN_DATA;
        } else {
            enum rk_telnet_event event = step(t, byte, option);
            if (event != RK_TELNET_NOTHING) {
                *used = i + 1;
                return event;
            }
        }
    }
    *used = len;
    return RK_TELNET_NOTHING;
}

size_t rk_telnet_escape(const uint8_t *in, size_t len, uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        out[n++] = in[i];
        if (in[i] == RK_TELNET_IAC)
            out[n++] = in[i];
    }
    return n;
}
