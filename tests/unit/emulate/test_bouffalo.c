/* The emulated BL602 with small programs of our own, started by the replaced mask ROM. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "emulate/bouffalo/soc.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/header.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

enum { SIZE = 0x20000, START = 0x2000, RAM = 0x42020000, TABLE = 0x21010800, DATA = 0x10000 };
enum { A0 = 10, A1 = 11, SP = 2, RA = 1 };

struct bench {
    struct rk_bl_soc *soc;
    uint8_t *flash;
    uint8_t log[256];
    size_t len;
    unsigned resets;
};

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    struct bench *b = user;

    (void)unit;
    (void)time_ns;
    if (b->len < sizeof b->log)
        b->log[b->len++] = byte;
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    struct bench *b = user;

    (void)cause;
    (void)time_ns;
    b->resets++;
}

static void begin(struct bench *b, const uint32_t *code, size_t words)
{
    memset(b, 0, sizeof *b);
    b->flash = malloc(SIZE);
    assert_non_null(b->flash);
    memset(b->flash, 0xFF, SIZE);
    for (size_t i = 0; i < words; i++)
        rk_put_le32(b->flash + START + 4 * i, code[i]);
    for (unsigned i = 0; i < 512; i++)
        b->flash[DATA + i] = (uint8_t)(i * 3);
    rk_bfl_header_make(b->flash, rk_bl602_part_find(0xEF4015)->parameters, b->flash + START,
                       4 * words, START);
    const struct rk_emulate_options opt = {
        .size = sizeof opt,
        .chip = "BL602",
        .flash = b->flash,
        .flash_len = SIZE,
        .events = {.user = b, .uart = on_uart, .reset = on_reset}};
    assert_int_equal(rk_bl_soc_new(&opt, NULL, &b->soc, NULL), RK_OK);
}
#define BEGIN(b, ...)                                                                              \
    begin(b, (const uint32_t[]){__VA_ARGS__},                                                      \
          sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void end(struct bench *b)
{
    rk_bl_soc_free(b->soc);
    free(b->flash);
}

static uint32_t reg(const struct bench *b, unsigned index)
{
    struct rk_cpu_register r = {0};

    (void)b->soc->cpu->core->get(b->soc->cpu, index, &r);
    return r.value;
}

static void set(struct bench *b, unsigned index, uint32_t value)
{
    assert_true(b->soc->cpu->core->set(b->soc->cpu, index, value));
}

static uint32_t word(const struct bench *b, uint32_t addr)
{
    uint8_t bytes[4] = {0};

    assert_true(rk_bus_peek(b->soc->bus, addr, bytes, 4));
    return rk_get_le32(bytes);
}

/* Calls a function of the ROM with these arguments, from a loop at 0x23000000; returns a0. */
static uint32_t call(struct bench *b, unsigned number, const uint32_t *arguments, unsigned count)
{
    uint32_t target = word(b, TABLE + 4 * number);

    for (unsigned i = 0; i < count; i++)
        set(b, A0 + i, arguments[i]);
    set(b, RA, 0x23000000);
    b->soc->cpu->core->set_pc(b->soc->cpu, target);
    do {
        assert_int_equal(rk_bl_run(b->soc, rk_bl_now(b->soc) + 1), RK_EMULATE_TIME);
    } while (b->soc->rom_at == target);
    return reg(b, A0);
}
#define CALL(b, number, ...)                                                                       \
    call(b, number, (const uint32_t[]){__VA_ARGS__},                                               \
         sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* While a function waits for the flash, time passes in pieces: what comes in the meantime is heard. */
static void it_hears_while_the_flash_works(void **state)
{
    struct bench b;

    (void)state;
    BEGIN(&b, 0x0000006F);
    rk_bl_run(b.soc, 20 * MS);
    assert_true(rk_bus_poke(b.soc->bus, RAM, rk_bl602_part_find(0xEF4015)->parameters, 84));
    CALL(&b, 140, 0); /* from the window to the commands */
    uint32_t target = word(&b, TABLE + 4 * 109);
    const uint32_t program[] = {RAM, 0, 0x18080, RAM, 1024};
    for (unsigned i = 0; i < 5; i++)
        set(&b, A0 + i, program[i]);
    set(&b, RA, 0x23000000);
    b.soc->cpu->core->set_pc(b.soc->cpu, target);
    unsigned pieces = 0;
    for (; pieces == 0 || b.soc->rom_at == target; pieces++) {
        uint64_t until = rk_bl_now(b.soc) + MS / 10;
        assert_int_equal(rk_bl_run(b.soc, until), RK_EMULATE_TIME);
        assert_true(rk_bl_now(b.soc) < until + MS / 100);
    }
    assert_in_range(pieces, 30, 50); /* five pages of 0.7 ms */
    assert_int_equal(reg(&b, A0), 0);
    assert_int_equal(memcmp(rk_nor_cells(b.soc->nor) + 0x18080, b.soc->wram, 1024), 0);
    end(&b);
}

/* ---- starting ---- */

static void it_starts_what_has_a_good_header(void **state)
{
    static const size_t damages[] = {0x10, 0x74, START + 1};
    struct bench b;
    (void)state;
    BEGIN(&b, 0x00500513, 0x0000006F); /* li a0, 5; j . */
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_TIME);
    assert_int_equal(reg(&b, A0), 5);
    assert_int_equal(b.soc->image_offset, START);
    end(&b);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        BEGIN(&b, 0x00500513, 0x0000006F);
        struct rk_emulate_options opt = {
            .size = sizeof opt, .chip = "BL602", .flash = b.flash, .flash_len = SIZE};
        struct rk_bl_soc *damaged = NULL;
        b.flash[damages[i]] ^= 1;
        assert_int_equal(rk_bl_soc_new(&opt, NULL, &damaged, NULL), RK_OK);
        assert_int_equal(rk_bl_run(damaged, 50 * MS), RK_EMULATE_TIME);
        assert_int_equal(damaged->cpu->executed, 0);
        assert_int_equal(rk_bl_now(damaged), 50 * MS);
        rk_bl_soc_free(damaged);
        end(&b);
    }
}

