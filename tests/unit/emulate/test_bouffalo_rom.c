/* The replaced functions of the BL602's mask ROM beside those of a real one: the same arguments, and
 * then the same result, memory, flash and registers, and about the same time. The ROM
 * is nobody's to give away, so whoever has a dump of one (128 KiB from 0x21000000) names it in
 * REKINDLE_BL602_ROM; without it this says it skipped. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "emulate/bouffalo/soc.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

enum { FLASH = 0x40000, START = 0x2000, TABLE = 0x21010800, WINDOW = 0x23000000, A0 = 10, SP = 2 };
/* Where arguments lead to, and the stack, which is the ROM's own affair as all behind it. */
enum { RAM = 0x42020000, PART = RAM, FROM = RAM + 0x1000, TO = RAM + 0x2000, RAM_LEN = 0x4000 };
enum { STACK = 0x42043F00, RA = 1, LOOP = RAM + 0x3F00 };
/* A command to the flash, a configuration of its controller, a status that protects nothing. */
enum { COMMAND = RAM + 0x3000, CONTROLLER = COMMAND + 0x20, ZEROS = COMMAND + 0x30 };

enum { EFUSE = 128 };
enum { SLICE_NS = 10000, CLOSE_NS = 100000 };

/* What a row compares beside memory and flash. */
enum {
    RESULT = 1,
    FROM_WINDOW = 2, /* the window has the flash when it is called */
    PARAMETERS = 4,  /* it brings those of a part, of which the ROM has older ones than we */
    WAITS = 8 /* its loop is tuned to the chip; at a cycle for each instruction it is short */
};

struct row {
    const char *name;
    unsigned number; /* in the table, bl602_romdriver.h */
    unsigned what;
    uint32_t a[6];
};

struct chip {
    struct rk_bl_soc *soc;
    uint64_t took_ns; /* the last call, to a sixteenth */
};

static uint8_t *load_rom(void)
{
    const char *path = getenv("REKINDLE_BL602_ROM");
    uint8_t *rom = path ? malloc(RK_BL_ROM_LEN) : NULL;
    FILE *f = path ? fopen(path, "rb") : NULL;

    if (path && (!rom || !f || fread(rom, 1, RK_BL_ROM_LEN, f) != RK_BL_ROM_LEN))
        fail_msg("cannot read 128 KiB of %s", path);
    if (f)
        (void)fclose(f);
    return rom;
}

/* What a header has another value in; the CRC over it is right again. */
struct change {
    uint32_t at, value;
};

/* Started from a flash whose program does nothing but turn round and round. */
static void create(struct chip *c, const uint8_t *rom, const struct change *change,
                   const uint8_t *efuse)
{
    uint8_t *flash = malloc(FLASH);

    assert_non_null(flash);
    for (uint32_t i = 0; i < FLASH; i++)
        flash[i] = (uint8_t)(i * 7 + i / 256);
    rk_put_le32(flash + START, 0x0000006F); /* j . */
    rk_bfl_header_make(flash, rk_bl602_part_find(0xEF4015)->parameters, flash + START, 64, START);
    if (change) {
        rk_put_le32(flash + change->at, change->value);
        rk_put_le32(flash + 172, rk_crc32(0, flash, 172));
    }
    const struct rk_emulate_options opt = {.size = sizeof opt,
                                           .chip = "BL602",
                                           .flash = flash,
                                           .flash_len = FLASH,
                                           .efuse = efuse,
                                           .efuse_len = efuse ? EFUSE : 0,
                                           .rom = rom,
                                           .rom_len = rom ? RK_BL_ROM_LEN : 0};
    assert_int_equal(rk_bl_soc_new(&opt, NULL, &c->soc, NULL), RK_OK);
    free(flash);
}

static void start(struct chip *c, const uint8_t *rom)
{
    create(c, rom, NULL, NULL);
    assert_int_equal(rk_bl_run(c->soc, 100 * MS), RK_EMULATE_TIME);
    assert_int_equal(c->soc->cpu->core->pc(c->soc->cpu), WINDOW);
    rk_nor_write_disable(c->soc->nor, rk_bl_now(c->soc));
}

