/* What a file is, by its content. The tests run from the most specific to the most general; the
 * first that fits decides. */
#include "image/identify.h"

#include "base/bytes.h"
#include "base/text.h"
#include "image/beken/cortex.h"
#include "image/beken/uf2.h"
#include "image/beken/ug.h"
#include "image/bouffalo/identify.h"
#include "image/esp.h"
#include "image/hex.h"

#include <string.h>

static void settle(struct rk_image_facts *out, enum rk_image_kind kind, const char *family,
                   enum rk_evidence evidence)
{
    out->kind = kind;
    out->kind_evidence = evidence;
    rk_text_copy(out->family, sizeof out->family, family);
}

static bool identify_rbl(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_rbl rbl;

    if (!rk_rbl_read(data, len, &rbl))
        return false;
    settle(out, RK_IMAGE_RBL, "bk72xx", RK_EVIDENCE_CONFIRMED);
    out->truncated = rbl.package_size > len - RK_RBL_HEADER;
    rk_text_copy(out->app_version, sizeof out->app_version, rk_rbl_version(&rbl));
    return true;
}

static bool identify_ug(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_ug ug;

    if (!rk_ug_read(data, len, &ug))
        return false;
    settle(out, RK_IMAGE_UG, "bk72xx", RK_EVIDENCE_CONFIRMED);
    out->truncated = !ug.complete;
    rk_text_copy(out->app_version, sizeof out->app_version, ug.version);
    return true;
}

static bool identify_diff2ya(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_diff2ya diff;

    if (!rk_diff2ya_read(data, len, &diff))
        return false;
    settle(out, RK_IMAGE_DIFF2YA, "bk72xx", RK_EVIDENCE_ONE);
    return true;
}

static bool identify_uf2(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_uf2 uf2;

    if (!rk_uf2_read(data, len, &uf2))
        return false;
    settle(out, RK_IMAGE_UF2, uf2.chip ? "bk72xx" : "", RK_EVIDENCE_CONFIRMED);
    if (uf2.chip)
        rk_text_copy(out->chip, sizeof out->chip, uf2.chip);
    out->truncated = !uf2.complete;
    rk_text_copy(out->app_name, sizeof out->app_name, uf2.firmware);
    rk_text_copy(out->app_version, sizeof out->app_version, uf2.version);
    return true;
}

static bool identify_area(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_rf rf;

    switch (rk_area_at(data, len)) {
    case RK_AREA_RF:
        settle(out, RK_IMAGE_RF, "bk72xx", RK_EVIDENCE_CONFIRMED);
        out->has_rf = true;
        if (rk_rf_read(data, len, &rf) && rf.mac_state != RK_RF_MAC_NONE) {
            out->has_mac = true;
            memcpy(out->mac, rf.mac, sizeof out->mac);
        }
        return true;
    case RK_AREA_OBK_CONFIG:
        settle(out, RK_IMAGE_OBK_CONFIG, "", RK_EVIDENCE_CONFIRMED);
        return true;
    case RK_AREA_TUYA:
        settle(out, RK_IMAGE_TUYA_STORAGE, "", RK_EVIDENCE_CONFIRMED);
        return true;
    default:
        return false;
    }
}

static bool identify_foreign(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    static const struct {
        const char *magic;
        size_t len;
    } magics[] = {{"\x7F"
                   "ELF",
                   4},
                  {"PK\3\4", 4},
                  {"\x1F\x8B\x08", 3},
                  {"MZ", 2},
                  {"\x89PNG", 4},
                  {"%PDF", 4},
                  {"Rar!", 4},
                  {"7z\xBC\xAF", 4}};
    const char *chip = "";

    if (rk_esp_recognise(data, len, &chip)) {
        settle(out, RK_IMAGE_ESP, "esp", RK_EVIDENCE_CONFIRMED);
        rk_text_copy(out->chip, sizeof out->chip, chip);
        return true;
    }
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (len >= 32 && memcmp(data, magics[i].magic, magics[i].len) == 0) {
            settle(out, RK_IMAGE_FOREIGN, "", RK_EVIDENCE_ONE);
            return true;
        }
    }
    return false;
}

/* Code that lacks its CRC bytes: linker output or an enciphered build that was not packed yet. */
static bool identify_raw_code(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_code_key key;

    if (len < RK_VECTORS_SIZE || (!rk_key_find(data, len, RK_APP_LOGICAL, false, &key) &&
                                  !rk_key_find(data, len, 0, false, &key)))
        return false;
    settle(out, RK_IMAGE_RAW_CODE, "bk72xx", RK_EVIDENCE_ONE);
    out->key_class = key.cls;
    return true;
}

