/* The shape of a capture: does file offset 0 hold flash address 0? Captures come whole, shifted
 * (read from behind the boot loader with a wrap-around), with their halves swapped, or doubled
 * (read past the end of a smaller chip). */
#ifndef RK_IMAGE_BEKEN_SHAPE_H
#define RK_IMAGE_BEKEN_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_shape {
    size_t period; /* bytes that are really there: less than the file if it repeats itself */
    size_t shift;  /* flash address a is at file offset (a + shift) % period */
};

/* True for the sizes whole captures have: powers of two from 512 KiB to 16 MiB. */
bool rk_is_flash_size(size_t len);

/* Finds the shape of data; {len, 0} if nothing speaks against it. */
struct rk_shape rk_shape_find(const uint8_t *data, size_t len);

/* Copies the capture in flash order; out has shape.period bytes and may not overlap data. */
void rk_shape_undo(const struct rk_shape *shape, const uint8_t *data, uint8_t *out);

#endif
