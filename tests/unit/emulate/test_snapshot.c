/* Snapshots of emulated chips, and traces of them: a small program of our own that counts, prints and
 * writes its flash. */
#include "unit/unit.h"

#include "base/archive.h"
#include "base/bytes.h"
#include "base/crc.h"
#include "image/beken/blocks.h"

#include <rekindle/emulate.h>

#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

enum { LOG = 4096 };

struct bench {
    struct rk_emulator *emulator;
    uint8_t log[LOG];
    size_t len;
    unsigned resets;
    unsigned traced[5]; /* by kind */
    struct rk_emulate_trace first[5];
};

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct bench *b = user;

    (void)unit;
    (void)time_ns;
    if (b->len < LOG)
        b->log[b->len++] = byte;
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    struct bench *b = user;

    (void)cause;
    (void)time_ns;
    b->resets++;
}

static void on_trace(void *user, const struct rk_emulate_trace *what)
{
    struct bench *b = user;

    if (b->traced[what->kind]++ == 0)
        b->first[what->kind] = *what;
}

static const uint32_t code[] = {
    0xE59F0048,                                     /* 00 ldr r0, UART2 */
    0xE59F1048,                                     /* 04 ldr r1, 115200 */
    0xE5801000,                                     /* 08 str r1, [r0] */
    0xE59F2044,                                     /* 0C ldr r2, flash controller */
    0xE59F3044,                                     /* 10 ldr r3, erase at 0x1000 */
    0xE5823000,                                     /* 14 str r3, [r2] */
    0xE3A04000,                                     /* 18 mov r4, #0 */
    0xE2844001,                                     /* 1C add r4, r4, #1 */
    0xE580400C,                                     /* 20 str r4, [r0, #12] */
    0xEB000000,                                     /* 24 bl 0x2C */
    0xEAFFFFFB,                                     /* 28 b 0x1C */
    0xE3A05C02,                                     /* 2C mov r5, #512 */
    0xE2555001,                                     /* 30 subs r5, r5, #1 */
    0x1AFFFFFD,                                     /* 34 bne 0x30 */
    0xE59F6020,                                     /* 38 ldr r6, a page without anything */
    0xE5966000,                                     /* 3C ldr r6, [r6] */
    0xE12FFF1E,                                     /* 40 bx lr */
    0,          0,          0,          0x00802200, /* 50 */
    0x0000E11B, 0x00803000, 0x2D001000, 0x30000000, /* 60 */
};

static void make_flash(uint8_t flash[8192])
{
    uint8_t plain[512] = {0};

    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
        rk_put_le32(plain + 4 * i, code[i]);
    memset(flash, 0xFF, 8192);
    rk_blocks_add(plain, sizeof plain, flash);
    memset(flash + 0x1000, 0x5A, 16);
}

static void start(struct bench *b, unsigned watch)
{
    uint8_t flash[8192];

    memset(b, 0, sizeof *b);
    make_flash(flash);
    const struct rk_emulate_options opt = {.size = sizeof opt,
                                           .chip = "BK7231N",
                                           .flash = flash,
                                           .flash_len = sizeof flash,
                                           .flash_size = 65536,
                                           .have_key = true,
                                           .watch = watch,
                                           .events = {b, on_uart, on_reset, on_trace}};
    assert_int_equal(rk_emulator_new(&opt, &b->emulator, NULL), RK_OK);
}

static void resume(struct bench *b, const uint8_t *bytes, size_t len)
{
    struct rk_error err = {0};
    const uint8_t *note;
    size_t note_len;
    const struct rk_emulate_options opt = {.size = sizeof opt,
                                           .events = {b, on_uart, on_reset, NULL}};

    memset(b, 0, sizeof *b);
    if (rk_emulator_resume(bytes, len, &opt, &b->emulator, &note, &note_len, &err) != RK_OK)
        fail_msg("%s", err.message);
    assert_int_equal(note_len, 4);
    assert_memory_equal(note, "note", 4);
}

