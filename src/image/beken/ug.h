/* UG: Tuya's OTA file for the classic SDKs, 32 bytes before an RBL package; and the differential
 * files of TuyaOS 3, which are only recognised. */
#ifndef RK_IMAGE_BEKEN_UG_H
#define RK_IMAGE_BEKEN_UG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_UG_HEADER 32u

struct rk_ug {
    char version[13];
    uint32_t body_len;
    bool header_good; /* the sum over the header is right */
    bool complete;    /* the whole body is there */
    bool body_good;   /* and its sum is right */
};

/* Reads the header. False if the two magics are not there. */
bool rk_ug_read(const uint8_t *data, size_t len, struct rk_ug *out);

/* Writes the header for a body. */
void rk_ug_write(const char *version, const uint8_t *body, size_t len, uint8_t out[RK_UG_HEADER]);

struct rk_diff2ya {
    bool packed;
    uint32_t source_crc, target_crc, source_len, target_len, start;
};

/* Recognises a differential file. */
bool rk_diff2ya_read(const uint8_t *data, size_t len, struct rk_diff2ya *out);

#endif
