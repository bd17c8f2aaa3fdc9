#include "image/beken/shape.h"

#include "base/bytes.h"
#include "image/beken/code.h"

#include <string.h>

#define SMALLEST_FLASH 0x80000u
#define LARGEST_FLASH  0x1000000u
#define STEP           0x1000u

bool rk_is_flash_size(size_t len)
{
    return len >= SMALLEST_FLASH && len <= LARGEST_FLASH && (len & (len - 1)) == 0;
}

/* The smallest flash size after which the bytes repeat. A half that is blank or filled with one
 * value says nothing. */
static size_t period_of(const uint8_t *data, size_t len)
{
    while (rk_is_flash_size(len / 2) && memcmp(data, data + len / 2, len / 2) == 0 &&
           !rk_bytes_all(data, len / 2, data[0]))
        len /= 2;
    return len;
}

struct rk_shape rk_shape_find(const uint8_t *data, size_t len)
{
    struct rk_shape shape = {len, 0};

    if (!rk_is_flash_size(len))
        return shape;
    shape.period = period_of(data, len);
    if (rk_code_peek(data, shape.period) == RK_CODE_BOOT)
        return shape;
    for (size_t at = STEP; at < shape.period; at += STEP) {
        size_t app = (at + RK_APP_ADDR) % shape.period;

        if (rk_code_peek(data + at, shape.period - at) == RK_CODE_BOOT &&
            rk_code_peek(data + app, shape.period - app) == RK_CODE_APP) {
            shape.shift = at;
            return shape;
        }
    }
    return shape;
}

void rk_shape_undo(const struct rk_shape *shape, const uint8_t *data, uint8_t *out)
{
    memcpy(out, data + shape->shift, shape->period - shape->shift);
    memcpy(out + shape->period - shape->shift, data, shape->shift);
}
