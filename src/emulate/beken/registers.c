/* Blocks of registers: who answers at which address. What no unit knows keeps what was written. */
#include "emulate/beken/soc.h"

#include <string.h>

enum {
    SYSTEM = 0x800000,
    SYSTEM_LEN = 0x100000, /* with the transceiver at 0x900000 */
    XVR = 0x900000,
    XVR_LEN = 0x100000,
    MODEM = 0x1000000,
    MODEM_LEN = 0x100000,
    MAC_LEN = 0x100000
};
#define MAC 0xC0000000u

enum {
    CHIP_ID = 0x800000,
    DEVICE_ID = 0x800004,
    ANALOG_BUSY = 0x800040,
    EFUSE_CONTROL = 0x800074,
    EFUSE_DATA = 0x800078,
    ICU_ENABLE = 0x802040,
    ICU_GLOBAL = 0x802044,
    ICU_RAW = 0x802048,
    ICU_STATUS = 0x80204C,
    UART1 = 0x802100,
    UART2 = 0x802200,
    GPIO = 0x802800,
    GPIO_END = 0x8028A0,
    WATCHDOG = 0x802900,
    TIMERS = 0x802A00,
    ADC = 0x802C00,
    FLASH = 0x803000,
    DMA = 0x809000,
    BLE_A = 0x810000,
    BLE_B = 0x81001C,
    BLE_RESULT = 0x810020
};
enum {
    SOURCE_UART1 = 0,
    SOURCE_UART2 = 1,
    SOURCE_TIMERS = 8,
    SOURCE_PWM = 9,
    SOURCE_ADC = 11,
    SOURCE_MAC = 22
};
enum { ADC_BATCH = 32, ADC_SAMPLE = 330, ADC_NS = 100000, ADC_ON = 1 << 2 };
enum { DMA_NS = 10 }; /* for a byte: a word in about five cycles of the bus */

/* ---- interrupts ---- */

static uint32_t raw_sources(const struct rk_bk_soc *soc)
{
    return soc->latched | (uint32_t)rk_bk_uart_line(soc, 0) << SOURCE_UART1 |
           (uint32_t)rk_bk_uart_line(soc, 1) << SOURCE_UART2 |
           (uint32_t)rk_bk_timer_line(soc) << SOURCE_TIMERS |
           (uint32_t)rk_bk_pwm_line(soc) << SOURCE_PWM |
           (uint32_t)rk_bk_mac_line(soc) << SOURCE_MAC;
}

void rk_bk_update_lines(struct rk_bk_soc *soc)
{
    uint32_t active = raw_sources(soc) & *rk_bk_system(soc, ICU_ENABLE);
    uint32_t global = *rk_bk_system(soc, ICU_GLOBAL);

    soc->cpu->lines =
        (active & 0xFFFF && global & 1 ? 1u : 0) | (active >> 16 && global & 2 ? 2u : 0);
}

/* ---- small units ---- */

/* An input that nothing drives follows its pull; without one it reads high. */
static uint32_t read_pin(const struct rk_bk_soc *soc, uint32_t addr)
{
    unsigned pin = (addr - GPIO) / 4;
    uint32_t value = *rk_bk_system(soc, addr) & ~1u;
    bool level = value & 0x20 ? value >> 4 & 1 : true;

    if (!(value & 8) && !(value & 4))
        level = value >> 1 & 1; /* an output reads what it drives */
    if (soc->pins_high >> pin & 1)
        level = true;
    if (soc->pins_low >> pin & 1)
        level = false;
    return value | level;
}

static uint32_t read_adc(struct rk_bk_soc *soc, uint32_t addr)
{
    uint32_t empty = soc->adc_samples ? 0 : 1u << 30 | 1u << 28;

    switch (addr - ADC) {
    case 0x00:
        return (*rk_bk_system(soc, addr) & ~(1u << 7 | 1u << 8 | 1u << 28 | 1u << 30)) | empty;
    case 0x04:
    case 0x10:
        soc->adc_samples -= soc->adc_samples ? 1 : 0;
        return ADC_SAMPLE;
    case 0x0C:
        return empty;
    default:
        return *rk_bk_system(soc, addr);
    }
}

static void write_adc(struct rk_bk_soc *soc, uint32_t addr, uint32_t value)
{
    *rk_bk_system(soc, addr) = value;
    if (addr != ADC)
        return;
    if (!(value & ADC_ON)) {
        soc->adc_ns = RK_BK_NEVER;
        soc->adc_samples = 0;
        soc->latched &= ~(1u << SOURCE_ADC);
    } else if (soc->adc_ns == RK_BK_NEVER) {
        soc->adc_ns = rk_bk_now(soc) + ADC_NS;
        rk_bk_reschedule(soc);
    }
}

