/* boot --uart1: the emulated chip as a port. */
#ifndef CLI_BOOT_PORT_H
#define CLI_BOOT_PORT_H

#include "cli.h"

#include <rekindle/boot.h>

/* Serves UART1 of the module that the request describes until a signal ends it. `where` is "pty:LINK".
 * Fills cli->err. */
enum rk_status boot_port_serve(struct cli *cli, const struct rk_boot_request *request,
                               const char *where);

#endif
