/* Inside of the ARMv5TE core. Instructions, ARM and Thumb alike, are decoded once into one form:
 * a function and its operands. What is remembered is forgotten as soon as the code is changed.
 *
 * Source: ARM Architecture Reference Manual, ARM DDI 0100 (v5TE), and the ARM946E-S manual. */
#ifndef RK_EMULATE_ARM_H
#define RK_EMULATE_ARM_H

#include "emulate/bus_access.h"
#include "emulate/cpu.h"

#define RK_ARM_CACHE 8192u /* slots for decoded pages: half of them for either instruction set */

enum {
    RK_ARM_BANK_USER,
    RK_ARM_BANK_FIQ,
    RK_ARM_BANK_IRQ,
    RK_ARM_BANK_SVC,
    RK_ARM_BANK_ABT,
    RK_ARM_BANK_UND,
    RK_ARM_BANKS
};

enum {
    RK_ARM_USR = 0x10,
    RK_ARM_FIQ = 0x11,
    RK_ARM_IRQ = 0x12,
    RK_ARM_SVC = 0x13,
    RK_ARM_ABT = 0x17,
    RK_ARM_UND = 0x1B,
    RK_ARM_SYS = 0x1F
};

enum { RK_ARM_LINE_IRQ = 1, RK_ARM_LINE_FIQ = 2 };

/* How the second operand comes about. */
enum rk_arm_operand { RK_ARM_IMMEDIATE, RK_ARM_REGISTER, RK_ARM_SHIFTED, RK_ARM_SHIFTED_BY };

/* Bits of `how`. */
enum {
    RK_ARM_PRE = 1,   /* the offset is added before the access */
    RK_ARM_UP = 2,    /* it is added, not taken away */
    RK_ARM_WRITE = 4, /* the base register is changed */
    RK_ARM_LOAD = 8,
    RK_ARM_USER_BANK = 16,
    RK_ARM_LINK = 32,     /* r14 gets the return address */
    RK_ARM_EXCHANGE = 64, /* bit 0 of the target chooses the instruction set */
    RK_ARM_OFFSET_REG = 128
};

struct rk_arm;
struct rk_arm_op;
typedef void rk_arm_run(struct rk_arm *a, const struct rk_arm_op *op);

struct rk_arm_op {
    rk_arm_run *run; /* NULL = not decoded yet */
    uint32_t imm;    /* constant, offset, target, list of registers, or the instruction itself */
    uint8_t cond;
    uint8_t rd, rn, rm, rs;
    uint8_t shift, amount; /* of rm */
    uint8_t how;
};

struct rk_arm_page {
    uint32_t number; /* address / RK_BUS_PAGE, and the instruction set in bit 31 */
    uint8_t *bytes;  /* of the memory; NULL = unused */
    struct rk_arm_op *ops;
};

struct rk_arm {
    struct rk_cpu cpu;
    uint32_t r[16];      /* r15 reads as the instruction's address plus 8, or 4 in Thumb */
    uint32_t next;       /* address of the next instruction */
    uint32_t n, z, c, v; /* 0 or 1 */
    uint32_t q;
    uint32_t mode;
    bool thumb, irq_off, fiq_off;
    bool event; /* something to look at before the next instruction */
    bool stopped;
    enum rk_cpu_stop stop;
    uint32_t r13[RK_ARM_BANKS], r14[RK_ARM_BANKS], spsr[RK_ARM_BANKS];
    uint32_t high_user[5], high_fiq[5]; /* r8 to r12 while the other bank is in use */
    uint32_t cp15[16];
    struct rk_arm_page pages[RK_ARM_CACHE];
};

/* ---- state (arm.c) ---- */

unsigned rk_arm_bank(uint32_t mode);
uint32_t rk_arm_cpsr(const struct rk_arm *a);
/* Sets the whole status register; banks are exchanged with the mode. */
void rk_arm_set_cpsr(struct rk_arm *a, uint32_t value);
/* Back from an exception: status from the saved one of this mode. */
void rk_arm_restore(struct rk_arm *a);
/* Enters an exception; `back` goes into its r14. */
void rk_arm_exception(struct rk_arm *a, uint32_t vector, uint32_t mode, uint32_t back);
/* Ends the run before this instruction. */
void rk_arm_stop(struct rk_arm *a, enum rk_cpu_stop why);
/* An access that nobody serves. */
void rk_arm_fault(struct rk_arm *a, uint32_t addr, unsigned width, bool store);

/* ---- decoding ---- */

void rk_arm_decode(uint32_t code, struct rk_arm_op *out);
/* `pc` is the address of the instruction. */
void rk_thumb_decode(uint32_t code, uint32_t pc, struct rk_arm_op *out);

/* The function of a data-processing instruction, `opcode` 0 to 15 as in the encoding. */
rk_arm_run *rk_arm_data_run(unsigned opcode, enum rk_arm_operand operand, bool flags);

rk_arm_run rk_arm_undefined, rk_arm_branch, rk_arm_branch_register, rk_arm_thumb_long_branch;
rk_arm_run rk_arm_software_interrupt, rk_arm_breakpoint, rk_arm_mrs, rk_arm_msr, rk_arm_msr_imm;
rk_arm_run rk_arm_coprocessor, rk_arm_clz, rk_arm_nothing;
rk_arm_run rk_arm_ldr, rk_arm_ldrb, rk_arm_str, rk_arm_strb, rk_arm_ldrh, rk_arm_ldrsb,
    rk_arm_ldrsh;
rk_arm_run rk_arm_strh, rk_arm_ldrd, rk_arm_strd, rk_arm_block, rk_arm_swap;
rk_arm_run rk_arm_mul, rk_arm_mla, rk_arm_muls, rk_arm_mlas, rk_arm_long_multiply,
    rk_arm_halfword_multiply;
rk_arm_run rk_arm_saturating;

/* ---- small things for the handlers ---- */

static inline void rk_arm_jump(struct rk_arm *a, uint32_t target)
{
    a->next = target & (a->thumb ? ~1u : ~3u);
}

static inline void rk_arm_jump_exchange(struct rk_arm *a, uint32_t target)
{
    if (a->thumb != (target & 1)) {
        a->thumb = target & 1;
        a->event = true;
    }
    a->next = target & (target & 1 ? ~1u : ~3u);
}

static inline void rk_arm_put(struct rk_arm *a, unsigned rd, uint32_t value)
{
    a->r[rd] = value;
    if (rd == 15)
        rk_arm_jump(a, value);
}

static inline uint32_t rk_arm_ror(uint32_t value, unsigned by)
{
    by &= 31;
    return by ? value >> by | value << (32 - by) : value;
}

#endif
