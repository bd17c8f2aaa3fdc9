#include "image/bouffalo/identify.h"

#include "base/bytes.h"
#include "base/text.h"
#include "base/xz.h"
#include "image/bouffalo/app.h"
#include "image/bouffalo/boot2.h"
#include "image/bouffalo/fdt.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/ota.h"
#include "image/bouffalo/partitions.h"
#include "image/search.h"

#include <string.h>

#define APP_ADDR   0x10000u
#define BODY       0x1000u
#define EFUSE_SIZE 128u
#define RAM_START  0x22000000u

static void settle(struct rk_image_facts *out, enum rk_image_kind kind, enum rk_evidence evidence)
{
    out->kind = kind;
    out->kind_evidence = evidence;
    rk_text_copy(out->family, sizeof out->family, "bl602");
    rk_text_copy(out->chip, sizeof out->chip, "BL602");
    out->chip_evidence = evidence;
}

static void app_facts(const uint8_t *code, size_t len, struct rk_image_facts *out)
{
    unsigned v[3];

    out->has_app = true;
    if (!rk_bfl_openbl602_version(code, len, v))
        return;
    rk_text_copy(out->app_name, sizeof out->app_name, "OpenBL602");
    rk_text_format(out->app_version, sizeof out->app_version, "%u.%u.%u", v[0], v[1], v[2]);
}

static void boot_facts(const uint8_t *code, size_t len, const uint8_t *hash,
                       struct rk_image_facts *out)
{
    out->has_boot = true;
    rk_bfl_boot2_version(code, len, hash, out->boot_name, sizeof out->boot_name);
}

static bool is_whole_size(size_t len)
{
    return len >= 1u << 20 && len <= 16u << 20 && (len & (len - 1)) == 0;
}

/* A capture shows itself by its tables, whatever else is missing in it; without valid tables by its
 * size and the headers. */
static bool is_dump(const uint8_t *data, size_t len)
{
    struct rk_bfl_table table;
    struct rk_bfl_header h;

    if (len <= APP_ADDR)
        return false;
    if (rk_bfl_table_choose(data, len, &table) >= 0)
        return true;
    if (rk_bfl_header_read(data, len, &h) && (memcmp(data + RK_BFL_TABLE_0, "BFPT", 4) == 0 ||
                                              memcmp(data + RK_BFL_TABLE_1, "BFPT", 4) == 0))
        return true;
    return is_whole_size(len) && rk_bfl_header_read(data + APP_ADDR, len - APP_ADDR, &h);
}

static void identify_dump(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_bfl_table table;
    struct rk_bfl_header h;
    const struct rk_bfl_part *fw = NULL;
    bool repeats =
        is_whole_size(len) && len > 1u << 20 && memcmp(data, data + len / 2, len / 2) == 0;

    settle(out, repeats ? RK_IMAGE_DUMP_DOUBLED : RK_IMAGE_BL602_DUMP, RK_EVIDENCE_CONFIRMED);
    if (rk_bfl_header_read(data, len, &h) && h.crc_good &&
        rk_bfl_hash_check(&h, data, len, h.start))
        boot_facts(data + h.start, h.length, h.hash, out);
    if (rk_bfl_table_choose(data, len, &table) >= 0)
        fw = rk_bfl_part_of_type(&table, 0);
    if (fw && fw->addr[fw->active & 1] < len &&
        rk_bfl_header_read(data + fw->addr[fw->active & 1], len - fw->addr[fw->active & 1], &h) &&
        rk_bfl_hash_check(&h, data, len, (size_t)fw->addr[fw->active & 1] + BODY))
        app_facts(data + fw->addr[fw->active & 1] + BODY, h.length, out);
}

