/* The identity of a module: the MAC address where its chip keeps it in flash. */
#ifndef REKINDLE_IDENTITY_H
#define REKINDLE_IDENTITY_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_mac_place {
    RK_MAC_NOWHERE,
    RK_MAC_RF_SECTOR,  /* Beken: in the calibration record */
    RK_MAC_DEVICE_TREE /* BL602: in the factory device tree; an address in its efuses comes first */
};

enum rk_mac_state {
    RK_MAC_GOOD,
    RK_MAC_DEFAULT,  /* what the SDKs use if calibration is lost: other modules have it, too */
    RK_MAC_BLANK,    /* nothing but 00 or FF */
    RK_MAC_MULTICAST /* no address of a device */
};

struct rk_identity {
    enum rk_mac_place place;
    enum rk_mac_state state;
    uint8_t mac[6];
    uint32_t offset; /* of the address in the bytes */
    uint32_t sector; /* of the sector it lies in */
    uint32_t second; /* BL602: offset of the access point's address, which is set along; 0 = none */
};

/* Finds the address by content, wherever the sector is. False if there is none. */
bool rk_identity_find(const uint8_t *data, size_t len, struct rk_identity *out);

/* Puts another address there; nothing else is changed, and neither place has a checksum.
 * Errors: ARG "config.mac" (not the address of one device), RANGE. */
RK_MUST_CHECK enum rk_status rk_identity_set(uint8_t *data, size_t len,
                                             const struct rk_identity *where, const uint8_t mac[6],
                                             struct rk_error *err);

/* Reads 10:5A:17:F3:D6:37 (or with - between). Errors: ARG "config.mac". */
RK_MUST_CHECK enum rk_status rk_mac_parse(const char *text, uint8_t out[6], struct rk_error *err);

/* What is known about an address. */
enum rk_mac_state rk_mac_judge(const uint8_t mac[6]);

#ifdef __cplusplus
}
#endif
#endif
