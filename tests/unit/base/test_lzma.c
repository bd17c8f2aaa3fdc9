/* Our packer and unpacker against each other, and both against liblzma where the build has it. */
#include "unit/unit.h"

#include "base/lzma.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

#ifdef RK_HAVE_LZMA
#include <lzma.h>
#endif

#define LEN   200000u
#define ROOM  (LEN + LEN / 16 + 64)
#define RING  0x10000u
#define KINDS 4u

/* What flashes hold: code-like runs, nothing but FF, text, and what cannot be packed. */
static void fill(uint8_t *bytes, unsigned kind)
{
    struct rk_rng rng = {kind + 1};

    memset(bytes, 0xFF, LEN);
    for (uint32_t i = 0; kind > 0 && i < LEN; i++) {
        uint32_t chance = rk_rng_below(&rng, 100);
        if (kind == 1 || i < 64)
            bytes[i] = (uint8_t)(rk_rng_next(&rng) >> 16);
        else if (kind == 2)
            bytes[i] = (uint8_t)(chance < 60 ? bytes[i - 64] : rk_rng_below(&rng, 32));
        else
            bytes[i] = (uint8_t)(chance < 90 ? bytes[i - 1 - i % 7] : rk_rng_below(&rng, 256));
    }
}

static void no_room(void *user)
{
    (void)user;
    fail_msg("what was packed needs too much room");
}

static uint32_t pack(const uint8_t *data, uint8_t *out, unsigned tries)
{
    struct rk_lzma_encoder *e = calloc(1, sizeof *e);

    assert_non_null(e);
    e->previous = tries > 1 ? calloc(RK_LZMA_DICTIONARY, sizeof *e->previous) : NULL;
    e->data = data;
    e->mask = UINT32_MAX;
    e->tries = tries;
    e->out = out;
    e->out_cap = ROOM;
    e->full = no_room;
    rk_lzma_encode_init(e);
    rk_lzma_encode(e, LEN, LEN);
    rk_lzma_encode_finish(e);
    uint32_t len = e->out_len;
    free(e->previous);
    free(e);
    return len;
}

/* Through rings, the input in small pieces, as in the chip. */
static enum rk_lzma_result unpack(const uint8_t *in, uint32_t len, uint8_t *out)
{
    struct rk_lzma_decoder *d = calloc(1, sizeof *d);
    uint8_t *from = malloc(RING), *to = malloc(RING);
    enum rk_lzma_result result = RK_LZMA_MORE;

    assert_true(d && from && to);
    *d = (struct rk_lzma_decoder){
        .in = from, .in_mask = RING - 1, .out = to, .out_mask = RING - 1, .out_len = LEN};
    rk_lzma_decode_init(d);
    while (result == RK_LZMA_MORE) {
        uint32_t before = d->out_at, end = d->in_end;
        for (; d->in_end < len && d->in_end - end < 777 && d->in_end - d->in_at < RING; d->in_end++)
            from[d->in_end % RING] = in[d->in_end];
        d->in_all = d->in_end == len;
        result = rk_lzma_decode(d, d->out_at + 1000);
        for (uint32_t i = before; i < d->out_at; i++)
            out[i] = to[i % RING];
        if (result == RK_LZMA_MORE && d->in_all && d->out_at == before)
            break;
    }
    free(d);
    free(from);
    free(to);
    return result;
}

static void packing_and_unpacking_give_the_same(void **state)
{
    uint8_t *data = malloc(LEN), *packed = malloc(ROOM), *back = malloc(LEN);
    (void)state;

    assert_true(data && packed && back);
    for (unsigned i = 0; i < 2 * KINDS; i++) {
        fill(data, i % KINDS);
        uint32_t len = pack(data, packed, i < KINDS ? 1 : 16);
        assert_int_equal(unpack(packed, len, back), RK_LZMA_DONE);
        assert_memory_equal(back, data, LEN);
    }
    free(data);
    free(packed);
    free(back);
}

static void blank_flash_packs_to_nearly_nothing(void **state)
{
    uint8_t *data = malloc(LEN), *packed = malloc(ROOM);
    (void)state;

    assert_true(data && packed);
    fill(data, 0);
    assert_true(pack(data, packed, 1) < LEN / 500);
    fill(data, 1);
    assert_true(pack(data, packed, 1) < LEN + LEN / 32);
    free(data);
    free(packed);
}

static void a_damaged_or_short_stream_gives_no_bytes_too_many(void **state)
{
    uint8_t *data = malloc(LEN), *packed = malloc(ROOM), *back = malloc(LEN);
    (void)state;

    assert_true(data && packed && back);
    fill(data, 3);
    uint32_t len = pack(data, packed, 1);
    assert_int_not_equal(unpack(packed, len / 2, back), RK_LZMA_DONE);
    packed[0] = 1;
    assert_int_equal(unpack(packed, len, back), RK_LZMA_DAMAGED);
    free(data);
    free(packed);
    free(back);
}

