/* Frames against bytes that public clients sent and real loaders answered. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/rng.h"
#include "chip/beken/frame.h"

#include <stdio.h>
#include <string.h>

static size_t from_hex(const char *text, uint8_t *out)
{
    size_t n = 0;
    unsigned value;
    int used;

    while (sscanf(text, " %2x%n", &value, &used) == 1) {
        out[n++] = (uint8_t)value;
        text += used;
    }
    return n;
}

/* Requests as hid_download_py and bk7231tools put them on the wire. */
static const struct {
    bool is_long;
    uint8_t op;
    const char *payload, *wire;
} requests[] = {
    {false, 0x00, "", "01 e0 fc 01 00"},
    {false, 0x02, "", "01 e0 fc 01 02"},
    {false, 0x11, "", "01 e0 fc 01 11"},
    {false, 0x03, "00 00 80 00", "01 e0 fc 05 03 00 00 80 00"},
    {false, 0x01, "74 00 80 00 01 03 00 00", "01 e0 fc 09 01 74 00 80 00 01 03 00 00"},
    {false, 0x0F, "00 10 0e 00 14", "01 e0 fc 06 0f 00 10 0e 00 14"},
    {false, 0x10, "00 10 01 00 ff 1f 01 00", "01 e0 fc 09 10 00 10 01 00 ff 1f 01 00"},
    {false, 0x0E, "a5", "01 e0 fc 02 0e a5"},
    {false, 0x70, "53 45 41 4e", "01 e0 fc 05 70 53 45 41 4e"},
    {true, 0x0E, "9f 00 00 00", "01 e0 fc ff f4 05 00 0e 9f 00 00 00"},
    {true, 0x0C, "05", "01 e0 fc ff f4 02 00 0c 05"},
    {true, 0x0D, "01 00 02", "01 e0 fc ff f4 04 00 0d 01 00 02"},
    {true, 0x09, "00 10 01 00", "01 e0 fc ff f4 05 00 09 00 10 01 00"},
    {true, 0x0F, "d8 00 00 13 00", "01 e0 fc ff f4 06 00 0f d8 00 00 13 00"},
};

static void requests_are_those_of_public_clients(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint8_t payload[64], wire[64], out[64];
        size_t len = from_hex(requests[i].payload, payload);
        size_t want = from_hex(requests[i].wire, wire);
        size_t n = requests[i].is_long
                       ? rk_beken_encode_long(out, sizeof out, requests[i].op, payload, len)
                       : rk_beken_encode_short(out, sizeof out, requests[i].op, payload, len);
        assert_int_equal(n, want);
        assert_memory_equal(out, wire, want);
        assert_int_equal(requests[i].is_long
                             ? rk_beken_encode_long(out, want - 1, requests[i].op, payload, len)
                             : rk_beken_encode_short(out, want - 1, requests[i].op, payload, len),
                         0);
    }
}

static void a_sector_fills_the_largest_frame(void **state)
{
    static uint8_t payload[4 + RK_BEKEN_DATA_MAX + 1], out[RK_BEKEN_FRAME_MAX + 8];
    (void)state;
    assert_int_equal(rk_beken_encode_long(out, sizeof out, 0x07, payload, sizeof payload - 1),
                     4108);
    assert_int_equal(rk_get_le16(out + 5), 0x1005);
    assert_int_equal(rk_beken_encode_long(out, sizeof out, 0x07, payload, sizeof payload), 0);
    assert_int_equal(rk_beken_encode_short(out, sizeof out, 0x01, payload, 254), 0);
}

/* Complete replies of the executed BK7231S 1.0.5 and of ROM chips. */
static const struct {
    const char *wire;
    bool is_long;
    uint8_t op, status;
    size_t len;
} replies[] = {
    {"04 0e 05 01 e0 fc 01 00", false, 0x01, 0, 1},
    {"04 0e 14 01 e0 fc 11 42 4b 37 32 33 31 53 5f 31 2e 30 2e 35 00 00 00", false, 0x11, 0, 16},
    {"04 0e 05 01 e0 fc 11 07", false, 0x11, 0, 1},
    {"04 0e 0c 01 e0 fc 03 00 00 80 00 1c 23 07 00", false, 0x03, 0, 8},
    {"04 0e 08 01 e0 fc 10 34 9c 08 4c", false, 0x10, 0, 4},
    {"04 0e ff 01 e0 fc f4 06 00 0e 00 00 eb 60 15", true, 0x0E, 0, 4},
    {"04 0e ff 01 e0 fc f4 07 00 09 06 00 00 00 00 00", true, 0x09, 6, 5},
    {"04 0e ff 01 e0 fc f4 07 00 0f 06 20 00 10 00 00", true, 0x0F, 6, 5},
    {"04 0e ff 01 e0 fc f4 06 00 07 06 e0 20 00 00", true, 0x07, 6, 4},
    {"04 0e ff 01 e0 fc f4 05 00 0d 00 01 00 02", true, 0x0D, 0, 3},
};

