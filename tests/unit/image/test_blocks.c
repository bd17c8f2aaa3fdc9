#include "unit/unit.h"

#include "base/crc.h"
#include "image/beken/blocks.h"
#include "unit/image/vectors.h"

#include <string.h>

static void test_known_blocks(void **state)
{
    /* First block of a public boot loader, its CRC included. */
    static const uint8_t first[34] = {0x69, 0x0C, 0xB5, 0x96, 0x35, 0xFF, 0x2A, 0x99, 0x35,
                                      0xE7, 0x2A, 0x99, 0x35, 0xEF, 0x2A, 0x99, 0x35, 0xD7,
                                      0x2A, 0x99, 0x35, 0xDF, 0x2A, 0x99, 0x35, 0xC7, 0x2A,
                                      0x99, 0x35, 0xCF, 0x2A, 0x99, 0xF5, 0x07};
    uint8_t block[34], made[34];

    (void)state;
    assert_int_equal(rk_block_state(first), RK_BLOCK_VALID);
    rk_blocks_add(first, 32, made);
    assert_memory_equal(made, first, 34);
    memset(block, 0xFF, sizeof block);
    assert_int_equal(rk_block_state(block), RK_BLOCK_BLANK);
    block[32] = 0x00;
    block[33] = 0x0C;
    assert_int_equal(rk_block_state(block), RK_BLOCK_VALID);
    block[5] = 0;
    assert_int_equal(rk_block_state(block), RK_BLOCK_BAD);
    assert_int_equal(rk_blocks_seal(block, sizeof block), 1);
    assert_int_equal(rk_block_state(block), RK_BLOCK_VALID);
}

static void test_addresses(void **state)
{
    (void)state;
    assert_int_equal(rk_physical(0x10000), 0x11000);
    assert_int_equal(rk_physical(0x1186A0), 0x129F0A);
    assert_int_equal(rk_physical(0x120000), 0x132000);
    assert_int_equal(rk_logical(0x11001), 0x10001);
    assert_int_equal(rk_logical(0x22), 0x20);
    for (uint32_t logical = 0; logical < 100000; logical += 7)
        assert_int_equal(rk_logical(rk_physical(logical)), logical);
}

static void test_short_last_block(void **state)
{
    uint8_t data[40], out[68], back[64];

    (void)state;
    memset(data, 0x5A, sizeof data);
    assert_int_equal(rk_blocks_span(0), 0);
    assert_int_equal(rk_blocks_span(40), 68);
    rk_blocks_add(data, sizeof data, out);
    assert_int_equal(rk_blocks_run(out, sizeof out), 2);
    rk_blocks_strip(out, 2, back);
    assert_memory_equal(back, data, sizeof data);
    for (size_t i = sizeof data; i < sizeof back; i++)
        assert_int_equal(back[i], 0xFF);
    assert_int_equal(rk_blocks_run(out, 67), 1);
    assert_int_equal(rk_blocks_count(out, 33).valid, 0);
}

static void test_public_vectors(void **state)
{
    json_t *file = vectors_load("beken-crc16-vectors.json"), *item;
    size_t index;

    (void)state;
    assert_int_equal(json_array_size(json_object_get(file, "crc")), 11);
    json_array_foreach(json_object_get(file, "crc"), index, item)
    {
        struct bytes data = bytes_of_hex(json_object_get(item, "data"));

        assert_int_equal(rk_crc16_beken(data.data, data.len),
                         strtoul(json_string_value(json_object_get(item, "crc")), NULL, 16));
        free(data.data);
    }
    assert_int_equal(json_array_size(json_object_get(file, "blocks")), 15);
    json_array_foreach(json_object_get(file, "blocks"), index, item)
    {
        struct bytes block = bytes_of_hex(json_object_get(item, "block"));
        const char *wanted = json_string_value(json_object_get(item, "state"));
        static const char *const names[] = {"valid", "blank", "bad"};

        assert_int_equal(block.len, 34);
        assert_string_equal(names[rk_block_state(block.data)], wanted);
        free(block.data);
    }
    json_array_foreach(json_object_get(json_object_get(file, "address_map"), "examples"), index,
                       item)
    {
        uint32_t logical = number_of(json_object_get(item, "logical"));
        uint32_t physical = number_of(json_object_get(item, "physical"));

        assert_int_equal(rk_physical(logical), physical);
        assert_int_equal(rk_logical(physical), logical);
    }
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_blocks), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_short_last_block), cmocka_unit_test(test_public_vectors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
