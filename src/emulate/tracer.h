/* Tells an expert what a machine does; whatever its family. */
#ifndef RK_EMULATE_TRACER_H
#define RK_EMULATE_TRACER_H

#include <rekindle/emulate.h>

#include "emulate/cpu.h"

/* A register's unit and name, of constant text; NULL where there is none. */
struct rk_register_name {
    const char *unit, *name;
};

/* A unit and its registers, for tables. */
struct rk_register_unit {
    uint32_t addr, len;
    const char *name;
    const char *const *registers; /* of each word, NULL behind the last; NULL = without names */
};

struct rk_register_name rk_register_name_find(const struct rk_register_unit *units, size_t count,
                                              uint32_t addr);

struct rk_tracer {
    unsigned watch;
    struct rk_emulate_events events;
    const struct rk_cpu *cpu;
    const void *machine;
    uint64_t (*now)(const void *machine);
    struct rk_register_name (*name)(uint32_t addr);
};

/* Begins to watch a machine; `t` is filled in but for watch and events, and must outlive it. */
void rk_tracer_start(struct rk_tracer *t, const struct rk_emulate_options *opt, struct rk_cpu *cpu);
/* A command to the flash; does nothing if nobody asked. `opcode` as on the SPI bus. */
void rk_tracer_flash(const struct rk_tracer *t, uint8_t opcode, uint32_t addr, uint32_t len);

#endif
