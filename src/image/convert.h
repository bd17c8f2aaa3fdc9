/* Helpers shared by the conversions. */
#ifndef RK_IMAGE_CONVERT_H
#define RK_IMAGE_CONVERT_H

#include <rekindle/convert.h>

#include "image/beken/beken.h"

enum rk_status rk_convert_no_memory(struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_convert_copy(const uint8_t *data, size_t len, struct rk_bytes *out,
                                             struct rk_error *err);

#endif
