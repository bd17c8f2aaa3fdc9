/* Inside of the ARMv5TE core. Instructions, ARM and Thumb alike, are decoded once into one form:
 * a function and its operands. What is remembered is forgotten as soon as the code is changed.
 *
 * Source: ARM Architecture Reference Manual, ARM DDI 0100 (v5TE), and the ARM946E-S manual. */
#ifndef RK_EMULATE_ARM_H
#define RK_EMULATE_ARM_H

#include "emulate/bus_access.h"
#include "emulate/cpu.h"

#define RK_ARM_GROUP    1024u /* pages that are found through one entry */
#define RK_ARM_GROUPS   (2 * RK_BUS_PAGES / RK_ARM_GROUP) /* of ARM instructions, and of Thumb ones */
#define RK_ARM_PATIENCE 64u   /* jumps back before a loop is watched first */
#define RK_ARM_HEADS    4096u /* loops that are remembered */

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
enum rk_arm_operand {
    RK_ARM_IMMEDIATE,
    RK_ARM_REGISTER,
    RK_ARM_LSL, /* a register, shifted by a constant */
    RK_ARM_LSR,
    RK_ARM_ASR,
    RK_ARM_ROR,
    RK_ARM_BY_LSL, /* by another register */
    RK_ARM_BY_LSR,
    RK_ARM_BY_ASR,
    RK_ARM_BY_ROR,
    RK_ARM_OPERANDS
};

/* Conditions. Another bit of `cond` tells that the instruction reads r15. */
enum { RK_ARM_ALWAYS = 14, RK_ARM_READS_PC = 0x10, RK_ARM_CONDITION = 15 };

/* Bits of `event`: why the instruction at hand is the last of a run of them. */
enum { RK_ARM_JUMPED = 1, RK_ARM_LOOK = 2 };

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
    rk_arm_run *run;
    uint32_t imm; /* constant, offset, target, list of registers, or the instruction itself */
    uint32_t pc;  /* its address */
    uint8_t cond; /* RK_ARM_ALWAYS, or what has to be done before */
    uint8_t rd, rn, rm, rs;
    uint8_t shift, amount; /* of rm; amount is also the number of registers in a list */
    uint8_t how;
};

struct rk_arm_page {
    uint32_t base;             /* its address */
    bool thumb;                /* the instruction set it is decoded for */
    uint8_t shift;             /* of the size of its instructions */
    const uint8_t *bytes;      /* of the memory; NULL = what is remembered is out of date */
    struct rk_arm_page *other; /* all of them are in a list */
    struct rk_arm_op ops[];    /* and one that leads to the next page */
};

/* What is known of jumps back to an address. */
struct rk_arm_head {
    uint32_t addr;
    uint16_t wait;    /* so many jumps before the loop is watched */
    uint16_t penalty; /* the next wait, if watching was in vain */
    uint16_t length;  /* of a round; 0 = not known */
};

struct rk_arm_watch;

struct rk_arm {
    struct rk_cpu cpu;
    struct rk_bus_page *map; /* that of the bus */
    /* State of the processor, in one piece up to `event`. */
    uint32_t r[16]; /* r15 is only right for instructions that read it: their address plus 8,
                            or 4 in Thumb */
    /* The four flags do not lie side by side: storing them one by one is quicker than gathering them
     * for one store, which is what compilers would do. */
    uint32_t n;    /* N: bit 31 */
    uint32_t next; /* address of the next instruction; not kept within a run of them */
    uint32_t nz;   /* Z is set if this is 0 */
    uint32_t q;    /* 0 or 1 */
    uint32_t c;    /* 0 or 1 */
    uint32_t mode;
    uint32_t v; /* V: bit 31 */
    bool thumb, irq_off, fiq_off;
    uint32_t r13[RK_ARM_BANKS], r14[RK_ARM_BANKS], spsr[RK_ARM_BANKS];
    uint32_t high_user[5], high_fiq[5]; /* r8 to r12 while the other bank is in use */
    uint32_t cp15[16];
    uint8_t event; /* something to look at before the next instruction */
    bool stopped;
    enum rk_cpu_stop stop;
    struct rk_arm_page *page;      /* that is being executed */
    const struct rk_arm_op *first; /* its instruction the present run began with, */
    uint64_t left;                 /* and the instructions from there on up to stop_at */
    uint32_t at;                   /* its address, where rk_arm_count() was called */
    struct rk_arm_watch *watch;    /* while a loop is watched */
    struct rk_arm_head heads[RK_ARM_HEADS];
    struct rk_arm_page **groups[RK_ARM_GROUPS]; /* by address; NULL = no page of it is known */
    struct rk_arm_page *known;                  /* list of all */
};

