/* The text of a firmware that is nearest to where it crashed: the next best thing to a symbol. */
#ifndef RK_JOB_BOOT_TEXT_H
#define RK_JOB_BOOT_TEXT_H

#include <rekindle/emulate.h>

#include "image/beken/scrambler.h"

/* The code in a dump of a Beken chip, which stays the caller's. */
struct rk_boot_code {
    const uint8_t *flash;
    size_t len;
    struct rk_scrambler scrambler;
};
void rk_boot_code_open(struct rk_boot_code *code, const uint8_t *flash, size_t len);

/* The first text that the constants behind addr point to; out is empty if there is none. */
void rk_boot_text_behind(const struct rk_boot_code *code, uint32_t addr, char *out, size_t cap);

/* A text that a register points to; else the first that the constants behind the crash, or behind
 * where it would have returned to, point to. `flash` is a dump of a Beken chip; out is empty if there
 * is none. */
void rk_boot_find_text(const struct rk_emulate_state *state, uint32_t crash_pc,
                       const uint8_t *flash, size_t len, char *out, size_t cap);

#endif
