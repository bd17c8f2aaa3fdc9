/* Functions of the mask ROM around the flash. The first argument of most is the address of the 84
 * bytes that describe the flash part, as in the boot header. */
#include "emulate/bouffalo/rom.h"

#include "base/bytes.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/header.h"

#include <string.h>

enum { SF_CONTROL = RK_BL_SF + 0x04, OWNER_XIP = 1 << 28, TO_WINDOW = 1 << 30, ON = 5 << 29 };
enum { HAS_COMMAND = 1 << 27, HAS_ADDRESS = 1 << 26, HAS_PAUSE = 1 << 25, HAS_DATA = 1 << 24 };
enum { WRITES = 1 << 23, THREE_BYTES = 2 << 17, BUFFER = 256 };
enum { READ_JEDEC = 0x9F, READ_DEVICE = 0x92, READ_UNIQUE = 0x4B, POWER_DOWN = 0xB9 };
enum { SUCCESS = 0, ERROR = 1, POLL_NS = 100000, POLLS = 4000000 };
enum { LEAVE_NS = 49000 }; /* 7,800 cycles of the real one: it waits before it takes the flash */

/* Places in the description of a part. */
enum {
    IO_MODE = 0,
    JEDEC_COMMAND = 8,
    SECTOR_KIB = 12,
    ERASE_CHIP = 16,
    ERASE_SECTOR = 17,
    ERASE_32K = 18,
    ERASE_64K = 19,
    WRITE_ENABLE = 20,
    PROGRAM = 21,
    READ = 24,
    ENABLE_INDEX = 40,
    QUAD_INDEX = 41,
    BUSY_INDEX = 42,
    ENABLE_BIT = 43,
    QUAD_BIT = 44,
    BUSY_BIT = 45,
    QUAD_WRITE_LEN = 48,
    QUAD_READ_LEN = 49,
    WAKE_COMMAND = 50,
    READ_COMMANDS = 52,
    WRITE_COMMANDS = 56,
    QUAD_VALUE = 83,
    FOUR_LINES = 6, /* of the mode: for data, or for the address, too */
    IN_HEADER = 12  /* where the boot header has them */
};

struct part {
    uint8_t at[RK_BL602_FLASH_PARAMETERS];
};

static bool load_part(struct rk_bl_soc *soc, struct rk_bl_call *call, struct part *out)
{
    return rk_bl_rom_get(soc, call, call->a[0], out->at, sizeof out->at);
}

/* ---- transfers ---- */

static void set_owner(struct rk_bl_soc *soc, bool window)
{
    uint32_t *control = rk_bl_reg(soc, SF_CONTROL);

    *control &= ~(uint32_t)(OWNER_XIP | TO_WINDOW);
    *control |= window ? OWNER_XIP | TO_WINDOW : 0;
}

static void send(struct rk_bl_soc *soc, uint8_t opcode, const uint32_t *addr, bool writes,
                 uint32_t len)
{
    uint8_t bytes[8] = {opcode};
    uint32_t command = HAS_COMMAND | (writes ? WRITES : 0) | (len ? HAS_DATA | (len - 1) << 2 : 0);

    if (*rk_bl_reg(soc, SF_CONTROL) & OWNER_XIP)
        return; /* the window has the flash: the ROM gives up as silently */
    if (addr) {
        rk_put_be32(bytes, (uint32_t)opcode << 24 | (*addr & 0xFFFFFF));
        command |= HAS_ADDRESS | THREE_BYTES;
    }
    rk_bl_skip(soc, rk_bl_now(soc) + rk_bl_flash_transfer(soc, bytes, command));
}

static uint8_t read_register(struct rk_bl_soc *soc, uint8_t opcode)
{
    send(soc, opcode, NULL, false, 1);
    return soc->flash_buffer[0];
}

