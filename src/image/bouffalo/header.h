/* Boot headers of the BL602: 176 bytes in front of the second-stage loader and of the application. */
#ifndef RK_IMAGE_BOUFFALO_HEADER_H
#define RK_IMAGE_BOUFFALO_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_BFL_HEADER 176u

struct rk_bfl_header {
    bool crc_good;     /* or the header says that it does not count */
    bool flash_good;   /* flash parameters: magic and CRC */
    bool clock_good;   /* clock settings: magic and CRC */
    bool other_chip;   /* marks of the BL702 or of another relative */
    uint32_t boot_cfg; /* option bits */
    bool plain;        /* neither signed nor enciphered */
    bool flat;         /* a flash image, not segments for the RAM */
    bool cached;
    uint32_t length; /* of the image */
    uint32_t start;  /* of the image, as the ROM takes it */
    bool hash_ignored;
    uint8_t hash[32];
};

/* Reads the header at data. False if the magic is not there. */
bool rk_bfl_header_read(const uint8_t *data, size_t len, struct rk_bfl_header *out);

/* True if the image that begins at data + offset has the hash of the header. */
bool rk_bfl_hash_check(const struct rk_bfl_header *header, const uint8_t *data, size_t len,
                       size_t offset);

#endif
