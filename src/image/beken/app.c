#include "image/beken/app.h"

#include <rekindle/image.h>

#include "base/bytes.h"
#include "base/text.h"
#include "image/search.h"

#include <ctype.h>
#include <string.h>

#define MARK_OFFSET 0x100u

static enum rk_series series_of(const uint8_t *plain, size_t len)
{
    const uint8_t *mark = plain + MARK_OFFSET;

    if (len < MARK_OFFSET + 8)
        return RK_SERIES_UNKNOWN;
    if (memcmp(mark, "BK7231\0\0", 8) == 0)
        return RK_SERIES_N;
    if (memcmp(mark, "BK7238\0\0", 8) == 0)
        return RK_SERIES_7238;
    if (memcmp(mark, "BK7236", 6) == 0)
        return RK_SERIES_7236;
    return RK_SERIES_T;
}

/* Copies printable text from p up to the first other byte. */
static void take_text(char *dst, size_t cap, const uint8_t *p, size_t len)
{
    size_t n = 0;

    while (n < len && n + 1 < cap && p[n] >= 0x20 && p[n] < 0x7F)
        n++;
    rk_text_format(dst, cap, "%.*s", (int)n, (const char *)p);
}

/* Length of a version like 1.18.300 at p; 0 if it is none. */
static size_t version_at(const uint8_t *p, size_t len)
{
    size_t at = 0, dots = 0;

    while (at < len && at < 24 && (isdigit(p[at]) || (p[at] == '.' && at && p[at - 1] != '.')))
        dots += p[at++] == '.';
    return dots >= 1 && p[at - 1] != '.' && at < len && !isalnum(p[at]) ? at : 0;
}

/* "OpenBK7231N_1.18.300": the only text with this form is the build's own name. */
static bool open_beken(const uint8_t *p, size_t len, struct rk_app_info *out)
{
    for (size_t at = rk_search_text(p, len, 0, "OpenBK"); at < len;
         at = rk_search_text(p, len, at + 1, "OpenBK")) {
        size_t name = at + 6, version;

        while (name < len && name < at + 16 && isalnum(p[name]))
            name++;
        if (name >= len || p[name] != '_')
            continue;
        version = version_at(p + name + 1, len - name - 1);
        if (version == 0)
            continue;
        rk_text_format(out->name, sizeof out->name, "%.*s", (int)(name - at), (const char *)p + at);
        rk_text_format(out->version, sizeof out->version, "%.*s", (int)version,
                       (const char *)p + name + 1);
        rk_text_format(out->chip, sizeof out->chip, "BK%.*s", (int)(name - at - 6),
                       (const char *)p + at + 6);
        out->evidence = RK_EVIDENCE_ONE;
        return true;
    }
    return false;
}

/* LibreTiny and ESPHome: "LibreTiny v1.9.1 on generic-bk7231n-qfn32-tuya, compiled at ..". */
static bool libretiny(const uint8_t *p, size_t len, struct rk_app_info *out)
{
    size_t at = rk_search_text(p, len, 0, "LibreTiny v"), on, model;
    char line[96];

    if (at == len)
        return false;
    take_text(line, sizeof line, p + at, len - at);
    rk_text_copy(out->sdk, sizeof out->sdk, line);
    rk_text_copy(out->name, sizeof out->name,
                 rk_search_text(p, len, 0, "ESPHome") < len ? "ESPHome" : "LibreTiny");
    on = rk_search_text(p, len, at, " on ");
    model = rk_search_text(p, len, on, "bk72");
    if (on < len && on - at < 32 && model < len && model - on < 40) {
        size_t n = 0;

        while (n < 8 && model + n < len && isalnum(p[model + n])) {
            out->chip[n] = (char)toupper(p[model + n]);
            n++;
        }
        out->chip[n] = '\0';
        out->evidence = RK_EVIDENCE_ONE;
    }
    return true;
}

static bool is_name_char(uint8_t c)
{
    return islower(c) || isdigit(c) || c == '_';
}

/* Tuya: "oem_bk7231n_plug" NUL, perhaps "firmName" NUL, then "1.1.7" NUL. */
static bool tuya(const uint8_t *p, size_t len, struct rk_app_info *out)
{
    for (size_t at = rk_search_text(p, len, 0, "bk7231"); at < len;
         at = rk_search_text(p, len, at + 1, "bk7231")) {
        size_t start = at, end = at + 8, version;

        if (end >= len || !islower(p[at + 6]) || p[at + 7] != '_')
            continue;
        if (at >= 4 && memcmp(p + at - 4, "oem_", 4) == 0)
            start = at - 4;
        while (end < len && is_name_char(p[end]))
            end++;
        if (end >= len || p[end] != 0 || end - start >= sizeof out->name)
            continue;
        for (version = end; version < len && p[version] == 0 && version < end + 4;)
            version++;
        if (len - version > 12 && memcmp(p + version, "firmName", 8) == 0) {
            for (version += 8; version < len && p[version] == 0;)
                version++;
        }
        size_t n = version_at(p + version, len - version);

        if (n == 0)
            continue;
        rk_text_format(out->name, sizeof out->name, "%.*s", (int)(end - start),
                       (const char *)p + start);
        rk_text_format(out->version, sizeof out->version, "%.*s", (int)n,
                       (const char *)p + version);
        return true;
    }
    return false;
}

