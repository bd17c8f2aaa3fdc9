/* Requests to the stub and its answers; getting it into RAM, and finding it again. */
#include "chip/bouffalo/stub.h"

#include "base/bytes.h"
#include "base/context.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "chip/bouffalo/bouffalo.h"

#include <stdlib.h>
#include <string.h>

#define MARGIN_US  400000u  /* of computers and adapters */
#define ALIVE_US   1000000u /* between two signs of life */
#define FORGET_US  3100000u /* the stub listens again */
#define START_US   6000u    /* from the jump until it listens */
#define GREET_US   60000u
#define TRAIN_MIN  16u
#define HEADER     176u
#define SEGMENT    16u
#define CHUNK      4080u
#define LOAD_TRIES 8

/* ---- one frame ---- */

uint8_t rk_stub_next_tag(struct rk_device *dev)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    s->tag = (uint8_t)(s->tag + 1);
    if (s->tag == 0)
        s->tag = 1;
    return s->tag;
}

enum rk_status rk_stub_send(struct rk_device *dev, uint8_t op, uint8_t tag, const uint8_t *head,
                            size_t head_len, const uint8_t *data, size_t len, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    /* a 00 in front cuts off what is left of a damaged frame, or of the bytes 55 of a greeting */
    size_t begin = op == RK_STUB_DATA ? 0 : 1;
    size_t n =
        rk_cobs_encode(s->tx + begin, sizeof s->tx - begin, op, tag, head, head_len, data, len);

    s->tx[0] = begin ? 0 : s->tx[0];
    if (n == 0)
        return rk_fail(err, RK_ERR_INTERNAL, "internal.frame", "request %02x does not fit", op);
    rk_stub_stream_lost(dev);
    dev->commands++;
    s->last_sent_us = rk_clock_now(rk_link_clock(dev->link));
    return rk_link_write(dev->link, s->tx, begin + n, err);
}

enum rk_status rk_stub_receive(struct rk_device *dev, uint64_t until_us,
                               struct rk_cobs_frame *frame, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    const struct rk_clock *clock = rk_link_clock(dev->link);

    for (;;) {
        while (s->rx_used < s->rx_len)
            if (rk_cobs_parse(&s->parser, s->rx[s->rx_used++], frame))
                return RK_OK;
        uint64_t now = rk_clock_now(clock);
        if (now >= until_us)
            return rk_fail(err, RK_ERR_TIMEOUT, "link.no-reply", "no frame came");
        s->rx_used = s->rx_len = 0;
        enum rk_status st =
            rk_link_read(dev->link, s->rx, sizeof s->rx, &s->rx_len, until_us - now, err);
        if (st != RK_OK)
            return st;
    }
}

enum rk_status rk_stub_refused(const char *name, const struct rk_cobs_frame *frame,
                               struct rk_error *err)
{
    static const char *const texts[] = {"",           "an unknown request",
                                        "not now",    "a range outside of the flash",
                                        "its length", "the flash is silent, or stays busy"};
    uint8_t code = frame->len >= 2 ? frame->payload[1] : 0;
    uint32_t detail = frame->len >= 6 ? rk_get_le32(frame->payload + 2) : 0;

    if (code == 7) {
        rk_fail(err, RK_ERR_WRITE_PROTECTED, "flash.locked", "the flash takes no write");
        rk_error_detail(err, "its status register is %02x", (unsigned)detail & 0xFF);
        rk_error_hint(err, "its write-protect pin may be low, or its status register be locked");
        return RK_ERR_WRITE_PROTECTED;
    }
    rk_fail(err, code == 5 ? RK_ERR_FLASH_FAULT : RK_ERR_DEVICE_REFUSED, "bl602.refused",
            "the module refuses to %s", name);
    rk_error_detail(err, "code %02x: %s; %08x", code, code < 6 ? texts[code] : "",
                    (unsigned)detail);
    return code == 5 ? RK_ERR_FLASH_FAULT : RK_ERR_DEVICE_REFUSED;
}

/* ---- requests ---- */

static enum rk_status ask_once(struct rk_device *dev, const struct rk_stub_request *q,
                               struct rk_cobs_frame *answer, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint32_t baud = rk_link_baud(dev->link);
    size_t expected = q->answer_len == SIZE_MAX ? 16 : q->answer_len;
    uint8_t tag = rk_stub_next_tag(dev);
    enum rk_status st = rk_stub_send(dev, q->op, tag, q->payload, q->len, NULL, 0, err);
    uint64_t until = rk_clock_now(clock) + q->device_us + MARGIN_US +
                     (q->len + expected + 64) * 10000000ull / (baud ? baud : 1);

    while (st == RK_OK) {
        st = rk_stub_receive(dev, until, answer, err);
        if (st != RK_OK || answer->tag != tag)
            continue;
        if (answer->op == RK_STUB_ALIVE)
            until = rk_clock_now(clock) + ALIVE_US + MARGIN_US;
        else if (answer->op == RK_STUB_ERROR)
            return rk_stub_refused(q->name, answer, err);
        else if (answer->op == (q->op | RK_STUB_ANSWER) &&
                 (q->answer_len == SIZE_MAX || answer->len == q->answer_len))
            return RK_OK;
    }
    return st;
}

