/* Scrubbing a damaged storage: whatever is in it, the copy is clean or there is none. */
#include "unit/config/storage_builder.h"

#include <rekindle/identity.h>
#include <rekindle/scrub.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scrub(const uint8_t *data, size_t len)
{
    struct rk_scrub_report report;
    struct rk_identity id;
    uint8_t *out = NULL;

    if (rk_scrub(data, len, &out, &report, NULL) == RK_OK)
        free(out);
    (void)rk_identity_find(data, len, &id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t sectors = (size + 4095) / 4096;

    scrub(data, size);
    if (sectors == 0 || sectors > 8)
        return 0;
    uint8_t *flash = calloc(sectors + 1, 4096), plain[4096];
    if (!flash)
        return 0;
    builder_key_block(flash);
    for (size_t i = 0; i < sectors; i++) {
        size_t n = size - i * 4096 < 4096 ? size - i * 4096 : 4096;
        memset(plain, 0xFF, sizeof plain);
        memcpy(plain, data + i * 4096, n);
        rk_put_le32(plain, 0x98761234);
        plain[14] = 4;
        builder_store(flash + (i + 1) * 4096, plain, 0);
    }
    scrub(flash, (sectors + 1) * 4096);
    free(flash);
    return 0;
}
