/* Tuya storage: the input is taken twice, as a flash and as the plain contents of enciphered
 * sectors behind a key block, so that the fuzzer gets past the cipher. */
#include "unit/config/storage_builder.h"

#include <rekindle/tuya.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const uint8_t *data, size_t len)
{
    struct rk_tuya *t = NULL;
    const struct rk_tuya_key *keys;
    volatile uint32_t sum = 0;

    if (rk_tuya_read(data, len, &t, NULL) != RK_OK)
        return;
    size_t count = rk_tuya_keys(t, &keys);
    for (size_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < keys[i].length; k++)
            sum += keys[i].value[k];
    (void)sum;
    rk_tuya_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t sectors = (size + 4095) / 4096;

    read_all(data, size);
    if (sectors == 0 || sectors > 16)
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
    read_all(flash, (sectors + 1) * 4096);
    free(flash);
    return 0;
}
