/* Reading, checking, erasing and programming, on both families of loaders. */
#include "base/bytes.h"
#include "base/context.h"
#include "base/crc.h"
#include "chip/beken/beken.h"

#include <string.h>

#define READS_IN_FLIGHT 2u /* requests sent ahead; only where pipelining was executed */
#define PROGRAM_US      1500000u
#define PROGRAM_LEFT_US 300000u /* flash loaders program while they receive */
#define ERASE_CODE_4K   0x20u
#define ERASE_CODE_64K  0xD8u
#define ERASE_CODE_NONE 0x00u /* flash loaders: removes the protection and erases nothing */

/* Flash loaders refuse the boot area by address, but the flash ignores high address bits: one
 * flash size further on lies the same cell. Used for reading only. */
static uint32_t wire_address(const struct rk_device *dev, uint32_t addr)
{
    const struct rk_beken_state *s = rk_beken_state(dev);

    return !s->rom && addr < RK_BEKEN_APP_ADDR ? addr + dev->info.flash_size : addr;
}

static void read_command(struct rk_beken_command *c, uint8_t payload[4], uint32_t wire_addr)
{
    memset(c, 0, sizeof *c);
    rk_put_le32(payload, wire_addr);
    c->name = "read";
    c->op = c->reply_op = RK_BEKEN_READ_4K;
    c->is_long = true;
    c->payload = c->echo = payload;
    c->len = c->echo_len = 4;
    c->reply_len = 4111;
}

/* Copies the part of page data that lies in [addr, addr + len) to its place in buf. */
static void copy_page(uint32_t page, const uint8_t *data, uint32_t addr, uint8_t *buf, size_t len)
{
    uint64_t first = page > addr ? page : addr;
    uint64_t end = (uint64_t)page + RK_BEKEN_DATA_MAX;

    if (end > (uint64_t)addr + len)
        end = (uint64_t)addr + len;
    memcpy(buf + (first - addr), data + (first - page), (size_t)(end - first));
}

/* Reads pages with requests sent ahead until something goes wrong; *page is the next one that is
 * missing. A failure is not reported: the caller reads on one by one. */
static enum rk_status read_ahead(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                                 uint32_t *page, struct rk_error *err)
{
    uint64_t end = (uint64_t)addr + len;
    uint64_t asked = *page;
    const uint32_t first = *page;
    uint8_t payload[4];
    struct rk_beken_command c;
    struct rk_beken_reply reply;

    while (*page < end) {
        uint32_t strays = dev->stray_bytes;
        enum rk_status st = RK_OK;
        for (; st == RK_OK && asked < end &&
               asked < (uint64_t)*page + READS_IN_FLIGHT * RK_BEKEN_DATA_MAX;
             asked += RK_BEKEN_DATA_MAX) {
            read_command(&c, payload, wire_address(dev, (uint32_t)asked));
            st = rk_beken_send(dev, &c, err);
        }
        if (st != RK_OK)
            return st;
        read_command(&c, payload, wire_address(dev, *page));
        c.reply_len *= READS_IN_FLIGHT;
        st = rk_beken_wait(dev, &c, &reply, err);
        if (rk_beken_may_retry(st) || (st == RK_OK && reply.len != 4 + RK_BEKEN_DATA_MAX))
            return rk_beken_recover(dev, err);
        if (st != RK_OK)
            return st;
        /* bytes between two replies: the one before has probably lost or gained some */
        if (dev->stray_bytes != strays && *page >= first + RK_BEKEN_DATA_MAX) {
            *page -= RK_BEKEN_DATA_MAX;
            return rk_beken_recover(dev, err);
        }
        copy_page(*page, reply.payload + 4, addr, buf, len);
        *page += RK_BEKEN_DATA_MAX;
    }
    return RK_OK;
}

enum rk_status rk_beken_flash_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                                   struct rk_error *err)
{
    const struct rk_beken_state *s = rk_beken_state(dev);
    uint64_t end = (uint64_t)addr + len;
    uint32_t page = addr & ~(RK_BEKEN_DATA_MAX - 1);
    uint8_t data[RK_BEKEN_DATA_MAX];

    while (page < end) {
        if (!s->rom && end - page > RK_BEKEN_DATA_MAX) {
            uint32_t before = page;
            enum rk_status st = read_ahead(dev, addr, buf, len, &page, err);
            if (st != RK_OK)
                return st;
            if (page > before)
                continue;
        }
        enum rk_status st = rk_beken_read_4k(dev, wire_address(dev, page), data, err);
        if (st != RK_OK) {
            rk_error_at(err, page);
            return st;
        }
        copy_page(page, data, addr, buf, len);
        page += RK_BEKEN_DATA_MAX;
    }
    return RK_OK;
}

/* The digest by reading back, for loaders on which a CRC would end the writing. */
static enum rk_status digest_by_reading(struct rk_device *dev, uint32_t addr, uint32_t len,
                                        uint32_t *crc, struct rk_error *err)
{
    uint8_t data[RK_BEKEN_DATA_MAX];

    *crc = 0;
    for (uint32_t at = 0; at < len; at += RK_BEKEN_DATA_MAX) {
        enum rk_status st = rk_beken_read_4k(dev, wire_address(dev, addr + at), data, err);
        if (st != RK_OK)
            return st;
        *crc = rk_crc32(*crc, data, sizeof data);
    }
    return RK_OK;
}

