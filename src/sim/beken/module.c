/* A Beken module as a whole: creation, reset, and which program runs when. */
#include "sim/beken/beken.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"
#include "sim/catalogue.h"

#include <stdlib.h>
#include <string.h>

/* About 19 instructions per byte were counted in the loaders' CRC loop; at 120 MHz and 1.5 to 2
 * cycles per instruction that is 2.8 MB/s. Public tools calculate with 400 KB/s to be safe. */
#define CRC_BYTES_PER_SECOND 2800000u

static enum rk_status choose_loader(struct beken *beken, const char *name, struct rk_error *err)
{
    const struct beken_model *model = beken->model;

    beken->loader = &model->loaders[0];
    if (!name || !*name)
        return RK_OK;
    for (size_t i = 0; i < model->loader_count; i++)
        if (rk_text_same(name, model->loaders[i].name)) {
            beken->loader = &model->loaders[i];
            return RK_OK;
        }
    rk_fail(err, RK_ERR_ARG, "sim.loader", "%s has no boot loader \"%s\" here", model->name, name);
    rk_error_hint(err, "known are:");
    for (size_t i = 0; err && i < model->loader_count; i++)
        rk_text_append(err->hint, sizeof err->hint, " %s", model->loaders[i].name);
    return RK_ERR_ARG;
}

static uint32_t flash_size_for(const struct rk_sim_options *opt, uint32_t jedec)
{
    uint32_t size = opt->flash_size;

    if (size == 0 && opt->flash_len > 0)
        for (size = 4096; size < opt->flash_len && size < 64u << 20;)
            size *= 2;
    if (size == 0)
        size = 1u << (jedec >> 16 & 0x1F);
    return size;
}

/* The usual part, in the size that is asked for: the size byte of a JEDEC id is the power of two
 * that the capacity is. */
static uint32_t jedec_for(const struct rk_sim_options *opt, uint32_t usual)
{
    uint32_t code = 0, size = flash_size_for(opt, usual);

    if (opt->jedec)
        return opt->jedec;
    while (code < 31 && 1u << code < size)
        code++;
    return (usual & 0xFFFF) | code << 16;
}

/* The flash of a scenario. */
static enum rk_status create_content(struct rk_sim *sim, struct rk_nor_options *nor,
                                     struct rk_error *err)
{
    uint8_t *content = malloc(nor->size);
    enum rk_status st;

    if (content && beken_content(beken_of(sim), sim->script.scenario->flash, content, nor->size)) {
        nor->content = content;
        nor->content_len = nor->size;
        st = rk_nor_new(nor, &sim->nor, err);
    } else {
        st = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    free(content);
    return st;
}

static enum rk_status create_flash(struct rk_sim *sim, const struct rk_sim_options *opt,
                                   struct rk_error *err)
{
    struct beken *beken = beken_of(sim);
    uint32_t jedec = jedec_for(opt, beken->model->jedec);
    uint8_t area[256];
    struct rk_nor_options nor = {
        .jedec = jedec,
        .size = flash_size_for(opt, jedec),
        .content = opt->flash,
        .content_len = opt->flash_len,
        .status = opt->status,
        .instant = opt->ideal,
        .erase_64k_ms = opt->erase_ms,
        .page_us = opt->page_us,
        .seed = opt->faults.seed,
    };

    if (opt->flash && opt->flash_len > nor.size)
        return rk_fail(err, RK_ERR_ARG, "sim.flash-size",
                       "%zu bytes do not fit into a flash of %u bytes", opt->flash_len, nor.size);
    if (!opt->flash && sim->script.scenario)
        return create_content(sim, &nor, err);
    if (!opt->flash && beken->model->family == BEKEN_LOADER) {
        beken_stand_in(beken->loader, area);
        nor.content = area;
        nor.content_len = sizeof area;
    }
    return rk_nor_new(&nor, &sim->nor, err);
}

static enum rk_status create(struct rk_sim *sim, size_t model, const struct rk_sim_options *opt,
                             struct rk_error *err)
{
    struct beken *beken = calloc(1, sizeof *beken);

    if (!beken)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    sim->module = beken;
    beken->model = &beken_models[model];
    enum rk_status st = choose_loader(beken, opt->loader, err);
    if (st == RK_OK)
        st = create_flash(sim, opt, err);
    if (st != RK_OK)
        return st;
    beken->boot_area = malloc(BEKEN_BOOT_AREA);
    if (!beken->boot_area)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_nor_read(sim->nor, 0, 0, beken->boot_area, BEKEN_BOOT_AREA);
    memcpy(beken->key, opt->have_key ? opt->key : beken->model->key, sizeof beken->key);
    beken->crc_rate = opt->crc_bytes_per_second ? opt->crc_bytes_per_second : CRC_BYTES_PER_SECOND;
    return RK_OK;
}

static void destroy(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);

    if (!beken)
        return;
    free(beken->boot_area);
    free(beken);
}

/* A flash loader runs if it is what the module was created with, or code that is complete: 32-byte
 * blocks with their CRC, as every loader consists of. */
