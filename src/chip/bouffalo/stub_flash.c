/* The flash through the stub: identity, sums, erasing. */
#include "base/bytes.h"
#include "chip/bouffalo/bouffalo.h"
#include "chip/bouffalo/stub.h"

#include <stdlib.h>
#include <string.h>

#define HASH        32u
#define ERASE_US    3000000u /* 64 KiB at most */
#define SUM_US      2000u    /* of a sector */
#define AHEAD_FIRST 1u       /* sectors asked for at once, */
#define AHEAD_MAX   16u      /* more and more as long as they are asked for in turn */

enum rk_status rk_stub_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err)
{
    const struct rk_stub_request request = {
        .name = "tell its flash part", .op = RK_STUB_FLASH, .answer_len = 6, .device_us = 10000};
    struct rk_cobs_frame answer;
    enum rk_status st = rk_stub_ask(dev, &request, &answer, err);

    if (st == RK_OK)
        memcpy(id, answer.payload, 3);
    return st;
}

enum rk_status rk_stub_reset(struct rk_device *dev, struct rk_error *err)
{
    const struct rk_stub_request request = {.name = "restart", .op = RK_STUB_RESET};
    struct rk_cobs_frame answer;

    return rk_stub_ask(dev, &request, &answer, err);
}

/* ---- sums of sectors, remembered until they are written ---- */

void rk_stub_forget(struct rk_device *dev, uint32_t addr, size_t len)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    size_t first = addr / RK_SECTOR_SIZE, end = (addr + len + RK_SECTOR_SIZE - 1) / RK_SECTOR_SIZE;

    rk_stub_stream_forget(dev);
    for (size_t i = first; i < end && i < s->sum_count; i++)
        s->sum_known[i] = 0;
}

static enum rk_status make_room(struct rk_device *dev, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    size_t count = dev->info.flash_size / RK_SECTOR_SIZE;

    if (s->sum_count == count)
        return RK_OK;
    free(s->sums);
    free(s->sum_known);
    s->sums = calloc(count, HASH);
    s->sum_known = calloc(count, 1);
    s->sum_count = s->sums && s->sum_known ? count : 0;
    return s->sum_count ? RK_OK : rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
}

static enum rk_status ask_sums(struct rk_device *dev, size_t first, size_t count,
                               struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    uint8_t range[8];
    const struct rk_stub_request request = {.name = "compute sums",
                                            .op = RK_STUB_SECTORS,
                                            .payload = range,
                                            .len = sizeof range,
                                            .answer_len = HASH * count,
                                            .device_us = count * SUM_US};
    struct rk_cobs_frame answer;

    rk_put_le32(range, (uint32_t)(first * RK_SECTOR_SIZE));
    rk_put_le32(range + 4, (uint32_t)(count * RK_SECTOR_SIZE));
    enum rk_status st = rk_stub_ask(dev, &request, &answer, err);
    if (st == RK_OK) {
        memcpy(s->sums + HASH * first, answer.payload, HASH * count);
        memset(s->sum_known + first, 1, count);
    }
    return st;
}

/* That sector and some behind it. */
static enum rk_status learn(struct rk_device *dev, size_t first, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    bool in_turn = first == s->sum_next;

    s->ahead = in_turn ? s->ahead * 4 : AHEAD_FIRST;
    s->ahead = s->ahead > AHEAD_MAX ? AHEAD_MAX : s->ahead < AHEAD_FIRST ? AHEAD_FIRST : s->ahead;
    size_t left =
        AHEAD_MAX - first % AHEAD_MAX; /* of the block: whole ones have digests of their own */
    size_t want = s->ahead < left ? s->ahead : left;
    want = want < s->sum_count - first ? want : s->sum_count - first;
    s->sum_next = first + want;
    return ask_sums(dev, first, want, err);
}

static void put_digest(struct rk_digest *out, const uint8_t *hash)
{
    memset(out, 0, sizeof *out);
    out->kind = RK_DIGEST_SHA256;
    memcpy(out->bytes, hash, HASH);
}

static enum rk_status digest_of_range(struct rk_device *dev, uint32_t addr, uint32_t len,
                                      struct rk_digest *out, struct rk_error *err)
{
    uint8_t range[9];
    const struct rk_stub_request request = {.name = "compute a digest",
                                            .op = RK_STUB_DIGEST,
                                            .payload = range,
                                            .len = sizeof range,
                                            .answer_len = HASH,
                                            .device_us = SUM_US};
    struct rk_cobs_frame answer;

    rk_put_le32(range, addr);
    rk_put_le32(range + 4, len);
    range[8] = RK_STUB_DIGEST_SHA;
    enum rk_status st = rk_stub_ask(dev, &request, &answer, err);
    if (st == RK_OK)
        put_digest(out, answer.payload);
    return st;
}

enum rk_status rk_stub_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                              struct rk_digest *out, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    size_t sector = addr / RK_SECTOR_SIZE;

    if (len == RK_BLOCK_SIZE && addr % RK_BLOCK_SIZE == 0 && rk_stub_stream_digest(dev, addr, out))
        return RK_OK;
    if (len != RK_SECTOR_SIZE)
        return digest_of_range(dev, addr, len, out, err);
    enum rk_status st = make_room(dev, err);
    if (st == RK_OK && !s->sum_known[sector])
        st = learn(dev, sector, err);
    if (st == RK_OK)
        put_digest(out, s->sums + HASH * sector);
    return st;
}

enum rk_status rk_stub_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                             struct rk_error *err)
{
    uint8_t range[8];
    const struct rk_stub_request request = {.name = "erase its flash",
                                            .op = RK_STUB_ERASE,
                                            .payload = range,
                                            .len = sizeof range,
                                            .device_us = ERASE_US};
    struct rk_cobs_frame answer;

    rk_stub_forget(dev, addr, len);
    rk_put_le32(range, addr);
    rk_put_le32(range + 4, len);
    return rk_stub_ask(dev, &request, &answer, err);
}
