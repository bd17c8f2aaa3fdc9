/* The commands: a table. Each lives in a file of its own, cmd_NAME.c. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "options.h"

struct cli;

struct command {
    const char *name;
    const char *alias;            /* another name, or NULL */
    const char *summary;          /* one line for the list of commands */
    const char *usage;            /* positionals: "FILE [ADDR]"; may be "" */
    const char *description;      /* paragraphs for help and man page, separated by "\n\n" */
    const struct option *options; /* ends with a row whose name is NULL */
    size_t min_positionals, max_positionals;
    bool device; /* works on the modules behind -p */
    bool hidden;
    /* Does the work; what went wrong is reported through the cli. Returns the exit status. */
    int (*run)(struct cli *cli);
};

/* All commands; the array ends with NULL. */
extern const struct command *const commands[];

/* By name or alias; NULL if there is none. */
const struct command *command_find(const char *name);
/* The nearest name, for "did you mean"; NULL if none is near. */
const char *command_nearest(const char *name);

#endif