/* SDK line and build line of Tuya's builds; else the compiler's date. */
static void sdk_and_build(const uint8_t *p, size_t len, struct rk_app_info *out)
{
    static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    size_t at = rk_search_text(p, len, 0, "< TUYA IOT SDK V:");

    if (at < len)
        take_text(out->sdk, sizeof out->sdk, p + at, len - at);
    at = rk_search_text(p, len, 0, "< BUILD AT:");
    if (at < len) {
        take_text(out->build, sizeof out->build, p + at, len - at);
        return;
    }
    for (at = rk_search_text(p, len, 0, " 20"); at < len;
         at = rk_search_text(p, len, at + 1, " 20")) {
        /* "Aug  2 2026" */
        if (at < 6 || len - at < 6 || !isdigit(p[at + 3]) || !isdigit(p[at + 4]) ||
            isdigit(p[at + 5]) || !isdigit(p[at - 1]) || p[at - 3] != ' ')
            continue;
        for (size_t i = 0; i < 12; i++) {
            if (memcmp(p + at - 6, months + 3 * i, 3) == 0) {
                rk_text_format(out->build, sizeof out->build, "%.11s", (const char *)p + at - 6);
                return;
            }
        }
    }
}

/* The chip that usually has this code and key, when no text names it. */
static const char *usual_chip(enum rk_series series, enum rk_key_class key, uint32_t handler)
{
    switch (series) {
    case RK_SERIES_N:
        return key == RK_KEY_ZERO ? "BK7231M" : "BK7231N";
    case RK_SERIES_T:
        if (key != RK_KEY_ZERO)
            return "BK7231T";
        return handler == 0x10260 ? "BK7231Q" : "BK7231U";
    case RK_SERIES_7238:
        return "BK7238";
    case RK_SERIES_7236:
        return "BK7236";
    case RK_SERIES_UNKNOWN:
        break;
    }
    return "";
}

void rk_app_identify(const uint8_t *plain, size_t len, enum rk_key_class key,
                     struct rk_app_info *out)
{
    uint32_t handler = len >= 36 ? rk_get_le32(plain + 32) : 0;

    *out = (struct rk_app_info){.series = series_of(plain, len)};
    out->linked_at_zero = handler < RK_APP_LOGICAL;
    sdk_and_build(plain, len, out);
    if (!open_beken(plain, len, out) && !libretiny(plain, len, out))
        tuya(plain, len, out);
    /* An N build on a chip without key is what BK7231M modules run. */
    if (out->series == RK_SERIES_N && key == RK_KEY_ZERO)
        rk_text_copy(out->chip, sizeof out->chip, "BK7231M");
    if (rk_series_of_chip(out->chip) != out->series) {
        rk_text_copy(out->chip, sizeof out->chip, usual_chip(out->series, key, handler));
        out->evidence = RK_EVIDENCE_GUESS;
    }
}

const char *rk_series_text(enum rk_series series)
{
    switch (series) {
    case RK_SERIES_T:
        return "BK7231T/U/Q and BK7252";
    case RK_SERIES_N:
        return "BK7231N/M and BL2028N";
    case RK_SERIES_7238:
        return "BK7238 and BK7252N";
    case RK_SERIES_7236:
        return "BK7236 and BK7258";
    case RK_SERIES_UNKNOWN:
        break;
    }
    return "an unknown chip";
}

enum rk_series rk_series_of_chip(const char *chip)
{
    static const struct {
        const char *chip;
        enum rk_series series;
    } table[] = {
        {"BK7231N", RK_SERIES_N},   {"BK7231M", RK_SERIES_N},    {"BL2028N", RK_SERIES_N},
        {"BK7231T", RK_SERIES_T},   {"BK7231S", RK_SERIES_T},    {"BK7231U", RK_SERIES_T},
        {"BK7231Q", RK_SERIES_T},   {"BK7251", RK_SERIES_T},     {"BK7252", RK_SERIES_T},
        {"BK7238", RK_SERIES_7238}, {"BK7252N", RK_SERIES_7238}, {"BK7253", RK_SERIES_7238},
        {"BK7236", RK_SERIES_7236}, {"BK7258", RK_SERIES_7236},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(chip, table[i].chip) == 0)
            return table[i].series;
    }
    return RK_SERIES_UNKNOWN;
}

bool rk_image_code_fits(const char *image_chip, const char *chip)
{
    enum rk_series series = rk_series_of_chip(image_chip);

    if (strcmp(image_chip, chip) == 0)
        return true;
    /* Only within the N series are the chips one and the same but for the key. */
    return series == RK_SERIES_N && rk_series_of_chip(chip) == series;
}
