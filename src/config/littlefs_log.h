/* Metadata of LittleFS: a pair of blocks, each a log of commits that are closed by a checksum. */
#ifndef RK_CONFIG_LITTLEFS_LOG_H
#define RK_CONFIG_LITTLEFS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_LFS_NONE 0xFFFFFFFFu

/* Types of tags (the type3 of the specification). */
enum {
    RK_LFS_REG = 0x001,
    RK_LFS_DIR = 0x002,
    RK_LFS_SUPERBLOCK = 0x0FF,
    RK_LFS_DIRSTRUCT = 0x200,
    RK_LFS_INLINESTRUCT = 0x201,
    RK_LFS_CTZSTRUCT = 0x202,
    RK_LFS_CREATE = 0x401,
    RK_LFS_DELETE = 0x4FF,
    RK_LFS_CRC = 0x500,
    RK_LFS_FORWARD_CRC = 0x5FF,
    RK_LFS_SOFTTAIL = 0x600,
    RK_LFS_HARDTAIL = 0x601,
    RK_LFS_MOVESTATE = 0x7FF
};

struct rk_lfs_tag {
    uint16_t type, id;
    uint32_t size; /* of its data; RK_LFS_NONE: the tag takes something back */
    uint32_t at;   /* of its data in the block */
};

/* Visits the tags of the commits that are closed, in the order in which they were written. `visit`
 * may be NULL. Returns false if not even the first commit is closed; *revision is the block's. */
bool rk_lfs_log(const uint8_t *block, uint32_t block_size, uint32_t *revision,
                void (*visit)(void *user, const struct rk_lfs_tag *tag), void *user);

#endif
