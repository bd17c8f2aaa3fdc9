/* Applications for the BL602 in the forms in which people have them. */
#ifndef RK_IMAGE_BOUFFALO_APP_H
#define RK_IMAGE_BOUFFALO_APP_H

#include <rekindle/error.h>

#include "base/arena.h"
#include "image/bouffalo/header.h"

/* The code of an application, padded to 16 bytes, and the header it came with. */
struct rk_bfl_app {
    const uint8_t *code; /* in the file or in the arena */
    size_t len;
    bool has_header;
    uint8_t header[RK_BFL_HEADER];
    char what[64]; /* the form it was found in, for people */
};

/* Reads a bare application, one with its header, an OTA file or an xz stream. `any` accepts bare
 * code that nothing marks as an application of the BL602. What comes with a header is checked
 * against it. Errors: IMAGE_FORMAT "bl602.application"; UNSUPPORTED "xz.missing"; NOMEM. */
RK_MUST_CHECK enum rk_status rk_bfl_app_read(const uint8_t *data, size_t len, bool any,
                                             struct rk_arena *arena, struct rk_bfl_app *out,
                                             struct rk_error *err);

/* True if the bytes are bare code that is marked as an application of the BL602. */
bool rk_bfl_app_is_bare(const uint8_t *data, size_t len);

/* A copy with 00 up to a multiple of 16, as the vendor's packer has it; NULL if out of memory. */
const uint8_t *rk_bfl_padded(const uint8_t *data, size_t len, struct rk_arena *arena,
                             size_t *padded);

#endif
