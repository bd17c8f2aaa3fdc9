/* Inside of the RV32IMAFC core. Instructions are decoded once, into a function and its operands; the
 * decoded form does not depend on the address, so memory that is mapped twice is remembered once.
 * What is remembered is forgotten as soon as the code is changed.
 *
 * Source: The RISC-V Instruction Set Manual, volumes I (20191213) and II (20190608); for interrupts
 * SiFive's E24 core manual (CLIC, "mtvec" modes 2 and 3). */
#ifndef RK_EMULATE_RISCV_H
#define RK_EMULATE_RISCV_H

#include "emulate/bus_access.h"
#include "emulate/cpu.h"

#define RK_RV_CACHE 256u              /* decoded pages */
#define RK_RV_SLOTS (RK_BUS_PAGE / 2) /* an instruction can begin at every second byte */

enum { RK_RV_NOWHERE = 32 }; /* takes what is written to x0 */

enum rk_rv_cause {
    RK_RV_FETCH_FAULT = 1,
    RK_RV_ILLEGAL = 2,
    RK_RV_BREAKPOINT = 3,
    RK_RV_LOAD_UNALIGNED = 4,
    RK_RV_LOAD_FAULT = 5,
    RK_RV_STORE_UNALIGNED = 6,
    RK_RV_STORE_FAULT = 7,
    RK_RV_ECALL = 11
};

enum {
    RK_RV_STATUS_MIE = 1 << 3,
    RK_RV_STATUS_MPIE = 1 << 7,
    RK_RV_STATUS_MPP = 3 << 11,
    RK_RV_STATUS_FS = 3 << 13
};

struct rk_rv;
struct rk_rv_op;
/* Executes one instruction and returns the next one; NULL = the next one is at `next`, and something
 * may have happened that has to be looked at before. */
typedef struct rk_rv_op *rk_rv_run(struct rk_rv *v, struct rk_rv_op *op);

struct rk_rv_op {
    rk_rv_run *run;
    uint32_t imm; /* constant, offset, number of a register of the system, or the instruction */
    uint8_t rd;   /* RK_RV_NOWHERE for x0 */
    uint8_t rs1, rs2;
    uint8_t halves; /* length: 1 or 2 */
};

struct rk_rv_page {
    uint8_t *bytes; /* of the memory; NULL = unused */
    struct rk_rv_op *ops;
};

struct rk_rv {
    struct rk_cpu cpu;
    uint32_t x[33];
    uint32_t next;        /* where to go on; right between runs */
    uint32_t at;          /* of the instruction whose device access is served */
    uint32_t base;        /* address of the page that is executed, */
    struct rk_rv_op *ops; /* and its instructions */
    bool stopped;
    enum rk_cpu_stop stop;
    uint32_t f[32];
    uint32_t fcsr; /* flags 4:0, rounding 7:5 */
    uint32_t mstatus, mtvec, mtvt, mscratch, mepc, mcause, mtval, mie;
    uint32_t level;       /* of the interrupt that is served, 0 = none */
    uint32_t reserved_at; /* address of the last LR */
    bool reserved;
    uint32_t custom[64]; /* 0x7C0 to 0x7FF */
    uint32_t pmp[32];    /* 0x3A0 to 0x3BF */
    struct rk_rv_page pages[RK_RV_CACHE];
};

/* ---- riscv.c, riscv_pages.c ---- */

/* Forgets what was decoded of that memory. */
void rk_rv_forget(void *user, uint32_t base, uint32_t len);
/* The instruction at that address; NULL if there is no memory. Its page becomes the executed one. */
struct rk_rv_op *rk_rv_enter(struct rk_rv *v, uint32_t pc);
/* The slot of an instruction that was not decoded yet. */
rk_rv_run rk_rv_decode_and_run;

/* ---- decoding ---- */

void rk_rv_decode(uint32_t code, struct rk_rv_op *out);
void rk_rv_decode_compressed(uint32_t code, struct rk_rv_op *out);
void rk_rv_decode_float(uint32_t code, struct rk_rv_op *out);
void rk_rv_decode_system(uint32_t code, struct rk_rv_op *out);

/* ---- exceptions (riscv_system.c) ---- */

/* Enters the handler; `pc` is where it comes back to. Always NULL. */
/* Nothing is to be fetched where the core stopped (RK_CPU_FETCH): takes the exception for that, which
 * counts as an instruction. False if its handler is nowhere, too: then the first exception of the two
 * is what `fault` tells. */
bool rk_rv_fetch_fault(struct rk_rv *v);
struct rk_rv_op *rk_rv_trap(struct rk_rv *v, uint32_t pc, uint32_t cause, uint32_t value);
/* An access that cannot be served. Always NULL. */
struct rk_rv_op *rk_rv_fault(struct rk_rv *v, const struct rk_rv_op *op, uint32_t addr,
                             unsigned width, bool store);
/* Takes the interrupt whose line is up, if it may be taken now. */
void rk_rv_interrupt(struct rk_rv *v);

/* ---- instructions ---- */

rk_rv_run rk_rv_illegal;
rk_rv_run rk_rv_lui, rk_rv_auipc, rk_rv_jal, rk_rv_jalr, rk_rv_j, rk_rv_jr;
rk_rv_run rk_rv_beq, rk_rv_bne, rk_rv_blt, rk_rv_bge, rk_rv_bltu, rk_rv_bgeu;
rk_rv_run rk_rv_addi, rk_rv_slti, rk_rv_sltiu, rk_rv_xori, rk_rv_ori, rk_rv_andi;
rk_rv_run rk_rv_slli, rk_rv_srli, rk_rv_srai;
rk_rv_run rk_rv_add, rk_rv_sub, rk_rv_sll, rk_rv_slt, rk_rv_sltu, rk_rv_xor, rk_rv_srl, rk_rv_sra,
    rk_rv_or, rk_rv_and;
rk_rv_run rk_rv_mul, rk_rv_mulh, rk_rv_mulhsu, rk_rv_mulhu, rk_rv_div, rk_rv_divu, rk_rv_rem,
    rk_rv_remu;
rk_rv_run rk_rv_nothing;
rk_rv_run rk_rv_lb, rk_rv_lh, rk_rv_lw, rk_rv_lbu, rk_rv_lhu, rk_rv_sb, rk_rv_sh, rk_rv_sw;
rk_rv_run rk_rv_flw, rk_rv_fsw, rk_rv_load_float, rk_rv_store_float;
rk_rv_run rk_rv_atomic;

/* ---- small things for the handlers ---- */

static inline uint32_t rk_rv_pc(const struct rk_rv *v, const struct rk_rv_op *op)
{
    return v->base + ((uint32_t)(op - v->ops) << 1);
}

static inline struct rk_rv_op *rk_rv_goto(struct rk_rv *v, uint32_t target)
{
    uint32_t at = target - v->base;

    return at < RK_BUS_PAGE ? v->ops + (at >> 1) : rk_rv_enter(v, target);
}

#endif
