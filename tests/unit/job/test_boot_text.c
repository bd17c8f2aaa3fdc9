/* The text that is nearest to a crash. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "job/boot_text.h"

#include <string.h>

enum { PLAIN = 0x800 };

/* Constants at 0x200 point to a text at 0x311. */
static void make(uint8_t plain[PLAIN])
{
    memset(plain, 0, PLAIN);
    rk_put_le32(plain + 0x200, 0x40000000);
    rk_put_le32(plain + 0x204, 0x311);
    memcpy(plain + 0x311, "calibration failed here\r\n", 25);
    memcpy(plain + 0x400, "short", 6);
}

static bool peek(const void *from, uint32_t addr, uint8_t *buf, size_t len)
{
    const uint8_t *plain = from;

    if (addr >= PLAIN || len > PLAIN - addr)
        return false;
    memcpy(buf, plain + addr, len);
    return true;
}

static void check(uint32_t r3, uint32_t pc, uint32_t lr, const char *want)
{
    struct rk_emulate_state state = {.time_ns = 0};
    uint8_t plain[PLAIN];
    const struct rk_boot_code code = {.peek = peek, .from = plain};
    char text[32] = "left";

    make(plain);
    state.register_count = 17;
    state.registers[3].value = r3;
    state.link = lr;
    rk_boot_find_text(&state, pc, &code, text, sizeof text);
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

/* The high half of an address, and behind it the low one in either length. */
static void constants_of_risc_v_are_in_its_instructions(void **state)
{
    uint8_t plain[PLAIN] = {0};
    const struct rk_boot_code code = {.peek = peek, .from = plain, .riscv = true};
    char text[32];
    (void)state;
    rk_put_le32(plain + 0x102, 0x00000537); /* lui a0, 0 */
    rk_put_le32(plain + 0x108, 0x31150513); /* addi a0, a0, 0x311 */
    memcpy(plain + 0x311, "radio is up", 12);
    rk_boot_text_behind(&code, 0x100, text, sizeof text);
    assert_string_equal(text, "radio is up");
    rk_put_le32(plain + 0x108, 0x31158593); /* addi a1, a1, 0x311 */
    rk_boot_text_behind(&code, 0x100, text, sizeof text);
    assert_string_equal(text, "");
    rk_put_le16(plain + 0x108, 0x0575); /* c.addi a0, 29 */
    memcpy(plain + 29, "a text at 29", 13);
    rk_boot_text_behind(&code, 0x100, text, sizeof text);
    assert_string_equal(text, "a text at 29");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_come_first_then_constants),
        cmocka_unit_test(there_may_be_none),
        cmocka_unit_test(constants_of_risc_v_are_in_its_instructions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
