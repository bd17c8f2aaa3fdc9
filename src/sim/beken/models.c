#include "sim/beken/beken.h"

#include "sim/catalogue.h"

/* clang-format off */

/* UART2 text at start, as the executed builds print it. A line "ST:" gets the start type. */
static const char *const banner_s105[] = {
    "V:BK7231S_1.0.5", "CPSR:000000D3", "R0:00000000", "R1:00000000", "R2:00000000", "R3:00000000",
    "R4:00000000", "R13:00000000", "R14(LR):00000000", "ST:", "J 0x10000", NULL};
static const char *const banner_s106[] = {
    "V:BK7231S_1.0.6", "CPSR:000000D3", "R0:00000000", "R1:00000000", "R2:00000000", "R3:00000000",
    "R4:00000000", "R13:00000000", "R14(LR):00000000", "ST:", "J 0x10000", NULL};
static const char *const banner_s104[] = {
    "V:BK7231S_1.0.4", "CPSR:0x000000D3", "R0:0x00000000", "R1:0x00000000", "R2:0x00000000",
    "R3:0x00000000", "R4:0x00000000", "R13:0x00000000", "R14(LR):0x00000000", "ST:0x",
    "[I/FAL] Fal(V0.4.0)success", "[I/OTA] RT-Thread OTA package(V0.2.4) initialize success.",
    "Jump 0x10000.", NULL};
static const char *const banner_u[] = {
    "BK7231u_1.0.15", "REG:cpsr     spsr     r13      r14", "SVC:000000D3 00000010 00000000 00000000",
    "ST:", "[I/FAL] Fal(V0.4.0)success", "[I/OTA] RT-Thread OTA package(V0.2.8) initialize success.",
    "go os_addr(0x10000)..........", NULL};
static const char *const banner_7252[] = {
    "BK7251_1.0.15", "REG:cpsr     spsr     r13      r14", "SVC:000000D3 00000010 00000000 00000000",
    "ST:", "[I/FAL] Fal(V0.4.0)success", "[I/OTA] RT-Thread OTA package(V0.2.8) initialize success.",
    "go os_addr(0x10000)..........", NULL};
static const char *const banner_q[] = {"flash id:eb6015", NULL};
static const char *const banner_n101[] = {
    "V:BK7231N_1.0.1", "REG:cpsr     spsr     r13      r14",
    "SVC:000000D3 00000000 00401C1C 00000000", "IRQ:000000D2 00000010 00000000 00000000",
    "FIR:000000D1 00000010 00000000 00000000", "SYS:000000DF 00000010 0040192C 00000000", "ST:",
    "J 0x10000", NULL};
static const char *const banner_7238[] = {
    "BK7238_1.0.15", "REG:cpsr     spsr     r13      r14", "SVC:000000D3 00000010 00000000 00000000",
    "ST:", "go os_addr(0x10000)..........", NULL};
static const char *const banner_7252n[] = {
    "BK7252N_1.0.15", "REG:cpsr     spsr     r13      r14", "SVC:000000D3 00000010 00000000 00000000",
    "ST:", "go os_addr(0x10000)..........", NULL};
static const char *const no_banner[] = {NULL};

/* Quiet window and idle reboot are loop counts in the code (13,000 passes; 400,000 passes); at
 * about 8 cycles per instruction from flash they come to the figures here, between what public
 * clients need (0.1 s) and what bk7231tools' CRC rate allows (1 s). The 0.8 s come from a timer. */
#define QUIET_US  14000
#define LINGER_US 800000
#define IDLE_US   500000

