/* The telnet machine: any bytes in any slices give the same as all at once. */
#include "link/telnet.h"

#include <stdlib.h>
#include <string.h>

struct result {
    uint8_t data[4096];
    size_t len;
    unsigned events;
    uint32_t sum; /* over what the events carried */
};

static void run(const uint8_t *bytes, size_t len, size_t slice, struct result *r)
{
    struct rk_telnet t = {0};
    uint8_t out[4096], option = 0;

    memset(r, 0, sizeof *r);
    for (size_t at = 0, used = 0, n = 0; at < len; at += used) {
        size_t part = len - at < slice ? len - at : slice;
        enum rk_telnet_event event = rk_telnet_take(&t, bytes + at, part, &used, out, &n, &option);
        if (used == 0 || used > part || n > used)
            abort();
        memcpy(r->data + r->len, out, n);
        r->len += n;
        if (event == RK_TELNET_NOTHING)
            continue;
        r->events++;
        r->sum = r->sum * 31 + option + t.verb;
        if (event == RK_TELNET_SUBNEGOTIATION && (t.sub_len == 0 || t.sub_len > sizeof t.sub))
            abort();
        for (size_t i = 0; event == RK_TELNET_SUBNEGOTIATION && i < t.sub_len; i++)
            r->sum = r->sum * 31 + t.sub[i];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct result whole, sliced;

    if (len < 1 || len > sizeof whole.data)
        return 0;
    run(bytes + 1, len - 1, sizeof whole.data, &whole);
    run(bytes + 1, len - 1, (size_t)bytes[0] % 7 + 1, &sliced);
    if (whole.len != sliced.len || whole.events != sliced.events || whole.sum != sliced.sum ||
        memcmp(whole.data, sliced.data, whole.len) != 0)
        abort();
    return 0;
}
