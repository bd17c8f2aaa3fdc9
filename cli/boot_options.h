/* The options of boot that say what of the module is different. */
#ifndef CLI_BOOT_OPTIONS_H
#define CLI_BOOT_OPTIONS_H

#include "cli.h"

#include <rekindle/boot.h>

/* What they read from files: allocated, free() each. */
struct boot_files {
    uint8_t *efuse, *rom;
};

/* Reads them into the request. Fills cli->err. */
enum rk_status boot_options_read(struct cli *cli, struct rk_boot_request *q,
                                 struct boot_files *files);

#endif
