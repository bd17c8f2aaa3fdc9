/* EasyFlash (NG): the key-value log that OpenBeken uses on many platforms. */
#ifndef RK_CONFIG_EASYFLASH_H
#define RK_CONFIG_EASYFLASH_H

#include <rekindle/easyflash.h>

#define RK_EASYFLASH_SECTOR 4096u

/* A live entry. */
struct rk_easyflash_entry {
    uint32_t at;     /* of the entry in the bytes */
    uint32_t value;  /* of its value in the bytes */
    uint32_t length; /* bytes of the value */
    uint32_t total;  /* bytes of the entry */
};

/* Granularity of the sector (1, 8 or 32 bits written at a time); 0 if it is none of EasyFlash. */
unsigned rk_easyflash_granularity(const uint8_t *sector);

/* The area around a sector: neighbouring sectors of the same granularity. */
void rk_easyflash_area(const uint8_t *data, size_t len, uint32_t sector, uint32_t *start,
                       uint32_t *length);

/* The live entry of that name in [start, start + length): completely written, with a right
 * checksum, the last one in the log. False if there is none. */
bool rk_easyflash_find(const uint8_t *data, uint32_t start, uint32_t length, const char *name,
                       struct rk_easyflash_entry *out);

/* Sets a value in the area, which is `length` bytes at `area` and is changed in place: appended,
 * and the old entry marked as deleted; if no sector has room, the log is written anew with its live
 * entries only. Errors: UNSUPPORTED "config.store" (no area, or it does not fit), NOMEM. */
RK_MUST_CHECK enum rk_status rk_easyflash_set(uint8_t *area, uint32_t length, const char *name,
                                              const uint8_t *value, uint32_t value_length,
                                              struct rk_error *err);

/* Writes the log anew with its live entries only, so that nothing older is left in it.
 * Errors: as above. */
RK_MUST_CHECK enum rk_status rk_easyflash_tidy(uint8_t *area, uint32_t length,
                                               struct rk_error *err);

#endif
