#include "cli.h"

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static enum rk_status work(struct session *s, struct rk_json *json)
{
    enum rk_status st = rk_device_reset(s->dev, &s->err);

    if (st != RK_OK)
        return st;
    rk_json_object_begin(json);
    rk_json_put_bool(json, "restarted", true);
    rk_json_object_end(json);
    output_story(&s->cli->out, session_prefix(s), "ok", "the module was restarted");
    return RK_OK;
}

static int run(struct cli *cli)
{
    return session_run(cli, work);
}

const struct command command_reset = {
    .name = "reset",
    .summary = "restart the module into its application",
    .usage = "",
    .description = "Links with the module and restarts it.",
    .options = options,
    .device = true,
    .run = run,
};
