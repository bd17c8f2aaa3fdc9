#include "image/beken/boot.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define TAG_TYPE_KEY     0xAAu
#define TAG_TYPE_VERSION 0xCCu
#define TAG_BLOCK        0x44u /* logical address of the tags in Tuya's builds */
#define VERSION_TAG      0x90u
#define BEKEN_KEY_COPY   0x1F08u /* in Beken's builds from 1.0.8 on */

static const struct rk_boot_build *known_build(const struct rk_code *code, const uint8_t *flash,
                                               size_t len)
{
    uint32_t crc = len >= 256 ? rk_crc32(0, flash, 256) : 0;

    for (size_t i = 0; i < rk_boot_build_count && len >= 256; i++) {
        const struct rk_boot_build *build = &rk_boot_builds[i];
        uint8_t digest[32];

        if (build->crc256 != crc || build->length > rk_code_size(code))
            continue;
        rk_sha256(code->stored, build->length, digest);
        if (memcmp(digest, build->sha256, sizeof digest) == 0)
            return build;
    }
    return NULL;
}

/* Length of a version "BKxxxx_d.d.d" at p, 0 if there is none. */
static size_t version_length(const uint8_t *p, size_t len)
{
    size_t at = 2, digits;

    if (len < 8 || memcmp(p, "BK", 2) != 0)
        return 0;
    while (at < len && at < 12 && isalnum(p[at]))
        at++;
    if (at < 6 || at >= len || p[at] != '_')
        return 0;
    for (int part = 0; part < 3; part++) {
        for (digits = 0, at++; at < len && isdigit(p[at]) && digits < 3; digits++)
            at++;
        if (digits == 0 || at >= len || (part < 2 && p[at] != '.'))
            return 0;
    }
    return at;
}

/* Beken's builds keep name and version apart: "BK7231n" NUL .. "_1.0.15" NUL. */
static void joined_version(const uint8_t *plain, size_t len, char *out, size_t cap)
{
    char model[12] = "", version[12] = "";

    for (size_t at = 0; at + 12 <= len && !(model[0] && version[0]); at++) {
        size_t n = 0;

        if (!model[0] && plain[at] == 'B' && plain[at + 1] == 'K' && isdigit(plain[at + 2])) {
            while (n < 10 && isalnum(plain[at + n]))
                n++;
            /* The mark at 0x100 has the same form; it names a series, not a boot loader. */
            if (n >= 6 && plain[at + n] == 0 && at != 0x100)
                rk_text_format(model, sizeof model, "%.*s", (int)n, (const char *)plain + at);
        } else if (!version[0] && plain[at] == '_' && isdigit(plain[at + 1]) &&
                   plain[at + 2] == '.') {
            for (n = 1; n < 10 && (isdigit(plain[at + n]) || plain[at + n] == '.');)
                n++;
            if (n >= 6 && plain[at + n] == 0)
                rk_text_format(version, sizeof version, "%.*s", (int)n, (const char *)plain + at);
        }
    }
    if (model[0] && version[0])
        rk_text_format(out, cap, "%s%s", model, version);
}

static void find_version(const uint8_t *plain, size_t len, char *out, size_t cap)
{
    size_t n;

    if (len > VERSION_TAG + 20 && plain[VERSION_TAG] == 0xEE && plain[VERSION_TAG + 1] == 0xBB &&
        plain[VERSION_TAG + 2] == TAG_TYPE_VERSION) {
        n = version_length(plain + VERSION_TAG + 4, 16);
        rk_text_format(out, cap, "%.*s", (int)n, (const char *)plain + VERSION_TAG + 4);
    }
    for (size_t at = 0; out[0] == '\0' && at + 16 <= len; at++) {
        n = plain[at] == 'B' ? version_length(plain + at, len - at) : 0;
        if (n && plain[at + n] == 0)
            rk_text_format(out, cap, "%.*s", (int)n, (const char *)plain + at);
    }
    if (out[0] == '\0')
        joined_version(plain, len, out, cap);
}

/* Beken's own builds: 1.0.8 and 1.0.11 to 1.0.15. */
static bool has_beken_layout(const char *name)
{
    const char *minor = strstr(name, "_1.0.");

    return minor && (strcmp(minor, "_1.0.8") == 0 || strlen(minor) == strlen("_1.0.11"));
}

/* Only the tag proves a copy. At the untagged places it must be a key we know, or the key of this
 * very image: builds of the same version differ, and code must not be taken for a key. */
static bool is_key(const uint32_t words[4], const struct rk_code_key *own)
{
    if ((words[0] | words[1] | words[2] | words[3]) == 0)
        return false;
    for (size_t i = 0; i < rk_known_key_count; i++) {
        if (memcmp(words, rk_known_keys[i].words, sizeof rk_known_keys[i].words) == 0)
            return true;
    }
    return memcmp(words, own->words, sizeof own->words) == 0;
}

static void find_key_copy(const struct rk_code *code, struct rk_boot_info *out)
{
    const uint8_t *plain = code->plain;
    size_t len = rk_code_size(code), at = 0;
    bool tagged = len > TAG_BLOCK + 20 && plain[TAG_BLOCK] == 0xEE &&
                  plain[TAG_BLOCK + 1] == 0xBB && plain[TAG_BLOCK + 2] == TAG_TYPE_KEY;

    if (tagged)
        at = TAG_BLOCK + 4;
    else if (strstr(out->name, "_1.0.4"))
        at = TAG_BLOCK;
    else if (has_beken_layout(out->name))
        at = BEKEN_KEY_COPY;
    if (at == 0 || at + 16 > len)
        return;
    for (size_t i = 0; i < 4; i++)
        out->key_copy[i] = rk_get_le32(plain + at + 4 * i);
    out->key_copy_at = (uint32_t)at;
    out->has_key_copy = tagged || is_key(out->key_copy, &code->key);
}

const char *rk_boot_chip(const char *name, enum rk_key_class key)
{
    static const struct {
        const char *prefix, *chip;
    } series[] = {
        {"BK7231N_", "BK7231N"}, {"BK7231n_", "BK7231N"}, {"BK7231S_", "BK7231T"},
        {"BK7231_", "BK7231T"},  {"BK7231u_", "BK7231U"}, {"BK7231U_", "BK7231U"},
        {"BK7238_", "BK7238"},   {"BK7251_", "BK7252"},   {"BK7252N_", "BK7252N"},
        {"BK7271_", "BK7271"},
    };

    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++) {
        if (strncmp(name, series[i].prefix, strlen(series[i].prefix)) != 0)
            continue;
        if (key == RK_KEY_ZERO && strcmp(series[i].chip, "BK7231N") == 0)
            return "BK7231M";
        return series[i].chip;
    }
    return NULL;
}

void rk_boot_identify(const struct rk_code *code, const uint8_t *flash, size_t len,
                      struct rk_boot_info *out)
{
    const char *chip = NULL;

    *out = (struct rk_boot_info){0};
    if (!code->present)
        return;
    out->build = known_build(code, flash, len);
    if (out->build) {
        rk_text_copy(out->name, sizeof out->name, out->build->name);
        chip = out->build->chip;
    } else {
        find_version(code->plain, rk_code_size(code), out->name, sizeof out->name);
        chip = rk_boot_chip(out->name, code->key.cls);
    }
    if (chip)
        rk_text_copy(out->chip, sizeof out->chip, chip);
    find_key_copy(code, out);
}
