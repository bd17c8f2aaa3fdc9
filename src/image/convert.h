/* Helpers shared by the conversions. */
#ifndef RK_IMAGE_CONVERT_H
#define RK_IMAGE_CONVERT_H

#include <rekindle/convert.h>

#include "image/beken/beken.h"

enum rk_status rk_convert_no_memory(struct rk_error *err);
/* IMAGE_FORMAT with a hint. */
enum rk_status rk_convert_refuse(struct rk_error *err, const char *id, const char *message,
                                 const char *hint);
RK_MUST_CHECK enum rk_status rk_convert_copy(const uint8_t *data, size_t len, struct rk_bytes *out,
                                             struct rk_error *err);

#endif
