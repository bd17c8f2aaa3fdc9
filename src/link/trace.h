/* Trace files: the text form of everything that went over a link. See docs/trace-format.md. */
#ifndef RK_LINK_TRACE_H
#define RK_LINK_TRACE_H

#include <rekindle/error.h>

#define RK_TRACE_HEADER     "# rekindle trace 1"
#define RK_TRACE_LINE_BYTES 32 /* data bytes in a line */

enum rk_trace_kind {
    RK_TRACE_SENT,     /* host to module */
    RK_TRACE_RECEIVED, /* module to host */
    RK_TRACE_BAUD,
    RK_TRACE_LINES,
    RK_TRACE_DRAIN,
    RK_TRACE_DISCARD
};

struct rk_trace_record {
    uint64_t time_us; /* since the link was opened */
    enum rk_trace_kind kind;
    uint8_t bytes[RK_TRACE_LINE_BYTES]; /* SENT, RECEIVED: `len` of them, 1 or more */
    size_t len;
    uint32_t baud; /* BAUD */
    int dtr, rts;  /* LINES; -1 = left as it was */
};

/* Reads a trace line by line. Set text and size, zero the rest. */
struct rk_trace_reader {
    const char *text;
    size_t size;
    size_t at;     /* next byte to read */
    unsigned line; /* number of the line read last, from 1 */
    uint64_t last_us;
};

/* Takes the next record. *end is set instead at the end. Errors: IMAGE_FORMAT "trace.format" with the
 * line. The first line must be the header. */
RK_MUST_CHECK enum rk_status rk_trace_next(struct rk_trace_reader *reader,
                                           struct rk_trace_record *record, bool *end,
                                           struct rk_error *err);

/* Writes the record as a line with its end into dst[cap]; 128 bytes are always enough. */
void rk_trace_format(const struct rk_trace_record *record, char *dst, size_t cap);

#endif
