/* Cuts the power at every single transaction of a flash, until it gets through. After each cut the
 * same command is run again: it must complete, the image must be in the flash, everything else
 * must be what it was before the first attempt, and the backup must hold exactly that.
 *
 *   campaign_power MODEL [LOADER] [--every N] */
#include "campaign/module.h"

#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_ADDR 0x11000u
#define IMAGE_LEN  0x23456u /* two blocks and some sectors; the last sector in part */

static uint8_t image[IMAGE_LEN];

static enum rk_status flash_image(struct module *m, struct rk_write_result *out,
                                  struct rk_error *err)
{
    struct rk_image_file file = {.name = "image.bin",
                                 .data = image,
                                 .len = sizeof image,
                                 .have_addr = true,
                                 .addr = IMAGE_ADDR};
    struct rk_write_policy policy = {.backup_dir = m->folder};
    enum rk_status status = module_connect(m, err);

    return status == RK_OK ? rk_job_flash(m->dev, &file, &policy, out, err) : status;
}

static bool fail(const char *what, unsigned cut, const struct rk_error *err)
{
    fprintf(stderr, "campaign: power cut at transaction %u: %s: [%s] %s\n", cut, what, err->id,
            err->message);
    return false;
}

static bool check(struct module *m, const struct rk_write_result *r, unsigned cut)
{
    const struct rk_error none = {0};
    size_t len;
    const uint8_t *flash = rk_sim_flash(m->sim, &len);
    const uint32_t end = IMAGE_ADDR + IMAGE_LEN;

    if (memcmp(flash + IMAGE_ADDR, image, IMAGE_LEN) != 0)
        return fail("the image is not in the flash", cut, &none);
    if (memcmp(flash, m->original, IMAGE_ADDR) != 0 ||
        memcmp(flash + end, m->original + end, len - end) != 0)
        return fail("bytes outside of the image changed", cut, &none);
    if (rk_sim_touched(m->sim, 0, IMAGE_ADDR) ||
        rk_sim_touched(m->sim, module_rf(m), RK_SECTOR_SIZE))
        return fail("boot loader or calibration were touched", cut, &none);
    if (!module_file_is(r->backup.path, m->original, m->size))
        return fail("the backup is not the original flash", cut, &none);
    return true;
}

/* One flash with the power failing at the n-th transaction. *through tells that it did not. */
static bool one_cut(const char *model, const char *loader, unsigned cut, bool *through)
{
    struct rk_sim_faults faults = {.power_cut_at = cut};
    struct rk_write_result r = {0};
    struct rk_error err = {0};
    struct module m;

    module_make(&m, model, loader, 7, &faults);
    bool good = true;
    *through = flash_image(&m, &r, &err) == RK_OK;
    if (!*through) {
        module_heal(&m);
        module_disconnect(&m);
        if (flash_image(&m, &r, &err) != RK_OK)
            good = fail("the next run failed", cut, &err);
    }
    good = good && check(&m, &r, cut);
    module_free(&m);
    return good;
}

int main(int argc, char **argv)
{
    const char *model = argc > 1 ? argv[1] : "bk7231n", *loader = NULL;
    struct rk_rng rng = {42};
    unsigned every = 1, failed = 0, cuts = 0;
    bool through = false;

    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--every") == 0 && i + 1 < argc)
            every = (unsigned)strtoul(argv[++i], NULL, 0);
        else
            loader = argv[i];
    }
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)rk_rng_next(&rng);
    for (unsigned cut = 1; !through; cut += every, cuts++)
        failed += !one_cut(model, loader, cut, &through);
    printf("campaign: %s: power cut at %u transactions, %u failed\n", model, cuts - 1, failed);
    return failed || cuts < 5 ? 1 : 0;
}
