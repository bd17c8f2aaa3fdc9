/* Data areas of a Beken flash: found by their first bytes, sector by sector. */
#ifndef RK_IMAGE_BEKEN_AREAS_H
#define RK_IMAGE_BEKEN_AREAS_H

#include "image/beken/rf.h"

enum rk_area_kind {
    RK_AREA_NONE,
    RK_AREA_RF,          /* calibration and MAC */
    RK_AREA_NET,         /* network sector of Beken's SDK: the same format, other groups */
    RK_AREA_OBK_CONFIG,  /* OpenBeken configuration */
    RK_AREA_TUYA,        /* key block of Tuya's key-value storage */
    RK_AREA_TUYA_BACKUP, /* its protected copy */
    RK_AREA_LITTLEFS,    /* file system of OpenBeken */
    RK_AREA_DIFF2YA      /* update state of TuyaOS 3 */
};

/* What the sector at data (len bytes are there) begins with. */
enum rk_area_kind rk_area_at(const uint8_t *data, size_t len);

/* True if the OpenBeken configuration at data has the checksum its head claims. *version and
 * *length (bytes covered) are set if the head is readable. */
bool rk_obk_config_check(const uint8_t *data, size_t len, uint32_t *version, uint32_t *length);

/* Finds the RF sector in a flash image, last one first. False if there is none. */
bool rk_rf_find(const uint8_t *data, size_t len, uint32_t *offset, struct rk_rf *out);

#endif
