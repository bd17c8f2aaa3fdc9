/* A checkup as text and as JSON; `diagnose`, `repair` and `report` show the same. */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "cli.h"

/* Runs the checkup of the port that the settings name, with the questions answered by --answer,
 * --yes or the user. Fills cli->err. `port` receives the name of the port. */
enum rk_status findings_run(struct cli *cli, struct rk_checkup **out, char *port, size_t cap);

/* Rows for commands that run a checkup. */
/* clang-format off */
#define CHECKUP_OPTIONS                                                                            \
    {"log-port", 0, OPTION_PORT, "PORT", "a second adapter, on TX2 of the module", NULL, false,    \
     false},                                                                                       \
    {"listen", 0, OPTION_SECONDS, "SECONDS", "longest time to listen to the log (default 45)",     \
     NULL, false, false},                                                                          \
    {"answer", 0, OPTION_TEXT, "ID=yes|no",                                                        \
     "answer a question before it is asked: reset, loopback, write-test", NULL, true, false}
/* clang-format on */

/* "failure", "state" or "ok". */
const char *findings_kind(enum rk_finding_kind kind);
/* The next part of "a|b|c": NULL behind the last, else its text and length, and *list moves on. */
const char *findings_part(const char **list, size_t *len);
/* The parts as an array of strings. */
void findings_put_parts(struct rk_json *json, const char *key, const char *list);
/* One finding of a rule: it has no facts behind it. */
void findings_rule_text(struct text *text, const struct rk_finding *rule);
void findings_text(struct text *text, const struct rk_checkup *checkup);
/* The members of an object that is open. */
void findings_json(struct rk_json *json, const struct rk_checkup *checkup);

#endif
