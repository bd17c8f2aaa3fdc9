/* OTA files of the BL602: a header, and an application with its header, perhaps packed. */
#ifndef RK_IMAGE_BOUFFALO_OTA_H
#define RK_IMAGE_BOUFFALO_OTA_H

#include <rekindle/error.h>

#define RK_BFL_OTA_HEADER 512u

struct rk_bfl_ota {
    bool packed; /* "XZ  ", else "RAW " */
    bool complete, hash_good;
    uint32_t body_len;
    char hardware[17], software[17]; /* versions, escaped */
};

/* Reads the header. False if the magic is not there. */
bool rk_bfl_ota_read(const uint8_t *data, size_t len, struct rk_bfl_ota *out);

/* Makes the header of a body. Versions have at most 15 characters; longer ones are cut. */
void rk_bfl_ota_make(uint8_t out[RK_BFL_OTA_HEADER], const uint8_t *body, size_t len, bool packed,
                     const char *hardware, const char *software);

#endif