static void it_counts_time_in_cycles(void **state)
{
    struct bench b;
    (void)state;
    BEGIN(&b, 0x00150513, 0xFFDFF06F); /* addi a0, a0, 1; j -4 */
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_TIME);
    uint64_t from = b.soc->cpu->executed;
    assert_int_equal(rk_bl_run(b.soc, 21 * MS), RK_EMULATE_TIME);
    assert_int_equal(b.soc->cpu->executed - from, 160000); /* a millisecond at 160 MHz */
    end(&b);
}

/* An access to nowhere without a handler: the exception goes to address 0, where nothing is. */
static void wild_code_stops(void **state)
{
    struct bench b;
    (void)state;
    BEGIN(&b, 0x90000537, 0x00052503, 0x0000006F); /* lui a0, 0x90000; lw a0, 0(a0) */
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_CRASHED);
    assert_int_equal(b.soc->cpu->exceptions, 1);
    assert_int_equal(b.soc->cpu->fault.pc, 0x23000004); /* not where its handler is missing */
    assert_int_equal(b.soc->cpu->fault.addr, 0x90000000);
    end(&b);
    BEGIN(&b, 0x90000537, 0x00050067); /* jr a0 */
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_CRASHED);
    assert_int_equal(b.soc->cpu->fault.addr, 0x90000000);
    end(&b);
}

/* It matters whether the handler of an exception comes back. */
static void an_exception_may_be_survived(void **state)
{
    static const uint32_t last[] = {0x30200073, 0x0000006F}; /* mret; j . */
    struct bench b;
    (void)state;
    for (unsigned stays = 0; stays < 2; stays++) {
        BEGIN(&b, 0x00000297, 0x01828293, 0x30529073, /* mtvec = the handler */
              0x90000537, 0x00052503, 0x0000006F,     /* lw a0, 0(a0) of nowhere; j . */
              0x341022F3, 0x00428293, 0x34129073,     /* the handler: behind that load */
              last[stays]);
        assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_TIME);
        assert_int_equal(b.soc->cpu->exceptions, 1);
        assert_int_equal(rk_bl_takes_interrupts(b.soc), !stays);
        assert_int_equal(b.soc->exceptions_before, !stays);
        end(&b);
    }
}