/* ---- state (arm.c) ---- */

unsigned rk_arm_bank(uint32_t mode);
uint32_t rk_arm_cpsr(const struct rk_arm *a);
/* Sets the whole status register; banks are exchanged with the mode. */
void rk_arm_set_cpsr(struct rk_arm *a, uint32_t value);
/* Back from an exception: status from the saved one of this mode. */
void rk_arm_restore(struct rk_arm *a);
/* A result for r15 is a jump; one with flags, the way back from an exception. */
void rk_arm_put_pc(struct rk_arm *a, uint32_t target, bool flags);
/* Enters an exception; `back` goes into its r14. */
void rk_arm_exception(struct rk_arm *a, uint32_t vector, uint32_t mode, uint32_t back);
/* An access that nobody serves: the run ends before this instruction. */
void rk_arm_fault(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr, unsigned width,
                  bool store);

/* Brings `executed` and `at` up to the instruction that is being executed: within a run they are not
 * kept. */
static inline void rk_arm_count(struct rk_arm *a, const struct rk_arm_op *op)
{
    a->cpu.executed = a->cpu.stop_at - a->left + (uint64_t)(op - a->first) + 1;
    a->at = op->pc;
}

/* The decoded page at pc; NULL if there is no memory, or none left. */
struct rk_arm_page *rk_arm_page_at(struct rk_arm *a, uint32_t pc);
/* Executes one instruction, which is in that page. */
void rk_arm_step(struct rk_arm *a, struct rk_arm_page *page);

/* ---- loops that only wait (arm_spin.c) ---- */

/* Called at the head of a loop: counts what is left of it up to stop_at as executed if that changes
 * nothing, or nothing but counters. */
void rk_arm_spin(struct rk_arm *a);
/* A store, before it is done; an access to a device. For the loop that is watched. */
void rk_arm_note_store(struct rk_arm *a, const struct rk_bus_page *page, uint32_t addr);
void rk_arm_note_device(struct rk_arm *a, uint32_t addr, bool store);

/* True if jumps back to this address are many enough to look what they are for. */
static inline bool rk_arm_is_loop(struct rk_arm *a, uint32_t addr)
{
    struct rk_arm_head *head = &a->heads[(addr >> 1) % RK_ARM_HEADS];

    if (head->addr != addr) {
        *head = (struct rk_arm_head){addr, RK_ARM_PATIENCE, 4 * RK_ARM_PATIENCE, 0};
        return false;
    }
    if (head->wait == 0)
        return true;
    head->wait--;
    return false;
}

/* ---- decoding ---- */

void rk_arm_decode(uint32_t code, uint32_t pc, struct rk_arm_op *out);
/* `pc` is the address of the instruction. */
void rk_thumb_decode(uint32_t code, uint32_t pc, struct rk_arm_op *out);
/* `out` is the first half of BL and BLX: takes the second one, `code`, into it if it is that of BL. */
void rk_thumb_join_call(uint32_t code, struct rk_arm_op *out);

/* The function of a data-processing instruction, `opcode` 0 to 15 as in the encoding. */
rk_arm_run *rk_arm_data_run(unsigned opcode, enum rk_arm_operand operand, bool flags);
/* The other way round: false if it is none. */
bool rk_arm_data_kind(rk_arm_run *run, unsigned *opcode, enum rk_arm_operand *operand, bool *flags);

rk_arm_run rk_arm_undefined, rk_arm_branch, rk_arm_branch_link, rk_arm_branch_register;
rk_arm_run rk_arm_thumb_long_branch, rk_arm_thumb_call;
rk_arm_run rk_arm_software_interrupt, rk_arm_breakpoint, rk_arm_mrs, rk_arm_msr, rk_arm_msr_imm;
rk_arm_run rk_arm_coprocessor, rk_arm_clz, rk_arm_nothing;
rk_arm_run rk_arm_ldr, rk_arm_ldrb, rk_arm_str, rk_arm_strb, rk_arm_ldrh, rk_arm_ldrsb,
    rk_arm_ldrsh;
