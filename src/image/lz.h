/* Two small dictionary packers that OTA packages may use. Decoders only. */
#ifndef RK_IMAGE_LZ_H
#define RK_IMAGE_LZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One FastLZ block (levels 1 and 2). *made is the number of bytes written to out[0, cap). False if
 * the data is damaged or would not fit. */
bool rk_fastlz_unpack(const uint8_t *in, size_t len, uint8_t *out, size_t cap, size_t *made);

/* One QuickLZ 1.5 packet of level 3, or a stored one of any level; result as above. */
bool rk_quicklz_unpack(const uint8_t *in, size_t len, uint8_t *out, size_t cap, size_t *made);

#endif