enum rk_status rk_beken_rearm(struct rk_device *dev, struct rk_error *err)
{
    /* The erase command removes the protection before it looks at the size code: executed on all
     * flash loaders at hand. Only an erase does so, and only after a link check. */
    for (uint32_t attempt = 0;; attempt++) {
        enum rk_status st = rk_beken_link_check(dev, 0, err);
        if (st == RK_OK)
            st = rk_beken_erase_code(dev, ERASE_CODE_NONE, RK_BEKEN_APP_ADDR, err);
        if (!rk_beken_may_retry(st))
            return st;
        if (attempt >= dev->retries)
            return rk_beken_give_up(st, err);
        dev->retries_used++;
        st = rk_beken_discard(dev, err);
        if (st != RK_OK)
            return st;
    }
}

enum rk_status rk_beken_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                               struct rk_digest *out, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);
    uint32_t crc = 0;
    enum rk_status st;

    if (!s->rom && !s->link_rearms && dev->writing) {
        st = digest_by_reading(dev, addr, len, &crc, err);
    } else {
        st = rk_beken_crc(dev, addr, addr + len - 1, &crc, err);
        if (!s->rom) {
            s->crc_locked = true;
            if (st == RK_OK && s->link_rearms)
                st = dev->writing ? rk_beken_rearm(dev, err) : RK_OK;
        }
    }
    if (st != RK_OK) {
        rk_error_at(err, addr);
        return st;
    }
    memset(out, 0, sizeof *out);
    out->kind = RK_DIGEST_CRC32;
    rk_put_le32(out->bytes, crc);
    return RK_OK;
}

enum rk_status rk_beken_write_begin(struct rk_device *dev, struct rk_error *err)
{
    struct rk_beken_state *s = rk_beken_state(dev);

    if (s->rom)
        return rk_beken_unprotect(dev, err);
    if (s->crc_locked && !s->link_rearms) {
        rk_log(dev->ctx, RK_LEVEL_INFO, "flash.restart",
               "this boot loader locks the flash after a CRC: restarting it before writing");
        enum rk_status st = rk_beken_restart(dev, err);
        if (st != RK_OK)
            return st;
    }
    s->crc_locked = false;
    return rk_beken_rearm(dev, err);
}

enum rk_status rk_beken_write_end(struct rk_device *dev, struct rk_error *err)
{
    return rk_beken_state(dev)->rom ? rk_beken_reprotect(dev, err) : RK_OK;
}

/* Nothing below the application, and nothing behind the end: there lies the boot loader again. */
static enum rk_status guard(const struct rk_device *dev, uint32_t addr, uint32_t len,
                            struct rk_error *err)
{
    const struct rk_beken_state *s = rk_beken_state(dev);

    if (s->rom || (addr >= RK_BEKEN_APP_ADDR && addr + len <= dev->info.flash_size))
        return RK_OK;
    rk_fail(err, RK_ERR_RANGE, "flash.boot-area",
            "the %s cannot be given a boot loader over its UART", dev->info.chip);
    rk_error_detail(err, "its only way in is the loader below 0x%x", RK_BEKEN_APP_ADDR);
    rk_error_hint(err, "use an SPI programmer for the first 68 KiB");
    rk_error_at(err, addr);
    return RK_ERR_RANGE;
}

enum rk_status rk_beken_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                              struct rk_error *err)
{
    uint8_t code = len == RK_BLOCK_SIZE ? ERASE_CODE_64K : ERASE_CODE_4K;
    enum rk_status st = guard(dev, addr, len, err);

    for (uint32_t attempt = 0; st == RK_OK; attempt++) {
        st = rk_beken_erase_code(dev, code, addr, err);
        if (!rk_beken_may_retry(st))
            break;
        if (attempt >= dev->retries) {
            st = rk_beken_give_up(st, err);
            break;
        }
        st = rk_beken_recover(dev, err);
    }
    if (st != RK_OK)
        rk_error_at(err, addr);
    return st;
}

static enum rk_status program_sector(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                     struct rk_error *err)
{
    uint8_t payload[4 + RK_BEKEN_DATA_MAX];
    struct rk_beken_command c = {.name = "write",
                                 .op = RK_BEKEN_WRITE_4K,
                                 .reply_op = RK_BEKEN_WRITE_4K,
                                 .is_long = true,
                                 .payload = payload,
                                 .len = sizeof payload,
                                 .echo = payload,
                                 .echo_len = 4,
                                 .reply_len = 15,
                                 .device_us =
                                     rk_beken_state(dev)->rom ? PROGRAM_US : PROGRAM_LEFT_US};
    struct rk_beken_reply reply;

    rk_put_le32(payload, addr);
    memcpy(payload + 4, data, RK_BEKEN_DATA_MAX);
    return rk_beken_exchange(dev, &c, &reply, err);
}

/* A failed write may have programmed bytes that are shifted or are no data at all: each repeat
 * begins with an erase. That is right also where only bits were to be cleared, because the data
 * are the whole sector. */
static enum rk_status program_surely(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                     struct rk_error *err)
{
    enum rk_status st = program_sector(dev, addr, data, err);

    for (uint32_t attempt = 0; rk_beken_may_retry(st) && attempt < dev->retries; attempt++) {
        st = rk_beken_recover(dev, err);
        if (st == RK_OK)
            st = rk_beken_erase(dev, addr, RK_SECTOR_SIZE, err);
        if (st != RK_OK)
            return st;
        st = program_sector(dev, addr, data, err);
    }
    return rk_beken_give_up(st, err);
}

enum rk_status rk_beken_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                uint32_t len, struct rk_error *err)
{
    enum rk_status st = guard(dev, addr, len, err);

    for (uint32_t at = 0; st == RK_OK && at < len; at += RK_BEKEN_DATA_MAX) {
        st = program_surely(dev, addr + at, data + at, err);
        if (st != RK_OK)
            rk_error_at(err, addr + at);
    }
    return st;
}