rk_arm_run rk_arm_strh, rk_arm_ldrd, rk_arm_strd, rk_arm_block, rk_arm_swap;
/* Of loads and stores whose address is a register and a constant, or the sum of two registers. */
rk_arm_run rk_arm_ldr_plain, rk_arm_ldrb_plain, rk_arm_ldrh_plain;
rk_arm_run rk_arm_str_plain, rk_arm_strb_plain, rk_arm_strh_plain;
rk_arm_run rk_arm_ldr_indexed, rk_arm_ldrb_indexed, rk_arm_ldrh_indexed;
rk_arm_run rk_arm_str_indexed, rk_arm_strb_indexed, rk_arm_strh_indexed;
/* What such a one is made of; any other is itself. */
rk_arm_run *rk_arm_general(rk_arm_run *run);
/* The same for a word at a constant address, imm. */
rk_arm_run rk_arm_ldr_at;
/* Takes the plain form of a load or store that has one. `r15` is what it reads there. */
void rk_arm_make_plain(struct rk_arm_op *op, uint32_t r15);
/* A conditional branch takes a form that looks at the flags itself; and the other way round. */
void rk_arm_make_branch(struct rk_arm_op *op);
void rk_arm_unmake_branch(struct rk_arm_op *op);
rk_arm_run rk_arm_mul, rk_arm_mla, rk_arm_muls, rk_arm_mlas, rk_arm_long_multiply,
    rk_arm_halfword_multiply;
rk_arm_run rk_arm_saturating;

/* ---- small things for the handlers ---- */

/* Does a condition hold? 14 and 15 always do. */
static inline bool rk_arm_passes(const struct rk_arm *a, unsigned cond)
{
    bool yes = true;

    switch (cond >> 1) {
    case 0:
        yes = a->nz == 0;
        break;
    case 1:
        yes = a->c;
        break;
    case 2:
        yes = a->n >> 31;
        break;
    case 3:
        yes = a->v >> 31;
        break;
    case 4:
        yes = a->c && a->nz;
        break;
    case 5:
        yes = !((a->n ^ a->v) >> 31);
        break;
    case 6:
        yes = a->nz && !((a->n ^ a->v) >> 31);
        break;
    default:
        break;
    }
    return cond >= 14 || yes != (cond & 1);
}

static inline void rk_arm_set_nz(struct rk_arm *a, uint32_t result)
{
    a->n = a->nz = result;
}

/* N, Z, C and V from bits 31 to 28. */
static inline void rk_arm_set_nzcv(struct rk_arm *a, uint32_t status)
{
    a->n = status;
    a->nz = ~status & 1u << 30;
    a->c = status >> 29 & 1;
    a->v = status << 3;
}

static inline void rk_arm_jump(struct rk_arm *a, uint32_t target)
{
    a->next = target & (a->thumb ? ~1u : ~3u);
    a->event |= RK_ARM_JUMPED;
}

static inline void rk_arm_jump_exchange(struct rk_arm *a, uint32_t target)
{
    a->event |= RK_ARM_JUMPED;
    a->thumb = target & 1;
    a->next = target & (target & 1 ? ~1u : ~3u);
}

/* Is an interrupt asserted that would be taken? */
static inline bool rk_arm_is_interrupted(const struct rk_arm *a)
{
    return (a->cpu.lines & RK_ARM_LINE_IRQ && !a->irq_off) ||
           (a->cpu.lines & RK_ARM_LINE_FIQ && !a->fiq_off);
}

/* The instruction of a page at pc. */
static inline const struct rk_arm_op *rk_arm_op_at(const struct rk_arm_page *page, uint32_t pc)
{
    return &page->ops[(pc & (RK_BUS_PAGE - 1)) >> page->shift];
}

static inline const struct rk_bus_page *rk_arm_memory(const struct rk_arm *a, uint32_t addr)
{
    return &a->map[addr >> RK_BUS_PAGE_BITS];
}

/* Address of the next instruction in memory. */
static inline uint32_t rk_arm_behind(const struct rk_arm *a, const struct rk_arm_op *op)
{
    return op->pc + (a->thumb ? 2 : 4);
}

static inline void rk_arm_put(struct rk_arm *a, unsigned rd, uint32_t value)
{
    a->r[rd] = value;
    if (rd == 15)
        rk_arm_jump(a, value);
}

/* Of rm with a constant shift: none at all is a kind of its own. */
static inline enum rk_arm_operand rk_arm_operand_of(const struct rk_arm_op *op)
{
    return op->shift || op->amount ? (enum rk_arm_operand)(RK_ARM_LSL + op->shift)
                                   : RK_ARM_REGISTER;
}

/* A block transfer's list of registers. */
static inline void rk_arm_put_list(struct rk_arm_op *op, uint32_t list)
{
    op->imm = list;
    op->amount = (uint8_t)__builtin_popcount(list);
    op->run = rk_arm_block;
}

static inline uint32_t rk_arm_ror(uint32_t value, unsigned by)
{
    by &= 31;
    return by ? value >> by | value << (32 - by) : value;
}

#endif
