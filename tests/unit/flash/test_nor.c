#include "unit/unit.h"

#include "flash/nor.h"
#include "flash/parts.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

static struct rk_nor *make(uint32_t jedec, uint32_t size, uint32_t status)
{
    struct rk_nor_options opt = {.jedec = jedec, .size = size, .status = status, .seed = 7};
    struct rk_nor *nor = NULL;
    struct rk_error err;

    assert_int_equal(rk_nor_new(&opt, &nor, &err), RK_OK);
    return nor;
}

/* A GD25Q16 with nothing in it. */
static struct rk_nor *usual(void)
{
    return make(0x1540C8, 2u << 20, 0);
}

static uint64_t program(struct rk_nor *nor, uint64_t at, uint32_t addr, const void *data,
                        size_t len)
{
    rk_nor_write_enable(nor, at);
    return rk_nor_program(nor, at, addr, data, len);
}

static uint64_t erase(struct rk_nor *nor, uint64_t at, uint32_t addr, uint32_t len)
{
    rk_nor_write_enable(nor, at);
    return rk_nor_erase(nor, at, addr, len);
}

static void programming_clears_bits_and_erasing_sets_them(void **state)
{
    struct rk_nor *nor = usual();
    const uint8_t a[] = {0xF0, 0x3C}, b[] = {0xAA, 0xFF};
    (void)state;

    uint64_t now = program(nor, 0, 0x1000, a, 2);
    now = program(nor, now, 0x1000, b, 2);
    assert_int_equal(rk_nor_cells(nor)[0x1000], 0xA0);
    assert_int_equal(rk_nor_cells(nor)[0x1001], 0x3C);
    now = erase(nor, now, 0x1FFF, 4096); /* the unit that contains the address */
    assert_int_equal(rk_nor_cells(nor)[0x1000], 0xFF);
    assert_int_equal(rk_nor_cells(nor)[0x1001], 0xFF);
    rk_nor_free(nor);
}

static void pages_wrap_and_addresses_count_modulo_the_size(void **state)
{
    struct rk_nor *nor = usual();
    uint8_t data[300], back[4];
    (void)state;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    uint64_t now = program(nor, 0, 0x2FE, data, 4);
    assert_int_equal(rk_nor_cells(nor)[0x2FE], 0);
    assert_int_equal(rk_nor_cells(nor)[0x2FF], 1);
    assert_int_equal(rk_nor_cells(nor)[0x200], 2);
    assert_int_equal(rk_nor_cells(nor)[0x201], 3);
    assert_int_equal(rk_nor_cells(nor)[0x300], 0xFF);
    now = program(nor, now, 0x200000 + 0x500, data, 1);
    assert_int_equal(rk_nor_cells(nor)[0x500], 0);
    /* of more than a page the last 256 bytes count, each where its address says */
    now = program(nor, now, 0x1000, data, 300);
    assert_int_equal(rk_nor_cells(nor)[0x1000 + 44], 44);
    assert_int_equal(rk_nor_cells(nor)[0x1000 + 43], 299 & 0xFF);
    rk_nor_read(nor, now, 0x1FFFFF, back, 4); /* reading goes on at 0 */
    assert_int_equal(back[0], 0xFF);
    assert_int_equal(back[1], rk_nor_cells(nor)[0]);
    rk_nor_free(nor);
}

static void nothing_changes_without_write_enable(void **state)
{
    struct rk_nor *nor = usual();
    const uint8_t zero = 0;
    (void)state;

    assert_true(rk_nor_program(nor, 5, 0, &zero, 1) == 5);
    assert_int_equal(rk_nor_cells(nor)[0], 0xFF);
    rk_nor_write_enable(nor, 5);
    assert_int_equal(rk_nor_status(nor, 5, 0x05), 0x02);
    rk_nor_write_disable(nor, 5);
    assert_true(rk_nor_program(nor, 5, 0, &zero, 1) == 5);
    uint64_t end = program(nor, 5, 0, &zero, 1);
    assert_int_equal(rk_nor_status(nor, end, 0x05), 0); /* the latch falls by itself */
    assert_true(rk_nor_program(nor, end, 1, &zero, 1) == end);
    assert_int_equal(rk_nor_changes(nor), 1);
    rk_nor_free(nor);
}

