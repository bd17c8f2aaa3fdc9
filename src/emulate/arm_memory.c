/* Loads and stores. Words are rotated when they are read from an unaligned address, halfwords are
 * read from the aligned one, stores are aligned down: as the ARM946E-S does. */
#include "emulate/arm.h"

#define OFFSET(addr) ((addr) & (RK_BUS_PAGE - 1))

/* After an access to a device: is there something to look at? An interrupt that is asserted and was
 * not taken before will not be taken now. */
static void look(struct rk_arm *a, uint32_t lines)
{
    if (a->cpu.lines != lines || a->cpu.yield)
        a->event |= RK_ARM_LOOK;
}

static uint32_t device_read(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr,
                            unsigned width)
{
    uint32_t lines = a->cpu.lines, value;

    rk_arm_count(a, op);
    if (a->watch)
        rk_arm_note_device(a, addr, false);
    value = rk_bus_device_read(a->cpu.bus, addr, width);
    look(a, lines);
    return value;
}

static inline uint32_t load32(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr)
{
    const struct rk_bus_page *p = rk_arm_memory(a, addr);
    uint32_t at = addr & ~3u;

    return p->read ? rk_get_le32(p->read + OFFSET(at)) : device_read(a, op, at, 4);
}

static inline uint32_t load16(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr)
{
    const struct rk_bus_page *p = rk_arm_memory(a, addr);
    uint32_t at = addr & ~1u;

    return p->read ? rk_get_le16(p->read + OFFSET(at)) : device_read(a, op, at, 2) & 0xFFFF;
}

static inline uint32_t load8(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr)
{
    const struct rk_bus_page *p = rk_arm_memory(a, addr);

    return p->read ? p->read[OFFSET(addr)] : device_read(a, op, addr, 1) & 0xFF;
}

/* What a store does beside writing memory. */
static void store_slowly(struct rk_arm *a, const struct rk_arm_op *op, const struct rk_bus_page *p,
                         uint32_t addr, uint32_t value, unsigned width)
{
    uint32_t lines = a->cpu.lines;

    if (p->write) {
        rk_bus_changed(a->cpu.bus, addr, width);
        return;
    }
    if (!p->device)
        return; /* memory that takes no stores */
    rk_arm_count(a, op);
    if (a->watch)
        rk_arm_note_device(a, addr, true);
    rk_bus_device_write(a->cpu.bus, addr, value, width);
    look(a, lines);
}

static inline void note(struct rk_arm *a, const struct rk_bus_page *p, uint32_t addr)
{
    if (a->watch && p->write)
        rk_arm_note_store(a, p, addr);
}

static inline void store32(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr,
                           uint32_t value)
{
    const struct rk_bus_page *p = rk_arm_memory(a, addr);

    addr &= ~3u;
    note(a, p, addr);
    if (p->write)
        rk_put_le32(p->write + OFFSET(addr), value);
    if (!p->write || p->code)
        store_slowly(a, op, p, addr, value, 4);
}

static inline void store16(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr,
                           uint32_t value)
{
    const struct rk_bus_page *p = rk_arm_memory(a, addr);

    addr &= ~1u;
    note(a, p, addr);
    if (p->write)
        rk_put_le16(p->write + OFFSET(addr), (uint16_t)value);
    if (!p->write || p->code)
        store_slowly(a, op, p, addr, value & 0xFFFF, 2);
}

