/* A BL602 that shows how it starts: what boot2 and firmware print on UART0, as a scenario has it. Its
 * loader protocol is not played: commands meet silence, as with GPIO8 low at reset. */
#include "sim/machine.h"

#include "sim/catalogue.h"

#include <stdlib.h>

#define FLASH_ID   0x1540EFu /* a usual part of 2 MiB */
#define FLASH_SIZE (2u << 20)
#define ROM_NS     (15u * RK_SIM_MS) /* about what ROM and boot2 take */

struct bouffalo {
    uint64_t hand_over_ns;
};

static struct bouffalo *bouffalo_of(const struct rk_sim *sim)
{
    return sim->module;
}

static enum rk_status create(struct rk_sim *sim, size_t model, const struct rk_sim_options *opt,
                             struct rk_error *err)
{
    const struct rk_nor_options nor = {
        .jedec = opt->jedec ? opt->jedec : FLASH_ID,
        .size = opt->flash_size ? opt->flash_size : FLASH_SIZE,
        .content = opt->flash,
        .content_len = opt->flash_len,
        .instant = opt->ideal,
        .seed = opt->faults.seed,
    };

    (void)model;
    if (opt->flash && opt->flash_len > nor.size)
        return rk_fail(err, RK_ERR_ARG, "sim.flash-size",
                       "%zu bytes do not fit into a flash of %u bytes", opt->flash_len, nor.size);
    sim->module = calloc(1, sizeof(struct bouffalo));
    if (!sim->module)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    return rk_nor_new(&nor, &sim->nor, err);
}

static void destroy(struct rk_sim *sim)
{
    free(sim->module);
}

static void start(struct rk_sim *sim, enum rk_sim_cause cause)
{
    (void)cause;
    sim->baud = 115200;
    bouffalo_of(sim)->hand_over_ns = sim->now_ns + ROM_NS;
}

static void ignore(struct rk_sim *sim, uint8_t byte)
{
    (void)sim;
    (void)byte;
}

static uint64_t timer_ns(const struct rk_sim *sim)
{
    return bouffalo_of(sim)->hand_over_ns;
}

static void timer(struct rk_sim *sim)
{
    bouffalo_of(sim)->hand_over_ns = RK_SIM_NEVER;
    rk_script_begin(sim);
}

const struct rk_sim_family rk_sim_bouffalo = {
    .models = rk_sim_catalogue + RK_SIM_BEKEN_MODELS,
    .model_count = RK_SIM_BOUFFALO_MODELS,
    .create = create,
    .destroy = destroy,
    .start = start,
    .byte = ignore,
    .missed = ignore,
    .timer_ns = timer_ns,
    .timer = timer,
};