static void a_busy_chip_answers_only_status_reads(void **state)
{
    struct rk_nor *nor = usual();
    const uint8_t zero = 0;
    uint8_t back;
    (void)state;

    uint64_t now = program(nor, 0, 0, &zero, 1);
    uint64_t end = erase(nor, now, 0x10000, 4096);
    assert_true(end - now == 45 * MS);
    assert_true(rk_nor_busy(nor, end - 1) && !rk_nor_busy(nor, end));
    assert_int_equal(rk_nor_status(nor, end - 1, 0x05), 0x01);
    rk_nor_read(nor, end - 1, 0, &back, 1);
    assert_int_equal(back, 0xFF);
    rk_nor_write_enable(nor, end - 1);
    assert_int_equal(rk_nor_status(nor, end, 0x05), 0);
    rk_nor_read(nor, end, 0, &back, 1);
    assert_int_equal(back, 0);
    rk_nor_free(nor);
}

static void operations_take_the_times_of_data_sheets(void **state)
{
    struct rk_nor *nor = usual();
    uint8_t page[256] = {0};
    (void)state;

    uint64_t now = program(nor, 0, 0, page, 256);
    assert_in_range(now, MS * 6 / 10, MS * 8 / 10);
    uint64_t then = program(nor, now, 256, page, 32);
    assert_in_range(then - now, 90000, 130000);
    now = erase(nor, then, 0, 32768);
    assert_int_equal(now - then, 150 * MS);
    then = erase(nor, now, 0, 65536);
    assert_int_equal(then - now, 250 * MS);
    rk_nor_write_enable(nor, then);
    now = rk_nor_erase_chip(nor, then);
    assert_in_range(now - then, 5000 * MS, 10000 * MS);
    rk_nor_free(nor);
}

