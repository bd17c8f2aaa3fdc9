/* An outsider's program: includes the public header and links the shared library, nothing else.
 * It makes a flash file, opens `sim:bk7231n` with it, identifies the module, backs it up, flashes
 * an image, verifies, restores, and proves every byte with its own eyes.
 *
 * usage: external_client WORK_FOLDER */
#include <rekindle/rekindle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLASH_SIZE (2u << 20)
#define APP_ADDR   0x11000u
#define APP_LEN    (37u * 4096u + 100u)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define TRY(call) must((call), &err, __LINE__)

struct heard {
    unsigned stages, progress, warnings;
};

static void must(enum rk_status status, const struct rk_error *err, int line)
{
    if (status == RK_OK)
        return;
    fprintf(stderr, "line %d: %s [%s] %s; %s; %s\n", line, rk_status_name(status), err->id,
            err->message, err->detail, err->hint);
    exit(1);
}

static void on_event(void *user, const struct rk_event *event)
{
    struct heard *heard = user;

    CHECK(event->size >= sizeof *event && event->id);
    heard->stages += event->kind == RK_EVENT_STAGE;
    heard->progress += event->kind == RK_EVENT_PROGRESS;
    heard->warnings += event->kind == RK_EVENT_WARNING;
}

static void fill(uint8_t *data, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (uint8_t)(seed >> 24);
    }
}

static void write_file(const char *path, const uint8_t *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    CHECK(file && fwrite(data, 1, len, file) == len && fclose(file) == 0);
}

static void read_file(const char *path, uint8_t *data, size_t len)
{
    FILE *file = fopen(path, "rb");

    CHECK(file && fread(data, 1, len, file) == len && fgetc(file) == EOF && fclose(file) == 0);
}

static struct rk_device *connect_module(struct rk_context *ctx, const char *spec,
                                        struct rk_link **link)
{
    struct rk_error err = {0};
    struct rk_device *dev = NULL;
    struct rk_connect_options options = {.size = sizeof options};

    TRY(rk_link_open(ctx, spec, link, &err));
    CHECK(rk_link_info(*link)->is_virtual);
    TRY(rk_device_connect(ctx, *link, &options, &dev, &err));
    TRY(rk_device_identify(dev, &err));
    const struct rk_device_info *info = rk_device_info(dev);
    CHECK(strcmp(info->chip, "BK7231N") == 0 && strcmp(info->family, "bk72xx") == 0);
    CHECK(info->flash_size == FLASH_SIZE && info->loader_in_rom);
    return dev;
}

static void backup_is(struct rk_device *dev, const char *path, const uint8_t *expected)
{
    struct rk_error err = {0};
    struct rk_backup_options options = {.size = sizeof options, .path = path};
    struct rk_backup_result result;
    uint8_t *read = malloc(FLASH_SIZE);

    CHECK(read);
    TRY(rk_job_backup(dev, &options, &result, &err));
    CHECK(result.bytes == FLASH_SIZE && result.blank > 0 && result.transferred > 0);
    read_file(result.path, read, FLASH_SIZE);
    CHECK(memcmp(read, expected, FLASH_SIZE) == 0);
    free(read);
}

/* Programs at APP_ADDR and looks at the whole flash afterwards. */
static void flash_and_look(struct rk_device *dev, const char *folder, uint8_t *flash)
{
    struct rk_error err = {0};
    uint8_t *app = malloc(APP_LEN), *now = malloc(FLASH_SIZE);
    struct rk_write_policy policy = {.backup_dir = folder, .no_reset = true};
    struct rk_write_result written;
    struct rk_verify_result verified;

    CHECK(app && now);
    fill(app, APP_LEN, 99);
    TRY(rk_job_write(dev, APP_ADDR, app, APP_LEN, &policy, &written, &err));
    CHECK(written.verified && written.programmed == 38);
    memcpy(flash + APP_ADDR, app, APP_LEN);
    TRY(rk_job_read(dev, 0, now, FLASH_SIZE, &err));
    CHECK(memcmp(now, flash, FLASH_SIZE) == 0);
    TRY(rk_job_verify(dev, 0, flash, FLASH_SIZE, &verified, &err));
    CHECK(verified.differing == 0);
    rk_verify_result_free(&verified);

    flash[APP_ADDR] ^= 1;
    CHECK(rk_job_verify(dev, 0, flash, FLASH_SIZE, &verified, &err) == RK_ERR_VERIFY);
    CHECK(verified.count == 1 && verified.ranges[0].addr == APP_ADDR);
    CHECK(err.id[0] && err.message[0]);
    rk_verify_result_free(&verified);
    flash[APP_ADDR] ^= 1;
    free(app);
    free(now);
}

static void restore(struct rk_device *dev, const char *folder, const uint8_t *original)
{
    struct rk_error err = {0};
    struct rk_write_policy policy = {.backup_dir = folder};
    struct rk_write_result written;
    struct rk_image_file file = {.name = "first.bin", .data = original, .len = FLASH_SIZE};

    TRY(rk_job_restore(dev, &file, &policy, &written, &err));
    CHECK(written.verified && written.restarted);
}

int main(int argc, char **argv)
{
    struct rk_error err = {0};
    struct heard heard = {0};
    struct rk_callbacks callbacks = {.size = sizeof callbacks, .user = &heard, .event = on_event};
    struct rk_context *ctx = NULL;
    struct rk_link *link = NULL;
    uint8_t *original = malloc(FLASH_SIZE), *flash = malloc(FLASH_SIZE);
    char folder[512], path[600], spec[700];

    CHECK(argc == 2 && original && flash);
    snprintf(folder, sizeof folder, "%s.%ld", argv[1], (long)getpid());
    CHECK(mkdir(folder, 0700) == 0);
    memset(original, 0xFF, FLASH_SIZE);
    fill(original, 0x9000, 1);
    fill(original + APP_ADDR, 0x80000, 2);
    fill(original + 0x1D0000, 0x2000, 3);
    memcpy(flash, original, FLASH_SIZE);
    snprintf(path, sizeof path, "%s/flash.bin", folder);
    write_file(path, original, FLASH_SIZE);

    TRY(rk_context_new(&ctx, &callbacks, &err));
    snprintf(spec, sizeof spec, "sim:bk7231n,flash=%s,save", path);
    struct rk_device *dev = connect_module(ctx, spec, &link);
    snprintf(path, sizeof path, "%s/first.bin", folder);
    backup_is(dev, path, original);
    flash_and_look(dev, folder, flash);
    restore(dev, folder, original);
    rk_device_free(dev);
    rk_link_close(link);
    rk_context_free(ctx);

    snprintf(path, sizeof path, "%s/flash.bin", folder);
    read_file(path, flash, FLASH_SIZE);
    CHECK(memcmp(flash, original, FLASH_SIZE) == 0);
    CHECK(heard.stages > 0 && heard.progress > 0);
    printf("rekindle %s through its public interface: %u stages, %u progress events\n",
           rk_version(), heard.stages, heard.progress);
    free(original);
    free(flash);
    return 0;
}
