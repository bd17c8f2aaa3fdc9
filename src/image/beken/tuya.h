/* Presence and soundness of Tuya's key-value storage. What is in it is read elsewhere. */
#ifndef RK_IMAGE_BEKEN_TUYA_H
#define RK_IMAGE_BEKEN_TUYA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_tuya_storage {
    uint32_t addr, len;
    bool key_good;        /* checksum of the key block */
    uint32_t blocks;      /* data blocks with the right magic */
    uint32_t blocks_good; /* of these, with the right checksum */
    bool tuyaos3;         /* the newer magic */
};

/* Looks at the storage whose key block is at flash + addr. False if there is none. */
bool rk_tuya_storage_read(const uint8_t *flash, size_t len, uint32_t addr,
                          struct rk_tuya_storage *out);

/* True if the sector is a protected copy with a right checksum. */
bool rk_tuya_backup_check(const uint8_t *sector, size_t len);

#endif