static void protection_follows_the_status_registers(void **state)
{
    /* SR1 | SR2 << 8, and the protected half-open range on a 2 MiB GD25Q16 (data sheet tables) */
    static const struct {
        uint32_t status, from, to;
    } rows[] = {
        {0x0000, 0, 0},
        {0x0004, 0x1F0000, 0x200000},
        {0x0008, 0x1E0000, 0x200000},
        {0x0014, 0x100000, 0x200000},
        {0x001C, 0, 0x200000},
        {0x007C, 0, 0x200000},
        {0x0024, 0, 0x010000},
        {0x0044, 0x1FF000, 0x200000},
        {0x0064, 0, 0x001000},
        {0x0050, 0x1F8000, 0x200000},
        {0x4004, 0, 0x1F0000},
        {0x4024, 0x010000, 0x200000},
        {0x4000, 0, 0x200000},
        {0x401C, 0, 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rk_nor *nor = make(0x1540C8, 2u << 20, rows[i].status);
        for (uint32_t addr = 0; addr < 2u << 20; addr += 4096) {
            bool inside = addr >= rows[i].from && addr < rows[i].to;
            if (rk_nor_protected(nor, addr, 4096) != inside)
                fail_msg("status %04x: 0x%06x", rows[i].status, addr);
        }
        rk_nor_free(nor);
    }
}

static void protected_cells_stay(void **state)
{
    struct rk_nor *nor = make(0x1540C8, 2u << 20, 0x04); /* the last 64 KiB */
    const uint8_t zero = 0;
    (void)state;

    assert_true(program(nor, 0, 0x1F0000, &zero, 1) == 0);
    assert_int_equal(rk_nor_cells(nor)[0x1F0000], 0xFF);
    uint64_t now = program(nor, 0, 0x1EFFFF, &zero, 1);
    assert_int_equal(rk_nor_cells(nor)[0x1EFFFF], 0);
    assert_true(erase(nor, now, 0x1F0000, 4096) == now);
    rk_nor_write_enable(nor, now);
    assert_true(rk_nor_erase_chip(nor, now) == now);
    assert_int_equal(rk_nor_cells(nor)[0x1EFFFF], 0);
    assert_false(rk_nor_touched(nor, 0x1F0000, 0x10000));
    assert_true(rk_nor_touched(nor, 0x1EFF00, 0x100));
    assert_false(rk_nor_touched(nor, 0, 0x1EFF00));
    rk_nor_free(nor);
}

static uint16_t status_after(uint32_t jedec, uint32_t before, uint8_t opcode, const char *bytes,
                             size_t n)
{
    struct rk_nor *nor = make(jedec, 2u << 20, before);

    rk_nor_write_enable(nor, 0);
    uint64_t end = rk_nor_write_status(nor, 0, opcode, (const uint8_t *)bytes, n);
    assert_int_equal(rk_nor_status(nor, 0, 0x05) & 1, 1); /* takes time */
    uint16_t now =
        (uint16_t)(rk_nor_status(nor, end, 0x05) | (unsigned)rk_nor_status(nor, end, 0x35) << 8);
    rk_nor_free(nor);
    return now;
}

static void status_registers_take_what_their_part_takes(void **state)
{
    (void)state;
    assert_int_equal(status_after(0x1540C8, 0x427C, 0x01, "\x00\x02", 2), 0x0200);
    assert_int_equal(status_after(0x1560EB, 0x427C, 0x01, "\x00", 1), 0x0000); /* no 31: SR2 lost */
    assert_int_equal(status_after(0x1240C4, 0x427C, 0x01, "\x00", 1), 0x4200); /* has 31 */
    assert_int_equal(status_after(0x1240C4, 0x027C, 0x31, "\x40", 1), 0x407C);
    assert_int_equal(status_after(0x154285, 0x007C, 0x01, "\x00\x02", 2), 0x0000); /* one SR */
    assert_int_equal(status_after(0x1540C8, 0, 0x01, "\xFF\xFF", 2), 0x7FFC); /* WIP, WEL, SUS */
}

static void raw_transfers_reach_the_same_cells(void **state)
{
    struct rk_nor *nor = usual();
    uint8_t id[4] = {0x9F}, in[8];
    const uint8_t wren[] = {0x06}, write[] = {0x02, 0x00, 0x10, 0x00, 0x12, 0x34};
    const uint8_t read[] = {0x03, 0x00, 0x10, 0x00, 0, 0};
    const uint8_t fast[] = {0x0B, 0x00, 0x10, 0x00, 0, 0, 0};
    const uint8_t sleep[] = {0xB9}, wake[] = {0xAB};
    (void)state;

    (void)rk_nor_transfer(nor, 0, id, id, 4);
    assert_memory_equal(id, "\x00\xC8\x40\x15", 4);
    (void)rk_nor_transfer(nor, 0, wren, in, 1);
    uint64_t end = rk_nor_transfer(nor, 0, write, in, sizeof write);
    assert_true(end > 0);
    (void)rk_nor_transfer(nor, end, read, in, sizeof read);
    assert_memory_equal(in + 4, "\x12\x34", 2);
    (void)rk_nor_transfer(nor, end, fast, in, sizeof fast);
    assert_memory_equal(in + 5, "\x12\x34", 2);
    (void)rk_nor_transfer(nor, end, sleep, in, 1);
    (void)rk_nor_transfer(nor, end, read, in, sizeof read);
    assert_memory_equal(in + 4, "\xFF\xFF", 2);
    (void)rk_nor_transfer(nor, end, wake, in, 1);
    (void)rk_nor_transfer(nor, end, read, in, sizeof read);
    assert_memory_equal(in + 4, "\x12\x34", 2);
    rk_nor_free(nor);
}

static void defects_show(void **state)
{
    struct rk_nor *nor = usual();
    struct rk_nor_defects dead = {.dead = true}, locked = {.locked = true};
    struct rk_nor_defects weak = {.weak = true, .weak_sector = 0x3000};
    uint8_t zeros[256] = {0}, back[4];
    size_t kept = 0;
    (void)state;

    rk_nor_set_defects(nor, &dead);
    assert_int_equal(rk_nor_jedec(nor), 0);
    rk_nor_read(nor, 0, 0, back, 4);
    assert_memory_equal(back, zeros, 4);
    assert_true(erase(nor, 0, 0, 4096) == 0);

    rk_nor_set_defects(nor, &locked);
    rk_nor_write_enable(nor, 0);
    uint64_t now = rk_nor_write_status(nor, 0, 0x01, (const uint8_t *)"\x7C\x02", 2);
    assert_int_equal(rk_nor_status(nor, now, 0x05), 0);

    rk_nor_set_defects(nor, &weak);
    for (uint32_t page = 0x2F00; page < 0x4100; page += 256)
        now = program(nor, now, page, zeros, 256);
    for (uint32_t i = 0x2F00; i < 0x4100; i++) {
        bool weak_one = i >= 0x3000 && i < 0x4000;
        assert_true(rk_nor_cells(nor)[i] == 0 || weak_one);
        kept += rk_nor_cells(nor)[i] != 0;
    }
    assert_in_range(kept, 32, 512);
    rk_nor_free(nor);
}

/* A chip full of 5A whose operation fails after `share` of its time. */
static struct rk_nor *torn(bool erasing, unsigned share)
{
    static uint8_t content[65536];
    struct rk_nor_options opt = {.jedec = 0x1040C8,
                                 .size = sizeof content,
                                 .content = content,
                                 .content_len = sizeof content,
                                 .seed = 99};
    struct rk_nor *nor = NULL;
    struct rk_error err;
    uint8_t page[256];

    memset(content, erasing ? 0x5A : 0xFF, sizeof content);
    memset(page, 0x11, sizeof page);
    assert_int_equal(rk_nor_new(&opt, &nor, &err), RK_OK);
    uint64_t end = erasing ? erase(nor, 1000, 0x2000, 4096) : program(nor, 1000, 0x2000, page, 256);
    rk_nor_power_loss(nor, 1000 + (end - 1000) * share / 100);
    assert_false(rk_nor_busy(nor, 1000));
    return nor;
}

static void a_torn_erase_leaves_neither_old_nor_blank(void **state)
{
    (void)state;
    for (unsigned share = 5; share < 100; share += 30) {
        struct rk_nor *a = torn(true, share), *b = torn(true, share);
        const uint8_t *cells = rk_nor_cells(a);
        size_t old = 0, blank = 0;
        assert_memory_equal(cells, rk_nor_cells(b), 65536); /* the same seed, the same result */
        for (size_t i = 0x2000; i < 0x3000; i++) {
            old += cells[i] == 0x5A;
            blank += cells[i] == 0xFF;
        }
        assert_true(old < 4096 && blank < 4096);
        assert_int_equal(cells[0x1FFF], 0x5A);
        assert_int_equal(cells[0x3000], 0x5A);
        rk_nor_free(a);
        rk_nor_free(b);
    }
}

static void a_torn_program_ends_at_some_byte(void **state)
{
    struct rk_nor *nor = torn(false, 50);
    const uint8_t *cells = rk_nor_cells(nor) + 0x2000;
    size_t done = 0;
    (void)state;

    while (done < 256 && cells[done] == 0x11)
        done++;
    assert_in_range(done, 100, 156);
    for (size_t i = done + 1; i < 256; i++)
        assert_int_equal(cells[i], 0xFF);
    assert_int_equal(cells[done] & 0x11, 0x11); /* bits are cleared, never set */
    rk_nor_free(nor);
}

static void impossible_sizes_are_refused(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2048, 3u << 20, 128u << 20};
    struct rk_error err;
    struct rk_nor *nor;
    (void)state;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct rk_nor_options opt = {.jedec = 0x1540C8, .size = sizes[i]};
        assert_int_equal(rk_nor_new(&opt, &nor, &err), RK_ERR_ARG);
        assert_string_equal(err.id, "sim.flash-size");
    }
}

