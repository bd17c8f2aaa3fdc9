#include "cli.h"

#include "base/text.h"

#include <stdlib.h>

static const struct option options[] = {
    WRITE_OPTIONS,
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static enum rk_status work(struct session *s, struct rk_json *json)
{
    struct rk_write_policy policy;
    struct rk_write_result result = {.verified = false};
    uint8_t *data = NULL;
    size_t len = 0;
    uint32_t addr = 0;
    enum rk_status st = rk_parse_u32(s->cli->in.positionals[0], &addr, &s->err);

    if (st == RK_OK)
        st = session_load(s, s->cli->in.positionals[1], &data, &len);
    session_policy(s, &policy);
    if (st == RK_OK)
        st = rk_job_write(s->dev, addr, data, len, &policy, &result, &s->err);
    free(data);
    if (st == RK_OK)
        session_put_result(s, json, &result);
    return st;
}

static int run(struct cli *cli)
{
    uint32_t addr;

    if (rk_parse_u32(cli->in.positionals[0], &addr, &cli->err) != RK_OK || !cli_check_file(cli, 1))
        return cli_fail(cli);
    return session_run(cli, work);
}

const struct command command_write = {
    .name = "write",
    .summary = "write raw bytes at an address",
    .usage = "ADDR FILE",
    .description = "Writes the file at ADDR, byte for byte; the bytes around it in partly covered "
                   "sectors are kept. Made for those who know what belongs where; the safety rules "
                   "watch all the same.",
    .options = options,
    .min_positionals = 2,
    .max_positionals = 2,
    .device = true,
    .run = run,
};