/* Until the part is ready, as the ROM looks: ten thousand times a second. */
static bool wait_ready(struct rk_bl_soc *soc, const struct part *p)
{
    uint8_t opcode = p->at[READ_COMMANDS + (p->at[BUSY_INDEX] & 3)];

    for (unsigned i = 0; i < POLLS; i++) {
        if (!(read_register(soc, opcode) >> (p->at[BUSY_BIT] & 7) & 1))
            return true;
        rk_bl_skip(soc, rk_bl_now(soc) + POLL_NS);
    }
    return false;
}

/* Is it ready? If not, the call goes on a moment later: interrupts are served meanwhile, as the ROM
 * does not turn them off. */
static bool ready(struct rk_bl_soc *soc, struct rk_bl_call *call, const struct part *p)
{
    uint64_t now, soon, due = soc->deadline_ps / 1000;

    if (!(read_register(soc, p->at[READ_COMMANDS + (p->at[BUSY_INDEX] & 3)]) >>
              (p->at[BUSY_BIT] & 7) &
          1))
        return true;
    now = rk_bl_now(soc);
    soon = now + POLL_NS;
    rk_bl_skip(soc, due < soon ? due : soon);
    call->again = true;
    return false;
}

static uint32_t write_enable(struct rk_bl_soc *soc, const struct part *p)
{
    send(soc, p->at[WRITE_ENABLE], NULL, false, 0);
    return read_register(soc, p->at[READ_COMMANDS + (p->at[ENABLE_INDEX] & 3)]) >>
                       (p->at[ENABLE_BIT] & 7) &
                   1
               ? SUCCESS
               : ERROR;
}

static uint32_t write_register(struct rk_bl_soc *soc, const struct part *p, uint8_t opcode,
                               uint32_t value, uint32_t len)
{
    rk_put_le32(soc->flash_buffer, value);
    send(soc, opcode, NULL, true, len);
    return wait_ready(soc, p) ? SUCCESS : ERROR;
}

/* ---- registers ---- */

bool rk_bl_rom_flash_read_command(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint32_t len = call->a[3] & 0xFF;

    send(soc, (uint8_t)call->a[1], NULL, false, len);
    return rk_bl_rom_put(soc, call, call->a[2], soc->flash_buffer, len);
}

bool rk_bl_rom_flash_write_command(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;
    uint8_t value[4] = {0};
    uint32_t len = (call->a[3] & 0xFF) < 4 ? call->a[3] & 0xFF : 4;

    if (!load_part(soc, call, &p) || !rk_bl_rom_get(soc, call, call->a[2], value, len))
        return false;
    call->result = write_register(soc, &p, (uint8_t)call->a[1], rk_get_le32(value), len);
    return true;
}

bool rk_bl_rom_flash_read_register(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    call->a[1] = p.at[READ_COMMANDS + (call->a[1] & 3)];
    return rk_bl_rom_flash_read_command(soc, call);
}

bool rk_bl_rom_flash_write_register(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    call->a[1] = p.at[WRITE_COMMANDS + (call->a[1] & 3)];
    return rk_bl_rom_flash_write_command(soc, call);
}

bool rk_bl_rom_flash_busy(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    call->result =
        read_register(soc, p.at[READ_COMMANDS + (p.at[BUSY_INDEX] & 3)]) >> (p.at[BUSY_BIT] & 7) &
        1;
    return true;
}

bool rk_bl_rom_flash_write_enable(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    call->result = write_enable(soc, &p);
    return true;
}

