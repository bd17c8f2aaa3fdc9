/* Registers of the system, exceptions and interrupts of the E24: machine mode only, interrupts
 * through the core-local interrupt controller (CLIC) when mtvec says so. */
#include "emulate/riscv.h"

enum {
    CSR_FFLAGS = 0x001,
    CSR_FRM = 0x002,
    CSR_FCSR = 0x003,
    CSR_MSTATUS = 0x300,
    CSR_MISA = 0x301,
    CSR_MIE = 0x304,
    CSR_MTVEC = 0x305,
    CSR_MTVT = 0x307,
    CSR_MSCRATCH = 0x340,
    CSR_MEPC = 0x341,
    CSR_MCAUSE = 0x342,
    CSR_MTVAL = 0x343,
    CSR_MIP = 0x344,
    CSR_MINTSTATUS = 0x346,
    CSR_PMP = 0x3A0,
    CSR_CUSTOM = 0x7C0,
    CSR_MCYCLE = 0xB00,
    CSR_CYCLE = 0xC00
};

enum {
    MISA = 0x40001125, /* RV32 with A, C, F, I and M */
    STATUS_KEPT = RK_RV_STATUS_MIE | RK_RV_STATUS_MPIE | RK_RV_STATUS_FS,
    TVEC_CLIC = 2, /* mtvec modes 2 and 3 */
    CAUSE_CODE = 0x3FF
};

/* What an instruction does with the old value: funct3 without its bit 2. */
enum { CSR_WRITE = 1, CSR_SET = 2, CSR_CLEAR = 3 };

static bool clic(const struct rk_rv *v)
{
    return v->mtvec & TVEC_CLIC;
}

static uint32_t read_status(const struct rk_rv *v)
{
    uint32_t dirty = (v->mstatus & RK_RV_STATUS_FS) == RK_RV_STATUS_FS ? 1u << 31 : 0;

    return v->mstatus | RK_RV_STATUS_MPP | dirty;
}

/* With the CLIC, mcause shows what a return will bring back, too. */
static uint32_t read_cause(const struct rk_rv *v)
{
    uint32_t pie = v->mstatus & RK_RV_STATUS_MPIE ? 1u << 27 : 0;

    return clic(v) ? v->mcause | 3u << 28 | pie : v->mcause & ~0x00FF0000u;
}

static void write_cause(struct rk_rv *v, uint32_t value)
{
    v->mcause = value & (1u << 31 | 0x00FF0000u | CAUSE_CODE);
    if (!clic(v))
        return;
    v->mstatus &= ~(uint32_t)RK_RV_STATUS_MPIE;
    v->mstatus |= value >> 27 & 1 ? RK_RV_STATUS_MPIE : 0;
}

/* Where a register is kept that is nothing but a word; NULL for the others. */
static uint32_t *plain(struct rk_rv *v, uint32_t number)
{
    switch (number) {
    case CSR_MIE:
        return &v->mie;
    case CSR_MTVEC:
        return &v->mtvec;
    case CSR_MTVT:
        return &v->mtvt;
    case CSR_MSCRATCH:
        return &v->mscratch;
    case CSR_MEPC:
        return &v->mepc;
    case CSR_MTVAL:
        return &v->mtval;
    default:
        break;
    }
    if (number - CSR_PMP < 32)
        return &v->pmp[number - CSR_PMP];
    return number - CSR_CUSTOM < 64 ? &v->custom[number - CSR_CUSTOM] : NULL;
}

/* Of the machine or of the user, 32 of each, and their upper halves. */
static bool is_counter(uint32_t number)
{
    uint32_t block = number & ~0x9Fu;

    return block == CSR_MCYCLE || block == CSR_CYCLE;
}

