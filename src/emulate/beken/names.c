/* What registers are called, for traces: as in Beken's published SDK, in plain words. */
#include "emulate/beken/soc.h"

/* clang-format off */
static const char *const uart[] = {"config", "fifo", "status", "data", "int_enable", "int_status",
                                   "flow", "wake", NULL};
static const char *const flash[] = {"operate", "data_in", "data_out", "crc", "identity", "status",
                                    "crc_config", "config", NULL};
static const char *const timer[] = {"end0", "end1", "end2", "control", "read", "count", NULL};
static const char *const watchdog[] = {"control", NULL};
static const char *const adc[] = {"mode", "data", "config", "status", "data_raw", NULL};
static const char *const icu[] = {"clock_uart", "clock_pwm", "clock_other", "power_down", NULL};
static const char *const interrupts[] = {"enable", "global", "raw", "status", NULL};

static const struct rk_register_unit units[] = {
    {0x00800000, 0x100,    "system",     (const char *const[]){"chip_id", "device_id", NULL}},
    {0x00802000, 0x40,     "icu",        icu},
    {0x00802040, 0x10,     "interrupts", interrupts},
    {0x00802100, 0x100,    "uart1",      uart},
    {0x00802200, 0x100,    "uart2",      uart},
    {0x00802400, 0x100,    "irda",       NULL},
    {0x00802800, 0x100,    "gpio",       NULL},
    {0x00802900, 0x100,    "watchdog",   watchdog},
    {0x00802A00, 0x40,     "timers",     timer},
    {0x00802A40, 0x40,     "slow_timers", timer},
    {0x00802A80, 0x80,     "pwm",        (const char *const[]){"control", "int_status", NULL}},
    {0x00802C00, 0x100,    "adc",        adc},
    {0x00803000, 0x100,    "flash",      flash},
    {0x00809000, 0x100,    "dma",        NULL},
    {0x00810000, 0x1000,   "ble",        NULL},
    {0x00900000, 0x100000, "xvr",        NULL},
    {0x01000000, 0x100000, "modem",      NULL},
    {0xC0000000, 0x100000, "mac",        NULL},
};
/* clang-format on */

struct rk_register_name rk_bk_register_name(uint32_t addr)
{
    return rk_register_name_find(units, sizeof units / sizeof units[0], addr);
}
