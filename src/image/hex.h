/* Intel HEX files. */
#ifndef RK_IMAGE_HEX_H
#define RK_IMAGE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the text begins with a record whose checksum is right. */
bool rk_hex_recognise(const uint8_t *text, size_t len);

#endif
