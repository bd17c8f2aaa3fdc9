/* Where settings come from: option, environment, ./rekindle.ini, the user's configuration file,
 * default; the first that says something counts. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli.h"

/* Fills cli->settings and the parts of cli->out that options decide. Errors: ARG "usage.*",
 * "config.*"; FILE. */
RK_MUST_CHECK enum rk_status settings_resolve(struct cli *cli, struct rk_error *err);
void settings_free(struct cli *cli);

#endif
