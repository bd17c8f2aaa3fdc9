/* The RF sector: calibration and MAC address, written in the factory, one 4 KiB sector of raw
 * type-length-value groups behind "TLV\0". It has no checksum. */
#ifndef RK_IMAGE_BEKEN_RF_H
#define RK_IMAGE_BEKEN_RF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_RF_MAC_OFFSET 0x24u /* of the MAC in every sector that was ever seen */

enum rk_rf_mac_state {
    RK_RF_MAC_NONE,      /* no such item */
    RK_RF_MAC_GOOD,      /* looks like the address of one device */
    RK_RF_MAC_BLANK,     /* all 00 or all FF */
    RK_RF_MAC_DEFAULT,   /* what the SDKs use when the sector is lost: many devices share it */
    RK_RF_MAC_MULTICAST, /* bit 0 of the first byte is set: cannot be a device */
};

struct rk_rf {
    uint32_t length;  /* of the groups, as the head says; the head itself has 8 bytes */
    bool well_formed; /* the groups end exactly where the head says */
    enum rk_rf_mac_state mac_state;
    uint8_t mac[6];
    uint32_t mac_offset; /* inside the record */
    bool tx_power;       /* group 2222 2200 */
    bool tx_calibration; /* group 3333 3300 */
    bool rx_calibration; /* group 4444 4400 */
};

/* Reads the record at data. False if it does not begin with a head that fits into len bytes. */
bool rk_rf_read(const uint8_t *data, size_t len, struct rk_rf *out);

/* Sentence part for a state: "a default address that many devices share". */
const char *rk_rf_mac_text(enum rk_rf_mac_state state);

#endif
