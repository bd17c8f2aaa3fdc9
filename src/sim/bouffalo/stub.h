/* The stage of rekindle's own RAM stub. */
#ifndef RK_SIM_BOUFFALO_STUB_H
#define RK_SIM_BOUFFALO_STUB_H

#include "sim/bouffalo/bouffalo.h"

/* Is what was loaded the stub? */
bool bfl_is_stub(const struct bouffalo *bfl);
/* False: no memory. */
bool bfl_stub_start(struct rk_sim *sim);
void bfl_stub_end(struct bouffalo *bfl);
void bfl_stub_measure(struct rk_sim *sim, uint8_t byte, uint32_t baud);
void bfl_stub_byte(struct rk_sim *sim, uint8_t byte);
uint64_t bfl_stub_timer_ns(const struct rk_sim *sim);
void bfl_stub_timer(struct rk_sim *sim);

#endif
