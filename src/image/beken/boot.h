/* Boot loaders: which one is it, by its content. */
#ifndef RK_IMAGE_BEKEN_BOOT_H
#define RK_IMAGE_BEKEN_BOOT_H

#include "image/beken/code.h"

/* A build we know byte for byte (data/beken-boot-loaders.csv). */
struct rk_boot_build {
    const char *name;    /* "BK7231N_1.0.1" */
    const char *variant; /* "uart1", "uart2" or "" */
    const char *chip;
    enum rk_key_class key_class;
    uint32_t length;    /* payload: CRC bytes removed, no padding */
    uint8_t sha256[32]; /* of the payload as stored */
    uint32_t crc256;    /* CRC-32 of the first 256 flash bytes */
    uint32_t crc257;    /* the same over 257 bytes, as ROM loaders compute it */
};
extern const struct rk_boot_build rk_boot_builds[];
extern const size_t rk_boot_build_count;

struct rk_boot_info {
    char name[40];                     /* empty if it carries no version */
    char chip[16];                     /* the chip it is for; may be empty */
    const struct rk_boot_build *build; /* NULL if it is none we know */
    bool has_key_copy;                 /* it carries a key for OTA writes ... */
    uint32_t key_copy[4];              /* ... this one; secret ... */
    uint32_t key_copy_at;              /* ... at this logical address */
};

/* Looks at a boot loader that rk_code_read() found; flash points to its first flash byte. */
void rk_boot_identify(const struct rk_code *code, const uint8_t *flash, size_t len,
                      struct rk_boot_info *out);

/* The chip a boot loader version belongs to ("BK7231S_1.0.5" -> "BK7231T"), or NULL. A name with
 * key class ZERO of the N series belongs to BK7231M. */
const char *rk_boot_chip(const char *name, enum rk_key_class key);

#endif