/* The firmware's own handler sees a jump to nowhere. */
static void a_wild_jump_is_an_exception(void **state)
{
    struct bench b;
    (void)state;
    BEGIN(&b, 0x00000297, 0x01428293, 0x30529073, /* mtvec = the handler */
          0x90000537, 0x00050067,                 /* jr a0 */
          0x0000006F);
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_TIME);
    assert_int_equal(b.soc->cpu->exceptions, 1);
    assert_int_equal(b.soc->cpu->fault.pc, 0x90000000);
    assert_int_equal(b.soc->cpu->core->pc(b.soc->cpu), 0x23000014);
    end(&b);
    BEGIN(&b, 0x0100B2B7, 0xFFE28293, 0x30529073, /* the handler is half in the window's end */
          0x90000537, 0x00050067);
    b.soc->instruction_limit = 100000;
    assert_int_not_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_ASKED); /* it ends */
    end(&b);
}

static void a_timer_may_be_set_beyond_all_time(void **state)
{
    const struct rk_bl_counter counter = {.hz = 1, .value = 7, .since_ns = 5};
    (void)state;
    assert_true(rk_bl_counter_when(&counter, 6) == 5);
    assert_true(rk_bl_counter_when(&counter, 9) >= 5 + 2000 * MS);
    assert_true(rk_bl_counter_when(&counter, 7 + 9999999) < UINT64_MAX / 1000);
    assert_true(rk_bl_counter_when(&counter, UINT32_MAX) == RK_BL_NEVER);
    assert_true(rk_bl_counter_when(&counter, UINT64_MAX) == RK_BL_NEVER);
}

static void the_watchdog_resets_it(void **state)
{
    struct bench b;
    (void)state;
    BEGIN(&b, 0x4000A537, 0x50050513, /* a0 = the timer unit */
          0x0000C5B7, 0xABA58593,     /* a1 = 0xBABA */
          0x0000F637, 0xB1060613,     /* a2 = 0xEB10 */
          0x08B52E23, 0x0AC52023,     /* keys */
          0x06400693, 0x06D52423,     /* match 100 */
          0x08B52E23, 0x0AC52023,     /* keys */
          0x00300693, 0x06D52223,     /* on, it resets */
          0x0000006F);
    assert_int_equal(rk_bl_run(b.soc, 30 * MS), RK_EMULATE_TIME);
    assert_true(b.soc->resets >= 1);
    assert_int_equal(b.resets, b.soc->resets + 1);
    end(&b);
}

/* From outside, from the chip, from the pull; nothing where the pin does not listen. */
static void pins_have_levels(void **state)
{
    const uint32_t config = RK_BL_GLB + 0x100;
    struct bench b;
    (void)state;
    BEGIN(&b, 0x0000006F);
    *rk_bl_reg(b.soc, config) = 0x00110001;     /* GPIO0 listens; GPIO1, too, and pulls up */
    *rk_bl_reg(b.soc, config + 4) = 0x00110010; /* GPIO2 pulls and is deaf; GPIO3 as GPIO1 */
    *rk_bl_reg(b.soc, config + 16) = 0x00000001;
    *rk_bl_reg(b.soc, config + 44) = 0x00000011; /* GPIO22, the last */
    assert_int_equal(rk_bl_pins_read(b.soc), 1 << 1 | 1 << 3 | 1 << 22);
    *rk_bl_reg(b.soc, RK_BL_GLB + 0x190) = 1 << 0 | 1 << 3; /* two of them drive */
    *rk_bl_reg(b.soc, RK_BL_GLB + 0x188) = 1 << 0;
    assert_int_equal(rk_bl_pins_read(b.soc), 1 << 0 | 1 << 1 | 1 << 22);
    b.soc->pins_low = 1 << 1;
    b.soc->pins_high = 1 << 8;
    assert_int_equal(rk_bl_pins_read(b.soc), 1 << 0 | 1 << 8 | 1 << 22);
    end(&b);
}

