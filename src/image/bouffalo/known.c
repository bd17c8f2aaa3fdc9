#include "image/bouffalo/known.h"

#include "base/bytes.h"
#include "base/sha256.h"

#include <string.h>

#define SECTOR 4096u

static void ask_for(struct rk_bfl_case *c, uint32_t addr, uint32_t len, bool digest)
{
    struct rk_bl602_report *r = c->report;

    for (size_t i = 0; i < r->want_count; i++)
        if (r->wants[i].addr == addr && r->wants[i].len == len)
            return;
    if (r->want_count < RK_BL602_WANTS)
        r->wants[r->want_count++] = (struct rk_bl602_want){c->piece, addr, len, digest};
}

static bool is_known(const struct rk_bl602_flash *flash, uint32_t addr, uint32_t len)
{
    if (addr > flash->len || len > flash->len - addr)
        return false;
    if (flash->known && len)
        for (uint32_t sector = addr / SECTOR; sector <= (addr + len - 1) / SECTOR; sector++)
            if (!flash->known[sector])
                return false;
    return true;
}

const uint8_t *rk_bfl_bytes(struct rk_bfl_case *c, uint32_t addr, uint32_t len, bool want)
{
    if (addr > c->flash_size || len > c->flash_size - addr)
        return NULL;
    if (is_known(c->flash, addr, len))
        return c->flash->data + addr;
    if (want)
        ask_for(c, addr, len, false);
    return NULL;
}

bool rk_bfl_blank(struct rk_bfl_case *c, uint32_t addr, uint32_t len)
{
    const uint8_t *p = rk_bfl_bytes(c, addr, len, false);

    return p && rk_bytes_all(p, len, 0xFF);
}

static const struct rk_bl602_digest *digest_of(const struct rk_bl602_flash *flash, uint32_t addr,
                                               uint32_t len)
{
    for (size_t i = 0; i < flash->digest_count; i++)
        if (flash->digests[i].addr == addr && flash->digests[i].len == len)
            return &flash->digests[i];
    return NULL;
}

enum rk_bl602_state rk_bfl_image_state(struct rk_bfl_case *c, const struct rk_bfl_header *header,
                                       uint32_t addr, bool want)
{
    const struct rk_bl602_digest *digest;

    if (header->length == 0 || addr >= c->flash_size || header->length > c->flash_size - addr)
        return RK_BL602_DAMAGED;
    digest = digest_of(c->flash, addr, header->length);
    if (digest)
        return header->hash_ignored ||
                       memcmp(digest->sha256, header->hash, sizeof header->hash) == 0
                   ? RK_BL602_VALID
                   : RK_BL602_DAMAGED;
    if (is_known(c->flash, addr, header->length)) {
        if (rk_bytes_all(c->flash->data + addr, header->length, 0xFF))
            return RK_BL602_MISSING;
        return rk_bfl_hash_check(header, c->flash->data, c->flash->len, addr) ? RK_BL602_VALID
                                                                              : RK_BL602_DAMAGED;
    }
    if (want)
        ask_for(c, addr, header->length, true);
    return RK_BL602_UNREAD;
}
