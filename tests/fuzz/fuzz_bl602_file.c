/* The files of a BL602: partition tables and their TOML, device trees and their source, OTA files,
 * xz streams, efuses, applications. What is translated there comes back the same. */
#include "base/bytes.h"
#include "base/crc.h"
#include "image/bouffalo/ota.h"

#include <rekindle/bl602.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A translation that worked is translated back, and once more: the third is like the first. */
static void there_and_back(const uint8_t *data, size_t size)
{
    struct rk_bytes first = {0}, back = {0}, again = {0};

    if (rk_bl602_convert(data, size, &first, NULL) != RK_OK)
        return;
    if (rk_bl602_convert(first.data, first.len, &back, NULL) == RK_OK &&
        rk_bl602_convert(back.data, back.len, &again, NULL) == RK_OK &&
        (again.len != first.len || memcmp(again.data, first.data, first.len) != 0))
        abort();
    rk_bytes_free(&first);
    rk_bytes_free(&back);
    rk_bytes_free(&again);
}

static void as_source(const char *head, const uint8_t *data, size_t size, const char *tail)
{
    size_t before = strlen(head), after = strlen(tail);
    uint8_t *text = malloc(before + size + after);

    if (!text)
        return;
    memcpy(text, head, before);
    memcpy(text + before, data, size);
    memcpy(text + before + size, tail, after);
    there_and_back(text, before + size + after);
    free(text);
}

static void as_table(const uint8_t *data, size_t size)
{
    uint32_t count = (uint32_t)(size / 36) & 15;
    uint8_t table[20 + 15 * 36] = "BFPT";

    table[6] = (uint8_t)count;
    rk_put_le32(table + 12, rk_crc32(0, table, 12));
    memcpy(table + 16, data, 36 * count);
    rk_put_le32(table + 16 + 36 * count, rk_crc32(0, table + 16, 36 * count));
    there_and_back(table, 20 + 36 * count);
}

static void as_tree(const uint8_t *data, size_t size)
{
    uint8_t *tree = calloc(1, 56 + size);
    uint32_t structure = size < 4 ? 0 : (uint32_t)(size / 2) & ~3u;
    const uint32_t words[] = {
        0xD00DFEED, (uint32_t)(56 + size),      56,       56 + structure, 40, 17, 16,
        0,          (uint32_t)size - structure, structure};

    if (!tree)
        return;
    for (size_t i = 0; i < 10; i++)
        rk_put_be32(tree + 4 * i, words[i]);
    memcpy(tree + 56, data, size);
    there_and_back(tree, 56 + size);
    free(tree);
}

static void as_ota(const uint8_t *data, size_t size, bool packed)
{
    uint8_t *file = malloc(RK_BFL_OTA_HEADER + size);
    struct rk_bytes out = {0};

    if (!file)
        return;
    rk_bfl_ota_make(file, data, size, packed, "x", "y");
    memcpy(file + RK_BFL_OTA_HEADER, data, size);
    if (rk_bl602_pack_app(file, RK_BFL_OTA_HEADER + size, NULL, true, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    there_and_back(file, RK_BFL_OTA_HEADER + size);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_bl602_efuse efuse;
    struct rk_bytes out = {0};

    if (size == 0)
        return 0;
    there_and_back(data, size);
    rk_bl602_efuse_read(data, size, &efuse);
    if (rk_bl602_pack_app(data, size, NULL, true, &out, NULL) == RK_OK)
        rk_bytes_free(&out);
    switch (data[0] % 6) {
    case 0:
        as_source("/dts-v1/; / {\n", data + 1, size - 1, "};");
        break;
    case 1:
        as_source("[[pt_entry]]\ntype = 0\n", data + 1, size - 1, "\n");
        break;
    case 2:
        as_table(data + 1, size - 1);
        break;
    case 3:
        as_tree(data + 1, size - 1);
        break;
    default:
        as_ota(data + 1, size - 1, data[0] % 6 == 4);
        break;
    }
    return 0;
}
