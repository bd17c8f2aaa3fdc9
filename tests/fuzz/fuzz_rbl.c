/* OTA packages: the headers are made right, so that ciphers and packings see the bytes. */
#include "base/bytes.h"
#include "base/crc.h"
#include "image/beken/rbl.h"
#include "image/lz.h"

#include <rekindle/convert.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(RK_RBL_HEADER + size), out[4096];
    struct rk_bytes unpacked = {0};
    struct rk_rbl rbl = {0};
    size_t made;

    if (!file || size < 8) {
        free(file);
        return 0;
    }
    if (rk_convert_unpack(data, size, &unpacked, NULL) == RK_OK)
        rk_bytes_free(&unpacked);
    rk_quicklz_unpack(data + 8, size - 8, out, sizeof out, &made);
    rk_fastlz_unpack(data + 8, size - 8, out, sizeof out, &made);
    rbl.cipher = data[0] & 3;
    rbl.packing = data[1] & 3;
    rbl.raw_size = rk_get_le32(data + 2) & 0xFFFFF;
    rbl.package_size = (uint32_t)(size - 8);
    rbl.crc = rk_crc32(0, data + 8, size - 8);
    rk_rbl_write(&rbl, file);
    memcpy(file + RK_RBL_HEADER, data + 8, size - 8);
    if (rk_convert_unpack(file, RK_RBL_HEADER + size - 8, &unpacked, NULL) == RK_OK) {
        if (unpacked.len != rbl.raw_size)
            abort();
        rk_bytes_free(&unpacked);
    }
    free(file);
    return 0;
}
