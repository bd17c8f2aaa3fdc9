#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rk_text_copy(char *dst, size_t cap, const char *src)
{
    size_t n = strlen(src);

    if (n >= cap)
        n = cap - 1;
    memmove(dst, src, n);
    dst[n] = '\0';
}

void rk_text_format(char *dst, size_t cap, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (vsnprintf(dst, cap, fmt, ap) < 0)
        dst[0] = '\0';
    va_end(ap);
}

void rk_text_append(char *dst, size_t cap, const char *fmt, ...)
{
    size_t used = strlen(dst);
    va_list ap;

    va_start(ap, fmt);
    if (used < cap && vsnprintf(dst + used, cap - used, fmt, ap) < 0)
        dst[used] = '\0';
    va_end(ap);
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool rk_text_same(const char *a, const char *b)
{
    while (*a && lower((unsigned char)*a) == lower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)lower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads a number from *p, which is left behind it. False: no digits, or above max. */
static bool scan_number(const char **p, uint64_t max, uint64_t *out)
{
    const char *s = *p;
    unsigned base = 10;
    uint64_t v = 0;

    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    }
    const char *first = s;
    for (int d; (d = digit_value(*s)) >= 0 && (unsigned)d < base; s++) {
        if (v > (UINT64_MAX - (unsigned)d) / base)
            return false;
        v = v * base + (unsigned)d;
    }
    if (s == first)
        return false;
    uint64_t unit = *s == 'K' || *s == 'k' ? 1024u : *s == 'M' || *s == 'm' ? 1024u * 1024u : 1u;
    if (unit > 1)
        s++;
    if (v > max / unit)
        return false;
    *out = v * unit;
    *p = s;
    return true;
}

enum rk_status rk_parse_u64(const char *text, uint64_t max, uint64_t *out, struct rk_error *err)
{
    const char *p = text;
    uint64_t v;

    if (!scan_number(&p, max, &v) || *p != '\0') {
        rk_fail(err, RK_ERR_ARG, "usage.number", "\"%s\" is not a number from 0 to %" PRIu64, text,
                max);
        rk_error_hint(err, "write 4096, 0x1000 or 4K; hexadecimal needs the 0x");
        return RK_ERR_ARG;
    }
    *out = v;
    return RK_OK;
}

enum rk_status rk_parse_u32(const char *text, uint32_t *out, struct rk_error *err)
{
    uint64_t v;
    enum rk_status st = rk_parse_u64(text, UINT32_MAX, &v, err);

    if (st == RK_OK)
        *out = (uint32_t)v;
    return st;
}

enum rk_status rk_parse_range(const char *text, uint32_t *addr, uint32_t *len, struct rk_error *err)
{
    const char *p = text;
    uint64_t a = 0, b = 0;
    bool ok = scan_number(&p, UINT32_MAX, &a) && (*p == '+' || *p == '-');
    bool plus = ok && *p == '+';

    if (ok) {
        p++;
        ok = scan_number(&p, UINT32_MAX, &b) && *p == '\0';
    }
    if (ok)
        ok = plus ? b > 0 && b <= UINT32_MAX - a : b > a;
    if (!ok) {
        rk_fail(err, RK_ERR_ARG, "usage.range", "\"%s\" is not a range", text);
        rk_error_hint(err, "write START+LENGTH (0x11000+64K) or START-END, the end not included "
                           "(0x11000-0x21000)");
        return RK_ERR_ARG;
    }
    *addr = (uint32_t)a;
    *len = (uint32_t)(plus ? b : b - a);
    return RK_OK;
}

unsigned rk_text_distance(const char *a, const char *b, unsigned limit)
{
    enum { MAX = 48 };
    unsigned row[MAX + 1];
    size_t la = strlen(a), lb = strlen(b);

    if (la > MAX || lb > MAX)
        return limit + 1;
    for (size_t j = 0; j <= lb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            bool same = lower((unsigned char)a[i - 1]) == lower((unsigned char)b[j - 1]);
            unsigned best = diagonal + (same ? 0u : 1u);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[lb] > limit ? limit + 1 : row[lb];
}

const char *rk_text_nearest(const char *text, const char *const *names, size_t count, size_t stride)
{
    unsigned limit = strlen(text) <= 3 ? 1 : strlen(text) <= 7 ? 2 : 3;
    const char *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const char *name =
            *(const char *const *)(const void *)((const char *)(const void *)names + i * stride);
        unsigned d = rk_text_distance(text, name, limit);
        if (d <= limit && (d < limit || !best)) {
            best = name;
            if (d == 0)
                break;
            limit = d;
        }
    }
    return best;
}

/* Length of the valid UTF-8 sequence at p (1..4), 0 if there is none. */
static size_t utf8_length(const uint8_t *p, size_t len)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
               : (p[0] & 0xF0) == 0xE0       ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] >= 0xA0) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] >= 0x90))
        return 0;
    return n;
}

void rk_text_escape(char *dst, size_t cap, const uint8_t *src, size_t len)
{
    size_t used = 0;

    for (size_t i = 0; i < len;) {
        size_t n = utf8_length(src + i, len - i);
        bool plain = n > 1 || (n == 1 && src[i] >= 0x20 && src[i] != 0x7F);
        size_t need = plain ? n : 4;
        if (used + need >= cap)
            break;
        if (plain)
            memcpy(dst + used, src + i, n);
        else
            rk_text_format(dst + used, cap - used, "\\x%02x", src[i]);
        used += need;
        i += plain ? n : 1;
    }
    dst[used] = '\0';
}

void rk_text_hex(char *dst, size_t cap, const uint8_t *src, size_t len, size_t max_bytes)
{
    dst[0] = '\0';
    for (size_t i = 0; i < len && i < max_bytes; i++)
        rk_text_append(dst, cap, i ? " %02x" : "%02x", src[i]);
    if (len > max_bytes)
        rk_text_append(dst, cap, " ..");
}

void rk_text_utc(char *dst, size_t cap, int64_t seconds, bool compact)
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
    int64_t t = seconds < 0 ? 0 : seconds > last ? last : seconds;
    unsigned clock = (unsigned)(t % 86400);
    /* Days since 0000-03-01: with the leap day at the end of the year, months have a formula. */
    unsigned days = (unsigned)(t / 86400) + 719468;
    unsigned era = days / 146097, day_of_era = days % 146097;
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * day_of_year + 2) / 153;
    unsigned day = day_of_year - (153 * month + 2) / 5 + 1;
    unsigned year = era * 400 + year_of_era + (month >= 10);

    month = month < 10 ? month + 3 : month - 9;
    rk_text_format(dst, cap,
                   compact ? "%04u%02u%02uT%02u%02u%02uZ" : "%04u-%02u-%02uT%02u:%02u:%02uZ", year,
                   month, day, clock / 3600, clock / 60 % 60, clock % 60);
}
