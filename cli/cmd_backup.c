#include "cli.h"

#include "base/text.h"

#include <string.h>

static const struct option options[] = {
    {"backup-dir", 'd', OPTION_FOLDER, "FOLDER",
     "where the backup goes without FILE, and where earlier ones are looked for", NULL, false,
     false},
    {"previous", 0, OPTION_FILE, "FILE", "take unchanged sectors from this earlier backup", NULL,
     false, false},
    {"resume", 0, OPTION_SWITCH, NULL,
     "continue an interrupted backup (the default; with --no-resume it is an error if there is "
     "one)",
     NULL, false, false},
    {"paranoid", 0, OPTION_SWITCH, NULL,
     "transfer everything, also what the chip's own checksum says is known or blank", NULL, false,
     false},
    {"range", 'r', OPTION_TEXT, "RANGE", "only this range or region", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static void put_result(struct rk_json *json, const struct rk_backup_result *r)
{
    rk_json_object_begin(json);
    rk_json_put_string(json, "file", r->path);
    rk_json_put_string(json, "manifest", r->manifest);
    rk_json_put_u64(json, "size", r->bytes);
    rk_json_put_string(json, "sha256", r->sha256);
    rk_json_put_u64(json, "sectors", r->sectors);
    rk_json_put_u64(json, "transferred", r->transferred);
    rk_json_put_u64(json, "blank", r->blank);
    rk_json_put_u64(json, "reused", r->reused);
    rk_json_put_u64(json, "resumed", r->resumed);
    rk_json_put_u64(json, "retries", r->retries);
    rk_json_put_real(json, "seconds", r->seconds, 3);
    rk_json_object_end(json);
}

static enum rk_status work(struct session *s, struct rk_json *json)
{
    const struct invocation *in = &s->cli->in;
    const char *range = option_value(in, "range");
    char path[1024];
    struct rk_backup_result result;
    struct rk_backup_options opt = {.size = sizeof opt,
                                    .dir = s->cli->settings.backup_dir,
                                    .previous = option_value(in, "previous"),
                                    .resume = true,
                                    .transfer_all = option_on(in, "paranoid")};
    enum rk_status st = RK_OK;

    for (size_t i = 0; i < in->given_count; i++)
        if (strcmp(in->given[i].option->name, "resume") == 0)
            opt.resume = !in->given[i].off;
    if (in->positional_count) {
        session_numbered(s, in->positionals[0], path, sizeof path);
        opt.path = path;
    } else if (s->backup_path[0]) {
        opt.path = s->backup_path;
    }
    if (range) {
        opt.have_range = true;
        st = session_range(s, range, &opt.addr, &opt.len);
    }
    memset(&result, 0, sizeof result);
    if (st == RK_OK)
        st = rk_job_backup(s->dev, &opt, &result, &s->err);
    if (st != RK_OK)
        return st;
    put_result(json, &result);
    session_print(s, "%s", result.path);
    char text[256];
    rk_text_format(text, sizeof text,
                   "%u KiB verified in %.1f s (%u sectors transferred, %u blank, %u known), sha256 "
                   "%.16s...",
                   (unsigned)(result.bytes / 1024), result.seconds, (unsigned)result.transferred,
                   (unsigned)result.blank, (unsigned)(result.reused + result.resumed),
                   result.sha256);
    output_story(&s->cli->out, session_prefix(s), "ok", text);
    return RK_OK;
}

static int run(struct cli *cli)
{
    const char *range = option_value(&cli->in, "range");

    if (range && !cli_check_range(cli, range))
        return cli_fail(cli);
    return session_run(cli, work);
}

const struct command command_backup = {
    .name = "backup",
    .summary = "save the whole flash to a file, every sector verified",
    .usage = "[FILE]",
    .description =
        "Reads the flash and writes FILE (default: chip, MAC and time in the name) and a manifest, "
        "FILE.json, beside it. The chip is asked for the checksum of every sector first: blank "
        "sectors and those of an earlier backup are not transferred, the others are read until the "
        "checksum agrees.\n\n"
        "An existing file is never overwritten. What an interruption leaves, FILE.part, is "
        "continued "
        "by the next run. Data that is all alike is refused: it is no backup.\n\n"
        "With several modules, FILE gets a number per module.",
    .options = options,
    .max_positionals = 1,
    .device = true,
    .run = run,
};
