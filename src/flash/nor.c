#include "flash/nor.h"

#include "base/rng.h"
#include "flash/parts.h"

#include <stdlib.h>
#include <string.h>

enum { SR_WIP = 0x01, SR_WEL = 0x02 };

/* Typical times. 3 V parts of 8 to 64 Mbit from different makers are within a factor of two of
 * these; maxima are five to ten times as long. */
static const struct {
    uint32_t program_first_ns, program_byte_ns; /* 32 bytes 0.11 ms, a page 0.7 ms */
    uint32_t erase_4k_ns, erase_32k_ns, erase_64k_ns, erase_chip_per_64k_ns;
    uint32_t status_ns;
} typical = {
    .program_first_ns = 34000,
    .program_byte_ns = 2600,
    .erase_4k_ns = 45000000,
    .erase_32k_ns = 150000000,
    .erase_64k_ns = 250000000,
    .erase_chip_per_64k_ns = 220000000,
    .status_ns = 5000000,
};

enum op_kind { OP_NONE, OP_PROGRAM, OP_ERASE };

/* The operation under way, or the last one. The cells already have their final values; `before`
 * is kept so that a power failure can tear it. */
struct operation {
    enum op_kind kind;
    uint64_t begin_ns, end_ns;
    uint32_t addr, len;
    uint8_t *before;
    size_t cap;
};

struct rk_nor {
    uint8_t *cells;
    uint8_t *touched; /* a bit per page */
    uint32_t jedec, size;
    struct rk_flash_part part;
    uint8_t sr[3];
    bool write_enabled, asleep;
    bool instant;
    uint32_t erase_64k_ns, page_ns;
    struct operation op;
    struct rk_nor_defects defects;
    uint64_t changes;
    uint64_t seed;
};

static void set_part(struct rk_nor *nor, uint32_t jedec)
{
    const struct rk_flash_part *known = rk_flash_part_find(jedec);

    nor->jedec = jedec;
    if (known)
        nor->part = *known;
    else
        rk_flash_part_generic(jedec, &nor->part);
}

enum rk_status rk_nor_new(const struct rk_nor_options *opt, struct rk_nor **out,
                          struct rk_error *err)
{
    bool power_of_two = opt->size && (opt->size & (opt->size - 1)) == 0;

