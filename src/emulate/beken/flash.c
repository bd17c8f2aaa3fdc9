/* The flash controller, and what the processor sees of the flash: 32 data bytes of every 34,
 * deciphered. */
#include "emulate/beken/soc.h"

#include "base/bytes.h"
#include "image/beken/blocks.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPERATE = 0x00,
    DATA_IN = 0x04,
    DATA_OUT = 0x08,
    IDENTITY = 0x10,
    STATUS = 0x14,
    CONFIG = 0x1C
};
enum {
    OP_WREN = 1,
    OP_WRDI,
    OP_RDSR,
    OP_WRSR,
    OP_READ,
    OP_RDSR2,
    OP_WRSR2,
    OP_PROGRAM = 12,
    OP_ERASE_4K,
    OP_ERASE_32K,
    OP_ERASE_64K,
    OP_ERASE_CHIP,
    OP_RDID = 20
};
enum { UNIT = 32 };

/* Deciphers the blocks that hold physical [addr, addr + len). */
static void refresh(struct rk_bk_soc *soc, uint32_t addr, uint32_t len)
{
    const uint8_t *cells = rk_nor_cells(soc->nor);
    uint32_t size = rk_nor_size(soc->nor), first = addr / RK_BLOCK_SPAN;
    uint32_t last = (addr + len - 1) / RK_BLOCK_SPAN;

    for (uint32_t i = first; i <= last; i++) {
        uint32_t at = i * RK_BLOCK_DATA;
        if ((i + 1) * RK_BLOCK_SPAN > size || at + RK_BLOCK_DATA > soc->view_len)
            break;
        rk_scrambler_run(&soc->scrambler, at, cells + (size_t)i * RK_BLOCK_SPAN,
                         soc->flash_view + at, RK_BLOCK_DATA);
    }
    rk_bus_changed(soc->bus, first * RK_BLOCK_DATA, (last - first + 1) * RK_BLOCK_DATA);
}

enum rk_status rk_bk_flash_new(struct rk_bk_soc *soc, const struct rk_emulate_options *opt,
                               struct rk_error *err)
{
    struct rk_nor_options nor = {.jedec = opt->jedec ? opt->jedec : soc->model->jedec,
                                 .size = opt->flash_size,
                                 .content = opt->flash,
                                 .content_len = opt->flash_len,
                                 .seed = 1};

    for (nor.size = nor.size ? nor.size : 2u << 20; nor.size < opt->flash_len;)
        nor.size *= 2;
    if (soc->nor)
        nor.size = rk_nor_size(soc->nor);
    if (opt->have_key)
        memcpy(soc->key, opt->key, sizeof soc->key);
    enum rk_status st = soc->nor ? RK_OK : rk_nor_new(&nor, &soc->nor, err);
    if (st != RK_OK)
        return st;
    soc->view_len = nor.size / RK_BLOCK_SPAN * RK_BLOCK_DATA & ~(RK_BUS_PAGE - 1);
    soc->view_len = soc->view_len > 0x3F0000      ? 0x3F0000
                    : soc->view_len < RK_BUS_PAGE ? RK_BUS_PAGE
                                                  : soc->view_len;
    soc->flash_view = malloc(soc->view_len);
    if (!soc->flash_view)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    st = rk_bus_map_memory(soc->bus, 0, soc->view_len, soc->flash_view, RK_BUS_READ_ONLY, err);
    if (st == RK_OK)
        rk_bk_flash_decipher(soc);
    return st;
}

void rk_bk_flash_decipher(struct rk_bk_soc *soc)
{
    uint32_t whole = rk_nor_size(soc->nor) / RK_BLOCK_SPAN * RK_BLOCK_DATA;

    rk_scrambler_init(&soc->scrambler, soc->key);
    refresh(soc, 0, rk_nor_size(soc->nor));
    if (whole < soc->view_len)
        memset(soc->flash_view + whole, 0xFF, soc->view_len - whole);
}

void rk_bk_flash_changed(struct rk_bk_soc *soc)
{
    refresh(soc, 0, rk_nor_size(soc->nor));
}

/* The processor stands still while the flash it executes from is busy. */
static void wait_until(struct rk_bk_soc *soc, uint64_t ready_ns)
{
    uint64_t now = rk_bk_now(soc);

    if (ready_ns > now)
        soc->skipped_ns += ready_ns - now;
    rk_bk_reschedule(soc);
}

static void read_unit(struct rk_bk_soc *soc, uint32_t addr)
{
    uint8_t bytes[UNIT];

    rk_nor_read(soc->nor, rk_bk_now(soc), addr, bytes, sizeof bytes);
    for (unsigned i = 0; i < UNIT / 4; i++)
        soc->flash_out[i] = rk_get_le32(bytes + 4 * i);
    soc->flash_out_at = 0;
}

static void program_unit(struct rk_bk_soc *soc, uint32_t addr)
{
    uint8_t bytes[UNIT];
    uint64_t now = rk_bk_now(soc);

    for (unsigned i = 0; i < UNIT / 4; i++)
        rk_put_le32(bytes + 4 * i, soc->flash_words_in[i]);
    addr &= (rk_nor_size(soc->nor) - 1) & ~(uint32_t)(UNIT - 1);
    rk_nor_write_enable(soc->nor, now);
    wait_until(soc, rk_nor_program(soc->nor, now, addr, bytes, sizeof bytes));
    soc->flash_in = 0;
    refresh(soc, addr, UNIT);
}

