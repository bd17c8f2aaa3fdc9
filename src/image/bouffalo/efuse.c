#include <rekindle/bl602.h>

#include "base/bytes.h"

#include <string.h>

#define SLOTS 3

/* Places of the three MAC slots (6 bytes reversed, then 6 bits that count the zero bits) and of the
 * three crystal trims (6 bits, parity, enable) of 8 bits in a word. */
static const struct {
    uint8_t mac, trim, shift;
} slots[SLOTS] = {{20, 12, 2}, {108, 112, 22}, {4, 8, 22}};

static unsigned ones(uint32_t word)
{
    unsigned count = 0;

    for (; word; word &= word - 1)
        count++;
    return count;
}

static void read_mac(const uint8_t *slot, unsigned index, struct rk_bl602_efuse *out)
{
    unsigned zeros = 48, counted = slot[6] & 0x3F;

    if (rk_bytes_all(slot, 6, 0) && counted == 0)
        return;
    for (size_t i = 0; i < 6; i++)
        zeros -= ones(slot[i]);
    if (zeros != counted) {
        out->mac_damaged = out->mac_damaged || index == 0;
        return;
    }
    out->has_mac = true;
    out->mac_slot = index;
    for (size_t i = 0; i < 6; i++)
        out->mac[i] = slot[5 - i];
}

bool rk_bl602_efuse_read(const uint8_t *data, size_t len, struct rk_bl602_efuse *out)
{
    *out = (struct rk_bl602_efuse){0};
    if (len < RK_BL602_EFUSE_SIZE)
        return false;
    out->modes = rk_get_le32(data);
    out->usage = rk_get_le32(data + 16);
    out->locks = rk_get_le32(data + 124);
    out->secure = out->modes & 0xBF; /* AES mode, signature mode, secure boot, enciphered CPU */
    out->strap_gpio6 = out->modes & 1u << 11;
    out->rom_log_off = out->usage & 1u << 1;
    out->crystal = out->usage >> 4 & 7;
    out->no_flash_start = out->usage & 1u << 24;
    out->no_uart_start = out->usage & 1u << 25;
    for (unsigned i = 0; i < SLOTS; i++) {
        uint32_t trim = rk_get_le32(data + slots[i].trim) >> slots[i].shift & 0xFF;

        read_mac(data + slots[i].mac, i, out);
        if (trim & 0x80 && (trim >> 6 & 1) == (ones(trim & 0x3F) & 1)) {
            out->has_capcode = true;
            out->capcode = (uint8_t)(trim & 0x3F);
        }
    }
    return true;
}