    if (!power_of_two || opt->size < 4096 || opt->size > 64u << 20)
        return rk_fail(err, RK_ERR_ARG, "sim.flash-size",
                       "a flash of %u bytes does not exist: a power of two from 4 KiB to 64 MiB",
                       opt->size);
    struct rk_nor *nor = calloc(1, sizeof *nor);
    if (!nor)
        goto no_memory;
    nor->size = opt->size;
    nor->cells = malloc(opt->size);
    nor->touched = calloc(1, opt->size / RK_NOR_PAGE / 8 + 1);
    nor->op.cap = opt->size < 65536 ? opt->size : 65536;
    nor->op.before = malloc(nor->op.cap);
    if (!nor->cells || !nor->touched || !nor->op.before)
        goto no_memory;
    size_t given = !opt->content ? 0 : opt->content_len < opt->size ? opt->content_len : opt->size;
    if (given)
        memcpy(nor->cells, opt->content, given);
    memset(nor->cells + given, 0xFF, opt->size - given);
    set_part(nor, opt->jedec);
    for (int i = 0; i < 3; i++)
        nor->sr[i] = (uint8_t)(opt->status >> (8 * i));
    nor->sr[0] &= (uint8_t) ~(SR_WIP | SR_WEL);
    nor->instant = opt->instant;
    nor->erase_64k_ns = opt->erase_64k_ms ? opt->erase_64k_ms * 1000000u : typical.erase_64k_ns;
    nor->page_ns = opt->page_us ? opt->page_us * 1000u
                                : typical.program_first_ns + RK_NOR_PAGE * typical.program_byte_ns;
    nor->seed = opt->seed;
    *out = nor;
    return RK_OK;
no_memory:
    rk_nor_free(nor);
    return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

void rk_nor_free(struct rk_nor *nor)
{
    if (!nor)
        return;
    free(nor->cells);
    free(nor->touched);
    free(nor->op.before);
    free(nor);
}

void rk_nor_set_defects(struct rk_nor *nor, const struct rk_nor_defects *defects)
{
    nor->defects = *defects;
}

uint32_t rk_nor_size(const struct rk_nor *nor)
{
    return nor->size;
}

uint32_t rk_nor_jedec(const struct rk_nor *nor)
{
    return nor->defects.dead ? 0 : nor->jedec;
}

const uint8_t *rk_nor_cells(const struct rk_nor *nor)
{
    return nor->cells;
}

uint64_t rk_nor_changes(const struct rk_nor *nor)
{
    return nor->changes;
}

bool rk_nor_busy(const struct rk_nor *nor, uint64_t now_ns)
{
    return now_ns < nor->op.end_ns;
}

bool rk_nor_touched(const struct rk_nor *nor, uint32_t addr, uint32_t len)
{
    if (len == 0 || addr >= nor->size)
        return false;
    uint32_t last = len > nor->size - addr ? nor->size - 1 : addr + len - 1;
    for (uint32_t page = addr / RK_NOR_PAGE; page <= last / RK_NOR_PAGE; page++)
        if (nor->touched[page / 8] & 1u << page % 8)
            return true;
    return false;
}

/* ---- protection ---- */

/* The protected range that BP4..BP0 select: GD25Q16C, W25Q16 and compatible data sheets. BP2..BP0
 * give the size, BP3 (TB) takes the bottom instead of the top, BP4 (SEC) counts in sectors, CMP
 * protects the complement. */
static void protected_range(const struct rk_nor *nor, uint32_t *from, uint32_t *to)
{
    bool has_cmp = (nor->part.mask & 0x4000) && nor->part.status_count > 1;
    bool four_sizes = (nor->part.mask & 0x7C) == 0x3C;
    unsigned steps = nor->sr[0] >> 2 & (four_sizes ? 15u : 7u);
    bool all = steps == (four_sizes ? 15u : 7u);
    bool bottom = !four_sizes && (nor->part.mask & 0x20) && (nor->sr[0] & 0x20);
    bool sectors = !four_sizes && (nor->part.mask & 0x40) && (nor->sr[0] & 0x40);
    uint64_t len = steps == 0 ? 0 : (uint64_t)(sectors ? 4096u : 65536u) << (steps - 1);

    if (sectors && len > 32768)
        len = 32768;
    if (all || len > nor->size)
        len = nor->size;
    *from = bottom ? 0 : nor->size - (uint32_t)len;
    *to = bottom ? (uint32_t)len : nor->size;
    if (!has_cmp || !(nor->sr[1] & 0x40))
        return;
    bool was_bottom = bottom || len == nor->size;
    *from = was_bottom ? (uint32_t)len : 0;
    *to = was_bottom ? nor->size : nor->size - (uint32_t)len;
}

bool rk_nor_protected(const struct rk_nor *nor, uint32_t addr, uint32_t len)
{
    uint32_t from, to;

    protected_range(nor, &from, &to);
    return from < to && addr < to && from < addr + len;
}

/* ---- commands ---- */

static bool takes_commands(const struct rk_nor *nor, uint64_t now_ns)
{
    return !nor->defects.dead && !nor->asleep && !rk_nor_busy(nor, now_ns);
}

void rk_nor_read(const struct rk_nor *nor, uint64_t now_ns, uint32_t addr, uint8_t *buf, size_t len)
{
    if (!takes_commands(nor, now_ns)) {
        memset(buf, nor->defects.dead ? 0x00 : 0xFF, len);
        return;
    }
    while (len > 0) {
        uint32_t at = addr & (nor->size - 1);
        size_t n = len < nor->size - at ? len : nor->size - at;
        memcpy(buf, nor->cells + at, n);
        buf += n;
        addr += (uint32_t)n;
        len -= n;
    }
}

void rk_nor_write_enable(struct rk_nor *nor, uint64_t now_ns)
{
    if (takes_commands(nor, now_ns))
        nor->write_enabled = true;
}

void rk_nor_write_disable(struct rk_nor *nor, uint64_t now_ns)
{
    if (takes_commands(nor, now_ns))
        nor->write_enabled = false;
}

/* Takes the write enable latch; false if the command is to be ignored. */
static bool begin_write(struct rk_nor *nor, uint64_t now_ns)
{
    if (!takes_commands(nor, now_ns) || !nor->write_enabled)
        return false;
    nor->write_enabled = false;
    return true;
}

static bool make_room(struct operation *op, uint32_t len)
{
    uint8_t *bigger = len > op->cap ? realloc(op->before, len) : op->before;

    if (!bigger)
        return false;
    op->before = bigger;
    op->cap = len > op->cap ? len : op->cap;
    return true;
}

static uint64_t begin_operation(struct rk_nor *nor, enum op_kind kind, uint64_t now_ns,
                                uint64_t duration_ns, uint32_t addr, uint32_t len)
{
    struct operation *op = &nor->op;

    op->kind = kind;
    op->begin_ns = now_ns;
    op->end_ns = nor->instant ? now_ns : now_ns + duration_ns;
    op->addr = addr;
    op->len = len;
    if (!make_room(op, len))
        op->kind = OP_NONE; /* cannot be torn then; the operation itself goes on */
    if (op->kind != OP_NONE && len)
        memcpy(op->before, nor->cells + addr, len);
    for (uint32_t page = addr / RK_NOR_PAGE; len && page <= (addr + len - 1) / RK_NOR_PAGE; page++)
        nor->touched[page / 8] |= (uint8_t)(1u << page % 8);
    nor->changes += len ? 1 : 0;
    return op->end_ns;
}

/* A well-mixed number for one place, so that a defect or a tear is the same in every run. */
static uint32_t place_noise(const struct rk_nor *nor, uint32_t addr, uint64_t salt)
{
    struct rk_rng rng = {nor->seed ^ (uint64_t)addr << 20 ^ salt};

    return (uint32_t)(rk_rng_next(&rng) >> 16);
}

/* The byte that programming leaves: a weak sector keeps one bit in about every 32nd byte. */
static uint8_t programmed(const struct rk_nor *nor, uint32_t addr, uint8_t old, uint8_t data)
{
    uint8_t result = old & data;

    if (nor->defects.weak && addr / 4096 == nor->defects.weak_sector / 4096) {
        uint32_t noise = place_noise(nor, addr, 0x5EC7);
        if (noise % 32 == 0)
            result = (uint8_t)(result | (old & 1u << (noise >> 8) % 8));
    }
    return result;
}

uint64_t rk_nor_program(struct rk_nor *nor, uint64_t now_ns, uint32_t addr, const uint8_t *data,
                        size_t len)
{
    if (!begin_write(nor, now_ns) || len == 0 || nor->defects.ignore_writes)
        return now_ns;
    if (len > RK_NOR_PAGE) {
        addr += (uint32_t)(len - RK_NOR_PAGE);
        data += len - RK_NOR_PAGE;
        len = RK_NOR_PAGE;
    }
    uint32_t page = addr & (nor->size - 1) & ~(RK_NOR_PAGE - 1);
    if (rk_nor_protected(nor, page, RK_NOR_PAGE))
        return now_ns;
    uint64_t usual = typical.program_first_ns + RK_NOR_PAGE * typical.program_byte_ns;
    uint64_t duration = typical.program_first_ns + (uint64_t)typical.program_byte_ns * len;

    duration = duration * nor->page_ns / usual;
    uint64_t end = begin_operation(nor, OP_PROGRAM, now_ns, duration, page, RK_NOR_PAGE);
    for (size_t i = 0; i < len; i++) {
        uint32_t at = page + ((addr + (uint32_t)i) & (RK_NOR_PAGE - 1));
        nor->cells[at] = programmed(nor, at, nor->cells[at], data[i]);
    }
    return end;
}

static uint64_t erase_range(struct rk_nor *nor, uint64_t now_ns, uint64_t duration_ns,
                            uint32_t addr, uint32_t len)
{
    if (!begin_write(nor, now_ns) || rk_nor_protected(nor, addr, len) || nor->defects.ignore_writes)
        return now_ns;
    uint64_t end = begin_operation(nor, OP_ERASE, now_ns, duration_ns, addr, len);
    memset(nor->cells + addr, 0xFF, len);
    return end;
}

uint64_t rk_nor_erase(struct rk_nor *nor, uint64_t now_ns, uint32_t addr, uint32_t len)
{
    uint32_t duration = len == 4096    ? typical.erase_4k_ns
                        : len == 32768 ? typical.erase_32k_ns
                                       : nor->erase_64k_ns;

    if (len > nor->size)
        len = nor->size;
    return erase_range(nor, now_ns, duration, addr & (nor->size - 1) & ~(len - 1), len);
}

uint64_t rk_nor_erase_chip(struct rk_nor *nor, uint64_t now_ns)
{
    uint64_t blocks = nor->size / 65536 ? nor->size / 65536 : 1;

    return erase_range(nor, now_ns, blocks * typical.erase_chip_per_64k_ns, 0, nor->size);
}

uint8_t rk_nor_status(const struct rk_nor *nor, uint64_t now_ns, uint8_t opcode)
{
    if (nor->defects.dead || nor->asleep)
        return 0;
    switch (opcode) {
    case 0x05:
        return (uint8_t)(nor->sr[0] | (rk_nor_busy(nor, now_ns) ? SR_WIP : 0) |
                         (nor->write_enabled ? SR_WEL : 0));
    case 0x35:
        return nor->part.status_count > 1 || nor->part.read_ops[1] == 0x35 ? nor->sr[1] : 0;
    case 0x15:
        return nor->sr[2];
    default:
        return 0;
    }
}

uint64_t rk_nor_write_status(struct rk_nor *nor, uint64_t now_ns, uint8_t opcode,
                             const uint8_t *data, size_t len)
{
    bool two = nor->part.status_count > 1;
    uint8_t sr[3];

    if (!begin_write(nor, now_ns) || len == 0)
        return now_ns;
    memcpy(sr, nor->sr, sizeof sr);
    if (opcode == 0x01) {
        sr[0] = data[0] & (uint8_t) ~(SR_WIP | SR_WEL);
        if (two && len > 1)
            sr[1] = data[1] & 0x7F;
        else if (two && nor->part.write_ops[1] == 0)
            sr[1] = 0;
    } else if (opcode == 0x31 && two) {
        sr[1] = data[0] & 0x7F;
    } else if (opcode == 0x11) {
        sr[2] = data[0];
    }
    if (!nor->defects.locked)
        memcpy(nor->sr, sr, sizeof sr);
    return begin_operation(nor, OP_NONE, now_ns, typical.status_ns, 0, 0);
}

/* Address of a raw command, or 0 if the transfer is too short to have one. */
static uint32_t raw_address(const uint8_t *out, size_t n)
{
    return n < 4 ? 0 : (uint32_t)out[1] << 16 | (uint32_t)out[2] << 8 | out[3];
}

static void raw_reply(struct rk_nor *nor, uint64_t now_ns, const uint8_t *out, uint8_t *in,
                      size_t n)
{
    uint8_t opcode = out[0];
    uint32_t addr = raw_address(out, n);
    size_t head = opcode == 0x0B ? 5 : 4;

    memset(in, nor->defects.dead ? 0x00 : 0xFF, n);
    switch (opcode) {
    case 0x9F:
        for (size_t i = 1; i < n && i < 4 && takes_commands(nor, now_ns); i++)
            in[i] = (uint8_t)(nor->jedec >> (8 * (i - 1)));
        break;
    case 0x05:
    case 0x35:
    case 0x15:
        memset(in + 1, rk_nor_status(nor, now_ns, opcode), n - 1);
        break;
    case 0x03:
    case 0x0B:
        if (n > head)
            rk_nor_read(nor, now_ns, addr, in + head, n - head);
        break;
    default:
        break;
    }
    in[0] = 0; /* what the data line carries while the opcode goes out */
}

uint64_t rk_nor_transfer(struct rk_nor *nor, uint64_t now_ns, const uint8_t *out, uint8_t *in,
                         size_t n)
{
    if (n == 0)
        return now_ns;
    uint8_t opcode = out[0];
    uint32_t addr = raw_address(out, n);
    uint64_t end = now_ns;

    switch (opcode) {
    case 0x06:
        rk_nor_write_enable(nor, now_ns);
        break;
    case 0x04:
        rk_nor_write_disable(nor, now_ns);
        break;
    case 0x01:
    case 0x31:
    case 0x11:
        end = rk_nor_write_status(nor, now_ns, opcode, out + 1, n - 1);
        break;
    case 0x02:
        if (n > 4)
            end = rk_nor_program(nor, now_ns, addr, out + 4, n - 4);
        break;
    case 0x20:
    case 0x52:
    case 0xD8:
        if (n >= 4)
            end = rk_nor_erase(nor, now_ns, addr,
                               opcode == 0x20   ? 4096
                               : opcode == 0x52 ? 32768
                                                : 65536);
        break;
    case 0x60:
    case 0xC7:
        end = rk_nor_erase_chip(nor, now_ns);
        break;
    case 0xB9:
        nor->asleep = takes_commands(nor, now_ns);
        break;
    case 0xAB:
        nor->asleep = false;
        break;
    default:
        break;
    }
    raw_reply(nor, now_ns, out, in, n);
    return end;
}

/* ---- power ---- */

/* An erase first programs all cells to 00, then draws them to FF together. `share` of 1000 is
 * done. */
static void tear_erase(struct rk_nor *nor, uint32_t share)
{
    const struct operation *op = &nor->op;

    for (uint32_t i = 0; i < op->len; i++) {
        uint32_t at = op->addr + i;
        uint32_t noise = place_noise(nor, at, op->begin_ns);
        uint8_t mask = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t level = (noise >> (bit * 3) & 0x3F) * 16; /* when this bit turns, of 1000 */
            if (share < 300 ? level * 3 / 10 > share : 300 + level * 7 / 10 < share)
                mask = (uint8_t)(mask | 1u << bit);
        }
        nor->cells[at] = share < 300 ? op->before[i] & mask : mask;
    }
}

