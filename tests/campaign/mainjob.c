/* The main job from end to end on virtual modules of every chip: back up, back up again, flash,
 * flash again, restore. With the captures of real modules beside the project it does the same on
 * them, flashing the application of one capture into another.
 *
 *   campaign_mainjob [MODEL] */
#include "campaign/module.h"

#include "base/rng.h"
#include "base/text.h"
#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APP_ADDR  0x11000u
#define IMAGE_LEN 0x23456u

static int failures;

static void check(bool good, const char *what, const struct module *m, const struct rk_error *err)
{
    if (good)
        return;
    failures++;
    fprintf(stderr, "main job: %s (%s): [%s] %s; %s\n", what,
            m->dev ? rk_device_info(m->dev)->chip : "not linked", err->id, err->message,
            err->detail);
}

static uint32_t commands_that_change(const struct module *m)
{
    struct rk_sim_stats stats;

    rk_sim_stats(m->sim, &stats);
    return stats.erases_4k + stats.erases_64k + stats.programs_4k;
}

static uint32_t reads(const struct module *m)
{
    struct rk_sim_stats stats;

    rk_sim_stats(m->sim, &stats);
    return stats.reads_4k;
}

static void back_up_twice(struct module *m, char *path, size_t cap)
{
    struct rk_backup_options opt = {.size = sizeof opt, .dir = m->folder};
    struct rk_backup_result r = {0};
    struct rk_error err = {0};

    check(rk_job_backup(m->dev, &opt, &r, &err) == RK_OK, "backup", m, &err);
    check(module_file_is(r.path, m->original, m->size), "the backup is the flash", m, &err);
    rk_text_copy(path, cap, r.path);
    printf("  backup   %4u transferred, %4u blank, %6.1f s\n", (unsigned)r.transferred,
           (unsigned)r.blank, r.seconds);
    uint32_t before = reads(m);
    check(rk_job_backup(m->dev, &opt, &r, &err) == RK_OK, "second backup", m, &err);
    check(r.transferred == 0 && reads(m) == before, "nothing is transferred again", m, &err);
    check(module_file_is(r.path, m->original, m->size), "the second backup is the flash", m, &err);
    printf("  again    %4u transferred,             %6.1f s\n", (unsigned)r.transferred, r.seconds);
}

static void flash_twice(struct module *m, const struct rk_image_file *image)
{
    struct rk_write_policy policy = {.backup_dir = m->folder};
    struct rk_write_result r = {0};
    struct rk_error err = {0};
    size_t len;

    check(rk_job_flash(m->dev, image, &policy, &r, &err) == RK_OK, "flash", m, &err);
    check(r.verified && r.restarted && r.backup_reused, "flash uses the backup, verifies, restarts",
          m, &err);
    check(memcmp(rk_sim_flash(m->sim, &len) + APP_ADDR, image->data, image->len) == 0,
          "the image is in the flash", m, &err);
    printf("  flash    %4u programmed, %u erases of 64K, %u of 4K, %6.1f s\n",
           (unsigned)r.programmed, (unsigned)r.plan.erases_64k, (unsigned)r.plan.erases_4k,
           r.seconds);
    module_disconnect(m);
    uint32_t before = commands_that_change(m);
    check(module_connect(m, &err) == RK_OK, "connect after flashing", m, &err);
    if (!m->dev)
        return;
    check(rk_job_flash(m->dev, image, &policy, &r, &err) == RK_OK, "flash again", m, &err);
    check(commands_that_change(m) == before, "nothing is erased or programmed again", m, &err);
    printf("  again    %4u programmed,              %6.1f s\n", (unsigned)r.programmed, r.seconds);
    module_disconnect(m);
}

static void restore(struct module *m, const char *path)
{
    struct rk_write_policy policy = {.backup_dir = m->folder};
    struct rk_image_file file = {.name = path};
    struct rk_write_result r = {0};
    struct rk_error err = {0};
    uint8_t *data = NULL;
    size_t len = 0;

    check(module_connect(m, &err) == RK_OK, "connect for restoring", m, &err);
    if (!m->dev || rk_file_read(path, m->size, &data, &len, &err) != RK_OK)
        return;
    file.data = data;
    file.len = len;
    check(rk_job_restore(m->dev, &file, &policy, &r, &err) == RK_OK, "restore", m, &err);
    check(memcmp(rk_sim_flash(m->sim, &len), m->original, m->size) == 0,
          "the flash is the original again", m, &err);
    check(!rk_sim_touched(m->sim, 0, APP_ADDR), "the boot loader was never touched", m, &err);
    uint32_t rf = module_rf(m);
    check(!rf || !rk_sim_touched(m->sim, rf, RK_SECTOR_SIZE), "calibration was never touched", m,
          &err);
    printf("  restore  %4u programmed,              %6.1f s\n", (unsigned)r.programmed, r.seconds);
    free(data);
}

