/* The code scrambler: a keystream that depends on a 128-bit key and the logical address.
 *
 * It is its own inverse: enciphering and deciphering are the same operation. All its stages are
 * rotations, byte swaps and xors, so the keystream is an affine function of the address bits. That
 * is what makes it fast here (one table look-up per word) and what lets a key be found from known
 * plaintext (key.h). Vectors from the vendor's packer and from real flash are in
 * tests/unit/image/test_scrambler.c. */
#ifndef RK_IMAGE_BEKEN_SCRAMBLER_H
#define RK_IMAGE_BEKEN_SCRAMBLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_scrambler {
    bool plain; /* this key does nothing */
    uint32_t key[4];
    uint32_t low[256]; /* what the address bits 9:2 contribute */
};

/* Prepares for a key: four words in the order of the efuse. */
void rk_scrambler_init(struct rk_scrambler *s, const uint32_t key[4]);

/* Keystream word of a key for the word at logical address addr (a multiple of 4). */
uint32_t rk_keystream(const uint32_t key[4], uint32_t addr);

/* Enciphers or deciphers len bytes that begin at logical address addr, a multiple of 4. A rest of
 * less than a word is treated as the beginning of one. in and out may be the same. */
void rk_scrambler_run(const struct rk_scrambler *s, uint32_t addr, const uint8_t *in, uint8_t *out,
                      size_t len);

#endif
