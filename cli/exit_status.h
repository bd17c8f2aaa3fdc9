/* Exit statuses of the program: stable, documented in rekindle(1), never negative. */
#ifndef CLI_EXIT_STATUS_H
#define CLI_EXIT_STATUS_H

#include <rekindle/error.h>

enum exit_status {
    EXIT_OK = 0,
    EXIT_INTERNAL = 1,
    EXIT_USAGE = 2,
    EXIT_PORT_NONE = 3,
    EXIT_PORT_DENIED = 4,
    EXIT_NO_LINK = 5,
    EXIT_LINK_LOST = 6,
    EXIT_UNSUPPORTED = 7,
    EXIT_BAD_IMAGE = 8,
    EXIT_DIFFERS = 9,
    EXIT_REFUSED = 10,
    EXIT_PARTIAL = 11,
    EXIT_HOST_FILE = 12,
    EXIT_DEVICE_FAULT = 13,
    EXIT_INTERRUPTED = 130,
    EXIT_TERMINATED = 143
};

struct exit_row {
    int code;
    const char *name;    /* "no-link" */
    const char *meaning; /* for the man page */
};

/* All rows, ending with a NULL name. */
extern const struct exit_row exit_rows[];

int exit_status_of(enum rk_status status);
const char *exit_status_name(int code);
/* Of several modules: the more severe of two exit statuses. */
int exit_status_worse(int a, int b);

#endif