/* A file that begins with a boot header: which image follows it. */
static void identify_headed(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_bfl_header h;

    rk_bfl_header_read(data, len, &h);
    settle(out, RK_IMAGE_BL602, RK_EVIDENCE_ONE);
    if (h.other_chip || !h.crc_good) {
        out->chip[0] = '\0';
        out->chip_evidence = RK_EVIDENCE_NONE;
    }
    if (h.other_chip)
        rk_text_copy(out->chip, sizeof out->chip, "BL702");
    if (!h.flat || h.start >= RAM_START) {
        out->kind = RK_IMAGE_BL602_RAM;
        out->kind_evidence = h.start >= RAM_START ? RK_EVIDENCE_CONFIRMED : RK_EVIDENCE_ONE;
    } else if (rk_bfl_hash_check(&h, data, len, BODY) &&
               !rk_bfl_boot2_starts(data + BODY, h.length)) {
        out->kind_evidence = RK_EVIDENCE_CONFIRMED;
        app_facts(data + BODY, h.length, out);
    } else if (rk_bfl_hash_check(&h, data, len, h.start)) {
        out->kind = RK_IMAGE_BL602_BOOT;
        out->kind_evidence = RK_EVIDENCE_CONFIRMED;
        boot_facts(data + h.start, h.length, h.hash, out);
    } else {
        out->truncated = h.crc_good && !h.other_chip && len < (size_t)BODY + h.length;
    }
}

static bool identify_ota(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_bfl_ota ota;

    if (!rk_bfl_ota_read(data, len, &ota))
        return false;
    settle(out, RK_IMAGE_BL602_OTA, RK_EVIDENCE_CONFIRMED);
    out->truncated = !ota.complete;
    return true;
}

/* Text that has this mark near its beginning. */
static bool is_source(const uint8_t *data, size_t len, const char *mark)
{
    size_t span = len < 4096 ? len : 4096;

    return span && !memchr(data, 0, span) && rk_search_text(data, span, 0, mark) < span;
}

static bool identify_tree(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_fdt tree;

    if (!rk_fdt_total(data, len) && !is_source(data, len, "/dts-v1/"))
        return false;
    settle(out, RK_IMAGE_BL602_TREE, RK_EVIDENCE_ONE);
    if (!rk_fdt_open(data, len, &tree) || !rk_fdt_sound(&tree))
        out->truncated = rk_fdt_total(data, len) > len;
    else if (rk_fdt_has(&tree, "/wifi"))
        out->kind_evidence = RK_EVIDENCE_CONFIRMED;
    return true;
}

static bool identify_bare(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    if (len < 64)
        return false;
    if (rk_bfl_boot2_starts(data, len)) {
        settle(out, RK_IMAGE_BL602_BOOT, RK_EVIDENCE_CONFIRMED);
        boot_facts(data, len, NULL, out);
        return true;
    }
    if (!rk_bfl_app_is_bare(data, len))
        return false;
    settle(out, RK_IMAGE_BL602_APP,
           rk_bfl_app_starts(data, len) ? RK_EVIDENCE_CONFIRMED : RK_EVIDENCE_ONE);
    app_facts(data, len, out);
    return true;
}

/* The efuses have no magic: 128 bytes whose MAC slot counts its own zero bits right, or nothing but
 * the mode words. */
static bool identify_efuse(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    struct rk_bl602_efuse efuse;

    if (len != EFUSE_SIZE || !rk_bl602_efuse_read(data, len, &efuse) || !efuse.has_mac)
        return false;
    settle(out, RK_IMAGE_BL602_EFUSE, RK_EVIDENCE_ONE);
    out->has_mac = true;
    memcpy(out->mac, efuse.mac, sizeof out->mac);
    return true;
}

bool rk_bouffalo_identify(const uint8_t *data, size_t len, struct rk_image_facts *out)
{
    if (identify_ota(data, len, out) || identify_tree(data, len, out))
        return true;
    if ((len >= 20 && memcmp(data, "BFPT", 4) == 0) || is_source(data, len, "[[pt_entry]]")) {
        settle(out, RK_IMAGE_BL602_TABLE, RK_EVIDENCE_CONFIRMED);
        return true;
    }
    if (rk_xz_recognise(data, len)) {
        settle(out, RK_IMAGE_BL602_XZ, RK_EVIDENCE_GUESS);
        return true;
    }
    if (is_dump(data, len)) {
        identify_dump(data, len, out);
        return true;
    }
    if (len >= RK_BFL_HEADER && memcmp(data, "BFAP", 4) == 0) {
        settle(out, RK_IMAGE_BL602, RK_EVIDENCE_ONE);
        rk_text_copy(out->chip, sizeof out->chip, "BL606");
        return true;
    }
    if (len >= RK_BFL_HEADER && memcmp(data, "BFNP", 4) == 0) {
        identify_headed(data, len, out);
        return true;
    }
    return identify_efuse(data, len, out) || identify_bare(data, len, out);
}
