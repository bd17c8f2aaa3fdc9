/* The RFC 2217 server's parser: any bytes, in slices that the first byte decides. */
#include "sim/rfc2217_server.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct totals {
    size_t in, data, answers;
};

static void on_data(void *user, const uint8_t *bytes, size_t len)
{
    struct totals *totals = user;

    totals->data += len;
    if (len && bytes[0] == 0xFF && len > 1)
        abort(); /* an escape must have ended the run */
}

static void on_answer(void *user, const uint8_t *bytes, size_t len)
{
    struct totals *totals = user;

    if (len < 3 || bytes[0] != 0xFF)
        abort();
    totals->answers += len;
}

static uint32_t on_baud(void *user, uint32_t baud)
{
    (void)user;
    return baud;
}

static void on_lines(void *user, int dtr, int rts)
{
    (void)user;
    if (dtr > 1 || rts > 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct totals totals = {.in = size};
    struct rk_rfc2217_events events = {&totals, on_data, on_answer, on_baud, on_lines};
    struct rk_rfc2217_server server;

    if (size == 0)
        return 0;
    size_t slice = data[0] % 16 + 1u;
    rk_rfc2217_server_init(&server, &events);
    for (size_t i = 1; i < size; i += slice)
        rk_rfc2217_server_feed(&server, data + i, slice < size - i ? slice : size - i);
    if (totals.data > size || totals.answers > 16 * size)
        abort();
    return 0;
}
