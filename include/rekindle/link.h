/* The link: a byte pipe to a module. Serial port, TCP, RFC 2217, virtual module, or your own. */
#ifndef REKINDLE_LINK_H
#define REKINDLE_LINK_H

#include <rekindle/clock.h>
#include <rekindle/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is known about the far end of a link. Texts may be empty, numbers 0 = unknown. */
struct rk_link_info {
    char name[256];  /* what the user would type to open it again */
    char kind[16];   /* "serial", "tcp", "rfc2217", "sim", "replay", "custom" */
    char bridge[32]; /* USB bridge, e.g. "CH340" */
    char serial[64]; /* USB serial number */
    uint16_t vid, pid;
    uint32_t max_baud; /* highest rate the bridge is good for */
    bool has_lines;    /* DTR and RTS can be set */
    bool paced;        /* the baud rate matters (false for plain TCP) */
    bool is_virtual;   /* no hardware: time is the link's own */
};

struct rk_link;

/* The operations behind a link. Implement them to bring an own transport. `self` is the pointer
 * given to rk_link_custom(). Times are microseconds of the link's clock. */
struct rk_link_ops {
    size_t size; /* sizeof(struct rk_link_ops) */
    /* Waits up to timeout_us for at least one byte, then takes what is there, at most cap bytes.
     * *got is 0 after the time has passed without a byte: that is success. Must accumulate: a
     * reply may come in any slices. Errors: PORT_GONE, PORT_IO. Required. */
    enum rk_status (*read)(void *self, uint8_t *buf, size_t cap, size_t *got, uint64_t timeout_us,
                           struct rk_error *err);
    /* Hands over all len bytes, waiting as long as the port takes them, at most timeout_us.
     * Errors: PORT_GONE, PORT_IO, TIMEOUT (nothing more is taken). Required. */
    enum rk_status (*write)(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                            struct rk_error *err);
    /* Returns when everything written has left the host's UART. NULL = writing is immediate. */
    enum rk_status (*drain)(void *self, struct rk_error *err);
    /* Sets the rate in bit/s (8N1). *actual receives what the port really does; it may be NULL.
     * NULL op = the link has no rate. Errors: PORT_CONFIG, PORT_GONE. */
    enum rk_status (*set_baud)(void *self, uint32_t baud, uint32_t *actual, struct rk_error *err);
    /* Sets modem lines: 1 asserted (pin low on common adapters), 0 released, -1 leave. NULL op
     * or UNSUPPORTED = there are none. */
    enum rk_status (*set_lines)(void *self, int dtr, int rts, struct rk_error *err);
    /* Throws away what has been received and not yet read. NULL = read until empty. */
    enum rk_status (*discard)(void *self, struct rk_error *err);
    /* Releases everything. Required. */
    void (*close)(void *self);
    /* Opens the log output (UART2) of the module at the far end as a link of its own, with the
     * same clock; it has to be closed first. NULL or UNSUPPORTED = this wire is all there is. */
    enum rk_status (*log)(void *self, struct rk_link **out, struct rk_error *err);
};

/* Opens a link by its specification:
 *   /dev/ttyUSB0, /dev/serial/by-id/..., COM7, a pty   a serial port
 *   usb:VID:PID[:SERIAL]                               the one USB adapter that matches
 *   tcp://HOST:PORT, rfc2217://HOST:PORT               remote ports
 *   replay:FILE                                        a recorded session, in virtual time
 *   sim:MODEL[,key=value...]                           a virtual module in this process, which
 *                                                      brings its own virtual clock
 * DTR and RTS are released at once (asserted lines would hold a wired CEN low) and the rate is
 * 115200. Errors: PORT_NOT_FOUND, PORT_BUSY, PORT_DENIED, PORT_CONFIG, ARG. */
RK_MUST_CHECK enum rk_status rk_link_open(struct rk_context *ctx, const char *spec,
                                          struct rk_link **out, struct rk_error *err);

/* Makes a link of own operations. `clock` NULL = the system clock. Takes over `self`: ops->close
 * is called by rk_link_close(), and also if this call fails. */
RK_MUST_CHECK enum rk_status rk_link_custom(struct rk_context *ctx, const struct rk_link_ops *ops,
                                            void *self, const struct rk_clock *clock,
                                            const struct rk_link_info *info, struct rk_link **out,
                                            struct rk_error *err);

/* Closes and frees; NULL is allowed. Devices on it must be freed before. */
void rk_link_close(struct rk_link *link);

const struct rk_link_info *rk_link_info(const struct rk_link *link);
const struct rk_clock *rk_link_clock(const struct rk_link *link);
struct rk_context *rk_link_context(const struct rk_link *link);
uint32_t rk_link_baud(const struct rk_link *link);

/* The operations, with the contract of struct rk_link_ops. rk_link_read() also returns
 * RK_ERR_CANCELLED if the context says so: it waits in slices of at most 20 ms. */
RK_MUST_CHECK enum rk_status rk_link_read(struct rk_link *link, uint8_t *buf, size_t cap,
                                          size_t *got, uint64_t timeout_us, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_link_write(struct rk_link *link, const uint8_t *buf, size_t len,
                                           struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_link_drain(struct rk_link *link, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_link_set_baud(struct rk_link *link, uint32_t baud, uint32_t *actual,
                                              struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_link_set_lines(struct rk_link *link, int dtr, int rts,
                                               struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_link_discard(struct rk_link *link, struct rk_error *err);

/* The log output of the module as a link of its own, if this transport has both wires: virtual
 * modules do. Close it before `link`. Errors: UNSUPPORTED, NOMEM. */
RK_MUST_CHECK enum rk_status rk_link_log(struct rk_link *link, struct rk_link **out,
                                         struct rk_error *err);

/* Runs a reset sequence on the modem lines: items separated by '|', each `D0` `D1` (DTR released,
 * asserted), `R0` `R1` (RTS), `W<seconds>` (wait), e.g. "D0|R1|W0.2|R0". Errors: ARG with the
 * position of the bad item, UNSUPPORTED if the link has no lines. */
RK_MUST_CHECK enum rk_status rk_link_run_sequence(struct rk_link *link, const char *sequence,
                                                  struct rk_error *err);

/* Records every byte with its time into a trace file (docs/trace-format.md) that `replay:FILE` can
 * play back. Wraps `inner` and takes it over; the result replaces it. An existing file is replaced
 * only if it is a trace. If the disk fills up, a warning is given and the work goes on untraced.
 * Errors, with which `inner` stays the caller's: FILE, NOMEM. */
RK_MUST_CHECK enum rk_status rk_link_trace(struct rk_link *inner, const char *path,
                                           struct rk_link **out, struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