/* ---- functions of the ROM ---- */

static void the_rom_moves_memory(void **state)
{
    struct bench b;
    (void)state;
    BEGIN(&b, 0x0000006F);
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_TIME);
    assert_int_equal(word(&b, TABLE), 0x06020002);
    (void)CALL(&b, 27, RAM, 0x01020304, 4);                   /* words */
    assert_int_equal(CALL(&b, 23, RAM + 1, RAM, 8), RAM + 1); /* forward, overlapping */
    assert_int_equal(word(&b, RAM), 0x04040404);
    assert_int_equal(word(&b, RAM + 8), (0x01020304 & 0xFFFFFF00u) | 4);
    (void)CALL(&b, 26, RAM, 0xAB, 3);
    assert_int_equal(word(&b, RAM), 0x04ABABAB);
    assert_int_equal(CALL(&b, 28, RAM, RAM + 1, 2), 0);
    assert_int_equal(CALL(&b, 28, RAM, RAM + 3, 1), 0xAB - 4);
    (void)CALL(&b, 27, RAM, 0x34333231, 1); /* "1234" */
    assert_int_equal(CALL(&b, 175, RAM, 4), 0x9BE3E0A3);
    (void)CALL(&b, 23, 0x4000B700, RAM, 4); /* into the buffer of the flash controller */
    assert_memory_equal(b.soc->flash_buffer, "1234", 4);
    uint32_t before = word(&b, 0x23000000);
    (void)CALL(&b, 23, 0x23000000, RAM, 4); /* onto code: nothing happens */
    assert_int_equal(word(&b, 0x23000000), before);
    unsigned exceptions = b.soc->cpu->exceptions;
    set(&b, RA, 0x23000000);
    set(&b, A0, 0x90000000);
    set(&b, A1, RAM);
    set(&b, A0 + 2, 4);
    b.soc->cpu->core->set_pc(b.soc->cpu, word(&b, TABLE + 4 * 23));
    (void)rk_bl_run(b.soc, rk_bl_now(b.soc) + 1);
    assert_int_equal(b.soc->cpu->exceptions, exceptions + 1);
    end(&b);
}

static void the_rom_drives_the_flash(void **state)
{
    struct bench b;
    (void)state;
    BEGIN(&b, 0x0000006F);
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_TIME);
    assert_int_equal(CALL(&b, 135, 0, RAM), 0); /* the part, out of the boot header */
    uint8_t part[84];
    assert_true(rk_bus_peek(b.soc->bus, RAM, part, sizeof part));
    assert_memory_equal(part, b.flash + 12, sizeof part);
    assert_int_equal(CALL(&b, 137, 1, 0, 0, 0, RAM), 0x801540EF);
    assert_int_equal(CALL(&b, 165, RAM, DATA + 1, RAM + 0x100, 300), 0); /* read */
    assert_int_equal(word(&b, RAM + 0x100), 0x0C090603);
    assert_int_equal(CALL(&b, 163, RAM, DATA, DATA + 0xFFF), 0); /* erase a sector */
    const uint8_t *cells = rk_nor_cells(b.soc->nor);
    assert_true(rk_bytes_all(cells + DATA, 0x1000, 0xFF));
    assert_int_equal(CALL(&b, 164, RAM, DATA + 250, RAM + 0x100, 20), 0); /* across a page */
    assert_memory_equal(cells + DATA + 250, b.flash + DATA + 1, 20);
    assert_true(rk_bytes_all(cells + DATA, 250, 0xFF));
    assert_int_equal(word(&b, 0x23000000), 0x0000006F); /* the window is back */
    end(&b);
}