static const struct beken_loader loaders_t[] = {
    {.name = "1.0.5", .version_text = "BK7231S_1.0.5", .banner = banner_s105, .line_end = "\r\r\n",
     .banner_uart = RK_SIM_UART2, .fingerprint = 0xBA54C1B8, .guard = 0x10000,
     .guard_write4k = 0x20E0, .quiet_us = QUIET_US, .linger_us = LINGER_US, .idle_us = IDLE_US,
     .relink_arms = true, .dirty_tail = true, .clears_marker = true, .table = BEKEN_S105},
    {.name = "1.0.4", .version_text = "BK7231S_1.0.4", .banner = banner_s104, .line_end = "\r\n",
     .banner_uart = RK_SIM_UART2, .fingerprint = 0x4B31E44D, .guard = 0x10000,
     .guard_write4k = 0x20E0, .quiet_us = QUIET_US, .linger_us = LINGER_US, .idle_us = IDLE_US,
     .needs_gap = true, .clears_marker = true, .table = BEKEN_S104},
    {.name = "1.0.6", .version_text = "BK7231S_1.0.6", .banner = banner_s106, .line_end = "\r\r\n",
     .banner_uart = RK_SIM_UART2, .fingerprint = 0xE5CBC953, .guard = 0x10000,
     .guard_write4k = 0x20E0, .quiet_us = QUIET_US, .linger_us = LINGER_US, .idle_us = IDLE_US,
     .relink_arms = true, .clears_marker = true, .table = BEKEN_S106},
};
static const struct beken_loader loaders_u[] = {
    {.name = "1.0.15", .banner = banner_u, .line_end = "\r\n", .banner_uart = RK_SIM_UART2,
     .fingerprint = 0x8BCEC3B4, .guard = 0x2000, .guard_write4k = 0x2000, .quiet_us = QUIET_US,
     .linger_us = LINGER_US, .idle_us = IDLE_US, .relink_arms = true, .knows_size = true,
     .needs_gap = true, .table = BEKEN_U},
};
static const struct beken_loader loaders_7252[] = {
    {.name = "1.0.15", .banner = banner_7252, .line_end = "\r\n", .banner_uart = RK_SIM_UART2,
     .fingerprint = 0x8BCEC3B4, .guard = 0x2000, .guard_write4k = 0x2000, .quiet_us = QUIET_US,
     .linger_us = LINGER_US, .idle_us = IDLE_US, .relink_arms = true, .knows_size = true,
     .needs_gap = true, .table = BEKEN_U},
};
static const struct beken_loader loaders_q[] = {
    {.name = "q", .banner = banner_q, .line_end = "\r\n", .banner_uart = RK_SIM_UART2,
     .fingerprint = 0x42C221EA, .guard = 0x10000, .guard_write4k = 0x20E0, .quiet_us = LINGER_US,
     .linger_us = LINGER_US, .divider_up = true, .table = BEKEN_Q},
};
/* The mask ROM's window is in no public source; clients that pause less than 5 ms catch it. */
#define ROM_WINDOW_US 50000
#define ROM_LOADER(number, lines, uart, crc257)                                                    \
    {.name = number, .banner = lines, .line_end = "\r\r\n", .banner_uart = uart,                   \
     .fingerprint = crc257, .quiet_us = ROM_WINDOW_US, .linger_us = ROM_WINDOW_US}
static const struct beken_loader loaders_n[] = {
    ROM_LOADER("1.0.1", banner_n101, RK_SIM_UART2, 0xE14191BA)};
static const struct beken_loader loaders_m[] = {
    ROM_LOADER("1.0.1", banner_n101, RK_SIM_UART2, 0x8E4E6CDB)};
static const struct beken_loader loaders_7238[] = {
    ROM_LOADER("1.0.15", banner_7238, RK_SIM_UART1, 0x6BEB0924)};
static const struct beken_loader loaders_7252n[] = {
    ROM_LOADER("1.0.15", banner_7252n, RK_SIM_UART1, 0x6C86CD3D)};
static const struct beken_loader loaders_new[] = {ROM_LOADER("rom", no_banner, RK_SIM_UART2, 0)};

#define TUYA_KEY {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03}
#define OLD_EFUSE .efuse_control = 0x00800074, .efuse_data = 0x00800078
#define OLD_ROM   .rom_addr = 0, .rom_len = 0x4000

