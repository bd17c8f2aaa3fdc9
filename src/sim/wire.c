#include "sim/wire.h"

#include <stdlib.h>
#include <string.h>

#define CHARACTER_NS 10000000000u /* ten bits at 1 bit/s */

void rk_wire_free(struct rk_wire *wire)
{
    free(wire->bytes);
    free(wire->runs);
    memset(wire, 0, sizeof *wire);
}

/* Time of `count` characters. */
static uint64_t characters_ns(const struct rk_wire_run *run, size_t count)
{
    return run->paced && run->baud ? (uint64_t)count * CHARACTER_NS / run->baud : 0;
}

static bool room_for_bytes(struct rk_wire *wire, size_t len)
{
    if (wire->head == wire->tail)
        wire->head = wire->tail = 0;
    if (wire->tail + len <= wire->cap)
        return true;
    size_t used = wire->tail - wire->head;
    if (wire->head)
        memmove(wire->bytes, wire->bytes + wire->head, used);
    wire->head = 0;
    wire->tail = used;
    if (used + len <= wire->cap)
        return true;
    size_t cap = (used + len) * 2;
    uint8_t *bigger = realloc(wire->bytes, cap);
    if (!bigger)
        return false;
    wire->bytes = bigger;
    wire->cap = cap;
    return true;
}

static bool room_for_run(struct rk_wire *wire)
{
    if (wire->run_head == wire->run_tail)
        wire->run_head = wire->run_tail = 0;
    if (wire->run_tail < wire->run_cap)
        return true;
    size_t used = wire->run_tail - wire->run_head;
    if (wire->run_head)
        memmove(wire->runs, wire->runs + wire->run_head, used * sizeof *wire->runs);
    wire->run_head = 0;
    wire->run_tail = used;
    if (used < wire->run_cap)
        return true;
    size_t cap = used ? used * 2 : 16;
    struct rk_wire_run *bigger = realloc(wire->runs, cap * sizeof *bigger);
    if (!bigger)
        return false;
    wire->runs = bigger;
    wire->run_cap = cap;
    return true;
}

void rk_wire_put(struct rk_wire *wire, uint64_t start_ns, uint32_t baud, bool paced,
                 const uint8_t *bytes, size_t len)
{
    struct rk_wire_run run = {
        .start_ns = start_ns > wire->free_ns ? start_ns : wire->free_ns,
        .baud = baud,
        .paced = paced,
        .len = len,
    };

    if (len == 0)
        return;
    wire->free_ns = run.start_ns + characters_ns(&run, len);
    if (wire->tail - wire->head + len > wire->limit || !room_for_bytes(wire, len) ||
        !room_for_run(wire))
        return;
    memcpy(wire->bytes + wire->tail, bytes, len);
    wire->tail += len;
    wire->runs[wire->run_tail++] = run;
}

uint64_t rk_wire_next_ns(const struct rk_wire *wire)
{
    return rk_wire_ahead_ns(wire, 0);
}

uint64_t rk_wire_ahead_ns(const struct rk_wire *wire, size_t count)
{
    if (wire->run_head == wire->run_tail)
        return UINT64_MAX;
    const struct rk_wire_run *run = &wire->runs[wire->run_head];
    size_t byte = run->sent + count + 1 < run->len ? run->sent + count + 1 : run->len;
    return run->start_ns + characters_ns(run, byte);
}

/* Number of bytes of a run that are complete by now_ns. */
static size_t complete_by(const struct rk_wire_run *run, uint64_t now_ns)
{
    if (now_ns < run->start_ns)
        return 0;
    if (!run->paced || !run->baud || now_ns >= run->start_ns + characters_ns(run, run->len))
        return run->len;
    uint64_t passed = now_ns - run->start_ns;
    size_t n = (size_t)(passed * run->baud / CHARACTER_NS);
    while (n < run->len && run->start_ns + characters_ns(run, n + 1) <= now_ns)
        n++; /* the division above cuts */
    return n;
}

size_t rk_wire_take(struct rk_wire *wire, uint64_t now_ns, uint8_t *buf, size_t cap, uint32_t *baud)
{
    if (wire->run_head == wire->run_tail)
        return 0;
    struct rk_wire_run *run = &wire->runs[wire->run_head];
    size_t complete = complete_by(run, now_ns);
    if (complete <= run->sent || cap == 0)
        return 0;
    size_t n = complete - run->sent < cap ? complete - run->sent : cap;
    memcpy(buf, wire->bytes + wire->head, n);
    wire->head += n;
    run->sent += n;
    *baud = run->baud;
    if (run->sent == run->len)
        wire->run_head++;
    return n;
}

void rk_wire_cut(struct rk_wire *wire, uint64_t now_ns)
{
    size_t kept = wire->head, run = wire->run_head;

    for (; run < wire->run_tail; run++) {
        size_t complete = complete_by(&wire->runs[run], now_ns);
        kept += complete > wire->runs[run].sent ? complete - wire->runs[run].sent : 0;
        if (complete < wire->runs[run].len) {
            wire->runs[run].len = complete;
            run += complete > wire->runs[run].sent ? 1 : 0;
            break;
        }
    }
    wire->run_tail = run;
    wire->tail = kept;
    if (wire->free_ns > now_ns)
        wire->free_ns = now_ns;
}