static void the_rom_waits(void **state)
{
    struct bench b;
    (void)state;
    BEGIN(&b, 0x0000006F);
    assert_int_equal(rk_bl_run(b.soc, 20 * MS), RK_EMULATE_TIME);
    uint64_t from = rk_bl_now(b.soc);
    (void)CALL(&b, 21, 700);
    assert_true(rk_bl_now(b.soc) - from >= 700000 && rk_bl_now(b.soc) - from < 710000);
    end(&b);
}

/* ---- engines ---- */

static void sha_is_that_of_the_vectors(void **state)
{
    static const uint8_t abc[64] = {'a', 'b', 'c', 0x80, [63] = 24};
    static const uint32_t digest[8] = {0xBF1678BA, 0xEACF018F, 0xDE404141, 0x2322AE5D,
                                       0xA36103B0, 0x9C7A1796, 0x61FF10B4, 0xAD1500F2};
    struct bench b;
    (void)state;
    BEGIN(&b, 0x0000006F);
    assert_true(rk_bus_poke(b.soc->bus, RAM, abc, sizeof abc));
    rk_bl_security_write(b.soc, 0x04, RAM);
    rk_bl_security_write(b.soc, 0x00, 1u << 16 | 0x20 | 2);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(rk_bl_security_read(b.soc, 0x10 + 4 * i), digest[i]);
    end(&b);
}

/* A register of 32 bytes, most significant word first. */
static void pka_load(struct bench *b, unsigned number, const uint32_t words[8])
{
    rk_bl_pka_write(b->soc, 0x340, 0x39300000 | number << 12 | 8);
    for (unsigned i = 0; i < 8; i++)
        rk_bl_pka_write(b->soc, 0x360 + 4 * i, words[i]);
}

static void pka_do(struct bench *b, unsigned op, unsigned to, unsigned first, uint32_t second)
{
    rk_bl_pka_write(b->soc, 0x340, 0x80300300 | op << 24 | to << 12 | first);
    rk_bl_pka_write(b->soc, 0x340, second);
    assert_true(rk_bl_pka_read(b->soc, 0x300) & 0x100);
    rk_bl_pka_write(b->soc, 0x300, 0x208);
    assert_false(rk_bl_pka_read(b->soc, 0x300) & 0x100);
}

/* The base point of P-256 is on its curve: y^2 = x^3 - 3x + b. */
static void large_numbers_are_computed(void **state)
{
    static const uint32_t p[8] = {0xFFFFFFFF, 1, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF};
    static const uint32_t x[8] = {0x6B17D1F2, 0xE12C4247, 0xF8BCE6E5, 0x63A440F2,
                                  0x77037D81, 0x2DEB33A0, 0xF4A13945, 0xD898C296};
    static const uint32_t y[8] = {0x4FE342E2, 0xFE1A7F9B, 0x8EE7EB4A, 0x7C0F9E16,
                                  0x2BCE3357, 0x6B315ECE, 0xCBB64068, 0x37BF51F5};
    static const uint32_t k[8] = {0x5AC635D8, 0xAA3A93E7, 0xB3EBBD55, 0x769886BC,
                                  0x651D06B0, 0xCC53B0F6, 0x3BCE3C3E, 0x27D2604B};
    static const uint32_t three[8] = {[7] = 3};
    struct bench b;
    (void)state;
    BEGIN(&b, 0x0000006F);
    rk_bl_pka_write(b.soc, 0x300, 8);
    pka_load(&b, 0, p);
    pka_load(&b, 1, x);
    pka_load(&b, 2, y);
    pka_load(&b, 3, k);
    pka_load(&b, 4, three);
    pka_do(&b, 0x24, 5, 1, 0x300);      /* r5 = x^2 mod p */
    pka_do(&b, 0x27, 5, 5, 0x00304300); /* r5 = r5 - 3 */
    pka_do(&b, 0x25, 5, 5, 0x00301300); /* r5 = r5 * x */
    pka_do(&b, 0x28, 5, 5, 0x00303300); /* r5 = r5 + b */
    pka_do(&b, 0x24, 6, 2, 0x300);      /* r6 = y^2 */
    pka_do(&b, 0x19, 0, 5, 0x00306000); /* r5 < r6? */
    assert_false(rk_bl_pka_read(b.soc, 0x300) >> 24 & 1);
    pka_do(&b, 0x19, 0, 6, 0x00305000); /* r6 < r5? */
    assert_false(rk_bl_pka_read(b.soc, 0x300) >> 24 & 1);
    pka_do(&b, 0x22, 7, 4, 0x300);      /* r7 = 1 / 3 */
    pka_do(&b, 0x25, 7, 7, 0x00304300); /* times 3 */
    rk_bl_pka_write(b.soc, 0x340, 0xB8307008);
    rk_bl_pka_write(b.soc, 0x340, 0);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(rk_bl_pka_read(b.soc, 0x360 + 4 * i), i == 7);
    end(&b);
}

