/* The flash chip, through the command engine of the flash controller. */
#include "registers.h"
#include "stub.h"

enum {
    PROGRAM = 0x02,
    READ_STATUS = 0x05,
    WRITE_ENABLE = 0x06,
    FAST_READ = 0x0B,
    ERASE_4K = 0x20,
    QUAD_PROGRAM = 0x32,
    DUAL_READ = 0x3B,
    READ_STATUS_2 = 0x35,
    ERASE_32K = 0x52,
    QUAD_READ = 0x6B,
    RESET_ENABLE = 0x66,
    RESET = 0x99,
    JEDEC_ID = 0x9F,
    POWER_UP = 0xAB,
    ERASE_64K = 0xD8,
    CONTINUOUS_END = 0xFF
};

#define STATUS_BUSY   0x1u
#define STATUS_WRITE  0x2u
#define STATUS_2_QUAD 0x2u
#define PIECE         256u /* what one transfer carries at most */
#define RESET_US      100u
#define PROBE         64u
#define WINBOND       0xEFu
#define GIGADEVICE    0xC8u
#define SIZE_CODE_MIN 0x11u
#define SIZE_CODE_MAX 0x18u
#define NO_ADDRESS    UINT32_MAX

uint8_t flash_id[3];

/* Ways to read; the best that this flash can. */
struct way {
    uint8_t opcode;
    uint32_t mode;
};
static const struct way one_line = {FAST_READ, 0}, two_lines = {DUAL_READ, SF_TWO_LINES},
                        four_lines = {QUAD_READ, SF_FOUR_LINES};
static const struct way *way = &one_line;
static bool quad_program;

static void wait_controller(void)
{
    while (reg_read(SF_COMMAND) & SF_BUSY)
        continue;
}

/* Begins a transfer: opcode, address if there is one, a pause for FAST_READ, data. */
static void begin(uint8_t opcode, uint32_t addr, uint32_t command, uint32_t len)
{
    command |= SF_OPCODE;
    if (addr != NO_ADDRESS)
        command |= SF_ADDR_3;
    if (len > 0)
        command |= SF_DATA | (len - 1) << SF_DATA_SHIFT;
    wait_controller();
    reg_write(SF_WORD_0, (uint32_t)opcode << 24 | (addr != NO_ADDRESS ? addr : 0));
    reg_write(SF_COMMAND, command);
    reg_write(SF_CONTROL, SF_TO_FLASH);
    reg_write(SF_COMMAND, command | SF_TRIGGER);
}

static void end(void)
{
    wait_controller();
    reg_write(SF_CONTROL, SF_TO_BUS);
}

static void take(uint8_t *buf, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 4) {
        uint32_t word = reg_read(SF_BUFFER + i);
        if (len - i >= 4 && ((uintptr_t)buf & 3) == 0) {
            *(uint32_t *)(void *)(buf + i) = word;
            continue;
        }
        for (uint32_t k = i; k < len && k < i + 4; k++)
            buf[k] = (uint8_t)(word >> 8 * (k - i));
    }
}

static void simple(uint8_t opcode)
{
    begin(opcode, NO_ADDRESS, 0, 0);
    end();
}

static void pause_us(uint32_t us)
{
    uint32_t from = now_us();

    while (now_us() - from < us)
        continue;
}

uint8_t flash_register(uint8_t opcode)
{
    uint8_t value;

    begin(opcode, NO_ADDRESS, 0, 1);
    end();
    take(&value, 1);
    return value;
}

static void read_piece(const struct way *how, uint32_t addr, uint8_t *buf, uint32_t len)
{
    begin(how->opcode, addr, SF_PAUSE | how->mode, len);
    end();
    take(buf, len);
}

/* Does it tell the same that way as on one line, and something at all? Four lines work only if the
 * status register has them enabled, as modules have that run from their flash. It is not changed. */
