/* Any bytes as a log: lines, boots, phases, facts, findings. */
#include <rekindle/checkup.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_checkup *checkup = NULL;

    if (rk_checkup_log(data, size, (double)(size % 100), &checkup, NULL) == RK_OK)
        rk_checkup_free(checkup);
    return 0;
}