static void check_reply(size_t i, const struct rk_beken_reply *reply)
{
    assert_int_equal(reply->is_long, replies[i].is_long);
    assert_int_equal(reply->op, replies[i].op);
    assert_int_equal(reply->status, replies[i].status);
    assert_int_equal(reply->len, replies[i].len);
}

static void replies_are_found_whole_and_in_slices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        uint8_t wire[64];
        size_t n = from_hex(replies[i].wire, wire);
        struct rk_beken_reply reply;
        for (size_t have = 0; have <= n; have++) {
            size_t consumed = 0, noise = 0;
            enum rk_beken_decoded d = rk_beken_decode(wire, have, &consumed, &noise, &reply);
            assert_int_equal(d, have == n ? RK_BEKEN_REPLY : RK_BEKEN_NEED_MORE);
            assert_int_equal(consumed, have == n ? n : 0);
            assert_int_equal(noise, 0);
        }
        check_reply(i, &reply);
    }
}

/* Boot text, half of a reply, our own command: nothing of it hides the reply behind it. */
static void replies_are_found_behind_other_bytes(void **state)
{
    static const char *const before[] = {
        "0d 0a 42 4b 37 32 33 38",
        "04",
        "04 0e",
        "04 0e ff",
        "04 0e 05 01 e0",
        "01 e0 fc 01 00",
        "04 0e 03",
        "04 0e ff 01 e0 fc f4 01 00",
        "04 0e ff 01 e0 fc f4 ff ff",
        "04 04 0e 04",
        "00 00 00",
    };
    (void)state;
    for (size_t k = 0; k < sizeof before / sizeof before[0]; k++)
        for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
            uint8_t wire[128];
            size_t skip = from_hex(before[k], wire), consumed = 0, noise = 0;
            size_t n = skip + from_hex(replies[i].wire, wire + skip);
            struct rk_beken_reply reply;
            assert_int_equal(rk_beken_decode(wire, n, &consumed, &noise, &reply), RK_BEKEN_REPLY);
            assert_int_equal(consumed, n);
            assert_int_equal(noise, skip);
            check_reply(i, &reply);
        }
}

static void random_bytes_end(void **state)
{
    static const uint8_t head[] = {0x04, 0x0E, 0xFF, 0x01, 0xE0, 0xFC, 0xF4, 0x05};
    struct rk_rng rng = {3};
    uint8_t buf[512];
    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t n = rk_rng_below(&rng, sizeof buf), at = 0;
        struct rk_beken_reply reply;
        for (size_t i = 0; i < n; i++)
            buf[i] = rk_rng_below(&rng, 2) ? head[i % sizeof head] : (uint8_t)rk_rng_next(&rng);
        for (;;) {
            size_t consumed = 0, noise = 0;
            enum rk_beken_decoded d = rk_beken_decode(buf + at, n - at, &consumed, &noise, &reply);
            assert_true(consumed <= n - at && noise <= consumed);
            at += consumed;
            if (d == RK_BEKEN_NEED_MORE)
                break;
            assert_true(consumed >= 7 && reply.payload >= buf &&
                        reply.payload + reply.len <= buf + n);
        }
    }
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++)
        assert_true(strlen(rk_beken_status_text((uint8_t)i)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_those_of_public_clients),
        cmocka_unit_test(a_sector_fills_the_largest_frame),
        cmocka_unit_test(replies_are_found_whole_and_in_slices),
        cmocka_unit_test(replies_are_found_behind_other_bytes),
        cmocka_unit_test(random_bytes_end),
        cmocka_unit_test(every_status_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