/* Sets the bit, or for odd parts the value, that lets the part use four lines. */
static uint32_t enable_quad(struct rk_bl_soc *soc, const struct part *p)
{
    uint8_t index = p->at[QUAD_INDEX] & 3, bit = p->at[QUAD_BIT] & 7, odd = p->at[QUAD_VALUE];
    uint8_t now = read_register(soc, p->at[READ_COMMANDS + index]);
    uint8_t wanted = (uint8_t)(odd ? odd : now | 1u << bit);
    uint32_t value = wanted;

    if (p->at[QUAD_READ_LEN] && now == wanted)
        return SUCCESS;
    if (p->at[QUAD_WRITE_LEN] != 1) { /* both status registers at once */
        value = read_register(soc, p->at[READ_COMMANDS]);
        value |= (uint32_t)read_register(soc, p->at[READ_COMMANDS + 1]) << 8;
        value = (value & ~(0xFFu << 8 * index)) | (uint32_t)wanted << 8 * index;
    }
    if (write_enable(soc, p) != SUCCESS)
        return ERROR;
    (void)write_register(soc, p, p->at[WRITE_COMMANDS + index], value,
                         p->at[QUAD_WRITE_LEN] == 2 ? 2 : 1);
    return read_register(soc, p->at[READ_COMMANDS + index]) == wanted ? SUCCESS : ERROR;
}

void rk_bl_rom_prepare_flash(struct rk_bl_soc *soc, const uint8_t *parameters)
{
    struct part p;

    memcpy(p.at, parameters, sizeof p.at);
    if (p.at[IO_MODE] & FOUR_LINES)
        (void)enable_quad(soc, &p);
}

bool rk_bl_rom_flash_quad(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    call->result = enable_quad(soc, &p);
    return true;
}

/* ---- erasing and programming ---- */

static uint32_t begin_erase(struct rk_bl_soc *soc, const struct part *p, uint8_t opcode,
                            uint32_t addr)
{
    if (write_enable(soc, p) != SUCCESS)
        return ERROR;
    send(soc, opcode, opcode == p->at[ERASE_CHIP] ? NULL : &addr, false, 0);
    return SUCCESS;
}

static bool erase_unit(struct rk_bl_soc *soc, struct rk_bl_call *call, unsigned which,
                       uint32_t size)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    if (call->step) {
        (void)ready(soc, call, &p);
        return true;
    }
    if (which == ERASE_SECTOR)
        size = p.at[SECTOR_KIB] * 1024u;
    call->result = begin_erase(soc, &p, p.at[which], call->a[1] * size);
    call->again = call->result == SUCCESS;
    call->step = 1;
    return true;
}

bool rk_bl_rom_flash_erase_chip(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    call->a[1] = 0;
    return erase_unit(soc, call, ERASE_CHIP, 0);
}

bool rk_bl_rom_flash_erase_sector(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return erase_unit(soc, call, ERASE_SECTOR, 0);
}

bool rk_bl_rom_flash_erase_32k(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return erase_unit(soc, call, ERASE_32K, 0x8000);
}

bool rk_bl_rom_flash_erase_64k(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return erase_unit(soc, call, ERASE_64K, 0x10000);
}

/* Begins the largest unit that fits between `at` and `last`, both inclusive. Returns its end, 0 = it
 * was refused. */
static uint32_t begin_largest(struct rk_bl_soc *soc, const struct part *p, uint32_t at,
                              uint32_t last)
{
    uint32_t sector = p->at[SECTOR_KIB] ? p->at[SECTOR_KIB] * 1024u : 4096, size = sector;
    uint64_t left = (uint64_t)last - at + 1;
    uint8_t opcode = p->at[ERASE_SECTOR];

    if (p->at[ERASE_64K] != 0xFF && at % 0x10000 == 0 && left > 0x10000 - sector) {
        opcode = p->at[ERASE_64K];
        size = 0x10000;
    } else if (p->at[ERASE_32K] != 0xFF && at % 0x8000 == 0 && left > 0x8000 - sector) {
        opcode = p->at[ERASE_32K];
        size = 0x8000;
    } else {
        at -= at % sector;
    }
    if (at > 0xFFFFFF || begin_erase(soc, p, opcode, at) != SUCCESS)
        return 0;
    return at + size;
}

