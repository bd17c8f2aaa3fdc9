/* RBL packages: cipher and packing. */
#include "image/beken/rbl.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "image/lz.h"

#include <mbedtls/aes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define AES_BLOCK  16u
#define RAW_LIMIT  0x1000000u /* no flash we know is larger */
#define GZIP_BITS  (15 + 16)
#define GZIP_LEVEL 9

/* The same in every public boot loader and in RT-Thread's packer. */
static const unsigned char ota_key[33] = "0123456789ABCDEF0123456789ABCDEF";
static const unsigned char ota_iv[17] = "0123456789ABCDEF";

static enum rk_status no_memory(struct rk_error *err)
{
    return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

/* Deciphers in place and removes the padding. */
static enum rk_status decipher(uint8_t *data, size_t *len, struct rk_error *err)
{
    mbedtls_aes_context aes;
    unsigned char iv[AES_BLOCK];
    int failed;
    uint8_t pad;

    if (*len == 0 || *len % AES_BLOCK != 0) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.cipher",
                "the package is enciphered but its length is no multiple of 16");
        rk_error_detail(err, "%zu bytes", *len);
        return RK_ERR_IMAGE_FORMAT;
    }
    memcpy(iv, ota_iv, sizeof iv);
    mbedtls_aes_init(&aes);
    failed = mbedtls_aes_setkey_dec(&aes, ota_key, 256) != 0 ||
             mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_DECRYPT, *len, iv, data, data) != 0;
    mbedtls_aes_free(&aes);
    pad = data[*len - 1];
    if (failed || pad == 0 || pad > AES_BLOCK || !rk_bytes_all(data + *len - pad, pad, pad)) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.cipher",
                "the package does not decipher with the usual OTA key");
        rk_error_hint(err, "it is made for a boot loader with another OTA key");
        return RK_ERR_IMAGE_FORMAT;
    }
    *len -= pad;
    return RK_OK;
}

static enum rk_status gunzip(const uint8_t *data, size_t len, uint8_t *out, size_t out_len,
                             struct rk_error *err)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)data,
                  .avail_in = (uInt)len,
                  .next_out = out,
                  .avail_out = (uInt)out_len};
    int result;

    if (inflateInit2(&z, GZIP_BITS) != Z_OK)
        return no_memory(err);
    result = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    if (result == Z_STREAM_END && z.total_out == out_len)
        return RK_OK;
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.packing", "the gzip stream in the package is damaged");
    rk_error_detail(err, "%lu of %zu bytes came out", z.total_out, out_len);
    return RK_ERR_IMAGE_FORMAT;
}

/* QuickLZ and FastLZ packages: blocks of at most 4096 raw bytes, each behind its packed length in
 * big-endian order. */
static enum rk_status unpack_blocks(bool quicklz, const uint8_t *data, size_t len, uint8_t *out,
                                    size_t out_len, struct rk_error *err)
{
    size_t at = 0, done = 0;

    while (done < out_len && len - at >= 4) {
        size_t part = rk_get_be32(data + at), made = 0;

        at += 4;
        if (part == 0 || part > len - at)
            break;
        if (!(quicklz ? rk_quicklz_unpack(data + at, part, out + done, out_len - done, &made)
                      : rk_fastlz_unpack(data + at, part, out + done, out_len - done, &made)))
            break;
        at += part;
        done += made;
    }
    if (done == out_len)
        return RK_OK;
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.packing", "the %s data in the package is damaged",
            quicklz ? "QuickLZ" : "FastLZ");
    rk_error_detail(err, "%zu of %zu bytes came out, stopped at package offset %zu", done, out_len,
                    at);
    return RK_ERR_IMAGE_FORMAT;
}

static enum rk_status check_package(const uint8_t *data, size_t len, struct rk_rbl *rbl,
                                    struct rk_error *err)
{
    if (!rk_rbl_read(data, len, rbl)) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.header", "no RBL header, or its CRC is wrong");
        return RK_ERR_IMAGE_FORMAT;
    }
    if (rbl->package_size > len - RK_RBL_HEADER) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.truncated", "the package is cut short");
        rk_error_detail(err, "%zu of %u bytes are there", len - RK_RBL_HEADER, rbl->package_size);
        rk_error_hint(err, "download the file again");
        return RK_ERR_IMAGE_FORMAT;
    }
    if (rbl->raw_size == 0 || rbl->raw_size > RAW_LIMIT) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.size", "the package claims %u bytes of content",
                rbl->raw_size);
        return RK_ERR_IMAGE_FORMAT;
    }
    if (rk_crc32(0, data + RK_RBL_HEADER, rbl->package_size) != rbl->crc) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.crc", "the CRC of the package is wrong");
        rk_error_hint(err, "download the file again");
        return RK_ERR_IMAGE_FORMAT;
    }
    return RK_OK;
}

static enum rk_status unpack_body(const struct rk_rbl *rbl, uint8_t *body, size_t len, uint8_t *out,
                                  struct rk_error *err)
{
    enum rk_status status = RK_OK;

