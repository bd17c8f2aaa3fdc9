#include "image/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rk_view_put(struct rk_view *view, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (n < 0 || view->failed)
        return;
    view->failed = !view->sink(view->user, line, strlen(line));
}

const char *rk_key_class_name(enum rk_key_class key)
{
    static const char *const names[] = {"unknown", "zero", "tuya", "vendor", "unreadable"};

    return (unsigned)key < sizeof names / sizeof names[0] ? names[key] : "unknown";
}

const char *rk_evidence_name(enum rk_evidence evidence)
{
    static const char *const names[] = {"none", "guess", "one-source", "confirmed"};

    return (unsigned)evidence < sizeof names / sizeof names[0] ? names[evidence] : "none";
}