/* Whatever the mask of a part looks like: all protection bits set protect, none protects nothing
 * (CMP turns it round). */
static void every_part_of_the_table_can_be_protected(void **state)
{
    (void)state;
    for (size_t i = 0; i < rk_flash_part_count; i++) {
        const struct rk_flash_part *part = &rk_flash_parts[i];
        if (part->mask == 0 || part->size < 65536 || part->size > 16u << 20)
            continue;
        struct rk_nor *nor = make(part->jedec, part->size, 0);
        assert_false(rk_nor_protected(nor, 0, part->size));
        rk_nor_free(nor);
        uint32_t all = ((uint32_t)part->protect & ((1u << part->bits) - 1)) << part->shift;
        nor = make(part->jedec, part->size, all);
        if (!rk_nor_protected(nor, part->size - 4096, 4096))
            fail_msg("%06x %s with %04x", part->jedec, part->name, all);
        rk_nor_free(nor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programming_clears_bits_and_erasing_sets_them),
        cmocka_unit_test(pages_wrap_and_addresses_count_modulo_the_size),
        cmocka_unit_test(nothing_changes_without_write_enable),
        cmocka_unit_test(a_busy_chip_answers_only_status_reads),
        cmocka_unit_test(operations_take_the_times_of_data_sheets),
        cmocka_unit_test(protection_follows_the_status_registers),
        cmocka_unit_test(protected_cells_stay),
        cmocka_unit_test(status_registers_take_what_their_part_takes),
        cmocka_unit_test(raw_transfers_reach_the_same_cells),
        cmocka_unit_test(defects_show),
        cmocka_unit_test(a_torn_erase_leaves_neither_old_nor_blank),
        cmocka_unit_test(a_torn_program_ends_at_some_byte),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(every_part_of_the_table_can_be_protected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
