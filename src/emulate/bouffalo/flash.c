/* The flash controller: commands of the processor through a buffer of 256 bytes, and the window in
 * which the flash is executed. */
#include "emulate/bouffalo/soc.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { XIP = 0x23000000, ALIASES = 4, ALIAS_STEP = 0x10000000 };
enum {
    OWNER = 0x04,
    COMMAND = 0x08,
    WORD_0 = 0x0C,
    WORD_1 = 0x10,
    OFFSET = 0x434,
    BUFFER = 0x700,
    OWNER_XIP = 1 << 28
};
enum { BUSY = 1, TRIGGER = 2, HAS_COMMAND = 1 << 27, HAS_ADDRESS = 1 << 26, HAS_PAUSE = 1 << 25 };
enum { HAS_DATA = 1 << 24, WRITES = 1 << 23 };

/* ---- the window ---- */

static enum rk_status map_window(struct rk_bl_soc *soc, struct rk_error *err)
{
    uint32_t offset = soc->image_offset & (soc->flash_size - 1) & ~(RK_BUS_PAGE - 1);
    enum rk_status st = RK_OK;

    for (uint32_t i = 0; i < ALIASES && st == RK_OK; i++)
        st = rk_bus_map_memory(soc->bus, XIP + i * ALIAS_STEP, soc->flash_size,
                               soc->flash_view + offset, RK_BUS_READ_ONLY, err);
    return st;
}

void rk_bl_flash_set_offset(struct rk_bl_soc *soc, uint32_t offset)
{
    soc->image_offset = offset;
    (void)map_window(soc, NULL);
}

/* The cells changed: both copies in the view, and what the processor remembers of them. */
static void refresh(struct rk_bl_soc *soc, uint32_t addr, uint32_t len)
{
    const uint8_t *cells = rk_nor_cells(soc->nor);
    uint32_t size = soc->flash_size;
    uint32_t offset = soc->image_offset & (size - 1) & ~(RK_BUS_PAGE - 1);

    memcpy(soc->flash_view + addr, cells + addr, len);
    memcpy(soc->flash_view + size + addr, cells + addr, len);
    for (uint32_t i = 0; i < ALIASES; i++)
        rk_bus_changed(soc->bus, XIP + i * ALIAS_STEP + ((addr - offset) & (size - 1)), len);
}

void rk_bl_flash_changed(struct rk_bl_soc *soc)
{
    refresh(soc, 0, soc->flash_size);
}

enum rk_status rk_bl_flash_new(struct rk_bl_soc *soc, const struct rk_emulate_options *opt,
                               struct rk_error *err)
{
    struct rk_nor_options nor = {.jedec = opt->jedec ? opt->jedec : RK_BL_JEDEC,
                                 .size = opt->flash_size,
                                 .content = opt->flash,
                                 .content_len = opt->flash_len,
                                 .seed = 1};

    for (nor.size = nor.size ? nor.size : 2u << 20; nor.size < opt->flash_len;)
        nor.size *= 2;
    enum rk_status st = soc->nor ? RK_OK : rk_nor_new(&nor, &soc->nor, err);
    if (st != RK_OK)
        return st;
    soc->flash_size = rk_nor_size(soc->nor);
    if (soc->flash_size > 8u << 20)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "emulate.flash", "a flash of %u MiB is too large",
                       (unsigned)(soc->flash_size >> 20));
    soc->flash_view = malloc(2 * (size_t)soc->flash_size);
    if (!soc->flash_view)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    st = map_window(soc, err);
    if (st == RK_OK)
        refresh(soc, 0, soc->flash_size);
    return st;
}

/* ---- commands ---- */

/* The commands that the chip's model knows, and those that do the same on other lines. */
static uint8_t plain_opcode(uint8_t opcode)
{
    switch (opcode) {
    case 0x0B:
    case 0x3B:
    case 0x6B:
    case 0xBB:
    case 0xEB:
        return 0x03;
    case 0x32:
        return 0x02;
    case 0x50:
        return 0x06;
    default:
        return opcode;
    }
}

static bool changes_cells(uint8_t opcode)
{
    return opcode == 0x02 || opcode == 0x20 || opcode == 0x52 || opcode == 0xD8 || opcode == 0xC7 ||
           opcode == 0x60;
}

static uint32_t data_len(uint32_t command)
{
    uint32_t len = (command >> 2 & 0x3FF) + 1;

    if (!(command & HAS_DATA))
        return 0;
    return len < sizeof((struct rk_bl_soc *)0)->flash_buffer
               ? len
               : (uint32_t)sizeof((struct rk_bl_soc *)0)->flash_buffer;
}

