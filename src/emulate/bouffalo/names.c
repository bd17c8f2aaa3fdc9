/* What registers are called, for traces: as in Bouffalo Lab's published SDK, in plain words. */
#include "emulate/bouffalo/soc.h"

/* clang-format off */
static const char *const glb[] = {"clocks", NULL};
static const char *const uart[] = {"tx_config", "rx_config", "period", "data_config", "ir_tx", "ir_rx",
                                   "rx_timeout", "level", "int_status", "int_mask", "int_clear",
                                   "int_enable", "busy", "measured", NULL};
static const char *const flash[] = {"config", "control", "command", "bytes0", "bytes1",
                                    "window_command", "window_bytes0", "window_bytes1", NULL};
static const char *const sha[] = {"control", "source", "status", "endian", "digest0", "digest1",
                                  "digest2", "digest3", "digest4", "digest5", "digest6", "digest7",
                                  NULL};

static const struct rk_register_unit units[] = {
    {0x02000000, 0x10000, "clint",    NULL},
    {0x02800000, 0x1000,  "clic",     NULL},
    {0x28000000, 0x1000,  "ble",      NULL},
    {0x40000000, 0x1000,  "glb",      glb},
    {0x40001000, 0x1000,  "rf",       NULL},
    {0x40002000, 0x1000,  "adc",      NULL},
    {0x40004000, 0x100,   "sha",      sha},
    {0x40004100, 0x100,   "aes",      NULL},
    {0x40004200, 0x100,   "trng",     NULL},
    {0x40004300, 0x100,   "pka",      NULL},
    {0x40005000, 0x2000,  "security", NULL},
    {0x40007000, 0x1000,  "efuse",    NULL},
    {0x40009000, 0x1000,  "cache",    NULL},
    {0x4000A000, 0x100,   "uart0",    uart},
    {0x4000A100, 0x100,   "uart1",    uart},
    {0x4000A200, 0x100,   "spi",      NULL},
    {0x4000A300, 0x100,   "i2c",      NULL},
    {0x4000A400, 0x100,   "pwm",      NULL},
    {0x4000A500, 0x100,   "timer",    NULL},
    {0x4000A600, 0x100,   "ir",       NULL},
    {0x4000B000, 0x1000,  "flash",    flash},
    {0x4000C000, 0x1000,  "dma",      NULL},
    {0x4000E000, 0x1000,  "pds",      NULL},
    {0x4000F000, 0x800,   "hbn",      NULL},
    {0x4000F800, 0x800,   "aon",      NULL},
    {0x44800000, 0x1000,  "ipc",      NULL},
    {0x44910000, 0x1000,  "radio_int", NULL},
    {0x44B00000, 0x10000, "mac",      NULL},
    {0x44C00000, 0x10000, "phy",      NULL},
};
/* clang-format on */

struct rk_register_name rk_bl_register_name(uint32_t addr)
{
    return rk_register_name_find(units, sizeof units / sizeof units[0], addr);
}
