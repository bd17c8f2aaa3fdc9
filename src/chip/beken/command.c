/* The commands, one function each. Sources: hid_download_py, bk7231tools, and the executed flash
 * loaders; the register commands exist only in mask ROM. */
#include "base/bytes.h"
#include "base/text.h"
#include "chip/beken/beken.h"

#include <string.h>

#define REGISTER_US          200000u
#define ERASE_4K_US          2000000u
#define ERASE_64K_US         4000000u
#define CRC_BYTES_PER_SECOND 200000u /* slowest that public clients allow for */

enum rk_status rk_beken_link_check(struct rk_device *dev, uint64_t wait_us, struct rk_error *err)
{
    static const uint8_t zero = 0;
    bool bl2 = rk_beken_state(dev)->bl2;
    struct rk_beken_command c = {.name = "link check",
                                 .op = bl2 ? RK_BEKEN_BL2_LINK_CHECK : RK_BEKEN_LINK_CHECK,
                                 .reply_op = bl2 ? RK_BEKEN_BL2_LINK_REPLY : RK_BEKEN_LINK_REPLY,
                                 .echo = &zero,
                                 .echo_len = 1,
                                 .reply_len = 8,
                                 .device_us = wait_us};
    struct rk_beken_reply reply;

    return rk_beken_exchange(dev, &c, &reply, err);
}

enum rk_status rk_beken_read_reg(struct rk_device *dev, uint32_t reg, uint32_t *value,
                                 struct rk_error *err)
{
    uint8_t payload[4];
    struct rk_beken_command c = {.name = "register read",
                                 .op = RK_BEKEN_READ_REG,
                                 .reply_op = RK_BEKEN_READ_REG,
                                 .payload = payload,
                                 .len = 4,
                                 .reply_len = 15};
    struct rk_beken_reply reply;

    rk_put_le32(payload, reg);
    enum rk_status st = rk_beken_exchange(dev, &c, &reply, err);
    if (st != RK_OK)
        return st;
    /* One ROM version answers with address + 1. */
    uint32_t echoed = reply.len == 8 ? rk_get_le32(reply.payload) : ~reg;
    if (echoed != reg && echoed != reg + 1)
        return rk_fail(err, RK_ERR_PROTOCOL, "link.mismatch",
                       "register read: the reply is about 0x%08x, asked was 0x%08x",
                       (unsigned)echoed, (unsigned)reg);
    *value = rk_get_le32(reply.payload + 4);
    return RK_OK;
}

enum rk_status rk_beken_write_reg(struct rk_device *dev, uint32_t reg, uint32_t value,
                                  struct rk_error *err)
{
    uint8_t payload[8];
    struct rk_beken_command c = {.name = "register write",
                                 .op = RK_BEKEN_WRITE_REG,
                                 .reply_op = RK_BEKEN_WRITE_REG,
                                 .payload = payload,
                                 .len = 8,
                                 .echo = payload,
                                 .echo_len = 8,
                                 .reply_len = 15};
    struct rk_beken_reply reply;

    rk_put_le32(payload, reg);
    rk_put_le32(payload + 4, value);
    return rk_beken_exchange(dev, &c, &reply, err);
}

enum rk_status rk_beken_boot_version(struct rk_device *dev, char *text, size_t cap,
                                     struct rk_error *err)
{
    struct rk_beken_command c = {.name = "boot version",
                                 .op = RK_BEKEN_BOOT_VERSION,
                                 .reply_op = RK_BEKEN_BOOT_VERSION,
                                 .reply_len = 23};
    struct rk_beken_reply reply;
    enum rk_status st = rk_beken_exchange(dev, &c, &reply, err);

    if (st != RK_OK)
        return st;
    size_t n = 0;
    while (n < reply.len && reply.payload[n] != 0)
        n++;
    if (n < 2) /* mask ROM: a single 07, "unknown command" */
        text[0] = '\0';
    else
        rk_text_escape(text, cap, reply.payload, n);
    return RK_OK;
}

enum rk_status rk_beken_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err)
{
    static const uint8_t rdid[4] = {0x9F, 0, 0, 0};
    struct rk_beken_command c = {.name = "flash id",
                                 .op = RK_BEKEN_SPI,
                                 .reply_op = RK_BEKEN_SPI,
                                 .is_long = true,
                                 .payload = rdid,
                                 .len = 4,
                                 .reply_len = 15,
                                 .device_us = REGISTER_US};
    struct rk_beken_reply reply;
    enum rk_status st = rk_beken_repeat(dev, &c, &reply, err);

    if (st != RK_OK)
        return st;
    if (reply.len == 3) {
        /* A known ROM fault: the length field is one too small, the last byte follows the frame. */
        struct rk_beken_state *s = rk_beken_state(dev);
        size_t got = 0;
        if (s->rx_used == s->rx_len) {
            st = rk_link_read(dev->link, s->rx + s->rx_len, 1, &got, REGISTER_US, err);
            if (st != RK_OK)
                return st;
            s->rx_len += got;
        }
        if (s->rx_used < s->rx_len) {
            s->rx_used++;
            reply.len++;
        }
    }
    if (reply.len != 4)
        return rk_fail(err, RK_ERR_PROTOCOL, "link.mismatch", "flash id: %zu bytes instead of 4",
                       reply.len);
    memcpy(id, reply.payload + 1, 3);
    return RK_OK;
}

