/* The emulated Beken chips: small programs of our own at address 0. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "image/beken/blocks.h"

#include <rekindle/emulate.h>

#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

struct bench {
    struct rk_emulator *emulator;
    char log[2][64];
    size_t len[2], sent[2];
    uint64_t last_ns;
    unsigned resets;
    enum rk_emulate_reset cause;
};

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct bench *b = user;

    if (b->len[unit] < sizeof b->log[0] - 1)
        b->log[unit][b->len[unit]++] = (char)byte;
    b->sent[unit]++;
    b->last_ns = time_ns;
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    struct bench *b = user;

    (void)time_ns;
    b->resets++;
    b->cause = cause;
}

/* A module without a key whose flash begins with this code. */
static void start(struct bench *b, const char *chip, const uint32_t *code, size_t count)
{
    uint8_t plain[512], flash[4096];
    struct rk_error err = {0};

    memset(b, 0, sizeof *b);
    memset(plain, 0, sizeof plain);
    for (size_t i = 0; i < count; i++)
        rk_put_le32(plain + 4 * i, code[i]);
    memset(flash, 0xFF, sizeof flash);
    rk_blocks_add(plain, sizeof plain, flash);
    const struct rk_emulate_options opt = {
        .size = sizeof opt,
        .chip = chip,
        .flash = flash,
        .flash_len = sizeof flash,
        .have_key = true,
        .events = {.user = b, .uart = on_uart, .reset = on_reset}};
    if (rk_emulator_new(&opt, &b->emulator, &err) != RK_OK)
        fail_msg("%s", err.message);
}