/* Packed pieces and others that are not, in turn: what the chip sends of dense flash. */
static void a_stream_goes_on_behind_stored_bytes(void **state)
{
    struct rk_lzma_encoder *e = calloc(1, sizeof *e);
    struct rk_lzma_decoder *d = calloc(1, sizeof *d);
    uint8_t *data = malloc(LEN), *packed = malloc(ROOM), *back = malloc(LEN);
    (void)state;

    assert_true(e && d && data && packed && back);
    fill(data, 3);
    *e = (struct rk_lzma_encoder){.data = data,
                                  .mask = UINT32_MAX,
                                  .tries = 1,
                                  .out = packed,
                                  .out_cap = ROOM,
                                  .full = no_room};
    rk_lzma_encode_init(e);
    *d = (struct rk_lzma_decoder){
        .in = packed, .in_mask = UINT32_MAX, .out = back, .out_mask = UINT32_MAX, .out_len = LEN};
    rk_lzma_decode_init(d);
    for (uint32_t stored = 0; e->at < LEN; stored = (stored + 700) % 5000) {
        rk_lzma_encode(e, e->at + 3000, LEN);
        rk_lzma_encode_finish(e);
        d->in_end = e->out_len;
        d->in_all = true;
        assert_int_not_equal(rk_lzma_decode(d, e->at), RK_LZMA_DAMAGED);
        assert_int_equal(d->out_at, e->at);
        uint32_t left = LEN - e->at, n = stored < left ? stored : left;
        assert_true(rk_lzma_decode_stored(d, data + e->at, n, e->out_len));
        rk_lzma_encode_skip(e, n);
    }
    assert_int_equal(d->out_at, LEN);
    assert_memory_equal(back, data, LEN);
    assert_false(rk_lzma_decode_stored(d, data, 1, 0));
    free(e);
    free(d);
    free(data);
    free(packed);
    free(back);
}

#ifdef RK_HAVE_LZMA
static lzma_options_lzma options_of(void)
{
    lzma_options_lzma options;

    assert_false(lzma_lzma_preset(&options, 6));
    options.dict_size = RK_LZMA_DICTIONARY;
    options.lc = 3;
    options.lp = 0;
    options.pb = 2;
    return options;
}

static void others_unpack_what_we_pack(void **state)
{
    uint8_t *data = malloc(LEN), *packed = malloc(ROOM), *back = malloc(LEN);
    lzma_options_lzma options = options_of();
    lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    (void)state;

    assert_true(data && packed && back);
    for (unsigned i = 0; i < 2 * KINDS; i++) {
        lzma_stream stream = LZMA_STREAM_INIT;
        fill(data, i % KINDS);
        stream.next_in = packed;
        stream.avail_in = pack(data, packed, i < KINDS ? 1 : 16);
        stream.next_out = back;
        stream.avail_out = LEN;
        assert_int_equal(lzma_raw_decoder(&stream, filters), LZMA_OK);
        while (stream.avail_out > 0)
            assert_int_equal(lzma_code(&stream, LZMA_RUN), LZMA_OK);
        assert_memory_equal(back, data, LEN);
        lzma_end(&stream);
    }
    free(data);
    free(packed);
    free(back);
}

static void we_unpack_what_others_pack(void **state)
{
    uint8_t *data = malloc(LEN), *packed = malloc(ROOM), *back = malloc(LEN);
    lzma_options_lzma options = options_of();
    lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    (void)state;

    assert_true(data && packed && back);
    for (unsigned i = 0; i < KINDS; i++) {
        size_t len = 0;
        fill(data, i);
        assert_int_equal(lzma_raw_buffer_encode(filters, NULL, data, LEN, packed, &len, ROOM),
                         LZMA_OK);
        assert_int_equal(unpack(packed, (uint32_t)len, back), RK_LZMA_DONE);
        assert_memory_equal(back, data, LEN);
    }
    free(data);
    free(packed);
    free(back);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packing_and_unpacking_give_the_same),
        cmocka_unit_test(blank_flash_packs_to_nearly_nothing),
        cmocka_unit_test(a_damaged_or_short_stream_gives_no_bytes_too_many),
        cmocka_unit_test(a_stream_goes_on_behind_stored_bytes),
#ifdef RK_HAVE_LZMA
        cmocka_unit_test(others_unpack_what_we_pack),
        cmocka_unit_test(we_unpack_what_others_pack),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
