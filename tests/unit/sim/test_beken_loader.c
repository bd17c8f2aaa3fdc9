/* The traps of the flash loaders, each as it was observed on the executed builds. */
#include "unit/sim/talk.h"

#include "sim/machine.h"

#include "base/crc.h"
#include "base/bytes.h"

#define ERASE_1F0000       "01 e0 fc ff f4 06 00 0f 20 00 00 1f 00"
#define ERASE_1F0000_REPLY "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 1f 00"
#define CRC_11000          "01 e0 fc 09 10 00 10 01 00 ff 1f 01 00"

static uint8_t content[2u << 20];

static void begin(struct talk *talk, const char *model, const char *loader, uint32_t jedec,
                  uint32_t status)
{
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7 + (i >> 12) * 13 + 1);
    struct rk_sim_options opt = {.size = sizeof opt,
                                 .model = model,
                                 .loader = loader,
                                 .jedec = jedec,
                                 .status = status,
                                 .flash = content,
                                 .flash_len = sizeof content};
    talk_begin(talk, &opt);
}

static uint8_t cell(struct talk *talk, uint32_t addr)
{
    size_t len;

    return rk_sim_flash(talk->sim, &len)[addr];
}

/* Sends a frame and throws the answer away. */
static void tell(struct talk *talk, const char *text)
{
    talk_send(talk, text);
    talk_listen(talk, 300000);
}

static void a_crc_locks_and_a_link_check_unlocks(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", "1.0.5", 0, 0x4E7C);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, ERASE_1F0000, ERASE_1F0000_REPLY);
    assert_int_equal(cell(&talk, 0x1F0000), 0xFF);
    tell(&talk, CRC_11000);
    /* now locked: answered with success, nothing happens */
    talk_ask(&talk, "01 e0 fc ff f4 06 00 0f 20 00 10 1f 00",
             "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 10 1f 00");
    assert_false(rk_sim_touched(talk.sim, 0x1F1000, 4096));
    /* a write never unlocks, also not after a link check */
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, "01 e0 fc ff f4 15 00 06 00 00 1f 00 count16",
             "04 0e ff 01 e0 fc f4 07 00 06 00 00 00 1f 00 10");
    assert_int_equal(cell(&talk, 0x1F0000), 0xFF);
    /* an erase does, also one with a size code that erases nothing */
    talk_ask(&talk, "01 e0 fc ff f4 06 00 0f 00 00 00 1f 00",
             "04 0e ff 01 e0 fc f4 07 00 0f 00 00 00 00 1f 00");
    talk_ask(&talk, "01 e0 fc ff f4 15 00 06 00 00 1f 00 count16",
             "04 0e ff 01 e0 fc f4 07 00 06 00 00 00 1f 00 10");
    assert_int_equal(cell(&talk, 0x1F0001), 0x01);
    talk_end(&talk);
}

static void an_erase_before_the_first_link_check_does_not_unlock(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", "1.0.6", 0, 0x007C);
    talk_ask(&talk, ERASE_1F0000, ERASE_1F0000_REPLY);
    assert_false(rk_sim_touched(talk.sim, 0x1F0000, 4096));
    talk_end(&talk);
}

static void old_and_q_loaders_arm_only_once(void **state)
{
    static const char *const variants[][2] = {
        {"bk7231t", "1.0.4"}, {"bk7231q", NULL}, {"bk7231t", "1.0.6"}, {"bk7231u", NULL}};
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        struct talk talk;
        begin(&talk, variants[i][0], variants[i][1], 0x1540C8, 0x007C);
        talk_ask(&talk, LINK, LINK_REPLY);
        tell(&talk, CRC_11000);
        talk_ask(&talk, ERASE_1F0000, ERASE_1F0000_REPLY); /* the flag was still up */
        assert_true(rk_sim_touched(talk.sim, 0x1F0000, 4096));
        tell(&talk, CRC_11000);
        talk_ask(&talk, LINK, LINK_REPLY);
        tell(&talk, "01 e0 fc ff f4 06 00 0f 20 00 10 1f 00");
        assert_int_equal(rk_sim_touched(talk.sim, 0x1F1000, 4096), i >= 2);
        talk_end(&talk);
    }
}

