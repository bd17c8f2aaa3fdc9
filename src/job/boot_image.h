/* What of a file an emulated chip executes: the image where it belongs in a flash. */
#ifndef RK_JOB_BOOT_IMAGE_H
#define RK_JOB_BOOT_IMAGE_H

#include <rekindle/boot.h>

struct rk_boot_flash {
    char chip[16];
    uint8_t *bytes; /* allocated; free() them */
    size_t len;
};

/* Identifies the image of the request and lays it out. Errors: ARG "emulate.chip", IMAGE_FORMAT
 * "boot.image", NOMEM. */
RK_MUST_CHECK enum rk_status rk_boot_lay_out(const struct rk_boot_request *request,
                                             struct rk_boot_flash *out, struct rk_error *err);

#endif
