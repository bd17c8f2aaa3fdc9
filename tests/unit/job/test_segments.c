#include "unit/unit.h"

#include "base/rng.h"
#include "job/segments.h"

#include <string.h>

#define SPACE 512

static uint8_t bytes[SPACE];

/* What a list says about every address: a byte of it, or that nothing is there. */
static void render(const struct rk_segments *list, int out[SPACE])
{
    for (int i = 0; i < SPACE; i++)
        out[i] = -1;
    for (size_t i = 0; i < list->count; i++)
        for (uint32_t k = 0; k < list->items[i].len; k++)
            out[list->items[i].addr + k] = list->items[i].data ? list->items[i].data[k] : 0xFF;
}

static void excluding_takes_out_exactly_the_range(void **state)
{
    struct rk_rng rng = {3};
    (void)state;
    for (int i = 0; i < SPACE; i++)
        bytes[i] = (uint8_t)rk_rng_next(&rng);
    for (int round = 0; round < 500; round++) {
        struct rk_segments list = {0};
        int before[SPACE], after[SPACE];
        for (int i = 0; i < 5; i++) {
            uint32_t addr = rk_rng_below(&rng, SPACE), len = rk_rng_below(&rng, SPACE - addr);
            bool erase = rk_rng_below(&rng, 4) == 0;
            assert_int_equal(rk_segments_add(&list, addr, len, erase ? NULL : bytes, NULL), RK_OK);
        }
        render(&list, before);
        uint32_t addr = rk_rng_below(&rng, SPACE), len = rk_rng_below(&rng, SPACE - addr);
        assert_int_equal(rk_segments_exclude(&list, addr, len, NULL), RK_OK);
        render(&list, after);
        for (uint32_t i = 0; i < SPACE; i++)
            assert_int_equal(after[i], i >= addr && i < addr + len ? -1 : before[i]);
        if (len > 0)
            assert_false(rk_segments_touch(&list, addr, len));
        rk_segments_free(&list);
    }
}

static void only_different_bytes_in_one_place_are_a_conflict(void **state)
{
    struct rk_segments list = {0};
    static const uint8_t a[4] = {1, 2, 3, 4}, b[4] = {3, 4, 5, 6}, c[4] = {3, 0, 5, 6};
    (void)state;
    assert_int_equal(rk_segments_add(&list, 10, 4, a, NULL), RK_OK);
    assert_int_equal(rk_segments_add(&list, 14, 4, c, NULL), RK_OK);
    assert_false(rk_segments_conflict(&list)); /* side by side */
    list.count = 1;
    assert_int_equal(rk_segments_add(&list, 12, 4, b, NULL), RK_OK);
    assert_false(rk_segments_conflict(&list)); /* they agree */
    assert_int_equal(rk_segments_bytes(&list), 8);
    assert_int_equal(rk_segments_add(&list, 12, 4, c, NULL), RK_OK);
    assert_true(rk_segments_conflict(&list));
    list.count = 1;
    assert_int_equal(rk_segments_add(&list, 13, 1, NULL, NULL), RK_OK);
    assert_true(rk_segments_conflict(&list)); /* an erase against bytes */
    rk_segments_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(excluding_takes_out_exactly_the_range),
        cmocka_unit_test(only_different_bytes_in_one_place_are_a_conflict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
