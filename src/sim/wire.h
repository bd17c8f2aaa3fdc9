/* One direction of a serial line: bytes with the time at which each is complete. */
#ifndef RK_SIM_WIRE_H
#define RK_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes sent back to back at one rate: byte i is complete i + 1 character times (10 bits) after
 * start_ns; at once if it is not paced. */
struct rk_wire_run {
    uint64_t start_ns;
    uint32_t baud;
    bool paced;
    size_t sent; /* bytes of it already taken */
    size_t len;  /* bytes of it in all */
};

struct rk_wire {
    uint8_t *bytes;
    size_t cap, head, tail;
    struct rk_wire_run *runs;
    size_t run_cap, run_head, run_tail;
    uint64_t free_ns; /* the line is busy until then */
    size_t limit;     /* bytes nobody takes: more than this many are not stored */
};

void rk_wire_free(struct rk_wire *wire);

/* Sends `len` bytes from start_ns on, or when the line is free. Bytes beyond the limit, or for
 * which there is no memory, are lost. */
void rk_wire_put(struct rk_wire *wire, uint64_t start_ns, uint32_t baud, bool paced,
                 const uint8_t *bytes, size_t len);

/* When the next byte will be complete; UINT64_MAX if there is none. */
uint64_t rk_wire_next_ns(const struct rk_wire *wire);

/* When the byte after `count` further ones is complete, but at most the end of the current run. */
uint64_t rk_wire_ahead_ns(const struct rk_wire *wire, size_t count);

/* Takes the bytes of one run that are complete by now_ns, at most cap; *baud is their rate. */
size_t rk_wire_take(struct rk_wire *wire, uint64_t now_ns, uint8_t *buf, size_t cap,
                    uint32_t *baud);

/* Cuts off everything that is not complete by now_ns. */
void rk_wire_cut(struct rk_wire *wire, uint64_t now_ns);

#endif
