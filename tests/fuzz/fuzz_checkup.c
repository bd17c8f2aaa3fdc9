/* Any bytes as a log: lines, boots, phases, facts, findings. */
#include <rekindle/checkup.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_checkup *checkup = NULL;

    const struct rk_checkup_source source = {.name = "fuzz", .bytes = data, .len = size};

    if (rk_checkup_logs(&source, 1, &checkup, NULL) == RK_OK)
        rk_checkup_free(checkup);
    return 0;
}