static void only_some_loaders_lock_the_th25q16(void **state)
{
    static const struct {
        const char *model, *loader;
        bool locks;
    } rows[] = {{"bk7231t", "1.0.4", false},
                {"bk7231t", "1.0.5", false},
                {"bk7231t", "1.0.6", true},
                {"bk7231u", NULL, true}};
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct talk talk;
        begin(&talk, rows[i].model, rows[i].loader, 0x1560EB, 0);
        talk_ask(&talk, LINK, LINK_REPLY);
        tell(&talk, "01 e0 fc ff f4 06 00 0f 00 00 00 1f 00");
        tell(&talk, CRC_11000);
        tell(&talk, ERASE_1F0000);
        assert_int_equal(rk_sim_touched(talk.sim, 0x1F0000, 4096), !rows[i].locks);
        talk_end(&talk);
    }
}

static void addresses_beyond_the_flash_reach_the_loader_on_t(void **state)
{
    static const char *const models[] = {"bk7231t", "bk7231q", "bk7231u", "bk7252"};
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        struct talk talk;
        begin(&talk, models[i], NULL, 0x1540C8, 0);
        talk_ask(&talk, LINK, LINK_REPLY);
        talk_ask(&talk, "01 e0 fc ff f4 06 00 0f 20 00 30 20 00",
                 "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 30 20 00");
        assert_int_equal(rk_sim_touched(talk.sim, 0x3000, 4096), i < 2);
        talk_end(&talk);
    }
}

static void write_4k_reaches_the_loader_itself(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, "01 e0 fc ff f4 05 10 07 00 30 00 00 count4096",
             "04 0e ff 01 e0 fc f4 06 00 07 00 00 30 00 00");
    assert_int_equal(cell(&talk, 0x3000), content[0x3000] & 0x00);
    talk_end(&talk);
}

static void an_odd_write_length_swallows_the_line(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, "01 e0 fc ff f4 06 00 0f d8 00 00 1e 00",
             "04 0e ff 01 e0 fc f4 07 00 0f 00 d8 00 00 1e 00");
    talk_ask(&talk, "01 e0 fc ff f4 31 01 07 00 00 1e 00 count300", ""); /* 300 bytes of data */
    for (int i = 0; i < 45; i++)
        talk_ask_for(&talk, LINK, "", 2000);
    for (uint32_t i = 0; i < 256; i++)
        assert_int_equal(cell(&talk, 0x1E0000 + i), i);
    for (uint32_t i = 0; i < 44; i++) /* the rest of the data, then the link checks */
        assert_int_equal(cell(&talk, 0x1E0100 + i), (uint8_t)(256 + i));
    assert_int_equal(cell(&talk, 0x1E0100 + 44), 0x01);
    assert_int_equal(cell(&talk, 0x1E0100 + 45), 0xE0);
    /* only silence helps: the idle reboot */
    talk_listen(&talk, 600000);
    talk_ask(&talk, LINK, ""); /* restarts the module, which runs its application by now */
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_end(&talk);
}

static void the_receive_ring_holds_512_bytes(void **state)
{
    (void)state;
    for (int count = 100; count <= 120; count += 20) {
        struct talk talk;
        begin(&talk, "bk7231t", "1.0.6", 0, 0);
        talk_ask(&talk, LINK, LINK_REPLY);
        talk_send(&talk, "01 e0 fc ff f4 05 00 09 00 10 01 00");
        talk.now_us += 1000;
        for (int i = 0; i < count; i++) /* while 4 KiB go out */
            talk_send(&talk, LINK);
        talk_listen(&talk, 300000);
        size_t links = (talk.got_len - 4111) / 8;
        assert_int_equal(links, count == 100 ? 100 : 17);
        talk_end(&talk);
    }
}

static void reads_can_be_queued(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    for (int i = 0; i < 3; i++)
        talk_send(&talk, "01 e0 fc ff f4 05 00 09 00 10 01 00");
    talk_send(&talk, LINK);
    uint64_t begin_us = talk.now_us;
    talk_listen(&talk, 100000);
    assert_int_equal(talk.got_len, 3 * 4111 + 8);
    /* one after the other without gaps: 12,341 bytes at 115,044 bit/s */
    assert_in_range(talk.now_us - 100000 - begin_us, 1069000, 1076000);
    talk_end(&talk);
}

