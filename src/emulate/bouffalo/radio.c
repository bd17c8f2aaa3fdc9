/* As much of the radio as start-up needs: the mail boxes between the application and the radio's
 * software, which run on the same processor, and the registers that are waited for. */
#include "emulate/bouffalo/soc.h"

#include <string.h>

#include "base/bytes.h"

enum {
    IPC = 0x44800000,
    IPC_LEN = 0x1000,
    SOURCES = 0x44910000,
    MAC = 0x44B00000,
    MAC_STATE = 0x44B00038,
    MAC_VERSION_1 = 0x44B000D8,
    MAC_VERSION_2 = 0x44B000E4,
    MAC_TIME = 0x44B00120,
    MAC_RESET = 0x44B08050,
    PHY_VERSION = 0x44C00000,
    RF_CALIBRATION = 0x40001618,
    BLE_VERSION = 0x28000004,
    BLE_CLOCK = 0x2800001C,
    BLE_FINE_CLOCK = 0x28000020,
    BLE_REGISTERS = 0x1000 /* bytes; memory behind */
};
#define IPC_SIGNATURE 0x49504332u /* "IPC2" */

static uint32_t *reg_of(const struct rk_bl_soc *soc, uint32_t addr)
{
    return &soc->radio[(addr - RK_BL_RADIO) / 4];
}

/* Sources of the radio's own interrupt controller. */
static uint64_t sources(const struct rk_bl_soc *soc)
{
    uint32_t status = soc->a2e & soc->a2e_mask;

    return (uint64_t)(status & 0x1F00 ? 1 : 0) << 63 | (uint64_t)(status & 0x30 ? 1 : 0) << 62 |
           (uint64_t)(status & 0x3 ? 1 : 0) << 61;
}

bool rk_bl_radio_line(const struct rk_bl_soc *soc)
{
    return sources(soc) != 0;
}

static uint32_t first_source(const struct rk_bl_soc *soc)
{
    uint64_t up = sources(soc);

    for (uint32_t i = 63; i > 60; i--)
        if (up >> i & 1)
            return i;
    return 0;
}

static uint32_t ipc_read(const struct rk_bl_soc *soc, uint32_t reg)
{
    switch (reg) {
    case 0x004:
        return soc->e2a;
    case 0x00C:
    case 0x010:
        return soc->e2a_mask;
    case 0x01C:
        return soc->e2a & soc->e2a_mask;
    case 0x104:
        return soc->a2e;
    case 0x10C:
    case 0x110:
        return soc->a2e_mask;
    case 0x11C:
        return soc->a2e & soc->a2e_mask;
    case 0x140:
        return IPC_SIGNATURE;
    default:
        return *reg_of(soc, IPC + reg);
    }
}

static void ipc_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value)
{
    uint32_t *raw = reg < 0x100 ? &soc->e2a : &soc->a2e;
    uint32_t *mask = reg < 0x100 ? &soc->e2a_mask : &soc->a2e_mask;

    switch (reg & 0xFF) {
    case 0x00: /* a trigger rings at the other side */
        *(reg < 0x100 ? &soc->a2e : &soc->e2a) |= value;
        break;
    case 0x08:
        *raw &= ~value;
        break;
    case 0x0C:
        *mask |= value;
        break;
    case 0x10:
        *mask &= ~value;
        break;
    default:
        *reg_of(soc, IPC + reg) = value;
        break;
    }
    rk_bl_update_lines(soc);
}

static uint32_t radio_read(void *user, uint32_t addr, unsigned width)
{
    struct rk_bl_soc *soc = user;
    uint64_t up = sources(soc);
    uint32_t word = addr & ~3u;

    (void)width;
    rk_bl_access(soc);
    if (word - IPC < IPC_LEN)
        return ipc_read(soc, word - IPC) >> 8 * (addr & 3);
    switch (word) {
    case SOURCES:
        return (uint32_t)up;
    case SOURCES + 4:
        return (uint32_t)(up >> 32);
    case SOURCES + 0x40:
        return first_source(soc);
    case MAC_VERSION_1:
        return 0x11000000; /* older ones are refused */
    case MAC_VERSION_2:
        return 1;
    case MAC_TIME:
        return (uint32_t)(rk_bl_now(soc) / 1000);
    case MAC_RESET:
        return 0;
    case PHY_VERSION:
        return 0x00131111;
    default:
        return *reg_of(soc, word) >> 8 * (addr & 3);
    }
}