void rk_bk_adc_tick(struct rk_bk_soc *soc, uint64_t now)
{
    if (soc->adc_ns > now)
        return;
    soc->adc_samples = ADC_BATCH;
    soc->latched |= 1u << SOURCE_ADC;
    soc->adc_ns = now + 10 * ADC_NS;
}

static void start_efuse(struct rk_bk_soc *soc, uint32_t value)
{
    unsigned index = value >> 8 & 31;

    *rk_bk_system(soc, EFUSE_CONTROL) = value & ~1u;
    if (value & 1)
        *rk_bk_system(soc, EFUSE_DATA) = 1u << 8 | soc->efuse[index];
}

/* As much as two pages have in one piece; bytes that overlap are copied one by one, as they come. */
static uint32_t copy_piece(struct rk_bk_soc *soc, uint32_t to, uint32_t from, uint32_t len)
{
    const uint32_t rooms[] = {RK_BUS_PAGE - to % RK_BUS_PAGE, RK_BUS_PAGE - from % RK_BUS_PAGE,
                              to > from ? to - from : len};
    uint8_t piece[RK_BUS_PAGE];

    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++)
        len = rooms[i] < len ? rooms[i] : len;
    return rk_bus_peek(soc->bus, from, piece, len) && rk_bus_poke(soc->bus, to, piece, len) ? len
                                                                                            : 0;
}

/* A channel copies at once, and the processor gets on behind it. */
static void write_dma(struct rk_bk_soc *soc, uint32_t addr, uint32_t value)
{
    uint32_t *channel = rk_bk_system(soc, addr & ~31u);

    *rk_bk_system(soc, addr) = value;
    if ((addr & 31) != 0 || !(value & 1) || addr >= DMA + 6 * 32)
        return;
    uint32_t len = (value >> 16) + 1, to = channel[1], from = channel[2], done = 0;
    for (uint32_t piece = 1; piece && done < len; done += piece)
        piece = copy_piece(soc, to + done, from + done, len - done);
    channel[0] = value & ~1u;
    rk_bk_skip(soc, rk_bk_now(soc) + (uint64_t)done * DMA_NS);
    rk_bk_reschedule(soc);
}

/* ---- the system block ---- */

static uint32_t read_timers(struct rk_bk_soc *soc, uint32_t addr)
{
    uint32_t base = soc->model->pwm_base;

    if (base && addr >= base && addr < base + 0x80)
        return rk_bk_pwm_read(soc, addr - base);
    return rk_bk_timer_read(soc, addr - TIMERS);
}

static void write_timers(struct rk_bk_soc *soc, uint32_t addr, uint32_t value)
{
    uint32_t base = soc->model->pwm_base;

    if (base && addr >= base && addr < base + 0x80)
        rk_bk_pwm_write(soc, addr - base, value);
    else
        rk_bk_timer_write(soc, addr - TIMERS, value);
}

static uint32_t read_word(struct rk_bk_soc *soc, uint32_t addr)
{
    switch (addr) {
    case CHIP_ID:
        return soc->model->chip_id;
    case DEVICE_ID:
        return soc->model->device_id;
    case ANALOG_BUSY:
    case BLE_A:
    case BLE_B:
        return 0;
    case BLE_RESULT:
        return 0x200; /* firmware tries again until this exceeds 1D3 */
    case ICU_RAW:
        return raw_sources(soc);
    case ICU_STATUS:
        return raw_sources(soc) & *rk_bk_system(soc, ICU_ENABLE);
    default:
        break;
    }
    if (addr >= UART1 && addr < UART1 + 0x100)
        return rk_bk_uart_read(soc, 0, addr - UART1);
    if (addr >= UART2 && addr < UART2 + 0x100)
        return rk_bk_uart_read(soc, 1, addr - UART2);
    if (addr >= GPIO && addr < GPIO_END)
        return read_pin(soc, addr);
    if (addr >= TIMERS && addr < TIMERS + 0x100)
        return read_timers(soc, addr);
    if (addr >= ADC && addr < ADC + 0x100)
        return read_adc(soc, addr);
    if (addr >= FLASH && addr < FLASH + 0x100)
        return rk_bk_flash_read(soc, addr - FLASH);
    return *rk_bk_system(soc, addr);
}

