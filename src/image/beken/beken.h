/* Everything the bytes of one Beken image say, read once and used by identify, inspect and the
 * tools that convert. */
#ifndef RK_IMAGE_BEKEN_BEKEN_H
#define RK_IMAGE_BEKEN_BEKEN_H

#include <rekindle/image.h>

#include "image/beken/app.h"
#include "image/beken/areas.h"
#include "image/beken/boot.h"
#include "image/beken/shape.h"

struct rk_beken {
    enum rk_image_kind kind; /* UNKNOWN if this is no Beken image */
    const uint8_t *flash;    /* the bytes in flash order, starting at flash address `start` */
    size_t len;
    uint32_t start; /* 0, or RK_APP_ADDR for an application alone */
    struct rk_shape shape;
    uint8_t *owned; /* flash order copy if the file had another one */
    struct rk_code boot, app;
    struct rk_boot_info boot_info;
    struct rk_app_info app_info;
    bool has_rf;
    uint32_t rf_offset; /* in `flash` */
    struct rk_rf rf;
};

/* Reads data, which must stay valid. False only if memory is short. Free with rk_beken_free(). */
bool rk_beken_read(const uint8_t *data, size_t len, struct rk_beken *out);
void rk_beken_free(struct rk_beken *b);

/* The chip the image is for, from boot loader, application and key together; "" if unknown. */
const char *rk_beken_chip(const struct rk_beken *b, enum rk_evidence *evidence);

#endif