/* ---- as a whole ---- */

static void a_resumed_chip_goes_on_as_if_never_stopped(void **state)
{
    /* counts in a0 and RAM: sw, addi, j */
    static const uint32_t code[] = {0x42020537, 0x00B52023, 0x00158593, 0xFF9FF06F};
    struct rk_emulate_options opt = {.size = sizeof opt, .chip = "BL602"};
    struct rk_emulator *whole = NULL, *first = NULL, *second = NULL;
    struct rk_emulate_state a, c;
    uint8_t *bytes = NULL;
    const uint8_t *note;
    size_t len, note_len;
    struct bench b;
    (void)state;
    begin(&b, code, sizeof code / sizeof code[0]);
    opt.flash = b.flash;
    opt.flash_len = SIZE;
    assert_int_equal(rk_emulator_new(&opt, &whole, NULL), RK_OK);
    assert_int_equal(rk_emulator_new(&opt, &first, NULL), RK_OK);
    assert_int_equal(rk_emulator_run(whole, 30 * MS), RK_EMULATE_TIME);
    assert_int_equal(rk_emulator_run(first, 17 * MS), RK_EMULATE_TIME);
    assert_int_equal(rk_emulator_save(first, NULL, 0, &bytes, &len, NULL), RK_OK);
    assert_int_equal(rk_emulator_resume(bytes, len, &opt, &second, &note, &note_len, NULL), RK_OK);
    assert_int_equal(rk_emulator_run(second, 30 * MS), RK_EMULATE_TIME);
    rk_emulator_state(whole, &a);
    rk_emulator_state(second, &c);
    assert_true(a.instructions > 1000);
    assert_int_equal(a.instructions, c.instructions);
    assert_int_equal(a.time_ns, c.time_ns);
    assert_int_equal(a.pc, c.pc);
    for (size_t i = 0; i < a.register_count; i++)
        assert_int_equal(a.registers[i].value, c.registers[i].value);
    rk_emulator_free(whole);
    rk_emulator_free(first);
    rk_emulator_free(second);
    free(bytes);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_hears_while_the_flash_works),
        cmocka_unit_test(it_starts_what_has_a_good_header),
        cmocka_unit_test(it_counts_time_in_cycles),
        cmocka_unit_test(wild_code_stops),
        cmocka_unit_test(an_exception_may_be_survived),
        cmocka_unit_test(a_wild_jump_is_an_exception),
        cmocka_unit_test(a_timer_may_be_set_beyond_all_time),
        cmocka_unit_test(the_watchdog_resets_it),
        cmocka_unit_test(pins_have_levels),
        cmocka_unit_test(the_rom_moves_memory),
        cmocka_unit_test(the_rom_drives_the_flash),
        cmocka_unit_test(the_rom_waits),
        cmocka_unit_test(sha_is_that_of_the_vectors),
        cmocka_unit_test(large_numbers_are_computed),
        cmocka_unit_test(a_resumed_chip_goes_on_as_if_never_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
