/* What a Beken boot loader does with a package in its download partition. */
#include "image/update.h"

#include "base/text.h"
#include "image/beken/ug.h"

#include <stdlib.h>
#include <string.h>

/* These refuse packages that are not enciphered: "none encryption Not allow!". */
static bool refuses_plain(const char *boot)
{
    return strstr(boot, "_1.0.4") || strstr(boot, "_1.0.15");
}

static void judge_places(const struct rk_beken *flash, const struct rk_rbl *rbl,
                         struct rk_update *out)
{
    const struct rk_fal_entry *part = rk_fal_entry(&flash->fal, rbl->partition);
    const struct rk_fal_entry *slot = rk_fal_entry(&flash->fal, "download");

    if (flash->fal.count == 0) {
        rk_update_say(out, "U4", "partition table", RK_VERDICT_BAD,
                      "this boot loader has none: it cannot install updates");
        return;
    }
    if (!slot)
        rk_update_say(out, "U4", "download partition", RK_VERDICT_BAD, "the table has none");
    else if (rbl->package_size > slot->span - (slot->span > RK_RBL_HEADER ? RK_RBL_HEADER : 0))
        rk_update_say(out, "U4", "download partition", RK_VERDICT_BAD,
                      "%u bytes do not fit into %u", rbl->package_size + RK_RBL_HEADER, slot->span);
    else
        rk_update_say(out, "U4", "download partition", RK_VERDICT_GOOD, "%u of %u bytes at 0x%06X",
                      rbl->package_size + RK_RBL_HEADER, slot->span, slot->addr);
    if (!part || strcmp(rbl->partition, "app") != 0)
        rk_update_say(out, "U5", "target partition", RK_VERDICT_BAD, "the package is for \"%s\"%s",
                      rbl->partition,
                      part ? ", which updates must not write" : ", which the table does not have");
    else if (rbl->raw_size > part->len - (part->len > RK_RBL_HEADER ? RK_RBL_HEADER : 0))
        rk_update_say(out, "U5", "target partition", RK_VERDICT_BAD, "%u bytes do not fit into %u",
                      rbl->raw_size, part->len);
    else
        rk_update_say(out, "U5", "target partition", RK_VERDICT_GOOD, "%u of %u bytes",
                      rbl->raw_size, part->len);
}

static void judge_boot(const struct rk_beken *flash, const struct rk_rbl *rbl,
                       struct rk_update *out)
{
    const char *boot = flash->boot_info.name;

    if (!flash->boot.present)
        rk_update_say(out, "U2", "boot loader", RK_VERDICT_BAD, "there is none to install it");
    else if (rbl->cipher == RK_RBL_CIPHER_NONE && refuses_plain(boot))
        rk_update_say(out, "U2", "boot loader", RK_VERDICT_BAD, "%s takes only enciphered packages",
                      boot);
    else if (rbl->packing == RK_RBL_PACKING_QUICKLZ || rbl->packing == RK_RBL_PACKING_FASTLZ)
        rk_update_say(out, "U2", "boot loader", RK_VERDICT_BAD, "%s unpacks gzip only",
                      boot[0] ? boot : "the boot loader");
    else if (!flash->boot_info.build)
        rk_update_say(out, "U2", "boot loader", RK_VERDICT_UNTESTED,
                      "%s is no known build: its OTA key may differ", boot[0] ? boot : "it");
    else
        rk_update_say(out, "U2", "boot loader", RK_VERDICT_GOOD, "%s takes such packages", boot);
}

static void judge_content(const struct rk_beken *flash, const uint8_t *raw, size_t len,
                          struct rk_update *out)
{
    struct rk_app_info info;

    if (len < RK_VECTORS_SIZE || !rk_vectors_plausible(raw)) {
        rk_update_say(out, "U3", "application", RK_VERDICT_BAD,
                      "what is in the package is no application");
        return;
    }
    rk_app_identify(raw, len, flash->app.key.cls, &info);
    if (out->version[0] == '\0' || strcmp(out->version, "no version") == 0)
        rk_text_copy(out->version, sizeof out->version, info.version);
    if (flash->app.present && info.series != flash->app_info.series)
        rk_update_say(out, "U3", "application", RK_VERDICT_BAD,
                      "it is for %s: it would be installed and then not start",
                      rk_series_text(info.series));
    else
        rk_update_say(out, "U3", "application", RK_VERDICT_GOOD, "%s %s for %s",
                      info.name[0] ? info.name : "code", info.version, rk_series_text(info.series));
}

enum rk_status rk_beken_update(const uint8_t *update, size_t len, const struct rk_beken *flash,
                               struct rk_update *out, struct rk_error *err)
{
    struct rk_ug ug;
    struct rk_rbl rbl;
    struct rk_error why;
    uint8_t *raw = NULL;
    size_t raw_len = 0;
    enum rk_status status;

    if (rk_ug_read(update, len, &ug)) {
        bool sound = ug.header_good && ug.body_good;

        rk_update_say(out, "U0", "UG header", sound ? RK_VERDICT_GOOD : RK_VERDICT_BAD,
                      sound ? "both sums are right" : "a sum is wrong, or the file is cut short");
        update += RK_UG_HEADER;
        len -= RK_UG_HEADER;
    }
    status = rk_rbl_unpack(update, len, &rbl, &raw, &raw_len, &why);
    if (status == RK_ERR_NOMEM) {
        if (err)
            *err = why;
        return status;
    }
    if (status != RK_OK) {
        rk_update_say(out, "U1", "package", RK_VERDICT_BAD, "%s", why.message);
        return RK_OK;
    }
    rk_text_copy(out->version, sizeof out->version, rk_rbl_version(&rbl));
    rk_update_say(out, "U1", "package", RK_VERDICT_GOOD, "CRC and hash are right");
    judge_boot(flash, &rbl, out);
    judge_content(flash, raw, raw_len, out);
    judge_places(flash, &rbl, out);
    out->ignored = flash->app_rbl && rk_rbl_same(&rbl, &flash->app_rbl->rbl);
    free(raw);
    return RK_OK;
}
