/* Code blocks: the flash of the ARM9 Beken chips holds code as 34-byte blocks, 32 bytes of data and
 * a big-endian CRC-16. The CPU sees only the data: logical addresses count data bytes, physical
 * addresses count flash bytes. */
#ifndef RK_IMAGE_BEKEN_BLOCKS_H
#define RK_IMAGE_BEKEN_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_BLOCK_DATA 32u /* bytes the CPU sees */
#define RK_BLOCK_SPAN 34u /* bytes in flash */

enum rk_block_state {
    RK_BLOCK_VALID, /* the CRC matches */
    RK_BLOCK_BLANK, /* erased flash: 34 x FF, which never is a valid block */
    RK_BLOCK_BAD    /* anything else */
};

struct rk_block_counts {
    uint32_t valid, blank, bad;
};

/* State of the 34 bytes at p. */
enum rk_block_state rk_block_state(const uint8_t *p);

/* States of the whole blocks in data[0, len); an incomplete last block is not counted. */
struct rk_block_counts rk_blocks_count(const uint8_t *data, size_t len);

/* Number of blocks from the start that are valid without a gap. */
size_t rk_blocks_run(const uint8_t *data, size_t len);

/* Removes the CRC bytes of `count` blocks; out has count * 32 bytes and may not overlap data. */
void rk_blocks_strip(const uint8_t *data, size_t count, uint8_t *out);

/* Makes blocks of data[0, len): the last one is filled with FF. out has rk_blocks_span(len) bytes
 * and may not overlap data. */
void rk_blocks_add(const uint8_t *data, size_t len, uint8_t *out);

/* Flash bytes that len data bytes take. */
static inline size_t rk_blocks_span(size_t len)
{
    return (len / RK_BLOCK_DATA + (len % RK_BLOCK_DATA != 0)) * RK_BLOCK_SPAN;
}

/* Writes the right CRC behind every block that is not blank; returns how many were wrong. */
size_t rk_blocks_seal(uint8_t *data, size_t len);

static inline uint32_t rk_physical(uint32_t logical)
{
    return logical / RK_BLOCK_DATA * RK_BLOCK_SPAN + logical % RK_BLOCK_DATA;
}

/* For a CRC byte: the logical address of the block behind it. */
static inline uint32_t rk_logical(uint32_t physical)
{
    uint32_t rest = physical % RK_BLOCK_SPAN;

    return physical / RK_BLOCK_SPAN * RK_BLOCK_DATA + (rest < RK_BLOCK_DATA ? rest : RK_BLOCK_DATA);
}

#endif