/* Bytes without a pattern that copies would hide, and what functions are told about the flash. */
static void fill_memory(struct chip *c)
{
    uint8_t ram[RAM_LEN], *command = ram + (COMMAND - RAM);

    for (uint32_t i = 0; i < RAM_LEN; i++)
        ram[i] = (uint8_t)(i * 5 + 1 + i / 256);
    memcpy(ram, rk_bl602_part_find(0xEF4015)->parameters, RK_BL602_FLASH_PARAMETERS);
    memset(command, 0, 0x40); /* the configuration: the processor has the flash */
    command[3] = 3;           /* bytes of the address, */
    command[4] = 1;           /* pauses; then the length, and command and address: reads five */
    rk_put_le32(command + 8, 5);
    rk_put_le32(command + 12, 0x0B010020);
    rk_put_le32(ram + (LOOP - RAM), 0x0000006F); /* j . */
    assert_true(rk_bus_poke(c->soc->bus, RAM, ram, sizeof ram));
}

static void prepare(struct chip *c, const struct row *row)
{
    uint32_t *control = rk_bl_reg(c->soc, RK_BL_SF + 4);
    struct rk_cpu *cpu = c->soc->cpu;

    fill_memory(c);
    *control = row->what & FROM_WINDOW ? *control | 5u << 28 : *control & ~(5u << 28);
    for (unsigned i = 0; i < 6; i++)
        (void)cpu->core->set(cpu, A0 + i, row->a[i]);
    (void)cpu->core->set(cpu, SP, STACK);
    (void)cpu->core->set(cpu, RA, LOOP);
}

/* Runs one function until it comes back; returns a0. */
static uint32_t call(struct chip *c, const struct row *row)
{
    struct rk_cpu_register result = {0};
    struct rk_cpu *cpu = c->soc->cpu;
    uint8_t target[4];

    prepare(c, row);
    assert_true(rk_bus_peek(c->soc->bus, TABLE + 4 * row->number, target, 4));
    cpu->core->set_pc(cpu, rk_get_le32(target));
    uint64_t since = rk_bl_now(c->soc), now = since;
    for (; cpu->core->pc(cpu) != LOOP; now = rk_bl_now(c->soc)) {
        if (now - since > 20000 * MS ||
            rk_bl_run(c->soc, now + SLICE_NS + (now - since) / 16) != RK_EMULATE_TIME)
            fail_msg("%s does not come back, pc %08x", row->name, cpu->core->pc(cpu));
    }
    c->took_ns = now - since;
    (void)cpu->core->get(cpu, A0, &result);
    return result.value;
}

static void compare_memory(const struct row *row, struct chip *ours, struct chip *real)
{
    const uint8_t *a = ours->soc->wram, *b = real->soc->wram;

    for (uint32_t i = 0; i < RAM_LEN; i++) {
        bool open = row->what & PARAMETERS && i - (TO - RAM) < RK_BL602_FLASH_PARAMETERS;
        if (a[i] != b[i] && !open)
            fail_msg("%s: RAM+%04x is %02x, the ROM makes it %02x", row->name, i, a[i], b[i]);
    }
    if (memcmp(ours->soc->tcm, real->soc->tcm, RK_BL_TCM_LEN) != 0)
        fail_msg("%s: the tightly coupled memory differs", row->name);
    a = rk_nor_cells(ours->soc->nor);
    b = rk_nor_cells(real->soc->nor);
    for (uint32_t i = 0; i < FLASH; i++)
        if (a[i] != b[i])
            fail_msg("%s: flash %06x is %02x, the ROM makes it %02x", row->name, i, a[i], b[i]);
}

/* Registers that something depends on. */
static void compare_registers(const struct row *row, const struct chip *ours,
                              const struct chip *real)
{
    static const struct {
        uint32_t addr, mask;
    } kept[] = {
        {RK_BL_GLB, 0x00FFFF30},  {RK_BL_GLB + 0x90, 0x0007FFFF}, {RK_BL_HBN + 0x30, 7},
        {RK_BL_SF + 4, 5u << 28}, {RK_BL_SF + 0x434, UINT32_MAX}, {RK_BL_HBN + 0x108, UINT32_MAX},
    };

    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        uint32_t a = *rk_bl_reg(ours->soc, kept[i].addr) & kept[i].mask;
        uint32_t b = *rk_bl_reg(real->soc, kept[i].addr) & kept[i].mask;
        if (a != b)
            fail_msg("%s: register %08x is %08x, the ROM makes it %08x", row->name,
                     (unsigned)kept[i].addr, a, b);
    }
}

