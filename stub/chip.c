/* Clocks, pins, efuses, time, restart. */
#include "registers.h"
#include "stub.h"

#define RC_HZ            32000000u
#define PLL_HZ           160000000u
#define UART_HZ          40000000u
#define FLASH_BUS        0x2900u /* from the bus clock, divided by 2 */
#define FLASH_PLL        0x1900u /* from 80 MHz, divided by 2 */
#define UART_BY_4        0x13u
#define UART_BY_1        0x10u
#define TIMER_ON         (1u << 18)
#define RX_PIN           7u
#define TX_PIN           16u
#define FLASH_PINS_BEGIN 23u
#define FLASH_PINS_END   29u
#define FLASH_PIN_LOW    24u
#define EFUSE_PATIENCE   100000u

uint32_t cpu_hz, uart_hz;
uint8_t efuse[EFUSE_BYTES];

static void set_pin(uint32_t pin, uint32_t value)
{
    reg_change(GLB_PIN(pin), 0xFFFFu << GLB_PIN_SHIFT(pin), value << GLB_PIN_SHIFT(pin));
}

/* On the RC oscillator still, for which the values are. */
static void load_efuses(void)
{
    reg_write(EFUSE_CONTROL, EFUSE_IDLE);
    reg_write(EFUSE_CONTROL, EFUSE_LOAD);
    for (uint32_t i = 0; i < EFUSE_PATIENCE; i++)
        if ((reg_read(EFUSE_CONTROL) & (EFUSE_DONE | EFUSE_BUSY)) == EFUSE_DONE)
            break;
    reg_write(EFUSE_CONTROL, EFUSE_END);
    for (uint32_t i = 0; i < EFUSE_BYTES; i += 4)
        put_u32(efuse + i, reg_read(EFUSE_DATA + i));
}

/* The PLL needs delays and trimming that the mask ROM knows: its function does it, if this is the
 * ROM that is known. All modules have a crystal of 40 MHz; with another one all rates shift alike,
 * which the measurement of the first byte makes up for. */
static void start_clocks(void)
{
    bool pll = reg_read(ROM_VERSION) >> 16 == ROM_KNOWN;

    if (pll) {
        uint8_t (*set_clock)(unsigned crystal, unsigned clock) =
            (uint8_t(*)(unsigned, unsigned))reg_read(ROM_SET_CLOCK);
        set_clock(ROM_CRYSTAL_40, ROM_PLL_160);
        reg_change(HBN_CLOCK, HBN_UART_160M, HBN_UART_160M);
    }
    cpu_hz = pll ? PLL_HZ : RC_HZ;
    uart_hz = pll ? UART_HZ : RC_HZ;
    uint32_t bus_hz = cpu_hz / ((reg_read(GLB_CLOCK) >> 16 & 0xFF) + 1);
    reg_change(GLB_UNIT_CLOCK, GLB_UART_CLOCK | GLB_FLASH_CLOCK,
               pll ? UART_BY_4 | FLASH_PLL : UART_BY_1 | FLASH_BUS);
    reg_write(GLB_TIMER_CLOCK, 0);
    reg_write(GLB_TIMER_CLOCK, TIMER_ON | (bus_hz / 1000000u - 1));
}

void chip_start(void)
{
    reg_write(WATCHDOG_KEY_1, 0xBABA);
    reg_write(WATCHDOG_KEY_2, 0xEB10);
    reg_write(WATCHDOG_ON, 0);
    load_efuses();
    start_clocks();
    set_pin(RX_PIN, PIN_UART_RX);
    set_pin(TX_PIN, PIN_UART_TX);
    reg_change(GLB_UART_SIGNALS, 0xF000000Fu, 0x30000002u);
    reg_change(GLB_PARAMETERS, GLB_FLASH_INSIDE, GLB_FLASH_INSIDE);
    for (uint32_t pin = FLASH_PINS_BEGIN; pin < FLASH_PINS_END; pin++)
        set_pin(pin, pin == FLASH_PIN_LOW ? PIN_FLASH_LOW : PIN_FLASH);
}

void chip_restart(void)
{
    reg_change(HBN_CLOCK, HBN_ROOT | HBN_UART_160M, 0);
    reg_change(GLB_CLOCK, GLB_DIVIDERS, 0);
    reg_change(GLB_RESET, GLB_RESET_BITS, 0);
    reg_change(GLB_RESET, GLB_RESET_BITS, GLB_RESET_SYSTEM);
    for (;;)
        continue;
}

uint32_t now_us(void)
{
    return reg_read(MTIME);
}
