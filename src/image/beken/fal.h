/* The partition table at the end of a boot loader: 64-byte entries, plain even where the code is
 * enciphered. */
#ifndef RK_IMAGE_BEKEN_FAL_H
#define RK_IMAGE_BEKEN_FAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_FAL_MAX   8
#define RK_FAL_ENTRY 64u

struct rk_fal_entry {
    char name[25];
    bool in_blocks;         /* offset and length are logical: the partition holds code blocks */
    uint32_t offset, len;   /* as the entry says */
    uint32_t addr, span;    /* in flash */
    bool has_crc, crc_good; /* Tuya's tables carry 0 instead of a CRC */
};

struct rk_fal {
    size_t count;
    uint32_t at; /* offset of the first entry in the payload */
    struct rk_fal_entry entries[RK_FAL_MAX];
};

/* Finds the last table in a boot loader without its CRC bytes. False if there is none. */
bool rk_fal_find(const uint8_t *stored, size_t len, struct rk_fal *out);

/* The entry of that name, or NULL. */
const struct rk_fal_entry *rk_fal_entry(const struct rk_fal *fal, const char *name);

#endif
