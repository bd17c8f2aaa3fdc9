#include "unit/unit.h"

#include "base/rng.h"
#include "flash/planner.h"

#include <stdlib.h>
#include <string.h>

#define FLASH_SIZE (4 * RK_BLOCK_SIZE)
#define SECTORS    (FLASH_SIZE / RK_SECTOR_SIZE)

/* A flash with the rules of NOR, and what the host knows of it. */
struct bench {
    uint8_t flash[FLASH_SIZE], before[FLASH_SIZE], want[FLASH_SIZE];
    uint8_t data[FLASH_SIZE];
    bool known[SECTORS];
    struct rk_segment segments[8];
    struct rk_plan_request request;
    struct rk_plan *plan;
};

static bool digest_matches(void *user, uint32_t addr, const uint8_t *wanted)
{
    const struct bench *b = user;
    return memcmp(b->flash + addr, wanted, RK_SECTOR_SIZE) == 0;
}

static void fill(struct rk_rng *rng, uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)rk_rng_next(rng);
}

static struct bench *bench_new(uint64_t seed)
{
    struct bench *b = calloc(1, sizeof *b);
    struct rk_rng rng = {seed};
    assert_non_null(b);
    fill(&rng, b->flash, sizeof b->flash);
    fill(&rng, b->data, sizeof b->data);
    memset(b->known, 1, sizeof b->known);
    b->request = (struct rk_plan_request){.flash_size = FLASH_SIZE,
                                          .segments = b->segments,
                                          .present = b->before,
                                          .known = b->known,
                                          .matches = digest_matches,
                                          .user = b,
                                          .baud = 921600};
    return b;
}

static void add(struct bench *b, uint32_t addr, uint32_t len, const uint8_t *data)
{
    b->segments[b->request.segment_count++] = (struct rk_segment){addr, len, data};
}

static void make(struct bench *b)
{
    struct rk_error err = {0};
    memcpy(b->before, b->flash, sizeof b->before);
    assert_int_equal(rk_plan_make(&b->request, b->want, &b->plan, &err), RK_OK);
}

/* Carries the plan out on the NOR: programming only clears bits. */
static void carry_out(struct bench *b)
{
    for (size_t i = 0; i < b->plan->erase_count; i++)
        memset(b->flash + b->plan->erases[i].addr, 0xFF, b->plan->erases[i].len);
    for (size_t i = 0; i < b->plan->program_count; i++)
        for (uint32_t k = 0; k < RK_SECTOR_SIZE; k++)
            b->flash[b->plan->programs[i] + k] &= b->want[b->plan->programs[i] + k];
}

static void bench_free(struct bench *b)
{
    rk_plan_free(b->plan);
    free(b);
}

static enum rk_sector_action action_at(const struct bench *b, uint32_t addr)
{
    const struct rk_plan_sector *sectors;
    size_t n = rk_plan_sectors(b->plan, &sectors);
    for (size_t i = 0; i < n; i++)
        if (sectors[i].addr == addr)
            return sectors[i].action;
    fail_msg("sector 0x%x is not in the plan", (unsigned)addr);
    return RK_SECTOR_SAME;
}

static void each_action_is_chosen_for_its_reason(void **state)
{
    struct bench *b = bench_new(1);
    (void)state;
    memcpy(b->flash + 0x1000, b->data, 0x1000); /* same */
    memset(b->flash + 0x2000, 0xFF, 0x1000);    /* blank: program */
    memcpy(b->flash + 0x3000, b->data + 0x2000, 0x1000);
    b->flash[0x3010] |= 0x80; /* one bit too many: cleared without an erase */
    b->data[0x2010] &= 0x7F;
    add(b, 0x1000, 0x4000, b->data);
    memcpy(b->data + 0x1000, b->data + 0x4000, 0x1000);
    add(b, 0x5000, 0x1000, NULL); /* erase */
    make(b);
    assert_int_equal(action_at(b, 0x1000), RK_SECTOR_SAME);
    assert_int_equal(action_at(b, 0x2000), RK_SECTOR_PROGRAM);
    assert_int_equal(action_at(b, 0x3000), RK_SECTOR_PROGRAM);
    assert_int_equal(action_at(b, 0x4000), RK_SECTOR_REWRITE);
    assert_int_equal(action_at(b, 0x5000), RK_SECTOR_ERASE);
    struct rk_plan_totals totals;
    rk_plan_totals(b->plan, &totals);
    assert_int_equal(totals.same, 1);
    assert_int_equal(totals.program, 2);
    assert_int_equal(totals.rewrite, 1);
    assert_int_equal(totals.erase, 1);
    assert_int_equal(totals.erases_4k, 2);
    assert_int_equal(totals.bytes_to_program, 3 * 0x1000);
    assert_true(totals.seconds > 0);
    assert_false(rk_plan_touches(b->plan, 0x0000, 0x2000));
    assert_true(rk_plan_touches(b->plan, 0x2FFF, 1));
    assert_false(rk_plan_touches(b->plan, 0x6000, FLASH_SIZE - 0x6000));
    carry_out(b);
    assert_memory_equal(b->flash + 0x1000, b->data, 0x4000);
    bench_free(b);
}

