/* Manifests come from the user's disk and may be anything. */
#include "store/manifest.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct rk_manifest manifest;

    if (rk_manifest_parse((const char *)data, len, &manifest, NULL) == RK_OK)
        rk_manifest_free(&manifest);
    return 0;
}
