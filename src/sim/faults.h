/* What goes wrong on the line. */
#ifndef RK_SIM_FAULTS_H
#define RK_SIM_FAULTS_H

#include "sim/machine.h"

/* Do the rates differ by more than a receiver tolerates (3 %)? */
bool rk_sim_rates_differ(uint32_t sender, uint32_t receiver);

/* What a receiver at another rate makes of n bytes; returns how many come out (at most cap). */
size_t rk_sim_garble(struct rk_sim *sim, const uint8_t *in, size_t n, uint32_t sender,
                     uint32_t receiver, uint8_t *out, size_t cap);
/* The same in one array; never more bytes than before. */
size_t rk_sim_garble_in_place(struct rk_sim *sim, uint8_t *buf, size_t n, uint32_t sender,
                              uint32_t receiver);

/* rk_wire_put() with the faults of the line: lost, added and flipped bytes. */
void rk_sim_faulty_put(struct rk_sim *sim, struct rk_wire *wire, uint64_t start_ns, uint32_t baud,
                       const uint8_t *bytes, size_t len);

/* A moment at which a burst of noise may hit both directions. */
void rk_sim_noise(struct rk_sim *sim);

#endif