static void tear_program(struct rk_nor *nor, uint32_t share)
{
    const struct operation *op = &nor->op;
    uint32_t changed = 0, done = 0;

    for (uint32_t i = 0; i < op->len; i++)
        changed += nor->cells[op->addr + i] != op->before[i];
    done = changed * share / 1000;
    for (uint32_t i = 0; i < op->len; i++) {
        uint32_t at = op->addr + i;
        if (nor->cells[at] == op->before[i])
            continue;
        if (done == 0) { /* the byte in hand: some bits are through */
            uint8_t noise = (uint8_t)place_noise(nor, at, op->begin_ns);
            nor->cells[at] = nor->cells[at] | (op->before[i] & noise);
        } else if (done > changed) {
            nor->cells[at] = op->before[i];
        }
        done--;
    }
}

void rk_nor_power_loss(struct rk_nor *nor, uint64_t now_ns)
{
    struct operation *op = &nor->op;

    if (rk_nor_busy(nor, now_ns) && op->kind != OP_NONE) {
        uint64_t passed = now_ns > op->begin_ns ? now_ns - op->begin_ns : 0;
        uint32_t share = (uint32_t)(passed * 1000 / (op->end_ns - op->begin_ns));
        if (op->kind == OP_ERASE)
            tear_erase(nor, share);
        else
            tear_program(nor, share);
    }
    rk_nor_power_on(nor);
}

