/* The EasyFlash log with words as the unit of writing. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "config/easyflash.h"
#include <string.h>

enum { SECTORS = 4, AREA = SECTORS * 4096 };

static void format_area(uint8_t *area, char last)
{
    memset(area, 0xFF, AREA);
    for (uint8_t *sector = area; sector < area + AREA; sector += 4096) {
        sector[0] = sector[12] = 0;
        memcpy(sector + 24, "EF4", 3);
        sector[27] = (uint8_t)last;
    }
}

static void set(uint8_t *area, const char *name, const void *value, uint32_t len)
{
    assert_int_equal(rk_easyflash_set(area, AREA, name, value, len, NULL), RK_OK);
}

/* An entry as the library writes it, or as the SDK of the TR6260 does: without a mark. */
static size_t put_entry(uint8_t *p, bool marked, const char *name, const void *value, uint32_t len)
{
    uint32_t name_len = (uint32_t)strlen(name), name_room = (name_len + 3) / 4 * 4;
    uint8_t *fields = p + 20 + (marked ? 4 : 0);
    uint32_t total = (uint32_t)(fields - p) + 16 + name_room + (len + 3) / 4 * 4;

    p[0] = p[4] = 0;
    if (marked)
        memcpy(p + 20, "KV40", 4);
    rk_put_le32(fields, total);
    fields[8] = (uint8_t)name_len;
    rk_put_le32(fields + 12, len);
    memcpy(fields + 16, name, name_len);
    memcpy(fields + 16 + name_room, value, len);
    rk_put_le32(fields + 4, rk_crc32(0, fields + 8, total - (uint32_t)(fields + 8 - p)));
    return total;
}

/* The library, compiled for words, wrote a sector with this checksum when it was told the same. */
static void words_are_written_as_the_library_does(void **state)
{
    uint8_t area[AREA], config[40], counter[64] = {1};
    struct rk_easyflash_entry e;
    (void)state;
    format_area(area, '0');
    area[4] = 0;
    put_entry(area + 36, true, "nv", "1", 1);
    for (unsigned i = 0; i < sizeof config; i++)
        config[i] = (uint8_t)(0x40 + i);
    set(area, "ObkCfg", config, sizeof config);
    set(area, "OBK_FV", counter, sizeof counter);
    config[0] = 0x99;
    set(area, "ObkCfg", config, sizeof config);
    assert_int_equal(rk_easyflash_granularity(area), 32);
    assert_int_equal(rk_crc32(0, area, 4096), 0x4C236ECD);
    assert_true(rk_easyflash_find(area, 0, AREA, "ObkCfg", &e));
    assert_int_equal(e.length, sizeof config);
    assert_int_equal(area[e.value], 0x99);
}

static void unmarked_entries_are_read_and_written(void **state)
{
    static const char marks[] = {'0', '1'}; /* TR6260, ECR6600 */
    uint8_t area[AREA], other[AREA];
    struct rk_easyflash_entry e;
    (void)state;
    for (size_t i = 0; i < sizeof marks; i++) {
        format_area(area, marks[i]);
        area[4] = 0;
        memcpy(other, area, AREA);
        size_t n = put_entry(area + 36, false, "nv_version", "0.01", 4);
        put_entry(area + 36 + n, false, "ObkCfg", "settings", 8);
        set(other, "nv_version", "0.01", 4);
        set(other, "ObkCfg", "settings", 8);
        assert_memory_equal(area, other, AREA);
        set(area, "ObkCfg", "changed", 7);
        assert_true(rk_easyflash_find(area, 0, AREA, "ObkCfg", &e));
        assert_int_equal(e.length, 7);
        assert_memory_equal(area + e.value, "changed", 7);
        area[e.value] ^= 1;
        assert_true(rk_easyflash_find(area, 0, AREA, "nv_version", &e));
        assert_false(rk_easyflash_find(area, 0, AREA, "ObkCfg", &e));
    }
}

static void tidying_keeps_the_marks(void **state)
{
    uint8_t area[AREA], value[3000];
    struct rk_easyflash_entry e;
    (void)state;
    format_area(area, '1');
    set(area, "keep", "me", 2);
    for (unsigned i = 0; i < 10; i++) {
        memset(value, (int)i, sizeof value);
        set(area, "ObkCfg", value, sizeof value);
    }
    assert_int_equal(rk_easyflash_tidy(area, AREA, NULL), RK_OK);
    for (uint32_t at = 0; at < AREA; at += 4096)
        assert_memory_equal(area + at + 24, "EF41", 4);
    assert_true(rk_easyflash_find(area, 0, AREA, "keep", &e));
    assert_true(rk_easyflash_find(area, 0, AREA, "ObkCfg", &e));
    assert_memory_equal(area + e.value, value, sizeof value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_written_as_the_library_does),
        cmocka_unit_test(unmarked_entries_are_read_and_written),
        cmocka_unit_test(tidying_keeps_the_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
