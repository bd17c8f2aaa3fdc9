#include "image/update.h"

#include "base/text.h"
#include "image/identify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rk_update_say(struct rk_update *u, const char *id, const char *name, enum rk_verdict verdict,
                   const char *fmt, ...)
{
    struct rk_inspect_test *test;
    va_list args;

    if (u->test_count == RK_UPDATE_TESTS)
        return;
    test = &u->tests[u->test_count++];
    rk_text_copy(test->id, sizeof test->id, id);
    rk_text_copy(test->name, sizeof test->name, name);
    test->verdict = verdict;
    va_start(args, fmt);
    vsnprintf(test->text, sizeof test->text, fmt, args);
    va_end(args);
}

static void conclude(struct rk_update *u)
{
    u->accepted = true;
    for (size_t i = 0; i < u->test_count && u->accepted; i++) {
        if (u->tests[i].verdict != RK_VERDICT_BAD)
            continue;
        u->accepted = false;
        rk_text_format(u->reason, sizeof u->reason, "%s: %s", u->tests[i].name, u->tests[i].text);
    }
    if (u->accepted && u->ignored)
        rk_text_copy(u->reason, sizeof u->reason,
                     "it is installed already: the boot loader would do nothing");
}

static bool is_beken_flash(enum rk_image_kind kind)
{
    return kind == RK_IMAGE_DUMP || kind == RK_IMAGE_QIO || kind == RK_IMAGE_DUMP_SHIFTED ||
           kind == RK_IMAGE_DUMP_SWAPPED || kind == RK_IMAGE_DUMP_DOUBLED;
}

enum rk_status rk_update_check(const uint8_t *update, size_t update_len, const uint8_t *flash,
                               size_t flash_len, struct rk_update *out, struct rk_error *err)
{
    struct rk_image_facts package, target;
    enum rk_status status = RK_OK;
    struct rk_beken b;

    *out = (struct rk_update){0};
    rk_identify(update, update_len, NULL, &package, NULL);
    if (package.kind != RK_IMAGE_RBL && package.kind != RK_IMAGE_UG &&
        package.kind != RK_IMAGE_BL602_OTA) {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "update.kind", "this is no update: %s", package.summary);
        rk_error_hint(err, "an update is an .rbl, a UG file or a BL602 .ota file");
        return RK_ERR_IMAGE_FORMAT;
    }
    rk_identify(flash, flash_len, NULL, &target, &b);
    if (package.kind == RK_IMAGE_BL602_OTA && target.kind == RK_IMAGE_BL602_DUMP) {
        rk_bouffalo_update(update, update_len, flash, flash_len, out);
    } else if (package.kind != RK_IMAGE_BL602_OTA && is_beken_flash(target.kind)) {
        status = rk_beken_update(update, update_len, &b, out, err);
    } else if (is_beken_flash(target.kind) || target.kind == RK_IMAGE_BL602_DUMP) {
        rk_update_say(out, "U1", "family", RK_VERDICT_BAD,
                      "the package is for %s, the flash is of "
                      "a %s",
                      package.family, target.family);
    } else {
        rk_fail(err, RK_ERR_IMAGE_FORMAT, "update.flash", "this is no capture of a flash: %s",
                target.summary);
        rk_error_hint(err, "make one with rekindle backup");
        status = RK_ERR_IMAGE_FORMAT;
    }
    rk_beken_free(&b);
    if (status == RK_OK)
        conclude(out);
    return status;
}
