#include "unit/unit.h"

#include "config/pin_text.h"
#include "unit/config/storage_builder.h"

#include <rekindle/tuya.h>

#define SIZE (16u * 4096u)
#define BASE (2u * 4096u)

struct flash {
    uint8_t bytes[SIZE];
};

static int setup(void **state)
{
    struct flash *f = malloc(sizeof *f);

    memset(f->bytes, 0xFF, sizeof f->bytes);
    builder_key_block(f->bytes + BASE);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static struct rk_tuya *read_flash(const uint8_t *bytes, size_t len)
{
    struct rk_tuya *t = NULL;
    struct rk_error err = {0};

    if (rk_tuya_read(bytes, len, &t, &err) != RK_OK)
        fail_msg("%s (%s)", err.message, err.detail);
    return t;
}

static void assert_key(const struct rk_tuya *t, const char *name, const char *value, bool certain)
{
    const struct rk_tuya_key *key = rk_tuya_find(t, name);

    assert_non_null(key);
    assert_int_equal(key->length, strlen(value));
    assert_memory_equal(key->value, value, key->length);
    assert_int_equal(key->certain, certain);
}

static void ciphers_equal_the_known_answers(void **state)
{
    uint8_t key[16];
    static const uint8_t expected[16] = {0xB6, 0x46, 0xA6, 0x52, 0xB9, 0xAE, 0x5E, 0x77,
                                         0xAF, 0xCC, 0xD1, 0xE6, 0x72, 0xA0, 0x6E, 0x04};
    (void)state;
    rk_tuya_data_key(builder_inner, 0, key);
    assert_memory_equal(key, expected, 16);
    uint8_t blank[16];
    struct rk_cipher master;
    memset(blank, 0xFF, 16);
    rk_cipher_init(&master, rk_tuya_master_key, true);
    rk_cipher_run(&master, blank, blank, 16);
    rk_cipher_free(&master);
    assert_memory_equal(blank, rk_tuya_blank_block, 16);
}

static void check_values_equal_the_known_answers(void **state)
{
    unsigned stored, computed;
    (void)state;
    assert_int_equal(rk_crc7(0, "123456789", 9), 37);
    assert_int_equal(rk_crc7(0, "{}", 2), 71);
    assert_true(rk_pin_text_check("{rl1_pin:26,crc:85,}", 20, &stored, &computed));
    assert_int_equal(stored, 85);
    assert_int_equal(computed, 85);
    assert_false(rk_pin_text_check("{rl1_pin:26}", 12, &stored, &computed));
    assert_false(rk_pin_text_check("", 0, &stored, &computed));
}

static void the_newest_copy_is_read_wherever_it_is(void **state)
{
    struct flash *f = *state;
    uint8_t s[4096];

    builder_sector(s, 1, 7);
    builder_value(s, 1, "em_sys_env", "bk7231n");
    builder_store(f->bytes + BASE + 3 * 4096, s, 0);
    builder_sector(s, 1, 6);
    builder_value(s, 1, "em_sys_env", "old");
    builder_value(s, 3, "deleted", "x");
    builder_store(f->bytes + BASE + 4096, s, 0);
    struct rk_tuya *t = read_flash(f->bytes, SIZE);
    const struct rk_tuya_key *keys;
    assert_key(t, "em_sys_env", "bk7231n", true);
    assert_int_equal(rk_tuya_keys(t, &keys), 1);
    assert_int_equal(rk_tuya_facts(t)->offset, BASE);
    assert_string_equal(rk_tuya_facts(t)->variant, "8710");
    rk_tuya_free(t);
}

static void a_value_may_span_pages_and_blocks(void **state)
{
    struct flash *f = *state;
    uint8_t a[4096], b[4096];
    static const uint8_t parts[] = {0, 31, 31, 5, 4, 5};
    char value[300];

    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (char)('a' + i % 26);
    builder_sector(a, 0, 0);
    builder_sector(b, 5, 2);
    memcpy(a + 31 * 128, value, 128);
    memcpy(b + 4 * 128, value + 128, 172);
    builder_index(b, 9, "long", rk_tuya_sum((const uint8_t *)value, 300), 300, parts, 2);
    builder_store(f->bytes + BASE + 2 * 4096, a, 2);
    builder_store(f->bytes + BASE + 4096, b, 2);
    struct rk_tuya *t = read_flash(f->bytes, SIZE);
    const struct rk_tuya_key *key = rk_tuya_find(t, "long");
    assert_non_null(key);
    assert_memory_equal(key->value, value, 300);
    assert_true(key->certain);
    assert_int_equal(key->parts, 2);
    assert_int_equal(key->block, 5);
    assert_int_equal(key->page, 9);
    assert_int_equal(key->offset, BASE + 4096 + 9 * 128);
    assert_string_equal(rk_tuya_facts(t)->variant, "8721D");
    rk_tuya_free(t);
}

/* The newest copy was cut off while it was written: what it lost comes from the older one. */
static void a_half_written_block_falls_back(void **state)
{
    struct flash *f = *state;
    uint8_t s[4096];

    builder_sector(s, 1, 3);
    builder_value(s, 1, "first", "new");
    builder_value(s, 20, "second", "new");
    builder_store(f->bytes + BASE + 4096, s, 0);
    memset(f->bytes + BASE + 4096 + 2560, 0xFF, 1536);
    builder_sector(s, 1, 2);
    builder_value(s, 1, "first", "old");
    builder_value(s, 20, "second", "old");
    builder_store(f->bytes + BASE + 2 * 4096, s, 0);
    struct rk_tuya *t = read_flash(f->bytes, SIZE);
    assert_key(t, "first", "new", false);
    assert_key(t, "second", "old", false);
    assert_true(rk_tuya_find(t, "second")->from_old_copy);
    assert_int_equal(rk_tuya_facts(t)->bad_sectors, 1);
    rk_tuya_free(t);
}

static void a_lost_key_block_is_not_the_end(void **state)
{
    struct flash *f = *state;
    struct rk_cipher cipher;
    uint8_t s[4096], key[16];

    /* One flipped bit is undone. */
    builder_sector(s, 0, 0);
    builder_value(s, 1, "a", "1");
    builder_store(f->bytes + BASE + 4096, s, 0);
    f->bytes[BASE + 5] ^= 0x10;
    struct rk_tuya *t = read_flash(f->bytes, SIZE);
    assert_true(rk_tuya_facts(t)->key_repaired);
    assert_key(t, "a", "1", true);
    rk_tuya_free(t);
    /* Without any key block the well-known keys are tried. */
    memset(f->bytes + BASE, 0, 4096);
    rk_tuya_data_key(rk_tuya_common_keys[0], 0, key);
    rk_cipher_init(&cipher, key, true);
    rk_cipher_run(&cipher, s, f->bytes + BASE + 4096, 4096);
    rk_cipher_free(&cipher);
    t = read_flash(f->bytes, SIZE);
    assert_true(rk_tuya_facts(t)->key_guessed);
    assert_key(t, "a", "1", true);
    rk_tuya_free(t);
}

static void sectors_may_start_anywhere(void **state)
{
    struct flash *f = *state;
    uint8_t s[4096];

    builder_sector(s, 0, 0);
    builder_value(s, 1, "a", "1");
    builder_store(f->bytes + BASE + 4096, s, 0);
    struct rk_tuya *t = read_flash(f->bytes + 0x123, SIZE - 0x123);
    assert_int_equal(rk_tuya_facts(t)->offset, BASE - 0x123);
    assert_key(t, "a", "1", true);
    rk_tuya_free(t);
    t = read_flash(f->bytes + BASE, 2 * 4096);
    assert_int_equal(rk_tuya_facts(t)->offset, 0);
    rk_tuya_free(t);
}

static void esp_text_storage_is_read(void **state)
{
    struct flash *f = *state;
    static const char text[] = "PSM1gw_bi={}\0device_id=12\0ssid=home\0gw_wsm={\"stat\":2}";
    struct rk_cipher cipher;

    for (unsigned round = 0; round < 2; round++) {
        memset(f->bytes, 0xFF, SIZE);
        memcpy(f->bytes + 4096, text, sizeof text);
        rk_cipher_init(&cipher, (const uint8_t *)"Qby6\x5ATH9bj8GiexU", true);
        if (round)
            rk_cipher_run(&cipher, f->bytes + 4096, f->bytes + 4096, 4096);
        rk_cipher_free(&cipher);
        struct rk_tuya *t = read_flash(f->bytes, SIZE);
        assert_int_equal(rk_tuya_facts(t)->kind, RK_TUYA_PSM);
        assert_key(t, "device_id", "12", false);
        assert_true(rk_tuya_find(t, "ssid")->secret);
        rk_tuya_free(t);
    }
}

static void nothing_is_an_error_that_says_what_it_saw(void **state)
{
    struct flash *f = *state;
    struct rk_tuya *t = NULL;
    struct rk_error err;

    memset(f->bytes, 0xFF, SIZE);
    assert_int_equal(rk_tuya_read(f->bytes, SIZE, &t, &err), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "config.none");
    assert_non_null(strstr(err.detail, "erased"));
    memcpy(f->bytes, "CFG", 3);
    assert_int_equal(rk_tuya_read(f->bytes, SIZE, &t, &err), RK_ERR_IMAGE_FORMAT);
    assert_non_null(strstr(err.detail, "OpenBeken"));
    assert_int_equal(rk_tuya_read(f->bytes, 0, &t, &err), RK_ERR_ARG);
    assert_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ciphers_equal_the_known_answers),
        cmocka_unit_test(check_values_equal_the_known_answers),
        cmocka_unit_test_setup_teardown(the_newest_copy_is_read_wherever_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_may_span_pages_and_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(a_half_written_block_falls_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_key_block_is_not_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(sectors_may_start_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(esp_text_storage_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_an_error_that_says_what_it_saw, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