/* From `start` to `last`, both inclusive; call->step counts the bytes behind `start`. */
static void erase_range(struct rk_bl_soc *soc, struct rk_bl_call *call, const struct part *p,
                        uint32_t start, uint32_t last)
{
    if (call->step && !ready(soc, call, p))
        return;
    if ((uint64_t)start + call->step > last)
        return;
    uint32_t end = begin_largest(soc, p, start + call->step, last);
    call->step = end - start;
    call->again = end != 0;
    call->result = end ? SUCCESS : ERROR;
}

bool rk_bl_rom_flash_erase(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    erase_range(soc, call, &p, call->a[1], call->a[2]);
    return true;
}

/* One page at a time; call->step counts the bytes that are done. */
static bool program(struct rk_bl_soc *soc, struct rk_bl_call *call, const struct part *p,
                    uint32_t addr, uint32_t from, uint32_t len)
{
    if (call->step && !ready(soc, call, p))
        return true;
    if (call->step >= len)
        return true;
    addr += call->step;
    uint32_t n = RK_NOR_PAGE - addr % RK_NOR_PAGE;
    n = n < len - call->step ? n : len - call->step;
    call->result = write_enable(soc, p);
    if (call->result != SUCCESS)
        return true;
    if (!rk_bl_rom_get(soc, call, from + call->step, soc->flash_buffer, n))
        return false;
    send(soc, p->at[PROGRAM], &addr, true, n);
    call->step += n;
    call->again = true;
    return true;
}

bool rk_bl_rom_flash_program(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    return load_part(soc, call, &p) && program(soc, call, &p, call->a[2], call->a[3], call->a[4]);
}

/* ---- reading ---- */

/* One buffer at a time; call->step counts the bytes that are done. */
static bool read(struct rk_bl_soc *soc, struct rk_bl_call *call, const struct part *p,
                 uint32_t addr, uint32_t to, uint32_t len)
{
    uint32_t left = len > call->step ? len - call->step : 0, n = left < BUFFER ? left : BUFFER;

    if (n == 0)
        return true;
    addr += call->step;
    send(soc, p->at[READ], &addr, false, n);
    if (!rk_bl_rom_put(soc, call, to + call->step, soc->flash_buffer, n))
        return false;
    call->step += n;
    call->again = n < left;
    return true;
}

bool rk_bl_rom_flash_read(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    return load_part(soc, call, &p) && read(soc, call, &p, call->a[3], call->a[4], call->a[5]);
}

static bool put_answer(struct rk_bl_soc *soc, struct rk_bl_call *call, uint8_t opcode, uint32_t to,
                       uint32_t len)
{
    send(soc, opcode, NULL, false, len);
    return rk_bl_rom_put(soc, call, to, soc->flash_buffer, len);
}

bool rk_bl_rom_flash_jedec(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    return load_part(soc, call, &p) && put_answer(soc, call, p.at[JEDEC_COMMAND], call->a[1], 3);
}

bool rk_bl_rom_flash_device(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return put_answer(soc, call, READ_DEVICE, call->a[0], 2);
}

bool rk_bl_rom_flash_unique(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return put_answer(soc, call, READ_UNIQUE, call->a[0], call->a[1] & 0xFF);
}

/* ---- the part as such ---- */

bool rk_bl_rom_flash_powerdown(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    (void)call;
    send(soc, POWER_DOWN, NULL, true, 0);
    return true;
}

bool rk_bl_rom_flash_wake(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    send(soc, p.at[WAKE_COMMAND], NULL, true, 0);
    return true;
}

/* After a sleep: it is woken, and executed again. */
bool rk_bl_rom_flash_restore(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    set_owner(soc, false);
    send(soc, p.at[WAKE_COMMAND], NULL, true, 0);
    if (p.at[IO_MODE] & FOUR_LINES)
        (void)enable_quad(soc, &p);
    set_owner(soc, true);
    return true;
}

bool rk_bl_rom_flash_reset(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    struct part p;

    if (!load_part(soc, call, &p))
        return false;
    call->result = wait_ready(soc, &p) ? SUCCESS : ERROR;
    return true;
}