void rk_nor_power_on(struct rk_nor *nor)
{
    nor->op.kind = OP_NONE;
    nor->op.end_ns = 0;
    nor->write_enabled = false;
    nor->asleep = false;
}

/* ---- snapshots ---- */

static void archive_operation(struct rk_nor *nor, struct rk_archive *a)
{
    struct operation *op = &nor->op;
    uint32_t kind = op->kind;

    rk_archive_u32(a, &kind);
    rk_archive_u64(a, &op->begin_ns);
    rk_archive_u64(a, &op->end_ns);
    rk_archive_u32(a, &op->addr);
    rk_archive_u32(a, &op->len);
    bool sound = kind <= OP_ERASE && op->addr < nor->size && op->len <= nor->size - op->addr &&
                 (kind == OP_NONE || op->begin_ns <= op->end_ns);
    rk_archive_require(a, sound);
    if (a->damaged || kind == OP_NONE || !make_room(op, op->len)) {
        op->kind = OP_NONE;
        return;
    }
    op->kind = (enum op_kind)kind;
    rk_archive_memory(a, op->before, op->len);
}

void rk_nor_archive(struct rk_nor *nor, struct rk_archive *a)
{
    uint32_t jedec = nor->jedec;

    rk_archive_part(a, "nor ");
    rk_archive_u32(a, &jedec);
    if (a->loading && !a->damaged)
        set_part(nor, jedec);
    rk_archive_memory(a, nor->cells, nor->size);
    rk_archive_memory(a, nor->touched, nor->size / RK_NOR_PAGE / 8 + 1);
    rk_archive_bytes(a, nor->sr, sizeof nor->sr);
    rk_archive_bool(a, &nor->write_enabled);
    rk_archive_bool(a, &nor->asleep);
    rk_archive_bool(a, &nor->instant);
    rk_archive_u64(a, &nor->changes);
    rk_archive_u64(a, &nor->seed);
    archive_operation(nor, a);
}
