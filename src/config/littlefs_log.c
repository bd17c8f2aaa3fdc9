#include "config/littlefs_log.h"

#include "base/bytes.h"
#include "base/crc.h"

/* The file system's checksum is CRC-32 without the last inversion. */
static uint32_t checksum(uint32_t crc, const uint8_t *data, uint32_t len)
{
    return ~rk_crc32(~crc, data, len);
}

struct cursor {
    const uint8_t *block;
    uint32_t size, at; /* of the next tag */
    uint32_t previous; /* tag that the next one is stored as the difference to */
};

/* The next tag as it was before it was stored; false at the end of what was written. */
static bool next(const struct cursor *c, uint32_t *raw, struct rk_lfs_tag *out)
{
    if (c->size - c->at < 4)
        return false;
    *raw = rk_get_be32(c->block + c->at) ^ c->previous;
    out->type = (uint16_t)(*raw >> 20 & 0x7FF);
    out->id = (uint16_t)(*raw >> 10 & 0x3FF);
    uint32_t size = *raw & 0x3FF, room = size == 0x3FF ? 0 : size;
    out->size = size == 0x3FF ? RK_LFS_NONE : size;
    out->at = c->at + 4;
    return !(*raw >> 31) && room <= c->size - out->at;
}

/* Where the commit that begins at the cursor ends, by its checksum; false if it is not closed.
 * `crc` covers what is in front of it. */
static bool close_of(struct cursor c, uint32_t crc, struct cursor *end)
{
    struct rk_lfs_tag tag;
    uint32_t raw;

    while (next(&c, &raw, &tag)) {
        crc = checksum(crc, c.block + c.at, 4);
        uint32_t room = tag.size == RK_LFS_NONE ? 0 : tag.size;
        c.at = tag.at + room;
        c.previous = raw;
        if ((tag.type & 0x700) != RK_LFS_CRC || tag.type == RK_LFS_FORWARD_CRC) {
            crc = checksum(crc, c.block + tag.at, room);
            continue;
        }
        *end = c;
        end->previous = raw ^ (uint32_t)(tag.type & 1) << 31;
        return room >= 4 && rk_get_le32(c.block + tag.at) == crc;
    }
    return false;
}

bool rk_lfs_log(const uint8_t *block, uint32_t block_size, uint32_t *revision,
                void (*visit)(void *user, const struct rk_lfs_tag *tag), void *user)
{
    struct cursor c = {block, block_size, 4, 0xFFFFFFFFu}, end;
    uint32_t crc = checksum(0xFFFFFFFFu, block, 4), raw;
    struct rk_lfs_tag tag;
    bool any = false;

    *revision = rk_get_le32(block);
    for (; close_of(c, crc, &end); c = end, crc = 0xFFFFFFFFu, any = true)
        while (visit && c.at < end.at && next(&c, &raw, &tag)) {
            visit(user, &tag);
            c.at = tag.at + (tag.size == RK_LFS_NONE ? 0 : tag.size);
            c.previous = raw;
        }
    return any;
}
