/* Frames between bytes 00. */
#include "unit/unit.h"

#include "base/cobs.h"

#include <string.h>

static size_t frames_in(const uint8_t *bytes, size_t len, struct rk_cobs_parser *parser,
                        struct rk_cobs_frame *last)
{
    size_t found = 0;

    for (size_t i = 0; i < len; i++)
        found += rk_cobs_parse(parser, bytes[i], last);
    return found;
}

static void every_length_and_content_comes_back(void **state)
{
    static uint8_t payload[RK_COBS_PAYLOAD_MAX], wire[RK_COBS_FRAME_MAX];
    static struct rk_cobs_parser parser;
    struct rk_cobs_frame f;
    (void)state;
    for (size_t len = 0; len <= sizeof payload; len += len < 1100 ? 1 : 501)
        for (unsigned kind = 0; kind < 3; kind++) {
            for (size_t i = 0; i < len; i++)
                payload[i] = kind == 0 ? 0 : kind == 1 ? 0xFF : (uint8_t)(i * 7 % 251);
            size_t cut = len / 3;
            size_t n =
                rk_cobs_encode(wire, sizeof wire, 0x22, 9, payload, cut, payload + cut, len - cut);
            assert_true(n > 0);
            assert_null(memchr(wire, 0, n - 1));
            assert_int_equal(frames_in(wire, n, &parser, &f), 1);
            assert_int_equal(f.op, 0x22);
            assert_int_equal(f.tag, 9);
            assert_int_equal(f.len, len);
            assert_memory_equal(f.payload, payload, len);
        }
    assert_int_equal(rk_cobs_encode(wire, sizeof wire, 1, 1, payload, sizeof payload, payload, 1),
                     0);
    assert_int_equal(rk_cobs_encode(wire, 8, 1, 1, payload, 4, NULL, 0), 0);
}

/* A known frame, made by hand: op 24, tag 00, CRC-32 of 24 00. */
static void known_bytes(void **state)
{
    uint8_t wire[16];
    (void)state;
    size_t n = rk_cobs_encode(wire, sizeof wire, 0x24, 0, NULL, 0, NULL, 0);
    assert_int_equal(n, 8);
    assert_int_equal(wire[0], 2);
    assert_int_equal(wire[1], 0x24);
    assert_int_equal(wire[7], 0);
}

/* A lost, changed or added byte costs that frame and at most the next. */
static void damage_costs_two_frames_at_most(void **state)
{
    static uint8_t stream[6 * 64];
    static struct rk_cobs_parser parser;
    size_t len = 0;
    (void)state;
    for (uint8_t i = 0; i < 6; i++) {
        uint8_t payload[20] = {i, 0, 0, i, 7};
        len += rk_cobs_encode(stream + len, sizeof stream - len, 0xA0, i, payload, sizeof payload,
                              NULL, 0);
    }
    for (size_t at = 0; at < len; at++)
        for (unsigned how = 0; how < 3; how++) {
            static uint8_t copy[sizeof stream + 1];
            struct rk_cobs_frame f;
            size_t n = len;
            memcpy(copy, stream, len);
            if (how == 0) {
                memmove(copy + at, copy + at + 1, --n - at);
            } else if (how == 1) {
                copy[at] ^= 0x10;
            } else {
                memmove(copy + at + 1, copy + at, n++ - at);
                copy[at] = 0xAA;
            }
            memset(&parser, 0, sizeof parser);
            assert_true(frames_in(copy, n, &parser, &f) >= 4);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_and_content_comes_back),
        cmocka_unit_test(known_bytes),
        cmocka_unit_test(damage_costs_two_frames_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
