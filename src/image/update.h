/* What the families' judges of updates share. */
#ifndef RK_IMAGE_UPDATE_H
#define RK_IMAGE_UPDATE_H

#include <rekindle/update.h>

#include "image/beken/beken.h"

/* Adds a test. */
void rk_update_say(struct rk_update *u, const char *id, const char *name, enum rk_verdict verdict,
                   const char *fmt, ...) RK_PRINTF(5, 6);

RK_MUST_CHECK enum rk_status rk_beken_update(const uint8_t *update, size_t len,
                                             const struct rk_beken *flash, struct rk_update *out,
                                             struct rk_error *err);
void rk_bouffalo_update(const uint8_t *update, size_t len, const uint8_t *flash, size_t flash_len,
                        struct rk_update *out);

#endif
