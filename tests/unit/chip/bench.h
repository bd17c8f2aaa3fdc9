/* A virtual module with content, a link to it and a connected device, for the tests of the
 * drivers. */
#ifndef RK_TESTS_CHIP_BENCH_H
#define RK_TESTS_CHIP_BENCH_H

#include "unit/unit.h"

#include <rekindle/rekindle.h>

#include "base/bytes.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct rk_context *ctx;
    struct rk_sim *sim;
    struct rk_link *link;
    struct rk_device *dev;
    struct rk_error err;
    unsigned warnings, requests; /* events heard */
    char last_request[640];
    uint64_t cancel_at_us;              /* of the link's clock; 0 = never */
    const char *watched;                /* stage whose progress is looked at; NULL = none */
    uint64_t watched_done, watched_gap; /* bytes so far; the most between two events */
    uint64_t cancel_done;               /* cancelled as soon as so much of it is done; 0 = never */
};

static uint8_t bench_content[0x400000];

/* Random bytes, a blank stretch, RF records in the usual places. */
static inline void bench_make_content(void)
{
    struct rk_rng rng = {11};
    uint8_t *rf = bench_content + 0x1D0000;

    for (size_t i = 0; i < sizeof bench_content; i++)
        bench_content[i] = (uint8_t)rk_rng_next(&rng);
    memset(bench_content + 0x150000, 0xFF, 0x10000);
    memset(rf, 0xFF, 0x1000);
    memcpy(rf, "TLV", 4);
    rk_put_le32(rf + 0x04, 98);
    rk_put_le32(rf + 0x1C, 0x11111102);
    rk_put_le32(rf + 0x20, 6);
    memcpy(rf + 0x24, "\x38\x1f\x8d\x01\x02\x03", 6);
    memcpy(bench_content + 0x1E0000, rf, 0x1000);
}

static inline void bench_event(void *user, const struct rk_event *event)
{
    struct bench *b = user;

    b->warnings += event->kind == RK_EVENT_WARNING;
    if (event->kind == RK_EVENT_PROGRESS && b->watched && strcmp(event->id, b->watched) == 0) {
        uint64_t gap = event->done > b->watched_done ? event->done - b->watched_done : 0;
        b->watched_gap = gap > b->watched_gap ? gap : b->watched_gap;
        b->watched_done = event->done;
        if (b->cancel_done && event->done >= b->cancel_done)
            b->cancel_at_us = 1;
    }
    if (event->kind == RK_EVENT_NEED_USER) {
        b->requests++;
        snprintf(b->last_request, sizeof b->last_request, "%s", event->text);
    }
    if (getenv("RK_VERBOSE") && event->text)
        printf("  [%s] %s\n", event->id, event->text);
}

static inline bool bench_cancelled(void *user)
{
    const struct bench *b = user;

    return b->cancel_at_us && b->link && rk_clock_now(rk_link_clock(b->link)) >= b->cancel_at_us;
}

static inline void bench_begin(struct bench *b, const struct rk_sim_options *sim)
{
    const struct rk_callbacks callbacks = {
        .size = sizeof callbacks, .user = b, .event = bench_event, .cancelled = bench_cancelled};

    memset(b, 0, sizeof *b);
    assert_int_equal(rk_context_new(&b->ctx, &callbacks, NULL), RK_OK);
    assert_int_equal(rk_sim_new(sim, &b->sim, NULL), RK_OK);
    assert_int_equal(rk_sim_link(b->ctx, b->sim, true, &b->link, NULL), RK_OK);
}

static inline enum rk_status bench_connect(struct bench *b, const struct rk_connect_options *opt)
{
    enum rk_status st = rk_device_connect(b->ctx, b->link, opt, &b->dev, &b->err);

    if (st != RK_OK && getenv("RK_VERBOSE"))
        printf("  %s: %s (%s)\n", b->err.id, b->err.message, b->err.detail);
    return st;
}

/* The state must be all right, else the error is shown. */
static inline void bench_ok(struct bench *b, enum rk_status st)
{
    if (st != RK_OK)
        fail_msg("%s: %s (%s)", b->err.id, b->err.message, b->err.detail);
}

static inline void bench_end(struct bench *b)
{
    rk_device_free(b->dev);
    rk_link_close(b->link);
    rk_context_free(b->ctx);
}

static inline uint64_t bench_now(const struct bench *b)
{
    return rk_clock_now(rk_link_clock(b->link));
}

static inline struct rk_sim_options bench_sim(const char *model, const char *loader, uint32_t size)
{
    return (struct rk_sim_options){.size = sizeof(struct rk_sim_options),
                                   .model = model,
                                   .loader = loader,
                                   .flash = bench_content,
                                   .flash_len = size,
                                   .flash_size = size};
}

#endif
