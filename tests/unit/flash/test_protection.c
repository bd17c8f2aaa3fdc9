/* The parts table checks itself, and the worked examples of public logs. */
#include "unit/unit.h"

#include "flash/protection.h"

#include <string.h>

static uint32_t readable(const struct rk_flash_part *part)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < 3 && part->read_ops[i]; i++)
        mask |= 0xFFu << (8 * i);
    return mask;
}

static void every_row_is_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < rk_flash_part_count; i++) {
        const struct rk_flash_part *p = &rk_flash_parts[i];
        uint32_t open = rk_protection_bits(p, p->unprotect);
        uint32_t shut = rk_protection_bits(p, p->protect);
        if (i > 0)
            assert_true(rk_flash_parts[i - 1].jedec < p->jedec);
        assert_ptr_equal(rk_flash_part_find(p->jedec), p);
        assert_true(p->size >= 0x10000 && (p->size & (p->size - 1)) == 0);
        if (p->mask == 0) {
            assert_int_equal(p->status_count, 0);
            continue;
        }
        assert_int_equal(open, 0);
        assert_true(shut != open);
        /* the value that protects is readable, and is not cut by the mask */
        assert_int_equal(shut & readable(p), shut);
        assert_int_equal(shut, (uint32_t)(p->protect & ((1u << p->bits) - 1)) << p->shift);
        assert_true(p->read_ops[0] == 0x05 && p->write_ops[0] == 0x01);
        if (p->jedec != 0x424B01)
            assert_int_equal(rk_flash_size_of_code((uint8_t)(p->jedec >> 16)), p->size);
    }
}

/* Unlock and lock again from every value of the protected bits: all other bits stay, and the second
 * value is the first. */
static void unprotect_then_protect_gives_it_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < rk_flash_part_count; i++) {
        const struct rk_flash_part *p = &rk_flash_parts[i];
        uint32_t shut = rk_protection_bits(p, p->protect);
        for (uint32_t others = 0; others < 0x10000; others += 0x0101) {
            uint32_t before = rk_protection_merge(p, others, shut);
            uint32_t open = rk_protection_merge(p, before, rk_protection_bits(p, p->unprotect));
            assert_int_equal(open & p->mask, 0);
            assert_int_equal((open ^ before) & ~(uint32_t)p->mask, 0);
            assert_true(rk_protection_same(rk_protection_merge(p, open, before), before));
        }
    }
}

/* TH25Q16HB, protected with quad enable set, as bytes of a public tool's log. */
static void the_worked_example_comes_out(void **state)
{
    const struct rk_flash_part *p = rk_flash_part_find(0x1560EB);
    (void)state;
    assert_non_null(p);
    assert_int_equal(rk_protection_merge(p, 0x427C, rk_protection_bits(p, p->unprotect)), 0x0200);
    assert_int_equal(rk_protection_merge(p, 0x0200, rk_protection_bits(p, p->protect)), 0x021C);
    assert_true(rk_protection_same(0x0203, 0x0200));
    assert_false(rk_protection_same(0x0204, 0x0200));
}

static bool has_form(const struct rk_flash_part *p, enum rk_status_form form)
{
    for (unsigned i = 0; i < rk_protection_forms(p); i++)
        if (rk_protection_form(p, i) == form)
            return true;
    return false;
}

static void every_part_gets_the_forms_it_may_need(void **state)
{
    struct rk_flash_part unknown;
    (void)state;
    for (size_t i = 0; i < rk_flash_part_count; i++) {
        const struct rk_flash_part *p = &rk_flash_parts[i];
        enum rk_status_form first = rk_protection_form(p, 0);
        assert_int_equal(first, p->status_count < 2 ? RK_STATUS_ONE
                                : p->write_ops[1]   ? RK_STATUS_SEPARATE
                                                    : RK_STATUS_BOTH);
        /* a register nobody can read is never written */
        assert_int_equal(has_form(p, RK_STATUS_BOTH), p->read_ops[1] != 0);
        assert_int_equal(has_form(p, RK_STATUS_SEPARATE), p->read_ops[1] != 0);
        assert_true(has_form(p, RK_STATUS_ONE));
    }
    rk_flash_part_generic(0x17ABCD, &unknown);
    assert_int_equal(unknown.size, 0x800000);
    assert_int_equal(rk_protection_form(&unknown, 0), RK_STATUS_BOTH);
    assert_int_equal(rk_protection_bits(&unknown, unknown.protect), 0x1C);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_consistent),
        cmocka_unit_test(unprotect_then_protect_gives_it_back),
        cmocka_unit_test(the_worked_example_comes_out),
        cmocka_unit_test(every_part_gets_the_forms_it_may_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
