#include "image/bouffalo/app.h"

#include "base/bytes.h"
#include "base/text.h"
#include "base/xz.h"
#include "image/bouffalo/boot2.h"
#include "image/bouffalo/ota.h"
#include "image/search.h"

#include <stdlib.h>
#include <string.h>

#define BODY     0x1000u
#define PAD      16u
#define UNPACKED (16u << 20)

static enum rk_status reject(struct rk_error *err, const char *detail, const char *hint)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.application",
            "this file cannot be the application of a BL602");
    rk_error_detail(err, "%s", detail);
    rk_error_hint(err, "%s", hint);
    return RK_ERR_IMAGE_FORMAT;
}

const uint8_t *rk_bfl_padded(const uint8_t *data, size_t len, struct rk_arena *arena,
                             size_t *padded)
{
    size_t total = (len + PAD - 1) / PAD * PAD;
    uint8_t *copy = rk_arena_alloc(arena, total);

    if (copy)
        memcpy(copy, data, len);
    *padded = total;
    return copy;
}

/* Images of the SDKs since 2022 carry a record with their name: "boot2" and "mfg" are none. */
static bool has_app_record(const uint8_t *data, size_t len)
{
    static const char mark[] = "BLFBVERF";

    if (len < 0xC40 || memcmp(data + 0xC00, mark, 8) != 0)
        return false;
    return memcmp(data + 0xC28, "boot2", 5) != 0 && memcmp(data + 0xC28, "mfg", 3) != 0;
}

bool rk_bfl_app_is_bare(const uint8_t *data, size_t len)
{
    if (rk_bfl_boot2_starts(data, len))
        return false;
    return rk_bfl_app_starts(data, len) || has_app_record(data, len) ||
           rk_search_text(data, len, 0, "Booting BL602 Chip") < len;
}

static enum rk_status read_bare(const uint8_t *data, size_t len, bool any, struct rk_arena *arena,
                                struct rk_bfl_app *out, struct rk_error *err)
{
    if (len < 64 || rk_bytes_all(data, len, data[0]))
        return reject(err, "it holds no code", "a failed download looks like this: get it again");
    if (rk_bfl_boot2_starts(data, len))
        return reject(err, "it is a second-stage loader",
                      "give it as --boot FILE, and the application as the file to flash");
    if (!any && !rk_bfl_app_is_bare(data, len))
        return reject(err, "nothing in it says that it is code for a BL602",
                      "get the file that is made for this chip");
    out->code = rk_bfl_padded(data, len, arena, &out->len);
    rk_text_copy(out->what, sizeof out->what, "bare application");
    return out->code ? RK_OK : rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

/* Why a header is not one that starts on a BL602; NULL if it is. */
#define RAM 0x20000000u /* an image that starts there is not executed in the flash */

static const char *header_objection(const struct rk_bfl_header *h)
{
    if (h->other_chip)
        return "its header is one of another chip of the family";
    if (!h->crc_good)
        return "the CRC of its header is wrong: damaged, or made for another chip";
    if (!h->flat || h->start >= RAM)
        return "it is an image for the RAM, such as a flash loader";
    if (!h->plain)
        return "it is signed or enciphered: no chip without these efuses starts it";
    if (h->clock_good && h->crystal != RK_BFL_CRYSTAL_40M)
        return "its header is made for another crystal than 40 MHz";
    return h->cached && !(h->boot_cfg & RK_BFL_NOT_LOAD)
               ? NULL
               : "its header asks for what does not start";
}

static enum rk_status read_headed(const uint8_t *data, size_t len, struct rk_bfl_app *out,
                                  struct rk_error *err)
{
    struct rk_bfl_header h;
    const char *objection;

    rk_bfl_header_read(data, len, &h);
    objection = header_objection(&h);
    if (objection)
        return reject(err, objection, "get the file that is made for this chip");
    if (!rk_bfl_hash_check(&h, data, len, BODY)) {
        if (h.start >= 0x2000 && rk_bfl_hash_check(&h, data, len, h.start))
            return reject(err, "it is a second-stage loader or another image for address 0",
                          "give a second-stage loader as --boot FILE");
        return reject(err, "its code has another hash than its header says, or is cut short",
                      "download or copy the file again");
    }
    out->code = data + BODY;
    out->len = h.length;
    out->has_header = true;
    memcpy(out->header, data, RK_BFL_HEADER);
    if (!out->what[0])
        rk_text_copy(out->what, sizeof out->what, "application with its header");
    return RK_OK;
}

static enum rk_status read_packed(const uint8_t *data, size_t len, const char *what,
                                  struct rk_arena *arena, struct rk_bfl_app *out,
                                  struct rk_error *err)
{
    uint8_t *raw = NULL, *kept;
    size_t raw_len = 0;
    enum rk_status status = rk_xz_unpack(data, len, UNPACKED, &raw, &raw_len, err);

    if (status != RK_OK)
        return status;
    kept = rk_arena_alloc(arena, raw_len);
    if (kept)
        memcpy(kept, raw, raw_len);
    free(raw);
    if (!kept)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    if (raw_len < RK_BFL_HEADER || memcmp(kept, "BFNP", 4) != 0)
        return reject(err, "what is packed in it is no application with its header",
                      "get the file that is made for this chip");
    rk_text_copy(out->what, sizeof out->what, what);
    return read_headed(kept, raw_len, out, err);
}

static enum rk_status read_ota(const uint8_t *data, size_t len, struct rk_arena *arena,
                               struct rk_bfl_app *out, struct rk_error *err)
{
    struct rk_bfl_ota ota;

    rk_bfl_ota_read(data, len, &ota);
    if (!ota.complete || !ota.hash_good)
        return reject(
            err, ota.complete ? "the hash of the OTA file is wrong" : "the OTA file is cut short",
            "download or copy the file again");
    if (ota.packed)
        return read_packed(data + RK_BFL_OTA_HEADER, ota.body_len, "packed OTA file", arena, out,
                           err);
    rk_text_copy(out->what, sizeof out->what, "OTA file");
    if (ota.body_len < RK_BFL_HEADER || memcmp(data + RK_BFL_OTA_HEADER, "BFNP", 4) != 0)
        return reject(err, "what is in the OTA file is no application with its header",
                      "get the file that is made for this chip");
    return read_headed(data + RK_BFL_OTA_HEADER, ota.body_len, out, err);
}

static bool is_capture(const uint8_t *data, size_t len)
{
    return len >= 0x10000 &&
           (memcmp(data + 0xE000, "BFPT", 4) == 0 || memcmp(data + 0xF000, "BFPT", 4) == 0);
}

enum rk_status rk_bfl_app_read(const uint8_t *data, size_t len, bool any, struct rk_arena *arena,
                               struct rk_bfl_app *out, struct rk_error *err)
{
    struct rk_bfl_ota ota;

    *out = (struct rk_bfl_app){0};
    if (rk_bfl_ota_read(data, len, &ota))
        return read_ota(data, len, arena, out, err);
    if (rk_xz_recognise(data, len))
        return read_packed(data, len, "xz stream", arena, out, err);
    if (len >= RK_BFL_HEADER && memcmp(data, "BFAP", 4) == 0)
        return reject(err, "it is for another chip of the family",
                      "get the file that is made for this chip");
    if (len >= RK_BFL_HEADER && memcmp(data, "BFNP", 4) == 0)
        return is_capture(data, len)
                   ? reject(err, "it is a whole flash",
                            "flash it as it is, or cut the application out: rekindle image extract")
                   : read_headed(data, len, out, err);
    return read_bare(data, len, any, arena, out, err);
}
