#include <rekindle/identity.h>

#include "base/bytes.h"
#include "image/beken/areas.h"
#include "image/bouffalo/fdt.h"
#include "image/bouffalo/partitions.h"

#include <string.h>

#define SECTOR 4096u

enum rk_mac_state rk_mac_judge(const uint8_t mac[6])
{
    static const uint8_t defaults[][6] = {
        {0xC8, 0x47, 0x8C, 0x00, 0x00, 0x00}, /* Beken SDK of Tuya, RF sector lost */
        {0xC8, 0x47, 0x8C, 0x42, 0x88, 0x48}, /* Beken FreeRTOS SDK, RF sector lost */
        {0x18, 0xB9, 0x05, 0x88, 0x88, 0x88}, /* BL602 without any address */
        {0xC8, 0x43, 0x57, 0x82, 0x73, 0x40}, /* example of the BL602 device tree, station */
        {0xC8, 0x43, 0x57, 0x82, 0x73, 0x02}, /* and access point */
    };

    if (rk_bytes_all(mac, 6, 0) || rk_bytes_all(mac, 6, 0xFF))
        return RK_MAC_BLANK;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (memcmp(defaults[i], mac, 6) == 0)
            return RK_MAC_DEFAULT;
    return mac[0] & 1 ? RK_MAC_MULTICAST : RK_MAC_GOOD;
}

/* Offset of a MAC address in a device tree; 0 if it has none. */
static uint32_t address_in(const struct rk_fdt *tree, const char *path)
{
    uint32_t len = 0;
    const uint8_t *value = rk_fdt_get(tree, path, &len);

    return value && len == 6 ? (uint32_t)(value - tree->data) : 0;
}

static bool find_at(const uint8_t *data, size_t len, uint32_t at, struct rk_identity *out)
{
    struct rk_fdt tree;
    uint32_t station, access_point;

    if (at >= len || !rk_fdt_open(data + at, len - at, &tree) || !rk_fdt_sound(&tree))
        return false;
    station = address_in(&tree, "/wifi/mac/sta_mac_addr");
    access_point = address_in(&tree, "/wifi/mac/ap_mac_addr");
    if (!station && !access_point)
        return false;
    out->place = RK_MAC_DEVICE_TREE;
    out->offset = at + (station ? station : access_point);
    out->second = station && access_point ? at + access_point : 0;
    return true;
}

/* Where the partition table has the device tree; without a table, the first one at the start of a
 * sector. */
static bool find_in_tree(const uint8_t *data, size_t len, struct rk_identity *out)
{
    struct rk_bfl_table table;
    const struct rk_bfl_part *factory =
        rk_bfl_table_choose(data, len, &table) < 0 ? NULL : rk_bfl_part_named(&table, "factory");

    if (factory && find_at(data, len, factory->addr[0], out))
        return true;
    for (size_t at = 0; at < len; at += SECTOR)
        if (find_at(data, len, (uint32_t)at, out))
            return true;
    return false;
}

bool rk_identity_find(const uint8_t *data, size_t len, struct rk_identity *out)
{
    struct rk_rf rf;
    uint32_t sector;

    memset(out, 0, sizeof *out);
    if (rk_rf_find(data, len, &sector, &rf) && rf.mac_state != RK_RF_MAC_NONE) {
        out->place = RK_MAC_RF_SECTOR;
        out->offset = sector + rf.mac_offset;
    } else if (!find_in_tree(data, len, out)) {
        return false;
    }
    out->sector = out->offset / SECTOR * SECTOR;
    memcpy(out->mac, data + out->offset, 6);
    out->state = rk_mac_judge(out->mac);
    return true;
}

enum rk_status rk_identity_set(uint8_t *data, size_t len, const struct rk_identity *where,
                               const uint8_t mac[6], struct rk_error *err)
{
    enum rk_mac_state state = rk_mac_judge(mac);

    if (state != RK_MAC_GOOD) {
        rk_fail(err, RK_ERR_ARG, "config.mac", "this is not the address of one device");
        rk_error_detail(err, "%s",
                        state == RK_MAC_DEFAULT ? "it is a default that many modules share"
                        : state == RK_MAC_BLANK ? "it is blank"
                                                : "bit 0 of the first byte is set: multicast");
        rk_error_hint(err, "use the address of the backup or of the label; for one of your own, "
                           "begin with 02");
        return RK_ERR_ARG;
    }
    if (where->place == RK_MAC_NOWHERE || where->offset > len || len - where->offset < 6 ||
        where->second > len - 6)
        return rk_fail(err, RK_ERR_RANGE, "config.place", "no place for a MAC address here");
    memcpy(data + where->offset, mac, 6);
    if (where->second)
        memcpy(data + where->second, mac, 6);
    return RK_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

enum rk_status rk_mac_parse(const char *text, uint8_t out[6], struct rk_error *err)
{
    const char *p = text;
    uint8_t mac[6];
    bool ok = true;

    for (unsigned i = 0; i < 6 && ok; i++) {
        int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);
        ok = low >= 0 && (i == 5 ? p[2] == '\0' : p[2] == ':' || p[2] == '-');
        if (ok)
            mac[i] = (uint8_t)(high * 16 + low);
        p += 3;
    }
    if (!ok) {
        rk_fail(err, RK_ERR_ARG, "config.mac", "\"%s\" is not a MAC address", text);
        rk_error_hint(err, "write it as 10:5A:17:F3:D6:37");
        return RK_ERR_ARG;
    }
    memcpy(out, mac, 6);
    return RK_OK;
}