static void write_word(struct rk_bk_soc *soc, uint32_t addr, uint32_t value)
{
    if (addr >= UART1 && addr < UART1 + 0x100) {
        rk_bk_uart_write(soc, 0, addr - UART1, value);
    } else if (addr >= UART2 && addr < UART2 + 0x100) {
        rk_bk_uart_write(soc, 1, addr - UART2, value);
    } else if (addr == WATCHDOG) {
        rk_bk_watchdog_write(soc, value);
    } else if (addr >= TIMERS && addr < TIMERS + 0x100) {
        write_timers(soc, addr, value);
    } else if (addr >= ADC && addr < ADC + 0x100) {
        write_adc(soc, addr, value);
    } else if (addr >= FLASH && addr < FLASH + 0x100) {
        rk_bk_flash_write(soc, addr - FLASH, value);
    } else if (addr >= DMA && addr < DMA + 0x100) {
        write_dma(soc, addr, value);
    } else if (addr == EFUSE_CONTROL) {
        start_efuse(soc, value);
    } else if (addr == ICU_STATUS) {
        soc->latched &= ~value;
    } else {
        *rk_bk_system(soc, addr) = value;
    }
    if (addr >= ICU_ENABLE && addr <= ICU_STATUS)
        rk_bk_update_lines(soc);
}

/* Narrow accesses are parts of a word. */
static uint32_t part_of(uint32_t word, uint32_t addr, unsigned width)
{
    return width == 4 ? word : word >> 8 * (addr & 3) & (width == 2 ? 0xFFFF : 0xFF);
}

static uint32_t with_part(uint32_t word, uint32_t addr, uint32_t value, unsigned width)
{
    uint32_t mask = (width == 2 ? 0xFFFFu : 0xFFu) << 8 * (addr & 3);

    return width == 4 ? value : (word & ~mask) | (value << 8 * (addr & 3) & mask);
}

static uint32_t system_read(void *user, uint32_t addr, unsigned width)
{
    return part_of(read_word(user, addr & ~3u), addr, width);
}

static void system_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bk_soc *soc = user;

    write_word(soc, addr & ~3u, with_part(*rk_bk_system(soc, addr & ~3u), addr, value, width));
}

/* A loop that asks a register again and again need not be executed while it stays as it is. */
static uint64_t system_steady(void *user, uint32_t addr)
{
    const struct rk_bk_soc *soc = user;

    addr &= ~3u;
    if (addr >= UART1 && addr < UART2 + 0x100)
        return rk_bk_uart_steady(soc, addr >= UART2, addr & 0xFF);
    if ((addr >= ADC && addr < ADC + 0x100) || (addr >= FLASH && addr < FLASH + 0x100))
        return 0;
    return UINT64_MAX;
}

static uint64_t always(void *user, uint32_t addr)
{
    (void)user;
    (void)addr;
    return UINT64_MAX;
}

static uint64_t mac_steady(void *user, uint32_t addr)
{
    (void)user;
    return rk_bk_mac_is_steady((addr - MAC) & ~3u) ? UINT64_MAX : 0;
}

/* The transceiver is never busy: bit 31 of its registers starts something, and is done. */
static uint32_t xvr_read(void *user, uint32_t addr, unsigned width)
{
    struct rk_bk_soc *soc = user;

    return part_of(*rk_bk_system(soc, addr & ~3u) & 0x7FFFFFFF, addr, width);
}

static uint32_t modem_read(void *user, uint32_t addr, unsigned width)
{
    struct rk_bk_soc *soc = user;

    return part_of(soc->modem[(addr - MODEM) / 4], addr, width);
}

static void modem_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bk_soc *soc = user;
    uint32_t *word = &soc->modem[(addr - MODEM) / 4];

    *word = with_part(*word, addr, value, width);
}

static uint32_t mac_read(void *user, uint32_t addr, unsigned width)
{
    return part_of(rk_bk_mac_read(user, (addr - MAC) & ~3u), addr, width);
}

static void mac_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bk_soc *soc = user;
    uint32_t reg = (addr - MAC) & ~3u;

    rk_bk_mac_write(soc, reg, with_part(soc->mac[reg / 4], addr, value, width));
}

enum rk_status rk_bk_map_registers(struct rk_bk_soc *soc, struct rk_error *err)
{
    const struct rk_bus_device system = {system_read, system_write, soc, system_steady},
                               xvr = {xvr_read, system_write, soc, always},
                               modem = {modem_read, modem_write, soc, always},
                               mac = {mac_read, mac_write, soc, mac_steady};
    enum rk_status st = rk_bus_map_device(soc->bus, SYSTEM, SYSTEM_LEN, &system, err);

    if (st == RK_OK)
        st = rk_bus_map_device(soc->bus, XVR, XVR_LEN, &xvr, err);
    /* The BK7252 has it where the others have the transceiver. */
    if (st == RK_OK && soc->sdram)
        st = rk_bus_map_memory(soc->bus, soc->model->sdram, RK_BK_SDRAM, soc->sdram,
                               RK_BUS_READ_WRITE, err);
    if (st == RK_OK)
        st = rk_bus_map_device(soc->bus, MODEM, MODEM_LEN, &modem, err);
    if (st == RK_OK)
        st = rk_bus_map_device(soc->bus, MAC, MAC_LEN, &mac, err);
    return st;
}
