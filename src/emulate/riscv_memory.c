/* Loads, stores and atomic instructions. An access that is not aligned is an exception, as on the
 * E24. */
#include "emulate/riscv.h"

#define OFFSET(addr) ((addr) & (RK_BUS_PAGE - 1))

/* After a device was called: go on, but look around before. */
static struct rk_rv_op *past(struct rk_rv *v, const struct rk_rv_op *op)
{
    v->next = rk_rv_pc(v, op) + 2u * op->halves;
    return NULL;
}

/* A load that is not plain memory, or not aligned. */
static struct rk_rv_op *load_slowly(struct rk_rv *v, struct rk_rv_op *op, uint32_t addr,
                                    unsigned width, uint32_t sign, uint32_t *to)
{
    if (addr & (width - 1))
        return rk_rv_trap(v, rk_rv_pc(v, op), RK_RV_LOAD_UNALIGNED, addr);
    if (rk_bus_is_void(v->cpu.bus, addr))
        return rk_rv_fault(v, op, addr, width, false);
    v->at = rk_rv_pc(v, op);
    uint32_t value = rk_bus_device_read(v->cpu.bus, addr, width);
    if (width < 4)
        value &= (1u << 8 * width) - 1;
    *to = (value ^ sign) - sign;
    return past(v, op);
}

#define LOAD(name, width, sign, from, to)                                                          \
    struct rk_rv_op *rk_rv_##name(struct rk_rv *v, struct rk_rv_op *op)                            \
    {                                                                                              \
        uint32_t addr = v->x[op->rs1] + op->imm;                                                   \
        const uint8_t *page = rk_bus_page_of(v->cpu.bus, addr)->read;                              \
                                                                                                   \
        if (!page || addr & ((width)-1))                                                           \
            return load_slowly(v, op, addr, width, sign, &v->to[op->rd]);                          \
        uint32_t value = from(page + OFFSET(addr));                                                \
        v->to[op->rd] = (value ^ (sign)) - (sign);                                                 \
        return op + op->halves;                                                                    \
    }

static inline uint32_t get_byte(const uint8_t *p)
{
    return *p;
}

LOAD(lb, 1u, 0x80u, get_byte, x)
LOAD(lbu, 1u, 0u, get_byte, x)
LOAD(lh, 2u, 0x8000u, rk_get_le16, x)
LOAD(lhu, 2u, 0u, rk_get_le16, x)
LOAD(lw, 4u, 0u, rk_get_le32, x)

static struct rk_rv_op *store_slowly(struct rk_rv *v, struct rk_rv_op *op, uint32_t addr,
                                     unsigned width, uint32_t value)
{
    const struct rk_bus_page *page = rk_bus_page_of(v->cpu.bus, addr);

    if (addr & (width - 1))
        return rk_rv_trap(v, rk_rv_pc(v, op), RK_RV_STORE_UNALIGNED, addr);
    if (!page->read && !page->device)
        return rk_rv_fault(v, op, addr, width, true);
    if (!page->device)
        return op + op->halves;
    v->at = rk_rv_pc(v, op);
    rk_bus_device_write(v->cpu.bus, addr, value, width);
    return past(v, op);
}

static inline void put_byte(uint8_t *p, uint32_t value)
{
    *p = (uint8_t)value;
}

static inline void put_half(uint8_t *p, uint32_t value)
{
    rk_put_le16(p, (uint16_t)value);
}

#define STORE(name, width, put, from)                                                              \
    struct rk_rv_op *rk_rv_##name(struct rk_rv *v, struct rk_rv_op *op)                            \
    {                                                                                              \
        uint32_t addr = v->x[op->rs1] + op->imm, value = v->from[op->rs2];                         \
        const struct rk_bus_page *page = rk_bus_page_of(v->cpu.bus, addr);                         \
                                                                                                   \
        if (!page->write || addr & ((width)-1))                                                    \
            return store_slowly(v, op, addr, width, value);                                        \
        put(page->write + OFFSET(addr), value);                                                    \
        if (page->code)                                                                            \
            rk_bus_changed(v->cpu.bus, addr, width);                                               \
        return op + op->halves;                                                                    \
    }

STORE(sb, 1u, put_byte, x)
STORE(sh, 2u, put_half, x)
STORE(sw, 4u, rk_put_le32, x)

/* ---- single precision ---- */

LOAD(load_float, 4u, 0u, rk_get_le32, f)
STORE(store_float, 4u, rk_put_le32, f)

struct rk_rv_op *rk_rv_flw(struct rk_rv *v, struct rk_rv_op *op)
{
    if (!(v->mstatus & RK_RV_STATUS_FS))
        return rk_rv_illegal(v, op);
    v->mstatus |= RK_RV_STATUS_FS;
    return rk_rv_load_float(v, op);
}

struct rk_rv_op *rk_rv_fsw(struct rk_rv *v, struct rk_rv_op *op)
{
    return v->mstatus & RK_RV_STATUS_FS ? rk_rv_store_float(v, op) : rk_rv_illegal(v, op);
}

/* ---- atomic instructions: imm is the operation, bits 31:27 of the encoding ---- */

enum {
    AMO_ADD = 0,
    AMO_SWAP = 1,
    AMO_LR = 2,
    AMO_SC = 3,
    AMO_XOR = 4,
    AMO_OR = 8,
    AMO_AND = 12,
    AMO_MIN = 16,
    AMO_MAX = 20,
    AMO_MINU = 24,
    AMO_MAXU = 28
};

static uint32_t combine(uint32_t how, uint32_t a, uint32_t b)
{
    switch (how) {
    case AMO_ADD:
        return a + b;
    case AMO_XOR:
        return a ^ b;
    case AMO_OR:
        return a | b;
    case AMO_AND:
        return a & b;
    case AMO_MIN:
        return (int32_t)a < (int32_t)b ? a : b;
    case AMO_MAX:
        return (int32_t)a > (int32_t)b ? a : b;
    case AMO_MINU:
        return a < b ? a : b;
    case AMO_MAXU:
        return a > b ? a : b;
    default:
        return b; /* AMO_SWAP */
    }
}

struct rk_rv_op *rk_rv_atomic(struct rk_rv *v, struct rk_rv_op *op)
{
    uint32_t addr = v->x[op->rs1], value = v->x[op->rs2], how = op->imm;
    const struct rk_bus_page *page = rk_bus_page_of(v->cpu.bus, addr);

    if (addr & 3)
        return rk_rv_trap(v, rk_rv_pc(v, op),
                          how == AMO_LR ? RK_RV_LOAD_UNALIGNED : RK_RV_STORE_UNALIGNED, addr);
    if (!page->read || (how != AMO_LR && !page->write))
        return rk_rv_fault(v, op, addr, 4, how != AMO_LR);
    uint32_t old = rk_get_le32(page->read + OFFSET(addr));
    if (how == AMO_LR) {
        v->reserved = true;
        v->reserved_at = addr;
    } else if (how == AMO_SC) {
        old = !(v->reserved && v->reserved_at == addr);
        v->reserved = false;
    }
    if (how != AMO_LR && !(how == AMO_SC && old)) {
        rk_put_le32(page->write + OFFSET(addr), how == AMO_SC ? value : combine(how, old, value));
        if (page->code)
            rk_bus_changed(v->cpu.bus, addr, 4);
    }
    v->x[op->rd] = old;
    return op + op->halves;
}
