#include "image/beken/scrambler.h"

#include "base/bytes.h"

#include <string.h>

static uint32_t ror32(uint32_t x, unsigned n)
{
    return n ? x >> n | x << (32 - n) : x;
}

static uint32_t swap16(uint32_t x)
{
    return (x << 8 | x >> 8) & 0xFFFF;
}

/* Upper half: both halves of the address, perhaps with their bytes swapped, and the upper half of
 * key word 1. */
static uint32_t stage15(const uint32_t key[4], uint32_t addr)
{
    unsigned swaps = key[3] >> 5 & 3;
    uint32_t low = swaps & 1 ? swap16(addr & 0xFFFF) : addr & 0xFFFF;
    uint32_t high = swaps & 2 ? swap16(addr >> 16) : addr >> 16;
    uint32_t x = high ^ low ^ key[1] >> 16;

    return ((x >> 7 | x << 9) & 0xFFFF) ^ (0x6371u & (x >> 5 & 15) * 0x1111u);
}

/* Lower half: 17 bits of the address, shifted, and 17 key bits. The chip computes 17 bits and drops
 * the top one. */
static uint32_t stage16(const uint32_t key[4], uint32_t addr)
{
    uint32_t mask = (key[1] & 0xFF00) << 1 | (key[3] >> 4 & 1) << 8 | (key[1] & 0xFF);
    uint32_t x = (addr >> (key[3] >> 8 & 3) & 0x1FFFF) ^ mask;
    uint32_t nibble = (x >> 1 & 1) << 3 | (x >> 5 & 1) << 2 | (x >> 9 & 1) << 1 | (x >> 13 & 1);

    return ((x & 0x3FF) << 7 ^ x >> 10 ^ (0x3659u & nibble * 0x1111u)) & 0xFFFF;
}

/* The whole word: the address rotated by bytes, and key word 0. */
static uint32_t stage32(const uint32_t key[4], uint32_t addr)
{
    uint32_t x = ror32(addr, 8 * (key[3] >> 11 & 3)) ^ key[0];

    return ror32(x, 15) ^ (0xE519A4F1u & (x >> 2 & 15) * 0x11111111u);
}

static bool is_bypass(const uint32_t key[4])
{
    return key[3] >> 24 == 0x00 || key[3] >> 24 == 0xFF || (key[3] & 15) == 15;
}

uint32_t rk_keystream(const uint32_t key[4], uint32_t addr)
{
    uint32_t stream = 0;

    if (is_bypass(key))
        return 0;
    if (!(key[3] & 1))
        stream = stage15(key, addr) << 16;
    if (!(key[3] & 2))
        stream |= stage16(key, addr);
    if (!(key[3] & 4))
        stream ^= stage32(key, addr);
    if (!(key[3] & 8))
        stream ^= key[2];
    return stream;
}

void rk_scrambler_init(struct rk_scrambler *s, const uint32_t key[4])
{
    memcpy(s->key, key, sizeof s->key);
    s->plain = is_bypass(key);
    for (uint32_t i = 0; i < 256; i++)
        s->low[i] = rk_keystream(key, i << 2) ^ rk_keystream(key, 0);
}

void rk_scrambler_run(const struct rk_scrambler *s, uint32_t addr, const uint8_t *in, uint8_t *out,
                      size_t len)
{
    uint32_t high = 0;
    size_t at = 0;

    if (s->plain) {
        memmove(out, in, len);
        return;
    }
    for (; at < len; at += 4, addr += 4) {
        size_t part = len - at < 4 ? len - at : 4;
        uint32_t word;

        if (at == 0 || (addr & 0x3FC) == 0)
            high = rk_keystream(s->key, addr & ~UINT32_C(0x3FF));
        word = high ^ s->low[addr >> 2 & 255];
        if (part == 4) {
            rk_put_le32(out + at, rk_get_le32(in + at) ^ word);
            continue;
        }
        for (size_t i = 0; i < part; i++)
            out[at + i] = (uint8_t)(in[at + i] ^ word >> 8 * i);
    }
}
