/* Every field of an emulated chip, for snapshots. What follows from others is made anew: the
 * deciphered view of the flash, the map of pages without anything, remembered instructions. */
#include "emulate/beken/soc.h"

#include "emulate/bus_access.h"

static void archive_uart(struct rk_bk_uart *u, struct rk_archive *a)
{
    uint32_t count = u->rx_count, read = u->rx_read;

    rk_archive_u32(a, &u->config);
    rk_archive_u32(a, &u->thresholds);
    rk_archive_u32(a, &u->enable);
    rk_archive_u32(a, &u->status);
    rk_archive_bytes(a, u->rx, sizeof u->rx);
    rk_archive_u32(a, &count);
    rk_archive_u32(a, &read);
    rk_archive_u64(a, &u->tx_free_ns);
    rk_archive_u64(a, &u->idle_ns);
    rk_archive_require(a, count <= RK_BK_FIFO && read < RK_BK_FIFO);
    u->rx_count = count;
    u->rx_read = read;
}

static void archive_timer(struct rk_bk_timer *t, struct rk_archive *a)
{
    rk_archive_u32(a, &t->end);
    rk_archive_u64(a, &t->started_ns);
    rk_archive_u64(a, &t->next_ns);
}

static void archive_units(struct rk_bk_soc *soc, struct rk_archive *a)
{
    rk_archive_part(a, "unit");
    for (unsigned i = 0; i < 2; i++)
        archive_uart(&soc->uart[i], a);
    for (unsigned i = 0; i < 6; i++) {
        archive_timer(&soc->timers[i], a);
        archive_timer(&soc->pwm[i], a);
    }
    rk_archive_u64(a, &soc->watchdog_ns);
    rk_archive_bool(a, &soc->watchdog_armed);
    rk_archive_u32(a, &soc->adc_samples);
    rk_archive_u64(a, &soc->adc_ns);
    for (unsigned i = 0; i < 10; i++)
        rk_archive_u64(a, &soc->mac_timers_ns[i]);
    rk_archive_u32(a, &soc->latched);
    for (unsigned i = 0; i < 8; i++) {
        rk_archive_u32(a, &soc->flash_words_in[i]);
        rk_archive_u32(a, &soc->flash_out[i]);
    }
    rk_archive_u32(a, &soc->flash_in);
    rk_archive_u32(a, &soc->flash_out_at);
    rk_archive_u8(a, &soc->flash_status);
}

static void archive_conditions(struct rk_bk_soc *soc, struct rk_archive *a)
{
    uint32_t pace = soc->ns_per_instruction, cause = soc->reset_cause;

    rk_archive_part(a, "cond");
    for (unsigned i = 0; i < 4; i++)
        rk_archive_u32(a, &soc->key[i]);
    rk_archive_bytes(a, soc->efuse, sizeof soc->efuse);
    rk_archive_u64(a, &soc->pins_high);
    rk_archive_u64(a, &soc->pins_low);
    rk_archive_u32(a, &pace);
    rk_archive_require(a, pace == soc->ns_per_instruction);
    rk_archive_u64(a, &soc->skipped_ns);
    rk_archive_u64(a, &soc->reset_ns);
    rk_archive_bool(a, &soc->waiting);
    rk_archive_bool(a, &soc->reset_wanted);
    rk_archive_u32(a, &cause);
    rk_archive_require(a, cause <= RK_EMULATE_WATCHDOG);
    if (!a->damaged)
        soc->reset_cause = (enum rk_emulate_reset)cause;
    rk_archive_u32(a, &soc->resets);
}

static void archive_memory(struct rk_bk_soc *soc, struct rk_archive *a)
{
    rk_archive_part(a, "mem ");
    rk_archive_memory(a, soc->tcm, RK_BK_TCM);
    rk_archive_memory(a, soc->ram, RK_BK_RAM);
    if (soc->sdram)
        rk_archive_memory(a, soc->sdram, RK_BK_SDRAM);
    rk_archive_words(a, soc->system, RK_BK_SYSTEM / 4);
    rk_archive_words(a, soc->modem, RK_BK_BLOCK / 4);
    rk_archive_words(a, soc->mac, RK_BK_BLOCK / 4);
}

static void archive_voids(struct rk_bk_soc *soc, struct rk_archive *a)
{
    size_t count = soc->void_count;

    rk_archive_part(a, "void");
    rk_archive_size(a, &count);
    rk_archive_require(a, count <= RK_BK_VOIDS_MAX);
    for (size_t i = 0; i < count && !a->damaged; i++) {
        uint32_t page = a->loading ? 0 : soc->voids[i];
        rk_archive_u32(a, &page);
        if (a->loading)
            rk_archive_require(a, !a->damaged && rk_bus_is_void(soc->bus, page) &&
                                      rk_bk_serve_void(soc, page));
    }
}

void rk_bk_archive(struct rk_bk_soc *soc, struct rk_archive *a)
{
    archive_conditions(soc, a);
    rk_cpu_archive(soc->cpu, a);
    archive_memory(soc, a);
    archive_units(soc, a);
    archive_voids(soc, a);
    rk_nor_archive(soc->nor, a);
    if (a->loading) {
        if (soc->instruction_limit < UINT64_MAX - soc->cpu->executed)
            soc->instruction_limit += soc->cpu->executed;
        rk_bk_flash_decipher(soc);
        rk_bus_changed(soc->bus, 0, UINT32_MAX);
    }
}