/* One transfer: opcode and address on the lines, then data in one direction. */
static void transfer_bytes(struct rk_bl_soc *soc, const uint8_t bytes[8], uint32_t command)
{
    uint8_t out[4 + 256] = {plain_opcode(bytes[0])}, in[4 + 256];
    uint32_t head = 1, len = data_len(command);
    uint64_t now = rk_bl_now(soc);
    bool reads = out[0] == 0x03;

    if (command & HAS_ADDRESS || reads) {
        memcpy(out + 1, bytes + 1, 3);
        head = 4;
    }
    if (command & WRITES)
        memcpy(out + head, soc->flash_buffer, len);
    (void)rk_nor_transfer(soc->nor, now, out, in, head + len);
    rk_tracer_flash(&soc->tracer, bytes[0], head == 4 ? rk_get_be32(out) & 0xFFFFFF : 0, len);
    if (!(command & WRITES) && len)
        memcpy(soc->flash_buffer, in + head, len);
    if (!changes_cells(out[0]))
        return;
    uint32_t unit = out[0] == 0x02   ? 256
                    : out[0] == 0x20 ? 0x1000
                    : out[0] == 0x52 ? 0x8000
                    : out[0] == 0xD8 ? 0x10000
                                     : soc->flash_size;
    unit = unit < soc->flash_size ? unit : soc->flash_size;
    uint32_t addr = (uint32_t)out[1] << 16 | (uint32_t)out[2] << 8 | out[3];
    refresh(soc, addr & (soc->flash_size - 1) & ~(unit - 1), unit);
}

/* Bits on the lines at the rate of the controller; its clock is a sixteenth to all of the bus's, and
 * 40 MHz where it matters. */
static uint64_t wire_ns(uint32_t command)
{
    static const uint8_t data_lines[8] = {1, 2, 4, 2, 4, 1, 1, 1};
    uint32_t head = (command & HAS_COMMAND ? 1 : 0) +
                    (command & HAS_ADDRESS ? (command >> 17 & 7) + 1 : 0) +
                    (command & HAS_PAUSE ? (command >> 12 & 31) + 1 : 0);

    return (head + data_len(command) / data_lines[command >> 28 & 7]) * 8 * 25ull + 150;
}

uint64_t rk_bl_flash_transfer(struct rk_bl_soc *soc, const uint8_t bytes[8], uint32_t command)
{
    if (command & HAS_COMMAND)
        transfer_bytes(soc, bytes, command);
    return wire_ns(command);
}

static void run_command(struct rk_bl_soc *soc, uint32_t command)
{
    uint8_t bytes[8];

    if (*rk_bl_reg(soc, RK_BL_SF + OWNER) & OWNER_XIP)
        return; /* the window has the flash */
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(*rk_bl_reg(soc, RK_BL_SF + WORD_0) >> (24 - 8 * i));
        bytes[4 + i] = (uint8_t)(*rk_bl_reg(soc, RK_BL_SF + WORD_1) >> (24 - 8 * i));
    }
    soc->flash_ready_ns = rk_bl_now(soc) + rk_bl_flash_transfer(soc, bytes, command);
}

uint32_t rk_bl_flash_read(struct rk_bl_soc *soc, uint32_t reg)
{
    if (reg >= BUFFER && reg < BUFFER + sizeof soc->flash_buffer)
        return rk_get_le32(soc->flash_buffer + (reg - BUFFER));
    uint32_t value = *rk_bl_reg(soc, RK_BL_SF + reg);
    if (reg == COMMAND)
        return (value & ~(uint32_t)BUSY) | (rk_bl_now(soc) < soc->flash_ready_ns ? BUSY : 0);
    return value;
}

void rk_bl_flash_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value)
{
    if (reg >= BUFFER && reg < BUFFER + sizeof soc->flash_buffer) {
        rk_put_le32(soc->flash_buffer + (reg - BUFFER), value);
        return;
    }
    uint32_t old = *rk_bl_reg(soc, RK_BL_SF + reg);
    *rk_bl_reg(soc, RK_BL_SF + reg) = value;
    if (reg == COMMAND && value & TRIGGER && !(old & TRIGGER))
        run_command(soc, value);
    else if (reg == OFFSET && value != soc->image_offset)
        rk_bl_flash_set_offset(soc, value);
}