const struct beken_model beken_models[] = {
    {.name = "BK7231T", .family = BEKEN_LOADER, .loaders = loaders_t, .loader_count = 3,
     .jedec = 0x1540C8},
    {.name = "BK7231U", .family = BEKEN_LOADER, .loaders = loaders_u, .loader_count = 1,
     .jedec = 0x1540C8},
    {.name = "BK7231Q", .family = BEKEN_LOADER, .loaders = loaders_q, .loader_count = 1,
     .jedec = 0x1560EB},
    {.name = "BK7252", .family = BEKEN_LOADER, .loaders = loaders_7252, .loader_count = 1,
     .jedec = 0x1640C8},
    {.name = "BK7231N", .family = BEKEN_ROM, .loaders = loaders_n, .loader_count = 1,
     .jedec = 0x1560EB, .id_addr = 0x00800000, .id = 0x0007231C, OLD_EFUSE, .efuse_bytes = 32,
     .key = TUYA_KEY, OLD_ROM},
    {.name = "BK7231M", .family = BEKEN_ROM, .loaders = loaders_m, .loader_count = 1,
     .jedec = 0x1560EB, .id_addr = 0x00800000, .id = 0x0007231C, OLD_EFUSE, .efuse_bytes = 32,
     OLD_ROM},
    {.name = "BL2028N", .family = BEKEN_ROM, .loaders = loaders_m, .loader_count = 1,
     .jedec = 0x1560EB, .id_addr = 0x00800000, .id = 0x0007231C, OLD_EFUSE, .efuse_bytes = 32,
     OLD_ROM},
    {.name = "BK7238", .family = BEKEN_ROM, .loaders = loaders_7238, .loader_count = 1,
     .jedec = 0x156085, .id_addr = 0x00800000, .id = 0x00007238, OLD_EFUSE, .efuse_bytes = 4,
     .key = {0x00EF7800}, OLD_ROM},
    {.name = "BK7252N", .family = BEKEN_ROM, .loaders = loaders_7252n, .loader_count = 1,
     .jedec = 0x1665C8, .id_addr = 0x00800000, .id = 0x0007252A, OLD_EFUSE, .efuse_bytes = 4,
     .key = {0x00EF7800}, OLD_ROM},
    {.name = "BK7236", .family = BEKEN_ROM, .loaders = loaders_new, .loader_count = 1,
     .jedec = 0x1640C8, .id_addr = 0x44010004, .id = 0x00007236, .id2_addr = 0x440001F0,
     .id2 = 0x20340B10, .rom_addr = 0x161F0000, .rom_len = 0x10000, .has_bl2 = true},
    {.name = "BK7258", .family = BEKEN_ROM, .loaders = loaders_new, .loader_count = 1,
     .jedec = 0x1740C8, .id_addr = 0x44010004, .id = 0x72360000, .efuse_control = 0x54880010,
     .efuse_data = 0x54880014, .efuse_bytes = 4, .rom_addr = 0x16000000, .rom_len = 0x10000,
     .has_bl2 = true},
};

_Static_assert(sizeof beken_models / sizeof beken_models[0] == RK_SIM_BEKEN_MODELS,
               "every model needs a name");

/* The loaders' own part tables: observed values of the status register after CheckCRC. */
#define ALL (BEKEN_S104 | BEKEN_S105 | BEKEN_S106 | BEKEN_U | BEKEN_Q)
static const struct beken_protect protect_table[] = {
    {0x16701C, 1, 0x7C, ALL}, {0x15701C, 1, 0x7C, ALL}, {0x14400B, 2, 0x7C, ALL},
    {0x15400B, 2, 0x7C, ALL}, {0x16400B, 2, 0x7C, ALL}, {0x16400E, 2, 0x7C, ALL},
    {0x1540C8, 2, 0x7C, ALL}, {0x1640C8, 1, 0x7C, BEKEN_S106},
    {0x1640C8, 2, 0x7C, ALL & ~BEKEN_S106}, {0x164020, 2, 0x7C, ALL}, {0x1523C2, 1, 0x3C, ALL},
    {0x1640EF, 2, 0x7C, ALL}, {0x1740EF, 2, 0x7C, ALL}, {0x166085, 2, 0x7C, ALL},
    {0x17400B, 2, 0x14, BEKEN_S105 | BEKEN_S106}, {0x1560EB, 2, 0x7C, BEKEN_S106 | BEKEN_U},
};
/* clang-format on */

const struct beken_protect *beken_protect_find(uint32_t jedec, uint8_t table)
{
    static const struct beken_protect unknown = {.bytes = 2};

    for (size_t i = 0; i < sizeof protect_table / sizeof protect_table[0]; i++)
        if (protect_table[i].jedec == jedec && (protect_table[i].loaders & table))
            return &protect_table[i];
    return &unknown;
}