static void cleared_bits_need_certain_bytes(void **state)
{
    struct bench *b = bench_new(2);
    (void)state;
    memcpy(b->data, b->flash, 0x1000);
    b->data[7] = 0;
    add(b, 0, 0x1000, b->data);
    b->known[0] = false;
    make(b);
    assert_int_equal(action_at(b, 0), RK_SECTOR_REWRITE);
    bench_free(b);
}

static void nothing_to_do_is_an_empty_plan(void **state)
{
    struct bench *b = bench_new(3);
    (void)state;
    add(b, 0x3000, 0x20000, b->data);
    memcpy(b->flash + 0x3000, b->data, 0x20000);
    memset(b->known, 0, sizeof b->known); /* by digest alone */
    make(b);
    assert_true(rk_plan_empty(b->plan));
    assert_int_equal(b->plan->totals.same, 32);
    assert_int_equal(b->plan->totals.seconds, 0);
    bench_free(b);
}

static void neighbours_in_a_sector_are_kept_or_the_plan_refused(void **state)
{
    struct bench *b = bench_new(4);
    struct rk_error err = {0};
    (void)state;
    add(b, 0x1010, 0x1FF0, b->data);
    make(b);
    carry_out(b);
    assert_memory_equal(b->flash + 0x1000, b->before + 0x1000, 0x10);
    assert_memory_equal(b->flash + 0x1010, b->data, 0x1FF0);
    assert_memory_equal(b->flash + 0x3000, b->before + 0x3000, 0x1000);
    b->known[1] = false;
    struct rk_plan *none = NULL;
    assert_int_equal(rk_plan_make(&b->request, b->want, &none, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "plan.neighbours");
    assert_int_equal(err.addr, 0x1000);
    assert_null(none);
    bench_free(b);
}

static void blocks_are_erased_whole_where_it_pays(void **state)
{
    struct bench *b = bench_new(5);
    (void)state;
    add(b, RK_BLOCK_SIZE - 0x1000, 2 * RK_BLOCK_SIZE + 0x1000, b->data);
    /* Block 2 differs in one sector only: a sector erase is cheaper than programming fifteen. */
    memcpy(b->flash + 2 * RK_BLOCK_SIZE, b->data + 0x1000 + RK_BLOCK_SIZE, RK_BLOCK_SIZE);
    b->flash[2 * RK_BLOCK_SIZE + 0x5000] ^= 1;
    b->data[0x1000 + RK_BLOCK_SIZE + 0x5000] |= 1;
    b->flash[2 * RK_BLOCK_SIZE + 0x5000] &= 0xFE;
    make(b);
    assert_int_equal(b->plan->totals.erases_64k, 1);
    assert_int_equal(b->plan->totals.erases_4k, 2);
    carry_out(b);
    assert_memory_equal(b->flash + RK_BLOCK_SIZE - 0x1000, b->data, 2 * RK_BLOCK_SIZE + 0x1000);
    assert_memory_equal(b->flash, b->before, RK_BLOCK_SIZE - 0x1000);
    bench_free(b);
}

static void a_block_with_a_byte_of_somebody_else_is_never_erased_whole(void **state)
{
    struct bench *b = bench_new(6);
    (void)state;
    add(b, RK_BLOCK_SIZE, RK_BLOCK_SIZE - 1, NULL);
    make(b);
    assert_int_equal(b->plan->totals.erases_64k, 0);
    carry_out(b);
    assert_int_equal(b->flash[2 * RK_BLOCK_SIZE - 1], b->before[2 * RK_BLOCK_SIZE - 1]);
    bench_free(b);
}

static void a_spared_sector_that_is_right_is_not_erased_with_its_block(void **state)
{
    static const struct rk_region spared = {"rf", RK_REGION_CALIBRATION, 0x1F000, 0x1000};
    struct bench *b = bench_new(9);
    (void)state;
    b->request.spared = &spared;
    b->request.spared_count = 1;
    add(b, RK_BLOCK_SIZE, RK_BLOCK_SIZE, b->data);
    make(b); /* it differs: the whole block may go */
    assert_int_equal(b->plan->totals.erases_64k, 1);
    rk_plan_free(b->plan);
    memcpy(b->flash + 0x1F000, b->data + 0xF000, 0x1000);
    make(b);
    assert_int_equal(b->plan->totals.erases_64k, 0);
    assert_int_equal(b->plan->totals.erases_4k, 15);
    assert_false(rk_plan_touches(b->plan, 0x1F000, 0x1000));
    carry_out(b);
    assert_memory_equal(b->flash + RK_BLOCK_SIZE, b->data, RK_BLOCK_SIZE);
    bench_free(b);
}

static void entries_are_erased_first_and_programmed_last(void **state)
{
    static const uint32_t entries[] = {0x11000, 0x0};
    struct bench *b = bench_new(7);
    (void)state;
    b->request.entries = entries;
    b->request.entry_count = 2;
    add(b, 0, 0x18000, b->data);
    make(b);
    size_t last = b->plan->program_count - 1;
    assert_int_equal(b->plan->programs[last], 0x0);
    assert_int_equal(b->plan->programs[last - 1], 0x11000);
    assert_int_equal(b->plan->erases[0].addr, 0x0);
    assert_int_equal(b->plan->erases[1].addr, 0x11000);
    carry_out(b);
    assert_memory_equal(b->flash, b->data, 0x18000);
    bench_free(b);
}

static void nothing_reaches_behind_the_end(void **state)
{
    struct bench *b = bench_new(8);
    struct rk_error err = {0};
    (void)state;
    add(b, FLASH_SIZE - 0x1000, 0x1001, b->data);
    assert_int_equal(rk_plan_make(&b->request, b->want, &b->plan, &err), RK_ERR_RANGE);
    b->segments[0] = (struct rk_segment){0xFFFFF000, 0x2000, b->data};
    assert_int_equal(rk_plan_make(&b->request, b->want, &b->plan, &err), RK_ERR_RANGE);
    bench_free(b);
}

/* Any mixture of segments, contents and knowledge: the flash ends up as wanted, the rest as it
 * was. The model of the NOR and the oracle below are independent of the planner. */
static void random_plans_end_in_the_wanted_flash(void **state)
{
    uint8_t *oracle = malloc(FLASH_SIZE);
    (void)state;
    for (uint64_t seed = 100; seed < 160; seed++) {
        struct bench *b = bench_new(seed);
        struct rk_rng rng = {seed};
        uint32_t n = 1 + rk_rng_below(&rng, 6);
        for (uint32_t s = 0; s < SECTORS; s++)
            if (rk_rng_below(&rng, 3) == 0)
                memset(b->flash + s * RK_SECTOR_SIZE, 0xFF, RK_SECTOR_SIZE);
            else if (rk_rng_below(&rng, 2))
                memcpy(b->flash + s * RK_SECTOR_SIZE, b->data + s * RK_SECTOR_SIZE, RK_SECTOR_SIZE);
        memcpy(oracle, b->flash, FLASH_SIZE);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t addr = rk_rng_below(&rng, FLASH_SIZE);
            uint32_t len = rk_rng_below(&rng, FLASH_SIZE - addr);
            bool erase = rk_rng_below(&rng, 4) == 0;
            if (rk_rng_below(&rng, 2)) {
                addr &= ~(RK_SECTOR_SIZE - 1);
                len &= ~(RK_SECTOR_SIZE - 1);
            }
            add(b, addr, len, erase ? NULL : b->data + addr);
            if (erase)
                memset(oracle + addr, 0xFF, len);
            else
                memcpy(oracle + addr, b->data + addr, len);
        }
        make(b);
        carry_out(b);
        assert_memory_equal(b->flash, oracle, FLASH_SIZE);
        bench_free(b);
    }
    free(oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_action_is_chosen_for_its_reason),
        cmocka_unit_test(cleared_bits_need_certain_bytes),
        cmocka_unit_test(nothing_to_do_is_an_empty_plan),
        cmocka_unit_test(neighbours_in_a_sector_are_kept_or_the_plan_refused),
        cmocka_unit_test(blocks_are_erased_whole_where_it_pays),
        cmocka_unit_test(a_block_with_a_byte_of_somebody_else_is_never_erased_whole),
        cmocka_unit_test(a_spared_sector_that_is_right_is_not_erased_with_its_block),
        cmocka_unit_test(entries_are_erased_first_and_programmed_last),
        cmocka_unit_test(nothing_reaches_behind_the_end),
        cmocka_unit_test(random_plans_end_in_the_wanted_flash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
