#include "base/bytes.h"

#include <string.h>

bool rk_bytes_all(const uint8_t *p, size_t len, uint8_t value)
{
    if (len == 0)
        return true;
    return p[0] == value && memcmp(p, p + 1, len - 1) == 0;
}