/* The id is that of the JEDEC command, first byte lowest. */
static bool put_parameters(struct rk_bl_soc *soc, struct rk_bl_call *call, uint32_t id, uint32_t to)
{
    uint8_t bytes[4];

    rk_put_le32(bytes, id << 8);
    const struct rk_bl602_part *part = rk_bl602_part_find(rk_get_be32(bytes));
    call->result = part ? SUCCESS : ERROR;
    return !part || rk_bl_rom_put(soc, call, to, part->parameters, sizeof part->parameters);
}

/* Those that the boot header at the start of the flash brings. */
static bool put_header_parameters(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    const uint8_t *cells = rk_nor_cells(soc->nor);
    struct rk_bfl_header header;

    call->result = ERROR;
    if (!rk_bfl_header_read(cells, soc->flash_size, &header) || !header.flash_good)
        return true;
    call->result = SUCCESS;
    return rk_bl_rom_put(soc, call, call->a[1], cells + IN_HEADER, RK_BL602_FLASH_PARAMETERS);
}

bool rk_bl_rom_flash_parameters(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    if (call->a[0] == 0)
        return put_header_parameters(soc, call);
    return put_parameters(soc, call, call->a[0] & 0xFFFFFF, call->a[1]);
}

/* The first argument says whether the flash is executed meanwhile: then it is again. */
bool rk_bl_rom_flash_identify(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    set_owner(soc, false);
    send(soc, READ_JEDEC, NULL, false, 3);
    set_owner(soc, call->a[0] & 0xFF);
    uint32_t id = rk_get_le32(soc->flash_buffer) & 0xFFFFFF;
    bool good = put_parameters(soc, call, id, call->a[4]);
    call->result = call->result == SUCCESS ? id | 1u << 31 : id;
    return good;
}

/* ---- the controller ---- */

/* A command as the SDK describes it: eight bytes of how, length, opcode and address. */
bool rk_bl_rom_flash_command(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint8_t how[20], bytes[8];

    if (!rk_bl_rom_get(soc, call, call->a[0], how, sizeof how))
        return false;
    uint32_t len = rk_get_le32(how + 8) < BUFFER ? rk_get_le32(how + 8) : BUFFER;
    uint32_t command = HAS_COMMAND | (how[0] ? WRITES : 0);
    command |= how[3] ? HAS_ADDRESS | (uint32_t)((how[3] - 1) & 7) << 17 : 0;
    command |= how[4] ? HAS_PAUSE | (uint32_t)((how[4] - 1) & 31) << 12 : 0;
    command |= len ? HAS_DATA | (len - 1) << 2 : 0;
    rk_put_be32(bytes, rk_get_le32(how + 12));
    rk_put_be32(bytes + 4, rk_get_le32(how + 16));
    if (!(*rk_bl_reg(soc, SF_CONTROL) & OWNER_XIP))
        rk_bl_skip(soc, rk_bl_now(soc) + rk_bl_flash_transfer(soc, bytes, command));
    return true;
}

bool rk_bl_rom_flash_owner(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    set_owner(soc, call->a[0] & 1);
    return true;
}

/* The owner is the first byte of the configuration. */
bool rk_bl_rom_flash_enable(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint8_t owner;

    if (!rk_bl_rom_get(soc, call, call->a[0], &owner, 1))
        return call->a[0] == 0;
    *rk_bl_reg(soc, SF_CONTROL) |= (uint32_t)ON;
    set_owner(soc, owner & 1);
    return true;
}

bool rk_bl_rom_flash_window(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    (void)call;
    set_owner(soc, true);
    return true;
}

bool rk_bl_rom_flash_set_offset(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    rk_bl_flash_write(soc, 0x434, call->a[0]);
    return true;
}

bool rk_bl_rom_flash_get_offset(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    call->result = soc->image_offset;
    return true;
}

/* ---- the same while the flash is executed: the window gives it up and takes it back ---- */