/* Boot loaders wait for the flash, copy and check: their time is mostly spent in here. */
static void compare_time(const struct row *row, const struct chip *ours, const struct chip *real)
{
    uint64_t a = ours->took_ns, b = real->took_ns;

    if (!(row->what & WAITS) && (a > b + b / 4 + CLOSE_NS || b > a + a / 4 + CLOSE_NS))
        fail_msg("%s takes %lu us, in the ROM %lu", row->name, (unsigned long)(a / 1000),
                 (unsigned long)(b / 1000));
}

/* clang-format off */
static const struct row rows[] = {
    {"AON_Set_Xtal_CapCode", 7, RESULT, {34, 51}},
    {"AON_Get_Xtal_CapCode", 8, RESULT, {0}},
    {"ASM_Delay_Us", 20, WAITS, {160, 100}},
    {"BL602_Delay_US", 21, WAITS, {250}},
    {"BL602_Delay_MS", 22, WAITS, {3}},
    {"BL602_MemCpy", 23, RESULT, {TO, FROM, 77}},
    {"BL602_MemCpy, unaligned", 23, RESULT, {TO + 3, FROM + 1, 301}},
    {"BL602_MemCpy of nothing", 23, RESULT, {TO, FROM, 0}},
    {"BL602_MemCpy, 1 up", 23, RESULT, {FROM + 1, FROM, 100}},
    {"BL602_MemCpy, 4 up", 23, RESULT, {FROM + 4, FROM, 100}},
    {"BL602_MemCpy, 300 up", 23, RESULT, {FROM + 300, FROM, 901}},
    {"BL602_MemCpy, 3 down", 23, RESULT, {FROM, FROM + 3, 700}},
    {"BL602_MemCpy to the window", 23, RESULT | FROM_WINDOW, {WINDOW + 0x100, FROM, 100}},
    {"BL602_MemCpy from the window", 23, RESULT | FROM_WINDOW, {TO, WINDOW + 0x100, 100}},
    {"BL602_MemCpy4", 24, RESULT, {TO, FROM, 190}},
    {"BL602_MemCpy4, 4 up", 24, RESULT, {FROM + 4, FROM, 19}},
    {"BL602_MemCpy_Fast", 25, RESULT, {TO, FROM, 77}},
    {"BL602_MemCpy_Fast, unaligned", 25, RESULT, {TO + 3, FROM + 1, 301}},
    {"BL602_MemCpy_Fast, 1 up", 25, RESULT, {FROM + 1, FROM, 100}},
    {"BL602_MemCpy_Fast, 4 up", 25, RESULT, {FROM + 4, FROM, 100}},
    {"BL602_MemCpy_Fast, 16 up", 25, RESULT, {FROM + 16, FROM, 101}},
    {"BL602_MemSet", 26, RESULT, {TO + 1, 0x1AB, 333}},
    {"BL602_MemSet4", 27, RESULT, {TO, 0x12345678, 170}},
    {"BL602_MemCmp of the same", 28, RESULT, {FROM, FROM, 9}},
    {"BL602_MemCmp, less", 28, RESULT, {FROM, FROM + 1, 9}},
    {"BL602_MemCmp, more", 28, RESULT, {FROM + 1, FROM, 9}},
    {"BL602_MemCmp of nothing", 28, RESULT, {FROM, FROM + 1, 0}},
    {"EF_Ctrl_Busy", 32, RESULT, {0}},
    {"EF_Ctrl_AutoLoad_Done", 33, RESULT, {0}},
    {"EF_Ctrl_Get_Trim_Parity, even", 34, RESULT, {0x5A, 8}},
    {"EF_Ctrl_Get_Trim_Parity, odd", 34, RESULT, {0x1FF, 5}},
    {"EF_Ctrl_Get_Trim_Parity of 32", 34, RESULT, {0x80000000, 32}},
    {"EF_Ctrl_Get_Trim_Parity of 34", 34, RESULT, {0x1D, 34}},
    {"EF_Ctrl_Read_RC32M_Trim", 35, RESULT, {TO}},
    {"EF_Ctrl_Read_RC32K_Trim", 36, RESULT, {TO}},
    {"GLB_Get_Root_CLK_Sel", 38, RESULT, {0}},
    {"GLB_Set_System_CLK_Div, 2 and 4", 39, RESULT, {1, 3}},
    {"GLB_Get_BCLK_Div", 40, RESULT, {0}},
    {"GLB_Get_HCLK_Div", 41, RESULT, {0}},
    {"GLB_Set_System_CLK_Div, 1 and 2", 39, RESULT, {0, 1}},
    {"Update_SystemCoreClockWith_XTAL", 42, RESULT, {4}},
    {"GLB_Set_System_CLK, RC", 43, RESULT, {4, 0}},
    {"GLB_Set_System_CLK, crystal", 43, RESULT, {4, 1}},
    {"GLB_Set_System_CLK, 48 MHz", 43, RESULT, {4, 2}},
    {"GLB_Set_System_CLK, 120 MHz", 43, RESULT, {4, 3}},
    {"GLB_Set_System_CLK, 192 MHz", 43, RESULT, {4, 5}},
    {"GLB_Set_System_CLK without a crystal", 43, RESULT, {0, 3}},
    {"GLB_Set_System_CLK, PLL from RC", 43, RESULT, {6, 4}},
    {"GLB_Set_System_CLK, RC again", 43, RESULT, {4, 0}},
    {"System_Core_Clock_Update_From_RC32M", 44, RESULT, {0}},
    {"GLB_Set_System_CLK, 160 MHz", 43, RESULT, {4, 4}},
    {"GLB_Set_SF_CLK", 45, RESULT, {1, 3, 1}},
    {"HBN_Set_ROOT_CLK_Sel, RC", 67, RESULT, {0}},
    {"HBN_Set_ROOT_CLK_Sel, crystal", 67, RESULT, {1}},
    {"HBN_Set_ROOT_CLK_Sel, PLL", 67, RESULT, {2}},
    {"GLB_Get_Root_CLK_Sel, PLL", 38, RESULT, {0}},
    {"L1C_Set_Wrap", 77, RESULT, {1}},
    {"L1C_Set_Way_Disable", 78, RESULT, {15}},
    {"PDS_Power_On_PLL", 88, RESULT, {4}},
    {"SFlash_Init", 96, 0, {CONTROLLER}},
    {"SFlash_SetSPIMode", 97, RESULT, {0}},
    {"SFlash_Read_Reg 0", 98, RESULT, {PART, 0, TO, 1}},
    {"SFlash_Read_Reg 1, twice", 98, RESULT, {PART, 1, TO, 2}},
    {"SFlash_Read_Reg beside the window", 98, RESULT | FROM_WINDOW, {PART, 1, TO, 1}},
    {"SFlash_Write_Reg, not enabled", 99, RESULT, {PART, 1, FROM, 1}},
    {"SFlash_Write_Enable", 101, RESULT, {PART}},
    {"SFlash_Write_Enable beside the window", 101, RESULT | FROM_WINDOW, {PART}},
    {"SFlash_Write_Reg 0", 99, RESULT, {PART, 0, FROM, 1}},
    {"SFlash_Write_Enable", 101, RESULT, {PART}},
    {"SFlash_Write_Reg 1", 99, RESULT, {PART, 1, FROM, 1}},
    {"SFlash_Read_Reg 1", 98, RESULT, {PART, 1, TO, 1}},
    {"SFlash_Busy", 100, RESULT, {PART}},
    {"SFlash_Qspi_Enable", 102, RESULT, {PART}},
    {"SFlash_Qspi_Enable, it is", 102, RESULT, {PART}},
    {"SFlash_Read_Reg 1, four lines", 98, RESULT, {PART, 1, TO, 1}},
    {"SFlash_Sector_Erase, protected", 105, RESULT, {PART, 5}},
    {"SFlash_Write_Enable", 101, RESULT, {PART}},
    {"SFlash_Write_Reg 0, unprotected", 99, RESULT, {PART, 0, ZEROS, 1}},
    {"SFlash_Sector_Erase", 105, RESULT, {PART, 5}},
    {"SFlash_Blk32_Erase", 106, RESULT, {PART, 1}},
    {"SFlash_Blk64_Erase", 107, RESULT, {PART, 1}},
    {"SFlash_Program", 109, RESULT, {PART, 0, 0x8010, FROM, 500}},
    {"SFlash_Program, four lines", 109, RESULT, {PART, 2, 0x9010, FROM, 300}},
    {"SFlash_Program, four lines for the address", 109, RESULT, {PART, 4, 0x9810, FROM, 30}},
    {"SFlash_Program of nothing", 109, RESULT, {PART, 0, 0x8010, FROM, 0}},
    {"SFlash_Program beside the window", 109, RESULT | FROM_WINDOW, {PART, 0, 0x8210, FROM, 50}},
    {"SFlash_Erase of a sector", 108, RESULT, {PART, 0x8000, 0x8FFF}},
    {"SFlash_Erase in a sector", 108, RESULT, {PART, 0x9010, 0x9020}},
    {"SFlash_Erase across sectors", 108, RESULT, {PART, 0x6800, 0x9001}},
    {"SFlash_Erase of 64K", 108, RESULT, {PART, 0x10000, 0x1FFFF}},
    {"SFlash_Erase of 60K + 1", 108, RESULT, {PART, 0x20000, 0x2F000}},
    {"SFlash_Erase of 60K", 108, RESULT, {PART, 0x20000, 0x2EFFF}},
    {"SFlash_Erase of everything in between", 108, RESULT, {PART, 0x27000, 0x38001}},
    {"SFlash_Erase, backward", 108, RESULT, {PART, 0x9000, 0x8000}},
    {"SFlash_Erase of a byte", 108, RESULT, {PART, 0x3000, 0x3000}},
    {"SFlash_GetUniqueId", 110, 0, {TO, 8}},
    {"SFlash_GetJedecId", 111, 0, {PART, TO}},
    {"SFlash_GetDeviceId", 112, 0, {TO}},
    {"SFlash_Powerdown", 113, 0, {0}},
    {"SFlash_GetJedecId, asleep", 111, 0, {PART, TO}},
    {"SFlash_Releae_Powerdown", 114, 0, {PART}},
    {"SFlash_GetJedecId, awake", 111, 0, {PART, TO}},
    {"SFlash_SetBurstWrap", 115, 0, {PART}},
    {"SFlash_DisableBurstWrap", 116, 0, {PART}},
    {"SFlash_Software_Reset", 117, RESULT, {PART}},
    {"SFlash_Reset_Continue_Read", 118, 0, {PART}},
    {"SFlash_Set_IDbus_Cfg", 119, 0, {PART, 0, 0, 0, 0, 32}},
    {"SFlash_IDbus_Read_Enable", 120, RESULT, {PART, 0, 0}},
    {"SFlash_Cache_Enable_Set", 121, RESULT, {15}},
    {"SFlash_Cache_Flush", 122, RESULT, {0}},
    {"SFlash_Cache_Read_Enable", 123, RESULT, {PART, 0, 0, 15}},
    {"SFlash_Cache_Hit_Count_Get", 124, 0, {TO, TO + 4}},
    {"SFlash_Cache_Miss_Count_Get", 125, RESULT, {0}},
    {"SFlash_Read", 127, RESULT, {PART, 0, 0, 0x30001, TO, 700}},
    {"SFlash_Read, two lines", 127, RESULT, {PART, 1, 0, 0x30001, TO, 70}},
    {"SFlash_Read, four lines", 127, RESULT, {PART, 2, 0, 0x30001, TO, 700}},
    {"SFlash_Read, two lines for the address", 127, RESULT, {PART, 3, 0, 0x30001, TO, 70}},
    {"SFlash_Read, four lines for the address", 127, RESULT, {PART, 4, 0, 0x30001, TO, 70}},
    {"SFlash_Read, continued", 127, RESULT, {PART, 4, 1, 0x30001, TO, 70}},
    {"SFlash_Read of nothing", 127, RESULT, {PART, 0, 0, 0x30001, TO, 0}},
    {"SFlash_Read, unaligned", 127, RESULT, {PART, 0, 0, 0x30001, TO + 1, 3}},
    {"SFlash_Read behind the end", 127, RESULT, {PART, 0, 0, FLASH - 4, TO, 16}},
    {"SFlash_Read beside the window", 127, RESULT | FROM_WINDOW, {PART, 0, 0, 0x30001, TO, 4}},
    {"SFlash_Read_Reg_With_Cmd", 128, RESULT, {PART, 0x9F, TO, 3}},
    {"SFlash_Write_Enable", 101, RESULT, {PART}},
    {"SFlash_Write_Reg_With_Cmd", 129, RESULT, {PART, 0x31, FROM, 1}},
    {"SFlash_Read_Reg_With_Cmd 35", 128, RESULT, {PART, 0x35, TO, 1}},
    {"SFlash_Restore_From_Powerdown", 130, RESULT, {PART, 0, 0}},
    {"SF_Cfg_Get_Flash_Cfg_Need_Lock, Winbond", 135, RESULT | FROM_WINDOW | PARAMETERS, {0x1540EF, TO}},
    {"SF_Cfg_Get_Flash_Cfg_Need_Lock, GigaDevice", 135, RESULT | FROM_WINDOW | PARAMETERS, {0x1440C8, TO}},
    {"SF_Cfg_Get_Flash_Cfg_Need_Lock, nobody", 135, RESULT | FROM_WINDOW, {0x000001, TO}},
    {"SF_Cfg_Get_Flash_Cfg_Need_Lock, boot header", 135, RESULT | FROM_WINDOW, {0, TO}},
    {"SF_Cfg_Flash_Identify", 137, RESULT | PARAMETERS, {0, 0, 0, 0, TO}},
    {"SF_Cfg_Flash_Identify, executed", 137, RESULT | PARAMETERS, {1, 0, 0, 0, TO}},
    {"SF_Cfg_Flash_Identify from the window", 137, RESULT | FROM_WINDOW | PARAMETERS, {1, 0, 0, 0, TO}},
    {"SF_Ctrl_Set_Owner, processor", 140, FROM_WINDOW, {0}},
    {"SF_Ctrl_Set_Owner, window", 140, 0, {1}},
    {"SF_Ctrl_Enable", 138, 0, {CONTROLLER}},
    {"SF_Ctrl_AES_Disable", 150, 0, {0}},
    {"SF_Ctrl_Set_Flash_Image_Offset", 151, 0, {0x3000}},
    {"SF_Ctrl_Get_Flash_Image_Offset", 152, RESULT, {0}},
    {"SF_Ctrl_SendCmd", 154, 0, {COMMAND}},
    {"SF_Ctrl_SendCmd beside the window", 154, FROM_WINDOW, {COMMAND}},
    {"SF_Ctrl_GetBusyState", 157, RESULT, {0}},
    {"SF_Ctrl_Is_AES_Enable", 158, RESULT, {0}},
    {"SF_Ctrl_Get_Clock_Delay", 159, RESULT, {0}},
    {"XIP_SFlash_State_Save", 161, RESULT | FROM_WINDOW, {PART, TO}},
    {"XIP_SFlash_State_Restore", 162, RESULT, {PART, START}},
    {"XIP_SFlash_Erase_Need_Lock", 163, RESULT | FROM_WINDOW, {PART, 0x8000, 0x8FFF}},
    {"XIP_SFlash_Write_Need_Lock", 164, RESULT | FROM_WINDOW, {PART, 0x8001, FROM, 300}},
    {"XIP_SFlash_Read_Need_Lock", 165, RESULT | FROM_WINDOW, {PART, 0x8001, TO, 300}},
    {"XIP_SFlash_GetJedecId_Need_Lock", 166, RESULT | FROM_WINDOW, {PART, TO}},
    {"XIP_SFlash_GetDeviceId_Need_Lock", 167, RESULT | FROM_WINDOW, {PART, TO}},
    {"XIP_SFlash_GetUniqueId_Need_Lock", 168, RESULT | FROM_WINDOW, {PART, TO, 8}},
    {"XIP_SFlash_Read_Via_Cache_Need_Lock", 169, RESULT | FROM_WINDOW, {WINDOW + 0x8001, TO, 100}},
    {"XIP_SFlash_Read_With_Lock", 170, RESULT | FROM_WINDOW, {PART, 0x8001, TO, 300}},
    {"XIP_SFlash_Write_With_Lock", 171, RESULT | FROM_WINDOW, {PART, 0x8401, FROM, 300}},
    {"XIP_SFlash_Erase_With_Lock", 172, RESULT | FROM_WINDOW, {PART, 0x8000, 4096}},
    {"XIP_SFlash_Erase_With_Lock of a byte", 172, RESULT | FROM_WINDOW, {PART, 0x9000, 1}},
    {"XIP_SFlash_Erase_With_Lock of much", 172, RESULT | FROM_WINDOW, {PART, 0x10000, 0x20000}},
    {"XIP_SFlash_Opt_Enter", 173, FROM_WINDOW, {TO}},
    {"XIP_SFlash_Opt_Exit", 174, 0, {0}},
    {"BFLB_Soft_CRC32", 175, RESULT, {FROM, 300}},
    {"BFLB_Soft_CRC32 of nothing", 175, RESULT, {FROM, 0}},
    {"GLB_Set_System_CLK, RC, to poll less", 43, RESULT, {4, 0}},
    {"SFlash_Chip_Erase", 104, RESULT, {PART}},
};
/* clang-format on */

