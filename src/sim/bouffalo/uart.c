/* The serial line of a BL602: measuring the rate, frames and their time-outs. */
#include "sim/bouffalo/stub.h"

#include "base/bytes.h"
#include "sim/faults.h"

#include <string.h>

#define ROM_CLOCK     32000000u
#define LOADER_CLOCK  40000000u
#define ROM_COARSE    1250000u /* above this rate it is rounded to 500,000s */
#define LOADER_COARSE 970000u
#define ROM_OK_NS     (8u * RK_SIM_MS)
#define LOADER_OK_NS  (12u * RK_SIM_MS)
#define DEAF_NS       RK_SIM_MS
#define IDLE_NS       (2000ull * RK_SIM_MS)
#define FAILURES_MAX  3

void bfl_listen(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    bfl->phase = BFL_LISTEN;
    bfl->phase_ns = RK_SIM_NEVER;
    bfl->got = 0;
    bfl->half = false;
    bfl->failures = 0;
}

/* The rate that the low time at the begin of a byte makes the receiver believe in; 0 = none. */
static uint32_t believe(const struct bouffalo *bfl, uint8_t byte, uint32_t baud)
{
    uint32_t clock = bfl->loader ? LOADER_CLOCK : ROM_CLOCK, low = 1;

    while (low < 9 && !(byte >> (low - 1) & 1))
        low++;
    uint32_t divider = (clock + baud / low / 2) / (baud / low ? baud / low : 1);
    if (divider <= 3 || divider > 0x10000)
        return 0;
    uint32_t rate = clock / divider;
    if (rate > (bfl->loader ? LOADER_COARSE : ROM_COARSE))
        rate = (rate + 250000) / 500000 * 500000;
    return rate;
}

/* A Beken link check: a client that looks for a module of either family. */
static bool is_search(const struct bouffalo *bfl)
{
    return (bfl->recent & 0xFFFFFFFFFFull) == 0x01E0FC0100ull;
}

void bfl_measure(struct rk_sim *sim, uint8_t byte, uint32_t baud)
{
    struct bouffalo *bfl = bfl_of(sim);

    bfl->recent = bfl->recent << 8 | byte;
    if (!rk_sim_rates_differ(baud, sim->baud))
        bfl->knocks = 0;
    if (bfl->loader && !sim->options.manual_reset && is_search(bfl)) {
        rk_sim_restart(sim, RK_SIM_USER);
        return;
    }
    if (bfl->stub) {
        bfl_stub_measure(sim, byte, baud);
        return;
    }
    if (bfl->phase != BFL_LISTEN || sim->now_ns < sim->cpu_free_ns)
        return;
    uint32_t rate = believe(bfl, byte, baud);
    if (rate == 0)
        return;
    sim->baud = rate;
    bfl->phase = BFL_TRAINED;
    bfl->phase_ns = sim->now_ns + (bfl->loader ? LOADER_OK_NS : ROM_OK_NS);
}

/* ---- answers ---- */

void bfl_ok(struct rk_sim *sim)
{
    rk_sim_reply(sim, (const uint8_t *)"OK", 2);
}

void bfl_pending(struct rk_sim *sim)
{
    if (bfl_of(sim)->old)
        return;
    rk_sim_reply(sim, (const uint8_t *)"PD", 2);
}

void bfl_data(struct rk_sim *sim, size_t len)
{
    struct bouffalo *bfl = bfl_of(sim);

    memcpy(bfl->reply, "OK", 2);
    rk_put_le16(bfl->reply + 2, (uint16_t)len);
    rk_sim_reply(sim, bfl->reply, 4 + len);
}

void bfl_fail(struct rk_sim *sim, uint16_t code)
{
    struct bouffalo *bfl = bfl_of(sim);
    uint8_t wire[4] = {'F', 'L', (uint8_t)code, (uint8_t)(code >> 8)};

    rk_sim_reply(sim, wire, sizeof wire);
    if (bfl->loader && code != 0x0103 && ++bfl->failures >= FAILURES_MAX)
        bfl_listen(sim);
}