static bool read_csr(struct rk_rv *v, uint32_t number, uint32_t *out)
{
    const uint32_t *word = plain(v, number);

    *out = word ? *word : 0;
    if (word)
        return true;
    switch (number) {
    case CSR_FFLAGS:
    case CSR_FRM:
    case CSR_FCSR:
        *out = number == CSR_FFLAGS ? v->fcsr & 31 : number == CSR_FRM ? v->fcsr >> 5 : v->fcsr;
        return v->mstatus & RK_RV_STATUS_FS;
    case CSR_MSTATUS:
        *out = read_status(v);
        return true;
    case CSR_MISA:
        *out = MISA;
        return true;
    case CSR_MCAUSE:
        *out = read_cause(v);
        return true;
    case CSR_MINTSTATUS:
        *out = v->level << 24;
        return true;
    default:
        break;
    }
    /* Cycles and instructions are one here; time and the counters of events stay 0. */
    if (is_counter(number) && (number & 0x1F) % 2 == 0 && (number & 0x1F) <= 2)
        *out = number & 0x80 ? (uint32_t)(v->cpu.executed >> 32) : (uint32_t)v->cpu.executed;
    return is_counter(number) || number == CSR_MIP || (number >= 0xF11 && number < 0xF15) ||
           (number >= 0x320 && number < 0x340) || (number >= 0x7A0 && number < 0x7B4);
}

static void write_csr(struct rk_rv *v, uint32_t number, uint32_t value)
{
    uint32_t *word = plain(v, number);

    if (word)
        *word = number == CSR_MEPC ? value & ~1u : value;
    else if (number == CSR_MSTATUS)
        v->mstatus = value & STATUS_KEPT;
    else if (number == CSR_MCAUSE)
        write_cause(v, value);
    else if (number == CSR_FFLAGS)
        v->fcsr = (v->fcsr & ~31u) | (value & 31);
    else if (number == CSR_FRM)
        v->fcsr = (v->fcsr & 31) | (value & 7) << 5;
    else if (number == CSR_FCSR)
        v->fcsr = value & 0xFF;
    if (number >= CSR_FFLAGS && number <= CSR_FCSR)
        v->mstatus |= RK_RV_STATUS_FS;
}

/* rs2 is funct3, rs1 a register or a constant of five bits. */
static struct rk_rv_op *csr(struct rk_rv *v, struct rk_rv_op *op)
{
    uint32_t value = op->rs2 & 4 ? op->rs1 : v->x[op->rs1], old;
    unsigned how = op->rs2 & 3;
    bool writes = how == CSR_WRITE || op->rs1 != 0;

    if (!read_csr(v, op->imm, &old) || (writes && op->imm >> 10 == 3))
        return rk_rv_illegal(v, op);
    if (writes)
        write_csr(v, op->imm,
                  how == CSR_WRITE ? value
                  : how == CSR_SET ? old | value
                                   : old & ~value);
    v->x[op->rd] = old;
    v->next = rk_rv_pc(v, op) + 4;
    return NULL;
}

/* ---- exceptions ---- */

static uint32_t handler_of(const struct rk_rv *v)
{
    return v->mtvec & (clic(v) ? ~63u : ~3u);
}

static void enter_handler(struct rk_rv *v, uint32_t back, uint32_t cause)
{
    v->mepc = back;
    v->mcause = cause | v->level << 16;
    v->mstatus &= ~(uint32_t)RK_RV_STATUS_MPIE;
    v->mstatus |= v->mstatus & RK_RV_STATUS_MIE ? RK_RV_STATUS_MPIE : 0;
    v->mstatus &= ~(uint32_t)RK_RV_STATUS_MIE;
    v->reserved = false;
    v->next = handler_of(v);
}

struct rk_rv_op *rk_rv_trap(struct rk_rv *v, uint32_t pc, uint32_t cause, uint32_t value)
{
    v->mtval = value;
    if (cause != RK_RV_ECALL) {
        v->cpu.exceptions++;
        v->cpu.fault.pc = pc;
        v->cpu.fault.addr = value;
    }
    enter_handler(v, pc, cause);
    return NULL;
}

bool rk_rv_fetch_fault(struct rk_rv *v)
{
    uint32_t pc = v->cpu.fault.pc, handler = handler_of(v);
    uint8_t code[2];

    if (rk_bus_peek(v->cpu.bus, handler, code, sizeof code)) {
        v->cpu.executed++;
        (void)rk_rv_trap(v, pc, RK_RV_FETCH_FAULT, pc);
        return true;
    }
    if (pc == handler && v->cpu.exceptions)
        v->cpu.fault = (struct rk_cpu_fault){.pc = v->mepc, .addr = v->mtval};
    return false;
}