/* An erase that a protected flash refuses takes no time: it must not cost any here either. */
static void refresh_if_changed(struct rk_bk_soc *soc, uint64_t changes, uint32_t addr, uint32_t len)
{
    if (rk_nor_changes(soc->nor) != changes)
        refresh(soc, addr, len);
}

static void erase(struct rk_bk_soc *soc, uint32_t addr, uint32_t len)
{
    uint64_t now = rk_bk_now(soc), changes = rk_nor_changes(soc->nor);

    addr &= (rk_nor_size(soc->nor) - 1) & ~(len - 1);
    rk_nor_write_enable(soc->nor, now);
    wait_until(soc, rk_nor_erase(soc->nor, now, addr, len));
    refresh_if_changed(soc, changes, addr, len);
}

static void erase_chip(struct rk_bk_soc *soc)
{
    uint64_t now = rk_bk_now(soc), changes = rk_nor_changes(soc->nor);

    rk_nor_write_enable(soc->nor, now);
    wait_until(soc, rk_nor_erase_chip(soc->nor, now));
    refresh_if_changed(soc, changes, 0, rk_nor_size(soc->nor));
}

static void write_status(struct rk_bk_soc *soc, size_t bytes)
{
    uint32_t value = *rk_bk_system(soc, 0x803000 + CONFIG) >> 10 & 0xFFFF;
    const uint8_t data[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    uint64_t now = rk_bk_now(soc);

    rk_nor_write_enable(soc->nor, now);
    wait_until(soc, rk_nor_write_status(soc->nor, now, 0x01, data, bytes));
}

/* What goes over the SPI bus for an operation of the controller. */
static void trace(const struct rk_bk_soc *soc, unsigned operation, uint32_t addr)
{
    static const struct {
        uint8_t opcode;
        uint32_t len;
    } rows[] = {
        [OP_WREN] = {0x06, 0},
        [OP_WRDI] = {0x04, 0},
        [OP_RDSR] = {0x05, 1},
        [OP_WRSR] = {0x01, 1},
        [OP_READ] = {0x03, UNIT},
        [OP_RDSR2] = {0x35, 1},
        [OP_WRSR2] = {0x01, 2},
        [OP_PROGRAM] = {0x02, UNIT},
        [OP_ERASE_4K] = {0x20, 0x1000},
        [OP_ERASE_32K] = {0x52, 0x8000},
        [OP_ERASE_64K] = {0xD8, 0x10000},
        [OP_ERASE_CHIP] = {0xC7, 0},
        [OP_RDID] = {0x9F, 3},
    };

    if (operation < sizeof rows / sizeof rows[0] && rows[operation].opcode)
        rk_tracer_flash(&soc->tracer, rows[operation].opcode, addr, rows[operation].len);
}

static void operate(struct rk_bk_soc *soc, uint32_t value)
{
    uint32_t addr = value & 0xFFFFFF;
    uint64_t now = rk_bk_now(soc);

    trace(soc, value >> 24 & 31, addr);
    switch (value >> 24 & 31) {
    case OP_RDSR:
        soc->flash_status = rk_nor_status(soc->nor, now, 0x05);
        break;
    case OP_RDSR2:
        soc->flash_status = rk_nor_status(soc->nor, now, 0x35);
        break;
    case OP_WRSR:
        write_status(soc, 1);
        break;
    case OP_WRSR2:
        write_status(soc, 2);
        break;
    case OP_READ:
        read_unit(soc, addr);
        break;
    case OP_PROGRAM:
        program_unit(soc, addr);
        break;
    case OP_ERASE_4K:
        erase(soc, addr, 0x1000);
        break;
    case OP_ERASE_32K:
        erase(soc, addr, 0x8000);
        break;
    case OP_ERASE_64K:
        erase(soc, addr, 0x10000);
        break;
    case OP_ERASE_CHIP:
        erase_chip(soc);
        break;
    default:
        break; /* write enable goes with what needs it; power and line modes change nothing here */
    }
}

uint32_t rk_bk_flash_read(struct rk_bk_soc *soc, uint32_t reg)
{
    uint32_t jedec = rk_nor_jedec(soc->nor);

    switch (reg) {
    case OPERATE:
        return *rk_bk_system(soc, 0x803000) & ~(5u << 29);
    case DATA_OUT:
        return soc->flash_out[soc->flash_out_at++ % (UNIT / 4)];
    case IDENTITY:
        return (jedec & 0xFF) << 16 | (jedec & 0xFF00) | jedec >> 16;
    case STATUS:
        return soc->flash_status;
    default:
        return *rk_bk_system(soc, 0x803000 + reg);
    }
}

void rk_bk_flash_write(struct rk_bk_soc *soc, uint32_t reg, uint32_t value)
{
    *rk_bk_system(soc, 0x803000 + reg) = value;
    if (reg == DATA_IN)
        soc->flash_words_in[soc->flash_in++ % (UNIT / 4)] = value;
    else if (reg == OPERATE && value >> 29 & 1)
        operate(soc, value);
}
