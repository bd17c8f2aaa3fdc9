/* One emulated processor, whatever its instruction set: the machine around it knows only this. */
#ifndef RK_EMULATE_CPU_H
#define RK_EMULATE_CPU_H

#include "base/archive.h"
#include "emulate/bus.h"

/* Why rk_cpu_run() came back. Nothing of it is an error of the emulator. */
enum rk_cpu_stop {
    RK_CPU_BUDGET, /* `stop_at` instructions have been executed, or the owner asked to yield */
    RK_CPU_WAIT,   /* the processor waits for an interrupt (WFI): let time pass to the next event */
    RK_CPU_FETCH,  /* the next instruction lies where there is no memory: the owner may act for the
                       function there and go on, or call it a wild jump. fault.addr = that address */
    RK_CPU_ACCESS, /* a load or store to where nobody is, and the core has no exception for it:
                       fault.addr. The instruction has not been executed */
    RK_CPU_ILLEGAL, /* an instruction this processor does not have, and no exception for it */
    RK_CPU_BREAK    /* a break point: `pc` is at it, not yet executed */
};

struct rk_cpu_fault {
    uint32_t pc;   /* of the instruction */
    uint32_t addr; /* that was accessed */
    uint32_t code; /* the instruction, if it could be read */
    unsigned width;
    bool store;
};

#define RK_CPU_BREAKS 32u

struct rk_cpu;

/* A register for people and for comparisons. */
struct rk_cpu_register {
    const char *name; /* "r0", "cpsr"; "a0", "mstatus" */
    uint32_t value;
};

/* What an instruction set is made of. */
struct rk_cpu_core {
    const char *name; /* "ARMv5TE", "RV32IMAFC" */
    /* Registers as after power-on; the next instruction is at `pc`. */
    void (*reset)(struct rk_cpu *cpu, uint32_t pc);
    /* Executes until `stop_at`, taking interrupts that are pending and enabled. */
    enum rk_cpu_stop (*run)(struct rk_cpu *cpu);
    uint32_t (*pc)(const struct rk_cpu *cpu);
    void (*set_pc)(struct rk_cpu *cpu, uint32_t pc);
    /* Of the instruction that is being executed, for a device that it accesses. */
    uint32_t (*at)(const struct rk_cpu *cpu);
    /* The registers of a number, in the order of the instruction set; false behind the last. */
    bool (*get)(const struct rk_cpu *cpu, unsigned index, struct rk_cpu_register *out);
    bool (*set)(struct rk_cpu *cpu, unsigned index, uint32_t value);
    /* Code was changed: forget what was remembered of it. NULL = nothing is. */
    void (*changed)(struct rk_cpu *cpu, uint32_t base, uint32_t len);
    void (*free)(struct rk_cpu *cpu);
};

/* The part that every core shares; a core's own structure begins with it. */
struct rk_cpu {
    const struct rk_cpu_core *core;
    struct rk_bus *bus;
    uint64_t executed; /* instructions since creation: the clock of the whole machine. A core keeps
                          it right whenever a device is called */
    uint64_t stop_at;  /* run() returns when `executed` reaches it. Nothing around the processor
                          happens by itself before that */
    uint64_t skipped;  /* of `executed`: repetitions of loops that only wait, which a core may count
                          without executing them */
    uint32_t lines;    /* interrupt lines that are asserted now, bit n = line n; for ARM bit 0 is
                          IRQ and bit 1 FIQ, for RISC-V see RK_RISCV_LINE */
    struct rk_cpu_fault fault; /* the last */
    uint32_t exceptions;       /* taken since creation, if the core counts them; calls are none */
    uint32_t breaks[RK_CPU_BREAKS];
    size_t break_count;
    /* Told of every call before it is made, if it is not NULL. */
    void (*on_call)(void *user, uint32_t target);
    void *call_user;
    bool yield; /* set by a device: leave run() after this instruction with RK_CPU_BUDGET */
};

/* What a RISC-V core with a CLIC is told in `lines`: this bit, the number of the interrupt that wins
 * and, from bit 16 on, its level (1 to 255). */
#define RK_RISCV_LINE    0x80000000u
#define RK_RISCV_LINE_ID 0x00000FFFu

RK_MUST_CHECK enum rk_status rk_arm_new(struct rk_bus *bus, struct rk_cpu **out,
                                        struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_riscv_new(struct rk_bus *bus, struct rk_cpu **out,
                                          struct rk_error *err);
void rk_cpu_free(struct rk_cpu *cpu);

/* Executes up to `budget` further instructions. */
enum rk_cpu_stop rk_cpu_run(struct rk_cpu *cpu, uint64_t budget);

/* Saves or loads everything about it: the registers by their numbers, and the time. */
void rk_cpu_archive(struct rk_cpu *cpu, struct rk_archive *a);

/* Sets or clears one break point; at most 32. False if there is no room. */
bool rk_cpu_break(struct rk_cpu *cpu, uint32_t addr, bool on);

#endif
