/* Any text to be shown in public; what comes out needs no second pass for addresses. */
#include <rekindle/redact.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_redacted report;
    char *out = NULL;
    size_t len;

    if (rk_redact((const char *)data, size, data, size, &out, &len, &report, NULL) == RK_OK)
        free(out);
    return 0;
}
