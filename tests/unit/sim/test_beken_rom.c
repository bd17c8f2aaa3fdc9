/* The mask ROM family: registers, efuse, status registers, and what happens around a link. */
#include "unit/sim/talk.h"

#include "base/bytes.h"

static void begin_with(struct talk *talk, struct rk_sim_options opt)
{
    opt.size = sizeof opt;
    talk_begin(talk, &opt);
}

static void begin(struct talk *talk, const char *model)
{
    begin_with(talk, (struct rk_sim_options){.model = model});
    talk_ask(talk, LINK, LINK_REPLY);
}

static uint32_t read_register(struct talk *talk, uint32_t addr)
{
    uint8_t frame[9] = {0x01, 0xE0, 0xFC, 0x05, 0x03};

    rk_put_le32(frame + 5, addr);
    talk_send_bytes(talk, frame, sizeof frame);
    talk_listen(talk, 20000);
    assert_int_equal(talk->got_len, 15);
    assert_int_equal(rk_get_le32(talk->got + 7), addr);
    return rk_get_le32(talk->got + 11);
}

static void write_register(struct talk *talk, uint32_t addr, uint32_t value)
{
    uint8_t frame[13] = {0x01, 0xE0, 0xFC, 0x09, 0x01};

    rk_put_le32(frame + 5, addr);
    rk_put_le32(frame + 9, value);
    talk_send_bytes(talk, frame, sizeof frame);
    talk_listen(talk, 20000);
    assert_int_equal(talk->got_len, 15);
}

/* One efuse byte, as every public client reads it. */
static uint8_t efuse_byte(struct talk *talk, uint32_t control, unsigned index)
{
    uint32_t value = read_register(talk, control);
    unsigned polls = 0;

    write_register(talk, control, (value & ~0x1F02u) | index << 8 | 1);
    while (read_register(talk, control) & 1)
        polls++;
    assert_int_equal(polls, 2);
    value = read_register(talk, control + 4);
    assert_true(value & 0x100);
    return (uint8_t)value;
}

static void the_efuse_holds_the_key(void **state)
{
    static const uint8_t tuya[16] = {0x93, 0xB0, 0x0F, 0x51, 0xDC, 0xEA, 0xCB, 0xA3,
                                     0x7E, 0xA1, 0x93, 0x59, 0x03, 0xEB, 0xAD, 0xC7};
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n");
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(efuse_byte(&talk, 0x800074, i), tuya[i]);
    assert_int_equal(efuse_byte(&talk, 0x800074, 31), 0);
    talk_end(&talk);

    begin(&talk, "bk7231m");
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(efuse_byte(&talk, 0x800074, i), 0);
    talk_end(&talk);

    begin(&talk, "bk7238"); /* four bytes, which repeat */
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(efuse_byte(&talk, 0x800074, i), 0x00EF7800u >> (8 * (i % 4)) & 0xFF);
    talk_end(&talk);
}

static void ids_and_rom_words_can_be_read(void **state)
{
    static const struct {
        const char *model;
        uint32_t addr, value;
    } rows[] = {{"bk7231n", 0x800000, 0x7231C}, {"bk7231m", 0x800000, 0x7231C},
                {"bl2028n", 0x800000, 0x7231C}, {"bk7238", 0x800000, 0x7238},
                {"bk7252n", 0x800000, 0x7252A}, {"bk7231n", 0x44010004, 0},
                {"bk7231n", 0x400000, 0}};
    struct talk talk;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(&talk, rows[i].model);
        assert_int_equal(read_register(&talk, rows[i].addr), rows[i].value);
        talk_end(&talk);
    }
    begin(&talk, "bk7231n");
    assert_int_not_equal(read_register(&talk, 0), read_register(&talk, 4));
    assert_int_equal(read_register(&talk, 0x3FFC), read_register(&talk, 0x3FFC));
    for (uint32_t i = 0; i < 40; i++)
        write_register(&talk, 0x400000 + 4 * i, i);
    assert_int_equal(read_register(&talk, 0x400000 + 4 * 39), 39);
    talk_end(&talk);
}