static enum rk_image_kind shaped_kind(const struct rk_beken *b)
{
    if (b->shape.shift == 0)
        return b->kind;
    return b->shape.shift == b->shape.period - RK_BOOT_SPAN ? RK_IMAGE_DUMP_SHIFTED
                                                            : RK_IMAGE_DUMP_SWAPPED;
}

static void beken_facts(const struct rk_beken *b, size_t len, struct rk_image_facts *out)
{
    const struct rk_code *code = b->app.present ? &b->app : &b->boot;

    out->key_class = code->key.cls;
    out->has_boot = b->boot.present && b->boot.bad == 0 &&
                    (!b->boot_rbl || b->boot_rbl_state != RK_RBL_TOO_LONG);
    out->boot_verified = b->boot_info.build != NULL;
    out->boot_key_class = b->boot.key.cls;
    out->mixed_keys = b->boot.present && b->app.present &&
                      memcmp(b->boot.key.words, b->app.key.words, sizeof b->app.key.words) != 0;
    out->has_app = b->app.present;
    rk_text_copy(out->boot_name, sizeof out->boot_name, b->boot_info.name);
    rk_text_copy(out->app_name, sizeof out->app_name, b->app_info.name);
    rk_text_copy(out->app_version, sizeof out->app_version, b->app_info.version);
    rk_text_copy(out->chip, sizeof out->chip, rk_beken_chip(b, &out->chip_evidence));
    out->has_rf = b->has_rf;
    out->rf_offset =
        b->has_rf ? (b->rf_offset + (uint32_t)b->shape.shift) % (uint32_t)b->shape.period : 0;
    out->has_mac = b->has_rf && b->rf.mac_state != RK_RF_MAC_NONE;
    memcpy(out->mac, b->rf.mac, sizeof out->mac);
    out->bad_blocks = b->boot.bad + b->app.bad;
    out->code_end = code->addr + code->blocks * RK_BLOCK_SPAN;
    /* Code that runs to the very end of a file has lost its own end, unless the file is an
     * application and stops with a whole block. */
    out->truncated = !rk_is_flash_size(len) && code->present &&
                     len - out->code_end < RK_BLOCK_SPAN &&
                     (b->kind == RK_IMAGE_QIO || out->code_end != len);
}

static bool identify_beken(const uint8_t *data, size_t len, struct rk_beken *b,
                           struct rk_image_facts *out)
{
    if (!rk_beken_read(data, len, b) || b->kind == RK_IMAGE_UNKNOWN)
        return false;
    settle(out, shaped_kind(b), "bk72xx",
           b->boot.present && b->app.present ? RK_EVIDENCE_CONFIRMED : RK_EVIDENCE_ONE);
    if (b->shape.period != len)
        out->kind = RK_IMAGE_DUMP_DOUBLED;
    beken_facts(b, len, out);
    return true;
}

/* BK7236 and BK7258 share their marks: which of the two stays a guess. */
static bool identify_cortex(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_cortex c;

    if (!rk_cortex_read(data, len, &c))
        return false;
    settle(out,
           rk_is_flash_size(len) ? RK_IMAGE_DUMP
           : !c.has_boot         ? RK_IMAGE_UA
           : c.has_app           ? RK_IMAGE_QIO
                                 : RK_IMAGE_BOOT,
           "bk72xx", RK_EVIDENCE_ONE);
    out->has_boot = c.has_boot;
    out->has_app = c.has_app;
    out->key_class = out->boot_key_class = RK_KEY_ZERO;
    out->code_end = c.has_app ? c.app_addr + c.app_len : c.boot_len;
    rk_text_copy(out->chip, sizeof out->chip, "BK7236");
    out->chip_evidence = RK_EVIDENCE_GUESS;
    return true;
}

/* A data area cut out of a dump, at whatever place it begins. */
static bool identify_inner_area(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    for (size_t at = RK_SECTOR_SIZE; at < len; at += RK_SECTOR_SIZE) {
        if (identify_area(data + at, len - at, out)) {
            out->kind_evidence = RK_EVIDENCE_GUESS;
            out->rf_offset = out->has_rf ? (uint32_t)at : 0;
            return true;
        }
    }
    return false;
}

