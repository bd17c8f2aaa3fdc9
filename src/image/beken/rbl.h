/* RBL: the container of RT-Thread's OTA, as a package of its own and as a stamp on code in flash. */
#ifndef RK_IMAGE_BEKEN_RBL_H
#define RK_IMAGE_BEKEN_RBL_H

#include <rekindle/error.h>

#include "image/beken/code.h"

#define RK_RBL_HEADER 96u
#define RK_RBL_SPAN   102u /* the header in flash: three blocks */

enum rk_rbl_cipher { RK_RBL_CIPHER_NONE, RK_RBL_CIPHER_XOR, RK_RBL_CIPHER_AES256 };
enum rk_rbl_packing {
    RK_RBL_PACKING_NONE,
    RK_RBL_PACKING_GZIP,
    RK_RBL_PACKING_QUICKLZ,
    RK_RBL_PACKING_FASTLZ
};

struct rk_rbl {
    uint8_t cipher, packing; /* as above; other values are possible in foreign files */
    uint32_t time;           /* Unix time */
    char partition[17], version[25];
    uint32_t crc;  /* CRC-32 of the package */
    uint32_t hash; /* FNV-1a of the raw data */
    uint32_t raw_size, package_size;
};

/* Reads the 96 bytes of a header. False if the magic or its CRC is wrong. */
bool rk_rbl_read(const uint8_t *data, size_t len, struct rk_rbl *out);

/* True if both headers describe the same package: a boot loader installs nothing then. */
bool rk_rbl_same(const struct rk_rbl *a, const struct rk_rbl *b);

/* The version, or "no version": packers that are given none write the option that follows. */
const char *rk_rbl_version(const struct rk_rbl *rbl);

/* Writes a header with a right CRC. */
void rk_rbl_write(const struct rk_rbl *rbl, uint8_t out[RK_RBL_HEADER]);

/* FNV-1a, 32 bits. */
uint32_t rk_fnv1a(const uint8_t *data, size_t len);

/* A header in flash, plain or as code blocks. */
struct rk_rbl_place {
    uint32_t addr;
    bool in_blocks;
    struct rk_rbl rbl;
};

/* Finds headers anywhere in a flash image, in order; writes at most cap, returns their number. */
size_t rk_rbl_find(const uint8_t *flash, size_t len, struct rk_rbl_place *out, size_t cap);

/* How a header in flash and the code it stamps agree. */
enum rk_rbl_state {
    RK_RBL_GOOD,    /* CRC and hash of the stored bytes are right */
    RK_RBL_OTA,     /* the stamp of an OTA update: the hash of the plain code is right */
    RK_RBL_STALE,   /* neither fits: damage, or the stamp of an earlier application */
    RK_RBL_TOO_LONG /* it claims more code than there is */
};
enum rk_rbl_state rk_rbl_check_code(const struct rk_rbl *rbl, const struct rk_code *code);

/* Checks, deciphers and unpacks a package (header and body at data). *out is allocated: free() it.
 * Errors: IMAGE_FORMAT (what is wrong), UNSUPPORTED (a packing without decoder), NOMEM. */
RK_MUST_CHECK enum rk_status rk_rbl_unpack(const uint8_t *data, size_t len, struct rk_rbl *rbl,
                                           uint8_t **out, size_t *out_len, struct rk_error *err);

/* Makes a package: gzip and AES-256-CBC with the keys all public boot loaders use, or neither,
 * as rbl->cipher and rbl->packing say. Partition, version and time are taken from rbl, the rest is
 * filled in. *out is allocated. */
RK_MUST_CHECK enum rk_status rk_rbl_pack(struct rk_rbl *rbl, const uint8_t *raw, size_t len,
                                         uint8_t **out, size_t *out_len, struct rk_error *err);

#endif
