/* Where the parts of a BL602 image are. */
#ifndef RK_IMAGE_BOUFFALO_EXTRACT_H
#define RK_IMAGE_BOUFFALO_EXTRACT_H

#include <rekindle/convert.h>

/* The place of a part in a capture, or in a file with a boot header. False if it has none. */
bool rk_bouffalo_locate(const uint8_t *data, size_t len, enum rk_extract what, uint32_t *addr,
                        uint32_t *part);

#endif
