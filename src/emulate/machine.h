/* What a family of emulated chips is made of; rekindle/emulate.h is its face. */
#ifndef RK_EMULATE_MACHINE_H
#define RK_EMULATE_MACHINE_H

#include <rekindle/emulate.h>

#include "base/archive.h"
#include "emulate/cpu.h"

struct rk_emulator_family {
    const char *name;        /* for messages */
    unsigned pins;           /* that something outside can drive, from 0 on */
    size_t efuse_len;        /* bytes */
    bool has_key, takes_rom; /* of the scrambler of its flash; its mask ROM */
    /* Name of the n-th chip, NULL behind the last. */
    const char *(*chip)(size_t n);
    enum rk_status (*create)(const struct rk_emulate_options *opt, void **machine,
                             struct rk_error *err);
    void (*destroy)(void *machine);
    enum rk_emulate_stop (*run)(void *machine, uint64_t until_ns);
    void (*stop)(void *machine);
    void (*reset)(void *machine, enum rk_emulate_reset cause);
    void (*receive)(void *machine, unsigned unit, uint8_t byte);
    uint32_t (*baud)(const void *machine, unsigned unit);
    const uint8_t *(*flash)(const void *machine, size_t *len);
    bool (*peek)(const void *machine, uint32_t addr, uint8_t *buf, size_t len);
    void (*state)(const void *machine, struct rk_emulate_state *out);
    /* Hands every field to the archive, which saves or loads them. Loading, the machine has just been
     * created, with the chip and flash size of the snapshot, and nobody else has seen it: it may be
     * left half changed by a damaged one; its instruction limit counts from the loaded time on. NULL = no snapshots. */
    void (*archive)(void *machine, struct rk_archive *a);
};

extern const struct rk_emulator_family rk_emulated_beken, rk_emulated_bouffalo;

/* The first `count` registers of a processor, for people. */
void rk_cpu_show(const struct rk_cpu *cpu, size_t count, struct rk_emulate_state *out);

#endif
