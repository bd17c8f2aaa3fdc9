/* Backs up a module: backup PORT [FILE].
 *
 * Build: cc backup.c -o backup $(pkg-config --cflags --libs rekindle)
 * Try:   ./backup sim:bk7231n,flash=dump.bin copy.bin */
#include <rekindle/rekindle.h>

#include <stdio.h>
#include <string.h>

static void on_event(void *user, const struct rk_event *event)
{
    (void)user;
    switch (event->kind) {
    case RK_EVENT_STAGE:
        if (event->text)
            fprintf(stderr, "%s\n", event->text);
        break;
    case RK_EVENT_PROGRESS:
        if (event->total)
            fprintf(stderr, "\r%3u %%%s", (unsigned)(event->done * 100 / event->total),
                    event->done == event->total ? "\n" : "");
        break;
    case RK_EVENT_WARNING:
    case RK_EVENT_NEED_USER:
        fprintf(stderr, "! %s\n", event->text);
        break;
    case RK_EVENT_LOG:
        break;
    }
}

static void print_error(const struct rk_error *err)
{
    fprintf(stderr, "error: %s [%s]\n", err->message, err->id);
    if (err->detail[0])
        fprintf(stderr, "  seen: %s\n", err->detail);
    if (err->hint[0])
        fprintf(stderr, "  try:  %s\n", err->hint);
}

static enum rk_status back_up(struct rk_device *dev, const char *path, struct rk_error *err)
{
    struct rk_backup_options options = {.size = sizeof options, .path = path};
    struct rk_backup_result result;
    const struct rk_device_info *info = rk_device_info(dev);

    printf("%s, flash %u KiB, loader %s\n", info->chip, (unsigned)(info->flash_size >> 10),
           info->loader[0] ? info->loader : "unknown");
    enum rk_status status = rk_job_backup(dev, &options, &result, err);
    if (status == RK_OK)
        printf("%s: %u sectors, %u of them blank, SHA-256 %s\n", result.path,
               (unsigned)result.sectors, (unsigned)result.blank, result.sha256);
    return status;
}

int main(int argc, char **argv)
{
    struct rk_callbacks callbacks = {.size = sizeof callbacks, .event = on_event};
    struct rk_connect_options options = {.size = sizeof options};
    struct rk_context *ctx = NULL;
    struct rk_link *link = NULL;
    struct rk_device *dev = NULL;
    struct rk_error err = {0};

    if (argc < 2) {
        fprintf(stderr, "usage: backup PORT [FILE]\n");
        return 2;
    }
    enum rk_status status = rk_context_new(&ctx, &callbacks, &err);
    if (status == RK_OK)
        status = rk_link_open(ctx, argv[1], &link, &err);
    if (status == RK_OK)
        status = rk_device_connect(ctx, link, &options, &dev, &err);
    if (status == RK_OK)
        status = back_up(dev, argc > 2 ? argv[2] : NULL, &err);
    if (status != RK_OK)
        print_error(&err);
    rk_device_free(dev);
    rk_link_close(link);
    rk_context_free(ctx);
    return status == RK_OK ? 0 : 1;
}
