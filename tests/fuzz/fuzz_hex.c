#include "image/hex.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *out = NULL;
    size_t len = 0;
    uint32_t addr = 0;

    rk_hex_recognise(data, size);
    if (rk_hex_unpack(data, size, &out, &len, &addr, NULL) == RK_OK)
        free(out);
    return 0;
}