enum rk_status rk_beken_read_sr(struct rk_device *dev, uint8_t op, uint8_t *value,
                                struct rk_error *err)
{
    struct rk_beken_command c = {.name = "status register read",
                                 .op = RK_BEKEN_READ_SR,
                                 .reply_op = RK_BEKEN_READ_SR,
                                 .is_long = true,
                                 .payload = &op,
                                 .len = 1,
                                 .echo = &op,
                                 .echo_len = 1,
                                 .reply_len = 13,
                                 .device_us = REGISTER_US};
    struct rk_beken_reply reply;
    enum rk_status st = rk_beken_repeat(dev, &c, &reply, err);

    if (st != RK_OK)
        return st;
    if (reply.len < 2)
        return rk_fail(err, RK_ERR_PROTOCOL, "link.mismatch", "status register read: no value");
    *value = reply.payload[1];
    return RK_OK;
}

enum rk_status rk_beken_write_sr(struct rk_device *dev, uint8_t op, const uint8_t *values,
                                 size_t count, struct rk_error *err)
{
    uint8_t payload[3] = {op};
    struct rk_beken_command c = {.name = "status register write",
                                 .op = RK_BEKEN_WRITE_SR,
                                 .reply_op = RK_BEKEN_WRITE_SR,
                                 .is_long = true,
                                 .payload = payload,
                                 .len = 1 + count,
                                 .echo = payload,
                                 .echo_len = 1,
                                 .reply_len = 12 + count,
                                 .device_us = REGISTER_US};
    struct rk_beken_reply reply;

    memcpy(payload + 1, values, count <= 2 ? count : 2);
    return rk_beken_repeat(dev, &c, &reply, err);
}

enum rk_status rk_beken_crc(struct rk_device *dev, uint32_t first, uint32_t last, uint32_t *crc,
                            struct rk_error *err)
{
    uint8_t payload[8];
    struct rk_beken_command c = {.name = "CRC",
                                 .op = RK_BEKEN_CRC,
                                 .reply_op = RK_BEKEN_CRC,
                                 .payload = payload,
                                 .len = 8,
                                 .reply_len = 11};
    struct rk_beken_reply reply;

    /* On the flash loaders a range that ends before it begins never ends: only power helps. */
    if (last < first)
        return rk_fail(err, RK_ERR_INTERNAL, "internal.range", "CRC of an empty range");
    c.device_us = 1000000u + (uint64_t)(last - first) * 1000000u / CRC_BYTES_PER_SECOND;
    rk_put_le32(payload, first);
    rk_put_le32(payload + 4, last);
    enum rk_status st = rk_beken_repeat(dev, &c, &reply, err);
    if (st != RK_OK)
        return st;
    if (reply.len != 4)
        return rk_fail(err, RK_ERR_PROTOCOL, "link.mismatch", "CRC: %zu bytes instead of 4",
                       reply.len);
    *crc = ~rk_get_le32(reply.payload);
    return RK_OK;
}

enum rk_status rk_beken_erase_code(struct rk_device *dev, uint8_t code, uint32_t addr,
                                   struct rk_error *err)
{
    uint8_t payload[5] = {code};
    struct rk_beken_command c = {.name = "erase",
                                 .op = RK_BEKEN_ERASE,
                                 .reply_op = RK_BEKEN_ERASE,
                                 .is_long = true,
                                 .payload = payload,
                                 .len = 5,
                                 .echo = payload,
                                 .echo_len = 5,
                                 .reply_len = 16,
                                 .device_us = code == 0xD8 ? ERASE_64K_US : ERASE_4K_US};
    struct rk_beken_reply reply;

    rk_put_le32(payload + 1, addr);
    return rk_beken_exchange(dev, &c, &reply, err);
}

enum rk_status rk_beken_read_4k(struct rk_device *dev, uint32_t wire_addr, uint8_t *buf,
                                struct rk_error *err)
{
    uint8_t payload[4];
    struct rk_beken_command c = {.name = "read",
                                 .op = RK_BEKEN_READ_4K,
                                 .reply_op = RK_BEKEN_READ_4K,
                                 .is_long = true,
                                 .payload = payload,
                                 .len = 4,
                                 .echo = payload,
                                 .echo_len = 4,
                                 .reply_len = 4111};
    struct rk_beken_reply reply;

    rk_put_le32(payload, wire_addr);
    enum rk_status st = rk_beken_repeat(dev, &c, &reply, err);
    if (st != RK_OK)
        return st;
    if (reply.len != 4 + RK_BEKEN_DATA_MAX)
        return rk_fail(err, RK_ERR_PROTOCOL, "link.mismatch", "read: %zu data bytes", reply.len);
    memcpy(buf, reply.payload + 4, RK_BEKEN_DATA_MAX);
    return RK_OK;
}
