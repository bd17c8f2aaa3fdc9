/* The text that is nearest to a crash. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "image/beken/blocks.h"
#include "job/boot_text.h"

#include <string.h>

enum { PLAIN = 0x800, SPAN = PLAIN / RK_BLOCK_DATA * RK_BLOCK_SPAN };

/* Code without a key: constants at 0x200 point to a text at 0x300. */
static void make(uint8_t flash[SPAN])
{
    uint8_t plain[PLAIN] = {0};

    rk_put_le32(plain + 0x200, 0x40000000);
    rk_put_le32(plain + 0x204, 0x311);
    memcpy(plain + 0x311, "calibration failed here\r\n", 25);
    memcpy(plain + 0x400, "short", 6);
    rk_blocks_add(plain, PLAIN, flash);
}

static void check(uint32_t r3, uint32_t pc, uint32_t lr, const char *want)
{
    struct rk_emulate_state state = {.time_ns = 0};
    uint8_t flash[SPAN];
    char text[32] = "left";

    make(flash);
    state.registers[3].value = r3;
    state.link = lr;
    rk_boot_find_text(&state, pc, flash, sizeof flash, text, sizeof text);
    assert_string_equal(text, want);
}

static void registers_come_first_then_constants(void **state)
{
    (void)state;
    check(0x31D, 0x100, 0, "failed here");
    check(0x400, 0x1F0, 0, "calibration failed here");
    check(0, 0xCCCCCCCC, 0x1C1, "calibration failed here");
}

static void there_may_be_none(void **state)
{
    (void)state;
    check(0x400, 0x700, 0xFFFFFFFF, "");
    check(0xFFFFFFFE, 0xFFFFFFFC, 0x7F0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_come_first_then_constants),
        cmocka_unit_test(there_may_be_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
