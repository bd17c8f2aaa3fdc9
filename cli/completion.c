/* Shell completions from the tables. */
#include "help.h"

#include <string.h>

static bool takes_file(const struct command *c)
{
    return strstr(c->usage, "FILE") || strstr(c->usage, "BACKUP") || strstr(c->usage, "DUMP");
}

static void bash_words(struct text *out, const struct option *table)
{
    for (const struct option *o = table; o && o->name; o++) {
        if (o->hidden)
            continue;
        text_printf(out, " --%s", o->name);
        if (o->letter)
            text_printf(out, " -%c", o->letter);
    }
}

static void bash_arguments(struct text *out, const struct option *table)
{
    for (const struct option *o = table; o && o->name; o++) {
        if (o->hidden || o->kind == OPTION_SWITCH)
            continue;
        text_printf(out, "        --%s", o->name);
        if (o->letter)
            text_printf(out, "|-%c", o->letter);
        if (o->kind == OPTION_FILE)
            text_printf(out, ") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
        else if (o->kind == OPTION_FOLDER)
            text_printf(out, ") COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n");
        else if (o->kind == OPTION_PORT)
            text_printf(out, ") COMPREPLY=($(compgen -W \"$(rekindle ports --names 2>/dev/null)\""
                             " -- \"$cur\")); return ;;\n");
        else if (o->choices) {
            text_printf(out, ") COMPREPLY=($(compgen -W \"");
            for (const char *p = o->choices; *p; p++)
                text_add(out, *p == '|' ? " " : p, 1);
            text_printf(out, "\" -- \"$cur\")); return ;;\n");
        } else {
            text_printf(out, ") return ;;\n");
        }
    }
}

static void bash(struct text *out)
{
    text_printf(out,
                "# bash completion for rekindle\n_rekindle() {\n"
                "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" "
                "command= word\n    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                "        case \"$word\" in\n");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            text_printf(out, "            %s) command=%s; break ;;\n", commands[i]->name,
                        commands[i]->name);
    text_printf(out, "        esac\n    done\n    case \"$prev\" in\n");
    bash_arguments(out, global_options);
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            bash_arguments(out, commands[i]->options);
    text_printf(out, "    esac\n    local words=\"");
    bash_words(out, global_options);
    text_printf(out, "\"\n    case \"$command\" in\n        \"\") words=\"$words");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            text_printf(out, " %s", commands[i]->name);
    text_printf(out, "\" ;;\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        text_printf(out, "        %s) words=\"$words", commands[i]->name);
        bash_words(out, commands[i]->options);
        text_printf(out, "\"%s ;;\n",
                    takes_file(commands[i]) ? "; [[ $cur == -* ]] || "
                                              "{ COMPREPLY=($(compgen -f -- \"$cur\")); return; }"
                                            : "");
    }
    text_printf(out, "    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
                     "complete -o filenames -F _rekindle rekindle\n");
}

/* A single-quoted shell word. */
static void put_quoted(struct text *out, const char *text)
{
    text_add(out, "'", 1);
    for (; *text; text++) {
        if (*text == '\'')
            text_printf(out, "'\\''");
        else
            text_add(out, text, 1);
    }
    text_add(out, "'", 1);
}

static void fish_options(struct text *out, const char *condition, const struct option *table)
{
    for (const struct option *o = table; o && o->name; o++) {
        if (o->hidden)
            continue;
        text_printf(out, "complete -c rekindle%s -l %s", condition, o->name);
        if (o->letter)
            text_printf(out, " -s %c", o->letter);
        if (o->kind == OPTION_FILE || o->kind == OPTION_FOLDER)
            text_printf(out, " -r -F");
        else if (o->kind == OPTION_PORT)
            text_printf(out, " -x -a '(rekindle ports --names 2>/dev/null)'");
        else if (o->choices) {
            text_printf(out, " -x -a '");
            for (const char *p = o->choices; *p; p++)
                text_add(out, *p == '|' ? " " : p, 1);
            text_printf(out, "'");
        } else if (o->kind != OPTION_SWITCH) {
            text_printf(out, " -x");
        }
        text_printf(out, " -d ");
        put_quoted(out, o->help);
        text_printf(out, "\n");
    }
}

static void fish(struct text *out)
{
    text_printf(out, "# fish completion for rekindle\n");
    for (size_t i = 0; commands[i]; i++) {
        char condition[96];
        if (commands[i]->hidden)
            continue;
        text_printf(out, "complete -c rekindle -n __fish_use_subcommand%s -a %s -d ", " -f",
                    commands[i]->name);
        put_quoted(out, commands[i]->summary);
        text_printf(out, "\n");
        snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from %s'",
                 commands[i]->name);
        fish_options(out, condition, commands[i]->options);
    }
    fish_options(out, "", global_options);
}

static void zsh_options(struct text *out, const struct option *table)
{
    for (const struct option *o = table; o && o->name; o++) {
        if (o->hidden)
            continue;
        text_printf(out, "        '%s--%s%s[", o->repeat ? "*" : "", o->name,
                    o->kind == OPTION_SWITCH ? "" : "=");
        for (const char *p = o->help; *p; p++) {
            if (strchr("[]:", *p))
                text_add(out, "\\", 1);
            if (*p == '\'')
                text_printf(out, "'\\''");
            else
                text_add(out, p, 1);
        }
        text_printf(out, "]");
        if (o->kind == OPTION_FILE)
            text_printf(out, ":file:_files");
        else if (o->kind == OPTION_FOLDER)
            text_printf(out, ":folder:_files -/");
        else if (o->kind == OPTION_PORT)
            text_printf(out, ":port:(${(f)\"$(rekindle ports --names 2>/dev/null)\"})");
        else if (o->choices) {
            text_printf(out, ":value:(");
            for (const char *p = o->choices; *p; p++)
                text_add(out, *p == '|' ? " " : p, 1);
            text_printf(out, ")");
        } else if (o->kind != OPTION_SWITCH) {
            text_printf(out, ":value:");
        }
        text_printf(out, "' \\\n");
    }
}

static void zsh(struct text *out)
{
    text_printf(out, "#compdef rekindle\n_rekindle() {\n    local context state line\n"
                     "    _arguments -C \\\n");
    zsh_options(out, global_options);
    text_printf(out, "        '1:command:->command' '*::argument:->argument'\n"
                     "    case $state in\n    command)\n        local -a names=(\n");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden) {
            text_printf(out, "            ");
            put_quoted(out, commands[i]->name);
            text_printf(out, "\n");
        }
    text_printf(out, "        )\n        _describe command names ;;\n    argument)\n"
                     "        case $line[1] in\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        text_printf(out, "        %s) _arguments \\\n", commands[i]->name);
        zsh_options(out, global_options);
        zsh_options(out, commands[i]->options);
        text_printf(out, "        '*:file:_files' ;;\n");
    }
    text_printf(out, "        esac ;;\n    esac\n}\n_rekindle \"$@\"\n");
}

bool completion_script(struct text *out, const char *shell)
{
    static const struct {
        const char *name;
        void (*write)(struct text *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].write(out);
            return true;
        }
    return false;
}