static void radio_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bl_soc *soc = user;
    uint32_t word = addr & ~3u, shift = 8 * (addr & 3);
    uint32_t mask = (width == 4 ? UINT32_MAX : (1u << 8 * width) - 1) << shift;

    value = (*reg_of(soc, word) & ~mask) | (value << shift & mask);
    if (word - IPC < IPC_LEN) {
        ipc_write(soc, word - IPC, value);
        return;
    }
    if (word == MAC_STATE) /* the next state becomes the current one */
        value = (value & ~15u) | (value >> 4 & 15);
    *reg_of(soc, word) = value;
}

/* The calibration of the RF part is over as soon as it was begun. */
void rk_bl_rf_write(struct rk_bl_soc *soc, uint32_t addr, uint32_t value)
{
    if (addr == RK_BL_RF + 0xAC)
        value = value & 1 << 4 ? value | 1 << 20 : value & ~(1u << 20);
    else if (addr == RF_CALIBRATION)
        value = value & 1 << 29 ? value | 1 << 28 : value & ~(1u << 28);
    *rk_bl_reg(soc, addr) = value;
    if (addr == RK_BL_RF + 0xA0) /* a level that falls with the gain */
        *rk_bl_reg(soc, RK_BL_RF + 0xA8) =
            (*rk_bl_reg(soc, RK_BL_RF + 0xA8) & 0xFFFF) | (0xB800 - (value & 0xFF) * 32) << 16;
}

static uint32_t ble_read(void *user, uint32_t addr, unsigned width)
{
    struct rk_bl_soc *soc = user;
    uint32_t word = addr & ~3u;

    (void)width;
    rk_bl_access(soc);
    if (word == BLE_VERSION)
        return 0x08000A00u >> 8 * (addr & 3);
    if (word == BLE_CLOCK) /* half slots of 312.5 us; bit 31, a sample is wanted, is over at once */
        return (uint32_t)(rk_bl_now(soc) / 312500) & 0x0FFFFFFF;
    if (word == BLE_FINE_CLOCK) /* half microseconds that are left of it */
        return 624 - (uint32_t)(rk_bl_now(soc) % 312500 / 500);
    return rk_get_le32(soc->ble + (word - RK_BL_BLE)) >> 8 * (addr & 3);
}

static void ble_write(void *user, uint32_t addr, uint32_t value, unsigned width)
{
    struct rk_bl_soc *soc = user;
    uint8_t *at = soc->ble + (addr - RK_BL_BLE);

    for (unsigned i = 0; i < width; i++)
        at[i] = (uint8_t)(value >> 8 * i);
    soc->ble[3] = 0; /* resets and requests of the first register: done at once */
}

void rk_bl_radio_reset(struct rk_bl_soc *soc)
{
    memset(soc->radio, 0, RK_BL_RADIO_LEN);
    memset(soc->agc, 0, RK_BL_AGC_LEN);
    memset(soc->ble, 0, RK_BL_BLE_LEN);
    soc->a2e = soc->a2e_mask = soc->e2a = soc->e2a_mask = 0;
}

enum rk_status rk_bl_map_radio(struct rk_bl_soc *soc, struct rk_error *err)
{
    const struct rk_bus_device radio = {.read = radio_read, .write = radio_write, .user = soc};
    const struct rk_bus_device ble = {.read = ble_read, .write = ble_write, .user = soc};
    enum rk_status st = rk_bus_map_device(soc->bus, RK_BL_RADIO, RK_BL_RADIO_LEN, &radio, err);

    if (st == RK_OK)
        st = rk_bus_map_device(soc->bus, RK_BL_BLE, BLE_REGISTERS, &ble, err);
    if (st == RK_OK)
        st = rk_bus_map_memory(soc->bus, RK_BL_BLE + BLE_REGISTERS, RK_BL_BLE_LEN - BLE_REGISTERS,
                               soc->ble + BLE_REGISTERS, RK_BUS_READ_WRITE, err);
    return st == RK_OK ? rk_bus_map_memory(soc->bus, RK_BL_AGC, RK_BL_AGC_LEN, soc->agc,
                                           RK_BUS_READ_WRITE, err)
                       : st;
}
