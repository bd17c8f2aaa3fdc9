#include "cli.h"

#include <stdlib.h>

static const struct option options[] = {
    {"backup-dir", 'd', OPTION_FOLDER, "FOLDER",
     "where the automatic backup of the present state is kept", NULL, false, false},
    {"no-backup", 0, OPTION_SWITCH, NULL,
     "make no backup of the present state (needs --force=no-backup)", NULL, false, false},
    {"no-reset", 0, OPTION_SWITCH, NULL, "leave the module in its loader afterwards", NULL, false,
     false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static enum rk_status work(struct session *s, struct rk_json *json)
{
    struct rk_image_file backup = {.name = s->cli->in.positionals[0]};
    struct rk_write_policy policy;
    struct rk_write_result result = {.verified = false};
    uint8_t *data = NULL;
    enum rk_status st = session_load(s, backup.name, &data, &backup.len);

    backup.data = data;
    session_policy(s, &policy);
    if (st == RK_OK)
        st = rk_job_restore(s->dev, &backup, &policy, &result, &s->err);
    free(data);
    if (st == RK_OK)
        session_put_result(s, json, &result);
    return st;
}

static int run(struct cli *cli)
{
    return cli_check_file(cli, 0) ? session_run(cli, work) : cli_fail(cli);
}

const struct command command_restore = {
    .name = "restore",
    .summary = "write a backup back",
    .usage = "BACKUP",
    .description =
        "Writes a full backup back, changing only the sectors that differ, and verifies it. If the "
        "backup is of another module (another MAC), this module keeps its own RF calibration and "
        "MAC "
        "unless the rules `calibration` and `foreign-backup` are lifted.",
    .options = options,
    .min_positionals = 1,
    .max_positionals = 1,
    .device = true,
    .run = run,
};
