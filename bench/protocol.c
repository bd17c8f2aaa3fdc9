/* Figures of the protocol, in the virtual clock of a virtual module: bench_protocol prints lines
 * "name value", seconds or counts, for bench.py to make a table of.
 *
 * The module answers 1 ms after a command (turnaround), its flash has 2 MiB, the line runs at 921600
 * baud. Its CRC runs at the speed of the model, or at the pessimistic 400 KB/s of public tools. */
#include <rekindle/rekindle.h>

#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLASH_SIZE   (2u << 20)
#define SECTORS      (FLASH_SIZE / RK_SECTOR_SIZE)
#define BAUD         921600u
#define SLOW_CRC     400000u
#define APP_ADDR     0x11000u
#define APP_LEN      0x80000u
#define WORK_BLANK   195u /* sectors of 512: 38 % */
#define MICROSECONDS 1e6

/* A module, connected. */
struct bench {
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_sim *sim;
    struct rk_device *dev;
    struct rk_sim_stats before;
    uint64_t started_us;
};

static void must(enum rk_status status, const struct rk_error *err)
{
    if (status == RK_OK)
        return;
    fprintf(stderr, "bench: %s [%s]: %s\n", err->message, err->id, err->detail);
    exit(1);
}

static void open_module(struct bench *b, const uint8_t *flash, uint32_t crc_rate)
{
    struct rk_error err = {0};
    struct rk_sim_options options = {.size = sizeof options,
                                     .model = "bk7231n",
                                     .flash = flash,
                                     .flash_len = FLASH_SIZE,
                                     .turnaround_us = 1000,
                                     .crc_bytes_per_second = crc_rate};
    struct rk_connect_options connect = {.size = sizeof connect, .baud = BAUD};

    must(rk_context_new(&b->ctx, NULL, &err), &err);
    must(rk_sim_new(&options, &b->sim, &err), &err);
    must(rk_sim_link(b->ctx, b->sim, true, &b->link, &err), &err);
    must(rk_device_connect(b->ctx, b->link, &connect, &b->dev, &err), &err);
}

static void close_module(struct bench *b)
{
    rk_device_free(b->dev);
    rk_link_close(b->link);
    rk_context_free(b->ctx);
}

static void begin(struct bench *b)
{
    rk_sim_stats(b->sim, &b->before);
    b->started_us = rk_clock_now(rk_link_clock(b->link));
}

static double seconds_since(const struct bench *b)
{
    return (double)(rk_clock_now(rk_link_clock(b->link)) - b->started_us) / MICROSECONDS;
}

/* Every sector different; `blank` of them blank, spread over the flash as in real dumps: runs. */
static void make_flash(uint8_t *flash, uint32_t blank)
{
    struct rk_rng rng = {7231};

    for (uint32_t i = 0; i < FLASH_SIZE; i++)
        flash[i] = (uint8_t)rk_rng_below(&rng, 256);
    for (uint32_t i = 0; i < blank; i++)
        memset(flash + (size_t)(SECTORS - 40 - i) * RK_SECTOR_SIZE, 0xFF, RK_SECTOR_SIZE);
}

static void bench_read(uint8_t *flash, uint8_t *out)
{
    struct bench b = {0};
    struct rk_error err = {0};

    make_flash(flash, 0);
    open_module(&b, flash, 0);
    begin(&b);
    must(rk_device_read(b.dev, 0, out, FLASH_SIZE, &err), &err);
    printf("read %.3f\n", seconds_since(&b));
    if (memcmp(out, flash, FLASH_SIZE) != 0)
        must(RK_ERR_VERIFY, &err);
    begin(&b);
    must(rk_job_read(b.dev, 0, out, FLASH_SIZE, &err), &err);
    printf("read-verified %.3f\n", seconds_since(&b));
    close_module(&b);
}

static void back_up(struct bench *b, const char *folder, const char *path, const char *name)
{
    struct rk_error err = {0};
    struct rk_backup_options options = {.size = sizeof options, .path = path, .dir = folder};
    struct rk_backup_result result;

    begin(b);
    must(rk_job_backup(b->dev, &options, &result, &err), &err);
    printf("%s %.3f\n%s-transferred %u\n", name, seconds_since(b), name,
           (unsigned)result.transferred);
}

static void bench_backup(uint8_t *flash, uint32_t crc_rate, const char *suffix)
{
    struct bench b = {0};
    char folder[] = "/tmp/rekindle-bench-XXXXXX", path[64], name[64];

    if (!mkdtemp(folder))
        exit(1);
    make_flash(flash, WORK_BLANK);
    open_module(&b, flash, crc_rate);
    for (int run = 0; run < 2; run++) {
        snprintf(path, sizeof path, "%s/%d.bin", folder, run);
        snprintf(name, sizeof name, "%s%s", run ? "again" : "backup", suffix);
        back_up(&b, folder, path, name);
    }
    close_module(&b);
    for (int run = 0; run < 2; run++) {
        snprintf(path, sizeof path, "%s/%d.bin", folder, run);
        unlink(path);
        snprintf(path, sizeof path, "%s/%d.bin.json", folder, run);
        unlink(path);
    }
    rmdir(folder);
}

/* Programs an application, then the same again. */
static void bench_write(uint8_t *flash, uint32_t crc_rate, const char *suffix)
{
    struct bench b = {0};
    struct rk_error err = {0};
    struct rk_write_policy policy = {
        .no_backup = true, .no_reset = true, .lifted = RK_RULE_BIT(RK_RULE_NO_BACKUP)};
    struct rk_write_result result;
    struct rk_sim_stats now;
    uint8_t *app = malloc(APP_LEN);

    if (!app)
        exit(1);
    make_flash(flash, WORK_BLANK);
    for (uint32_t i = 0; i < APP_LEN; i++)
        app[i] = (uint8_t)(flash[i] ^ 0x5A);
    open_module(&b, flash, crc_rate);
    for (int run = 0; run < 2; run++) {
        const char *name = run ? "same" : "write";
        begin(&b);
        must(rk_job_write(b.dev, APP_ADDR, app, APP_LEN, &policy, &result, &err), &err);
        rk_sim_stats(b.sim, &now);
        printf("%s%s %.3f\n", name, suffix, seconds_since(&b));
        printf("%s%s-erased %u\n", name, suffix, now.erased_sectors - b.before.erased_sectors);
        printf("%s%s-programmed %u\n", name, suffix, now.programs_4k - b.before.programs_4k);
    }
    close_module(&b);
    free(app);
}

int main(void)
{
    uint8_t *flash = malloc(FLASH_SIZE), *out = malloc(FLASH_SIZE);

    if (!flash || !out)
        return 1;
    printf("wire %.3f\n", FLASH_SIZE * 10.0 / BAUD);
    bench_read(flash, out);
    bench_backup(flash, 0, "");
    bench_backup(flash, SLOW_CRC, "-slow-crc");
    bench_write(flash, 0, "");
    bench_write(flash, SLOW_CRC, "-slow-crc");
    free(flash);
    free(out);
    return 0;
}
