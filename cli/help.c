#include "help.h"

#include <string.h>

#define COLUMN 24

static void put_option(struct text *out, const struct option *o)
{
    char head[64];
    int n;

    if (o->hidden)
        return;
    n = snprintf(head, sizeof head, "  %c%c%s --%s%s%s", o->letter ? '-' : ' ',
                 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
                 o->argument ? " " : "", o->argument ? o->argument : "");
    if (n < COLUMN + 2)
        text_printf(out, "%-*s", COLUMN + 2, head);
    else
        text_printf(out, "%s\n%*s", head, COLUMN + 2, "");
    text_printf(out, "  %s", o->help);
    if (o->choices)
        text_printf(out, " (%s)", o->choices);
    text_printf(out, "\n");
}

static void put_options(struct text *out, const char *title, const struct option *table)
{
    if (!table || !table->name)
        return;
    text_printf(out, "\n%s\n", title);
    for (const struct option *o = table; o->name; o++)
        put_option(out, o);
}

static void help_overview(struct text *out)
{
    text_printf(
        out, "rekindle brings Wi-Fi modules with Beken chips back to life: it identifies, backs\n"
             "up, flashes, verifies, restores and explains them over a serial port.\n\n"
             "usage: rekindle [OPTIONS] COMMAND [ARGUMENTS]\n\ncommands\n");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            text_printf(out, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
    text_printf(out, "\nfirst steps\n"
                     "  rekindle ports                     which adapters are there\n"
                     "  rekindle info                      what module is it (changes nothing)\n"
                     "  rekindle backup                    save the whole flash, verified\n"
                     "  rekindle flash OpenBK7231N_QIO.bin back up, write, verify\n"
                     "  rekindle -p sim:bk7231n info       the same on a virtual module\n");
    put_options(out, "options of every command", global_options);
    text_printf(
        out,
        "\nNumbers are decimal or 0x hexadecimal, with K and M for KiB and MiB; ranges are\n"
        "START+LENGTH or START-END, the end not included. `rekindle help COMMAND` tells more.\n");
}

void help_text(struct text *out, const struct command *command)
{
    if (!command) {
        help_overview(out);
        return;
    }
    text_printf(out, "%s\n\nusage: rekindle %s%s%s%s\n\n", command->summary, command->name,
                command->options && command->options->name ? " [OPTIONS]" : "",
                *command->usage ? " " : "", command->usage);
    text_add(out, command->description, strlen(command->description));
    text_printf(out, "\n");
    put_options(out, "options", command->options);
    put_options(out, "options of every command", global_options);
}

void help_usage(struct text *out, const struct command *command)
{
    if (command)
        text_printf(out, "usage: rekindle %s %s\nmore: rekindle help %s\n", command->name,
                    command->usage, command->name);
    else
        text_printf(out, "usage: rekindle [OPTIONS] COMMAND [ARGUMENTS]\nmore: rekindle help\n");
}

void help_rules(struct text *out)
{
    text_printf(
        out, "Safety rules refuse what could kill a module or lose what cannot be had again. Each\n"
             "can be lifted by name, --force=RULE, and only that one is.\n\n");
    for (unsigned i = 0; rk_rule_name((enum rk_rule)i); i++)
        text_printf(out, "  %-15s refuses %s\n", rk_rule_name((enum rk_rule)i),
                    rk_rule_text((enum rk_rule)i));
}

/* ---- manual pages ---- */

/* Text with what roff would take for its own made harmless. */
static void put_roff(struct text *out, const char *text)
{
    bool start = true;

    for (const char *p = text; *p; p++) {
        if (*p == '\n') {
            text_add(out, p[1] == '\n' ? "\n.PP\n" : "\n", p[1] == '\n' ? 5 : 1);
            p += p[1] == '\n';
            start = true;
            continue;
        }
        if (*p == '\\')
            text_printf(out, "\\e");
        else if (*p == '-')
            text_printf(out, "\\-");
        else if (start && (*p == '.' || *p == '\''))
            text_printf(out, "\\&%c", *p);
        else
            text_add(out, p, 1);
        start = false;
    }
}

static void roff_options(struct text *out, const char *title, const struct option *table)
{
    if (!table || !table->name)
        return;
    text_printf(out, ".SH %s\n", title);
    for (const struct option *o = table; o->name; o++) {
        if (o->hidden)
            continue;
        text_printf(out, ".TP\n");
        if (o->letter)
            text_printf(out, "\\fB\\-%c\\fR, ", o->letter);
        text_printf(out, "\\fB\\-\\-");
        put_roff(out, o->name);
        text_printf(out, "\\fR");
        if (o->argument)
            text_printf(out, " \\fI%s\\fR", o->argument);
        text_printf(out, "\n");
        put_roff(out, o->help);
        if (o->choices)
            text_printf(out, " (%s)", o->choices);
        text_printf(out, "\n");
    }
}

static void roff_overview(struct text *out)
{
    text_printf(out, ".SH COMMANDS\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->hidden)
            continue;
        text_printf(out, ".TP\n\\fB%s\\fR(1): \\fBrekindle\\-%s\\fR\n", commands[i]->name,
                    commands[i]->name);
        put_roff(out, commands[i]->summary);
        text_printf(out, "\n");
    }
    text_printf(out, ".SH SAFETY RULES\n");
    for (unsigned i = 0; rk_rule_name((enum rk_rule)i); i++) {
        text_printf(out, ".TP\n\\fB");
        put_roff(out, rk_rule_name((enum rk_rule)i));
        text_printf(out, "\\fR\nrefuses ");
        put_roff(out, rk_rule_text((enum rk_rule)i));
        text_printf(out, "\n");
    }
}

static void roff_tail(struct text *out)
{
    text_printf(out, ".SH EXIT STATUS\n");
    for (const struct exit_row *row = exit_rows; row->name; row++) {
        text_printf(out, ".TP\n\\fB%d\\fR (%s)\n", row->code, row->name);
        put_roff(out, row->meaning);
        text_printf(out, "\n");
    }
    text_printf(
        out, ".SH ENVIRONMENT\n"
             "REKINDLE_PORT, REKINDLE_CHIP, REKINDLE_BAUD, REKINDLE_RESET, REKINDLE_BACKUP_DIR,\n"
             "REKINDLE_CONFIG, REKINDLE_LOG, NO_COLOR, CLICOLOR_FORCE, COLUMNS\n"
             ".SH FILES\n.TP\n\\&./rekindle.ini, ~/.config/rekindle/config.ini\n"
             "Lines of the form \\fIkey = value\\fR; keys: port, chip, baud, reset, backup\\-dir.\n"
             ".SH SEE ALSO\nThe documents in the project's docs folder.\n");
}

void man_page(struct text *out, const struct command *command)
{
    text_printf(out, ".TH REKINDLE%s%s 1 \"\" \"rekindle %s\" \"User Commands\"\n.SH NAME\n",
                command ? "\\-" : "", command ? command->name : "", rk_version());
    text_printf(out, "rekindle%s%s \\- ", command ? "\\-" : "", command ? command->name : "");
    put_roff(out, command ? command->summary
                          : "identify, back up, flash, verify and restore Wi-Fi modules");
    text_printf(out, "\n.SH SYNOPSIS\n\\fBrekindle\\fR ");
    if (command) {
        text_printf(out, "\\fB%s\\fR [\\fIOPTIONS\\fR] ", command->name);
        put_roff(out, command->usage);
    } else {
        text_printf(out, "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]");
    }
    text_printf(out, "\n");
    if (command) {
        text_printf(out, ".SH DESCRIPTION\n");
        put_roff(out, command->description);
        text_printf(out, "\n");
        roff_options(out, "OPTIONS", command->options);
    } else {
        roff_overview(out);
    }
    roff_options(out, command ? "OPTIONS OF EVERY COMMAND" : "OPTIONS", global_options);
    roff_tail(out);
}
