#include "image/beken/rf.h"

#include "base/bytes.h"

#include <string.h>

#define HEAD_SIZE  8u
#define SECTOR     4096u
#define GROUP_MASK 0xFFFFFF00u

#define GROUP_TRANSCEIVER 0x11111100u
#define ITEM_MAC          0x11111102u
#define GROUP_TX_POWER    0x22222200u
#define GROUP_TX          0x33333300u
#define GROUP_RX          0x44444400u

static enum rk_rf_mac_state mac_state(const uint8_t mac[6])
{
    static const uint8_t defaults[][6] = {
        {0xC8, 0x47, 0x8C, 0x42, 0x88, 0x48}, /* Beken FreeRTOS SDK */
        {0xC8, 0x47, 0x8C, 0x42, 0x00, 0x48},
        {0xC8, 0x47, 0x8C, 0x00, 0x00, 0x00}, /* SDKs made for Tuya */
    };

    if (rk_bytes_all(mac, 6, 0x00) || rk_bytes_all(mac, 6, 0xFF))
        return RK_RF_MAC_BLANK;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (memcmp(mac, defaults[i], 6) == 0)
            return RK_RF_MAC_DEFAULT;
    }
    return mac[0] & 1 ? RK_RF_MAC_MULTICAST : RK_RF_MAC_GOOD;
}

/* Items of one group: only the MAC is wanted. Real sectors have filler behind the last item, so an
 * item that does not fit ends the walk without being an error. */
static void read_items(const uint8_t *data, size_t at, size_t end, struct rk_rf *out)
{
    while (end - at >= HEAD_SIZE) {
        uint32_t type = rk_get_le32(data + at);
        uint32_t length = rk_get_le32(data + at + 4);

        if ((type & GROUP_MASK) != GROUP_TRANSCEIVER || length > end - at - HEAD_SIZE)
            return;
        if (type == ITEM_MAC && length == 6 && out->mac_state == RK_RF_MAC_NONE) {
            memcpy(out->mac, data + at + HEAD_SIZE, 6);
            out->mac_offset = (uint32_t)(at + HEAD_SIZE);
            out->mac_state = mac_state(out->mac);
        }
        at += HEAD_SIZE + length;
    }
}

bool rk_rf_read(const uint8_t *data, size_t len, struct rk_rf *out)
{
    size_t at = HEAD_SIZE, end;

    *out = (struct rk_rf){0};
    if (len < HEAD_SIZE || memcmp(data, "TLV", 4) != 0)
        return false;
    out->length = rk_get_le32(data + 4);
    if (out->length < HEAD_SIZE || out->length > SECTOR - HEAD_SIZE ||
        out->length > len - HEAD_SIZE)
        return false;
    end = HEAD_SIZE + out->length;
    while (end - at >= HEAD_SIZE) {
        uint32_t type = rk_get_le32(data + at);
        uint32_t length = rk_get_le32(data + at + 4);

        if ((type & 0xFF) != 0 || length > end - at - HEAD_SIZE)
            return true;
        if (type == GROUP_TRANSCEIVER)
            read_items(data, at + HEAD_SIZE, at + HEAD_SIZE + length, out);
        out->tx_power |= type == GROUP_TX_POWER;
        out->tx_calibration |= type == GROUP_TX;
        out->rx_calibration |= type == GROUP_RX;
        at += HEAD_SIZE + length;
    }
    out->well_formed = at == end;
    return true;
}

const char *rk_rf_mac_text(enum rk_rf_mac_state state)
{
    switch (state) {
    case RK_RF_MAC_NONE:
        return "no MAC address";
    case RK_RF_MAC_GOOD:
        return "a device address";
    case RK_RF_MAC_BLANK:
        return "a blank MAC address";
    case RK_RF_MAC_DEFAULT:
        return "a default MAC address that many modules share";
    case RK_RF_MAC_MULTICAST:
        return "a multicast address, which no module can have";
    }
    return "";
}
