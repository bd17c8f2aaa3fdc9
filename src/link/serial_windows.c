/* Serial ports on Windows, in the shape of serial_posix.c. Compiled and linked in every build, never
 * run by us on hardware. */
#define WIN32_LEAN_AND_MEAN
#include "link/serial.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define FIRST_BAUD 115200u

struct serial {
    HANDLE handle;
    char path[256];
    DCB saved;
    COMMTIMEOUTS saved_timeouts;
    bool saved_valid;
    DWORD read_timeout, write_timeout; /* ms, as set */
};

static void system_text(DWORD code, char *text, size_t cap)
{
    DWORD n = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, code,
                             0, text, (DWORD)cap, NULL);

    if (n == 0)
        rk_text_format(text, cap, "error %lu", code);
    while (n > 0 && strchr("\r\n. ", text[n - 1]))
        text[--n] = '\0';
}

static bool means_gone(DWORD code)
{
    return code == ERROR_BAD_COMMAND || code == ERROR_DEVICE_NOT_CONNECTED ||
           code == ERROR_DEVICE_REMOVED || code == ERROR_GEN_FAILURE ||
           code == ERROR_OPERATION_ABORTED || code == ERROR_INVALID_HANDLE ||
           code == ERROR_ACCESS_DENIED;
}

static enum rk_status io_error(const struct serial *port, const char *what, struct rk_error *err)
{
    DWORD code = GetLastError();
    char text[160];
    bool gone = means_gone(code);

    system_text(code, text, sizeof text);
    if (gone) {
        rk_fail(err, RK_ERR_PORT_GONE, "port.gone", "%s has disappeared", port->path);
        rk_error_detail(err, "%s", text);
        rk_error_hint(err, "was the adapter pulled out? plug it in again and check its cable");
    } else {
        rk_fail(err, RK_ERR_PORT_IO, "port.io", "cannot %s %s: %s", what, port->path, text);
    }
    if (err)
        err->os_error = (int)code;
    return gone ? RK_ERR_PORT_GONE : RK_ERR_PORT_IO;
}

/* The triple MAXDWORD, MAXDWORD, n makes ReadFile() return as soon as one byte is there, and after
 * n ms without any; 0 for n would mean "for ever", so no wait at all is MAXDWORD, 0, 0. */
static bool set_timeouts(struct serial *port, DWORD read_ms, DWORD write_ms)
{
    COMMTIMEOUTS t = {.ReadIntervalTimeout = MAXDWORD,
                      .ReadTotalTimeoutMultiplier = read_ms ? MAXDWORD : 0,
                      .ReadTotalTimeoutConstant = read_ms,
                      .WriteTotalTimeoutConstant = write_ms};

    if (read_ms == port->read_timeout && write_ms == port->write_timeout)
        return true;
    if (!SetCommTimeouts(port->handle, &t))
        return false;
    port->read_timeout = read_ms;
    port->write_timeout = write_ms;
    return true;
}

static DWORD milliseconds(uint64_t us)
{
    return us > 60000000u ? 60000 : (DWORD)((us + 999) / 1000);
}

static enum rk_status serial_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                                  uint64_t timeout_us, struct rk_error *err)
{
    struct serial *port = self;
    DWORD n = 0, want = cap > 65536 ? 65536 : (DWORD)cap;

    *got = 0;
    if (!set_timeouts(port, milliseconds(timeout_us), port->write_timeout) ||
        !ReadFile(port->handle, buf, want, &n, NULL))
        return io_error(port, "read from", err);
    *got = n;
    return RK_OK;
}

static enum rk_status serial_write(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                   struct rk_error *err)
{
    struct serial *port = self;
    const struct rk_clock *clock = rk_clock_system();
    uint64_t end = rk_clock_now(clock) + timeout_us;

    while (len > 0) {
        uint64_t now = rk_clock_now(clock);
        DWORD n = 0, part = len > 65536 ? 65536 : (DWORD)len;
        if (now >= end) {
            rk_fail(err, RK_ERR_TIMEOUT, "port.stuck", "%s takes no more bytes", port->path);
            rk_error_hint(err, "the adapter or its driver is blocked: plug it in again");
            return RK_ERR_TIMEOUT;
        }
        if (!set_timeouts(port, port->read_timeout, milliseconds(end - now)) ||
            !WriteFile(port->handle, buf, part, &n, NULL))
            return io_error(port, "write to", err);
        buf += n;
        len -= n;
    }
    return RK_OK;
}

static enum rk_status serial_drain(void *self, struct rk_error *err)
{
    struct serial *port = self;

    return FlushFileBuffers(port->handle) ? RK_OK : io_error(port, "drain", err);
}

static enum rk_status serial_set_baud(void *self, uint32_t baud, uint32_t *actual,
                                      struct rk_error *err)
{
    struct serial *port = self;
    DCB dcb = {.DCBlength = sizeof dcb};

    if (!GetCommState(port->handle, &dcb))
        return io_error(port, "examine", err);
    dcb.BaudRate = baud;
    if (!SetCommState(port->handle, &dcb)) {
        char text[160];
        DWORD code = GetLastError();
        if (code != ERROR_INVALID_PARAMETER)
            return io_error(port, "configure", err);
        system_text(code, text, sizeof text);
        rk_fail(err, RK_ERR_PORT_CONFIG, "port.baud", "%s cannot do %u baud", port->path,
                (unsigned)baud);
        rk_error_detail(err, "%s", text);
        rk_error_hint(err, "use a lower --baud");
        return RK_ERR_PORT_CONFIG;
    }
    if (actual)
        *actual = baud; /* Windows does not tell what the driver made of it */
    return RK_OK;
}

