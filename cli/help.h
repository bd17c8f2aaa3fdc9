/* Help, manual pages and shell completions, all from the tables of commands and options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli.h"

/* Help on everything (command NULL) or on one command. */
void help_text(struct text *out, const struct command *command);
/* The few lines after a usage error. */
void help_usage(struct text *out, const struct command *command);
/* The safety rules. */
void help_rules(struct text *out);
/* rekindle(1) (command NULL) or rekindle-NAME(1), in roff. */
void man_page(struct text *out, const struct command *command);
/* Script for a shell: "bash", "zsh", "fish". False: no such shell. */
bool completion_script(struct text *out, const char *shell);

#endif