    if (rbl->cipher == RK_RBL_CIPHER_AES256)
        status = decipher(body, &len, err);
    else if (rbl->cipher != RK_RBL_CIPHER_NONE)
        status = rk_fail(err, RK_ERR_UNSUPPORTED, "rbl.cipher",
                         "the package uses cipher %u, which no public packer makes", rbl->cipher);
    if (status != RK_OK)
        return status;
    switch (rbl->packing) {
    case RK_RBL_PACKING_NONE:
        if (len < rbl->raw_size)
            return rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.size",
                           "the package holds less than it claims");
        memcpy(out, body, rbl->raw_size);
        return RK_OK;
    case RK_RBL_PACKING_GZIP:
        return gunzip(body, len, out, rbl->raw_size, err);
    case RK_RBL_PACKING_QUICKLZ:
    case RK_RBL_PACKING_FASTLZ:
        return unpack_blocks(rbl->packing == RK_RBL_PACKING_QUICKLZ, body, len, out, rbl->raw_size,
                             err);
    default:
        return rk_fail(err, RK_ERR_UNSUPPORTED, "rbl.packing",
                       "the package uses an unknown packing (%u)", rbl->packing);
    }
}

enum rk_status rk_rbl_unpack(const uint8_t *data, size_t len, struct rk_rbl *rbl, uint8_t **out,
                             size_t *out_len, struct rk_error *err)
{
    enum rk_status status = check_package(data, len, rbl, err);
    uint8_t *body, *raw;

    if (status != RK_OK)
        return status;
    body = malloc(rbl->package_size ? rbl->package_size : 1);
    raw = malloc(rbl->raw_size);
    if (!body || !raw) {
        status = no_memory(err);
    } else {
        memcpy(body, data + RK_RBL_HEADER, rbl->package_size);
        status = unpack_body(rbl, body, rbl->package_size, raw, err);
    }
    if (status == RK_OK && rk_fnv1a(raw, rbl->raw_size) != rbl->hash) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "rbl.hash",
                "the unpacked content has another hash than the header says");
        status = RK_ERR_IMAGE_FORMAT;
    }
    free(body);
    if (status != RK_OK) {
        free(raw);
        return status;
    }
    *out = raw;
    *out_len = rbl->raw_size;
    return RK_OK;
}

/* Packs into buf, which has room for cap bytes. */
static bool gzip(const uint8_t *raw, size_t len, uint8_t *buf, size_t *cap)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)raw,
                  .avail_in = (uInt)len,
                  .next_out = buf,
                  .avail_out = (uInt)*cap};
    int result;

    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    result = deflate(&z, Z_FINISH);
    deflateEnd(&z);
    *cap = z.total_out;
    return result == Z_STREAM_END;
}

static bool encipher(uint8_t *data, size_t *len)
{
    mbedtls_aes_context aes;
    unsigned char iv[AES_BLOCK];
    uint8_t pad = (uint8_t)(AES_BLOCK - *len % AES_BLOCK);
    bool good;

    memset(data + *len, pad, pad);
    *len += pad;
    memcpy(iv, ota_iv, sizeof iv);
    mbedtls_aes_init(&aes);
    good = mbedtls_aes_setkey_enc(&aes, ota_key, 256) == 0 &&
           mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_ENCRYPT, *len, iv, data, data) == 0;
    mbedtls_aes_free(&aes);
    return good;
}

enum rk_status rk_rbl_pack(struct rk_rbl *rbl, const uint8_t *raw, size_t len, uint8_t **out,
                           size_t *out_len, struct rk_error *err)
{
    size_t cap = len + len / 8 + 1024, body = len;
    uint8_t *file;
    bool good = true;

    if (len == 0 || len > RAW_LIMIT)
        return rk_fail(err, RK_ERR_ARG, "rbl.size", "cannot make a package of %zu bytes", len);
    if (rbl->packing > RK_RBL_PACKING_GZIP ||
        (rbl->cipher != RK_RBL_CIPHER_NONE && rbl->cipher != RK_RBL_CIPHER_AES256))
        return rk_fail(err, RK_ERR_UNSUPPORTED, "rbl.packing",
                       "packages are made with gzip and AES-256, or plain");
    file = malloc(RK_RBL_HEADER + cap + AES_BLOCK);
    if (!file)
        return no_memory(err);
    if (rbl->packing == RK_RBL_PACKING_GZIP) {
        body = cap;
        good = gzip(raw, len, file + RK_RBL_HEADER, &body);
    } else {
        memcpy(file + RK_RBL_HEADER, raw, len);
    }
    if (good && rbl->cipher == RK_RBL_CIPHER_AES256)
        good = encipher(file + RK_RBL_HEADER, &body);
    if (!good) {
        free(file);
        return no_memory(err);
    }
    rbl->raw_size = (uint32_t)len;
    rbl->package_size = (uint32_t)body;
    rbl->hash = rk_fnv1a(raw, len);
    rbl->crc = rk_crc32(0, file + RK_RBL_HEADER, body);
    rk_rbl_write(rbl, file);
    *out = file;
    *out_len = RK_RBL_HEADER + body;
    return RK_OK;
}
