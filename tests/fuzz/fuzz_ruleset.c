/* Any bytes as a table of rules. */
#include <rekindle/checkup.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_checkup_ruleset *set = NULL;

    if (rk_checkup_ruleset_read(data, size, &set, NULL) == RK_OK)
        rk_checkup_ruleset_free(set);
    return 0;
}