enum rk_status rk_stub_ask(struct rk_device *dev, const struct rk_stub_request *request,
                           struct rk_cobs_frame *answer, struct rk_error *err)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum rk_status st = ask_once(dev, request, answer, err);
        if (!rk_bfl_may_retry(st) || rk_bfl_state(dev)->syncing)
            return st;
        if (attempt >= dev->retries) {
            if (err)
                err->status = RK_ERR_LINK_LOST;
            return RK_ERR_LINK_LOST;
        }
        rk_log(dev->ctx, RK_LEVEL_DEBUG, "link.retry", "%s: attempt %u failed", request->name,
               (unsigned)attempt + 1);
        dev->retries_used++;
        if (attempt > 0 && (st = rk_stub_resync(dev, err)) != RK_OK)
            return st;
    }
}

/* ---- the first words ---- */

static bool take_hello(struct rk_device *dev, const struct rk_cobs_frame *frame)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    if (frame->op != (RK_STUB_HELLO | RK_STUB_ANSWER) || frame->len != RK_STUB_HELLO_LEN ||
        memcmp(frame->payload, "RKST", 4) != 0 || frame->payload[4] != RK_STUB_PROTOCOL)
        return false;
    memcpy(s->info + 8, frame->payload + 27, 4);
    memcpy(s->info + 12, frame->payload + 19, 8);
    s->packs = frame->payload[5] & RK_STUB_PACKS;
    s->hz = rk_get_le32(frame->payload + 12);
    s->stub = s->loader = dev->rewrites = dev->streams = true;
    return true;
}

bool rk_stub_heard(struct rk_device *dev)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    struct rk_cobs_frame frame;

    memset(&s->parser, 0, sizeof s->parser);
    for (size_t i = 0; i < s->rx_len; i++)
        if (rk_cobs_parse(&s->parser, s->rx[i], &frame) && take_hello(dev, &frame))
            return true;
    return false;
}

static enum rk_status say_hello(struct rk_device *dev, bool *heard, struct rk_error *err)
{
    const struct rk_stub_request hello = {
        .name = "say hello", .op = RK_STUB_HELLO, .answer_len = RK_STUB_HELLO_LEN};
    struct rk_cobs_frame frame;
    enum rk_status st = ask_once(dev, &hello, &frame, err);

    *heard = st == RK_OK && take_hello(dev, &frame);
    return rk_bfl_may_retry(st) || st == RK_ERR_DEVICE_REFUSED ? RK_OK : st;
}

enum rk_status rk_stub_greet(struct rk_device *dev, uint32_t baud, bool *heard,
                             struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    const struct rk_clock *clock = rk_link_clock(dev->link);
    size_t train = baud / 10000 > TRAIN_MIN ? baud / 10000 : TRAIN_MIN;
    struct rk_cobs_frame frame;
    enum rk_status st = RK_OK;

    *heard = false;
    if (rk_link_baud(dev->link) != baud)
        st = rk_link_set_baud(dev->link, baud, NULL, err);
    if (st == RK_OK)
        st = rk_bfl_discard(dev, err);
    memset(&s->parser, 0, sizeof s->parser);
    memset(s->tx, 0x55, train);
    if (st == RK_OK)
        st = rk_link_write(dev->link, s->tx, train, err);
    uint64_t until = rk_clock_now(clock) + GREET_US;
    while (st == RK_OK && !*heard) {
        struct rk_error ignored;
        st = rk_stub_receive(dev, until, &frame, &ignored);
        *heard = st == RK_OK && take_hello(dev, &frame);
        if (st != RK_OK && !rk_bfl_may_retry(st) && err)
            *err = ignored;
    }
    if (rk_bfl_may_retry(st))
        st = RK_OK;
    if (*heard)
        dev->info.baud = baud;
    return st;
}

/* ---- into RAM ---- */

