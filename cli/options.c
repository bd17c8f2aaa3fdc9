#include "options.h"

#include "base/text.h"
#include "command.h"

#include <rekindle/job.h>

#include <string.h>

/* clang-format off */
const struct option global_options[] = {
    {"port", 'p', OPTION_PORT, "PORT", "port of the module: a path, usb:VID:PID, tcp://HOST:PORT, rfc2217://HOST:PORT, sim:MODEL; repeat it for several modules", NULL, true, false},
    {"chip", 'c', OPTION_TEXT, "CHIP", "insist on this chip: another one is an error (default: find out)", NULL, false, false},
    {"baud", 'b', OPTION_TEXT, "RATE", "transfer rate: a number, auto (highest safe rate, the default) or max", NULL, false, false},
    {"reset", 'R', OPTION_TEXT, "MODE", "how to reset the module: auto, none, manual, dtr-rts, rts, dtr, or seq:D0|R1|W0.2|R0", NULL, false, false},
    {"link-timeout", 't', OPTION_SECONDS, "SECONDS", "how long to wait for the module (default 20; 0 = for ever)", NULL, false, false},
    {"loader", 0, OPTION_FILE, "FILE", "BL602: put this loader into its RAM instead of rekindle's own; \"rom\": none, everything goes through the mask ROM, slowly", NULL, false, false},
    {"retries", 0, OPTION_NUMBER, "N", "repeats of a failed command (default 5)", NULL, false, false},
    {"json", 'j', OPTION_SWITCH, NULL, "print one JSON document on standard output", NULL, false, false},
    {"jsonl", 0, OPTION_SWITCH, NULL, "print events as JSON lines while working, the result last", NULL, false, false},
    {"progress", 0, OPTION_CHOICE, "WHEN", "progress on standard error", "auto|bar|lines|off", false, false},
    {"color", 0, OPTION_CHOICE, "WHEN", "colours in messages", "auto|always|never", false, false},
    {"quiet", 'q', OPTION_SWITCH, NULL, "only errors", NULL, false, false},
    {"verbose", 'v', OPTION_SWITCH, NULL, "tell more; twice: debug", NULL, true, false},
    {"log", 0, OPTION_FILE, "FILE", "write a debug log to a file", NULL, false, false},
    {"trace", 0, OPTION_FILE, "FILE", "record every byte with its time; -p replay:FILE plays it back (several modules: FILE gets a number each)", NULL, false, false},
    {"dry-run", 'n', OPTION_SWITCH, NULL, "change nothing on the module: show what would be done", NULL, false, false},
    {"yes", 'y', OPTION_SWITCH, NULL, "answer yes to questions (not to safety rules)", NULL, false, false},
    {"no-input", 0, OPTION_SWITCH, NULL, "never ask a question", NULL, false, false},
    {"force", 0, OPTION_RULES, "RULE[,RULE]", "lift safety rules by name; `rekindle help rules` lists them", NULL, true, false},
    {"show-secrets", 0, OPTION_SWITCH, NULL, "show keys and passwords instead of masking them", NULL, false, false},
    {"config", 0, OPTION_FILE, "FILE", "read this configuration file instead of the usual ones", NULL, false, false},
    {"no-config", 0, OPTION_SWITCH, NULL, "read no configuration file", NULL, false, false},
    {"help", 'h', OPTION_SWITCH, NULL, "show help and exit", NULL, false, false},
    {"version", 'V', OPTION_SWITCH, NULL, "show the version and exit", NULL, false, false},
    {NULL, 0, OPTION_SWITCH, NULL, NULL, NULL, false, false},
};
/* clang-format on */

