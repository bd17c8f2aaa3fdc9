/* The recording decorator: passes everything through and writes it down. */
#include "link/trace.h"

#include "base/context.h"
#include "base/text.h"
#include "store/file.h"

#include <rekindle/link.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tracer {
    struct rk_link *inner;
    struct rk_context *ctx;
    FILE *file;
    uint64_t start_us;
    bool failed; /* the disk is full or the like: said once, the work goes on */
};

static void put_record(struct tracer *t, struct rk_trace_record *record)
{
    char line[128];

    if (t->failed)
        return;
    record->time_us = rk_clock_now(rk_link_clock(t->inner)) - t->start_us;
    rk_trace_format(record, line, sizeof line);
    if (fputs(line, t->file) >= 0)
        return;
    t->failed = true;
    rk_warn(t->ctx, "trace.write", "the trace ends here: %s", strerror(errno));
}

static void put_bytes(struct tracer *t, enum rk_trace_kind kind, const uint8_t *buf, size_t len)
{
    struct rk_trace_record record = {.kind = kind};

    for (size_t at = 0; at < len; at += record.len) {
        record.len = len - at < RK_TRACE_LINE_BYTES ? len - at : RK_TRACE_LINE_BYTES;
        memcpy(record.bytes, buf + at, record.len);
        put_record(t, &record);
    }
}

static enum rk_status trace_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                                 uint64_t timeout_us, struct rk_error *err)
{
    struct tracer *t = self;
    enum rk_status st = rk_link_read(t->inner, buf, cap, got, timeout_us, err);

    if (st == RK_OK)
        put_bytes(t, RK_TRACE_RECEIVED, buf, *got);
    return st;
}

/* Noted before it happens: an answer can then never stand before its question. */
static enum rk_status trace_write(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                  struct rk_error *err)
{
    struct tracer *t = self;

    (void)timeout_us;
    put_bytes(t, RK_TRACE_SENT, buf, len);
    return rk_link_write(t->inner, buf, len, err);
}

static enum rk_status trace_drain(void *self, struct rk_error *err)
{
    struct tracer *t = self;
    struct rk_trace_record record = {.kind = RK_TRACE_DRAIN};

    put_record(t, &record);
    return rk_link_drain(t->inner, err);
}

static enum rk_status trace_set_baud(void *self, uint32_t baud, uint32_t *actual,
                                     struct rk_error *err)
{
    struct tracer *t = self;
    struct rk_trace_record record = {.kind = RK_TRACE_BAUD, .baud = baud};

    put_record(t, &record);
    return rk_link_set_baud(t->inner, baud, actual, err);
}

static enum rk_status trace_set_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    struct tracer *t = self;
    struct rk_trace_record record = {.kind = RK_TRACE_LINES, .dtr = dtr, .rts = rts};

    put_record(t, &record);
    return rk_link_set_lines(t->inner, dtr, rts, err);
}

static enum rk_status trace_discard(void *self, struct rk_error *err)
{
    struct tracer *t = self;
    struct rk_trace_record record = {.kind = RK_TRACE_DISCARD};

    put_record(t, &record);
    return rk_link_discard(t->inner, err);
}

static void trace_close(void *self)
{
    struct tracer *t = self;

    if (fclose(t->file) != 0 && !t->failed)
        rk_warn(t->ctx, "trace.write", "the trace is not complete: %s", strerror(errno));
    rk_link_close(t->inner);
    free(t);
}

static const struct rk_link_ops trace_ops = {
    .size = sizeof(struct rk_link_ops),
    .read = trace_read,
    .write = trace_write,
    .drain = trace_drain,
    .set_baud = trace_set_baud,
    .set_lines = trace_set_lines,
    .discard = trace_discard,
    .close = trace_close,
};

/* Replaces nothing but an earlier trace: a slip of the keyboard must not cost a backup. */
static enum rk_status open_file(const char *path, FILE **out, struct rk_error *err)
{
    char first[sizeof RK_TRACE_HEADER] = "";
    FILE *file = fopen(path, "rb");

    if (file) {
        size_t n = fread(first, 1, sizeof first - 1, file);
        fclose(file);
        if (n > 0 && strcmp(first, RK_TRACE_HEADER) != 0)
            return rk_file_error(err, "replace", path, EEXIST);
    }
    file = fopen(path, "wb");
    if (!file)
        return rk_file_error(err, "create", path, errno);
    *out = file;
    return RK_OK;
}

enum rk_status rk_link_trace(struct rk_link *inner, const char *path, struct rk_link **out,
                             struct rk_error *err)
{
    struct tracer *t = calloc(1, sizeof *t);

    if (!t)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status st = open_file(path, &t->file, err);
    if (st != RK_OK) {
        free(t);
        return st;
    }
    t->inner = inner;
    t->ctx = rk_link_context(inner);
    t->start_us = rk_clock_now(rk_link_clock(inner));
    fprintf(t->file,
            "%s\n# %s %s\n# microseconds, then > sent, < received, b baud, l dtr rts, "
            "d drained, x discarded\n",
            RK_TRACE_HEADER, rk_link_info(inner)->kind, rk_link_info(inner)->name);
    struct rk_trace_record record = {.kind = RK_TRACE_BAUD, .baud = rk_link_baud(inner)};
    put_record(t, &record);
    /* A failure closes the tracer, which must not take `inner` along. */
    t->inner = NULL;
    st = rk_link_custom(t->ctx, &trace_ops, t, rk_link_clock(inner), rk_link_info(inner), out, err);
    if (st == RK_OK)
        t->inner = inner;
    return st;
}