/* Boot header, segment header and program as the ROM takes them, hash and sums included. */
static void make_head(uint8_t head[HEADER + SEGMENT])
{
    struct rk_sha256 *sha;
    uint8_t *segment = head + HEADER;

    memset(head, 0, HEADER + SEGMENT);
    memcpy(head, "BFNP", 4);
    rk_put_le32(head + 4, 1);
    rk_put_le32(head + 116, 0x300);
    rk_put_le32(head + 120, 1);
    rk_put_le32(head + 128, RK_STUB_ADDR);
    rk_put_le32(segment, RK_STUB_ADDR);
    rk_put_le32(segment + 4, (uint32_t)rk_stub_image_len);
    rk_put_le32(segment + 12, rk_crc32(0, segment, 12));
    sha = rk_sha256_new();
    if (sha) {
        rk_sha256_update(sha, segment, SEGMENT);
        rk_sha256_update(sha, rk_stub_image, rk_stub_image_len);
        rk_sha256_finish(sha, head + 132);
    }
    rk_put_le32(head + 172, rk_crc32(0, head, 172));
}

/* One frame after the other, each with its answer, though the ROM would take them all at once: if a
 * byte were lost on the way, it would take the rest of the program for commands, to write the flash
 * among others. */
static enum rk_status download(struct rk_device *dev, struct rk_error *err)
{
    uint8_t *image = malloc(HEADER + SEGMENT + rk_stub_image_len);

    if (!image)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    make_head(image);
    memcpy(image + HEADER + SEGMENT, rk_stub_image, rk_stub_image_len);
    enum rk_status st = rk_bfl_send_image(dev, image, CHUNK, err);
    free(image);
    return st;
}

static enum rk_status greet_ladder(struct rk_device *dev, uint32_t baud, bool *heard,
                                   struct rk_error *err)
{
    static const uint32_t ladder[] = {2000000, 1000000, 500000, 115200};
    enum rk_status st = RK_OK;

    rk_clock_sleep(rk_link_clock(dev->link), START_US);
    for (size_t i = 0; i < sizeof ladder / sizeof ladder[0] && !*heard && st == RK_OK; i++) {
        struct rk_error ignored;
        st = rk_stub_greet(dev, baud ? baud : ladder[i], heard, &ignored);
        if (st == RK_ERR_PORT_CONFIG && !baud)
            st = RK_OK; /* this adapter cannot */
        else if (st != RK_OK && err)
            *err = ignored;
    }
    return st;
}

enum rk_status rk_stub_load(struct rk_device *dev, uint32_t baud, struct rk_error *err)
{
    enum rk_status st = RK_OK;
    bool heard = false;

    rk_log(dev->ctx, RK_LEVEL_INFO, "bl602.stub", "sending rekindle's own loader, %u bytes",
           (unsigned)rk_stub_image_len);
    for (int i = 0; i < LOAD_TRIES && !heard; i++) {
        if (i > 0) {
            dev->retries_used++;
            if (!rk_bfl_start_over(dev))
                break;
        }
        st = download(dev, err);
        if (st != RK_OK && !rk_bfl_may_retry(st) && st != RK_ERR_DEVICE_REFUSED)
            return st;
        st = greet_ladder(dev, baud, &heard, err); /* its last answer may have been lost */
        if (st != RK_OK)
            return st;
    }
    if (heard)
        return RK_OK;
    rk_fail(err, RK_ERR_NO_LINK, "bl602.loader-silent",
            "the loader was started and does not answer");
    rk_error_hint(err, "try a lower rate (--baud 500000), or a vendor's loader with --loader FILE");
    return RK_ERR_NO_LINK;
}

/* ---- afterwards ---- */

static enum rk_status find_again(struct rk_device *dev, struct rk_error *err)
{
    uint32_t rate = rk_link_baud(dev->link);
    bool heard = false;
    enum rk_status st = say_hello(dev, &heard, err);

    if (st != RK_OK || heard)
        return st;
    rk_clock_sleep(rk_link_clock(dev->link), FORGET_US);
    st = rk_stub_greet(dev, rate, &heard, err);
    if (st != RK_OK || heard)
        return st;
    /* it was reset: the ROM has measured the rate just now, or listens still */
    rk_bfl_state(dev)->stub = dev->rewrites = dev->streams = false;
    rk_clock_sleep(rk_link_clock(dev->link), START_US);
    st = rk_bfl_boot_info(dev, GREET_US, err);
    if (st != RK_OK)
        st = rk_bfl_knock_again(dev, err);
    if (st != RK_OK)
        return st;
    return rk_stub_load(dev, rate, err);
}

enum rk_status rk_stub_resync(struct rk_device *dev, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    if (s->syncing)
        return RK_OK;
    s->syncing = true;
    enum rk_status st = find_again(dev, err);
    s->syncing = false;
    return st;
}