struct rk_rv_op *rk_rv_fault(struct rk_rv *v, const struct rk_rv_op *op, uint32_t addr,
                             unsigned width, bool store)
{
    uint32_t pc = rk_rv_pc(v, op);
    uint8_t code[4] = {0};

    (void)rk_bus_peek(v->cpu.bus, pc, code, op->halves * 2u);
    v->cpu.fault = (struct rk_cpu_fault){
        .pc = pc, .addr = addr, .code = rk_get_le32(code), .width = width, .store = store};
    return rk_rv_trap(v, pc, store ? RK_RV_STORE_FAULT : RK_RV_LOAD_FAULT, addr);
}

void rk_rv_interrupt(struct rk_rv *v)
{
    uint32_t id = v->cpu.lines & RK_RISCV_LINE_ID, level = v->cpu.lines >> 16 & 0xFF;
    uint8_t target[4];

    if (!(v->mstatus & RK_RV_STATUS_MIE) || level <= v->level)
        return;
    enter_handler(v, v->next, 1u << 31 | id);
    v->level = level;
    if ((v->mtvec & 3) == 1)
        v->next += 4 * id;
    else if ((v->mtvec & 3) == 3 && rk_bus_peek(v->cpu.bus, (v->mtvt & ~63u) + 4 * id, target, 4))
        v->next = rk_get_le32(target) & ~1u;
}

static struct rk_rv_op *machine_return(struct rk_rv *v, struct rk_rv_op *op)
{
    (void)op;
    v->mstatus &= ~(uint32_t)RK_RV_STATUS_MIE;
    v->mstatus |= v->mstatus & RK_RV_STATUS_MPIE ? RK_RV_STATUS_MIE : 0;
    v->mstatus |= RK_RV_STATUS_MPIE;
    v->level = v->mcause >> 16 & 0xFF;
    v->next = v->mepc;
    return NULL;
}

static struct rk_rv_op *wait(struct rk_rv *v, struct rk_rv_op *op)
{
    v->next = rk_rv_pc(v, op) + 4;
    if (!v->cpu.lines) {
        v->stopped = true;
        v->stop = RK_CPU_WAIT;
    }
    return NULL;
}

static struct rk_rv_op *environment_call(struct rk_rv *v, struct rk_rv_op *op)
{
    return rk_rv_trap(v, rk_rv_pc(v, op), RK_RV_ECALL, 0);
}

static struct rk_rv_op *breakpoint(struct rk_rv *v, struct rk_rv_op *op)
{
    uint32_t pc = rk_rv_pc(v, op);

    return rk_rv_trap(v, pc, RK_RV_BREAKPOINT, pc);
}

struct rk_rv_op *rk_rv_illegal(struct rk_rv *v, struct rk_rv_op *op)
{
    uint32_t pc = rk_rv_pc(v, op);
    uint8_t code[4] = {0};

    (void)rk_bus_peek(v->cpu.bus, pc, code, op->halves * 2u);
    v->cpu.fault =
        (struct rk_cpu_fault){.pc = pc, .addr = pc, .code = rk_get_le32(code), .width = 4};
    return rk_rv_trap(v, pc, RK_RV_ILLEGAL, rk_get_le32(code));
}

void rk_rv_decode_system(uint32_t code, struct rk_rv_op *out)
{
    uint32_t funct3 = code >> 12 & 7;

    if (funct3 & 3) {
        out->run = csr;
        out->imm = code >> 20;
        out->rs2 = (uint8_t)funct3;
        return;
    }
    switch (code) {
    case 0x00000073:
        out->run = environment_call;
        break;
    case 0x00100073:
        out->run = breakpoint;
        break;
    case 0x30200073:
        out->run = machine_return;
        break;
    case 0x10500073:
        out->run = wait;
        break;
    default:
        break;
    }
}
