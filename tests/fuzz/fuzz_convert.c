/* Every conversion on any bytes, and updates judged against any bytes. */
#include <rekindle/convert.h>
#include <rekindle/update.h>

#include "image/beken/blocks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void convert(const uint8_t *data, size_t size)
{
    static const uint32_t key[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};
    struct rk_package_options options = {.size = sizeof options, .plain = true, .ug = true};
    struct rk_bytes out = {0};
    size_t fixed;

    if (rk_convert_order(data, size, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    for (int what = 0; what < RK_EXTRACT_COUNT; what++) {
        if (rk_convert_extract(data, size, (enum rk_extract)what, &out, NULL) == RK_OK)
            rk_bytes_free(&out);
    }
    if (rk_convert_rekey(data, size, key, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    if (rk_convert_pack(data, size, key, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    if (rk_convert_package(data, size, &options, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    if (rk_convert_merge(data, size, data, size, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    if (rk_convert_transplant_rf(data, size, data, size, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    if (rk_convert_fix_crc(data, size, &out, &fixed, NULL) == RK_OK)
        rk_bytes_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_update update;
    size_t split, len;
    uint8_t *blocks;

    if (size < 4)
        return 0;
    split = (size_t)(data[0] | data[1] << 8) % (size - 2);
    if (rk_update_check(data + 2, split, data + 2 + split, size - 2 - split, &update, NULL) ==
            RK_OK &&
        !update.accepted && update.reason[0] == '\0')
        abort();
    convert(data + 2, size - 2);
    len = rk_blocks_span(size - 2);
    blocks = malloc(len);
    if (!blocks)
        return 0;
    rk_blocks_add(data + 2, size - 2, blocks);
    convert(blocks, len);
    free(blocks);
    return 0;
}
