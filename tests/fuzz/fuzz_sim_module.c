/* A virtual module under any bytes from the host: the loaders' frame parsers. The first byte
 * chooses the model. */
#include <rekindle/sim.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count;
    const struct rk_sim_model *models = rk_sim_models(&count);
    uint8_t out[4096];
    struct rk_sim *sim;

    if (size == 0)
        return 0;
    struct rk_sim_options opt = {.size = sizeof opt,
                                 .model = models[data[0] % count].name,
                                 .flash_size = 65536,
                                 .ideal = data[0] & 0x80};
    if (rk_sim_new(&opt, &sim, NULL) != RK_OK)
        abort();
    /* 55 first: some measure the rate with it and want a pause behind */
    static const uint8_t sync = 0x55;
    rk_sim_receive(sim, 1000, &sync, 1, 0);
    (void)rk_sim_transmit(sim, RK_SIM_UART1, 30000, out, sizeof out, 0);
    rk_sim_receive(sim, 30000, data + 1, size - 1, 0);
    for (uint64_t t = 30000; t < 2000000; t += 50000) {
        while (rk_sim_transmit(sim, RK_SIM_UART1, t, out, sizeof out, 0) > 0)
            ;
        while (rk_sim_transmit(sim, RK_SIM_UART2, t, out, sizeof out, 0) > 0)
            ;
    }
    rk_sim_free(sim);
    return 0;
}
