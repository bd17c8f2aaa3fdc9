/* A BL602 as a whole: creation, reset, and who gets the processor: the mask ROM's download mode while
 * the boot pin GPIO8 is high, else what is in the flash. */
#include "sim/bouffalo/stub.h"

#include "sim/catalogue.h"

#include <stdlib.h>
#include <string.h>

#define FLASH_ID    0x1540EFu /* a usual part of 2 MiB */
#define FLASH_SIZE  (2u << 20)
#define ROM_NS      (15u * RK_SIM_MS) /* about what ROM and boot2 take */
#define PATIENCE_NS (1000ull * RK_SIM_MS)

static const uint8_t usual_mac[6] = {0x24, 0x94, 0x94, 0x12, 0x34, 0x56};

static uint32_t flash_size_for(const struct rk_sim_options *opt)
{
    uint32_t size = opt->flash_size;

    if (size == 0 && opt->flash_len > FLASH_SIZE)
        for (size = FLASH_SIZE; size < opt->flash_len && size < 64u << 20;)
            size *= 2;
    return size ? size : FLASH_SIZE;
}

static uint32_t jedec_for(const struct rk_sim_options *opt, uint32_t size)
{
    uint32_t code = 0;

    if (opt->jedec)
        return opt->jedec;
    while (code < 31 && 1u << code < size)
        code++;
    return (FLASH_ID & 0xFFFF) | code << 16;
}

static enum rk_status create(struct rk_sim *sim, size_t model, const struct rk_sim_options *opt,
                             struct rk_error *err)
{
    const struct rk_nor_options nor = {
        .jedec = jedec_for(opt, flash_size_for(opt)),
        .size = flash_size_for(opt),
        .content = opt->flash,
        .content_len = opt->flash_len,
        .status = opt->status,
        .instant = opt->ideal,
        .erase_64k_ms = opt->erase_ms,
        .page_us = opt->page_us,
        .seed = opt->faults.seed,
    };

    (void)model;
    if (opt->flash && opt->flash_len > nor.size)
        return rk_fail(err, RK_ERR_ARG, "sim.flash-size",
                       "%zu bytes do not fit into a flash of %u bytes", opt->flash_len, nor.size);
    sim->module = calloc(1, sizeof(struct bouffalo));
    if (sim->module)
        bfl_of(sim)->ram = calloc(1, BFL_RAM);
    if (!sim->module || !bfl_of(sim)->ram)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    bfl_efuse_make(bfl_of(sim)->efuse, usual_mac);
    return rk_nor_new(&nor, &sim->nor, err);
}

static void forget_image(struct bouffalo *bfl)
{
    uint8_t digest[32];

    if (bfl->sha)
        rk_sha256_finish(bfl->sha, digest);
    bfl->sha = NULL;
    bfl->load = BFL_NO_HEADER;
    bfl->loader = false;
    bfl_stub_end(bfl);
    bfl_packed_end(bfl);
    memset(bfl->ram, 0, BFL_RAM);
}

static void destroy(struct rk_sim *sim)
{
    if (sim->module && bfl_of(sim)->ram) {
        forget_image(bfl_of(sim));
        free(bfl_of(sim)->ram);
    }
    free(sim->module);
}

static void start(struct rk_sim *sim, enum rk_sim_cause cause)
{
    struct bouffalo *bfl = bfl_of(sim);

    (void)cause;
    forget_image(bfl);
    bfl->sticky = 0;
    bfl->flash_ns = 0;
    bfl->word_count = 0;
    bfl->knocks = 0;
    sim->baud = 115200;
    bfl_listen(sim);
    if (sim->script.scenario || sim->options.boot_low) {
        bfl->phase = BFL_FLASH;
        bfl->phase_ns = sim->now_ns + ROM_NS;
    }
}

/* Bytes at another rate than that of the session, long after the last frame, or many that only look
 * for a module: a new client. As a pty has no reset line, the module then restarts, as if its user
 * had power-cycled it. */
static void missed(struct rk_sim *sim, uint8_t byte)
{
    struct bouffalo *bfl = bfl_of(sim);
    bool late = sim->now_ns >= bfl->frame_ns + PATIENCE_NS;

    bfl->knocks = byte == 0x55 ? bfl->knocks + 1 : 0;
    if (!sim->options.manual_reset && (bfl->phase == BFL_SESSION || bfl->stub) &&
        (late || bfl->knocks >= BFL_KNOCKS) &&
        sim->now_ns >= sim->cpu_free_ns + (late ? PATIENCE_NS : 0))
        rk_sim_restart(sim, RK_SIM_USER);
}

const struct rk_sim_family rk_sim_bouffalo = {
    .models = rk_sim_catalogue + RK_SIM_BEKEN_MODELS,
    .model_count = RK_SIM_BOUFFALO_MODELS,
    .create = create,
    .destroy = destroy,
    .start = start,
    .measure = bfl_measure,
    .byte = bfl_byte,
    .missed = missed,
    .timer_ns = bfl_timer_ns,
    .timer = bfl_timer,
};