static bool loader_intact(const struct rk_sim *sim)
{
    const uint8_t *cells = rk_nor_cells(sim->nor);
    unsigned good = 0;

    if (rk_nor_jedec(sim->nor) == 0)
        return false;
    if (rk_nor_size(sim->nor) < BEKEN_BOOT_AREA ||
        memcmp(cells, beken_of(sim)->boot_area, BEKEN_BOOT_AREA) == 0)
        return true;
    for (uint32_t at = 0; at + 34 <= 0x10000; at += 34)
        good += rk_crc16_beken(cells + at, 32) == rk_get_be16(cells + at + 32);
    return good >= 1000 && rk_crc16_beken(cells, 32) == rk_get_be16(cells + 32);
}

static void clear_marker(struct rk_sim *sim)
{
    uint8_t head[2];

    rk_nor_read(sim->nor, sim->now_ns, 0x1E1000, head, sizeof head);
    if (head[0] == 0xA5 && head[1] == 0x5A)
        rk_sim_busy(sim, rk_sim_flash_erase(sim, sim->now_ns, 0x1E1000, 4096), true);
}

static void start(struct rk_sim *sim, enum rk_sim_cause cause)
{
    struct beken *beken = beken_of(sim);
    static const uint8_t announcement[] = {0x95, 0x27};

    if (cause == RK_SIM_POWER || cause == RK_SIM_CEN || cause == RK_SIM_USER)
        beken->start_type = 0;
    sim->baud = beken_true_rate(beken->loader, 115200);
    beken_frame_reset(beken);
    beken->phase = BEKEN_WINDOW;
    beken->armed = beken->was_linked = false;
    beken->gap_ns = beken->restart_ns = RK_SIM_NEVER;
    beken->register_count = 0;
    beken->efuse_control = 0;
    beken->start_ns = beken->last_byte_ns = sim->byte_at_ns = sim->now_ns;
    /* a user who power-cycles for a client has a client that talks: not the short window */
    beken->window_ns =
        sim->now_ns + (cause == RK_SIM_USER ? 800000u : beken->loader->quiet_us) * 1000ull;
    if (beken->model->family == BEKEN_LOADER && !loader_intact(sim))
        beken->phase = BEKEN_DEAD;
    else if (beken->loader->clears_marker)
        clear_marker(sim);
    if (beken->model->has_bl2)
        beken_reply_short(sim, 0xFE, announcement, sizeof announcement);
}

static void byte(struct rk_sim *sim, uint8_t value)
{
    struct beken *beken = beken_of(sim);

    beken->last_byte_ns = sim->now_ns;
    beken->gap_ns = RK_SIM_NEVER;
    if (beken->phase == BEKEN_WINDOW) {
        uint64_t linger = beken->start_ns + beken->loader->linger_us * 1000ull;
        if (linger > beken->window_ns)
            beken->window_ns = linger;
    }
    if (beken->phase == BEKEN_DEAD) {
        beken_missed(sim, value);
        return;
    }
    if (beken->phase == BEKEN_APPLICATION)
        beken_application_byte(sim, value);
    else
        beken_frame_byte(sim, value);
}

/* The idle loop counts only while nothing else is done. */
static uint64_t idle_reboot_ns(const struct rk_sim *sim)
{
    const struct beken *beken = beken_of(sim);
    uint64_t base = beken->last_byte_ns;

    if (beken->phase != BEKEN_LINKED || !beken->loader->idle_us)
        return RK_SIM_NEVER;
    if (sim->cpu_free_ns > base)
        base = sim->cpu_free_ns;
    return base + beken->loader->idle_us * 1000ull;
}

/* The end of the window, unless a frame is being worked on. */
static uint64_t window_end_ns(const struct rk_sim *sim)
{
    const struct beken *beken = beken_of(sim);

    if (beken->phase != BEKEN_WINDOW || !beken_boots(sim))
        return RK_SIM_NEVER;
    return beken->window_ns > sim->cpu_free_ns ? beken->window_ns : sim->cpu_free_ns;
}

static uint64_t timer_ns(const struct rk_sim *sim)
{
    const struct beken *beken = beken_of(sim);
    uint64_t next = beken->restart_ns;

    if (beken->phase == BEKEN_APPLICATION)
        return next < beken->script_ns ? next : beken->script_ns;
    const uint64_t events[] = {beken->gap_ns, idle_reboot_ns(sim), window_end_ns(sim),
                               beken_frame_timeout_ns(sim)};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i] < next)
            next = events[i];
    return next;
}

static void timer(struct rk_sim *sim)
{
    struct beken *beken = beken_of(sim);

    if (sim->now_ns >= beken->restart_ns) {
        rk_sim_restart(sim, beken->restart_cause);
    } else if (beken->phase == BEKEN_APPLICATION) {
        beken_application_line(sim);
    } else if (sim->now_ns >= beken->gap_ns) {
        beken->gap_ns = RK_SIM_NEVER;
        beken_link(sim);
    } else if (sim->now_ns >= beken_frame_timeout_ns(sim)) {
        beken_frame_timeout(sim);
    } else if (sim->now_ns >= idle_reboot_ns(sim)) {
        beken->start_type = 0xBEDEAD10;
        rk_sim_restart(sim, RK_SIM_WATCHDOG);
    } else if (sim->now_ns >= window_end_ns(sim)) {
        beken_application_start(sim);
    }
}

const struct rk_sim_family rk_sim_beken = {
    .models = rk_sim_catalogue,
    .model_count = RK_SIM_BEKEN_MODELS,
    .create = create,
    .destroy = destroy,
    .start = start,
    .byte = byte,
    .missed = beken_missed,
    .timer_ns = timer_ns,
    .timer = timer,
};
