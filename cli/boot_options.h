/* The options of boot that say what of the module is different. */
#ifndef CLI_BOOT_OPTIONS_H
#define CLI_BOOT_OPTIONS_H

#include "cli.h"

#include <rekindle/boot.h>

/* Reads them into the request; *efuse is allocated, free() it. Fills cli->err. */
enum rk_status boot_options_read(struct cli *cli, struct rk_boot_request *q, uint8_t **efuse);

#endif
