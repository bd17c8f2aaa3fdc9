/* The stage of rekindle's own RAM stub. */
#ifndef RK_SIM_BOUFFALO_STUB_H
#define RK_SIM_BOUFFALO_STUB_H

#include "base/lzma.h"
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

/* ---- stub_pack.c ---- */

#define BFL_EVENTS 4u /* in one step, at most */

/* A frame of a READ: with data, or the sum of a block. */
struct bfl_event {
    bool sum, last;
    uint64_t ns; /* that the chip has worked on it, without the line */
    uint8_t head[9], data[2048 + 4];
    size_t head_len, len;
};

/* A READ under way. */
struct bfl_reading {
    uint8_t *raw; /* the caller fills in the range */
    uint32_t addr, len;
    bool packs, sums;
    uint32_t flash_ns; /* per byte from the flash */
    uint64_t ns;
    uint32_t at, offset, size; /* bytes fetched, sent; of the next frame */
    uint32_t chunk_end, chunk_len, chunk_sent, run, block;
    bool stored, summing, summed;
    uint8_t out[2048];
    uint16_t previous[RK_LZMA_DICTIONARY];
    struct rk_lzma_encoder encoder;
    struct bfl_event events[BFL_EVENTS];
    unsigned event_count, event_at;
};

/* NULL = no memory. */
struct bfl_reading *bfl_reading_new(uint32_t addr, uint32_t len, bool packs, bool sums,
                                    uint32_t flash_ns);
void bfl_reading_free(struct bfl_reading *reading);
/* The next frame; not to be called behind the last. */
const struct bfl_event *bfl_reading_next(struct bfl_reading *reading);
#endif