static void a_resumed_machine_goes_on_as_if_never_stopped(void **state)
{
    struct bench whole, first, second;
    struct rk_emulate_state a, b;
    const uint8_t *flash_a, *flash_b;
    uint8_t *bytes = NULL;
    size_t len, size;
    (void)state;
    start(&whole, 0);
    assert_int_equal(rk_emulator_run(whole.emulator, 80 * MS), RK_EMULATE_TIME);
    start(&first, 0);
    assert_int_equal(rk_emulator_run(first.emulator, 60 * MS), RK_EMULATE_TIME);
    assert_int_equal(
        rk_emulator_save(first.emulator, (const uint8_t *)"note", 4, &bytes, &len, NULL), RK_OK);
    assert_true(len < 65536);
    resume(&second, bytes, len);
    assert_int_equal(second.resets, 0);
    assert_string_equal(rk_emulator_chip_of(second.emulator), "BK7231N");
    assert_int_equal(rk_emulator_run(second.emulator, 80 * MS), RK_EMULATE_TIME);
    assert_true(first.len > 100 && second.len > 100);
    assert_int_equal(first.len + second.len, whole.len);
    assert_memory_equal(whole.log, first.log, first.len);
    assert_memory_equal(whole.log + first.len, second.log, second.len);
    rk_emulator_state(whole.emulator, &a);
    rk_emulator_state(second.emulator, &b);
    a.skipped = b.skipped = 0; /* begins anew */
    assert_memory_equal(&a, &b, sizeof a);
    flash_a = rk_emulator_flash(whole.emulator, &size);
    flash_b = rk_emulator_flash(second.emulator, &size);
    assert_memory_equal(flash_a, flash_b, size);
    assert_int_equal(flash_a[0x1000], 0xFF);
    rk_emulator_free(whole.emulator);
    rk_emulator_free(first.emulator);
    rk_emulator_free(second.emulator);
    free(bytes);
}

static void refused(const uint8_t *bytes, size_t len, const char *part)
{
    struct rk_emulate_options opt = {.size = sizeof opt};
    struct rk_emulator *emulator = NULL;
    struct rk_error err = {0};
    const uint8_t *note;
    size_t note_len;

    assert_int_equal(rk_emulator_resume(bytes, len, &opt, &emulator, &note, &note_len, &err),
                     RK_ERR_IMAGE_FORMAT);
    assert_string_equal(err.id, "snapshot.format");
    if (!strstr(err.message, part))
        fail_msg("%s", err.message);
}

static void seal(uint8_t *bytes, size_t len)
{
    rk_put_le32(bytes + 12, rk_crc32(0, bytes + 16, len - 16));
}

static void foreign_and_damaged_snapshots_are_refused(void **state)
{
    struct bench b;
    uint8_t *bytes = NULL;
    size_t len;
    (void)state;
    start(&b, 0);
    assert_int_equal(rk_emulator_save(b.emulator, NULL, 0, &bytes, &len, NULL), RK_OK);
    rk_emulator_free(b.emulator);
    refused(bytes, 7, "begins differently");
    refused((const uint8_t *)"no snapshot at all, by no means", 30, "begins differently");
    bytes[8]++;
    refused(bytes, len, "another version");
    bytes[8]--;
    bytes[len / 2] ^= 1;
    refused(bytes, len, "damaged");
    bytes[len / 2] ^= 1;
    refused(bytes, len - 1, "damaged");
    /* sound checksum, senseless content */
    seal(bytes, len - 1);
    refused(bytes, len - 1, "makes no sense");
    memcpy(bytes + 20, "BK9999", 7);
    seal(bytes, len);
    refused(bytes, len, "does not emulate");
    free(bytes);
}

static void traces_tell_registers_calls_and_flash_commands(void **state)
{
    struct bench b;
    (void)state;
    start(&b, RK_EMULATE_REGISTERS | RK_EMULATE_CALLS | RK_EMULATE_FLASH);
    (void)rk_emulator_run(b.emulator, 60 * MS);
    const struct rk_emulate_trace *r = &b.first[RK_EMULATE_REGISTERS];
    assert_int_equal(r->pc, 0x08);
    assert_int_equal(r->addr, 0x802200);
    assert_int_equal(r->value, 0xE11B);
    assert_true(r->store);
    assert_string_equal(r->unit, "uart2");
    assert_string_equal(r->name, "config");
    const struct rk_emulate_trace *f = &b.first[RK_EMULATE_FLASH];
    assert_int_equal(b.traced[RK_EMULATE_FLASH], 1);
    assert_int_equal(f->opcode, 0x20);
    assert_int_equal(f->addr, 0x1000);
    assert_int_equal(f->len, 0x1000);
    assert_string_equal(f->name, "erase");
    const struct rk_emulate_trace *c = &b.first[RK_EMULATE_CALLS];
    assert_int_equal(c->pc, 0x24);
    assert_int_equal(c->addr, 0x2C);
    assert_true(b.traced[RK_EMULATE_CALLS] > 100);
    rk_emulator_free(b.emulator);
    start(&b, RK_EMULATE_CALLS);
    (void)rk_emulator_run(b.emulator, 60 * MS);
    assert_int_equal(b.traced[RK_EMULATE_REGISTERS] + b.traced[RK_EMULATE_FLASH], 0);
    rk_emulator_free(b.emulator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_machine_goes_on_as_if_never_stopped),
        cmocka_unit_test(foreign_and_damaged_snapshots_are_refused),
        cmocka_unit_test(traces_tell_registers_calls_and_flash_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