#define START(b, chip, ...)                                                                        \
    start(b, chip, (const uint32_t[]){__VA_ARGS__},                                                \
          sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void text_comes_out_at_its_rate(void **state)
{
    struct bench b;
    (void)state;
    START(&b, "BK7231N", 0xE59F0018, /* ldr r0, [pc, #24]: UART2 */
          0xE59F1018,                /* ldr r1, [pc, #24]: configuration, 115200 */
          0xE5801000,                /* str r1, [r0] */
          0xE3A01048, 0xE580100C,    /* 'H' */
          0xE3A01069, 0xE580100C,    /* 'i' */
          0xEAFFFFFE,                /* b . */
          0x00802200, 0x0000E11B);
    assert_int_equal(rk_emulator_run(b.emulator, 10 * MS), RK_EMULATE_TIME);
    assert_string_equal(b.log[1], "Hi");
    assert_int_equal(rk_emulator_baud(b.emulator, 1), 115044);
    /* two characters of ten bits */
    assert_in_range(b.last_ns, 170000, 180000);
    assert_int_equal(b.resets, 1);
    rk_emulator_free(b.emulator);
}

static void the_watchdog_bites(void **state)
{
    struct bench b;
    struct rk_emulate_state s;
    (void)state;
    START(&b, "BK7231T", 0xE59F0010, /* ldr r0, watchdog */
          0xE59F1010, 0xE5801000,    /* 0x5A0005 */
          0xE59F100C, 0xE5801000,    /* 0xA50005: five milliseconds */
          0xEAFFFFFE, 0x00802900, 0x005A0005, 0x00A50005);
    assert_int_equal(rk_emulator_run(b.emulator, 12 * MS), RK_EMULATE_TIME);
    assert_int_equal(b.resets, 3);
    assert_int_equal(b.cause, RK_EMULATE_WATCHDOG);
    rk_emulator_state(b.emulator, &s);
    assert_int_equal(s.resets, 2);
    rk_emulator_free(b.emulator);
}

/* Programs a block of what it executes from; the processor sees the new instruction. */
static void flash_is_programmed_and_seen(void **state)
{
    struct bench b;
    size_t len;
    (void)state;
    START(&b, "BK7231N", 0xE59F0020, /* 00 ldr r0, controller */
          0xE59F1020,                /* 04 ldr r1, first word of a block */
          0xE5801004,                /* 08 data in */
          0xE3E01000,                /* 0C mvn r1, #0 */
          0xE5801004, 0xE5801004, 0xE5801004, 0xE5801004, 0xEA000003, /* 20 b 0x34 */
          0x00000000, 0x00803000, 0xE3A0D001, 0x00000000, 0xE5801004, 0xE5801004,
          0xE5801004,  /* 34 */
          0xE59F1004,  /* 40 ldr r1, operation */
          0xE5801000,  /* 44 */
          0xEAFFFFFE,  /* 48 */
          0x2C000800); /* 4C start, program, 0x800 */
    assert_int_equal(rk_emulator_run(b.emulator, 20 * MS), RK_EMULATE_TIME);
    const uint8_t *flash = rk_emulator_flash(b.emulator, &len);
    assert_int_equal(len, 2u << 20);
    assert_int_equal(rk_get_le32(flash + 0x800), 0xE3A0D001);
    assert_int_equal(rk_get_le32(flash + 0x804), 0xFFFFFFFF);
    rk_emulator_free(b.emulator);
}

static void bytes_are_received(void **state)
{
    struct bench b;
    (void)state;
    START(&b, "BK7231T", 0xE59F0018, /* ldr r0, UART1 */
          0xE59F1018, 0xE5801000,    /* configuration with receiver */
          0xE5901008,                /* ldr r1, [r0, #8] */
          0xE3110602,                /* tst r1, #1 << 21 */
          0x0AFFFFFC,                /* beq back */
          0xE590100C, 0xE580100C,    /* echo */
          0x00802100, 0x0000E11B);
    assert_int_equal(rk_emulator_run(b.emulator, MS), RK_EMULATE_TIME);
    rk_emulator_receive(b.emulator, 0, 'x');
    assert_int_equal(rk_emulator_run(b.emulator, 2 * MS), RK_EMULATE_TIME);
    assert_string_equal(b.log[0], "x");
    rk_emulator_free(b.emulator);
}

/* Firmware that does not look whether there is room cannot print faster than the line is. */
static void a_full_transmitter_loses_bytes(void **state)
{
    struct bench b;
    (void)state;
    START(&b, "BK7231N", 0xE59F0010, 0xE59F1010, 0xE5801000, /* UART2 at 115200 */
          0xE3A01041, 0xE580100C, 0xEAFFFFFD,                /* 'A' for ever */
          0x00802200, 0x0000E11B);
    assert_int_equal(rk_emulator_run(b.emulator, 10 * MS), RK_EMULATE_TIME);
    /* 115 characters in that time, 128 that wait and one on the line */
    assert_in_range(b.sent[1], 240, 245);
    assert_in_range(b.last_ns, 21 * MS, 22 * MS);
    rk_emulator_free(b.emulator);
}

/* However often firmware asks for it: what is copied in a time is bounded. */
static void copies_take_their_time(void **state)
{
    struct bench b;
    struct rk_emulate_state s;
    uint8_t word[4];
    (void)state;
    START(&b, "BK7231N", 0xE59F001C, 0xE59F101C, 0xE59F201C, 0xE59F301C, /* 00 */
          0xE5831000,                                                    /* 10 a word to copy */
          0xE5802004, 0xE5803008,                                        /* 14 to, from */
          0xE5801000,                                                    /* 1C start */
          0xEAFFFFFD,                                                    /* 20 and again */
          0x00809000, 0xFFFF0001, 0x00400004, 0x00400000);
    assert_int_equal(rk_emulator_run(b.emulator, 20 * MS), RK_EMULATE_TIME);
    rk_emulator_state(b.emulator, &s);
    assert_in_range(s.instructions, 30, 200);
    /* It overlaps: the word spreads over all of it, and ends there. */
    assert_true(rk_emulator_peek(b.emulator, 0x410000, word, sizeof word));
    assert_int_equal(rk_get_le32(word), 0xFFFF0001);
    assert_true(rk_emulator_peek(b.emulator, 0x410004, word, sizeof word));
    assert_int_equal(rk_get_le32(word), 0);
    rk_emulator_free(b.emulator);
}

static void ends_are_told(void **state)
{
    struct bench b;
    struct rk_emulate_state s;
    struct rk_emulator *none = NULL;
    struct rk_emulate_options opt = {.size = sizeof opt, .chip = "BK7231X"};
    struct rk_error err = {0};
    (void)state;
    START(&b, "BK7231N", 0xE59FF000, 0, 0x60000000); /* ldr pc, [pc]: to where nothing is */
    assert_int_equal(rk_emulator_run(b.emulator, MS), RK_EMULATE_CRASHED);
    rk_emulator_state(b.emulator, &s);
    assert_int_equal(s.fault_addr, 0x60000000);
    rk_emulator_free(b.emulator);
    assert_int_equal(rk_emulator_new(&opt, &none, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "emulate.chip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_out_at_its_rate),
        cmocka_unit_test(the_watchdog_bites),
        cmocka_unit_test(flash_is_programmed_and_seen),
        cmocka_unit_test(bytes_are_received),
        cmocka_unit_test(a_full_transmitter_loses_bytes),
        cmocka_unit_test(copies_take_their_time),
        cmocka_unit_test(ends_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
