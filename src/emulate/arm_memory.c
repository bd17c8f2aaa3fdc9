/* Loads and stores. Words are rotated when they are read from an unaligned address, halfwords are
 * read from the aligned one, stores are aligned down: as the ARM946E-S does. */
#include "emulate/arm.h"

#define OFFSET(addr) ((addr) & (RK_BUS_PAGE - 1))

static uint32_t device_read(struct rk_arm *a, uint32_t addr, unsigned width)
{
    a->event = true;
    return rk_bus_device_read(a->cpu.bus, addr, width);
}

static inline uint32_t load32(struct rk_arm *a, uint32_t addr)
{
    const struct rk_bus_page *p = rk_bus_page_of(a->cpu.bus, addr);
    uint32_t at = addr & ~3u;

    return p->read ? rk_get_le32(p->read + OFFSET(at)) : device_read(a, at, 4);
}

static inline uint32_t load16(struct rk_arm *a, uint32_t addr)
{
    const struct rk_bus_page *p = rk_bus_page_of(a->cpu.bus, addr);
    uint32_t at = addr & ~1u;

    return p->read ? rk_get_le16(p->read + OFFSET(at)) : device_read(a, at, 2) & 0xFFFF;
}

static inline uint32_t load8(struct rk_arm *a, uint32_t addr)
{
    const struct rk_bus_page *p = rk_bus_page_of(a->cpu.bus, addr);

    return p->read ? p->read[OFFSET(addr)] : device_read(a, addr, 1) & 0xFF;
}

/* What a store does beside writing memory. */
static void store_slowly(struct rk_arm *a, const struct rk_bus_page *p, uint32_t addr,
                         uint32_t value, unsigned width)
{
    if (p->write) {
        rk_bus_changed(a->cpu.bus, addr, width);
        return;
    }
    if (!p->device)
        return; /* memory that takes no stores */
    a->event = true;
    rk_bus_device_write(a->cpu.bus, addr, value, width);
}

static inline void store32(struct rk_arm *a, uint32_t addr, uint32_t value)
{
    const struct rk_bus_page *p = rk_bus_page_of(a->cpu.bus, addr);

    addr &= ~3u;
    if (p->write)
        rk_put_le32(p->write + OFFSET(addr), value);
    if (!p->write || p->code)
        store_slowly(a, p, addr, value, 4);
}

static inline void store16(struct rk_arm *a, uint32_t addr, uint32_t value)
{
    const struct rk_bus_page *p = rk_bus_page_of(a->cpu.bus, addr);

    addr &= ~1u;
    if (p->write)
        rk_put_le16(p->write + OFFSET(addr), (uint16_t)value);
    if (!p->write || p->code)
        store_slowly(a, p, addr, value & 0xFFFF, 2);
}

static inline void store8(struct rk_arm *a, uint32_t addr, uint32_t value)
{
    const struct rk_bus_page *p = rk_bus_page_of(a->cpu.bus, addr);

    if (p->write)
        p->write[OFFSET(addr)] = (uint8_t)value;
    if (!p->write || p->code)
        store_slowly(a, p, addr, value & 0xFF, 1);
}

/* rm shifted for an address; flags are left alone. */
static uint32_t index_of(const struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t value = a->r[op->rm];
    unsigned by = op->amount;

    switch (op->shift) {
    case 0:
        return value << by;
    case 1:
        return by ? value >> by : 0;
    case 2:
        return (uint32_t)((int32_t)value >> (by ? by : 31));
    default:
        return by ? rk_arm_ror(value, by) : value >> 1 | a->c << 31;
    }
}

/* The address of the access, and what the base register becomes. */
static inline uint32_t address(const struct rk_arm *a, const struct rk_arm_op *op, uint32_t *base)
{
    uint32_t offset = op->how & RK_ARM_OFFSET_REG ? index_of(a, op) : op->imm;
    uint32_t from = a->r[op->rn];

    *base = op->how & RK_ARM_UP ? from + offset : from - offset;
    return op->how & RK_ARM_PRE ? *base : from;
}

/* True if somebody serves the address; else the run ends before this instruction. */
static inline bool served(struct rk_arm *a, uint32_t addr, unsigned width, bool store)
{
    if (!rk_bus_is_void(a->cpu.bus, addr))
        return true;
    rk_arm_fault(a, addr, width, store);
    return false;
}

static inline void write_base(struct rk_arm *a, const struct rk_arm_op *op, uint32_t base)
{
    if (op->how & RK_ARM_WRITE)
        a->r[op->rn] = base;
}

void rk_arm_ldr(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t base, addr = address(a, op, &base);

    if (!served(a, addr, 4, false))
        return;
    uint32_t value = rk_arm_ror(load32(a, addr), 8 * (addr & 3));
    write_base(a, op, base);
    if (op->rd == 15)
        rk_arm_jump_exchange(a, value);
    else
        a->r[op->rd] = value;
}

