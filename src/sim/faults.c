#include "sim/faults.h"

#define OVERDRIVEN_PPM 20000u /* bytes lost above max_baud */
#define NOISE_SLOT_NS  (100u * RK_SIM_MS)

bool rk_sim_rates_differ(uint32_t sender, uint32_t receiver)
{
    uint32_t low = sender < receiver ? sender : receiver;
    uint32_t difference = sender < receiver ? receiver - sender : sender - receiver;

    return (uint64_t)difference * 100 > (uint64_t)low * 3;
}

static uint8_t noise_byte(struct rk_sim *sim)
{
    return (uint8_t)(rk_rng_next(&sim->rng) >> 32);
}

size_t rk_sim_garble(struct rk_sim *sim, const uint8_t *in, size_t n, uint32_t sender,
                     uint32_t receiver, uint8_t *out, size_t cap)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        /* a slow byte looks like several short ones, of fast ones only some are seen */
        uint32_t count = receiver / sender;
        if (rk_rng_below(&sim->rng, sender) < receiver % sender)
            count++;
        for (; count > 0 && used < cap; count--)
            out[used++] = (uint8_t)(in[i] ^ noise_byte(sim));
    }
    return used;
}

size_t rk_sim_garble_in_place(struct rk_sim *sim, uint8_t *buf, size_t n, uint32_t sender,
                              uint32_t receiver)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++)
        if (receiver >= sender || rk_rng_below(&sim->rng, sender) < receiver)
            buf[used++] = (uint8_t)(buf[i] ^ noise_byte(sim));
    return used;
}

/* One byte on a bad line. Writes 0 to 2 bytes and returns how many. */
static size_t faulty_byte(struct rk_sim *sim, uint8_t byte, uint32_t drop_ppm, uint8_t out[2])
{
    const struct rk_sim_faults *faults = &sim->faults;
    size_t n = 0;

    if (rk_rng_chance(&sim->rng, faults->add_ppm)) {
        out[n++] = noise_byte(sim);
        sim->stats.faults++;
    }
    if (rk_rng_chance(&sim->rng, drop_ppm)) {
        sim->stats.faults++;
        return n;
    }
    if (rk_rng_chance(&sim->rng, faults->flip_ppm)) {
        byte = (uint8_t)(byte ^ 1u << rk_rng_below(&sim->rng, 8));
        sim->stats.faults++;
    }
    out[n++] = byte;
    return n;
}

void rk_sim_faulty_put(struct rk_sim *sim, struct rk_wire *wire, uint64_t start_ns, uint32_t baud,
                       const uint8_t *bytes, size_t len)
{
    const struct rk_sim_faults *faults = &sim->faults;
    uint32_t drop_ppm = faults->drop_ppm;
    bool paced = !sim->options.ideal;

    if (faults->max_baud && baud > faults->max_baud && rk_sim_rates_differ(baud, faults->max_baud))
        drop_ppm += OVERDRIVEN_PPM;
    if (!drop_ppm && !faults->add_ppm && !faults->flip_ppm) {
        rk_wire_put(wire, start_ns, baud, paced, bytes, len);
        return;
    }
    while (len > 0) {
        uint8_t chunk[256];
        size_t used = 0;
        for (; len > 0 && used + 2 <= sizeof chunk; len--)
            used += faulty_byte(sim, *bytes++, drop_ppm, chunk + used);
        rk_wire_put(wire, start_ns, baud, paced, chunk, used);
    }
}

void rk_sim_noise(struct rk_sim *sim)
{
    sim->noise_ns = sim->now_ns + NOISE_SLOT_NS;
    if (!rk_rng_chance(&sim->rng, sim->faults.noise_ppm / 10))
        return;
    uint8_t burst[8];
    uint32_t n = 1 + rk_rng_below(&sim->rng, sizeof burst);
    for (uint32_t i = 0; i < n; i++)
        burst[i] = noise_byte(sim);
    struct rk_wire *wire = rk_rng_below(&sim->rng, 2) ? &sim->rx : &sim->tx[RK_SIM_UART1];
    if (wire->free_ns > sim->now_ns) /* only an idle line picks noise up */
        return;
    rk_wire_put(wire, sim->now_ns, sim->baud, !sim->options.ideal, burst, n);
    sim->stats.faults++;
}
