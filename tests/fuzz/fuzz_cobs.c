/* Frames of the stub: any bytes; what comes out of the parser can be sent again. */
#include "base/cobs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t wire[RK_COBS_FRAME_MAX], payload[RK_COBS_PAYLOAD_MAX];
    static struct rk_cobs_parser parser;
    struct rk_cobs_frame f;

    memset(&parser, 0, sizeof parser);
    for (size_t i = 0; i < size; i++)
        if (rk_cobs_parse(&parser, data[i], &f) && f.len <= sizeof payload) {
            memcpy(payload, f.payload, f.len);
            if (rk_cobs_encode(wire, sizeof wire, f.op, f.tag, payload, f.len, NULL, 0) == 0)
                abort();
        }
    /* as a payload it has to come back */
    size_t n = size < sizeof payload ? size : sizeof payload, found = 0;
    size_t len = rk_cobs_encode(wire, sizeof wire, 1, 2, data, n, NULL, 0);
    memset(&parser, 0, sizeof parser);
    for (size_t i = 0; i < len; i++)
        found += rk_cobs_parse(&parser, wire[i], &f);
    if (found != 1 || f.len != n || (n && memcmp(f.payload, data, n) != 0))
        abort();
    return 0;
}