static uint32_t crc_answer(struct talk *talk, const char *text)
{
    talk_send(talk, text);
    talk_listen(talk, 300000);
    assert_int_equal(talk->got_len, 11);
    return rk_get_le32(talk->got + 7);
}

static void crc_counts_whole_blocks(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    uint32_t one = ~rk_crc32(0, content + 0x11000, 256);
    uint32_t sixteen = ~rk_crc32(0, content + 0x11000, 4096);
    assert_int_equal(crc_answer(&talk, "01 e0 fc 09 10 00 10 01 00 00 10 01 00"), 0xFFFFFFFF);
    assert_int_equal(crc_answer(&talk, "01 e0 fc 09 10 00 10 01 00 fe 10 01 00"), 0xFFFFFFFF);
    assert_int_equal(crc_answer(&talk, "01 e0 fc 09 10 00 10 01 00 ff 10 01 00"), one);
    assert_int_equal(crc_answer(&talk, "01 e0 fc 09 10 00 10 01 00 fe 11 01 00"), one);
    assert_int_equal(crc_answer(&talk, "01 e0 fc 09 10 00 10 01 00 ff 1f 01 00"), sixteen);
    assert_int_equal(crc_answer(&talk, "01 e0 fc 09 10 00 10 01 00 00 20 01 00"), sixteen);
    assert_int_equal(crc_answer(&talk, "01 e0 fc 09 10 00 10 21 00 ff 1f 21 00"), sixteen);
    talk_end(&talk);
}

static void a_reversed_crc_range_hangs_until_the_power_is_cycled(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, "01 e0 fc 09 10 00 20 01 00 ff 1f 01 00", "");
    talk_ask_for(&talk, LINK, "", 3000000); /* no idle reboot either */
    rk_sim_power_on(talk.sim, talk.now_us);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_end(&talk);
}

static void half_a_frame_waits_for_ever(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask_for(&talk, "01 e0 fc 01", "", 400000);
    talk_ask(&talk, "00", LINK_REPLY);
    /* a truncated read takes its address from the link check that follows */
    talk_ask(&talk, "01 e0 fc ff f4 05 00 09 00", "");
    talk_ask(&talk, LINK, "04 0e ff 01 e0 fc f4 06 10 09 00 00 01 e0 fc flash:fce00100");
    talk_end(&talk);
}

/* Boots a module and sends a link check `at_us` after its start, with some noise before. */
static bool links_at(const char *model, const char *loader, uint64_t at_us, bool noise)
{
    struct talk talk;
    struct rk_sim_options opt = {
        .size = sizeof opt, .model = model, .loader = loader, .manual_reset = true};

    talk_begin(&talk, &opt);
    if (noise) {
        talk.now_us = 5000;
        talk_send(&talk, "00");
    }
    talk_listen(&talk, at_us - talk.now_us);
    talk_send(&talk, LINK);
    talk_listen(&talk, 20000);
    bool linked = talk.got_len == 8;
    talk_end(&talk);
    return linked;
}

static void the_boot_window(void **state)
{
    (void)state;
    assert_true(links_at("bk7231t", "1.0.6", 8000, false));
    assert_false(links_at("bk7231t", "1.0.6", 40000, false));
    assert_true(links_at("bk7231t", "1.0.6", 790000, true));
    assert_false(links_at("bk7231t", "1.0.6", 850000, true));
    assert_true(links_at("bk7231q", NULL, 790000, false));
    assert_false(links_at("bk7231q", NULL, 850000, false));
}