/* ---- frames ---- */

static uint8_t sum_of(const uint8_t *frame, size_t payload)
{
    uint8_t sum = (uint8_t)(frame[2] + frame[3]);

    for (size_t i = 0; i < payload; i++)
        sum = (uint8_t)(sum + frame[4 + i]);
    return sum;
}

static void execute(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);
    size_t len = bfl->got - 4;

    bfl->got = 0;
    bfl->frame_ns = sim->now_ns;
    if (rk_sim_command_begin(sim)) {
        if (!bfl->loader)
            bfl_rom(sim, bfl->frame[0], bfl->frame + 4, len);
        else if (bfl->frame[1] && bfl->frame[1] != sum_of(bfl->frame, len))
            bfl_fail(sim, 0x0103);
        else
            bfl_loader(sim, bfl->frame[0], bfl->frame + 4, len);
    }
    rk_sim_command_end(sim);
}

static void too_long(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    bfl->got = 0;
    sim->ring_read = sim->ring_write;
    if (!bfl->loader)
        bfl_fail(sim, 0x0102);
}

void bfl_byte(struct rk_sim *sim, uint8_t byte)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (bfl->stub) {
        bfl_stub_byte(sim, byte);
        return;
    }
    if (bfl->phase != BFL_SESSION)
        return;
    bfl->byte_ns = sim->now_ns;
    bfl->half = false;
    if (bfl->got == 0 && (byte == 0x55 || (!bfl->loader && !bfl_rom_knows(byte))))
        return; /* the ROM looks for its commands byte by byte */
    bfl->frame[bfl->got++] = byte;
    if (bfl->got < 4)
        return;
    size_t len = rk_get_le16(bfl->frame + 2);
    if (len > (bfl->loader ? BFL_LOADER_MAX : BFL_ROM_MAX))
        too_long(sim);
    else if (bfl->got == 4 + len)
        execute(sim);
}

/* ---- time ---- */

uint64_t bfl_timer_ns(const struct rk_sim *sim)
{
    const struct bouffalo *bfl = bfl_of(sim);

    if (bfl->stub && bfl->phase != BFL_RESET)
        return bfl_stub_timer_ns(sim);
    if (bfl->phase != BFL_SESSION)
        return bfl->phase_ns;
    uint64_t from = bfl->byte_ns > sim->cpu_free_ns ? bfl->byte_ns : sim->cpu_free_ns;
    return from + IDLE_NS;
}

/* Nobody has said anything for two seconds. The loader has patience for two such pauses. */
static void idle(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (!bfl->loader || bfl->half) {
        bfl_listen(sim);
        return;
    }
    bfl->got = 0;
    bfl->half = true;
    bfl->byte_ns = sim->now_ns;
}

void bfl_timer(struct rk_sim *sim)
{
    struct bouffalo *bfl = bfl_of(sim);

    if (bfl->stub && bfl->phase != BFL_RESET) {
        bfl_stub_timer(sim);
        return;
    }
    switch (bfl->phase) {
    case BFL_FLASH:
        bfl->phase_ns = RK_SIM_NEVER;
        bfl_start_flash(sim);
        break;
    case BFL_RESET:
        rk_sim_restart(sim, RK_SIM_COMMAND);
        break;
    case BFL_LISTEN:
        bfl->phase_ns = RK_SIM_NEVER;
        break;
    case BFL_TRAINED:
        sim->byte_at_ns = sim->now_ns;
        bfl_ok(sim);
        bfl->phase = BFL_DEAF;
        bfl->phase_ns = sim->now_ns + DEAF_NS + 2u * 10u * 1000000000ull / sim->baud;
        break;
    case BFL_DEAF:
        sim->ring_read = sim->ring_write;
        bfl->phase = BFL_SESSION;
        bfl->byte_ns = sim->now_ns;
        bfl->frame_ns = sim->now_ns;
        break;
    case BFL_SESSION:
        idle(sim);
        break;
    }
}
