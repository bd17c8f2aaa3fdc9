/* Any bytes as the flash of an emulated chip: an end within the limit. */
#include <rekindle/emulate.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned turn;
    struct rk_emulate_options opt = {.size = sizeof opt,
                                     .flash = data,
                                     .flash_len = size < 65536 ? size : 65536,
                                     .flash_size = 65536,
                                     .have_key = true,
                                     .instruction_limit = 3000};
    struct rk_emulator *emulator = NULL;
    struct rk_emulate_state state;

    /* A machine is large: the smoke test cannot make thousands of them. */
    if (turn++ % 64)
        return 0;
    opt.chip = rk_emulator_chip(turn / 64 % 9);
    if (rk_emulator_new(&opt, &emulator, NULL) != RK_OK)
        return 0;
    (void)rk_emulator_run(emulator, 1000000000ull);
    rk_emulator_state(emulator, &state);
    if (state.instructions > opt.instruction_limit)
        abort();
    rk_emulator_free(emulator);
    return 0;
}
