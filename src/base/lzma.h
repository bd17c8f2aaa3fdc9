/* Raw LZMA streams (LZMA1, lc = 3, lp = 0, pb = 2, no header) in small memory: what the RAM stub of
 * the BL602 packs reads with and unpacks writes from. The stub is built from these very files, so
 * they need nothing but a C compiler: no heap, no library, no floating point.
 *
 * Facts: the LZMA specification of the public LZMA SDK. */
#ifndef RK_BASE_LZMA_H
#define RK_BASE_LZMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_LZMA_DICTIONARY 0x8000u /* the furthest a match reaches back */
#define RK_LZMA_MATCH_MAX  273u

#define RK_LZMA_STATES     12u
#define RK_LZMA_POSITIONS  4u /* 1 << pb */
#define RK_LZMA_LEN_STATES 4u
#define RK_LZMA_ALIGN      16u

struct rk_lzma_lengths {
    uint16_t choice[2];
    uint16_t low[RK_LZMA_POSITIONS][8];
    uint16_t mid[RK_LZMA_POSITIONS][8];
    uint16_t high[256];
};

/* The model that both directions share: how likely each bit is 0, of 2048. Nothing but uint16_t. */
struct rk_lzma_model {
    uint16_t match[RK_LZMA_STATES][RK_LZMA_POSITIONS];
    uint16_t rep[RK_LZMA_STATES];
    uint16_t rep_not_0[RK_LZMA_STATES];
    uint16_t rep_0_long[RK_LZMA_STATES][RK_LZMA_POSITIONS];
    uint16_t rep_not_1[RK_LZMA_STATES];
    uint16_t rep_not_2[RK_LZMA_STATES];
    uint16_t slot[RK_LZMA_LEN_STATES][64];
    uint16_t distance[115]; /* trees of the slots 4 to 13, one behind the other; [0] is not used */
    uint16_t align[RK_LZMA_ALIGN];
    struct rk_lzma_lengths lengths, rep_lengths;
    uint16_t literal[8][0x300];
};

void rk_lzma_model_init(struct rk_lzma_model *model);

/* What the model's context is after a literal, match, repeated match, or single repeated byte. */
enum rk_lzma_symbol { RK_LZMA_LITERAL, RK_LZMA_MATCH, RK_LZMA_REP, RK_LZMA_SHORT_REP };
unsigned rk_lzma_next_state(unsigned state, enum rk_lzma_symbol symbol);

/* Where node 0, which is not used, of a distance slot's tree (4 to 13) is in model->distance. */
unsigned rk_lzma_distance_tree(unsigned slot);

/* ---- unpacking ---- */

enum rk_lzma_result {
    RK_LZMA_MORE,   /* wants more input, or has filled what it was given */
    RK_LZMA_DONE,   /* all bytes are there */
    RK_LZMA_DAMAGED /* the stream cannot be right */
};

/* Input and output are rings: byte n is at [n & mask]. With a mask of UINT32_MAX they are plain
 * buffers. The output is the dictionary too: at least RK_LZMA_DICTIONARY bytes of it must stay. */
struct rk_lzma_decoder {
    struct rk_lzma_model model;
    const uint8_t *in;
    uint32_t in_mask, in_at;
    uint32_t in_end; /* bytes of the stream received so far */
    bool in_all;     /* that is all of it */
    uint8_t *out;
    uint32_t out_mask, out_at;
    uint32_t out_len; /* bytes there will be */
    uint32_t range, code, rep[4];
    unsigned state;
    unsigned copy; /* bytes of a match that did not fit */
    bool begun;
};

/* The caller has set in, in_mask, out, out_mask and out_len; the rest is set here. */
void rk_lzma_decode_init(struct rk_lzma_decoder *decoder);

/* Unpacks until out_at reaches out_limit (at most out_len), or input is lacking: in_end and in_all
 * are to be brought up to date before each call. */
enum rk_lzma_result rk_lzma_decode(struct rk_lzma_decoder *decoder, uint32_t out_limit);

/* Behind the last byte of a stream that was finished: `len` bytes that come unpacked, possibly 0, and
 * then a new stream, which begins at byte in_at of the input and goes on with the model and the
 * dictionary. False: they are more than there will be. */
bool rk_lzma_decode_stored(struct rk_lzma_decoder *decoder, const uint8_t *data, uint32_t len,
                           uint32_t in_at);

/* ---- packing ---- */

#define RK_LZMA_HASH_BITS 12u

/* The caller sets data, mask, tries, previous, out, out_cap, full and user, and clears the rest with
 * rk_lzma_encode_init(). */
struct rk_lzma_encoder {
    struct rk_lzma_model model;
    const uint8_t *data; /* byte n of what is packed is at [n & mask] */
    uint32_t mask;
    uint32_t at;        /* bytes packed so far */
    unsigned tries;     /* candidates per position; needs `previous` if more than 1 */
    uint16_t *previous; /* RK_LZMA_DICTIONARY entries, or NULL */
    uint8_t *out;       /* what is packed: out_len bytes of it are there */
    uint32_t out_len, out_cap;
    void (*full)(void *user); /* out_len is out_cap: takes them away, or sets another `out` */
    void *user;
    uint32_t low, range, pending, rep[4], hashed;
    uint8_t cache;
    bool carry;
    unsigned state;
    uint32_t ahead_len, ahead_far; /* the match of the next position, if already looked for */
    uint32_t hash[1u << RK_LZMA_HASH_BITS]; /* position + 1 */
};

void rk_lzma_encode_init(struct rk_lzma_encoder *encoder);

/* Packs bytes up to `upto`, looking ahead to `end`: bytes [at - RK_LZMA_DICTIONARY, end) must be in
 * the ring. It may pack up to RK_LZMA_MATCH_MAX bytes more than asked for, never beyond end. */
void rk_lzma_encode(struct rk_lzma_encoder *encoder, uint32_t upto, uint32_t end);

/* Puts out what the stream needs at its end. */
void rk_lzma_encode_finish(struct rk_lzma_encoder *encoder);

/* Behind a finish: `len` bytes are not packed, and a new stream begins behind them that goes on with
 * the model and the dictionary. The other side does the same with rk_lzma_decode_stored(). */
void rk_lzma_encode_skip(struct rk_lzma_encoder *encoder, uint32_t len);

#endif
