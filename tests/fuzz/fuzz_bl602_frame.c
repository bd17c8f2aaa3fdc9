/* The decoder of BL602 answers: whatever the bytes, it stays inside them and makes progress, and a
 * request it encodes has the checksum that loaders demand. */
#include "chip/bouffalo/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact)
{
    if (!fact)
        abort();
}

static void decode_all(const uint8_t *data, size_t size, bool with_data)
{
    size_t at = 0;

    for (;;) {
        struct rk_bfl_answer answer;
        size_t consumed = 0, noise = 0;
        enum rk_bfl_decoded d =
            rk_bfl_decode(data + at, size - at, with_data, &consumed, &noise, &answer);
        demand(consumed <= size - at && noise <= consumed);
        at += consumed;
        if (d == RK_BFL_NEED_MORE)
            return;
        demand(consumed >= noise + 2);
        demand(answer.len == 0 || answer.data + answer.len == data + at);
        demand(rk_bfl_code_text(answer.code)[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1); /* its own block: reading past it is noticed */
    static uint8_t frame[RK_BFL_FRAME_MAX];

    if (!copy)
        return 0;
    copy[0] = 0;
    if (size)
        memcpy(copy, data, size);
    decode_all(copy, size, false);
    decode_all(copy, size, true);
    size_t n = rk_bfl_encode(frame, sizeof frame, 0x31, copy, size);
    demand(n == (size <= RK_BFL_DATA_MAX ? size + 4 : 0));
    uint8_t sum = 0;
    for (size_t i = 2; i < n; i++)
        sum = (uint8_t)(sum + frame[i]);
    demand(n == 0 || frame[1] == sum);
    free(copy);
    return 0;
}
