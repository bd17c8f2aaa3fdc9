/* The JSON document every command ends with under --json, described by
 * cli/schema/rekindle-1.schema.json. */
#ifndef CLI_ENVELOPE_H
#define CLI_ENVELOPE_H

#include "cli.h"

/* Of a command that works on no module, or failed before it did. */
void envelope_print(struct cli *cli, int exit_code);

/* Of a command that worked on modules: one is the document itself, several are listed in
 * `result.modules`. */
void envelope_print_sessions(struct cli *cli, const struct session *sessions, size_t count,
                             int exit_code);

/* One event as a JSON line. */
void envelope_event(struct session *s, const struct rk_event *event);

#endif