static void the_idle_reboot(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    for (int i = 0; i < 8; i++) /* any byte keeps it awake */
        talk_ask(&talk, "ff", "");
    talk_ask(&talk, "01 e0 fc 01 11",
             "04 0e 14 01 e0 fc 11 42 4b 37 32 33 31 53 5f 31 2e 30 2e 35 00 00 00");
    talk_listen(&talk, 600000);
    talk_ask(&talk, "01 e0 fc 01 11", "");
    struct rk_sim_stats stats;
    rk_sim_stats(talk.sim, &stats);
    assert_int_equal(stats.resets, 1);
    talk_end(&talk);

    begin(&talk, "bk7231q", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_listen(&talk, 5000000);
    talk_ask(&talk, LINK, LINK_REPLY);
    rk_sim_stats(talk.sim, &stats);
    assert_int_equal(stats.resets, 0);
    talk_end(&talk);
}

static void gapless_link_checks_are_not_for_everyone(void **state)
{
    static const struct {
        const char *model, *loader;
        bool links;
    } rows[] = {{"bk7231t", "1.0.4", false}, {"bk7231t", "1.0.5", true}, {"bk7231t", "1.0.6", true},
                {"bk7231u", NULL, false},    {"bk7252", NULL, false},    {"bk7231q", NULL, true}};
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint64_t gap = 60; gap <= 1100; gap += 1040) {
            struct talk talk;
            begin(&talk, rows[i].model, rows[i].loader, 0, 0);
            for (int n = 0; n < 100; n++) {
                talk_send(&talk, LINK);
                talk.now_us += gap;
            }
            uint8_t got[1024];
            size_t len =
                rk_sim_transmit(talk.sim, RK_SIM_UART1, talk.now_us - 600, got, sizeof got, 115200);
            assert_int_equal(len > 0, rows[i].links || gap > 1000);
            talk_end(&talk);
        }
}

static void the_baud_rate_changes_at_once_and_the_answer_waits(void **state)
{
    static const struct {
        unsigned delay;
        uint64_t from_us, to_us;
    } rows[] = {{0, 1700, 2300}, {1, 3700, 4300}, {20, 41700, 42300}, {255, 511700, 512300}};
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct talk talk;
        char frame[64];
        begin(&talk, "bk7231t", NULL, 0, 0);
        talk_ask(&talk, LINK, LINK_REPLY);
        snprintf(frame, sizeof frame, "01 e0 fc 06 0f 00 10 0e 00 %02x", rows[i].delay);
        talk_send(&talk, frame);
        uint64_t sent = talk.now_us;
        talk.baud = 921600;
        talk_listen(&talk, 600000);
        uint64_t first = talk.now_us - 600000 - sent - 12 * 10000000ull / 921600;
        assert_int_equal(talk.got_len, 12);
        assert_in_range(first, rows[i].from_us, rows[i].to_us);
        talk_end(&talk);
    }
}

/* The rate at which the module sends after SetBaudRate. */
static uint32_t true_rate(const char *model, uint32_t baud)
{
    struct rk_sim_options opt = {.size = sizeof opt, .model = model};
    struct talk talk;
    uint8_t frame[] = {0x01, 0xE0, 0xFC, 0x06, 0x0F, 0, 0, 0, 0, 0};

    talk_begin(&talk, &opt);
    talk_ask(&talk, LINK, LINK_REPLY);
    rk_put_le32(frame + 5, baud);
    talk_send_bytes(&talk, frame, sizeof frame);
    talk_listen(&talk, 4000);
    uint32_t rate = talk.sim->baud;
    talk_end(&talk);
    return rate;
}

static void rates_are_26_mhz_divided(void **state)
{
    static const uint32_t rows[][2] = {{115200, 115044},   {230400, 230088},   {460800, 464286},
                                       {921600, 928571},   {1000000, 1000000}, {1152000, 1130435},
                                       {1500000, 1529412}, {2000000, 2000000}, {3000000, 2888889},
                                       {3250000, 3250000}, {4000000, 4333333}, {5000000, 5200000},
                                       {8000000, 5200000}, {300, 3174},        {0, 115044}};
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(true_rate("bk7231t", rows[i][0]), rows[i][1]);
    assert_int_equal(true_rate("bk7231q", 921600), 866667);
    assert_int_equal(true_rate("bk7231q", 115200), 114537);
}

static void a_wrong_rate_is_garbage_both_ways(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk.baud = 230400;
    talk_send(&talk, LINK);
    talk_listen(&talk, 100000);
    assert_int_equal(talk.got_len, 0);
    talk.baud = 115200;
    rk_sim_power_on(talk.sim, talk.now_us);
    talk_send(&talk, LINK);
    talk.baud = 460800; /* listens at another rate */
    talk_listen(&talk, 100000);
    assert_true(talk.got_len > 0);
    assert_true(talk.got_len < 8 || memcmp(talk.got, "\x04\x0e\x05\x01\xe0\xfc\x01\x00", 8) != 0);
    talk_end(&talk);
}