static void the_newest_chips_have_other_registers(void **state)
{
    struct talk talk;
    (void)state;

    begin_with(&talk, (struct rk_sim_options){.model = "bk7236"});
    talk_listen(&talk, 20000); /* what it sends by itself */
    assert_memory_equal(talk.got, "\x04\x0E\x06\x01\xE0\xFC\xFE\x95\x27", 9);
    talk_ask(&talk, LINK, LINK_REPLY);
    assert_int_equal(read_register(&talk, 0x44010004), 0x7236);
    assert_int_equal(read_register(&talk, 0x440001F0), 0x20340B10);
    assert_int_equal(read_register(&talk, 0x800000), 0);
    talk_end(&talk);
}

static void status_writes_leave_the_flash_busy(void **state)
{
    struct talk talk;
    size_t len;
    (void)state;

    begin_with(&talk, (struct rk_sim_options){.model = "bk7231n", .status = 0x027C});
    talk_ask(&talk, LINK, LINK_REPLY);
    /* an erase under protection is answered with success and does nothing */
    talk_ask(&talk, "01 e0 fc ff f4 06 00 0f 20 00 00 13 00",
             "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 13 00");
    assert_false(rk_sim_touched(talk.sim, 0, 2u << 20));
    /* faster than the flash: WIP shows, and an erase right after is lost */
    talk_ask_for(&talk, "01 e0 fc ff f4 04 00 0d 01 00 02",
                 "04 0e ff 01 e0 fc f4 05 00 0d 00 01 00 02", 500);
    talk_ask_for(&talk, "01 e0 fc ff f4 02 00 0c 05", "04 0e ff 01 e0 fc f4 04 00 0c 00 05 01",
                 500);
    talk_ask(&talk, "01 e0 fc ff f4 02 00 0c 05", "04 0e ff 01 e0 fc f4 04 00 0c 00 05 00");
    talk_ask(&talk, "01 e0 fc ff f4 06 00 0f 20 00 00 13 00",
             "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 13 00");
    assert_true(rk_sim_touched(talk.sim, 0x130000, 4096));
    assert_false(rk_sim_touched(talk.sim, 0x131000, 4096));
    (void)rk_sim_flash(talk.sim, &len);
    assert_int_equal(len, 2u << 20);
    talk_end(&talk);
}

static void incomplete_frames_are_answered_with_05(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n");
    talk_ask(&talk, "01 e0 fc 05 03 00 00", "04 0e 08 01 e0 fc 05 05 03 00 00");
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, "01 e0 fc ff f4 05 00 09 00", "04 0e ff 01 e0 fc f4 02 00 09 05");
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, "01 e0 fc 02 10 00", "04 0e 07 01 e0 fc 05 02 10 00");
    talk_ask(&talk, "01 e0", "");
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_end(&talk);
}

static void erase_all_takes_its_time(void **state)
{
    static uint8_t zeros[2u << 20];
    struct talk talk;
    size_t len;
    (void)state;

    begin_with(&talk, (struct rk_sim_options){
                          .model = "bk7231n", .flash = zeros, .flash_len = sizeof zeros});
    talk_ask(&talk, LINK, LINK_REPLY);
    uint64_t sent = talk.now_us;
    talk_ask_for(&talk, "01 e0 fc ff f4 02 00 0a 14", "04 0e ff 01 e0 fc f4 03 00 0a 00 14",
                 10000000);
    assert_in_range(talk.now_us - sent, 15000000, 20000000); /* 7 s, and 10 s of listening */
    assert_int_equal(rk_sim_flash(talk.sim, &len)[12345], 0xFF);
    talk_end(&talk);
}

static void ways_to_restart(void **state)
{
    static const char *const ways[] = {"01 e0 fc 02 0e a5", "01 e0 fc 05 70 53 45 41 4e"};
    struct rk_sim_stats stats;
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct talk talk;
        begin(&talk, "bk7231n");
        talk_ask_for(&talk, "01 e0 fc 06 0f 00 10 0e 00 14", "", 10000);
        talk.baud = 921600;
        talk_listen(&talk, 100000);
        assert_int_equal(talk.got_len, 12);
        talk_ask_for(&talk, ways[i], "", 10000);
        rk_sim_stats(talk.sim, &stats);
        assert_int_equal(stats.resets, 1);
        talk_ask_for(&talk, LINK, "", 10000);
        talk.baud = 115200; /* every restart goes back to it */
        talk_ask(&talk, LINK, LINK_REPLY);
        talk_end(&talk);
    }
}

