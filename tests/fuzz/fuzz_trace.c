/* Trace files: what is read and written again reads as the same. */
#include "link/trace.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct rk_trace_reader reader = {.text = (const char *)bytes, .size = len};
    struct rk_trace_record record, again;
    struct rk_error err;
    bool end = false;

    while (rk_trace_next(&reader, &record, &end, &err) == RK_OK && !end) {
        char line[128];
        struct rk_trace_reader second = {.text = line, .line = 1};
        rk_trace_format(&record, line, sizeof line);
        second.size = strlen(line);
        if (rk_trace_next(&second, &again, &end, NULL) != RK_OK || end ||
            again.kind != record.kind || again.time_us != record.time_us ||
            again.len != record.len || memcmp(again.bytes, record.bytes, record.len) != 0 ||
            again.baud != record.baud || again.dtr != record.dtr || again.rts != record.rts)
            abort();
    }
    return 0;
}