static void a_short_write_leaves_stale_bytes_on_1_0_5(void **state)
{
    static const uint8_t seen[] = {0x00, 0xFF, 0xFF, 0xFF, 0xAE, 0xBD, 0x1A, 0x37, 0xBC, 0xFF};
    struct talk talk;
    size_t len;
    (void)state;

    begin(&talk, "bk7231t", "1.0.5", 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    tell(&talk, "01 e0 fc ff f4 06 00 0f 20 00 00 13 00");
    tell(&talk, "01 e0 fc ff f4 15 00 06 00 00 13 00 count16");
    assert_memory_equal(rk_sim_flash(talk.sim, &len) + 0x130010, seen, sizeof seen);
    talk_end(&talk);
}

static void the_marker_sector_is_erased_at_start(void **state)
{
    struct rk_sim_options opt = {
        .size = sizeof opt, .model = "bk7231t", .flash = content, .flash_len = sizeof content};
    struct talk talk;
    (void)state;

    memset(content, 0x11, sizeof content);
    content[0x1E1000] = 0xA5;
    content[0x1E1001] = 0x5A;
    talk_begin(&talk, &opt);
    talk_listen(&talk, 100000);
    assert_int_equal(cell(&talk, 0x1E1002), 0xFF);
    assert_int_equal(cell(&talk, 0x1E2000), 0x11);
    talk_end(&talk);
}

static void without_its_loader_the_module_is_dead(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231t", NULL, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    tell(&talk, "01 e0 fc ff f4 06 00 0f 20 00 00 20 00"); /* the alias of sector 0 */
    talk_ask(&talk, LINK, LINK_REPLY);                     /* it still runs, from its cache */
    rk_sim_power_on(talk.sim, talk.now_us);
    for (int i = 0; i < 50; i++)
        talk_ask_for(&talk, LINK, "", 5000);
    talk_end(&talk);
}

static void the_stand_in_has_the_fingerprint(void **state)
{
    static const struct {
        const char *model, *loader;
        uint32_t crc;
    } rows[] = {{"bk7231t", "1.0.4", 0x4B31E44D}, {"bk7231t", NULL, 0xBA54C1B8},
                {"bk7231t", "1.0.6", 0xE5CBC953}, {"bk7231u", NULL, 0x8BCEC3B4},
                {"bk7252", NULL, 0x8BCEC3B4},     {"bk7231q", NULL, 0x42C221EA}};
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rk_sim_options opt = {
            .size = sizeof opt, .model = rows[i].model, .loader = rows[i].loader};
        struct talk talk;
        talk_begin(&talk, &opt);
        talk_ask(&talk, LINK, LINK_REPLY);
        assert_int_equal(~crc_answer(&talk, "01 e0 fc 09 10 00 00 00 00 ff 00 00 00"), rows[i].crc);
        talk_end(&talk);
    }
}

static void real_captures_have_theirs(void **state)
{
    static const struct {
        const char *file, *model, *loader;
        uint32_t crc;
    } rows[] = {
        {"BK7231Q_Tuya_MOES_Relay_WA2_1.1.3.bin", "bk7231q", NULL, 0x42C221EA},
        {"Globe Electric 37783 RGBCT Bulb v2.0.0.bin", "bk7231t", "1.0.4", 0x4B31E44D},
        {"Tuya Generic DS-101JL 4 Gang Smart Switch.bin", "bk7231t", "1.0.5", 0xBA54C1B8},
        {"Tuya Generic GR-W-105 Water Shutoff Valve v1.1.5.bin", "bk7231t", "1.0.6", 0xE5CBC953},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, RK_SHARED_DIR "/dumps/%s", rows[i].file);
        FILE *file = fopen(path, "rb");
        if (!file)
            skip();
        size_t n = fread(content, 1, sizeof content, file);
        fclose(file);
        struct rk_sim_options opt = {.size = sizeof opt,
                                     .model = rows[i].model,
                                     .loader = rows[i].loader,
                                     .flash = content,
                                     .flash_len = n};
        struct talk talk;
        talk_begin(&talk, &opt);
        talk_ask(&talk, LINK, LINK_REPLY);
        assert_int_equal(~crc_answer(&talk, "01 e0 fc 09 10 00 00 00 00 00 01 00 00"), rows[i].crc);
        talk_end(&talk);
    }
}