static const struct option *find_in(const struct option *table, const char *name, size_t len)
{
    for (const struct option *o = table; o && o->name; o++)
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

static const struct option *find_named(const struct command *command, const char *name, size_t len)
{
    const struct option *o = command ? find_in(command->options, name, len) : NULL;

    return o ? o : find_in(global_options, name, len);
}

bool option_is_own(const struct command *command, const char *name)
{
    return find_in(command->options, name, strlen(name)) != NULL;
}

const struct option *option_find(const struct command *command, const char *name)
{
    return find_named(command, name, strlen(name));
}

static const struct option *find_letter(const struct command *command, char letter)
{
    for (const struct option *o = global_options; o->name; o++)
        if (o->letter == letter)
            return o;
    for (const struct option *o = command ? command->options : NULL; o && o->name; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static enum rk_status unknown_option(const struct command *command, const char *text,
                                     struct rk_error *err)
{
    const struct option *tables[] = {command ? command->options : NULL, global_options};
    const char *names[2 * OPTIONS_MAX], *near = NULL;
    char word[40];
    size_t count = 0;

    rk_fail(err, RK_ERR_ARG, "usage.option", "there is no option \"%s\"", text);
    for (size_t i = 0; i < 2; i++)
        for (const struct option *o = tables[i]; o && o->name && count < 2 * OPTIONS_MAX; o++)
            names[count++] = o->name;
    size_t len = strcspn(text, "=") + 1;
    rk_text_copy(word, len < sizeof word ? len : sizeof word, text);
    if (text[0] == '-' && text[1] == '-')
        near = rk_text_nearest(word + 2, names, count, sizeof names[0]);
    if (near)
        rk_error_hint(err, "did you mean --%s?", near);
    else
        rk_error_hint(err, "`rekindle help%s%s` lists the options", command ? " " : "",
                      command ? command->name : "");
    return RK_ERR_ARG;
}

static enum rk_status check_choice(const struct option *o, const char *value, struct rk_error *err)
{
    size_t len = strlen(value);

    for (const char *p = o->choices; p && *p;) {
        size_t n = strcspn(p, "|");
        if (n == len && strncmp(p, value, n) == 0)
            return RK_OK;
        p += n + (p[n] == '|');
    }
    rk_fail(err, RK_ERR_ARG, "usage.value", "\"%s\" is no value for --%s", value, o->name);
    rk_error_hint(err, "one of %s", o->choices);
    return RK_ERR_ARG;
}

static enum rk_status check_seconds(const struct option *o, const char *value, struct rk_error *err)
{
    size_t digits = strspn(value, "0123456789"), more = 0;

    if (value[digits] == '.')
        more = 1 + strspn(value + digits + 1, "0123456789");
    if (digits >= 1 && digits <= 6 && more != 1 && more <= 7 && value[digits + more] == '\0')
        return RK_OK;
    rk_fail(err, RK_ERR_ARG, "usage.value", "\"%s\" is no number of seconds for --%s", value,
            o->name);
    rk_error_hint(err, "for example 20 or 2.5");
    return RK_ERR_ARG;
}

static enum rk_status check_rules(const char *value, struct rk_error *err)
{
    for (const char *p = value;;) {
        char name[40];
        enum rk_rule rule;
        size_t n = strcspn(p, ",");
        rk_text_copy(name, n + 1 < sizeof name ? n + 1 : sizeof name, p);
        enum rk_status st = rk_rule_parse(name, &rule, err);
        if (st != RK_OK)
            return st;
        if (p[n] == '\0')
            return RK_OK;
        p += n + 1;
    }
}

static enum rk_status check_value(const struct option *o, const char *value, struct rk_error *err)
{
    uint32_t number;

    switch (o->kind) {
    case OPTION_NUMBER:
        return rk_parse_u32(value, &number, err);
    case OPTION_CHOICE:
        return check_choice(o, value, err);
    case OPTION_SECONDS:
        return check_seconds(o, value, err);
    case OPTION_RULES:
        return check_rules(value, err);
    default:
        if (*value)
            return RK_OK;
        return rk_fail(err, RK_ERR_ARG, "usage.value", "--%s needs %s", o->name, o->argument);
    }
}

static enum rk_status add(struct invocation *in, const struct option *o, const char *value,
                          bool off, struct rk_error *err)
{
    if (in->given_count == OPTIONS_MAX)
        return rk_fail(err, RK_ERR_ARG, "usage.too-many", "more than %d options", OPTIONS_MAX);
    if (value) {
        enum rk_status st = check_value(o, value, err);
        if (st != RK_OK)
            return st;
    }
    in->given[in->given_count].option = o;
    in->given[in->given_count].value = value;
    in->given[in->given_count++].off = off;
    return RK_OK;
}

static enum rk_status missing_argument(const struct option *o, struct rk_error *err)
{
    rk_fail(err, RK_ERR_ARG, "usage.argument", "--%s needs %s", o->name, o->argument);
    return RK_ERR_ARG;
}

/* --name, --name=value, --name value, --no-name */
static enum rk_status parse_long(struct invocation *in, char **argv, int argc, int *at,
                                 struct rk_error *err)
{
    const char *text = argv[*at] + 2;
    size_t len = strcspn(text, "=");
    const char *value = text[len] == '=' ? text + len + 1 : NULL;
    const struct option *o = find_named(in->command, text, len);
    bool off = false;

    if (!o && len > 3 && strncmp(text, "no-", 3) == 0) {
        o = find_named(in->command, text + 3, len - 3);
        off = o && o->kind == OPTION_SWITCH;
        if (!off)
            o = NULL;
    }
    if (!o)
        return unknown_option(in->command, argv[*at], err);
    if (o->kind == OPTION_SWITCH) {
        if (value)
            return rk_fail(err, RK_ERR_ARG, "usage.value", "--%s takes no value", o->name);
        return add(in, o, NULL, off, err);
    }
    if (!value) {
        if (*at + 1 >= argc)
            return missing_argument(o, err);
        value = argv[++*at];
    }
    return add(in, o, value, false, err);
}

/* -x, -xyz, -x value, -xvalue */
static enum rk_status parse_short(struct invocation *in, char **argv, int argc, int *at,
                                  struct rk_error *err)
{
    for (const char *p = argv[*at] + 1; *p; p++) {
        const struct option *o = find_letter(in->command, *p);
        enum rk_status st;
        if (!o)
            return unknown_option(in->command, argv[*at], err);
        if (o->kind == OPTION_SWITCH) {
            st = add(in, o, NULL, false, err);
            if (st != RK_OK)
                return st;
            continue;
        }
        if (p[1])
            return add(in, o, p + 1, false, err);
        if (*at + 1 >= argc)
            return missing_argument(o, err);
        return add(in, o, argv[++*at], false, err);
    }
    return RK_OK;
}

/* The command is needed before options in front of it can be told: the first word that is neither
 * an option nor the argument of a global one. */
static const struct command *find_command(int argc, char **argv, int *at)
{
    for (*at = 1; *at < argc; ++*at) {
        const char *text = argv[*at];
        if (strcmp(text, "--") == 0)
            return NULL;
        if (text[0] != '-' || text[1] == '\0')
            return command_find(text);
        const struct option *o;
        if (text[1] == '-')
            o = strchr(text, '=') ? NULL : find_in(global_options, text + 2, strlen(text + 2));
        else
            o = find_letter(NULL, text[strlen(text) - 1]);
        if (o && o->kind != OPTION_SWITCH)
            ++*at;
    }
    return NULL;
}

static enum rk_status unknown_command(const char *text, struct rk_error *err)
{
    const char *near = command_nearest(text);

    rk_fail(err, RK_ERR_ARG, "usage.command", "there is no command \"%s\"", text);
    if (near)
        rk_error_hint(err, "did you mean \"%s\"?", near);
    else
        rk_error_hint(err, "`rekindle help` lists the commands");
    return RK_ERR_ARG;
}

static enum rk_status check_positionals(const struct invocation *in, struct rk_error *err)
{
    const struct command *c = in->command;

    if (!c || option_on(in, "help"))
        return RK_OK;
    if (in->positional_count < c->min_positionals)
        rk_fail(err, RK_ERR_ARG, "usage.missing", "%s needs %s", c->name, c->usage);
    else if (in->positional_count > c->max_positionals)
        rk_fail(err, RK_ERR_ARG, "usage.extra", "\"%s\" is one argument too many for %s",
                in->positionals[c->max_positionals], c->name);
    else
        return RK_OK;
    rk_error_hint(err, "usage: rekindle %s %s", c->name, c->usage);
    return RK_ERR_ARG;
}

enum rk_status options_parse(int argc, char **argv, struct invocation *out, struct rk_error *err)
{
    int command_at = 0;
    bool only_positionals = false;
    enum rk_status st = RK_OK, first = RK_OK;
    struct rk_error ignored;

    memset(out, 0, sizeof *out);
    out->command = find_command(argc, argv, &command_at);
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        struct rk_error *where = first == RK_OK ? err : &ignored;
        st = RK_OK;
        if (i == command_at && out->command)
            continue;
        if (!only_positionals && strcmp(text, "--") == 0)
            only_positionals = true;
        else if (!only_positionals && text[0] == '-' && text[1] == '-')
            st = parse_long(out, argv, argc, &i, where);
        else if (!only_positionals && text[0] == '-' && text[1])
            st = parse_short(out, argv, argc, &i, where);
        else if (!out->command && !only_positionals)
            st = unknown_command(text, where);
        else if (out->positional_count == POSITIONALS_MAX)
            st = rk_fail(where, RK_ERR_ARG, "usage.too-many", "more than %d arguments",
                         POSITIONALS_MAX);
        else
            out->positionals[out->positional_count++] = text;
        if (first == RK_OK)
            first = st;
    }
    return first != RK_OK ? first : check_positionals(out, err);
}

const char *option_value(const struct invocation *in, const char *name)
{
    for (size_t i = in->given_count; i-- > 0;)
        if (strcmp(in->given[i].option->name, name) == 0)
            return in->given[i].value;
    return NULL;
}

const char *option_nth(const struct invocation *in, const char *name, size_t n)
{
    for (size_t i = 0; i < in->given_count; i++)
        if (strcmp(in->given[i].option->name, name) == 0 && n-- == 0)
            return in->given[i].value;
    return NULL;
}

unsigned option_count(const struct invocation *in, const char *name)
{
    unsigned count = 0;

    for (size_t i = 0; i < in->given_count; i++)
        if (strcmp(in->given[i].option->name, name) == 0)
            count = in->given[i].off ? 0 : count + 1;
    return count;
}