static void functions_do_what_those_of_a_chip_do(void **state)
{
    struct chip ours = {0}, real = {0};
    uint8_t *rom = load_rom();

    (void)state;
    if (!rom) {
        print_message("REKINDLE_BL602_ROM names no dump of a mask ROM\n");
        skip();
    }
    start(&ours, NULL);
    start(&real, rom);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t a = call(&ours, &rows[i]), b = call(&real, &rows[i]);
        if (rows[i].what & RESULT && a != b)
            fail_msg("%s returns %08x, that of the ROM %08x", rows[i].name, a, b);
        compare_memory(&rows[i], &ours, &real);
        compare_registers(&rows[i], &ours, &real);
        compare_time(&rows[i], &ours, &real);
    }
    rk_bl_soc_free(ours.soc);
    rk_bl_soc_free(real.soc);
    free(rom);
}

/* ---- the start ---- */

/* Where the chip is some time after its start: in the program, or at an address elsewhere in its
 * memories; 0 if the ROM, or nobody, has it. */
static uint32_t whereabouts(const uint8_t *rom, const struct change *change, const uint8_t *efuse)
{
    struct chip c = {0};

    create(&c, rom, change, efuse);
    (void)rk_bl_run(c.soc, 30 * MS);
    uint32_t at = c.soc->cpu->exceptions ? c.soc->cpu->fault.pc : c.soc->cpu->core->pc(c.soc->cpu);
    if (c.soc->rom_waits || at - RK_BL_ROM < RK_BL_ROM_LEN)
        at = 0;
    rk_bl_soc_free(c.soc);
    return at;
}

