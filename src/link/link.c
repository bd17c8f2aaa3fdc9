/* The link object: one place for slicing waits, asking for cancellation and defaults of operations
 * a transport does not have. */
#include <rekindle/link.h>

#include "base/context.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SLICE_US         20000u
#define WRITE_TIMEOUT_US 10000000u
#define FIRST_BAUD       115200u

struct rk_link {
    struct rk_context *ctx;
    struct rk_link_ops ops;
    void *self;
    const struct rk_clock *clock;
    struct rk_link_info info;
    uint32_t baud;
};

enum rk_status rk_link_custom(struct rk_context *ctx, const struct rk_link_ops *ops, void *self,
                              const struct rk_clock *clock, const struct rk_link_info *info,
                              struct rk_link **out, struct rk_error *err)
{
    struct rk_link *link = calloc(1, sizeof *link);

    if (!link) {
        ops->close(self);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    memcpy(&link->ops, ops, ops->size < sizeof link->ops ? ops->size : sizeof link->ops);
    link->ctx = ctx;
    link->self = self;
    link->clock = clock ? clock : rk_clock_system();
    link->baud = FIRST_BAUD;
    if (info)
        link->info = *info;
    else
        rk_text_copy(link->info.kind, sizeof link->info.kind, "custom");
    *out = link;
    return RK_OK;
}

void rk_link_close(struct rk_link *link)
{
    if (!link)
        return;
    link->ops.close(link->self);
    free(link);
}

const struct rk_link_info *rk_link_info(const struct rk_link *link)
{
    return &link->info;
}

const struct rk_clock *rk_link_clock(const struct rk_link *link)
{
    return link->clock;
}

struct rk_context *rk_link_context(const struct rk_link *link)
{
    return link->ctx;
}

uint32_t rk_link_baud(const struct rk_link *link)
{
    return link->baud;
}

enum rk_status rk_link_read(struct rk_link *link, uint8_t *buf, size_t cap, size_t *got,
                            uint64_t timeout_us, struct rk_error *err)
{
    uint64_t deadline = rk_clock_now(link->clock) + timeout_us;

    *got = 0;
    if (cap == 0)
        return RK_OK;
    for (;;) {
        if (rk_cancelled(link->ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        uint64_t now = rk_clock_now(link->clock);
        uint64_t left = now < deadline ? deadline - now : 0;
        enum rk_status st =
            link->ops.read(link->self, buf, cap, got, left < SLICE_US ? left : SLICE_US, err);
        if (st != RK_OK || *got > 0 || left <= SLICE_US)
            return st;
    }
}

enum rk_status rk_link_write(struct rk_link *link, const uint8_t *buf, size_t len,
                             struct rk_error *err)
{
    return link->ops.write(link->self, buf, len, WRITE_TIMEOUT_US, err);
}

enum rk_status rk_link_drain(struct rk_link *link, struct rk_error *err)
{
    return link->ops.drain ? link->ops.drain(link->self, err) : RK_OK;
}

enum rk_status rk_link_set_baud(struct rk_link *link, uint32_t baud, uint32_t *actual,
                                struct rk_error *err)
{
    uint32_t real = baud;
    enum rk_status st = RK_OK;

    if (baud == 0)
        return rk_fail(err, RK_ERR_ARG, "port.baud", "0 is no baud rate");
    if (link->ops.set_baud)
        st = link->ops.set_baud(link->self, baud, &real, err);
    if (st != RK_OK)
        return st;
    link->baud = baud;
    if (actual)
        *actual = real;
    return RK_OK;
}

enum rk_status rk_link_set_lines(struct rk_link *link, int dtr, int rts, struct rk_error *err)
{
    if (!link->ops.set_lines)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "port.no-lines", "%s has no modem lines",
                       link->info.name[0] ? link->info.name : "this link");
    return link->ops.set_lines(link->self, dtr, rts, err);
}

enum rk_status rk_link_log(struct rk_link *link, struct rk_link **out, struct rk_error *err)
{
    if (!link->ops.log)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "port.no-log", "%s is one wire in each direction",
                       link->info.name[0] ? link->info.name : "this link");
    return link->ops.log(link->self, out, err);
}

enum rk_status rk_link_discard(struct rk_link *link, struct rk_error *err)
{
    uint8_t waste[512];
    size_t got;

    if (link->ops.discard)
        return link->ops.discard(link->self, err);
    do {
        enum rk_status st = link->ops.read(link->self, waste, sizeof waste, &got, 0, err);
        if (st != RK_OK)
            return st;
    } while (got > 0);
    return RK_OK;
}