static void main_job(struct module *m, const struct rk_image_file *image)
{
    struct rk_error err = {0};
    char backup[1024] = "";

    check(module_connect(m, &err) == RK_OK, "connect", m, &err);
    if (!m->dev)
        return;
    back_up_twice(m, backup, sizeof backup);
    flash_twice(m, image);
    restore(m, backup);
}

static void synthetic(const char *model, const char *loader)
{
    static uint8_t image[IMAGE_LEN];
    const struct rk_sim_faults none = {0};
    struct rk_image_file file = {.name = "image.bin",
                                 .data = image,
                                 .len = sizeof image,
                                 .have_addr = true,
                                 .addr = APP_ADDR};
    struct rk_rng rng = {99};
    struct module m;

    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)rk_rng_next(&rng);
    printf("%s %s\n", model, loader ? loader : "");
    module_make(&m, model, loader, 11, &none);
    main_job(&m, &file);
    module_free(&m);
}

/* The application of a capture, as an update file would hold it. */
static void captured(const char *model, const char *flash_name, const char *image_name)
{
    const struct rk_sim_faults none = {0};
    struct rk_image_file file = {.name = image_name};
    struct rk_image_facts facts;
    uint8_t *flash = NULL, *other = NULL;
    size_t flash_len = 0, other_len = 0;
    char path[1200];
    struct module m;

    rk_text_format(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, flash_name);
    if (rk_file_read(path, 64u << 20, &flash, &flash_len, NULL) == RK_OK) {
        rk_text_format(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, image_name);
        if (rk_file_read(path, 64u << 20, &other, &other_len, NULL) == RK_OK) {
            rk_image_identify(other, other_len, image_name, &facts);
            file.data = other + APP_ADDR;
            file.len = facts.code_end - APP_ADDR;
            printf("%s: %s\n  gets %s, %zu bytes\n", model, flash_name, image_name, file.len);
            module_make_with(&m, model, NULL, flash, flash_len, &none);
            main_job(&m, &file);
            module_free(&m);
        }
    } else {
        printf("%s: no captures beside the project, skipped\n", model);
    }
    free(flash);
    free(other);
}

static const struct {
    const char *model, *loader;
} models[] = {{"bk7231n", NULL},    {"bk7231m", NULL},    {"bk7238", NULL},     {"bk7252n", NULL},
              {"bk7231t", "1.0.4"}, {"bk7231t", "1.0.5"}, {"bk7231t", "1.0.6"}, {"bk7231u", NULL},
              {"bk7231q", NULL},    {"bk7252", NULL}};

static const struct {
    const char *model, *flash, *image;
} captures[] = {
    {"bk7231n", "Mirabella Genio I003632 Plug.bin", "SmartLED 8044 1 Gange Smart Switch.bin"},
    {"bk7231n", "SmartLED 8044 1 Gange Smart Switch.bin",
     "Tuya Generic Motion Sensor CBU v1.0.6 Kraslaw.bin"},
    {"bk7231t", "Tuya Generic DS-101JL 4 Gang Smart Switch.bin",
     "Globe Electric 37783 RGBCT Bulb v2.0.0.bin"},
    {"bk7231t", "Globe Electric 37783 RGBCT Bulb v2.0.0.bin",
     "Tuya Generic DS-101JL 4 Gang Smart Switch.bin"},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (argc < 2 || strcmp(argv[1], models[i].model) == 0)
            synthetic(models[i].model, models[i].loader);
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++)
        if (argc < 2 || strcmp(argv[1], captures[i].model) == 0)
            captured(captures[i].model, captures[i].flash, captures[i].image);
    printf("main job: %d failures\n", failures);
    return failures ? 1 : 0;
}
