/* Every key of every capture at hand against the golden data, and under damage. */
#include "unit/config/goldens.h"

#include "base/rng.h"
#include "base/sha256.h"

#include <rekindle/tuya.h>

#include <stdio.h>

static void check_keys(const struct golden *g)
{
    struct rk_tuya *t = NULL;
    const struct rk_tuya_key *keys;
    struct rk_error err = {0};
    json_t *expected = json_object_get(g->json, "keys"), *value;
    const char *name;

    assert_int_equal(rk_tuya_read(g->data, g->len, &t, &err), RK_OK);
    size_t count = rk_tuya_keys(t, &keys);
    json_object_foreach(expected, name, value)
    {
        const struct rk_tuya_key *key = rk_tuya_find(t, name);
        uint8_t digest[32];
        char hex[65];
        if (!key)
            fail_msg("%s: no key \"%s\"", g->file, name);
        rk_sha256(key->value, key->length, digest);
        rk_sha256_hex(digest, hex);
        assert_string_equal(hex, json_string_value(json_object_get(value, "sha256")));
        assert_int_equal(key->length, json_integer_value(json_object_get(value, "len")));
        if (!key->certain)
            fail_msg("%s: \"%s\" is doubtful: %s", g->file, name, key->doubt);
    }
    if (count != json_object_size(expected))
        fail_msg("%s: %zu keys, expected %zu", g->file, count, json_object_size(expected));
    if (golden_verbose())
        printf("%-70.70s %zu\n", g->file, count);
    json_t *crc = json_object_get(g->json, "upk_crc");
    const struct rk_tuya_key *pins = rk_tuya_find(t, "user_param_key");
    if (json_is_object(crc) && json_is_integer(json_object_get(crc, "stored")))
        assert_true(pins && pins->has_check && pins->check_right);
    assert_int_equal(rk_tuya_facts(t)->offset, json_integer_value(json_object_get(
                                                   json_object_get(g->json, "storage"), "offset")));
    rk_tuya_free(t);
}

static void every_key_equals_the_golden_data(void **state)
{
    (void)state;
    if (golden_each(check_keys) == 0)
        skip();
}

struct damage {
    unsigned lost, doubtful, flips, tables;
};

/* True if the key has pages in the sector of that offset, by the golden data. */
static bool has_pages_in(const struct golden *g, const struct rk_tuya *whole,
                         const struct rk_tuya_key *key, uint32_t at)
{
    const struct rk_tuya_sector *sectors;
    size_t count = rk_tuya_sectors(whole, &sectors), index;
    json_t *expected = json_object_get(json_object_get(g->json, "keys"), key->name), *part;
    int block = -1;

    for (size_t i = 0; i < count; i++)
        if (at >= sectors[i].offset && at - sectors[i].offset < 4096 && sectors[i].live)
            block = sectors[i].block;
    if (block < 0)
        return false;
    bool touched = json_integer_value(json_object_get(expected, "block")) == block;
    json_array_foreach(json_object_get(expected, "parts"), index, part) touched |=
        json_integer_value(json_object_get(part, "block")) == block;
    return touched;
}

/* No key may appear that is not in the golden data; a certain one has its right value; what is lost
 * or doubtful lies in the block that was hit. */
static void check_flip(const struct golden *g, struct rk_tuya *whole, uint32_t at, unsigned bit,
                       struct damage *sum)
{
    const struct rk_tuya_key *keys, *all;
    struct rk_tuya *t = NULL;

    sum->flips++;
    g->data[at] = (uint8_t)(g->data[at] ^ 1u << bit);
    if (rk_tuya_read(g->data, g->len, &t, NULL) != RK_OK)
        fail_msg("%s: nothing read with bit %u of 0x%x flipped", g->file, bit, at);
    size_t count = rk_tuya_keys(t, &keys), total = rk_tuya_keys(whole, &all);
    for (size_t i = 0; i < count; i++) {
        const struct rk_tuya_key *right = rk_tuya_find(whole, keys[i].name);
        if (!right)
            fail_msg("%s: false key \"%s\", flip at 0x%x.%u", g->file, keys[i].name, at, bit);
        bool same = right->length == keys[i].length &&
                    memcmp(right->value, keys[i].value, right->length) == 0;
        if (keys[i].certain && !same)
            fail_msg("%s: wrong value of \"%s\" called certain", g->file, keys[i].name);
        sum->doubtful += !keys[i].certain && right->certain;
        if (!keys[i].certain && right->certain && !has_pages_in(g, whole, right, at))
            fail_msg("%s: \"%s\" is doubtful, but 0x%x.%u is none of it", g->file, keys[i].name, at,
                     bit);
    }
    for (size_t i = 0; i < total; i++) {
        bool lost = !rk_tuya_find(t, all[i].name);
        sum->lost += lost;
        if (lost && !has_pages_in(g, whole, &all[i], at))
            fail_msg("%s: \"%s\" is lost, but 0x%x.%u is none of it", g->file, all[i].name, at,
                     bit);
    }
    rk_tuya_free(t);
    g->data[at] = (uint8_t)(g->data[at] ^ 1u << bit);
}

static void flip_bits(const struct golden *g)
{
    struct damage sum = {0};
    struct rk_rng rng = {6};
    struct rk_tuya *whole = NULL;
    const struct rk_tuya_sector *sectors;

    assert_int_equal(rk_tuya_read(g->data, g->len, &whole, NULL), RK_OK);
    size_t count = rk_tuya_sectors(whole, &sectors);
    uint32_t start = rk_tuya_facts(whole)->offset;
    uint32_t size = sectors[count - 1].offset + 4096 - start;
    for (unsigned i = 0; i < 200; i++)
        check_flip(g, whole, start + rk_rng_below(&rng, size), rk_rng_below(&rng, 8), &sum);
    if (golden_verbose())
        printf("%-60.60s flips %u: lost %u doubtful %u\n", g->file, sum.flips, sum.lost,
               sum.doubtful);
    rk_tuya_free(whole);
}

static void a_flipped_bit_costs_only_what_it_hit(void **state)
{
    (void)state;
    if (golden_each(flip_bits) == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_equals_the_golden_data),
        cmocka_unit_test(a_flipped_bit_costs_only_what_it_hit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