static bool can_read(const struct way *how)
{
    uint8_t one[PROBE] __attribute__((aligned(4))), more[PROBE] __attribute__((aligned(4)));
    bool same = true, all_0 = true, all_1 = true;

    read_piece(&one_line, 0, one, PROBE);
    read_piece(how, 0, more, PROBE);
    for (uint32_t i = 0; i < PROBE; i++) {
        same &= one[i] == more[i];
        all_0 &= one[i] == 0;
        all_1 &= one[i] == 0xFF;
    }
    return same && !all_0 && !all_1;
}

/* What was going on in the flash before is ended first: it may be in a mode of continuous reading,
 * asleep, or in the middle of something. */
void flash_start(void)
{
    reg_write(SF_OWNER, SF_OWNER_BUS);
    reg_write(SF_CONTROL, SF_TO_BUS);
    reg_write(SF_PADS, 0);
    simple(CONTINUOUS_END);
    simple(POWER_UP);
    pause_us(RESET_US);
    simple(RESET_ENABLE);
    simple(RESET);
    pause_us(RESET_US);
    begin(JEDEC_ID, NO_ADDRESS, 0, sizeof flash_id);
    end();
    take(flash_id, sizeof flash_id);
    if (flash_register(READ_STATUS_2) & STATUS_2_QUAD && can_read(&four_lines))
        way = &four_lines;
    else if (can_read(&two_lines))
        way = &two_lines;
    /* the opcode is not the same for all makers */
    quad_program = way == &four_lines && (flash_id[0] == WINBOND || flash_id[0] == GIGADEVICE);
}

uint32_t flash_size(void)
{
    uint32_t code = flash_id[2];

    if (flash_id[1] == 0x25 || flash_id[1] == 0x32) /* parts that number their sizes otherwise */
        code = (code & 0xF) | 0x10;
    return code >= SIZE_CODE_MIN && code <= SIZE_CODE_MAX ? 1u << code : 0;
}

bool flash_busy(void)
{
    return flash_register(READ_STATUS) & STATUS_BUSY;
}

void flash_read(uint32_t addr, uint8_t *buf, uint32_t len)
{
    while (len > 0) {
        uint32_t n = len < PIECE ? len : PIECE;
        read_piece(way, addr, buf, n);
        addr += n;
        buf += n;
        len -= n;
    }
}

static bool write_enable(void)
{
    simple(WRITE_ENABLE);
    return flash_register(READ_STATUS) & STATUS_WRITE;
}

static void fill(const uint8_t *data, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 4) {
        uint32_t word = 0;
        if (len - i >= 4 && ((uintptr_t)data & 3) == 0)
            word = *(const uint32_t *)(const void *)(data + i);
        else
            for (uint32_t k = i; k < len && k < i + 4; k++)
                word |= (uint32_t)data[k] << 8 * (k - i);
        reg_write(SF_BUFFER + i, word);
    }
}

bool flash_erase(uint32_t addr, uint32_t len)
{
    if (!write_enable())
        return false;
    begin(len == 0x10000 ? ERASE_64K : len == 0x8000 ? ERASE_32K : ERASE_4K, addr, 0, 0);
    end();
    return true;
}

bool flash_program(uint32_t addr, const uint8_t *data, uint32_t len)
{
    if (!write_enable())
        return false;
    fill(data, len);
    if (quad_program)
        begin(QUAD_PROGRAM, addr, SF_WRITE | SF_FOUR_LINES, len);
    else
        begin(PROGRAM, addr, SF_WRITE, len);
    end();
    return true;
}

bool flash_set_register(uint8_t opcode, const uint8_t *data, uint32_t len)
{
    if (!write_enable())
        return false;
    fill(data, len);
    begin(opcode, NO_ADDRESS, SF_WRITE, len);
    end();
    return true;
}

uint32_t flash_unit(uint32_t addr, uint32_t end_addr)
{
    for (uint32_t unit = 0x10000; unit > SECTOR; unit /= 2)
        if (unit != 0x4000 && unit != 0x2000 && addr % unit == 0 && end_addr - addr >= unit)
            return unit;
    return SECTOR;
}