static void headers_start_what_they_start_on_a_chip(void **state)
{
    enum { OPTIONS = 0x74, LENGTH = 0x78, ENTRY = 0x7C, BEGIN = 0x80, HASH = 0x84 };
    static const struct change changes[] = {
        {OPTIONS, 0x3300},
        {OPTIONS, 0x3301},
        {OPTIONS, 0x3304},
        {OPTIONS, 0x3200},
        {OPTIONS, 0x3100},
        {OPTIONS, 0x3700},
        {OPTIONS, 0x23300},
        {LENGTH, 0},
        {LENGTH, 32},
        {ENTRY, WINDOW},
        {ENTRY, WINDOW + 8},
        {ENTRY, 0x22010000},
        {ENTRY, 4},
        {ENTRY, TABLE},
        {ENTRY, 0x90000000},
        {BEGIN, 0},
        {BEGIN, 0x3000},
        {HASH, 1},
        {BEGIN, 0x10000000 + START},
        {0x0C, 0},
        {0x64, 0},
        {0, 0},
    };
    uint8_t *rom = load_rom(), efuse[EFUSE] = {[16] = 3};
    struct change none = {4, 1};

    (void)state;
    if (!rom)
        skip();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint32_t a = whereabouts(NULL, &changes[i], NULL), b = whereabouts(rom, &changes[i], NULL);
        if (a != b)
            fail_msg("%08x at %02x: it is at %08x, with the ROM at %08x",
                     (unsigned)changes[i].value, (unsigned)changes[i].at, a, b);
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        efuse[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (whereabouts(NULL, &none, efuse) != whereabouts(rom, &none, efuse))
            fail_msg("bit %u of the first efuse word", bit);
        efuse[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(rom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_do_what_those_of_a_chip_do),
        cmocka_unit_test(headers_start_what_they_start_on_a_chip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
