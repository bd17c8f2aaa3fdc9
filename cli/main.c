/* rekindle: parses the command line, runs the command, returns its exit status. */
#include "cli.h"
#include "envelope.h"
#include "help.h"
#include "progress.h"
#include "settings.h"
#include "signals.h"

#include <string.h>

static void print(struct cli *cli, void (*write)(struct text *, const struct command *),
                  const struct command *command)
{
    struct text text = {.bytes = NULL};

    write(&text, command);
    output_result(&cli->out, text.bytes ? text.bytes : "", text.len);
    text_free(&text);
}

static int usage_error(struct cli *cli)
{
    struct text text = {.bytes = NULL};
    int code = cli_fail(cli);

    help_usage(&text, cli->in.command);
    if (text.bytes)
        fputs(text.bytes, stderr);
    text_free(&text);
    return code;
}

static int run(struct cli *cli, int argc, char **argv)
{
    enum rk_status st = options_parse(argc, argv, &cli->in, &cli->err);

    if (option_on(&cli->in, "jsonl"))
        cli->out.json = JSON_LINES;
    else if (option_on(&cli->in, "json"))
        cli->out.json = JSON_DOCUMENT;
    if (st != RK_OK)
        return usage_error(cli);
    st = settings_resolve(cli, &cli->err);
    if (st != RK_OK)
        return cli_fail(cli);
    if (option_on(&cli->in, "version") && !cli->in.command)
        return command_find("version")->run(cli);
    if (option_on(&cli->in, "help") || !cli->in.command) {
        cli->out.json = JSON_OFF;
        print(cli, help_text, cli->in.command);
        return EXIT_OK;
    }
    return cli->in.command->run(cli);
}

int main(int argc, char **argv)
{
    struct cli cli = {.started_us = rk_clock_now(rk_clock_system())};

    signals_install();
    int code = run(&cli, argc, argv);
    if (cli.out.json != JSON_OFF && !cli.reported)
        envelope_print(&cli, code);
    text_free(&cli.result);
    settings_free(&cli);
    return code;
}
