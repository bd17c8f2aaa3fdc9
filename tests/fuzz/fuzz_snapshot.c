/* Snapshots of emulated chips, with a sound header in front of any bytes: refused, or a machine that
 * runs within its limit. */
#include <rekindle/emulate.h>

#include "base/bytes.h"
#include "base/crc.h"
#include "job/boot_state.h"

#include <stdlib.h>

enum { FLASH = 4096, HEADER = 16, RUN = 2000, PERIOD = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A real one of a chip that executes the bytes. */
static size_t real_one(const uint8_t *data, size_t size, uint8_t **bytes)
{
    struct rk_emulate_options opt = {.size = sizeof opt,
                                     .chip = "BK7231N",
                                     .flash = data,
                                     .flash_len = size < FLASH ? size : FLASH,
                                     .flash_size = FLASH,
                                     .have_key = true,
                                     .instruction_limit = RUN};
    struct rk_emulator *emulator = NULL;
    size_t len = 0;

    if (rk_emulator_new(&opt, &emulator, NULL) != RK_OK)
        return 0;
    (void)rk_emulator_run(emulator, 1000000);
    if (rk_emulator_save(emulator, NULL, 0, bytes, &len, NULL) != RK_OK)
        len = 0;
    rk_emulator_free(emulator);
    return len;
}

static void resume(const uint8_t *bytes, size_t len)
{
    struct rk_emulate_options opt = {.size = sizeof opt, .instruction_limit = 2 * RUN};
    struct rk_emulator *emulator = NULL;
    const uint8_t *note;
    size_t note_len;

    if (rk_emulator_resume(bytes, len, &opt, &emulator, &note, &note_len, NULL) != RK_OK)
        return;
    if (note_len > len)
        abort();
    (void)rk_emulator_run(emulator, 1000000000ull);
    rk_emulator_free(emulator);
}

static void load_note(const uint8_t *data, size_t size)
{
    struct rk_boot_state *state = calloc(1, sizeof *state);
    struct rk_archive a;

    if (!state)
        return;
    rk_archive_load(&a, data, size);
    rk_boot_state_archive(state, &a);
    if (state->lines[0].len >= RK_BOOT_LINE_MAX || state->log.len[0] > size)
        abort();
    rk_boot_log_free(&state->log);
    free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned turn;
    uint8_t *bytes = NULL;

    resume(data, size);
    load_note(data, size);
    if (size < 8 || turn++ % PERIOD)
        return 0; /* a machine is large: not in every turn */
    size_t len = real_one(data, size, &bytes);
    /* bytes of it become others, and the checksum is made to match */
    for (size_t i = 0; len > HEADER && i + 4 < size && i < 64; i += 4) {
        size_t at = HEADER + rk_get_le32(data + i) % (len - HEADER);
        bytes[at] = data[i + 4];
    }
    if (len > HEADER) {
        rk_put_le32(bytes + 12, rk_crc32(0, bytes + HEADER, len - HEADER));
        resume(bytes, len);
    }
    free(bytes);
    return 0;
}
