/* Everything the bytes of one Beken image say, read once and used by identify, inspect and the
 * tools that convert. */
#ifndef RK_IMAGE_BEKEN_BEKEN_H
#define RK_IMAGE_BEKEN_BEKEN_H

#include <rekindle/image.h>

#include "image/beken/app.h"
#include "image/beken/areas.h"
#include "image/beken/boot.h"
#include "image/beken/fal.h"
#include "image/beken/rbl.h"
#include "image/beken/shape.h"
#include "image/beken/tuya.h"

#define RK_BEKEN_AREAS  32
#define RK_BEKEN_RBLS   8
#define RK_APP2_ADDR    0x132000u /* second application of TuyaOS, for the factory test */
#define RK_APP2_LOGICAL 0x120000u

struct rk_area {
    enum rk_area_kind kind;
    uint32_t addr;
};

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
    struct rk_fal fal; /* count 0 = no table */
    size_t rbl_count;
    struct rk_rbl_place rbls[RK_BEKEN_RBLS];
    const struct rk_rbl_place *boot_rbl, *app_rbl; /* into rbls; NULL = none */
    enum rk_rbl_state boot_rbl_state, app_rbl_state;
    size_t area_count;
    struct rk_area areas[RK_BEKEN_AREAS];
    bool has_tuya;
    struct rk_tuya_storage tuya;
    bool has_app2;
    uint32_t app2_blocks, app2_bad;
};

/* Reads data, which must stay valid. False only if memory is short. Free with rk_beken_free(). */
bool rk_beken_read(const uint8_t *data, size_t len, struct rk_beken *out);
void rk_beken_free(struct rk_beken *b);

/* Where the application partition ends and the download partition lies, from the table or, without
 * one, from what is usual. */
uint32_t rk_beken_app_end(const struct rk_beken *b);
bool rk_beken_download(const struct rk_beken *b, uint32_t *addr, uint32_t *len);

/* The chip the image is for, from boot loader, application and key together; "" if unknown. */
const char *rk_beken_chip(const struct rk_beken *b, enum rk_evidence *evidence);

#endif
