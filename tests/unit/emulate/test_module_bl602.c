/* Virtual BL602 modules that execute their flash. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "flash/bl602_parts.h"
#include "image/bouffalo/header.h"

#include <rekindle/sim.h>

#include <stdlib.h>
#include <string.h>

enum { SIZE = 0x10000, START = 0x2000 };

/* Prints "Hi" on UART0 at 2,000,000 bit/s and waits. */
static const uint32_t code[] = {
    0x4000A537, /* 00 lui a0, 0x4000A */
    0x004F05B7, /* 04 lui a1, 0x4F0 */
    0x04F58593, /* 08 addi a1, a1, 0x4F */
    0x00B52423, /* 0C sw a1, 8(a0)      both periods 80 */
    0x70100593, /* 10 li a1, 0x701 */
    0x00B52023, /* 14 sw a1, 0(a0)      transmitter on */
    0x04800593, /* 18 li a1, 'H' */
    0x08B52423, /* 1C sw a1, 0x88(a0) */
    0x06900593, /* 20 li a1, 'i' */
    0x08B52423, /* 24 sw a1, 0x88(a0) */
    0x0000006F, /* 28 j 0x28 */
};

static uint8_t *make_flash(void)
{
    uint8_t *flash = malloc(SIZE);

    assert_non_null(flash);
    memset(flash, 0xFF, SIZE);
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
        rk_put_le32(flash + START + 4 * i, code[i]);
    rk_bfl_header_make(flash, rk_bl602_part_find(0xEF4015)->parameters, flash + START, sizeof code,
                       START);
    return flash;
}

static size_t said(struct rk_sim_options *opt, uint8_t *out, size_t cap, uint32_t baud)
{
    struct rk_error err = {0};
    struct rk_sim *sim = NULL;

    opt->size = sizeof *opt;
    opt->model = "bl602";
    opt->emulate = true;
    if (rk_sim_new(opt, &sim, &err) != RK_OK)
        fail_msg("%s", err.message);
    size_t n = rk_sim_transmit(sim, RK_SIM_UART1, 100000, out, cap, baud);
    rk_sim_free(sim);
    return n;
}

static void with_its_boot_pin_low_it_runs_what_is_in_flash(void **state)
{
    uint8_t *flash = make_flash(), out[16];
    struct rk_sim_options opt = {.flash = flash, .flash_len = SIZE, .boot_low = true};
    (void)state;
    assert_int_equal(said(&opt, out, sizeof out, 2000000), 2);
    assert_memory_equal(out, "Hi", 2);
    flash[START] ^= 1; /* the hash is wrong now */
    assert_int_equal(said(&opt, out, sizeof out, 2000000), 0);
    free(flash);
}

static void with_its_boot_pin_high_it_waits_for_a_download(void **state)
{
    uint8_t *flash = make_flash(), out[16], train[300];
    struct rk_sim_options opt = {
        .size = sizeof opt, .model = "bl602", .emulate = true, .flash = flash, .flash_len = SIZE};
    struct rk_sim *sim = NULL;
    (void)state;
    memset(train, 0x55, sizeof train);
    assert_int_equal(rk_sim_new(&opt, &sim, NULL), RK_OK);
    assert_int_equal(rk_sim_transmit(sim, RK_SIM_UART1, 100000, out, sizeof out, 500000), 0);
    rk_sim_receive(sim, 100000, train, sizeof train, 500000);
    assert_int_equal(rk_sim_transmit(sim, RK_SIM_UART1, 200000, out, sizeof out, 500000), 2);
    assert_memory_equal(out, "OK", 2);
    rk_sim_free(sim);
    free(flash);
}

static void a_mask_rom_of_another_size_is_refused(void **state)
{
    static const uint8_t rom[100];
    const struct rk_sim_options opt = {
        .size = sizeof opt, .model = "bl602", .emulate = true, .rom = rom, .rom_len = sizeof rom};
    struct rk_error err = {0};
    struct rk_sim *sim = NULL;
    (void)state;
    assert_int_equal(rk_sim_new(&opt, &sim, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "emulate.rom");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_its_boot_pin_low_it_runs_what_is_in_flash),
        cmocka_unit_test(with_its_boot_pin_high_it_waits_for_a_download),
        cmocka_unit_test(a_mask_rom_of_another_size_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
