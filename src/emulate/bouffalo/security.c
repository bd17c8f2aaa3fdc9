/* The security engine: SHA-256 block by block, and random numbers. The digest registers show the
 * state after each run of blocks, without the padding, which is why no library serves here. */
#include "emulate/bouffalo/soc.h"

#include "base/bytes.h"

#include <string.h>

enum {
    SHA_CONTROL = 0x00,
    SHA_SOURCE = 0x04,
    SHA_DIGEST = 0x10,
    TRNG = 0x200,
    TRNG_OUT = 0x208,
    PKA = 0x300
};
enum { BUSY = 1, TRIGGER = 2, ENABLED = 32, CONTINUE = 64, BLOCK = 64 };
#define BLOCK_NS 2500u /* fitted to a real device: 795,600 bytes with their reading in 219 ms */

static const uint32_t initial[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
static const uint32_t rounds[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

static uint32_t ror(uint32_t value, unsigned by)
{
    return value >> by | value << (32 - by);
}

static void compress(uint32_t state[8], const uint8_t block[BLOCK])
{
    uint32_t w[64], s[8];

    for (unsigned i = 0; i < 16; i++)
        w[i] = rk_get_be32(block + 4 * i);
    for (unsigned i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) +
                      ((s[4] & s[5]) ^ (~s[4] & s[6])) + rounds[i] + w[i];
        uint32_t t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) +
                      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof s[0]);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += s[i];
}

static void hash(struct rk_bl_soc *soc, uint32_t control)
{
    uint32_t from = *rk_bl_reg(soc, RK_BL_SEC + SHA_SOURCE), count = control >> 16;
    uint8_t block[BLOCK];

    if (!(control & CONTINUE))
        memcpy(soc->digest, initial, sizeof soc->digest);
    for (uint32_t i = 0; i < count && rk_bus_peek(soc->bus, from + BLOCK * i, block, BLOCK); i++)
        compress(soc->digest, block);
    soc->digest_ready_ns = rk_bl_now(soc) + (uint64_t)count * BLOCK_NS;
}

uint32_t rk_bl_security_read(struct rk_bl_soc *soc, uint32_t reg)
{
    uint32_t value = *rk_bl_reg(soc, RK_BL_SEC + reg);
    uint8_t bytes[4];

    if (reg >> 8 == PKA >> 8)
        return rk_bl_pka_read(soc, reg);
    if (reg == SHA_CONTROL)
        return (value & ~(uint32_t)BUSY) | (rk_bl_now(soc) < soc->digest_ready_ns ? BUSY : 0);
    if (reg >= SHA_DIGEST && reg < SHA_DIGEST + 32) {
        rk_put_be32(bytes, soc->digest[(reg - SHA_DIGEST) / 4]);
        return rk_get_le32(bytes);
    }
    if (reg >= TRNG_OUT && reg < TRNG_OUT + 32)
        return (uint32_t)rk_rng_next(&soc->rng);
    /* every other unit of the engine is done at once */
    return (reg & 0xFF) == 0 ? value & ~(uint32_t)BUSY : value;
}

void rk_bl_security_write(struct rk_bl_soc *soc, uint32_t reg, uint32_t value)
{
    if (reg >> 8 == PKA >> 8) {
        rk_bl_pka_write(soc, reg, value);
        return;
    }
    *rk_bl_reg(soc, RK_BL_SEC + reg) = reg == SHA_CONTROL ? value & ~(uint32_t)TRIGGER : value;
    if (reg == SHA_CONTROL && value & TRIGGER && value & ENABLED)
        hash(soc, value);
}
