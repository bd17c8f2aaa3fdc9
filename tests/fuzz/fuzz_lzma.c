#include "base/lzma.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As the stub of the BL602 has it: rings of 64 KiB, input that comes piece by piece. The first two
 * bytes say how much is to come out, in units of 16 bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { RING = 0x10000, STEP = 256 };
    struct rk_lzma_decoder *d = calloc(1, sizeof *d);
    uint8_t *in = calloc(1, RING), *out = calloc(1, RING);

    if (d && in && out && size >= 2 && size - 2 <= RING) {
        d->in = in;
        d->in_mask = RING - 1;
        d->out = out;
        d->out_mask = RING - 1;
        d->out_len = 16u * (data[0] | (uint32_t)data[1] << 8);
        rk_lzma_decode_init(d);
        for (size_t i = 2; i < size; i++)
            in[i - 2] = data[i];
        for (uint32_t end = 0, all = (uint32_t)size - 2; !d->in_all;) {
            end = all - end < STEP ? all : end + STEP;
            d->in_end = end;
            d->in_all = end == all;
            if (rk_lzma_decode(d, d->out_len) != RK_LZMA_MORE)
                break;
            /* now and then a piece that is not packed, and a new stream */
            if (in[end % RING] == 0xA5)
                (void)rk_lzma_decode_stored(d, in, in[0], end);
        }
    }
    free(d);
    free(in);
    free(out);
    return 0;
}
