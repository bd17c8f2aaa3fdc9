/* Writing an xz stream: the later loaders unpack it on the chip, acknowledge each piece before that,
 * and never tell that a stream was cut short. */
#include "sim/bouffalo/bouffalo.h"

#include "base/bytes.h"
#include "base/xz.h"

#define FIRST      (1u << 31) /* in the address: a stream begins */
#define DICTIONARY 32768u     /* for which it has room */
#define UNPACKED   4096u      /* programmed at once */
#define UNPACK_NS  1200u      /* per byte; executed, it is about that */
#define NO_LENGTH  0x000Bu
#define BAD_STREAM 0x000Cu

static bool begin_stream(struct bouffalo *bfl, uint32_t addr, const uint8_t *data, size_t len)
{
    struct rk_xz_facts facts;

    bfl_packed_end(bfl);
    if (!rk_xz_read(data, len, &facts) || facts.dictionary > DICTIONARY || !facts.light_check)
        return false;
    bfl->packed = rk_xz_stream_new();
    bfl->packed_at = addr & ~FIRST;
    return bfl->packed != NULL;
}

static bool unpack(struct rk_sim *sim, const uint8_t *data, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint8_t out[UNPACKED];
    size_t got;

    do {
        if (!rk_xz_stream_feed(bfl->packed, &data, &len, out, sizeof out, &got) ||
            bfl->packed_at + (uint64_t)got > rk_nor_size(sim->nor))
            return false;
        bfl->flash_ns += got * UNPACK_NS;
        if (got)
            bfl->flash_ns =
                rk_sim_flash_program(sim, bfl->flash_ns, bfl->packed_at, out, got, RK_NOR_PAGE);
        bfl->packed_at += (uint32_t)got;
    } while (len > 0 || got == sizeof out);
    return true;
}

void bfl_packed_write(struct rk_sim *sim, uint64_t begin_ns, const uint8_t *payload, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (len <= 4) {
        bfl_fail(sim, NO_LENGTH);
        return;
    }
    rk_sim_busy(sim, begin_ns, false);
    bfl_ok(sim);
    bfl->flash_ns = begin_ns;
    uint32_t addr = rk_get_le32(payload);
    sim->stats.programs_4k += (uint32_t)((len - 4 + 4095) / 4096);
    if (addr & FIRST && !begin_stream(bfl, addr, payload + 4, len - 4)) {
        bfl_fail(sim, BAD_STREAM);
        return;
    }
    if (bfl->packed && !unpack(sim, payload + 4, len - 4)) {
        bfl_packed_end(bfl);
        bfl_fail(sim, BAD_STREAM);
    }
}

void bfl_packed_end(struct bouffalo *bfl)
{
    rk_xz_stream_free(bfl->packed);
    bfl->packed = NULL;
}
