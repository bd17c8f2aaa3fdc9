#include "cli.h"

static const struct option options[] = {
    WRITE_OPTIONS,
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static enum rk_status work(struct session *s, struct rk_json *json)
{
    struct rk_write_policy policy;
    struct rk_write_result result = {.verified = false};
    uint32_t addr = 0, len = 0;
    enum rk_status st = session_range(s, s->cli->in.positionals[0], &addr, &len);

    session_policy(s, &policy);
    if (st == RK_OK)
        st = rk_job_erase(s->dev, addr, len, &policy, &result, &s->err);
    if (st == RK_OK)
        session_put_result(s, json, &result);
    return st;
}

static int run(struct cli *cli)
{
    if (!cli_check_range(cli, cli->in.positionals[0]))
        return cli_fail(cli);
    return session_run(cli, work);
}

const struct command command_erase = {
    .name = "erase",
    .summary = "erase a range or a region, whole sectors",
    .usage = "RANGE",
    .description =
        "Erases START+LENGTH, START-END (the end not included), `all` or a region by its "
        "name, after a verified backup. Sectors have 4 KiB.",
    .options = options,
    .min_positionals = 1,
    .max_positionals = 1,
    .device = true,
    .run = run,
};
