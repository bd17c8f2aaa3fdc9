/* What the imitated stub packs and unpacks, exactly as the real one (stub/read.c) does it, with the
 * time that it takes on the executed chip. */
#include "base/bytes.h"
#include "base/crc.h"
#include "base/sha256.h"
#include "sim/bouffalo/stub.h"

#include <stdlib.h>
#include <string.h>

#define PIECE       1024u
#define PACK        256u
#define AHEAD       RK_LZMA_MATCH_MAX
#define FRAME_FIRST 256u
#define FRAME_MAX   2048u
#define BLOCK       0x10000u
#define CHUNK       4096u
#define RUN_MAX     16u
#define TRIES       2u
#define BYTE_NS     110u  /* apart from the flash: sum, copying */
#define SINGLE_NS   3400u /* a symbol that stands for one byte */
#define MATCH_NS    8400u /* ... for more */

enum { LAST = 1, STORED = 2 };

static struct bfl_event *add_event(struct bfl_reading *r)
{
    struct bfl_event *e = &r->events[r->event_count < BFL_EVENTS ? r->event_count++ : 0];

    memset(e, 0, sizeof *e);
    return e;
}

static void add_frame(struct bfl_reading *r, const uint8_t *data, uint32_t len, bool stored,
                      bool last)
{
    struct bfl_event *e = add_event(r);

    rk_put_le32(e->head, r->offset);
    e->head[4] = (uint8_t)((stored && r->packs ? STORED : 0) | (last ? LAST : 0));
    e->head_len = 5;
    if (stored && r->packs) {
        rk_put_le32(e->head + 5, (uint32_t)(data - r->raw));
        e->head_len = 9;
    }
    memcpy(e->data, data, len);
    if (last) {
        rk_put_le32(e->data + len, rk_crc32(0, r->raw, r->len));
        len += 4;
    }
    e->len = len;
    e->last = last;
    r->offset += len;
    r->size = r->size < FRAME_MAX ? r->size * 2 : FRAME_MAX;
    r->encoder.out_cap = r->size;
}

static void add_packed(struct bfl_reading *r, bool last)
{
    add_frame(r, r->out, r->encoder.out_len, false, last);
    r->encoder.out_len = 0;
}

static void full(void *user)
{
    add_packed(user, false);
}

struct bfl_reading *bfl_reading_new(uint32_t addr, uint32_t len, bool packs, bool sums,
                                    uint32_t flash_ns)
{
    struct bfl_reading *r = calloc(1, sizeof *r);

    if (!r || !(r->raw = malloc(len))) {
        free(r);
        return NULL;
    }
    r->addr = addr;
    r->len = len;
    r->packs = packs;
    r->sums = sums;
    r->flash_ns = flash_ns;
    r->size = FRAME_FIRST;
    r->encoder.data = r->raw;
    r->encoder.mask = UINT32_MAX;
    r->encoder.tries = TRIES;
    r->encoder.previous = r->previous;
    r->encoder.out = r->out;
    r->encoder.out_cap = FRAME_FIRST;
    r->encoder.full = full;
    r->encoder.user = r;
    rk_lzma_encode_init(&r->encoder);
    return r;
}

void bfl_reading_free(struct bfl_reading *r)
{
    if (r)
        free(r->raw);
    free(r);
}

static void add_sum(struct bfl_reading *r)
{
    if (!r->summed)
        return;
    r->summed = false;
    struct bfl_event *e = add_event(r);
    e->sum = true;
    rk_put_le32(e->data, r->block);
    rk_sha256(r->raw + (r->block - r->addr), BLOCK, e->data + 4);
    e->len = 4 + 32;
}

static void fetch(struct bfl_reading *r)
{
    uint32_t left = r->len - r->at, n = left < PIECE ? left : PIECE, addr = r->addr + r->at;

    add_sum(r);
    r->ns += n * (uint64_t)(r->flash_ns * (r->sums ? 2 : 1) + BYTE_NS);
    if (r->sums && addr % BLOCK == 0) {
        r->block = addr;
        r->summing = left >= BLOCK;
    }
    r->at += n;
    r->summed = r->summing && addr % BLOCK + n == BLOCK;
}

static void step_plain(struct bfl_reading *r)
{
    uint32_t left = r->len - r->offset, n = left < r->size ? left : r->size;

    if (r->at - r->offset < n) {
        fetch(r);
        return;
    }
    if (n == left)
        add_sum(r);
    add_frame(r, r->raw + r->offset, n, true, n == left);
}

static void begin_chunk(struct bfl_reading *r)
{
    uint32_t sent = r->offset + r->encoder.out_len - r->chunk_sent;
    bool dense = !r->stored && r->chunk_len && sent > r->chunk_len - r->chunk_len / 32;

    if (!r->stored)
        r->run = !dense ? 0 : r->run ? r->run * 2 : 1;
    r->run = r->run < RUN_MAX ? r->run : RUN_MAX;
    r->stored = dense;
    if (dense) {
        rk_lzma_encode_finish(&r->encoder);
        add_packed(r, false);
    }
    r->chunk_len = dense ? CHUNK * r->run : CHUNK;
    r->chunk_end = r->encoder.at + r->chunk_len;
    r->chunk_sent = r->offset + r->encoder.out_len;
}

static void step_stored(struct bfl_reading *r)
{
    uint32_t end = r->chunk_end < r->len ? r->chunk_end : r->len, from = r->encoder.at;
    uint32_t left = end - from, n = left < r->size ? left : r->size;

    if (r->at - from < n) {
        fetch(r);
        return;
    }
    rk_lzma_encode_skip(&r->encoder, n);
    if (from + n == r->len)
        add_sum(r);
    add_frame(r, r->raw + from, n, true, from + n == r->len);
}

static void step_packed(struct bfl_reading *r)
{
    uint32_t upto = r->encoder.at + PACK;

    if (r->encoder.at < r->len && r->encoder.at >= r->chunk_end)
        begin_chunk(r);
    if (r->stored) {
        step_stored(r);
    } else if (r->at < r->len && r->at - r->encoder.at < PACK + AHEAD) {
        fetch(r);
    } else if (r->encoder.at < r->len) {
        while (r->encoder.at < upto && r->encoder.at < r->at) { /* symbol by symbol */
            uint32_t from = r->encoder.at;
            rk_lzma_encode(&r->encoder, from + 1, r->at);
            r->ns += r->encoder.at == from + 1 ? SINGLE_NS : MATCH_NS;
        }
    } else {
        rk_lzma_encode_finish(&r->encoder);
        add_sum(r);
        add_packed(r, true);
    }
}

const struct bfl_event *bfl_reading_next(struct bfl_reading *r)
{
    if (r->event_at == r->event_count)
        r->event_at = r->event_count = 0;
    while (r->event_count == 0)
        if (r->packs)
            step_packed(r);
        else
            step_plain(r);
    struct bfl_event *e = &r->events[r->event_at++];
    e->ns = r->ns;
    r->ns = 0;
    return e;
}
