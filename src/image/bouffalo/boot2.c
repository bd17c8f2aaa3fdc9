#include "image/bouffalo/boot2.h"

#include "base/text.h"
#include "image/search.h"

#include <string.h>

#define VERSION_RECORD 0xC00u

static bool is_date(const uint8_t *p)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (size_t i = 0; i < 12; i++)
        if (memcmp(p, months + 3 * i, 3) == 0)
            return p[3] == ' ' && p[6] == ' ' && p[7] == '2' && p[8] == '0' && p[9] >= '0' &&
                   p[9] <= '9' && p[10] >= '0' && p[10] <= '9';
    return false;
}

void rk_bfl_boot2_version(const uint8_t *body, size_t len, const uint8_t *hash, char *out,
                          size_t cap)
{
    out[0] = '\0';
    for (size_t i = 0; hash && i < rk_bfl_boot2_build_count; i++)
        if (memcmp(rk_bfl_boot2_builds[i].hash, hash, 32) == 0)
            rk_text_copy(out, cap, rk_bfl_boot2_builds[i].name);
    if (out[0] || !body)
        return;
    if (len >= VERSION_RECORD + 12 && memcmp(body + VERSION_RECORD, "BLFBVERF", 8) == 0) {
        const uint8_t *v = body + VERSION_RECORD + 8;

        rk_text_format(out, cap, "%u.%u.%u", v[1], v[2], v[3]);
        return;
    }
    for (size_t i = 0; i + 11 <= len; i++) {
        if (is_date(body + i)) {
            rk_text_escape(out, cap, body + i, 11);
            return;
        }
    }
}

bool rk_bfl_app_starts(const uint8_t *data, size_t len)
{
    static const uint8_t start[] = {0xA1, 0x42, 0x73, 0xB0, 0x02, 0x30, 0x97,
                                    0xC1, 0x00, 0x1F, 0x93, 0x81, 0xA1, 0x7E};

    return len >= sizeof start && memcmp(data, start, sizeof start) == 0;
}

static bool read_version(const uint8_t *code, size_t len, size_t at, unsigned version[3])
{
    for (size_t i = 0; i < 3; i++) {
        size_t digits = 0;

        version[i] = 0;
        for (; at < len && code[at] >= '0' && code[at] <= '9' && digits < 6; at++, digits++)
            version[i] = version[i] * 10 + (unsigned)(code[at] - '0');
        if (digits == 0 || (i < 2 && (at >= len || code[at++] != '.')))
            return false;
    }
    return true;
}

bool rk_bfl_openbl602_version(const uint8_t *code, size_t len, unsigned version[3])
{
    static const char text[] = "OpenBL602_";
    size_t at = 0;

    while ((at = rk_search_text(code, len, at, text)) < len) {
        at += sizeof text - 1;
        if (read_version(code, len, at, version))
            return true;
    }
    return false;
}

bool rk_bfl_boot2_starts(const uint8_t *data, size_t len)
{
    static const uint8_t enable[] = {0x73, 0x70, 0x04, 0x30};

    return len >= 12 && data[0] == 0x97 && (data[1] & 0x0F) == 1 && data[4] == 0x93 &&
           data[5] == 0x81 && memcmp(data + 8, enable, 4) == 0 &&
           (rk_search_text(data, len, 0, "boot2") < len ||
            rk_search_text(data, len, 0, "BLSP") < len);
}
