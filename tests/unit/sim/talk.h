/* Talks to a virtual module in frames written as text, for the tests of the modules. */
#ifndef RK_TESTS_SIM_TALK_H
#define RK_TESTS_SIM_TALK_H

#include "unit/unit.h"

#include <rekindle/sim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talk {
    struct rk_sim *sim;
    uint64_t now_us;
    uint32_t baud;
    uint8_t got[16384];
    size_t got_len;
};

static inline void talk_begin(struct talk *talk, const struct rk_sim_options *opt)
{
    struct rk_error err;

    memset(talk, 0, sizeof *talk);
    if (rk_sim_new(opt, &talk->sim, &err) != RK_OK)
        fail_msg("rk_sim_new: %s", err.message);
    talk->baud = 115200;
}

static inline void talk_end(struct talk *talk)
{
    rk_sim_free(talk->sim);
    talk->sim = NULL;
}

static inline void talk_send_bytes(struct talk *talk, const uint8_t *bytes, size_t len)
{
    rk_sim_receive(talk->sim, talk->now_us + 10000000u / talk->baud, bytes, len, talk->baud);
    talk->now_us += (uint64_t)len * 10000000u / talk->baud;
}

/* Waits until nothing has come for quiet_us; what came is in talk->got. */
static inline void talk_listen(struct talk *talk, uint64_t quiet_us)
{
    uint64_t until = talk->now_us + quiet_us;

    talk->got_len = 0;
    while (talk->now_us < until) {
        uint64_t next = rk_sim_next_us(talk->sim);
        talk->now_us = next >= until ? until : next > talk->now_us ? next : talk->now_us + 1;
        uint8_t log[512];
        size_t n = rk_sim_transmit(talk->sim, RK_SIM_UART1, talk->now_us, talk->got + talk->got_len,
                                   sizeof talk->got - talk->got_len, talk->baud);
        (void)rk_sim_transmit(talk->sim, RK_SIM_UART2, talk->now_us, log, sizeof log, 0);
        talk->got_len += n;
        if (n > 0)
            until = talk->now_us + quiet_us;
    }
}

/* Turns "01 e0 fc .. count4096 flash:11000" into bytes: hex bytes; countN = N bytes 00 01 02 ..;
 * flash:ADDR = 4096 bytes of the module's flash. */
static inline size_t talk_bytes(struct talk *talk, const char *text, uint8_t *out, size_t cap)
{
    size_t used = 0;

    while (*text) {
        char *end = NULL;
        if (*text == ' ') {
            text++;
        } else if (strncmp(text, "count", 5) == 0) {
            unsigned long n = strtoul(text + 5, &end, 10);
            assert_true(used + n <= cap);
            for (unsigned long i = 0; i < n; i++)
                out[used++] = (uint8_t)i;
            text = end;
        } else if (strncmp(text, "flash:", 6) == 0) {
            size_t len;
            const uint8_t *flash = rk_sim_flash(talk->sim, &len);
            unsigned long addr = strtoul(text + 6, &end, 16);
            assert_true(used + 4096 <= cap);
            for (size_t i = 0; i < 4096; i++)
                out[used++] = flash[(addr + i) % len];
            text = end;
        } else {
            unsigned long byte = strtoul(text, &end, 16);
            assert_true(end == text + 2 && used < cap);
            out[used++] = (uint8_t)byte;
            text = end;
        }
    }
    return used;
}

static inline void talk_send(struct talk *talk, const char *text)
{
    static uint8_t bytes[16384];

    talk_send_bytes(talk, bytes, talk_bytes(talk, text, bytes, sizeof bytes));
}

/* Sends a frame and demands exactly this answer ("" = silence). */
static inline void talk_ask_for(struct talk *talk, const char *send, const char *expect,
                                uint64_t quiet_us)
{
    static uint8_t bytes[16384];

    talk_send(talk, send);
    talk_listen(talk, quiet_us);
    size_t len = talk_bytes(talk, expect, bytes, sizeof bytes);
    if (len != talk->got_len || memcmp(bytes, talk->got, len) != 0) {
        fprintf(stderr, "sent:     %s\nexpected: %s\ngot:     ", send, expect);
        for (size_t i = 0; i < talk->got_len && i < 48; i++)
            fprintf(stderr, " %02x", talk->got[i]);
        fprintf(stderr, " (%zu bytes)\n", talk->got_len);
        fail_msg("wrong answer");
    }
}

static inline void talk_ask(struct talk *talk, const char *send, const char *expect)
{
    talk_ask_for(talk, send, expect, 300000);
}

#define LINK       "01 e0 fc 01 00"
#define LINK_REPLY "04 0e 05 01 e0 fc 01 00"

#endif
