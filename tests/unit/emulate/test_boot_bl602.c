/* A start of BL602 firmware under conditions: pins, supply, efuses. The firmware is a small program of
 * our own, which prints the line that applications of the chip begin with and calibrates the radio. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/header.h"

#include <rekindle/boot.h>

#include <stdlib.h>
#include <string.h>

enum { SIZE = 0x200000, START = 0x2000, APP = 0x10000, TEXT = 84, EFUSE = 128 };

static uint8_t *make_flash(void)
{
    static const uint32_t code[] = {
        0x00000597, 0x05458593,             /* a1 = the text */
        0x4000A537,                         /* a0 = UART0 */
        0x70500293, 0x00552023,             /* transmitter on, 8 bits */
        0x01300293, 0x00552423,             /* a fast rate */
        0x0005C603, 0x00060E63,             /* next: its byte, over at 0 */
        0x08452683, 0x03F6F693, 0xFE068CE3, /* wait for room */
        0x08C52423, 0x00158593, 0xFE5FF06F, /* send it; next */
        0x40001537, 0x08000293, 0x0A552023, /* the gain of the radio */
        0x0000006F,
    };
    static const char text[] = "Starting bl602 now....\n";
    uint8_t *flash = malloc(SIZE);

    assert_non_null(flash);
    memset(flash, 0xFF, SIZE);
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
        rk_put_le32(flash + START + 4 * i, code[i]);
    memcpy(flash + START + TEXT, text, sizeof text);
    rk_bfl_header_make(flash, rk_bl602_part_find(0xEF4015)->parameters, flash + START, 256, START);
    memcpy(flash + APP, flash, RK_BFL_HEADER); /* that it is recognized as a flash */
    return flash;
}

/* What comes of it, and of the first finding about a condition the id. */
static struct rk_boot_result boot(struct rk_boot_request q, char id[24])
{
    struct rk_boot_result out;
    uint8_t *flash = make_flash();

    q.size = sizeof q;
    q.image = flash;
    q.image_len = SIZE;
    q.chip = "BL602";
    q.time_ns = q.time_ns ? q.time_ns : 100000000;
    assert_int_equal(rk_boot_run(&q, &out, NULL), RK_OK);
    memset(id, 0, 24);
    for (size_t i = 0; i < out.finding_count; i++)
        if (strncmp(out.findings[i].id, "pin.", 4) == 0 ||
            strncmp(out.findings[i].id, "efuse.", 6) == 0 ||
            strncmp(out.findings[i].id, "supply.", 7) == 0)
            memcpy(id, out.findings[i].id, 24);
    rk_boot_result_free(&out);
    free(flash);
    return out;
}

static void it_gets_to_its_application(void **state)
{
    char id[24];
    struct rk_boot_result out = boot((struct rk_boot_request){.size = 0}, id);
    (void)state;
    assert_string_equal(out.last_phase, "bl.start");
    assert_int_equal(out.starts, 1);
    assert_true(out.state.radio);
    assert_false(out.state.download);
    assert_string_equal(id, "");
}

static void a_supply_collapses_where_it_is_told(void **state)
{
    static const char *const stages[] = {"boot", "app", "radio"};
    char id[24];
    (void)state;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        const struct rk_boot_request q = {.supply_phase = stages[i], .restarts = 2};
        struct rk_boot_result out = boot(q, id);
        assert_int_equal(out.outcome, RK_BOOT_RESTARTS);
        assert_int_equal(out.starts, 3);
        assert_string_equal(id, "");
    }
    struct rk_boot_result out = boot((struct rk_boot_request){.supply_phase = "wifi"}, id);
    assert_int_equal(out.starts, 1);
    assert_string_equal(id, "supply.unmet");
}

static void a_strap_or_the_efuses_keep_it_from_starting(void **state)
{
    uint8_t efuse[EFUSE] = {[19] = 1};
    char id[24];
    (void)state;
    struct rk_boot_result out = boot((struct rk_boot_request){.pins_high = 1 << 8}, id);
    assert_int_equal(out.outcome, RK_BOOT_SILENT);
    assert_string_equal(id, "pin.strap");
    assert_non_null(strstr(out.summary, "GPIO8"));
    out = boot((struct rk_boot_request){.efuse = efuse, .efuse_len = EFUSE}, id);
    assert_int_equal(out.outcome, RK_BOOT_SILENT);
    assert_string_equal(id, "pin.strap");
    efuse[19] = 0;
    efuse[0] = 1 << 2;
    out = boot((struct rk_boot_request){.efuse = efuse, .efuse_len = EFUSE}, id);
    assert_int_equal(out.outcome, RK_BOOT_SILENT);
    assert_string_equal(id, "efuse.signed");
    out = boot((struct rk_boot_request){.pins_low = 1 << 8}, id);
    assert_string_equal(out.last_phase, "bl.start");
}

static void a_chip_that_is_held_executes_nothing(void **state)
{
    char id[24];
    struct rk_boot_result out = boot((struct rk_boot_request){.held = true}, id);
    (void)state;
    assert_int_equal(out.outcome, RK_BOOT_SILENT);
    assert_int_equal(out.starts, 0);
    assert_int_equal(out.state.instructions, 0);
    assert_string_equal(id, "pin.cen");
}

/* What the chip has not is refused, not left out. */
static void other_conditions_are_refused(void **state)
{
    static const uint8_t bytes[EFUSE];
    const struct rk_emulate_options rows[] = {
        {.chip = "BL602", .pins_high = 1ull << 23},
        {.chip = "BL602", .pins_low = 1ull << 40},
        {.chip = "BL602", .pins_high = 4, .pins_low = 4},
        {.chip = "BL602", .have_key = true},
        {.chip = "BL602", .efuse = bytes, .efuse_len = 32},
        {.chip = "BK7231N", .efuse = bytes, .efuse_len = EFUSE},
        {.chip = "BK7231N", .rom = bytes, .rom_len = EFUSE},
        {.chip = "BK7231N", .pins_high = 1ull << 40},
    };
    struct rk_error err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rk_emulate_options opt = rows[i];
        struct rk_emulator *emulator = NULL;
        opt.size = sizeof opt;
        assert_int_equal(rk_emulator_new(&opt, &emulator, &err), RK_ERR_ARG);
        assert_string_equal(err.id, "emulate.condition");
        assert_null(emulator);
    }
    const struct rk_boot_request q = {.size = sizeof q, .chip = "BL602", .supply_phase = "never"};
    struct rk_boot_result out;
    assert_int_equal(rk_boot_run(&q, &out, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "emulate.condition");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gets_to_its_application),
        cmocka_unit_test(a_supply_collapses_where_it_is_told),
        cmocka_unit_test(a_strap_or_the_efuses_keep_it_from_starting),
        cmocka_unit_test(a_chip_that_is_held_executes_nothing),
        cmocka_unit_test(other_conditions_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
