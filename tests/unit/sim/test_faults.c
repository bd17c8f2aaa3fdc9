/* Each fault shows, and the same seed gives the same run. */
#include "unit/sim/talk.h"

#include "base/crc.h"

#define READ       "01 e0 fc ff f4 05 00 09 00 10 01 00"
#define READ_LEN   4111u
#define ERASE      "01 e0 fc ff f4 06 00 0f 20 00 00 13 00"
#define ERASE_DONE "04 0e ff 01 e0 fc f4 07 00 0f 00 20 00 00 13 00"
#define WRITE      "01 e0 fc ff f4 05 10 07 00 00 13 00 count4096"

static uint8_t flash[2u << 20];

static void begin(struct talk *talk, const char *model, struct rk_sim_faults faults)
{
    for (size_t i = 0; i < sizeof flash; i++)
        flash[i] = (uint8_t)(i * 5 + (i >> 12));
    struct rk_sim_options opt = {.size = sizeof opt,
                                 .model = model,
                                 .flash = flash,
                                 .flash_len = sizeof flash,
                                 .faults = faults};
    talk_begin(talk, &opt);
    /* link without faults, then let them come */
    rk_sim_set_faults(talk->sim, &(struct rk_sim_faults){0});
    talk_ask(talk, LINK, LINK_REPLY);
    rk_sim_set_faults(talk->sim, &faults);
}

static uint32_t injected(struct talk *talk)
{
    struct rk_sim_stats stats;

    rk_sim_stats(talk->sim, &stats);
    return stats.faults;
}

static void read_once(struct talk *talk)
{
    talk_send(talk, READ);
    talk_listen(talk, 50000);
}

static void lost_added_and_flipped_bytes(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 1, .drop_ppm = 5000});
    read_once(&talk);
    assert_in_range(talk.got_len, READ_LEN - 60, READ_LEN - 5);
    talk_end(&talk);
    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 1, .add_ppm = 5000});
    read_once(&talk);
    assert_in_range(talk.got_len, READ_LEN + 5, READ_LEN + 60);
    talk_end(&talk);
    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 1, .flip_ppm = 5000});
    read_once(&talk);
    assert_int_equal(talk.got_len, READ_LEN);
    size_t wrong = 0;
    for (size_t i = 0; i < 4096; i++) {
        uint8_t difference = talk.got[15 + i] ^ flash[0x11000 + i];
        assert_int_equal(difference & (difference - 1), 0); /* one bit */
        wrong += difference != 0;
    }
    assert_in_range(wrong, 5, 60);
    assert_true(injected(&talk) >= wrong);
    talk_end(&talk);
}

static uint32_t fingerprint_of_run(uint64_t seed)
{
    struct talk talk;
    uint32_t crc = 0;

    begin(&talk, "bk7231n",
          (struct rk_sim_faults){.seed = seed,
                                 .drop_ppm = 300,
                                 .add_ppm = 300,
                                 .flip_ppm = 300,
                                 .silent_ppm = 100000,
                                 .late_ppm = 100000,
                                 .noise_ppm = 1000000});
    for (int i = 0; i < 10; i++) {
        read_once(&talk);
        crc = rk_crc32(crc, talk.got, talk.got_len);
    }
    talk_end(&talk);
    return crc;
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    assert_int_equal(fingerprint_of_run(42), fingerprint_of_run(42));
    assert_int_not_equal(fingerprint_of_run(42), fingerprint_of_run(43));
}

static void silence_and_late_answers(void **state)
{
    struct talk talk;
    unsigned answered = 0;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 3, .silent_ppm = 300000});
    for (int i = 0; i < 100; i++) {
        talk_send(&talk, LINK);
        talk_listen(&talk, 5000);
        answered += talk.got_len == 8;
    }
    assert_in_range(answered, 55, 85);
    assert_int_equal(injected(&talk), 100 - answered);
    talk_end(&talk);

    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 3, .late_ppm = 1000000});
    uint64_t sent = talk.now_us;
    talk_ask_for(&talk, LINK, LINK_REPLY, 1600000);
    assert_in_range(talk.now_us - 1600000 - sent, 200000, 1510000);
    talk_end(&talk);
}

static void an_idle_line_picks_noise_up(void **state)
{
    struct talk talk;
    size_t noise = 0;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 5, .noise_ppm = 1000000});
    for (int i = 0; i < 30; i++) {
        talk_listen(&talk, 1000000);
        noise += talk.got_len;
    }
    assert_in_range(noise, 10, 500);
    talk_end(&talk);
}

