/* Any bytes as the flash of an emulated Beken chip, executed from the first on: code, wild jumps,
 * commands to the flash and the devices. It ends at its limits, and does the same when it is asked
 * again. The first byte says which chip and what comes in on its wires. */
#include <rekindle/emulate.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHIPS = 9, FLASH = 65536, PIECES = 4, PIECE_NS = 100000000 };
#define LIMIT 20000u
#define FEED  0x10u /* bytes of the flash arrive on the UARTs, too */
#define RESET 0x20u /* it is reset in between */
#define TWICE 0x40u /* the same once more, and compared */
#define BYTES 64u
#define STALL 120000000000ull /* the longest that one command keeps the processor: a chip erase */

/* What must be equal in two runs. */
struct result {
    struct rk_emulate_state state;
    uint64_t printed, print_ns;
    uint32_t text;
};

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct result *r = user;

    r->printed++;
    r->print_ns += time_ns;
    r->text = (r->text ^ byte ^ unit << 8) * 16777619u;
}

static void execute(unsigned how, const uint8_t *data, size_t size, struct result *out)
{
    struct rk_emulate_options opt = {.size = sizeof opt,
                                     .chip = rk_emulator_chip(how % CHIPS),
                                     .flash = data,
                                     .flash_len = size < FLASH ? size : FLASH,
                                     .flash_size = FLASH,
                                     .have_key = true,
                                     .instruction_limit = LIMIT,
                                     .events = {.user = out, .uart = on_uart}};
    struct rk_emulator *emulator = NULL;

    memset(out, 0, sizeof *out);
    if (rk_emulator_new(&opt, &emulator, NULL) != RK_OK)
        return;
    for (unsigned i = 1; i <= PIECES; i++) {
        if (rk_emulator_run(emulator, i * (uint64_t)PIECE_NS) != RK_EMULATE_TIME)
            break;
        for (unsigned n = 0; how & FEED && n < BYTES && n < size; n++)
            rk_emulator_receive(emulator, i & 1, data[n]);
        if (how & RESET)
            rk_emulator_reset(emulator, i & 1 ? RK_EMULATE_PIN : RK_EMULATE_POWER_ON);
    }
    rk_emulator_state(emulator, &out->state);
    rk_emulator_free(emulator);
}

static bool is_same(const struct result *a, const struct result *b)
{
    return a->state.time_ns == b->state.time_ns && a->state.instructions == b->state.instructions &&
           a->state.pc == b->state.pc && a->state.resets == b->state.resets &&
           a->printed == b->printed && a->print_ns == b->print_ns && a->text == b->text;
}

/* Making a machine takes its time: the quick test does it for one input of six, whatever order they
 * come in. libFuzzer looks at every input. */
static bool is_chosen(const uint8_t *data, size_t size)
{
#ifdef RK_FUZZ
    return data && size;
#else
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += data[i];
    return size && sum % 6 == 0;
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result first, second;

    if (!is_chosen(data, size))
        return 0;
    execute(data[0], data + 1, size - 1, &first);
    if (first.state.instructions > LIMIT || first.state.time_ns > PIECES * STALL)
        abort();
    if (data[0] & TWICE) {
        execute(data[0], data + 1, size - 1, &second);
        if (!is_same(&first, &second))
            abort();
    }
    return 0;
}
