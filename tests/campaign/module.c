#include "campaign/module.h"

#include "base/rng.h"
#include "base/text.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/header.h"
#include "store/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APP_ADDR 0x11000u

static void die(const char *what, const struct rk_error *err)
{
    fprintf(stderr, "campaign: %s: %s\n", what, err->message);
    exit(2);
}

static int64_t utc(void *user)
{
    return ((struct module *)user)->utc++;
}

/* Where these chips usually keep their calibration. */
static uint32_t usual_rf(const char *model, size_t size)
{
    if (strcmp(model, "bk7252") == 0 || strcmp(model, "bk7252n") == 0)
        return (uint32_t)size - 0x2000;
    return strcmp(model, "bk7231n") == 0 || strcmp(model, "bk7231m") == 0 ? 0x1D0000 : 0x1E0000;
}

static void put_rf(uint8_t *sector, uint64_t seed)
{
    static const uint8_t record[] = {
        'T',  'L',  'V',  0,    0x22, 0,    0,    0, 0x00, 0x11, 0x11, 0x11, 0x1A, 0,
        0,    0,    0x01, 0x11, 0x11, 0x11, 0x04, 0, 0,    0,    1,    2,    3,    4,
        0x02, 0x11, 0x11, 0x11, 0x06, 0,    0,    0, 0x38, 0x1F, 0x8D, 0,    0,    0};

    memcpy(sector, record, sizeof record);
    for (int i = 0; i < 3; i++)
        sector[0x27 + i] = (uint8_t)(seed >> (8 * i));
}

static void put_noise(struct rk_rng *rng, uint8_t *flash, uint32_t addr, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        flash[addr + i] = (uint8_t)rk_rng_next(rng);
}

/* A few used areas and a lot of blank flash: like a real module, and quick to read. */
static void make_content(uint8_t *flash, size_t size, const char *model, uint64_t seed)
{
    struct rk_rng rng = {seed};
    bool bl602 = strcmp(model, "bl602") == 0;

    put_noise(&rng, flash, 0x1000, 0x1000 + rk_rng_below(&rng, 0x4000));
    put_noise(&rng, flash, APP_ADDR, 0x10000 + rk_rng_below(&rng, 0x20000));
    put_noise(&rng, flash, 0x1ED000, 0x1000 + rk_rng_below(&rng, 0x4000));
    if (bl602) /* a second-stage loader with its header: enough to be known by */
        rk_bfl_header_make(flash, rk_bl602_part_find(0xEF4015)->parameters, flash + 0x2000, 0x1000,
                           0x2000);
    else
        put_rf(flash + usual_rf(model, size), seed);
}

void module_make_with(struct module *m, const char *model, const char *loader, const uint8_t *flash,
                      size_t len, const struct rk_sim_faults *faults)
{
    struct rk_sim_options opt = {.size = sizeof opt,
                                 .model = model,
                                 .loader = loader,
                                 .flash = flash,
                                 .flash_len = len,
                                 .faults = *faults};
    struct rk_callbacks callbacks = {.size = sizeof callbacks, .user = m, .utc = utc};
    struct rk_error err = {0};
    bool memory = access("/dev/shm", W_OK) == 0;

    memset(m, 0, sizeof *m);
    m->utc = 1767268800;
    m->size = len;
    m->original = malloc(len);
    if (!m->original)
        exit(2);
    memcpy(m->original, flash, len);
    if (rk_sim_new(&opt, &m->sim, &err) != RK_OK)
        die(model, &err);
    if (rk_context_new(&m->ctx, &callbacks, &err) != RK_OK)
        die("context", &err);
    rk_text_format(m->folder, sizeof m->folder, "%s/rekindle-campaign-XXXXXX",
                   memory ? "/dev/shm" : "/tmp");
    if (!mkdtemp(m->folder))
        exit(2);
}

void module_make(struct module *m, const char *model, const char *loader, uint64_t seed,
                 const struct rk_sim_faults *faults)
{
    struct rk_sim_options opt = {.size = sizeof opt, .model = model, .loader = loader};
    struct rk_error err = {0};
    struct rk_sim *empty = NULL;
    size_t size = 0;

    /* A module made of nothing brings the boot loader that its chip needs to answer at all. */
    if (rk_sim_new(&opt, &empty, &err) != RK_OK)
        die(model, &err);
    const uint8_t *flash = rk_sim_flash(empty, &size);
    uint8_t *content = malloc(size);
    if (!content)
        exit(2);
    memcpy(content, flash, size);
    rk_sim_free(empty);
    make_content(content, size, model, seed);
    module_make_with(m, model, loader, content, size, faults);
    free(content);
}

enum rk_status module_connect(struct module *m, struct rk_error *err)
{
    struct rk_connect_options opt = {.size = sizeof opt};
    enum rk_status status = rk_sim_link(m->ctx, m->sim, false, &m->link, err);

    if (status == RK_OK)
        status = rk_device_connect(m->ctx, m->link, &opt, &m->dev, err);
    return status;
}

void module_disconnect(struct module *m)
{
    rk_device_free(m->dev);
    rk_link_close(m->link);
    m->dev = NULL;
    m->link = NULL;
}

double module_seconds(const struct module *m)
{
    return m->link ? (double)rk_clock_now(rk_link_clock(m->link)) / 1e6 : 0;
}

void module_heal(struct module *m)
{
    const struct rk_sim_faults none = {0};
    uint64_t now = m->link ? rk_clock_now(rk_link_clock(m->link)) : 0;

    rk_sim_set_faults(m->sim, &none);
    rk_sim_power_on(m->sim, now + 1000000u);
}

uint32_t module_rf(const struct module *m)
{
    for (uint32_t addr = 0; addr + RK_SECTOR_SIZE <= m->size; addr += RK_SECTOR_SIZE)
        if (memcmp(m->original + addr, "TLV", 4) == 0)
            return addr;
    return 0;
}

bool module_file_is(const char *path, const uint8_t *data, size_t len)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    bool same = rk_file_read(path, len, &bytes, &n, NULL) == RK_OK && n == len &&
                memcmp(bytes, data, len) == 0;

    free(bytes);
    return same;
}

void module_free(struct module *m)
{
    DIR *stream = opendir(m->folder);

    module_disconnect(m);
    for (const struct dirent *item; stream && (item = readdir(stream));) {
        char path[400];
        rk_text_format(path, sizeof path, "%s/%s", m->folder, item->d_name);
        unlink(path);
    }
    if (stream)
        closedir(stream);
    rmdir(m->folder);
    rk_context_free(m->ctx);
    rk_sim_free(m->sim);
    free(m->original);
}
