/* Serial ports of this computer. */
#ifndef REKINDLE_PORT_H
#define REKINDLE_PORT_H

#include <rekindle/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rk_port {
    char name[128];        /* device path or COM name */
    char stable[256];      /* name that survives re-plugging (by-id path, usb:VID:PID:SERIAL) */
    char description[128]; /* product text of the adapter */
    char serial[64];       /* USB serial number, may be empty */
    char bridge[32];       /* "CH340", "CP2102N", ...; empty if unknown */
    uint16_t vid, pid;     /* 0 if not USB */
    uint32_t max_baud;     /* highest rate the bridge is good for; 0 = unknown */
    bool usb;              /* a USB serial adapter, i.e. a candidate for automatic choice */
    bool accessible;       /* can be opened by this user */
    bool busy;             /* another program holds it */
    char reason[160];      /* why it is not usable and what to do; empty if it is usable */
};

/* Lists the serial ports. *out receives an array of *count entries (NULL if there are none) to be
 * freed with rk_ports_free(). Opens nothing that could move a modem line. Errors: NOMEM, PORT_IO. */
RK_MUST_CHECK enum rk_status rk_ports_list(struct rk_context *ctx, struct rk_port **out,
                                           size_t *count, struct rk_error *err);
void rk_ports_free(struct rk_port *ports);

/* Chooses the port for a user who named none: the only USB adapter with a known bridge. Writes
 * its name. Errors: PORT_NOT_FOUND with the candidates in `detail` (none, or several),
 * PORT_DENIED / PORT_BUSY if the only candidate cannot be used. */
RK_MUST_CHECK enum rk_status rk_port_choose(struct rk_context *ctx, char *name, size_t cap,
                                            struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