static enum rk_status serial_set_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    struct serial *port = self;
    bool ok = dtr < 0 || EscapeCommFunction(port->handle, dtr ? SETDTR : CLRDTR);

    ok = ok && (rts < 0 || EscapeCommFunction(port->handle, rts ? SETRTS : CLRRTS));
    if (ok)
        return RK_OK;
    if (means_gone(GetLastError()))
        return io_error(port, "set the modem lines of", err);
    return rk_fail(err, RK_ERR_UNSUPPORTED, "port.no-lines", "%s has no modem lines", port->path);
}

static enum rk_status serial_discard(void *self, struct rk_error *err)
{
    struct serial *port = self;

    return PurgeComm(port->handle, PURGE_RXCLEAR) ? RK_OK : io_error(port, "flush", err);
}

static void serial_close(void *self)
{
    struct serial *port = self;

    if (port->handle != INVALID_HANDLE_VALUE) {
        if (port->saved_valid) {
            SetCommTimeouts(port->handle, &port->saved_timeouts);
            SetCommState(port->handle, &port->saved);
        }
        CloseHandle(port->handle);
    }
    free(port);
}

static enum rk_status open_failed(const char *path, DWORD code, struct rk_error *err)
{
    char text[160];
    enum rk_status st = RK_ERR_PORT_NOT_FOUND;

    system_text(code, text, sizeof text);
    if (code == ERROR_ACCESS_DENIED || code == ERROR_SHARING_VIOLATION) {
        st = rk_fail(err, RK_ERR_PORT_BUSY, "port.busy", "%s is in use", path);
        rk_error_detail(err, "%s", text);
        rk_error_hint(err, "close the other program (terminal, flasher) and try again");
    } else {
        rk_fail(err, st, "port.not-found", "cannot open %s: %s", path, text);
        rk_error_hint(err, "`rekindle ports` lists what is there");
    }
    if (err)
        err->os_error = (int)code;
    return st;
}

/* 8N1, no flow control, the lines stated at once: drivers raise them when a port is opened. */
static enum rk_status set_up(struct serial *port, struct rk_link_info *info, struct rk_error *err)
{
    port->saved.DCBlength = sizeof port->saved;
    if (!GetCommState(port->handle, &port->saved) ||
        !GetCommTimeouts(port->handle, &port->saved_timeouts)) {
        rk_fail(err, RK_ERR_PORT_NOT_FOUND, "port.not-serial", "%s is not a serial port",
                port->path);
        rk_error_hint(err, "`rekindle ports` lists the serial ports");
        return RK_ERR_PORT_NOT_FOUND;
    }
    port->saved_valid = true;
    info->has_lines = serial_set_lines(port, 0, 0, NULL) == RK_OK;
    DCB dcb = {.DCBlength = sizeof dcb,
               .BaudRate = FIRST_BAUD,
               .fBinary = TRUE,
               .fDtrControl = DTR_CONTROL_DISABLE,
               .fRtsControl = RTS_CONTROL_DISABLE,
               .XonLim = port->saved.XonLim,
               .XoffLim = port->saved.XoffLim,
               .ByteSize = 8,
               .Parity = NOPARITY,
               .StopBits = ONESTOPBIT,
               .XonChar = 0x11,
               .XoffChar = 0x13};
    if (!SetCommState(port->handle, &dcb)) {
        rk_fail(err, RK_ERR_PORT_CONFIG, "port.config", "%s does not take 8N1 without flow control",
                port->path);
        return RK_ERR_PORT_CONFIG;
    }
    port->read_timeout = port->write_timeout = MAXDWORD; /* not known: the next call sets them */
    SetupComm(port->handle, 16384, 16384);
    PurgeComm(port->handle, PURGE_RXCLEAR | PURGE_TXCLEAR);
    return RK_OK;
}

enum rk_status rk_serial_open(struct rk_context *ctx, const char *path,
                              const struct rk_link_info *known, struct rk_link **out,
                              struct rk_error *err)
{
    static const struct rk_link_ops ops = {
        .size = sizeof ops,
        .read = serial_read,
        .write = serial_write,
        .drain = serial_drain,
        .set_baud = serial_set_baud,
        .set_lines = serial_set_lines,
        .discard = serial_discard,
        .close = serial_close,
    };
    struct rk_link_info info = known ? *known : (struct rk_link_info){.vid = 0};
    struct serial *port = calloc(1, sizeof *port);
    char device[300];

    if (!port)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    rk_text_copy(port->path, sizeof port->path, path);
    /* Only COM1 to COM9 open without the prefix, all with it. */
    rk_text_format(device, sizeof device, "%s%s", path[0] == '\\' ? "" : "\\\\.\\", path);
    port->handle =
        CreateFileA(device, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (port->handle == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        free(port);
        return open_failed(path, code, err);
    }
    enum rk_status st = set_up(port, &info, err);
    if (st != RK_OK) {
        serial_close(port);
        return st;
    }
    rk_text_copy(info.name, sizeof info.name, path);
    rk_text_copy(info.kind, sizeof info.kind, "serial");
    info.paced = true;
    return rk_link_custom(ctx, &ops, port, NULL, &info, out, err);
}
