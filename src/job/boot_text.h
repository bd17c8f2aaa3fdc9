/* The text of a firmware that is nearest to where it crashed: the next best thing to a symbol. */
#ifndef RK_JOB_BOOT_TEXT_H
#define RK_JOB_BOOT_TEXT_H

#include <rekindle/emulate.h>

/* Code as the processor sees it. */
struct rk_boot_code {
    bool (*peek)(const void *from, uint32_t addr, uint8_t *buf, size_t len);
    const void *from;
    bool riscv; /* constants are in the instructions; else they stand behind the code (ARM) */
};
/* The code of an emulated chip, which has to outlive it. */
struct rk_boot_code rk_boot_code_of(const struct rk_emulator *emulator);

/* The first text that the constants behind addr point to; out is empty if there is none. */
void rk_boot_text_behind(const struct rk_boot_code *code, uint32_t addr, char *out, size_t cap);

/* A text that a register points to; else the first that the constants behind the crash, or behind
 * where it would have returned to, point to. Out is empty if there is none. */
void rk_boot_find_text(const struct rk_emulate_state *state, uint32_t crash_pc,
                       const struct rk_boot_code *code, char *out, size_t cap);

#endif
