/* What the BL602's firmware does with an OTA file. */
#include "image/update.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/text.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/partitions.h"

#include <string.h>

#define OTA_HEADER 512u
#define XZ_CRC32   0x01u /* the only check the second-stage loader can compute */

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

static void judge_packing(const uint8_t *update, size_t len, struct rk_update *out)
{
    const uint8_t *body = update + OTA_HEADER;
    size_t body_len = len - OTA_HEADER;
    struct rk_bfl_header header;

    if (memcmp(update + 16, "XZ  ", 4) == 0) {
        if (body_len < 12 || memcmp(body,
                                    "\xFD"
                                    "7zXZ",
                                    6) != 0)
            rk_update_say(out, "U2", "packing", RK_VERDICT_BAD, "it says xz but is none");
        else if (body[7] != XZ_CRC32)
            rk_update_say(out, "U2", "packing", RK_VERDICT_BAD,
                          "the xz stream has a check that the loader cannot compute");
        else
            rk_update_say(out, "U2", "packing", RK_VERDICT_GOOD, "xz with CRC-32");
    } else if (!rk_bfl_header_read(body, body_len, &header) || !header.crc_good) {
        rk_update_say(out, "U2", "packing", RK_VERDICT_BAD, "the body has no sound boot header");
    } else if (!rk_bfl_hash_check(&header, body, body_len, 0x1000)) {
        rk_update_say(out, "U2", "packing", RK_VERDICT_BAD, "the hash of the image is wrong");
    } else {
        rk_update_say(out, "U2", "packing", RK_VERDICT_GOOD, "a plain image, its hash is right");
    }
}

void rk_bouffalo_update(const uint8_t *update, size_t len, const uint8_t *flash, size_t flash_len,
                        struct rk_update *out)
{
    struct rk_bfl_table table;
    const struct rk_bfl_part *fw = NULL;
    size_t body = len - OTA_HEADER;

    rk_text_escape(out->version, sizeof out->version, update + 48,
                   strnlen((const char *)update + 48, 16));
    judge_body(update, len, out);
    judge_packing(update, len, out);
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
}
