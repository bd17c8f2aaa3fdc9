/* Options as tables: parsing, help, man pages and completions all read the same rows. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <rekindle/error.h>

/* What an argument has to look like; checked while parsing. */
enum option_kind {
    OPTION_SWITCH, /* no argument; --no-NAME takes it back */
    OPTION_TEXT,   /* anything */
    OPTION_FILE,   /* a file name (completed as one) */
    OPTION_FOLDER,
    OPTION_PORT,    /* a port specification (completed from the list of ports) */
    OPTION_NUMBER,  /* number syntax of the program */
    OPTION_SECONDS, /* decimal seconds, fraction allowed */
    OPTION_CHOICE,  /* one of `choices`, separated by '|' */
    OPTION_RULES    /* safety rules, separated by ',' */
};

struct option {
    const char *name; /* without dashes; NULL ends a table */
    char letter;      /* short form; 0 = none */
    enum option_kind kind;
    const char *argument; /* shown in the help: "FILE"; NULL for switches */
    const char *help;     /* one sentence, lower case, no final dot */
    const char *choices;  /* OPTION_CHOICE: "auto|bar|lines|off" */
    bool repeat;          /* may be given several times */
    bool hidden;          /* not in the help */
};

#define OPTIONS_MAX     64
#define POSITIONALS_MAX 16

struct command;

/* A parsed command line. Points into argv and the tables. */
struct invocation {
    const struct command *command; /* NULL if none was named */
    struct {
        const struct option *option;
        const char *value; /* NULL for switches */
        bool off;          /* --no-NAME */
    } given[OPTIONS_MAX];
    size_t given_count;
    const char *positionals[POSITIONALS_MAX];
    size_t positional_count;
};

/* Options every command understands. */
extern const struct option global_options[];

/* Parses argv[1..]. Errors: ARG "usage.*" with a suggestion. What was understood before the error
 * is in *out, so that --json is honoured even then. */
RK_MUST_CHECK enum rk_status options_parse(int argc, char **argv, struct invocation *out,
                                           struct rk_error *err);

/* The last value given for an option, NULL if none. */
const char *option_value(const struct invocation *in, const char *name);
/* The n-th value of an option that may be repeated; NULL behind the last. */
const char *option_nth(const struct invocation *in, const char *name, size_t n);
/* How often a switch was given; 0 after --no-NAME. */
unsigned option_count(const struct invocation *in, const char *name);
static inline bool option_on(const struct invocation *in, const char *name)
{
    return option_count(in, name) > 0;
}

/* Finds a row by name in the command's and the global table; NULL if there is none. */
const struct option *option_find(const struct command *command, const char *name);
/* True if the command itself has an option of that name. */
bool option_is_own(const struct command *command, const char *name);

#endif
