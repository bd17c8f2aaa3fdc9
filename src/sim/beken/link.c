/* Link check, baud rate, CRC and leaving: what both families do alike. */
#include "sim/beken/beken.h"

#include "base/bytes.h"

#define CLOCK_HZ 26000000u /* the crystal, which feeds the UART */
#define TICK_NS  (2u * RK_SIM_MS)

void beken_link(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);
    const uint8_t zero = 0;

    if (beken->loader->relink_arms || !beken->was_linked)
        beken->armed = true;
    beken->was_linked = true;
    beken->missed_links = 0;
    beken->phase = BEKEN_LINKED;
    for (uint32_t extra = 0; extra <= sim->options.stale_links && extra < 16; extra++)
        beken_reply_short(sim, 0x01, &zero, 1);
}

uint32_t beken_true_rate(const struct beken_loader *loader, uint32_t baud)
{
    if (baud == 0)
        baud = 115200;
    uint32_t whole = CLOCK_HZ / baud, rest = CLOCK_HZ % baud;
    uint32_t divider;
    if (loader->divider_up) {
        divider = whole + (rest ? 1 : 0);
    } else {
        divider = whole + ((uint64_t)rest * 2 > baud ? 1 : 0); /* exact half: down */
        divider = divider ? divider - 1 : 0;
    }
    if (divider < 4)
        divider = 4;
    if (divider > 0x1FFF)
        divider = 0x1FFF;
    return (CLOCK_HZ + (divider + 1) / 2) / (divider + 1);
}

void beken_set_baud(struct rk_sim *sim, const uint8_t *payload)
{
    struct beken *beken = beken_of(sim);
    uint64_t tick = beken->model->family == BEKEN_ROM ? RK_SIM_MS : TICK_NS;

    sim->baud = beken_true_rate(beken->loader, rk_get_le32(payload));
    /* the reply waits, at the new rate, until the host has switched too */
    rk_sim_busy(sim, sim->now_ns + (payload[4] + 1u) * tick, false);
    beken_reply_short(sim, 0x0F, payload, 5);
}

void beken_crc(struct rk_sim *sim, uint32_t start, uint64_t len, uint64_t from_ns)
{
    uint8_t wire[4];

    sim->stats.crcs++;
    rk_put_le32(wire, sim->faults.crc_zero ? 0 : beken_flash_crc(sim, start, len, from_ns));
    rk_sim_busy(sim, from_ns + len * 1000000000u / beken_of(sim)->crc_rate, false);
    beken_reply_short(sim, 0x10, wire, 4);
}

void beken_restart_later(struct rk_sim *sim, enum rk_sim_cause cause)
{
    struct beken *beken = beken_of(sim);

    beken->restart_cause = cause;
    beken->restart_ns = sim->now_ns + 5u * RK_SIM_MS;
    beken->start_type = cause == RK_SIM_COMMAND ? 0xBEDEAD11 : 0xBEDEAD10;
    beken->phase = BEKEN_DEAD;
}
