/* Intel HEX files. */
#ifndef RK_IMAGE_HEX_H
#define RK_IMAGE_HEX_H

#include <rekindle/error.h>

/* True if the text begins with a record whose checksum is right. */
bool rk_hex_recognise(const uint8_t *text, size_t len);

/* Makes the bytes the file describes: [*addr, *addr + *out_len), gaps FF; at most 16 MiB. *out is
 * allocated. Errors: IMAGE_FORMAT (with the line), NOMEM. */
RK_MUST_CHECK enum rk_status rk_hex_unpack(const uint8_t *text, size_t len, uint8_t **out,
                                           size_t *out_len, uint32_t *addr, struct rk_error *err);

#endif
