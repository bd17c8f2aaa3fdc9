/* help, man, completion, version: what the program says about itself. */
#include "help.h"

#include <string.h>

static const struct option options[] = {
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};

static int finish(struct cli *cli, struct text *text, const char *key)
{
    struct rk_json json;

    if (cli->out.json == JSON_OFF) {
        output_result(&cli->out, text->bytes ? text->bytes : "", text->len);
    } else {
        cli_result_begin(cli, &json);
        rk_json_object_begin(&json);
        rk_json_put_string(&json, key, text->bytes ? text->bytes : "");
        rk_json_object_end(&json);
    }
    text_free(text);
    return EXIT_OK;
}

static int unknown_topic(struct cli *cli, const char *topic)
{
    const char *near = command_nearest(topic);

    rk_fail(&cli->err, RK_ERR_ARG, "usage.command", "there is no command \"%s\"", topic);
    if (near)
        rk_error_hint(&cli->err, "did you mean \"%s\"?", near);
    return cli_fail(cli);
}

static int run_help(struct cli *cli)
{
    struct text text = {.bytes = NULL};
    const char *topic = cli->in.positional_count ? cli->in.positionals[0] : NULL;

    if (topic && strcmp(topic, "rules") == 0)
        help_rules(&text);
    else if (topic && !command_find(topic))
        return unknown_topic(cli, topic);
    else
        help_text(&text, topic ? command_find(topic) : NULL);
    return finish(cli, &text, "text");
}

const struct command command_help = {
    .name = "help",
    .summary = "explain the program, a command, or the safety rules (help rules)",
    .usage = "[COMMAND]",
    .description = "Explains the program, one command, or with `help rules` the safety rules.",
    .options = options,
    .max_positionals = 1,
    .run = run_help,
};

static int run_man(struct cli *cli)
{
    struct text text = {.bytes = NULL};
    const char *topic = cli->in.positional_count ? cli->in.positionals[0] : NULL;

    if (topic && strcmp(topic, "list") == 0) {
        text_printf(&text, "rekindle\n");
        for (size_t i = 0; commands[i]; i++)
            if (!commands[i]->hidden)
                text_printf(&text, "%s\n", commands[i]->name);
    } else if (topic && strcmp(topic, "rekindle") != 0 && !command_find(topic)) {
        return unknown_topic(cli, topic);
    } else {
        man_page(&text, topic ? command_find(topic) : NULL);
    }
    return finish(cli, &text, "text");
}

const struct command command_man = {
    .name = "man",
    .summary = "print a manual page in roff (man list names them)",
    .usage = "[COMMAND]",
    .description = "Prints rekindle(1), or the page of a command; `man list` names the pages.",
    .options = options,
    .max_positionals = 1,
    .hidden = true,
    .run = run_man,
};

static int run_completion(struct cli *cli)
{
    struct text text = {.bytes = NULL};

    if (!completion_script(&text, cli->in.positionals[0])) {
        rk_fail(&cli->err, RK_ERR_ARG, "usage.value", "no completion for the shell \"%s\"",
                cli->in.positionals[0]);
        rk_error_hint(&cli->err, "one of bash, zsh, fish");
        return cli_fail(cli);
    }
    return finish(cli, &text, "text");
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print the completion script of a shell (bash, zsh, fish)",
    .usage = "SHELL",
    .description = "Prints a completion script; for bash: source <(rekindle completion bash)",
    .options = options,
    .min_positionals = 1,
    .max_positionals = 1,
    .run = run_completion,
};

static int run_version(struct cli *cli)
{
    struct text text = {.bytes = NULL};

    text_printf(&text, cli->out.json == JSON_OFF ? "rekindle %s\n" : "%s", rk_version());
    return finish(cli, &text, "version");
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .usage = "",
    .description = "Prints the version of program and library.",
    .options = options,
    .run = run_version,
};
