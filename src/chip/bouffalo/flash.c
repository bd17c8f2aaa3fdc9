/* Reading, erasing and programming. Answers carry no checksum: jobs compare digests. */
#include "base/bytes.h"
#include "base/context.h"
#include "chip/bouffalo/bouffalo.h"

#include <stdlib.h>
#include <string.h>

#define READ_CHUNK  4096u
#define WRITE_CHUNK 4096u
#define ROM_CHUNK   4088u    /* below the ROM's limit of 4092 with the address; even pages */
#define PAGE_US     1000u    /* data sheets say 0.4 ms typically, 3 ms at most */
#define ERASE_US    3000000u /* 64 KiB at most */
#define HASH_RATE   1000000u /* bytes per second; a real module did 3.6 millions */

static enum rk_status no_flash_answer(const struct rk_bfl_command *command, struct rk_device *dev,
                                      struct rk_error *err)
{
    struct rk_bfl_answer answer;

    return rk_bfl_repeat(dev, command, &answer, err);
}

static enum rk_status read_chunk(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                                 struct rk_error *err)
{
    uint8_t range[8];
    const struct rk_bfl_command command = {.name = "read its flash",
                                           .op = RK_BFL_READ,
                                           .payload = range,
                                           .len = sizeof range,
                                           .data = true,
                                           .answer_len = len};
    struct rk_bfl_answer answer;

    rk_put_le32(range, addr);
    rk_put_le32(range + 4, (uint32_t)len);
    enum rk_status st = rk_bfl_repeat(dev, &command, &answer, err);
    if (st == RK_OK)
        memcpy(buf, answer.data, len);
    return st;
}

enum rk_status rk_bfl_flash_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                                 struct rk_error *err)
{
    enum rk_status st = RK_OK;

    if (rk_bfl_state(dev)->stub)
        return rk_stub_read(dev, addr, buf, len, err);
    while (st == RK_OK && len > 0) {
        size_t n = len < READ_CHUNK ? len : READ_CHUNK;
        if (rk_cancelled(dev->ctx))
            return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
        st = rk_bfl_state(dev)->loader ? read_chunk(dev, addr, buf, n, err)
                                       : rk_bfl_rom_read(dev, addr, buf, n, err);
        addr += (uint32_t)n;
        buf += n;
        len -= n;
    }
    return st;
}

/* The ROM computes no digest: the bytes have to come here. */
static enum rk_status digest_here(struct rk_device *dev, uint32_t addr, uint32_t len,
                                  struct rk_digest *out, struct rk_error *err)
{
    uint8_t *bytes = malloc(len);

    if (!bytes)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    enum rk_status st = rk_bfl_flash_read(dev, addr, bytes, len, err);
    if (st == RK_OK)
        rk_digest_of(RK_DIGEST_SHA256, bytes, len, out);
    free(bytes);
    return st;
}

/* ---- what is known to be there ---- */

void rk_bfl_remember(struct rk_device *dev, uint32_t addr, const uint8_t *data, uint32_t len)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    free(s->held);
    s->held = malloc(len);
    s->held_addr = addr;
    s->held_len = s->held ? len : 0;
    if (s->held)
        memcpy(s->held, data, len);
}

static void forget(struct rk_device *dev, uint32_t addr, uint32_t len)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    if (addr < s->held_addr + s->held_len && s->held_addr < addr + len)
        s->held_len = 0;
}

static bool remembered(const struct rk_device *dev, uint32_t addr, uint32_t len)
{
    const struct rk_bfl_state *s = rk_bfl_state(dev);

    return s->held_len >= len && addr >= s->held_addr && addr - s->held_addr <= s->held_len - len;
}

enum rk_status rk_bfl_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                             struct rk_digest *out, struct rk_error *err)
{
    uint8_t range[8];
    const struct rk_bfl_command command = {.name = "compute a digest",
                                           .op = RK_BFL_HASH,
                                           .payload = range,
                                           .len = sizeof range,
                                           .data = true,
                                           .answer_len = 32,
                                           .device_us = len * 1000000ull / HASH_RATE};
    struct rk_bfl_answer answer;