#define LOAD(name, width, expression)                                                              \
    void name(struct rk_arm *a, const struct rk_arm_op *op)                                        \
    {                                                                                              \
        uint32_t base, addr = address(a, op, &base);                                               \
        if (!served(a, addr, width, false))                                                        \
            return;                                                                                \
        uint32_t value = expression;                                                               \
        write_base(a, op, base);                                                                   \
        rk_arm_put(a, op->rd, value);                                                              \
    }
#define STORE(name, width, function)                                                               \
    void name(struct rk_arm *a, const struct rk_arm_op *op)                                        \
    {                                                                                              \
        uint32_t base, addr = address(a, op, &base);                                               \
        if (!served(a, addr, width, true))                                                         \
            return;                                                                                \
        function(a, addr, a->r[op->rd] + (op->rd == 15 ? 4 : 0));                                  \
        write_base(a, op, base);                                                                   \
    }

LOAD(rk_arm_ldrb, 1, load8(a, addr))
LOAD(rk_arm_ldrh, 2, load16(a, addr))
LOAD(rk_arm_ldrsb, 1, (uint32_t)(int32_t)(int8_t)load8(a, addr))
LOAD(rk_arm_ldrsh, 2, (uint32_t)(int32_t)(int16_t)load16(a, addr))
STORE(rk_arm_str, 4, store32)
STORE(rk_arm_strb, 1, store8)
STORE(rk_arm_strh, 2, store16)

void rk_arm_ldrd(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t base, addr = address(a, op, &base);

    if (!served(a, addr, 4, false) || !served(a, addr + 4, 4, false))
        return;
    uint32_t low = load32(a, addr), high = load32(a, addr + 4);
    write_base(a, op, base);
    a->r[op->rd & 14] = low;
    rk_arm_put(a, op->rd | 1, high);
}

void rk_arm_strd(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t base, addr = address(a, op, &base);

    if (!served(a, addr, 4, true) || !served(a, addr + 4, 4, true))
        return;
    store32(a, addr, a->r[op->rd & 14]);
    store32(a, addr + 4, a->r[op->rd | 1]);
    write_base(a, op, base);
}

void rk_arm_swap(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t addr = a->r[op->rn], value;

    if (!served(a, addr, op->imm ? 1 : 4, true))
        return;
    if (op->imm) {
        value = load8(a, addr);
        store8(a, addr, a->r[op->rm]);
    } else {
        value = rk_arm_ror(load32(a, addr), 8 * (addr & 3));
        store32(a, addr, a->r[op->rm]);
    }
    rk_arm_put(a, op->rd, value);
}

/* The register a block transfer means: those of the user bank if the S bit says so. */
static uint32_t *register_of(struct rk_arm *a, unsigned i, bool user)
{
    if (!user || i < 8 || i == 15)
        return &a->r[i];
    if (i >= 13) {
        bool current = rk_arm_bank(a->mode) == RK_ARM_BANK_USER;
        uint32_t *bank = i == 13 ? a->r13 : a->r14;
        return current ? &a->r[i] : &bank[RK_ARM_BANK_USER];
    }
    return a->mode == RK_ARM_FIQ ? &a->high_user[i - 8] : &a->r[i];
}

static void load_block(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr, uint32_t base)
{
    bool back = op->how & RK_ARM_USER_BANK && op->imm & 0x8000;
    bool user = op->how & RK_ARM_USER_BANK && !back;

    if (op->how & RK_ARM_WRITE)
        a->r[op->rn] = base;
    for (unsigned i = 0; i < 15; i++)
        if (op->imm >> i & 1) {
            *register_of(a, i, user) = load32(a, addr);
            addr += 4;
        }
    if (!(op->imm & 0x8000))
        return;
    uint32_t target = load32(a, addr);
    if (back) {
        rk_arm_restore(a);
        rk_arm_jump(a, target);
    } else {
        rk_arm_jump_exchange(a, target);
    }
}

static void store_block(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr, uint32_t base)
{
    bool user = op->how & RK_ARM_USER_BANK, first = true;

    for (unsigned i = 0; i < 16; i++)
        if (op->imm >> i & 1) {
            store32(a, addr, *register_of(a, i, user) + (i == 15 ? 4 : 0));
            addr += 4;
            /* A base register in the list is stored as it was only if it is the first one. */
            if (first && op->how & RK_ARM_WRITE)
                a->r[op->rn] = base;
            first = false;
        }
    if (op->how & RK_ARM_WRITE)
        a->r[op->rn] = base;
}

void rk_arm_block(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t size = 0, from = a->r[op->rn], low, base;

    for (uint32_t list = op->imm & 0xFFFF; list; list &= list - 1)
        size += 4;
    base = op->how & RK_ARM_UP ? from + size : from - size;
    low = op->how & RK_ARM_UP ? from : base;
    if (!!(op->how & RK_ARM_PRE) == !!(op->how & RK_ARM_UP))
        low += 4;
    low &= ~3u;
    bool load = op->how & RK_ARM_LOAD;
    if (size == 0 || !served(a, low, 4, !load) || !served(a, low + size - 4, 4, !load))
        return;
    if (load)
        load_block(a, op, low, base);
    else
        store_block(a, op, low, base);
}