static uint32_t leave_window(struct rk_bl_soc *soc)
{
    uint32_t offset = soc->image_offset;

    rk_bl_skip(soc, rk_bl_now(soc) + LEAVE_NS);
    set_owner(soc, false);
    rk_bl_flash_write(soc, 0x434, 0);
    return offset;
}

static void enter_window(struct rk_bl_soc *soc, uint32_t offset)
{
    rk_bl_flash_write(soc, 0x434, offset);
    set_owner(soc, true);
}

/* All of it at once: who leaves the window has turned interrupts off. */
static bool whole(struct rk_bl_soc *soc, struct rk_bl_call *call,
                  bool (*part)(struct rk_bl_soc *soc, struct rk_bl_call *call, const struct part *p,
                               uint32_t addr, uint32_t at, uint32_t len))
{
    struct part p;
    uint64_t due = soc->deadline_ps;

    if (!load_part(soc, call, &p))
        return false;
    uint32_t offset = leave_window(soc);
    bool good = true;
    soc->deadline_ps = RK_BL_NEVER;
    for (unsigned i = 0; i < POLLS && good && (i == 0 || call->again); i++) {
        call->again = false;
        good = part(soc, call, &p, call->a[1], call->a[2], call->a[3]);
    }
    soc->deadline_ps = due;
    call->result = call->again ? ERROR : call->result;
    call->again = false;
    enter_window(soc, offset);
    return good;
}

static bool erase_part(struct rk_bl_soc *soc, struct rk_bl_call *call, const struct part *p,
                       uint32_t addr, uint32_t last, uint32_t none)
{
    (void)none;
    erase_range(soc, call, p, addr, last);
    return true;
}

bool rk_bl_rom_xip_save(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint8_t offset[4];

    rk_put_le32(offset, leave_window(soc));
    return rk_bl_rom_put(soc, call, call->a[1], offset, 4);
}

bool rk_bl_rom_xip_restore(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    enter_window(soc, call->a[1]);
    return true;
}

bool rk_bl_rom_xip_erase(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return whole(soc, call, erase_part);
}

/* With a length instead of the last address. */
bool rk_bl_rom_xip_erase_len(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    call->a[2] = call->a[1] + call->a[2] - 1;
    return rk_bl_rom_xip_erase(soc, call);
}

bool rk_bl_rom_xip_write(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return whole(soc, call, program);
}

bool rk_bl_rom_xip_read(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return whole(soc, call, read);
}

static bool xip_answer(struct rk_bl_soc *soc, struct rk_bl_call *call, uint8_t opcode, uint32_t len)
{
    uint32_t offset = leave_window(soc);
    bool good = put_answer(soc, call, opcode, call->a[1], len);

    enter_window(soc, offset);
    return good;
}

bool rk_bl_rom_xip_jedec(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return xip_answer(soc, call, READ_JEDEC, 3);
}

bool rk_bl_rom_xip_device(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return xip_answer(soc, call, READ_DEVICE, 2);
}

bool rk_bl_rom_xip_unique(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    return xip_answer(soc, call, READ_UNIQUE, call->a[2] & 0xFF);
}

/* Through the window, from an address in it that counts from the start of the flash. */
bool rk_bl_rom_xip_view(struct rk_bl_soc *soc, struct rk_bl_call *call)
{
    uint32_t offset = soc->image_offset, from = call->a[0], to = call->a[1], len = call->a[2];
    uint8_t part[BUFFER];
    bool good = true;

    rk_bl_flash_write(soc, 0x434, 0);
    for (uint32_t n; len > 0 && good; len -= n, from += n, to += n) {
        n = len < sizeof part ? len : (uint32_t)sizeof part;
        good = rk_bl_rom_get(soc, call, from, part, n) && rk_bl_rom_put(soc, call, to, part, n);
    }
    rk_bl_flash_write(soc, 0x434, offset);
    return good;
}
