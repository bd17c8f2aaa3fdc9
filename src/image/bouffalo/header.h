/* Boot headers of the BL602: 176 bytes in front of the second-stage loader and of the application. */
#ifndef RK_IMAGE_BOUFFALO_HEADER_H
#define RK_IMAGE_BOUFFALO_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_BFL_HEADER 176u

/* Option bits (word at 116), as Bouffalo Lab's image tools name them. */
#define RK_BFL_SIGN         0x3u
#define RK_BFL_ENCRYPT      0xCu
#define RK_BFL_NO_SEGMENT   (1u << 8)
#define RK_BFL_CACHE_ENABLE (1u << 9)
#define RK_BFL_NOT_LOAD     (1u << 10)
#define RK_BFL_CRC_IGNORE   (1u << 16)
#define RK_BFL_HASH_IGNORE  (1u << 17)
#define RK_BFL_BL702_BOOT2  (1u << 19)

#define RK_BFL_CRYSTAL_40M 4 /* value of `crystal` on every module known */

struct rk_bfl_header {
    bool crc_good;     /* or the header says that it does not count */
    bool flash_good;   /* flash parameters: magic and CRC */
    bool clock_good;   /* clock settings: magic and CRC */
    uint8_t io_mode;   /* of the flash parameters */
    uint8_t crystal;   /* 1 = 24 MHz, 2 = 32, 3 = 38.4, 4 = 40, 5 = 26, 6 = RC 32 */
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

/* Makes the header of an image as Bouffalo Lab's image tools make it: 40 MHz crystal, 160 MHz, flash
 * clock 40 MHz, plain, cached. `parameters` are the 84 bytes of the flash part; `start` is where
 * the mask ROM finds the image (the second-stage loader does not look at it). */
void rk_bfl_header_make(uint8_t out[RK_BFL_HEADER], const uint8_t *parameters, const uint8_t *image,
                        size_t len, uint32_t start);

/* Gives a header other flash parameters (NULL = leaves them) and makes its three CRCs right. */
void rk_bfl_header_reseal(uint8_t head[RK_BFL_HEADER], const uint8_t *parameters);

#endif
