#include <rekindle/error.h>

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum rk_status status;
    const char *name;
} status_names[] = {
    {RK_OK, "RK_OK"},
    {RK_ERR_INTERNAL, "RK_ERR_INTERNAL"},
    {RK_ERR_ARG, "RK_ERR_ARG"},
    {RK_ERR_NOMEM, "RK_ERR_NOMEM"},
    {RK_ERR_CANCELLED, "RK_ERR_CANCELLED"},
    {RK_ERR_PORT_NOT_FOUND, "RK_ERR_PORT_NOT_FOUND"},
    {RK_ERR_PORT_BUSY, "RK_ERR_PORT_BUSY"},
    {RK_ERR_PORT_DENIED, "RK_ERR_PORT_DENIED"},
    {RK_ERR_PORT_GONE, "RK_ERR_PORT_GONE"},
    {RK_ERR_PORT_CONFIG, "RK_ERR_PORT_CONFIG"},
    {RK_ERR_PORT_IO, "RK_ERR_PORT_IO"},
    {RK_ERR_NO_LINK, "RK_ERR_NO_LINK"},
    {RK_ERR_LINK_LOST, "RK_ERR_LINK_LOST"},
    {RK_ERR_TIMEOUT, "RK_ERR_TIMEOUT"},
    {RK_ERR_PROTOCOL, "RK_ERR_PROTOCOL"},
    {RK_ERR_DEVICE_REFUSED, "RK_ERR_DEVICE_REFUSED"},
    {RK_ERR_UNSUPPORTED, "RK_ERR_UNSUPPORTED"},
    {RK_ERR_CHIP_MISMATCH, "RK_ERR_CHIP_MISMATCH"},
    {RK_ERR_IMAGE_FORMAT, "RK_ERR_IMAGE_FORMAT"},
    {RK_ERR_RANGE, "RK_ERR_RANGE"},
    {RK_ERR_VERIFY, "RK_ERR_VERIFY"},
    {RK_ERR_UNSTABLE_READ, "RK_ERR_UNSTABLE_READ"},
    {RK_ERR_WRITE_PROTECTED, "RK_ERR_WRITE_PROTECTED"},
    {RK_ERR_FLASH_FAULT, "RK_ERR_FLASH_FAULT"},
    {RK_ERR_REFUSED, "RK_ERR_REFUSED"},
    {RK_ERR_PARTIAL, "RK_ERR_PARTIAL"},
    {RK_ERR_FILE, "RK_ERR_FILE"},
};

const char *rk_status_name(enum rk_status status)
{
    for (size_t i = 0; i < sizeof status_names / sizeof status_names[0]; i++)
        if (status_names[i].status == status)
            return status_names[i].name;
    return "RK_ERR_?";
}

void rk_error_clear(struct rk_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}

/* vsnprintf that leaves one line without control characters behind. */
RK_PRINTF(3, 0)
static void format_line(char *dst, size_t cap, const char *fmt, va_list ap)
{
    if (vsnprintf(dst, cap, fmt, ap) < 0)
        dst[0] = '\0';
    for (char *p = dst; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
}

enum rk_status rk_fail(struct rk_error *err, enum rk_status status, const char *id, const char *fmt,
                       ...)
{
    va_list ap;

    if (!err)
        return status;
    rk_error_clear(err);
    err->status = status;
    rk_text_copy(err->id, sizeof err->id, id);
    va_start(ap, fmt);
    format_line(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return status;
}

void rk_error_detail(struct rk_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    format_line(err->detail, sizeof err->detail, fmt, ap);
    va_end(ap);
}

void rk_error_hint(struct rk_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    format_line(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

void rk_error_at(struct rk_error *err, uint32_t addr)
{
    if (!err)
        return;
    err->has_addr = true;
    err->addr = addr;
}

void rk_error_context(struct rk_error *err, const char *fmt, ...)
{
    char head[sizeof err->message], tail[sizeof err->message];
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    format_line(head, sizeof head, fmt, ap);
    va_end(ap);
    rk_text_copy(tail, sizeof tail, err->message);
    rk_text_copy(err->message, sizeof err->message, head);
    rk_text_append(err->message, sizeof err->message, ": %s", tail);
}
