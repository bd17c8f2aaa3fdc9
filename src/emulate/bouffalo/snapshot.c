/* Every field of an emulated BL602, for snapshots. What follows from others is made anew: the view of
 * the flash, the lines of the processor, remembered instructions. */
#include "emulate/bouffalo/soc.h"

static void archive_uart(struct rk_bl_uart *u, struct rk_archive *a)
{
    uint32_t count = u->rx_count, read = u->rx_read;

    rk_archive_u32(a, &u->status);
    rk_archive_bytes(a, u->rx, sizeof u->rx);
    rk_archive_u32(a, &count);
    rk_archive_u32(a, &read);
    rk_archive_bool(a, &u->measuring);
    rk_archive_u64(a, &u->tx_free_ns);
    rk_archive_u64(a, &u->idle_ns);
    rk_archive_require(a, count <= RK_BL_FIFO && read < RK_BL_FIFO);
    u->rx_count = count;
    u->rx_read = read;
}

static void archive_clocks(struct rk_bl_soc *soc, struct rk_archive *a)
{
    uint32_t cause = soc->reset_cause;

    rk_archive_part(a, "time");
    rk_archive_u64(a, &soc->cycles_base);
    rk_archive_u64(a, &soc->base_ps);
    rk_archive_u32(a, &soc->ps_per_cycle);
    rk_archive_require(a, soc->ps_per_cycle > 0);
    rk_archive_u64(a, &soc->mtime.value);
    rk_archive_u64(a, &soc->mtime.since_ns);
    rk_archive_u32(a, &soc->mtime.hz);
    rk_archive_u64(a, &soc->mtimecmp);
    rk_archive_u64(a, &soc->reset_ns);
    rk_archive_bool(a, &soc->reset_wanted);
    rk_archive_bool(a, &soc->rom_waits);
    rk_archive_u32(a, &soc->rom_at);
    rk_archive_u32(a, &soc->rom_step);
    rk_archive_u32(a, &cause);
    rk_archive_require(a, cause <= RK_EMULATE_WATCHDOG);
    if (!a->damaged)
        soc->reset_cause = (enum rk_emulate_reset)cause;
    rk_archive_u32(a, &soc->resets);
    rk_archive_u32(a, &soc->exceptions_before);
    rk_archive_u64(a, &soc->watchdog_ns);
    rk_archive_u32(a, &soc->watchdog_keys);
}

static void archive_interrupts(struct rk_bl_soc *soc, struct rk_archive *a)
{
    rk_archive_part(a, "intr");
    for (unsigned i = 0; i < 2; i++) {
        rk_archive_u64(a, &soc->pending[i]);
        rk_archive_u64(a, &soc->enabled[i]);
    }
    rk_archive_bytes(a, soc->level, sizeof soc->level);
    rk_archive_u32(a, &soc->clic_config);
    rk_archive_u32(a, &soc->msip);
    rk_archive_u32(a, &soc->a2e);
    rk_archive_u32(a, &soc->a2e_mask);
    rk_archive_u32(a, &soc->e2a);
    rk_archive_u32(a, &soc->e2a_mask);
}

static void archive_units(struct rk_bl_soc *soc, struct rk_archive *a)
{
    struct rk_bl_pka *pka = &soc->pka;

    rk_archive_part(a, "unit");
    for (unsigned i = 0; i < 2; i++)
        archive_uart(&soc->uart[i], a);
    rk_archive_u64(a, &soc->flash_ready_ns);
    rk_archive_bytes(a, soc->flash_buffer, sizeof soc->flash_buffer);
    for (unsigned i = 0; i < 8; i++)
        rk_archive_u32(a, &soc->digest[i]);
    rk_archive_u64(a, &soc->digest_ready_ns);
    rk_archive_u64(a, &soc->rng.state);
    rk_archive_u32(a, &pka->control);
    rk_archive_u32(a, &pka->first);
    rk_archive_bool(a, &pka->half);
    rk_archive_u32(a, &pka->words_due);
    rk_archive_u32(a, &pka->word);
    rk_archive_bool(a, &pka->done);
    rk_archive_bool(a, &pka->less);
    rk_archive_bytes(a, pka->memory, sizeof pka->memory);
}

static void archive_conditions(struct rk_bl_soc *soc, struct rk_archive *a)
{
    rk_archive_part(a, "cond");
    rk_archive_bool(a, &soc->real_rom);
    if (soc->real_rom)
        rk_archive_memory(a, soc->rom, RK_BL_ROM_LEN);
    if (a->loading && soc->real_rom && !a->damaged)
        rk_archive_require(a, rk_bl_map_rom(soc, NULL) == RK_OK);
    rk_archive_bytes(a, soc->efuse, sizeof soc->efuse);
    rk_archive_u64(a, &soc->pins_high);
    rk_archive_u64(a, &soc->pins_low);
    rk_archive_u32(a, &soc->crystal_hz);
    rk_archive_u32(a, &soc->image_offset);
}

static void archive_memory(struct rk_bl_soc *soc, struct rk_archive *a)
{
    rk_archive_part(a, "mem ");
    rk_archive_memory(a, soc->tcm, RK_BL_TCM_LEN);
    rk_archive_memory(a, soc->wram, RK_BL_WRAM_LEN);
    rk_archive_memory(a, soc->agc, RK_BL_AGC_LEN);
    rk_archive_memory(a, soc->ble, RK_BL_BLE_LEN);
    rk_archive_words(a, soc->regs, RK_BL_REGS_LEN / 4);
    rk_archive_words(a, soc->radio, RK_BL_RADIO_LEN / 4);
}

void rk_bl_archive(struct rk_bl_soc *soc, struct rk_archive *a)
{
    archive_conditions(soc, a);
    rk_cpu_archive(soc->cpu, a);
    archive_clocks(soc, a);
    archive_memory(soc, a);
    archive_interrupts(soc, a);
    archive_units(soc, a);
    rk_nor_archive(soc->nor, a);
    if (a->loading) {
        rk_bl_flash_set_offset(soc, soc->image_offset);
        rk_bl_flash_changed(soc);
        rk_bl_update_lines(soc);
        rk_bus_changed(soc->bus, 0, UINT32_MAX);
    }
}