static const char *kind_text(enum rk_image_kind kind)
{
    static const char *const texts[] = {
        [RK_IMAGE_UNKNOWN] = "nothing that is known here",
        [RK_IMAGE_BLANK] = "nothing but one repeated byte",
        [RK_IMAGE_QIO] = "boot loader and application (QIO)",
        [RK_IMAGE_UA] = "application (UA)",
        [RK_IMAGE_BOOT] = "boot loader",
        [RK_IMAGE_DUMP] = "capture of a whole flash",
        [RK_IMAGE_DUMP_SHIFTED] = "capture that began behind the boot loader and wrapped around",
        [RK_IMAGE_RBL] = "OTA package (RBL)",
        [RK_IMAGE_UG] = "Tuya OTA file (UG)",
        [RK_IMAGE_UF2] = "UF2 file",
        [RK_IMAGE_HEX] = "Intel HEX file",
        [RK_IMAGE_BL602] = "application with a Bouffalo Lab boot header",
        [RK_IMAGE_BL602_DUMP] = "capture of a Bouffalo Lab flash",
        [RK_IMAGE_BL602_APP] = "application without its boot header",
        [RK_IMAGE_BL602_BOOT] = "second-stage loader",
        [RK_IMAGE_BL602_RAM] = "Bouffalo Lab image for the RAM",
        [RK_IMAGE_BL602_TABLE] = "partition table",
        [RK_IMAGE_BL602_TREE] = "device tree",
        [RK_IMAGE_BL602_XZ] = "xz stream",
        [RK_IMAGE_BL602_EFUSE] = "efuse content",
        [RK_IMAGE_ESP] = "Espressif image: not for these modules",
        [RK_IMAGE_DUMP_DOUBLED] = "capture that was read past the end of a smaller flash",
        [RK_IMAGE_DUMP_SWAPPED] = "capture that begins in the middle of the flash",
        [RK_IMAGE_RAW_CODE] = "code without CRC bytes: has to be packed first",
        [RK_IMAGE_RF] = "RF calibration sector",
        [RK_IMAGE_TUYA_STORAGE] = "Tuya settings storage",
        [RK_IMAGE_OBK_CONFIG] = "OpenBeken configuration",
        [RK_IMAGE_DIFF2YA] = "Tuya differential OTA file",
        [RK_IMAGE_BL602_OTA] = "Bouffalo Lab OTA package",
        [RK_IMAGE_FOREIGN] = "a known format that is no firmware for these modules",
    };

    return texts[kind];
}

void rk_summarise(struct rk_image_facts *out)
{
    rk_text_copy(out->summary, sizeof out->summary, kind_text(out->kind));
    if (out->chip[0])
        rk_text_append(out->summary, sizeof out->summary, " for %s", out->chip);
    if (out->app_name[0])
        rk_text_append(out->summary, sizeof out->summary, ", %s", out->app_name);
    if (out->app_version[0])
        rk_text_append(out->summary, sizeof out->summary, " %s", out->app_version);
    if (out->boot_name[0])
        rk_text_append(out->summary, sizeof out->summary, ", boot loader %s", out->boot_name);
    if (out->bad_blocks)
        rk_text_append(out->summary, sizeof out->summary, ", %u damaged blocks", out->bad_blocks);
    if (out->truncated)
        rk_text_append(out->summary, sizeof out->summary, ", cut short");
}

/* The weakest hint: only when the bytes say nothing about the chip. */
static void hint_from_name(const char *name, struct rk_image_facts *out)
{
    static const char *const chips[] = {"BK7231N", "BK7231T", "BK7231M", "BK7231U", "BK7231Q",
                                        "BK7238",  "BK7252N", "BK7252",  "BL2028N"};

    if (!name || out->chip[0] || strcmp(out->family, "bk72xx") != 0)
        return;
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        if (strstr(name, chips[i])) {
            rk_text_copy(out->chip, sizeof out->chip, chips[i]);
            out->chip_evidence = RK_EVIDENCE_GUESS;
            return;
        }
    }
}

void rk_identify(const uint8_t *data, size_t len, const char *name, struct rk_image_facts *out,
                 struct rk_beken *kept)
{
    struct rk_beken own = {0}, *b = kept ? kept : &own;

    *b = (struct rk_beken){0};
    *out = (struct rk_image_facts){.kind = RK_IMAGE_UNKNOWN};
    if (len > 0 && rk_bytes_all(data, len, data[0]))
        settle(out, RK_IMAGE_BLANK, "", RK_EVIDENCE_CONFIRMED);
    else if (identify_uf2(data, len, out) || identify_ug(data, len, out) ||
             identify_rbl(data, len, out) || identify_diff2ya(data, len, out) ||
             identify_area(data, len, out) || identify_foreign(data, len, out) ||
             rk_bouffalo_identify(data, len, out) || identify_cortex(data, len, out) ||
             identify_beken(data, len, b, out) || identify_raw_code(data, len, out))
        hint_from_name(name, out);
    else if (rk_hex_recognise(data, len))
        settle(out, RK_IMAGE_HEX, "", RK_EVIDENCE_ONE);
    else
        identify_inner_area(data, len, out);
    rk_summarise(out);
    rk_beken_free(&own);
}

void rk_image_identify(const uint8_t *data, size_t len, const char *name,
                       struct rk_image_facts *out)
{
    rk_identify(data, len, name, out, NULL);
}