    if (rk_bfl_state(dev)->stub)
        return rk_stub_digest(dev, addr, len, out, err);
    if (!rk_bfl_state(dev)->loader)
        return digest_here(dev, addr, len, out, err);
    if (remembered(dev, addr, len)) {
        const struct rk_bfl_state *s = rk_bfl_state(dev);
        rk_digest_of(RK_DIGEST_SHA256, s->held + (addr - s->held_addr), len, out);
        return RK_OK;
    }
    rk_put_le32(range, addr);
    rk_put_le32(range + 4, len);
    enum rk_status st = rk_bfl_repeat(dev, &command, &answer, err);
    if (st != RK_OK)
        return st;
    memset(out, 0, sizeof *out);
    out->kind = RK_DIGEST_SHA256;
    memcpy(out->bytes, answer.data, 32);
    return RK_OK;
}

enum rk_status rk_bfl_write_begin(struct rk_device *dev, struct rk_error *err)
{
    (void)dev;
    (void)err;
    return RK_OK; /* these modules leave their flash unprotected */
}

enum rk_status rk_bfl_write_end(struct rk_device *dev, struct rk_error *err)
{
    (void)dev;
    (void)err;
    return RK_OK;
}

enum rk_status rk_bfl_erase_range(struct rk_device *dev, uint32_t addr, uint32_t len,
                                  void (*alive)(void *user), void *user, struct rk_error *err)
{
    uint8_t range[8];
    const struct rk_bfl_command command = {.name = "erase its flash",
                                           .op = RK_BFL_ERASE,
                                           .payload = range,
                                           .len = sizeof range,
                                           .device_us = (len / RK_BLOCK_SIZE + 1) * ERASE_US,
                                           .alive = alive,
                                           .user = user};

    forget(dev, addr, len);
    rk_put_le32(range, addr);
    rk_put_le32(range + 4, addr + len - 1); /* the end is included */
    return no_flash_answer(&command, dev, err);
}

enum rk_status rk_bfl_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                            struct rk_error *err)
{
    if (rk_bfl_state(dev)->stub)
        return rk_stub_erase(dev, addr, len, err);
    return rk_bfl_erase_range(dev, addr, len, NULL, NULL, err);
}

enum rk_status rk_bfl_write_frame(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                  size_t len, struct rk_error *err)
{
    uint8_t payload[RK_BFL_DATA_MAX];
    const struct rk_bfl_command command = {.name = "write its flash",
                                           .op = RK_BFL_WRITE,
                                           .payload = payload,
                                           .len = 4 + len,
                                           .device_us = (len / 256 + 1) * PAGE_US * 4};

    forget(dev, addr, (uint32_t)len);
    rk_put_le32(payload, addr);
    memcpy(payload + 4, data, len);
    return no_flash_answer(&command, dev, err);
}

enum rk_status rk_bfl_write_check(struct rk_device *dev, struct rk_error *err)
{
    const struct rk_bfl_command command = {
        .name = "write its flash", .op = RK_BFL_WRITE_CHECK, .device_us = 300000};

    return no_flash_answer(&command, dev, err);
}

enum rk_status rk_bfl_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                              uint32_t len, struct rk_error *err)
{
    bool loader = rk_bfl_state(dev)->loader;
    size_t most = loader ? WRITE_CHUNK : ROM_CHUNK;
    enum rk_status st = RK_OK;

    if (rk_bfl_state(dev)->stub)
        return rk_stub_program(dev, addr, data, len, err);
    while (st == RK_OK && len > 0) {
        size_t n = len < most ? len : most;
        st = rk_bfl_write_frame(dev, addr, data, n, err);
        addr += (uint32_t)n;
        data += n;
        len -= (uint32_t)n;
    }
    return st == RK_OK && loader ? rk_bfl_write_check(dev, err) : st;
}
