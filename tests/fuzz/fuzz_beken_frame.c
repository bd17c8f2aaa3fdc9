/* The decoder of replies: whatever the bytes, it stays inside them, makes progress, and finds the
 * same frames however they are sliced. */
#include "chip/beken/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool fact)
{
    if (!fact)
        abort();
}

/* Decodes everything; returns the number of replies, *end is where the last one ended. */
static size_t decode_all(const uint8_t *data, size_t size, size_t *end)
{
    size_t at = 0, count = 0;

    *end = 0;
    for (;;) {
        struct rk_beken_reply reply;
        size_t consumed = 0, noise = 0;
        enum rk_beken_decoded d = rk_beken_decode(data + at, size - at, &consumed, &noise, &reply);
        demand(consumed <= size - at && noise <= consumed);
        at += consumed;
        if (d == RK_BEKEN_NEED_MORE)
            return count;
        demand(consumed > noise && reply.payload >= data);
        demand(reply.payload + reply.len == data + at);
        *end = at;
        count++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t end, half_end;
    uint8_t *copy = malloc(size ? size : 1); /* its own block: reading past it is noticed */

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    size_t count = decode_all(copy, size, &end);
    /* bytes behind the last reply do not change what was found before them */
    demand(decode_all(copy, end, &half_end) == count && half_end == end);
    free(copy);
    return 0;
}