static void error_status_leaves_the_flash_alone(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 1, .status_ppm = 1000000});
    talk_ask(&talk, ERASE, "04 0e ff 01 e0 fc f4 07 00 0f 09 20 00 00 13 00");
    talk_ask(&talk, WRITE, "04 0e ff 01 e0 fc f4 06 00 07 09 00 00 13 00");
    assert_false(rk_sim_touched(talk.sim, 0, sizeof flash));
    talk_end(&talk);
}

static void too_high_a_rate_loses_bytes(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.seed = 1, .max_baud = 500000});
    read_once(&talk);
    assert_int_equal(talk.got_len, READ_LEN);
    talk_send(&talk, "01 e0 fc 06 0f 00 10 0e 00 14");
    talk.now_us += 1000;
    talk.baud = 921600;
    talk_listen(&talk, 100000);
    read_once(&talk);
    assert_true(talk.got_len < READ_LEN - 20);
    talk_end(&talk);
}

static void a_locked_flash_stays_locked(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.locked = true});
    talk_ask(&talk, "01 e0 fc ff f4 04 00 0d 01 1c 02",
             "04 0e ff 01 e0 fc f4 05 00 0d 00 01 1c 02");
    talk_ask(&talk, "01 e0 fc ff f4 02 00 0c 05", "04 0e ff 01 e0 fc f4 04 00 0c 00 05 00");
    talk_end(&talk);
}

static void a_dead_flash_reads_zero(void **state)
{
    struct talk talk;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.dead_flash = true});
    talk_ask(&talk, "01 e0 fc ff f4 05 00 0e 9f 00 00 00",
             "04 0e ff 01 e0 fc f4 06 00 0e 00 00 00 00 00");
    /* 257 x 00, a value that users have reported */
    talk_ask(&talk, "01 e0 fc 09 10 00 00 00 00 00 01 00 00", "04 0e 08 01 e0 fc 10 31 5f 40 48");
    talk_end(&talk);
}

static void a_weak_sector_does_not_verify(void **state)
{
    struct talk talk;
    size_t len, wrong = 0;
    (void)state;

    begin(&talk, "bk7231n", (struct rk_sim_faults){.weak_sector = 0x130000});
    talk_ask(&talk, ERASE, ERASE_DONE);
    talk_ask(&talk, WRITE, "04 0e ff 01 e0 fc f4 06 00 07 00 00 00 13 00");
    const uint8_t *cells = rk_sim_flash(talk.sim, &len);
    for (uint32_t i = 0; i < 4096; i++)
        wrong += cells[0x130000 + i] != (uint8_t)i;
    assert_in_range(wrong, 10, 200);
    talk_end(&talk);
}

/* The power fails in the middle of the third command: an erase, a write, or a read. */
static void power_cut(const char *model, const char *command, bool changes)
{
    struct rk_sim_stats stats;
    struct talk talk;
    size_t len;

    begin(&talk, model, (struct rk_sim_faults){.seed = 11, .power_cut_at = 3});
    talk_ask(&talk, ERASE, ERASE_DONE);
    uint8_t *before = malloc(sizeof flash);
    assert_non_null(before);
    memcpy(before, rk_sim_flash(talk.sim, &len), sizeof flash);
    talk_ask(&talk, command, "");
    rk_sim_stats(talk.sim, &stats);
    assert_false(stats.powered);
    talk_ask(&talk, LINK, "");
    const uint8_t *cells = rk_sim_flash(talk.sim, &len);
    bool changed = memcmp(before, cells, sizeof flash) != 0;
    assert_int_equal(changed, changes);
    /* only one sector is hurt */
    memcpy(before + 0x130000, cells + 0x130000, 4096);
    memcpy(before + 0x131000, cells + 0x131000, 4096);
    assert_memory_equal(before, cells, sizeof flash);
    free(before);
    rk_sim_power_on(talk.sim, talk.now_us);
    talk_ask(&talk, LINK, LINK_REPLY);
    talk_ask(&talk, ERASE, ERASE_DONE);
    talk_end(&talk);
}

static void the_power_fails_in_the_middle(void **state)
{
    static const char *const models[] = {"bk7231n", "bk7231t"};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        power_cut(models[i], "01 e0 fc ff f4 06 00 0f 20 00 10 13 00", true);
        power_cut(models[i], WRITE, true);
        power_cut(models[i], READ, false);
        power_cut(models[i], LINK, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_added_and_flipped_bytes),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(silence_and_late_answers),
        cmocka_unit_test(an_idle_line_picks_noise_up),
        cmocka_unit_test(error_status_leaves_the_flash_alone),
        cmocka_unit_test(too_high_a_rate_loses_bytes),
        cmocka_unit_test(a_locked_flash_stays_locked),
        cmocka_unit_test(a_dead_flash_reads_zero),
        cmocka_unit_test(a_weak_sector_does_not_verify),
        cmocka_unit_test(the_power_fails_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
