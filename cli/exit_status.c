#include "exit_status.h"

const struct exit_row exit_rows[] = {
    {EXIT_OK, "ok", "done and verified"},
    {EXIT_INTERNAL, "internal", "a bug in rekindle: please report it"},
    {EXIT_USAGE, "usage", "the command line or a configuration file is wrong"},
    {EXIT_PORT_NONE, "port-none", "no such port, none at all, or several and none named"},
    {EXIT_PORT_DENIED, "port-denied", "no permission for the port, or another program has it"},
    {EXIT_NO_LINK, "no-link", "the port works, the module is silent"},
    {EXIT_LINK_LOST, "link-lost", "failed after linking: time-outs, adapter unplugged, protocol"},
    {EXIT_UNSUPPORTED, "unsupported",
     "chip or feature not supported, or not the chip that was named"},
    {EXIT_BAD_IMAGE, "bad-image", "the file is no image, or truncated, or damaged"},
    {EXIT_DIFFERS, "differs", "verify or diff found differences"},
    {EXIT_REFUSED, "refused", "a safety rule said no; the message names it"},
    {EXIT_PARTIAL, "partial", "ended early; what was done is saved and can be resumed"},
    {EXIT_HOST_FILE, "host-file", "a local file cannot be read or written"},
    {EXIT_DEVICE_FAULT, "device-fault",
     "the flash does not erase, program or read reliably, or stays locked"},
    {EXIT_INTERRUPTED, "interrupted", "stopped by Ctrl-C; run it again to go on"},
    {EXIT_TERMINATED, "terminated", "stopped by SIGTERM; run it again to go on"},
    {0, 0, 0},
};

static const struct {
    enum rk_status status;
    int code;
} codes[] = {
    {RK_OK, EXIT_OK},
    {RK_ERR_INTERNAL, EXIT_INTERNAL},
    {RK_ERR_NOMEM, EXIT_INTERNAL},
    {RK_ERR_ARG, EXIT_USAGE},
    {RK_ERR_CANCELLED, EXIT_INTERRUPTED},
    {RK_ERR_PORT_NOT_FOUND, EXIT_PORT_NONE},
    {RK_ERR_PORT_BUSY, EXIT_PORT_DENIED},
    {RK_ERR_PORT_DENIED, EXIT_PORT_DENIED},
    {RK_ERR_PORT_GONE, EXIT_LINK_LOST},
    {RK_ERR_PORT_CONFIG, EXIT_LINK_LOST},
    {RK_ERR_PORT_IO, EXIT_LINK_LOST},
    {RK_ERR_NO_LINK, EXIT_NO_LINK},
    {RK_ERR_LINK_LOST, EXIT_LINK_LOST},
    {RK_ERR_TIMEOUT, EXIT_LINK_LOST},
    {RK_ERR_PROTOCOL, EXIT_LINK_LOST},
    {RK_ERR_DEVICE_REFUSED, EXIT_LINK_LOST},
    {RK_ERR_UNSUPPORTED, EXIT_UNSUPPORTED},
    {RK_ERR_CHIP_MISMATCH, EXIT_UNSUPPORTED},
    {RK_ERR_IMAGE_FORMAT, EXIT_BAD_IMAGE},
    {RK_ERR_RANGE, EXIT_USAGE},
    {RK_ERR_VERIFY, EXIT_DIFFERS},
    {RK_ERR_UNSTABLE_READ, EXIT_DEVICE_FAULT},
    {RK_ERR_WRITE_PROTECTED, EXIT_DEVICE_FAULT},
    {RK_ERR_FLASH_FAULT, EXIT_DEVICE_FAULT},
    {RK_ERR_REFUSED, EXIT_REFUSED},
    {RK_ERR_PARTIAL, EXIT_PARTIAL},
    {RK_ERR_FILE, EXIT_HOST_FILE},
};

int exit_status_of(enum rk_status status)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].status == status)
            return codes[i].code;
    return EXIT_INTERNAL;
}

const char *exit_status_name(int code)
{
    for (const struct exit_row *row = exit_rows; row->name; row++)
        if (row->code == code)
            return row->name;
    return "internal";
}

int exit_status_worse(int a, int b)
{
    /* From harmless to grave; what is not listed is graver than all. */
    static const int order[] = {EXIT_OK,        EXIT_DIFFERS,   EXIT_REFUSED,   EXIT_UNSUPPORTED,
                                EXIT_BAD_IMAGE, EXIT_HOST_FILE, EXIT_PORT_NONE, EXIT_PORT_DENIED,
                                EXIT_NO_LINK,   EXIT_LINK_LOST, EXIT_PARTIAL,   EXIT_DEVICE_FAULT};
    size_t n = sizeof order / sizeof order[0], ra = n, rb = n;

    for (size_t i = 0; i < n; i++) {
        if (order[i] == a)
            ra = i;
        if (order[i] == b)
            rb = i;
    }
    return ra >= rb ? a : b;
}
