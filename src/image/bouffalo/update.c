/* What the BL602's firmware does with an OTA file. */
#include "image/update.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/xz.h"
#include "image/bouffalo/app.h"
#include "image/bouffalo/partitions.h"

#include <string.h>

#define OTA_HEADER    512u
#define BODY          0x1000u
#define XZ_DICTIONARY 32768u

static void judge_body(const uint8_t *update, size_t len, struct rk_update *out)
{
    uint32_t body = rk_get_le32(update + 20);
    uint8_t digest[32];

    if (body != len - OTA_HEADER) {
        rk_update_say(out, "U1", "package", RK_VERDICT_BAD, "%zu of %u bytes are there",
                      len - OTA_HEADER, body);
        return;
    }
    rk_sha256(update + OTA_HEADER, body, digest);
    if (memcmp(digest, update + 64, sizeof digest) != 0)
        rk_update_say(out, "U1", "package", RK_VERDICT_BAD, "the hash of the body is wrong");
    else
        rk_update_say(out, "U1", "package", RK_VERDICT_GOOD, "the hash is right");
}

/* How it is packed: only what the second-stage loader can unpack is of use. */
static void judge_packing(const uint8_t *body, size_t len, bool packed, struct rk_update *out)
{
    struct rk_xz_facts xz;

    if (!packed)
        rk_update_say(out, "U2", "packing", RK_VERDICT_GOOD, "not packed");
    else if (!rk_xz_recognise(body, len))
        rk_update_say(out, "U2", "packing", RK_VERDICT_BAD, "it says xz but is none");
    else if (!rk_xz_read(body, len, &xz) || !xz.crc32)
        rk_update_say(out, "U2", "packing", RK_VERDICT_BAD,
                      "the xz stream has a check or a filter that the loader does not know");
    else if (xz.dictionary > XZ_DICTIONARY)
        rk_update_say(out, "U2", "packing", RK_VERDICT_BAD,
                      "its dictionary has %u bytes, the loader has room for %u", xz.dictionary,
                      XZ_DICTIONARY);
    else
        rk_update_say(out, "U2", "packing", RK_VERDICT_GOOD, "xz with CRC-32");
}

/* The application inside, and its length with its header; 0 if that is not known. */
static size_t judge_content(const uint8_t *update, size_t len, struct rk_update *out)
{
    struct rk_arena arena = {0};
    struct rk_bfl_app app;
    struct rk_error why = {.status = RK_OK};
    enum rk_status status = rk_bfl_app_read(update, len, false, &arena, &app, &why);
    size_t whole = status == RK_OK ? BODY + app.len : 0;

    if (status == RK_OK)
        rk_update_say(out, "U3", "application", RK_VERDICT_GOOD, "its header and hash are right");
    else if (status == RK_ERR_IMAGE_FORMAT)
        rk_update_say(out, "U3", "application", RK_VERDICT_BAD, "%s",
                      why.detail[0] ? why.detail : why.message);
    else
        rk_update_say(out, "U3", "application", RK_VERDICT_UNTESTED, "%s", why.message);
    rk_arena_free(&arena);
    return whole;
}

void rk_bouffalo_update(const uint8_t *update, size_t len, const uint8_t *flash, size_t flash_len,
                        struct rk_update *out)
{
    struct rk_bfl_table table;
    const struct rk_bfl_part *fw = NULL;
    size_t body = len - OTA_HEADER, whole;

    rk_text_escape(out->version, sizeof out->version, update + 48,
                   strnlen((const char *)update + 48, 16));
    judge_body(update, len, out);
    judge_packing(update + OTA_HEADER, len - OTA_HEADER, memcmp(update + 16, "XZ", 2) == 0, out);
    whole = judge_content(update, len, out);
    if (rk_bfl_table_choose(flash, flash_len, &table) >= 0)
        fw = rk_bfl_part_of_type(&table, 0);
    if (!fw) {
        rk_update_say(out, "U4", "slot", RK_VERDICT_BAD, "the flash has no firmware partition");
        return;
    }
    unsigned other = !(fw->active & 1);

    if (fw->max_len[other] == 0)
        rk_update_say(out, "U4", "slot", RK_VERDICT_BAD, "the layout has no second slot");
    else if (body > fw->max_len[other])
        rk_update_say(out, "U4", "slot", RK_VERDICT_BAD, "%zu bytes do not fit into %u", body,
                      fw->max_len[other]);
    else
        rk_update_say(out, "U4", "slot", RK_VERDICT_GOOD, "%zu of %u bytes at 0x%06X", body,
                      fw->max_len[other], fw->addr[other]);
    /* A packed update is unpacked into the slot that is active now. */
    if (memcmp(update + 16, "XZ", 2) == 0 && whole > fw->max_len[!other])
        rk_update_say(out, "U5", "unpacked", RK_VERDICT_BAD, "%zu bytes do not fit into %u", whole,
                      fw->max_len[!other]);
}
