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

struct rk_connect_options cli_connect_options(const struct cli *cli)
{
    const struct settings *set = &cli->settings;

    return (struct rk_connect_options){.size = sizeof(struct rk_connect_options),
                                       .chip = set->chip,
                                       .reset = set->reset,
                                       .baud = set->baud,
                                       .max_baud = set->max_baud,
                                       .link_timeout_ms = set->link_timeout_ms,
                                       .retries = set->retries,
                                       .loader = set->loader,
                                       .loader_len = set->loader_len,
                                       .rom_only = set->rom_only};
}
