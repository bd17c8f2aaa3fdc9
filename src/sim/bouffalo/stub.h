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

/* stub_pack.c. Packs into at most `cap` bytes; 0 = no memory. */
size_t bfl_pack(const uint8_t *raw, uint32_t len, uint8_t *out, size_t cap);
/* False: the stream is damaged, or is not of `len` bytes. */
bool bfl_unpack(const uint8_t *packed, uint32_t packed_len, uint8_t *out, uint32_t len);

#endif
