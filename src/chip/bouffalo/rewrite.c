/* Erasing and programming a range through a vendor's loader. Its answer to a write comes before the
 * flash is written: the next frame is on the line while it works. Later loaders unpack xz streams, which
 * is what makes the line fast enough for the flash. */
#include "base/context.h"
#include "base/xz.h"
#include "chip/bouffalo/bouffalo.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK       8192u /* of a later loader's 16384 */
#define OLD_CHUNK   4096u
#define FIRST_CHUNK 2048u /* of a stream: the sooner it begins to unpack */
#define UNPACK_US   1500000u
#define PAGE_US     1000u
#define PACKED      (1u << 31) /* in the address: an xz stream begins */
#define LEAST       8192u      /* what is worth packing */

struct rewriting {
    struct rk_device *dev;
    const struct rk_rewrite *what;
    uint32_t at; /* of what is sent next, in the range */
    uint32_t len;
    const uint8_t *packed; /* that, as an xz stream; NULL = as it is */
    size_t packed_len;
};

static void tell(struct rk_device *dev, const struct rk_rewrite *what, uint32_t written)
{
    if (what->total)
        rk_progress(dev->ctx, "write", what->done + written, what->total, what->addr + written,
                    dev->retries_used);
}

/* A unit more is being erased. */
static void erasing(void *user)
{
    const struct rewriting *w = user;

    tell(w->dev, w->what, 0);
}

/* Frames as they are: a lost one is sent again. */
static enum rk_status send_plain(struct rk_device *dev, const struct rewriting *w,
                                 struct rk_error *err)
{
    uint32_t most = rk_bfl_state(dev)->old ? OLD_CHUNK : CHUNK;
    enum rk_status st = RK_OK;

    for (uint32_t at = 0, n; st == RK_OK && at < w->len; at += n) {
        n = w->len - at < most ? w->len - at : most;
        st =
            rk_bfl_write_frame(dev, w->what->addr + w->at + at, w->what->data + w->at + at, n, err);
        tell(dev, w->what, w->at + at + n);
    }
    return st;
}

/* A stream cannot go back: whatever goes wrong ends it. */
static enum rk_status send_packed(struct rk_device *dev, const struct rewriting *w,
                                  struct rk_error *err)
{
    uint8_t payload[4 + CHUNK];
    const struct rk_bfl_command command = {
        .name = "write its flash", .op = RK_BFL_WRITE_PACKED, .payload = payload};
    enum rk_status st = RK_OK;

    for (size_t at = 0, n; st == RK_OK && at < w->packed_len; at += n) {
        struct rk_bfl_command frame = command;
        struct rk_bfl_answer answer;
        n = at ? CHUNK : FIRST_CHUNK;
        n = w->packed_len - at < n ? w->packed_len - at : n;
        rk_put_le32(payload, (w->what->addr + w->at) | (at ? 0 : PACKED));
        memcpy(payload + 4, w->packed + at, n);
        frame.len = 4 + n;
        frame.device_us = UNPACK_US + w->len / 256 * PAGE_US; /* one frame can become all of it */
        st = rk_bfl_exchange(dev, &frame, &answer, err);
        tell(dev, w->what, w->at + (uint32_t)(w->len * (uint64_t)(at + n) / w->packed_len));
    }
    return st;
}

/* The chip's digest of the whole range is that of the data. It is remembered, so that nobody has to
 * ask for that of a part of it. */
static enum rk_status confirm(struct rk_device *dev, const struct rk_rewrite *what, bool *good,
                              struct rk_error *err)
{
    struct rk_digest told, wanted;
    enum rk_status st = rk_bfl_digest(dev, what->addr, what->len, &told, err);

    rk_digest_of(RK_DIGEST_SHA256, what->data, what->len, &wanted);
    *good = st == RK_OK && rk_digest_equal(&told, &wanted);
    if (*good)
        rk_bfl_remember(dev, what->addr, what->data, what->len);
    return st;
}

/* Everything once; with packed data all of it fails if one frame does. */
static enum rk_status pass(struct rk_device *dev, struct rewriting *w, struct rk_error *err)
{
    uint32_t first = w->what->first_last ? RK_SECTOR_SIZE : 0;
    enum rk_status st = rk_bfl_erase_range(dev, w->what->addr, w->what->len, erasing, w, err);

    w->at = first;
    w->len = w->what->len - first;
    if (st == RK_OK && w->len)
        st = w->packed ? send_packed(dev, w, err) : send_plain(dev, w, err);
    if (st == RK_OK && first) {
        w->at = 0;
        w->len = first;
        st = rk_bfl_write_check(dev, err);
        if (st == RK_OK)
            st = send_plain(dev, w, err);
    }
    return st == RK_OK ? rk_bfl_write_check(dev, err) : st;
}

static void pack(const struct rk_device *dev, const struct rk_rewrite *what, uint8_t **packed,
                 size_t *packed_len)
{
    uint32_t first = what->first_last ? RK_SECTOR_SIZE : 0;

    *packed = NULL;
    if (rk_bfl_state(dev)->old || rk_bfl_state(dev)->no_packing || what->len - first < LEAST ||
        rk_xz_pack(what->data + first, what->len - first, packed, packed_len, NULL) != RK_OK)
        return;
    if (*packed_len < what->len - first)
        return;
    free(*packed);
    *packed = NULL;
}

/* False: it is to be done once more, without packing. */
static bool packed_pass(struct rk_device *dev, struct rewriting *w, enum rk_status *st,
                        struct rk_error *err)
{
    bool good = false;

    *st = pass(dev, w, err);
    if (*st == RK_OK)
        *st = confirm(dev, w->what, &good, err);
    if (good || (*st != RK_OK && !rk_bfl_may_retry(*st) && *st != RK_ERR_DEVICE_REFUSED))
        return true;
    rk_log(dev->ctx, RK_LEVEL_DEBUG, "bl602.packing", "packed data do not arrive: not packed");
    rk_bfl_state(dev)->no_packing = true;
    dev->retries_used++;
    if (rk_bfl_may_retry(*st))
        *st = rk_bfl_resync(dev, err);
    return *st != RK_OK && *st != RK_ERR_DEVICE_REFUSED;
}

enum rk_status rk_bfl_rewrite(struct rk_device *dev, const struct rk_rewrite *what,
                              struct rk_error *err)
{
    struct rewriting w = {.dev = dev, .what = what};
    uint8_t *packed = NULL;
    enum rk_status st = RK_OK;

    if (rk_bfl_state(dev)->stub)
        return rk_stub_rewrite(dev, what, err);
    pack(dev, what, &packed, &w.packed_len);
    w.packed = packed;
    bool done = packed && packed_pass(dev, &w, &st, err);
    w.packed = NULL;
    free(packed);
    return done ? st : pass(dev, &w, err);
}
