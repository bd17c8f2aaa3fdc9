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

static const uint32_t usual[] = {
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

/* With a program, and a text behind it. */
static uint8_t *make_flash(const uint32_t *code, size_t words)
{
    static const char text[] = "Starting bl602 now....\n";
    uint8_t *flash = malloc(SIZE);

    assert_non_null(flash);
    memset(flash, 0xFF, SIZE);
    for (size_t i = 0; i < words; i++)
        rk_put_le32(flash + START + 4 * i, code[i]);
    memcpy(flash + START + TEXT, text, sizeof text);
    rk_bfl_header_make(flash, rk_bl602_part_find(0xEF4015)->parameters, flash + START, 256, START);
    memcpy(flash + APP, flash, RK_BFL_HEADER); /* that it is recognized as a flash */
    return flash;
}

/* What comes of it, and of the first finding about a condition the id. */
static struct rk_boot_result boot_code(const uint32_t *code, size_t words, struct rk_boot_request q,
                                       char id[24])
{
    struct rk_boot_result out;
    uint8_t *flash = make_flash(code, words);

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

static struct rk_boot_result boot(struct rk_boot_request q, char id[24])
{
    return boot_code(usual, sizeof usual / sizeof usual[0], q, id);
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

/* It is not executed up to the end of the time when nothing can happen any more. */
static void a_crash_ends_the_run(void **state)
{
    static const uint32_t code[] = {0x00000297, 0x01028293, 0x30529073, 0x00100073, 0x0000006F};
    const struct rk_boot_request q = {.time_ns = 9000000000ull};
    char id[24];
    struct rk_boot_result out = boot_code(code, 5, q, id);
    (void)state;
    assert_int_equal(out.outcome, RK_BOOT_CRASHES);
    assert_int_equal(out.crash_pc, 0x2300000C);
    assert_true(out.state.time_ns >= 1000000000ull && out.state.time_ns < 1100000000ull);
}

static void hostile_programs_end(void **state)
{
    static const struct {
        enum rk_boot_outcome outcome;
        uint32_t at, code[6];
    } rows[] = {
        {RK_BOOT_SILENT, 0, {0x0000006F}},                       /* a loop */
        {RK_BOOT_SILENT, 0, {0x10500073, 0xFFDFF06F}},           /* it waits for no interrupt */
        {RK_BOOT_CRASHES, 0x90000000, {0x90000537, 0x00050067}}, /* a jump to nowhere */
        {RK_BOOT_CRASHES, 0x23000004, {0x90000537, 0x00052503}}, /* a load from nowhere */
        {RK_BOOT_CRASHES, 0x23000000, {0xFFFFFFFF}},             /* no instruction */
        {RK_BOOT_CRASHES, 0x23000040, {0x00000297, 0x04028293, 0x30529073, 0x00100073}},
        /* that was an exception in the handler; this prints for ever */
        {RK_BOOT_STOPS, 0, {0x4000A537, 0x70100293, 0x00552023, 0x08552423, 0xFFDFF06F}},
        {RK_BOOT_RESTARTS, 0, {0x40000537, 0x00400293, 0x00552C23, 0x0000006F}},
        /* functions of the ROM: a delay of 49 days, 4 GiB to fill */
        {RK_BOOT_SILENT, 0, {0x21011337, 0x85832303, 0xFFF00513, 0x000300E7, 0x0000006F}},
        {RK_BOOT_CRASHES, 0x23000014, {0x21011337, 0x86832303, 0x42020537, 0xFFF00613, 0x000300E7}},
    };
    char id[24];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rk_boot_result out = boot_code(rows[i].code, 6, (struct rk_boot_request){0}, id);
        assert_true(out.state.time_ns < 1000000000ull || out.outcome == RK_BOOT_SILENT);
        if (out.outcome != rows[i].outcome || out.crash_pc != rows[i].at)
            fail_msg("program %zu: %s at %08x", i, out.summary, (unsigned)out.crash_pc);
    }
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
        cmocka_unit_test(a_crash_ends_the_run),
        cmocka_unit_test(hostile_programs_end),
        cmocka_unit_test(other_conditions_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
