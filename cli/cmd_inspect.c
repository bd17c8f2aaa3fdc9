#include "cli.h"
#include "store_keys.h"

#include "base/text.h"
#include "image/view.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (64u << 20)

static const struct option options[] = {
    {"svg", 0, OPTION_FILE, "FILE", "also draw the sector map into a new SVG file", NULL, false,
     false},
    {"entropy", 0, OPTION_SWITCH, NULL, "show the entropy map too", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static enum rk_status write_svg(const char *path, const char *name, const struct rk_inspect *report,
                                struct rk_error *err)
{
    struct text svg = {.bytes = NULL};
    struct rk_view view = {.sink = text_sink, .user = &svg};
    enum rk_status status;

    rk_view_svg(&view, name, report);
    if (svg.failed)
        status = rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    else
        status = rk_file_write(path, (const uint8_t *)svg.bytes, svg.len, true, false, err);
    text_free(&svg);
    return status;
}

/* What a BL602 keeps in its device tree and in its settings store. */
static void show_inside(struct cli *cli, const uint8_t *data, const struct rk_inspect *report,
                        struct rk_view *view, struct text *story, struct rk_json *json)
{
    const uint8_t *tree = data + report->tree_offset;
    struct text keys = {.bytes = NULL};

    if (report->tree_size)
        rk_view_tree_json(json, tree, report->tree_size, cli->out.show_secrets);
    if (report->tree_size && cli->out.json == JSON_OFF)
        rk_view_tree_text(view, tree, report->tree_size);
    if (report->bl602 &&
        store_keys_show(data, report->flash_size, cli->out.show_secrets, &keys, json) > 0)
        text_printf(story, "\nSettings store\n%s", keys.bytes ? keys.bytes : "");
    text_free(&keys);
}

/* The same words for a file and a module: text into *story, JSON into *json. */
static enum rk_status show(struct cli *cli, const char *name, const uint8_t *data, size_t len,
                           const struct rk_inspect_options *opt, struct text *story,
                           struct rk_json *json, struct rk_error *err)
{
    const char *svg = option_value(&cli->in, "svg");
    struct rk_view view = {.sink = text_sink,
                           .user = story,
                           .colour = cli->out.color,
                           .verbose = cli->out.verbose > 0,
                           .secrets = cli->out.show_secrets,
                           .entropy = option_on(&cli->in, "entropy")};
    struct rk_inspect *report = NULL;
    enum rk_status status = rk_inspect(data, len, opt, &report, err);

    if (status != RK_OK)
        return status;
    if (cli->out.json == JSON_OFF)
        rk_view_text(&view, name, report);
    rk_json_object_begin(json);
    rk_json_put_string(json, "file", name);
    rk_view_json(json, report);
    show_inside(cli, data, report, &view, story, json);
    rk_json_object_end(json);
    if (svg)
        status = write_svg(svg, name, report, err);
    rk_inspect_free(report);
    return status;
}

static int inspect_file(struct cli *cli, const char *path)
{
    struct rk_inspect_options opt = {.size = sizeof opt, .name = path, .chip = cli->settings.chip};
    struct text story = {.bytes = NULL};
    struct rk_json json;
    uint8_t *data = NULL;
    size_t len = 0;
    enum rk_status status = rk_file_read(path, FILE_MAX_BYTES, &data, &len, &cli->err);

    rk_json_init(&json, text_sink, &cli->result, cli->out.json == JSON_DOCUMENT);
    if (status == RK_OK)
        status = show(cli, path, data, len, &opt, &story, &json, &cli->err);
    free(data);
    output_result(&cli->out, story.bytes ? story.bytes : "", story.len);
    text_free(&story);
    return status == RK_OK ? EXIT_OK : cli_fail(cli);
}

/* Reads the whole flash of a module and reports about it; its own key is part of the judgement. */
static enum rk_status inspect_module(struct session *s, struct rk_json *json)
{
    const struct rk_device_info *info;
    struct rk_inspect_options opt = {.size = sizeof opt};
    uint8_t *data;
    enum rk_status status = rk_device_identify(s->dev, &s->err);

    if (status != RK_OK)
        return status;
    info = rk_device_info(s->dev);
    data = malloc(info->flash_size ? info->flash_size : 1);
    if (!data)
        return rk_fail(&s->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    status = rk_job_read(s->dev, 0, data, info->flash_size, &s->err);
    opt.have_key = info->key_class != RK_KEY_UNKNOWN && info->key_class != RK_KEY_UNREADABLE;
    opt.key_class = info->key_class;
    opt.flash_size = info->flash_size;
    opt.have_jedec = info->has_jedec;
    memcpy(opt.jedec, info->jedec, sizeof opt.jedec);
    if (status == RK_OK)
        status = show(s->cli, s->port, data, info->flash_size, &opt, &s->story, json, &s->err);
    free(data);
    return status;
}

static int run(struct cli *cli)
{
    const char *svg = option_value(&cli->in, "svg");

    if (svg && rk_file_exists(svg)) {
        rk_fail(&cli->err, RK_ERR_FILE, "file.exists", "\"%s\" exists", svg);
        rk_error_hint(&cli->err, "choose another name for the picture");
        return cli_fail(cli);
    }
    if (cli->in.positional_count > 0)
        return inspect_file(cli, cli->in.positionals[0]);
    return session_run(cli, inspect_module);
}

const struct command command_inspect = {
    .name = "inspect",
    .summary = "tell what is in an image, a flash capture or a module, and whether it will boot",
    .usage = "[FILE]",
    .description =
        "Recognises the file by its bytes: kind, chip, key, boot loader, application, partitions, "
        "calibration, settings, damage; says for each chip whether it would start there, why not, "
        "and what would make it start; draws the flash sector by sector.\n\n"
        "Without FILE the flash of the connected module is read and reported in the same words. "
        "-v shows every test for every chip, --chip NAME judges for one chip only. The tests are "
        "explained in docs/images.md.",
    .options = options,
    .min_positionals = 0,
    .max_positionals = 1,
    .run = run,
};