/* Collects the log until the module falls silent. */
static void listen_to_log(struct talk *talk, char *text, size_t cap)
{
    size_t used = 0, n;

    for (uint64_t end = talk->now_us + 3000000; talk->now_us < end; talk->now_us += 10000) {
        while ((n = rk_sim_transmit(talk->sim, RK_SIM_UART2, talk->now_us, (uint8_t *)text + used,
                                    cap - 1 - used, 0)) > 0)
            used += n;
        n = rk_sim_transmit(talk->sim, RK_SIM_UART1, talk->now_us, talk->got, sizeof talk->got,
                            115200);
        assert_int_equal(n, 0); /* nothing on UART1 by itself */
    }
    text[used] = '\0';
}

static void the_banner_and_the_application(void **state)
{
    struct talk talk;
    char text[4096];
    (void)state;

    begin(&talk, "bk7231t", "1.0.6", 0, 0);
    listen_to_log(&talk, text, sizeof text);
    assert_ptr_equal(strstr(text, "V:BK7231S_1.0.6\r\r\nCPSR:000000D3\r\r\n"), text);
    assert_non_null(strstr(text, "ST:00000000\r\r\nJ 0x10000\r\r\n"));
    assert_non_null(strstr(text, "application running"));
    /* both ways to ask running firmware for a restart; the reason shows in the next banner */
    talk_send(&talk, "72 65 62 6f 6f 74 0d 0a");
    listen_to_log(&talk, text, sizeof text);
    assert_non_null(strstr(text, "ST:BEDEAD11"));
    talk_send(&talk, "01 e0 fc 05 fe 95 27 95 27");
    listen_to_log(&talk, text, sizeof text);
    assert_non_null(strstr(text, "ST:BEDEAD11"));
    /* the idle reboot has another */
    talk_ask(&talk, LINK, "");
    talk_ask(&talk, LINK, LINK_REPLY);
    listen_to_log(&talk, text, sizeof text);
    assert_non_null(strstr(text, "ST:BEDEAD10"));
    talk_end(&talk);
}

static void a_manual_module_does_not_restart_for_a_client(void **state)
{
    (void)state;
    assert_false(links_at("bk7231t", NULL, 100000, false));
    struct talk talk;
    struct rk_sim_options opt = {.size = sizeof opt, .model = "bk7231t", .manual_reset = true};
    talk_begin(&talk, &opt);
    talk_listen(&talk, 100000);
    for (int i = 0; i < 100; i++)
        talk_ask_for(&talk, LINK, "", 2000);
    rk_sim_lines(talk.sim, talk.now_us, 0, 1); /* CEN low */
    talk_ask_for(&talk, LINK, "", 2000);
    rk_sim_lines(talk.sim, talk.now_us, 0, 0);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crc_locks_and_a_link_check_unlocks),
        cmocka_unit_test(an_erase_before_the_first_link_check_does_not_unlock),
        cmocka_unit_test(old_and_q_loaders_arm_only_once),
        cmocka_unit_test(only_some_loaders_lock_the_th25q16),
        cmocka_unit_test(addresses_beyond_the_flash_reach_the_loader_on_t),
        cmocka_unit_test(write_4k_reaches_the_loader_itself),
        cmocka_unit_test(an_odd_write_length_swallows_the_line),
        cmocka_unit_test(the_receive_ring_holds_512_bytes),
        cmocka_unit_test(reads_can_be_queued),
        cmocka_unit_test(crc_counts_whole_blocks),
        cmocka_unit_test(a_reversed_crc_range_hangs_until_the_power_is_cycled),
        cmocka_unit_test(half_a_frame_waits_for_ever),
        cmocka_unit_test(the_boot_window),
        cmocka_unit_test(the_idle_reboot),
        cmocka_unit_test(gapless_link_checks_are_not_for_everyone),
        cmocka_unit_test(the_baud_rate_changes_at_once_and_the_answer_waits),
        cmocka_unit_test(rates_are_26_mhz_divided),
        cmocka_unit_test(a_wrong_rate_is_garbage_both_ways),
        cmocka_unit_test(a_short_write_leaves_stale_bytes_on_1_0_5),
        cmocka_unit_test(the_marker_sector_is_erased_at_start),
        cmocka_unit_test(without_its_loader_the_module_is_dead),
        cmocka_unit_test(the_stand_in_has_the_fingerprint),
        cmocka_unit_test(real_captures_have_theirs),
        cmocka_unit_test(the_banner_and_the_application),
        cmocka_unit_test(a_manual_module_does_not_restart_for_a_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
