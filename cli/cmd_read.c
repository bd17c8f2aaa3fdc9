#include "cli.h"

#include "store/file.h"

#include <stdlib.h>

static const struct option options[] = {
    {"overwrite", 0, OPTION_SWITCH, NULL, "replace FILE if it exists", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static enum rk_status work(struct session *s, struct rk_json *json)
{
    const char *path = s->cli->in.positionals[1];
    uint32_t addr = 0, len = 0;
    enum rk_status st = session_range(s, s->cli->in.positionals[0], &addr, &len);

    if (st != RK_OK)
        return st;
    uint8_t *data = malloc(len ? len : 1);
    if (!data)
        return rk_fail(&s->err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    st = rk_job_read(s->dev, addr, data, len, &s->err);
    if (st == RK_OK)
        st = rk_file_write(path, data, len, !option_on(&s->cli->in, "overwrite"), false, &s->err);
    free(data);
    if (st != RK_OK)
        return st;
    rk_json_object_begin(json);
    rk_json_put_u64(json, "address", addr);
    rk_json_put_u64(json, "length", len);
    rk_json_put_string(json, "file", path);
    rk_json_object_end(json);
    session_print(s, "0x%06x+0x%x -> %s", (unsigned)addr, (unsigned)len, path);
    return RK_OK;
}

static int run(struct cli *cli)
{
    if (!cli_check_range(cli, cli->in.positionals[0]))
        return cli_fail(cli);
    if (cli->settings.port_count > 1) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.port", "read works on one module at a time");
        return cli_fail(cli);
    }
    if (rk_file_exists(cli->in.positionals[1]) && !option_on(&cli->in, "overwrite")) {
        rk_fail(&cli->err, RK_ERR_FILE, "file.exists", "\"%s\" exists", cli->in.positionals[1]);
        rk_error_hint(&cli->err, "choose another name, or --overwrite");
        return cli_fail(cli);
    }
    return session_run(cli, work);
}

const struct command command_read = {
    .name = "read",
    .summary = "read a range of the flash into a file, verified",
    .usage = "RANGE FILE",
    .description = "Reads START+LENGTH, START-END (the end not included), `all` or a region by its "
                   "name (`rekindle info` lists them), verified by the chip's own checksum.",
    .options = options,
    .min_positionals = 2,
    .max_positionals = 2,
    .device = true,
    .run = run,
};
