#include "base/bytes.h"
#include "image/beken/uf2.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The magics and the count are put right; the rest of every block is what the fuzzer made. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size / RK_UF2_BLOCK * RK_UF2_BLOCK, out_len = 0;
    uint8_t *file = malloc(len ? len : 1), *out = NULL;
    uint32_t addr = 0;
    struct rk_uf2 uf2;

    rk_uf2_read(data, size, &uf2);
    if (!file)
        return 0;
    memcpy(file, data, len);
    for (size_t at = 0; at < len; at += RK_UF2_BLOCK) {
        rk_put_le32(file + at, 0x0A324655);
        rk_put_le32(file + at + 4, 0x9E5D5157);
        rk_put_le32(file + at + 24, (uint32_t)(len / RK_UF2_BLOCK));
        rk_put_le32(file + at + 508, 0x0AB16F30);
        /* Near partitions, so that the reader is not kept busy with 16 MiB of FF. */
        rk_put_le32(file + at + 12, rk_get_le32(file + at + 12) & 0xFFFF);
    }
    if (rk_uf2_unpack(file, len, &out, &out_len, &addr, NULL) == RK_OK)
        free(out);
    free(file);
    return 0;
}
