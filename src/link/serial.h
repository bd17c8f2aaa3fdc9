/* Serial ports: one layer, three systems. serial_posix.c and serial_windows.c implement the same
 * function; what only Linux or macOS can do is in serial_linux.c and serial_macos.c. */
#ifndef RK_LINK_SERIAL_H
#define RK_LINK_SERIAL_H

#include <rekindle/link.h>

/* Opens the port at `path`, 115200 8N1, raw, locked, modem lines released. `info` comes with what
 * the caller knows of the adapter and is completed. Errors: PORT_NOT_FOUND, PORT_BUSY,
 * PORT_DENIED, PORT_CONFIG, PORT_IO. */
RK_MUST_CHECK enum rk_status rk_serial_open(struct rk_context *ctx, const char *path,
                                            const struct rk_link_info *info, struct rk_link **out,
                                            struct rk_error *err);

/* True if a port that gives `actual` bit/s when asked for `baud` is of no use: a UART tolerates
 * about 2 % at each end. `actual` 0 = unknown, which is taken on trust. */
static inline bool rk_serial_rate_off(uint32_t baud, uint32_t actual)
{
    uint64_t difference = actual > baud ? actual - baud : baud - actual;

    return actual != 0 && difference * 100 > (uint64_t)baud * 3;
}

#ifndef _WIN32
/* Sets any rate, 8N1, raw. 0 or an errno. *actual is what the driver reports. */
int rk_serial_set_rate(int fd, uint32_t baud, uint32_t *actual);
/* Asks the driver to hand over bytes without collecting them for milliseconds; silently does
 * nothing where that is not possible. Returns true if something was changed. */
bool rk_serial_low_latency(int fd, bool on);
/* Names the program that holds the port, if the system tells; else an empty text. */
void rk_serial_holder(const char *path, char *text, size_t cap);
#endif

#endif
