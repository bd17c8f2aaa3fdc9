/* Reset sequences: what the check accepts can be walked to its end. */
#include "link/sequence.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[257];
    const char *p = text;
    struct rk_sequence_step step;
    struct rk_error err;

    if (len >= sizeof text)
        return 0;
    memcpy(text, bytes, len);
    text[len] = '\0';
    if (rk_sequence_check(text, &err) != RK_OK)
        return 0;
    while (*p)
        if (!rk_sequence_next(&p, &step) || step.wait_us > 60000000u || step.dtr > 1 ||
            step.rts > 1)
            abort();
    return 0;
}
