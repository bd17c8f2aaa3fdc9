/* The device that answers as it did when a trace was recorded. Its clock follows the trace. */
#include "link/schemes.h"

#include "base/text.h"
#include "link/trace.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

#define TRACE_MAX (512u << 20)

struct replay {
    uint8_t *text;
    struct rk_trace_reader reader;
    struct rk_trace_record record; /* the next one that matters */
    size_t taken;                  /* bytes of it that are used up */
    bool end;
    uint64_t now_us;
    uint64_t sent; /* bytes written and found as recorded */
    struct rk_clock clock;
};

static uint64_t now_us(void *self)
{
    return ((const struct replay *)self)->now_us;
}

static void sleep_us(void *self, uint64_t us)
{
    ((struct replay *)self)->now_us += us;
}

/* Goes on to the next record with bytes once the present one is used up. */
static enum rk_status advance(struct replay *r, struct rk_error *err)
{
    while (!r->end && (r->record.kind > RK_TRACE_RECEIVED || r->taken == r->record.len)) {
        enum rk_status st = rk_trace_next(&r->reader, &r->record, &r->end, err);
        if (st != RK_OK)
            return st;
        r->taken = 0;
    }
    return RK_OK;
}

static enum rk_status replay_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                                  uint64_t timeout_us, struct rk_error *err)
{
    struct replay *r = self;
    uint64_t until = r->now_us + timeout_us;

    *got = 0;
    while (*got < cap) {
        enum rk_status st = advance(r, err);
        if (st != RK_OK)
            return st;
        if (r->end || r->record.kind != RK_TRACE_RECEIVED ||
            r->record.time_us > (*got ? r->now_us : until))
            break;
        if (r->record.time_us > r->now_us)
            r->now_us = r->record.time_us;
        size_t n = r->record.len - r->taken;
        n = n < cap - *got ? n : cap - *got;
        memcpy(buf + *got, r->record.bytes + r->taken, n);
        r->taken += n;
        *got += n;
    }
    if (*got == 0)
        r->now_us = until;
    return RK_OK;
}

static enum rk_status differs(const struct replay *r, uint8_t wanted, uint8_t found,
                              struct rk_error *err)
{
    rk_fail(err, RK_ERR_PROTOCOL, "trace.differs", "what is sent is not what was recorded");
    rk_error_detail(err, "byte %llu sent is %02x, line %u of the trace has %02x",
                    (unsigned long long)r->sent, found, r->reader.line, wanted);
    rk_error_hint(err, "run the command that was recorded, with the same options and files");
    return RK_ERR_PROTOCOL;
}

static enum rk_status replay_write(void *self, const uint8_t *buf, size_t len, uint64_t timeout_us,
                                   struct rk_error *err)
{
    struct replay *r = self;

    (void)timeout_us;
    for (size_t i = 0; i < len; i++) {
        enum rk_status st = advance(r, err);
        /* What came in before and was not read then is lost, as in a queue that was emptied. */
        while (st == RK_OK && !r->end && r->record.kind == RK_TRACE_RECEIVED) {
            r->taken = r->record.len;
            st = advance(r, err);
        }
        if (st != RK_OK)
            return st;
        if (r->end) {
            rk_fail(err, RK_ERR_PROTOCOL, "trace.end", "the recorded session ends here");
            rk_error_detail(err, "%llu bytes had been sent", (unsigned long long)r->sent);
            return RK_ERR_PROTOCOL;
        }
        if (r->record.bytes[r->taken] != buf[i])
            return differs(r, r->record.bytes[r->taken], buf[i], err);
        if (r->record.time_us > r->now_us)
            r->now_us = r->record.time_us;
        r->taken++;
        r->sent++;
    }
    return RK_OK;
}

static enum rk_status replay_set_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    (void)self;
    (void)dtr;
    (void)rts;
    (void)err;
    return RK_OK;
}

/* What was thrown away then never got into the trace. */
static enum rk_status replay_discard(void *self, struct rk_error *err)
{
    (void)self;
    (void)err;
    return RK_OK;
}

static void replay_close(void *self)
{
    struct replay *r = self;

    free(r->text);
    free(r);
}

static const struct rk_link_ops replay_ops = {
    .size = sizeof(struct rk_link_ops),
    .read = replay_read,
    .write = replay_write,
    .set_lines = replay_set_lines,
    .discard = replay_discard,
    .close = replay_close,
};

/* Reads all of it once, so that damage shows before the session begins. */
static enum rk_status check(struct replay *r, bool *has_lines, struct rk_error *err)
{
    struct rk_trace_reader reader = r->reader;
    struct rk_trace_record record;
    enum rk_status st;
    bool end = false;

    do {
        st = rk_trace_next(&reader, &record, &end, err);
        if (st == RK_OK && !end && record.kind == RK_TRACE_LINES)
            *has_lines = true;
    } while (st == RK_OK && !end);
    return st;
}

enum rk_status rk_replay_open(struct rk_context *ctx, const char *path, struct rk_link **out,
                              struct rk_error *err)
{
    struct rk_link_info info = {.kind = "replay", .paced = true, .is_virtual = true};
    struct replay *r = calloc(1, sizeof *r);
    size_t len = 0;

    if (!r)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status st = rk_file_read(path, TRACE_MAX, &r->text, &len, err);
    if (st == RK_OK) {
        r->reader.text = (const char *)r->text;
        r->reader.size = len;
        st = check(r, &info.has_lines, err);
        if (st != RK_OK)
            rk_error_context(err, "%s", path);
    }
    if (st != RK_OK) {
        replay_close(r);
        return st;
    }
    r->clock = (struct rk_clock){now_us, sleep_us, r};
    r->record.kind = RK_TRACE_DRAIN; /* nothing taken yet: advance() fetches the first */
    rk_text_format(info.name, sizeof info.name, "replay:%s", path);
    return rk_link_custom(ctx, &replay_ops, r, &r->clock, &info, out, err);
}
