/* The scrambler against numbers that others made: a few are compiled in, the whole public vector
 * file is read where it is present. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/rng.h"
#include "image/beken/key.h"
#include "image/beken/scrambler.h"
#include "unit/image/vectors.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t tuya[4] = {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03};

static void test_known_words(void **state)
{
    static const uint32_t zero[4] = {0};

    (void)state;
    assert_int_equal(rk_keystream(tuya, 0), 0x7CB50721);
    assert_int_equal(rk_keystream(tuya, 4), 0x7CB50F21);
    assert_int_equal(rk_keystream(tuya, 0x10000), 0x7EB50721);
    assert_int_equal(rk_keystream(tuya, 0x1000C), 0x7EB51F21);
    assert_int_equal(rk_keystream(zero, 0x1234), 0);
    assert_int_equal(0x94B5072F ^ rk_keystream(tuya, 0x10000), 0xEA00000E);
}

/* The table form must equal the definition, for any key, start and length. */
static void test_fast_form(void **state)
{
    struct rk_rng rng = {11};

    (void)state;
    for (int round = 0; round < 200; round++) {
        uint32_t key[4], addr = rk_rng_below(&rng, 0x400000) & ~3u;
        uint8_t in[4100], out[4100];
        size_t len = rk_rng_below(&rng, sizeof in);
        struct rk_scrambler s;

        for (int i = 0; i < 4; i++)
            key[i] = (uint32_t)rk_rng_next(&rng);
        for (size_t i = 0; i < len; i++)
            in[i] = (uint8_t)rk_rng_next(&rng);
        rk_scrambler_init(&s, key);
        rk_scrambler_run(&s, addr, in, out, len);
        for (size_t i = 0; i < len; i++) {
            uint32_t word = rk_keystream(key, addr + (uint32_t)(i & ~(size_t)3));

            assert_int_equal(out[i], (uint8_t)(in[i] ^ word >> 8 * (i & 3)));
        }
        rk_scrambler_run(&s, addr, out, out, len);
        assert_memory_equal(in, out, len);
    }
}

static void parse_key(const json_t *array, uint32_t key[4])
{
    for (size_t i = 0; i < 4; i++)
        key[i] = (uint32_t)strtoul(json_string_value(json_array_get(array, i)), NULL, 16);
}

static void test_public_vectors(void **state)
{
    json_t *file = vectors_load("beken-crypto-vectors.json"), *list, *item;
    size_t index;

    (void)state;
    list = json_object_get(file, "vectors");
    assert_int_equal(json_array_size(list), 65);
    json_array_foreach(list, index, item)
    {
        struct bytes plain = bytes_of_hex(json_object_get(item, "plaintext"));
        struct bytes cipher = bytes_of_hex(json_object_get(item, "ciphertext"));
        uint32_t key[4], addr = number_of(json_object_get(item, "address"));
        struct rk_scrambler s;

        parse_key(json_object_get(item, "key"), key);
        rk_scrambler_init(&s, key);
        rk_scrambler_run(&s, addr, plain.data, plain.data, plain.len);
        assert_int_equal(plain.len, cipher.len);
        assert_memory_equal(plain.data, cipher.data, plain.len);
        free(plain.data);
        free(cipher.data);
    }
    json_decref(file);
}

static void test_equivalent_keys(void **state)
{
    json_t *file = vectors_load("beken-crypto-vectors.json"), *list, *item;
    size_t index;

    (void)state;
    list = json_object_get(json_object_get(file, "equivalent_keys"), "list");
    assert_true(json_array_size(list) > 5);
    json_array_foreach(list, index, item)
    {
        uint32_t key[4], equal[4];

        parse_key(json_object_get(item, "key"), key);
        parse_key(json_object_get(item, "equivalent_key"), equal);
        for (uint32_t addr = 0; addr < 0x200000; addr += 4)
            assert_int_equal(rk_keystream(key, addr), rk_keystream(equal, addr));
    }
    json_decref(file);
}

/* An image enciphered with a key nobody told us is deciphered from its own first words. */
static void test_blind_search(void **state)
{
    enum { LEN = 0x20000 };
    uint8_t *plain = malloc(LEN), *cipher = malloc(LEN), *again = malloc(LEN);
    struct rk_rng rng = {5};

    (void)state;
    assert_true(plain && cipher && again);
    for (size_t i = 0; i < LEN; i++)
        plain[i] =
            rk_rng_below(&rng, 3) ? (uint8_t)rk_rng_below(&rng, 8) : (uint8_t)rk_rng_next(&rng);
    rk_put_le32(plain, 0xEA00000E);
    for (uint32_t i = 1; i < 8; i++)
        rk_put_le32(plain + 4 * i, 0xE59FF014);
    rk_put_le32(plain + 32, 0x106C0);
    for (int round = 0; round < 60; round++) {
        struct rk_scrambler s;
        struct rk_code_key found;
        uint32_t key[4];

        for (int i = 0; i < 4; i++)
            key[i] = (uint32_t)rk_rng_next(&rng);
        rk_scrambler_init(&s, key);
        if (s.plain)
            continue;
        rk_scrambler_run(&s, 0x10000, plain, cipher, LEN);
        assert_false(rk_key_find(cipher, LEN, 0x10000, false, &found));
        assert_true(rk_key_find(cipher, LEN, 0x10000, true, &found));
        assert_true(found.computed);
        rk_scrambler_init(&s, found.words);
        rk_scrambler_run(&s, 0x10000, cipher, again, LEN);
        assert_memory_equal(plain, again, LEN);
    }
    free(plain);
    free(cipher);
    free(again);
}

static void test_classes(void **state)
{
    static const uint32_t zero[4] = {0}, ones[4] = {~0u, ~0u, ~0u, ~0u},
                          other[4] = {1, 2, 3, 0x12345678};

    (void)state;
    assert_int_equal(rk_key_classify(tuya), RK_KEY_TUYA);
    assert_int_equal(rk_key_classify(zero), RK_KEY_ZERO);
    assert_int_equal(rk_key_classify(ones), RK_KEY_ZERO);
    assert_int_equal(rk_key_classify(other), RK_KEY_VENDOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_words),    cmocka_unit_test(test_fast_form),
        cmocka_unit_test(test_public_vectors), cmocka_unit_test(test_equivalent_keys),
        cmocka_unit_test(test_blind_search),   cmocka_unit_test(test_classes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