static inline void store8(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr,
                          uint32_t value)
{
    const struct rk_bus_page *p = rk_arm_memory(a, addr);

    note(a, p, addr);
    if (p->write)
        p->write[OFFSET(addr)] = (uint8_t)value;
    if (!p->write || p->code)
        store_slowly(a, op, p, addr, value & 0xFF, 1);
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
static inline bool served(struct rk_arm *a, const struct rk_arm_op *op, uint32_t addr,
                          unsigned width, bool store)
{
    const struct rk_bus_page *p = rk_arm_memory(a, addr);

    if (p->read || p->device)
        return true;
    rk_arm_fault(a, op, addr, width, store);
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

    if (!served(a, op, addr, 4, false))
        return;
    uint32_t value = rk_arm_ror(load32(a, op, addr), 8 * (addr & 3));
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
        if (!served(a, op, addr, width, false))                                                    \
            return;                                                                                \
        uint32_t value = expression;                                                               \
        write_base(a, op, base);                                                                   \
        rk_arm_put(a, op->rd, value);                                                              \
    }
#define STORE(name, width, function)                                                               \
    void name(struct rk_arm *a, const struct rk_arm_op *op)                                        \
    {                                                                                              \
        uint32_t base, addr = address(a, op, &base);                                               \
        if (!served(a, op, addr, width, true))                                                     \
            return;                                                                                \
        function(a, op, addr, a->r[op->rd] + (op->rd == 15 ? 4 : 0));                              \
        write_base(a, op, base);                                                                   \
    }

LOAD(rk_arm_ldrb, 1, load8(a, op, addr))
LOAD(rk_arm_ldrh, 2, load16(a, op, addr))
LOAD(rk_arm_ldrsb, 1, (uint32_t)(int32_t)(int8_t)load8(a, op, addr))
LOAD(rk_arm_ldrsh, 2, (uint32_t)(int32_t)(int16_t)load16(a, op, addr))
STORE(rk_arm_str, 4, store32)
STORE(rk_arm_strb, 1, store8)
STORE(rk_arm_strh, 2, store16)

/* ---- the same where the address is a register and a constant, or two registers: what most accesses
 * are. imm is what is added. Whatever is not usual about one is left to the function above. ---- */

#define PLAIN_LOAD(name, general, offset, align, get)                                              \
    void name(struct rk_arm *a, const struct rk_arm_op *op)                                        \
    {                                                                                              \
        uint32_t addr = a->r[op->rn] + (offset);                                                   \
        const struct rk_bus_page *p = rk_arm_memory(a, addr);                                      \
        if (p->read && !(addr & (align)))                                                          \
            a->r[op->rd] = get(p->read + OFFSET(addr));                                            \
        else                                                                                       \
            general(a, op);                                                                        \
    }
#define PLAIN_STORE(name, general, offset, align, put, type)                                       \
    void name(struct rk_arm *a, const struct rk_arm_op *op)                                        \
    {                                                                                              \
        uint32_t addr = a->r[op->rn] + (offset);                                                   \
        const struct rk_bus_page *p = rk_arm_memory(a, addr);                                      \
        if (p->write && !p->code && !a->watch && !(addr & (align)))                                \
            put(p->write + OFFSET(addr), (type)a->r[op->rd]);                                      \
        else                                                                                       \
            general(a, op);                                                                        \
    }

static inline uint8_t get_byte(const uint8_t *from)
{
    return *from;
}

static inline void put_byte(uint8_t *to, uint8_t value)
{
    *to = value;
}

#define PLAIN(suffix, offset)                                                                      \
    PLAIN_LOAD(rk_arm_ldr_##suffix, rk_arm_ldr, offset, 3, rk_get_le32)                            \
    PLAIN_LOAD(rk_arm_ldrb_##suffix, rk_arm_ldrb, offset, 0, get_byte)                             \
    PLAIN_LOAD(rk_arm_ldrh_##suffix, rk_arm_ldrh, offset, 1, rk_get_le16)                          \
    PLAIN_STORE(rk_arm_str_##suffix, rk_arm_str, offset, 3, rk_put_le32, uint32_t)                 \
    PLAIN_STORE(rk_arm_strb_##suffix, rk_arm_strb, offset, 0, put_byte, uint8_t)                   \
    PLAIN_STORE(rk_arm_strh_##suffix, rk_arm_strh, offset, 1, rk_put_le16, uint16_t)

PLAIN(plain, op->imm)
PLAIN(indexed, a->r[op->rm])

static const struct {
    rk_arm_run *general, *plain, *indexed;
} forms[] = {{rk_arm_ldr, rk_arm_ldr_plain, rk_arm_ldr_indexed},
             {rk_arm_ldrb, rk_arm_ldrb_plain, rk_arm_ldrb_indexed},
             {rk_arm_ldrh, rk_arm_ldrh_plain, rk_arm_ldrh_indexed},
             {rk_arm_str, rk_arm_str_plain, rk_arm_str_indexed},
             {rk_arm_strb, rk_arm_strb_plain, rk_arm_strb_indexed},
             {rk_arm_strh, rk_arm_strh_plain, rk_arm_strh_indexed}};

enum { FORMS = sizeof forms / sizeof forms[0] };

rk_arm_run *rk_arm_general(rk_arm_run *run)
{
    for (size_t i = 0; i < FORMS; i++)
        if (run == forms[i].plain || run == forms[i].indexed)
            return forms[i].general;
    return run;
}

void rk_arm_ldr_at(struct rk_arm *a, const struct rk_arm_op *op)
{
    const struct rk_bus_page *p = rk_arm_memory(a, op->imm);

    if (p->read)
        a->r[op->rd] = rk_get_le32(p->read + OFFSET(op->imm));
    else if (served(a, op, op->imm, 4, false))
        a->r[op->rd] = device_read(a, op, op->imm, 4);
}

/* ---- the others ---- */

void rk_arm_ldrd(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t base, addr = address(a, op, &base);

    if (!served(a, op, addr, 4, false) || !served(a, op, addr + 4, 4, false))
        return;
    uint32_t low = load32(a, op, addr), high = load32(a, op, addr + 4);
    write_base(a, op, base);
    a->r[op->rd & 14] = low;
    rk_arm_put(a, op->rd | 1, high);
}

void rk_arm_strd(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t base, addr = address(a, op, &base);

    if (!served(a, op, addr, 4, true) || !served(a, op, addr + 4, 4, true))
        return;
    store32(a, op, addr, a->r[op->rd & 14]);
    store32(a, op, addr + 4, a->r[op->rd | 1]);
    write_base(a, op, base);
}

void rk_arm_swap(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t addr = a->r[op->rn], value;

    if (!served(a, op, addr, op->imm ? 1 : 4, true))
        return;
    if (op->imm) {
        value = load8(a, op, addr);
        store8(a, op, addr, a->r[op->rm]);
    } else {
        value = rk_arm_ror(load32(a, op, addr), 8 * (addr & 3));
        store32(a, op, addr, a->r[op->rm]);
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
            *register_of(a, i, user) = load32(a, op, addr);
            addr += 4;
        }
    if (!(op->imm & 0x8000))
        return;
    uint32_t target = load32(a, op, addr);
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
            store32(a, op, addr, *register_of(a, i, user) + (i == 15 ? 4 : 0));
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
    uint32_t size = 4u * op->amount, from = a->r[op->rn], low, base;

    base = op->how & RK_ARM_UP ? from + size : from - size;
    low = op->how & RK_ARM_UP ? from : base;
    if (!!(op->how & RK_ARM_PRE) == !!(op->how & RK_ARM_UP))
        low += 4;
    low &= ~3u;
    bool load = op->how & RK_ARM_LOAD;
    if (size == 0 || !served(a, op, low, 4, !load) || !served(a, op, low + size - 4, 4, !load))
        return;
    if (load)
        load_block(a, op, low, base);
    else
        store_block(a, op, low, base);
}

/* ---- block transfers as they mostly are: registers of the current mode, and memory of one page that
 * needs no attention. Bits 23..16 of imm say how many words lie between the base register and the
 * first word, bits 31..24 what the base register changes by. ---- */

/* Number of the lowest register in a list, which is taken out of it. */
static inline unsigned take_lowest(uint32_t *list)
{
    unsigned i = (unsigned)__builtin_ctz(*list);

    *list &= *list - 1;
    return i;
}

static inline uint32_t words(uint32_t byte)
{
    return 4u * (uint32_t)(int8_t)(uint8_t)byte;
}

static void block_load(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t list = op->imm & 0x7FFF, base = a->r[op->rn];
    uint32_t low = (base + words(op->imm >> 16)) & ~3u;
    const uint8_t *from = rk_arm_memory(a, low)->read;

    if (!from || OFFSET(low) + 4u * op->amount > RK_BUS_PAGE) {
        rk_arm_block(a, op);
        return;
    }
    a->r[op->rn] = base + words(op->imm >> 24);
    for (from += OFFSET(low); list; from += 4)
        a->r[take_lowest(&list)] = rk_get_le32(from);
    if (op->imm & 0x8000)
        rk_arm_jump_exchange(a, rk_get_le32(from));
}

static void block_store(struct rk_arm *a, const struct rk_arm_op *op)
{
    uint32_t list = op->imm & 0x7FFF, base = a->r[op->rn];
    uint32_t low = (base + words(op->imm >> 16)) & ~3u;
    const struct rk_bus_page *p = rk_arm_memory(a, low);
    uint8_t *to = p->write;

    if (!to || p->code || a->watch || OFFSET(low) + 4u * op->amount > RK_BUS_PAGE) {
        rk_arm_block(a, op);
        return;
    }
    for (to += OFFSET(low); list; to += 4)
        rk_put_le32(to, a->r[take_lowest(&list)]);
    a->r[op->rn] = base + words(op->imm >> 24);
}

static void make_block(struct rk_arm_op *op)
{
    bool up = op->how & RK_ARM_UP, load = op->how & RK_ARM_LOAD, write = op->how & RK_ARM_WRITE;
    uint32_t count = op->amount, low = up ? 0 : 0 - count;
    bool odd = !load && (op->imm & 0x8000 || (write && op->imm >> op->rn & 1));

    if (op->how & RK_ARM_USER_BANK || count == 0 || odd)
        return;
    if (!!(op->how & RK_ARM_PRE) == up)
        low++;
    op->imm |= (low & 0xFF) << 16 | ((write ? up ? count : 0 - count : 0) & 0xFF) << 24;
    op->run = load ? block_load : block_store;
}

void rk_arm_make_plain(struct rk_arm_op *op, uint32_t r15)
{
    bool indexed = op->how & RK_ARM_OFFSET_REG;
    size_t i = 0;

    if (op->run == rk_arm_block)
        make_block(op);
    while (i < FORMS && op->run != forms[i].general)
        i++;
    if (i == FORMS || op->rd == 15 || op->how & RK_ARM_WRITE || !(op->how & RK_ARM_PRE))
        return;
    if (indexed && (op->shift || op->amount || !(op->how & RK_ARM_UP)))
        return;
    op->run = indexed ? forms[i].indexed : forms[i].plain;
    if (indexed)
        return;
    op->imm = op->how & RK_ARM_UP ? op->imm : 0 - op->imm;
    op->how |= RK_ARM_UP;
    if (op->run == rk_arm_ldr_plain && op->rn == 15 && !((r15 + op->imm) & 3)) {
        op->run = rk_arm_ldr_at;
        op->imm += r15;
    }
}
