#include "cli.h"

int cli_fail(struct cli *cli)
{
    output_error(&cli->out, "", &cli->err);
    return exit_status_of(cli->err.status);
}

void cli_result_begin(struct cli *cli, struct rk_json *json)
{
    rk_json_init(json, text_sink, &cli->result, cli->out.json == JSON_DOCUMENT);
    json->indent = 1;
}
