/* Builds small LittleFS images from the specification, for tests. */
#ifndef TEST_LITTLEFS_BUILDER_H
#define TEST_LITTLEFS_BUILDER_H

#include "base/bytes.h"

#include <stdint.h>
#include <string.h>

enum { LFS_BLOCK = 512, LFS_BLOCKS = 64 };

struct lfs_builder {
    uint8_t flash[LFS_BLOCK * LFS_BLOCKS];
    uint8_t *block; /* the one that is being written */
    uint32_t at, tag, crc;
};

/* Bit by bit, as the specification words it: polynomial 0x04C11DB7, first value all ones. */
static inline uint32_t lfs_crc(uint32_t crc, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return crc;
}

static inline void lfs_begin(struct lfs_builder *b, uint32_t index, uint32_t revision)
{
    b->block = b->flash + (size_t)index * LFS_BLOCK;
    memset(b->block, 0xFF, LFS_BLOCK);
    rk_put_le32(b->block, revision);
    b->at = 4;
    b->tag = 0xFFFFFFFFu;
    b->crc = lfs_crc(0xFFFFFFFFu, b->block, 4);
}

static inline void lfs_put(struct lfs_builder *b, uint32_t type, uint32_t id, const void *data,
                           uint32_t len)
{
    uint32_t tag = type << 20 | id << 10 | len;

    rk_put_be32(b->block + b->at, tag ^ b->tag);
    if (len != 0x3FF)
        memcpy(b->block + b->at + 4, data, len);
    uint32_t size = 4 + (len == 0x3FF ? 0 : len);
    b->crc = lfs_crc(b->crc, b->block + b->at, size);
    b->at += size;
    b->tag = tag;
}

static inline void lfs_put_pair(struct lfs_builder *b, uint32_t type, uint32_t id, uint32_t first,
                                uint32_t second)
{
    uint8_t data[8];

    rk_put_le32(data, first);
    rk_put_le32(data + 4, second);
    lfs_put(b, type, id, data, sizeof data);
}

static inline void lfs_commit(struct lfs_builder *b)
{
    uint32_t tag = 0x500u << 20 | 0x3FFu << 10 | 4;

    rk_put_be32(b->block + b->at, tag ^ b->tag);
    b->crc = lfs_crc(b->crc, b->block + b->at, 4);
    rk_put_le32(b->block + b->at + 4, b->crc);
    b->at += 8;
    b->tag = tag;
    b->crc = 0xFFFFFFFFu;
}

/* The first tags of the root: magic, version, geometry. */
static inline void lfs_put_superblock(struct lfs_builder *b)
{
    uint8_t geometry[24] = {0};

    rk_put_le32(geometry, 0x00020001);
    rk_put_le32(geometry + 4, LFS_BLOCK);
    rk_put_le32(geometry + 8, LFS_BLOCKS);
    rk_put_le32(geometry + 12, 255);
    rk_put_le32(geometry + 16, 0x7FFFFFFF);
    rk_put_le32(geometry + 20, 1022);
    lfs_put(b, 0x0FF, 0, "littlefs", 8);
    lfs_put(b, 0x201, 0, geometry, sizeof geometry);
}

#endif