/* A blank chip stays in its ROM; with a boot loader in flash it leaves it after its window. */
static void only_a_blank_chip_waits_for_ever(void **state)
{
    static uint8_t flash[0x20000];
    struct talk talk;
    (void)state;

    begin_with(&talk, (struct rk_sim_options){.model = "bk7231n", .manual_reset = true});
    talk_listen(&talk, 10000000);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_end(&talk);

    memset(flash, 0x42, sizeof flash);
    struct rk_sim_options opt = {
        .model = "bk7231n", .manual_reset = true, .flash = flash, .flash_len = sizeof flash};
    begin_with(&talk, opt);
    talk_listen(&talk, 40000);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_listen(&talk, 10000000); /* linked: stays */
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_end(&talk);
    begin_with(&talk, opt);
    talk_listen(&talk, 100000);
    talk_ask(&talk, LINK, "");
    talk_end(&talk);
}

static void a_client_at_the_start_rate_gets_a_power_cycle(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n");
    talk_send(&talk, "01 e0 fc 06 0f 00 10 0e 00 14");
    talk_listen(&talk, 100000);    /* another client comes, at 115200 */
    for (int i = 0; i < 19; i++) { /* a few checks only look for the line */
        talk_send(&talk, LINK);
        talk_listen(&talk, 2000);
        assert_true(talk.got_len < 8);
    }
    talk_send(&talk, LINK);
    talk_listen(&talk, 2000);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_end(&talk);
}

static void oddities_of_single_roms(void **state)
{
    struct talk talk;
    (void)state;

    begin_with(&talk, (struct rk_sim_options){.model = "bk7231n",
                                              .stale_links = 2,
                                              .readreg_plus_one = true,
                                              .mid_short = true});
    talk_ask(&talk, LINK, LINK_REPLY " " LINK_REPLY " " LINK_REPLY);
    talk_ask(&talk, "01 e0 fc 05 03 00 00 80 00", "04 0e 0c 01 e0 fc 03 01 00 80 00 1c 23 07 00");
    talk_ask(&talk, "01 e0 fc ff f4 05 00 0e 9f 00 00 00",
             "04 0e ff 01 e0 fc f4 05 00 0e 00 00 eb 60 15");
    talk_end(&talk);
}

static void the_banner_of_some_chips_comes_on_uart1(void **state)
{
    static uint8_t flash[0x20000];
    struct talk talk;
    (void)state;

    memset(flash, 0x42, sizeof flash);
    begin_with(&talk, (struct rk_sim_options){
                          .model = "bk7238", .flash = flash, .flash_len = sizeof flash});
    talk_listen(&talk, 100000);
    assert_true(talk.got_len > 20);
    assert_memory_equal(talk.got, "BK7238_1.0.15", 13);
    talk_end(&talk);
}

/* The first 257 bytes of a real BK7231N flash, as public tools ask for them. */
static void a_real_capture_has_its_fingerprint(void **state)
{
    static uint8_t flash[2u << 20];
    struct talk talk;
    FILE *file = fopen(RK_SHARED_DIR "/dumps/Mirabella Genio I003632 Plug.bin", "rb");
    (void)state;

    if (!file)
        skip();
    size_t n = fread(flash, 1, sizeof flash, file);
    fclose(file);
    begin_with(&talk, (struct rk_sim_options){.model = "bk7231n", .flash = flash, .flash_len = n});
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, "01 e0 fc 09 10 00 00 00 00 00 01 00 00", "04 0e 08 01 e0 fc 10 45 6e be 1e");
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_efuse_holds_the_key),
        cmocka_unit_test(ids_and_rom_words_can_be_read),
        cmocka_unit_test(the_newest_chips_have_other_registers),
        cmocka_unit_test(status_writes_leave_the_flash_busy),
        cmocka_unit_test(incomplete_frames_are_answered_with_05),
        cmocka_unit_test(erase_all_takes_its_time),
        cmocka_unit_test(ways_to_restart),
        cmocka_unit_test(only_a_blank_chip_waits_for_ever),
        cmocka_unit_test(a_client_at_the_start_rate_gets_a_power_cycle),
        cmocka_unit_test(oddities_of_single_roms),
        cmocka_unit_test(a_real_capture_has_its_fingerprint),
        cmocka_unit_test(the_banner_of_some_chips_comes_on_uart1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
