#include "image/bouffalo/ota.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/text.h"

#include <string.h>

#define MAGIC "BL60X_OTA_Ver1.0"

bool rk_bfl_ota_read(const uint8_t *data, size_t len, struct rk_bfl_ota *out)
{
    uint8_t digest[32];

    *out = (struct rk_bfl_ota){0};
    if (len < RK_BFL_OTA_HEADER || memcmp(data, MAGIC, 16) != 0)
        return false;
    out->packed = memcmp(data + 16, "XZ", 2) == 0;
    out->body_len = rk_get_le32(data + 20);
    rk_text_escape(out->hardware, sizeof out->hardware, data + 32,
                   strnlen((const char *)data + 32, 16));
    rk_text_escape(out->software, sizeof out->software, data + 48,
                   strnlen((const char *)data + 48, 16));
    out->complete = out->body_len <= len - RK_BFL_OTA_HEADER;
    if (!out->complete)
        return true;
    rk_sha256(data + RK_BFL_OTA_HEADER, out->body_len, digest);
    out->hash_good = memcmp(digest, data + 64, sizeof digest) == 0;
    return true;
}

void rk_bfl_ota_make(uint8_t out[RK_BFL_OTA_HEADER], const uint8_t *body, size_t len, bool packed,
                     const char *hardware, const char *software)
{
    static const uint8_t counted[8] = {1, 2, 3, 4, 5, 6, 7, 8};

    memset(out, 0xFF, RK_BFL_OTA_HEADER);
    memset(out, 0, 96);
    memcpy(out, MAGIC, 16);
    memcpy(out + 16, packed ? "XZ  " : "RAW ", 4);
    rk_put_le32(out + 20, (uint32_t)len);
    memcpy(out + 24, counted, sizeof counted);
    memcpy(out + 32, hardware, strnlen(hardware, 15));
    memcpy(out + 48, software, strnlen(software, 15));
    rk_sha256(body, len, out + 64);
}
