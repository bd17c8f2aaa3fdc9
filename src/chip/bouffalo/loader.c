/* Putting a loader into the RAM of a BL602: the ROM takes a boot header, a segment header, the data,
 * checks the hash and jumps. The loader then measures the rate anew. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/sha256.h"
#include "chip/bouffalo/bouffalo.h"

#include <string.h>

#define HEADER      176u
#define SEGMENT     16u
#define FLAGS_AT    116u
#define NO_HASH     (1u << 17)
#define SEGMENTS_AT 120u
#define HASH_AT     132u
#define CHUNK       4080u /* a multiple of 16 below the ROM's limit of 4092 */
#define LOADER_MAX  0x18000u
#define START_US    40000u /* until a loader listens; executed, 22 ms */
#define LISTEN_US   150000u
#define CHECK_US    200000u
#define FORGET_US   2100000u
#define TRIES       8

static bool hash_good(const uint8_t *image)
{
    size_t len = SEGMENT + rk_get_le32(image + HEADER + 4);
    uint8_t hash[32];

    if (rk_get_le32(image + FLAGS_AT) & NO_HASH)
        return true;
    rk_sha256(image + HEADER, len, hash);
    return memcmp(hash, image + HASH_AT, sizeof hash) == 0;
}

enum rk_status rk_bfl_check_loader(const uint8_t *image, size_t len, struct rk_error *err)
{
    const char *what = NULL;

    if (len < HEADER + SEGMENT || len > LOADER_MAX)
        what = "its length";
    else if (memcmp(image, "BFNP", 4) != 0)
        what = "its first bytes are not BFNP";
    else if (rk_get_le32(image + SEGMENTS_AT) != 1 ||
             rk_get_le32(image + HEADER + 4) > len - HEADER - SEGMENT)
        what = "its segments";
    else if (!hash_good(image))
        what = "its hash: it is damaged";
    if (!what)
        return RK_OK;
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "bl602.loader", "this is no RAM image for the BL602");
    rk_error_detail(err, "it does not fit by %s", what);
    rk_error_hint(err, "needed is a loader such as eflash_loader_40m.bin of Bouffalo Lab's SDK "
                       "(tools/flash_tool/chips/bl602/eflash_loader)");
    return RK_ERR_IMAGE_FORMAT;
}

static enum rk_status step(struct rk_device *dev, const char *name, uint8_t op,
                           const uint8_t *payload, size_t len, struct rk_error *err)
{
    const struct rk_bfl_command command = {.name = name,
                                           .op = op,
                                           .payload = payload,
                                           .len = len,
                                           .data = op == RK_BFL_SEGMENT_HEADER,
                                           .answer_len = op == RK_BFL_SEGMENT_HEADER ? len : 0,
                                           .device_us = CHECK_US};
    struct rk_bfl_answer answer;

    return rk_bfl_exchange(dev, &command, &answer, err);
}

/* A lost byte cannot be repaired within an image: it begins again with the header. */
enum rk_status rk_bfl_send_image(struct rk_device *dev, const uint8_t *image, size_t chunk,
                                 struct rk_error *err)
{
    const uint8_t *data = image + HEADER + SEGMENT;
    size_t len = rk_get_le32(image + HEADER + 4);
    enum rk_status st =
        step(dev, "take the loader's header", RK_BFL_LOAD_HEADER, image, HEADER, err);

    if (st == RK_OK)
        st = step(dev, "take the loader's segment", RK_BFL_SEGMENT_HEADER, image + HEADER, SEGMENT,
                  err);
    for (size_t at = 0; st == RK_OK && at < len; at += chunk)
        st = step(dev, "take the loader", RK_BFL_SEGMENT_DATA, data + at,
                  len - at < chunk ? len - at : chunk, err);
    if (st == RK_OK)
        st = step(dev, "check the loader", RK_BFL_CHECK_IMAGE, NULL, 0, err);
    if (st == RK_OK)
        st = step(dev, "run the loader", RK_BFL_RUN_IMAGE, NULL, 0, err);
    return st;
}

bool rk_bfl_start_over(struct rk_device *dev)
{
    struct rk_error ignored;
    bool heard = false;

    for (int i = 0; i < TRIES; i++) {
        rk_clock_sleep(rk_link_clock(dev->link), FORGET_US);
        enum rk_status st =
            rk_bfl_handshake(dev, rk_link_baud(dev->link), LISTEN_US, &heard, &ignored);
        if (st != RK_OK)
            return false;
        if (heard && rk_bfl_boot_info(dev, CHECK_US, &ignored) == RK_OK)
            return true;
    }
    return false;
}

static enum rk_status lost_on_the_way(struct rk_error *err)
{
    if (err)
        err->status = RK_ERR_LINK_LOST;
    return RK_ERR_LINK_LOST;
}

/* Shakes hands with the loader that was just started. */
static enum rk_status meet(struct rk_device *dev, uint32_t baud, bool *heard, struct rk_error *err)
{
    static const uint32_t ladder[] = {2000000, 1000000, 500000, 115200};

    rk_clock_sleep(rk_link_clock(dev->link), START_US);
    for (size_t i = 0; i < 2 * (sizeof ladder / sizeof ladder[0]) && !*heard; i++) {
        uint32_t rate = baud ? baud : ladder[i / 2]; /* the first may come too early */
        struct rk_error ignored;
        enum rk_status st = rk_bfl_handshake(dev, rate, LISTEN_US, heard, &ignored);
        if (st == RK_ERR_PORT_CONFIG && !baud)
            continue; /* this adapter cannot */
        if (st == RK_OK && *heard)
            st = rk_bfl_boot_info(dev, CHECK_US, &ignored);
        if (*heard && st == RK_ERR_TIMEOUT) {
            struct rk_bfl_state *s = rk_bfl_state(dev);
            s->old = s->loader = true; /* it has said OK, but knows no boot info */
            st = rk_bfl_boot_info(dev, CHECK_US, &ignored);
        }
        if (st != RK_OK && !rk_bfl_may_retry(st)) {
            if (err)
                *err = ignored;
            return st;
        }
    }
    return RK_OK;
}

enum rk_status rk_bfl_load(struct rk_device *dev, uint32_t baud, struct rk_error *err)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);
    bool heard = false;
    enum rk_status st = RK_OK;

    rk_log(dev->ctx, RK_LEVEL_INFO, "bl602.loader", "sending the loader, %u bytes",
           (unsigned)s->image_len);
    for (int i = 0; i < TRIES; i++) {
        st = rk_bfl_send_image(dev, s->image, CHUNK, err);
        if (!rk_bfl_may_retry(st) && st != RK_ERR_DEVICE_REFUSED)
            break;
        if (i + 1 == TRIES || !rk_bfl_start_over(dev))
            return st == RK_ERR_DEVICE_REFUSED ? st : lost_on_the_way(err);
        dev->retries_used++;
        if (s->loader)
            return RK_OK; /* it runs: only the ROM's last answer was lost */
    }
    if (st == RK_OK)
        st = meet(dev, baud, &heard, err);
    if (st != RK_OK)
        return st;
    if (heard && s->loader)
        return RK_OK;
    rk_fail(err, RK_ERR_NO_LINK, "bl602.loader-silent",
            "the loader was started and does not answer");
    rk_error_hint(err, "is it for the crystal of this board (40 MHz on all modules known)? Try a "
                       "lower rate: --baud 500000");
    return RK_ERR_NO_LINK;
}
