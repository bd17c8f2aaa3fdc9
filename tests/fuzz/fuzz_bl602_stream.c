#include "chip/bouffalo/stub_stream.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frames of a READ, one behind the other: length, kind, payload. Offsets are put right now and then, so that
 * more than the first frame is looked at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LEN = 0x14000, MIDDLE = 0x5000 };
    struct rk_stub_stream *r = calloc(1, sizeof *r);
    uint8_t *plain = malloc(LEN), frame[0x1100];

    if (!r || !plain || size < 1) {
        free(r);
        free(plain);
        return 0;
    }
    r->addr = 0xE000;
    r->from = r->addr + (data[0] & 1 ? MIDDLE : 0);
    r->len = LEN;
    r->plain = plain;
    rk_stub_stream_begin(r);
    for (size_t at = 1; at + 3 <= size && !r->done;) {
        size_t len = rk_get_le16(data + at) % sizeof frame, left = size - at - 3;
        uint8_t kind = data[at + 2];
        len = len < left ? len : left;
        memset(frame, 0, RK_STUB_SUM_LEN);
        memcpy(frame, data + at + 3, len);
        if (kind & 1 && len >= 4)
            rk_put_le32(frame, r->used);
        if (kind & 2)
            rk_stub_stream_sum(r, frame);
        else if (!rk_stub_stream_take(r, frame, len))
            break;
        at += 3 + len;
    }
    if (rk_stub_stream_arrived(r) > LEN)
        abort();
    free(r);
    free(plain);
    return 0;
}
