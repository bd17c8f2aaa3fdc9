/* The text of trace files, both ways. */
#include "link/trace.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A decimal number up to max at *p, which is left behind it. */
static bool scan_number(const char **p, const char *end, uint64_t max, uint64_t *out)
{
    const char *first = *p;
    uint64_t value = 0;

    while (*p < end && **p >= '0' && **p <= '9') {
        unsigned digit = (unsigned)(**p - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
        (*p)++;
    }
    *out = value;
    return *p > first;
}

static bool scan_bytes(const char *p, const char *end, struct rk_trace_record *record)
{
    while (p < end) {
        if (end - p < 3 || p[0] != ' ' || record->len == RK_TRACE_LINE_BYTES)
            return false;
        int high = hex_digit(p[1]), low = hex_digit(p[2]);
        if (high < 0 || low < 0)
            return false;
        record->bytes[record->len++] = (uint8_t)(high << 4 | low);
        p += 3;
    }
    return record->len > 0;
}

static bool scan_line_state(char c, int *state)
{
    *state = c == '-' ? -1 : c - '0';
    return c == '-' || c == '0' || c == '1';
}

static bool scan_record(const char *p, const char *end, struct rk_trace_record *record)
{
    uint64_t number;

    memset(record, 0, sizeof *record);
    if (!scan_number(&p, end, UINT64_MAX / 2, &record->time_us) || end - p < 2 || *p++ != ' ')
        return false;
    char kind = *p++;
    switch (kind) {
    case '>':
    case '<':
        record->kind = kind == '>' ? RK_TRACE_SENT : RK_TRACE_RECEIVED;
        return scan_bytes(p, end, record);
    case 'b':
        record->kind = RK_TRACE_BAUD;
        if (p == end || *p++ != ' ' || !scan_number(&p, end, UINT32_MAX, &number))
            return false;
        record->baud = (uint32_t)number;
        return p == end && number > 0;
    case 'l':
        record->kind = RK_TRACE_LINES;
        return end - p == 4 && p[0] == ' ' && p[2] == ' ' && scan_line_state(p[1], &record->dtr) &&
               scan_line_state(p[3], &record->rts);
    case 'd':
    case 'x':
        record->kind = kind == 'd' ? RK_TRACE_DRAIN : RK_TRACE_DISCARD;
        return p == end;
    default:
        return false;
    }
}

/* The next line without its end; false at the end of the text. */
static bool next_line(struct rk_trace_reader *reader, const char **line, const char **end)
{
    if (reader->at >= reader->size)
        return false;
    *line = reader->text + reader->at;
    const char *stop = memchr(*line, '\n', reader->size - reader->at);
    *end = stop ? stop : reader->text + reader->size;
    reader->at = (size_t)(*end - reader->text) + (stop ? 1 : 0);
    reader->line++;
    if (*end > *line && (*end)[-1] == '\r')
        (*end)--;
    return true;
}

static enum rk_status bad_line(const struct rk_trace_reader *reader, const char *line,
                               const char *end, struct rk_error *err)
{
    char text[61];
    size_t len = (size_t)(end - line);

    rk_text_escape(text, sizeof text, (const uint8_t *)line, len < 40 ? len : 40);
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "trace.format",
            reader->line <= 1 ? "this is no trace of rekindle" : "line %u of the trace is damaged",
            reader->line);
    rk_error_detail(err, "found \"%s\"", text);
    rk_error_hint(err, "traces are made with --trace FILE; docs/trace-format.md describes them");
    return RK_ERR_IMAGE_FORMAT;
}

enum rk_status rk_trace_next(struct rk_trace_reader *reader, struct rk_trace_record *record,
                             bool *end, struct rk_error *err)
{
    const char *line = reader->text, *stop = reader->text;

    *end = false;
    if (reader->line == 0) {
        size_t n = strlen(RK_TRACE_HEADER);
        if (!next_line(reader, &line, &stop) || (size_t)(stop - line) != n ||
            memcmp(line, RK_TRACE_HEADER, n) != 0)
            return bad_line(reader, line, stop, err);
    }
    do {
        if (!next_line(reader, &line, &stop)) {
            *end = true;
            return RK_OK;
        }
    } while (line == stop || *line == '#');
    if (!scan_record(line, stop, record) || record->time_us < reader->last_us)
        return bad_line(reader, line, stop, err);
    reader->last_us = record->time_us;
    return RK_OK;
}

void rk_trace_format(const struct rk_trace_record *record, char *dst, size_t cap)
{
    static const char line_state[] = "-01";

    rk_text_format(dst, cap, "%" PRIu64 " ", record->time_us);
    switch (record->kind) {
    case RK_TRACE_SENT:
    case RK_TRACE_RECEIVED:
        rk_text_append(dst, cap, record->kind == RK_TRACE_SENT ? ">" : "<");
        for (size_t i = 0; i < record->len; i++)
            rk_text_append(dst, cap, " %02x", record->bytes[i]);
        break;
    case RK_TRACE_BAUD:
        rk_text_append(dst, cap, "b %u", (unsigned)record->baud);
        break;
    case RK_TRACE_LINES:
        rk_text_append(dst, cap, "l %c %c", line_state[record->dtr + 1],
                       line_state[record->rts + 1]);
        break;
    case RK_TRACE_DRAIN:
        rk_text_append(dst, cap, "d");
        break;
    case RK_TRACE_DISCARD:
        rk_text_append(dst, cap, "x");
        break;
    }
    rk_text_append(dst, cap, "\n");
}
