/* The registers of the BL602 that the stub uses. Facts: the register headers of Bouffalo Lab's
 * public SDK (bl_iot_sdk, components/bl602/bl602_std) and the public hardware notes of
 * pine64/bl602-docs; values written are those that the executed mask ROM writes. */
#ifndef STUB_REGISTERS_H
#define STUB_REGISTERS_H

#include <stdint.h>

static inline uint32_t reg_read(uint32_t addr)
{
    return *(volatile uint32_t *)addr;
}

static inline void reg_write(uint32_t addr, uint32_t value)
{
    *(volatile uint32_t *)addr = value;
}

/* The bits of `mask` become those of `value`. */
static inline void reg_change(uint32_t addr, uint32_t mask, uint32_t value)
{
    reg_write(addr, (reg_read(addr) & ~mask) | value);
}

/* ---- global ---- */
#define GLB_CLOCK        0x40000000u /* dividers less one: 15:8 processor, 23:16 bus */
#define GLB_DIVIDERS     0x00FFFF00u
#define GLB_UNIT_CLOCK   0x40000008u
#define GLB_UART_CLOCK   0x00000017u /* divider less one 2:0, on 4 */
#define GLB_FLASH_CLOCK  0x0000FF00u /* divider less one 10:8, on 11, source 13:12, 15:14 */
#define GLB_RESET        0x40000018u
#define GLB_RESET_SYSTEM 6u /* processor and system */
#define GLB_RESET_BITS   7u
#define GLB_PARAMETERS   0x40000080u
#define GLB_FLASH_INSIDE 0x00000300u /* the flash in the package, IO0 and IO3 changed over */
#define GLB_TIMER_CLOCK  0x40000090u /* mtime: divider less one 16:0, on 18 */
#define GLB_UART_SIGNALS 0x400000C0u
#define GLB_PIN(n)       (0x40000100u + 4 * ((n) / 2))
#define GLB_PIN_SHIFT(n) (16 * ((n) % 2))
#define PIN_UART_RX      0x0713u /* function 7, pull-up, Schmitt trigger, input */
#define PIN_UART_TX      0x0712u
#define PIN_FLASH        0x0B03u
#define PIN_FLASH_LOW    0x0B23u /* with pull-down */

#define HBN_CLOCK     0x4000F030u
#define HBN_ROOT      0x3u /* 0 = RC oscillator, 1 = crystal, 2, 3 = PLL */
#define HBN_UART_160M 0x4u

/* ---- mask ROM: its table of functions, used for nothing but the PLL ---- */
#define ROM_VERSION    0x21010800u
#define ROM_KNOWN      0x0602u     /* upper half of the version */
#define ROM_SET_CLOCK  0x210108ACu /* GLB_Set_System_CLK(crystal, clock) */
#define ROM_CRYSTAL_40 4
#define ROM_PLL_160    4

/* ---- UART 0 ---- */
#define UART_TX           0x4000A000u
#define UART_TX_ON        0x1705u /* 8 bits, 1 stop bit, runs freely */
#define UART_RX           0x4000A004u
#define UART_RX_ON        0x0701u
#define UART_RX_MEASURE   0x0709u
#define UART_PERIOD       0x4000A008u /* clocks per bit less one: sending 15:0, receiving 31:16 */
#define UART_RX_TIMEOUT   0x4000A018u /* bit times */
#define UART_STATUS       0x4000A020u
#define UART_MASK         0x4000A024u /* 1 = off */
#define UART_CLEAR        0x4000A028u
#define UART_ENABLE       0x4000A02Cu
#define UART_BUSY         0x4000A030u
#define UART_BUSY_TX      0x1u
#define UART_MEASURED     0x4000A034u /* clocks less one: start bit 15:0, 55 31:16 */
#define UART_INT_RX_END   0x02u       /* also: measured */
#define UART_INT_TX_FIFO  0x04u
#define UART_INT_RX_FIFO  0x08u
#define UART_INT_RX_WAITS 0x10u
#define UART_INT_ALL      0xFFu
#define UART_FIFO         0x4000A080u
#define UART_FIFO_CLEAR   0x0Cu
#define UART_FIFO_RX_LOST 0x40u
#define UART_LEVELS       0x4000A084u /* free to send 5:0, received 13:8, thresholds 20:16, 28:24 */
#define UART_THRESHOLDS   0x0F0F0000u
#define UART_OUT          0x4000A088u
#define UART_IN           0x4000A08Cu

/* ---- interrupts ---- */
#define CLIC_PENDING 0x02800000u
#define CLIC_ENABLE  0x02800400u
#define UART_LINE    45u
#define MTIME        0x0200BFF8u

/* ---- efuses ---- */
#define EFUSE_DATA    0x40007000u
#define EFUSE_CONTROL 0x40007800u
#define EFUSE_IDLE    0x0024BF00u
#define EFUSE_LOAD    0x0024BF10u
#define EFUSE_END     0x0024BF80u
#define EFUSE_DONE    0x2u
#define EFUSE_BUSY    0x4u

/* ---- watchdog ---- */
#define WATCHDOG_KEY_1 0x4000A59Cu
#define WATCHDOG_KEY_2 0x4000A5A0u
#define WATCHDOG_ON    0x4000A564u

/* ---- flash controller ---- */
#define SF_CONTROL     0x4000B000u
#define SF_TO_BUS      0x14u /* clock and input inverted, as the ROM has it; buffer for the bus */
#define SF_TO_FLASH    0x34u /* ... for the flash */
#define SF_OWNER       0x4000B004u
#define SF_OWNER_BUS   0xA0000000u
#define SF_COMMAND     0x4000B008u
#define SF_BUSY        0x1u
#define SF_TRIGGER     0x2u
#define SF_DATA_SHIFT  2
#define SF_PAUSE_SHIFT 12
#define SF_ADDR_3      (1u << 26 | 2u << 17)
#define SF_PAUSE       (1u << 25)
#define SF_DATA        (1u << 24)
#define SF_WRITE       (1u << 23)
#define SF_OPCODE      (1u << 27)
#define SF_TWO_LINES   (1u << 28) /* for data */
#define SF_FOUR_LINES  (2u << 28)
#define SF_WORD_0      0x4000B00Cu
#define SF_WORD_1      0x4000B010u
#define SF_PADS        0x4000B070u
#define SF_BUFFER      0x4000B700u

/* ---- SHA-256 engine ---- */
#define SHA_CONTROL  0x40004000u
#define SHA_BUSY     0x1u
#define SHA_TRIGGER  0x2u
#define SHA_ON       0x20u
#define SHA_CONTINUE 0x40u
#define SHA_BLOCKS   16 /* shift of their number */
#define SHA_SOURCE   0x40004004u
#define SHA_DIGEST   0x40004010u

#endif
