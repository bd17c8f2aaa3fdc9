/* A virtual module as a port, until a signal ends it: for sim and for boot. */
#ifndef CLI_SIM_PORT_H
#define CLI_SIM_PORT_H

#include "cli.h"

#include <rekindle/sim.h>

/* Creates the module and serves it; `faces` says how it can be reached, ready and user are set here.
 * *stats are its counters at the end. Fills cli->err. */
enum rk_status sim_port_serve(struct cli *cli, const struct rk_sim_options *module,
                              struct rk_sim_serve_options *faces, struct rk_sim_stats *stats);

#endif
