/* Applications: name, version, SDK, build and chip from their own words. */
#ifndef RK_IMAGE_BEKEN_APP_H
#define RK_IMAGE_BEKEN_APP_H

#include "image/beken/code.h"

/* Series of chips that run the same application code; told apart by marks in the image. */
enum rk_series {
    RK_SERIES_UNKNOWN,
    RK_SERIES_T,    /* BK7231T, U, Q, BK7251, BK7252: code at +0x100 */
    RK_SERIES_N,    /* BK7231N, BK7231M, BL2028N: "BK7231" at +0x100 */
    RK_SERIES_7238, /* BK7238, BK7252N: "BK7238" at +0x100 */
    RK_SERIES_7236  /* BK7236, BK7258: Cortex-M */
};

struct rk_app_info {
    enum rk_series series;
    char chip[16];             /* may be empty */
    enum rk_evidence evidence; /* for chip */
    char name[64], version[32];
    char sdk[96];   /* may be empty */
    char build[96]; /* date, or the builder's own line; may be empty */
    bool linked_at_zero;
};

/* Looks at plain application code. key decides between chips that run the same code. */
void rk_app_identify(const uint8_t *plain, size_t len, enum rk_key_class key,
                     struct rk_app_info *out);

/* "BK7231N/M", ... for messages. */
const char *rk_series_text(enum rk_series series);

/* Series of a chip by its name; UNKNOWN for other families. */
enum rk_series rk_series_of_chip(const char *chip);

#endif
