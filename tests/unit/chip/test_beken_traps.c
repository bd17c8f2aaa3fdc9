/* The traps of the loaders, and lines that are bad: what is answered with success and does nothing,
 * what hangs, what restarts, what gets lost. */
#include "unit/chip/bench.h"

#include "chip/chip.h"

static const struct {
    const char *model, *loader;
    uint32_t size;
} flash_loaders[] = {
    {"bk7231t", "1.0.4", 0x200000}, {"bk7231t", "1.0.5", 0x200000}, {"bk7231t", "1.0.6", 0x200000},
    {"bk7231u", NULL, 0x200000},    {"bk7231q", NULL, 0x200000},    {"bk7252", NULL, 0x400000},
};
#define FLASH_LOADERS (sizeof flash_loaders / sizeof flash_loaders[0])

static uint8_t pattern[0x4000], back[0x200000];

static void make_pattern(void)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 13 + (i >> 8));
}

/* A loader without its real first bytes cannot be told by them: give it those. */
static void with_loader(struct rk_sim_options *sim)
{
    sim->flash = NULL;
    sim->flash_len = 0;
}

static void write_pattern(struct bench *b, uint32_t addr)
{
    size_t len;

    bench_ok(b, rk_device_write_begin(b->dev, &b->err));
    for (uint32_t at = 0; at < sizeof pattern; at += 0x1000)
        bench_ok(b, rk_device_erase(b->dev, addr + at, 0x1000, &b->err));
    bench_ok(b, rk_device_program(b->dev, addr, pattern, sizeof pattern, &b->err));
    bench_ok(b, rk_device_write_end(b->dev, &b->err));
    assert_memory_equal(rk_sim_flash(b->sim, &len) + addr, pattern, sizeof pattern);
}

static bool same_digest(struct bench *b, uint32_t addr, const uint8_t *data, uint32_t size)
{
    struct rk_digest have, want;

    bench_ok(b, rk_device_digest(b->dev, addr, size, &have, &b->err));
    rk_digest_of(RK_DIGEST_CRC32, data, size, &want);
    return rk_digest_equal(&have, &want);
}

/* A CRC locks the flash: on two loaders until the next reset. Writing after one, and a digest in
 * the middle of writing, must work on all. */
static void a_crc_does_not_stop_writing(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLASH_LOADERS; i++) {
        struct rk_sim_options sim =
            bench_sim(flash_loaders[i].model, flash_loaders[i].loader, flash_loaders[i].size);
        struct bench b;
        with_loader(&sim);
        sim.status = 0x007C;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        memset(back, 0xFF, 0x10000);
        assert_true(same_digest(&b, 0x30000, back, 0x10000));
        write_pattern(&b, 0x30000);
        assert_true(same_digest(&b, 0x30000, pattern, sizeof pattern));
        bench_ok(&b, rk_device_write_begin(b.dev, &b.err));
        bench_ok(&b, rk_device_erase(b.dev, 0x50000, 0x10000, &b.err));
        assert_true(same_digest(&b, 0x30000, pattern, sizeof pattern));
        bench_ok(&b, rk_device_program(b.dev, 0x50000, pattern, sizeof pattern, &b.err));
        assert_true(same_digest(&b, 0x50000, pattern, sizeof pattern));
        bench_ok(&b, rk_device_write_end(b.dev, &b.err));
        assert_false(rk_sim_touched(b.sim, 0, 0x11000));
        bench_end(&b);
    }
}

/* Somebody else has computed a CRC before us and the module was not reset: nothing tells. */
static void a_lock_from_before_is_opened(void **state)
{
    static const uint8_t link[] = {0x01, 0xE0, 0xFC, 0x01, 0x00};
    static const uint8_t crc[] = {0x01, 0xE0, 0xFC, 0x09, 0x10, 0,   0x10,
                                  0x01, 0x00, 0xFF, 0x10, 0x01, 0x00};
    (void)state;
    for (size_t i = 0; i < FLASH_LOADERS; i++) {
        struct rk_sim_options sim =
            bench_sim(flash_loaders[i].model, flash_loaders[i].loader, flash_loaders[i].size);
        struct bench b;
        uint8_t waste[64];
        size_t got;
        with_loader(&sim);
        bench_begin(&b, &sim);
        bench_ok(&b, rk_link_write(b.link, link, sizeof link, &b.err));
        bench_ok(&b, rk_link_read(b.link, waste, sizeof waste, &got, 20000, &b.err));
        bench_ok(&b, rk_link_write(b.link, crc, sizeof crc, &b.err));
        bench_ok(&b, rk_link_read(b.link, waste, sizeof waste, &got, 20000, &b.err));
        bench_ok(&b, bench_connect(&b, NULL));
        write_pattern(&b, 0x30000);
        bench_end(&b);
    }
}

static void the_boot_area_is_read_through_its_alias(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLASH_LOADERS; i++) {
        struct rk_sim_options sim =
            bench_sim(flash_loaders[i].model, flash_loaders[i].loader, flash_loaders[i].size);
        struct bench b;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        assert_int_equal(rk_device_info(b.dev)->flash_size, flash_loaders[i].size);
        bench_ok(&b, rk_device_read(b.dev, 0, back, 0x13000, &b.err));
        assert_memory_equal(back, bench_content, 0x13000);
        bench_ok(&b, rk_device_read(b.dev, 0x10FFD, back, 7, &b.err));
        assert_memory_equal(back, bench_content + 0x10FFD, 7);
        bench_end(&b);
    }
}

/* 0.1 to 1 s of silence restart a flash loader; keepalive prevents it, and without it the module is
 * found again and the rate restored. */
static void idle_modules_are_kept_or_found(void **state)
{
    struct rk_sim_options sim = bench_sim("bk7231t", "1.0.6", 0x200000);
    struct rk_sim_stats before, after;
    struct bench b;
    (void)state;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, NULL));
    uint32_t rate = rk_device_info(b.dev)->baud;
    rk_sim_stats(b.sim, &before);
    for (int i = 0; i < 60; i++) {
        rk_clock_sleep(rk_link_clock(b.link), 45000);
        bench_ok(&b, rk_device_keepalive(b.dev, &b.err));
    }
    rk_sim_stats(b.sim, &after);
    assert_int_equal(after.resets, before.resets);
    rk_clock_sleep(rk_link_clock(b.link), 5000000);
    bench_ok(&b, rk_device_read(b.dev, 0x20000, back, 0x1000, &b.err));
    assert_memory_equal(back, bench_content + 0x20000, 0x1000);
    rk_sim_stats(b.sim, &after);
    assert_true(after.resets > before.resets);
    assert_int_equal(rk_device_info(b.dev)->baud, rate);
    bench_end(&b);
}

/* Restarted in the middle of writing: the flash is opened again without being asked. */
static void writing_goes_on_after_a_restart(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLASH_LOADERS; i++) {
        struct rk_sim_options sim =
            bench_sim(flash_loaders[i].model, flash_loaders[i].loader, flash_loaders[i].size);
        struct bench b;
        size_t len;
        with_loader(&sim);
        sim.status = 0x007C;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        bench_ok(&b, rk_device_write_begin(b.dev, &b.err));
        bench_ok(&b, rk_device_erase(b.dev, 0x30000, 0x1000, &b.err));
        rk_sim_power_on(b.sim, bench_now(&b) + 1000);
        bench_ok(&b, rk_device_erase(b.dev, 0x31000, 0x1000, &b.err));
        bench_ok(&b, rk_device_program(b.dev, 0x30000, pattern, 0x2000, &b.err));
        assert_memory_equal(rk_sim_flash(b.sim, &len) + 0x30000, pattern, 0x2000);
        bench_ok(&b, rk_device_write_end(b.dev, &b.err));
        bench_end(&b);
    }
}

static void oddities_of_roms_are_tolerated(void **state)
{
    static const char *const models[] = {"bk7231n", "bk7238", "bk7236", "bk7258"};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct rk_sim_options sim = bench_sim(models[i], NULL, i < 2 ? 0x200000 : 0x400000);
        struct bench b;
        sim.readreg_plus_one = sim.mid_short = true;
        sim.stale_links = 5;
        if (i == 3)
            sim.flash_size = 0x800000;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        assert_true(rk_device_info(b.dev)->has_jedec);
        assert_int_equal(rk_device_info(b.dev)->flash_size_evidence, RK_EVIDENCE_ONE);
        bench_ok(&b, rk_device_identify(b.dev, &b.err));
        assert_int_equal(rk_device_info(b.dev)->flash_size_evidence, RK_EVIDENCE_CONFIRMED);
        bench_end(&b);
    }
}

/* Lock what was locked, and leave quad enable and everything else as they were. */
static void protection_is_removed_and_put_back(void **state)
{
    static const uint32_t parts[] = {0x1560EB, 0x1540C8, 0x1340C8, 0x154285, 0x15701C, 0x1560C4};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct rk_sim_options sim = bench_sim("bk7231n", NULL, 0);
        struct bench b;
        sim.flash = NULL;
        sim.jedec = parts[i];
        sim.status = 0x021C;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        assert_true(rk_device_info(b.dev)->write_protected);
        uint32_t before = rk_device_info(b.dev)->status;
        write_pattern(&b, 0x30000);
        bench_ok(&b, rk_device_identify(b.dev, &b.err));
        assert_int_equal(rk_device_info(b.dev)->status, before);
        bench_end(&b);
    }
}

static void a_locked_flash_is_named(void **state)
{
    struct rk_sim_options sim = bench_sim("bk7231n", NULL, 0x200000);
    struct bench b;
    (void)state;
    sim.status = 0x007C;
    sim.faults.locked = true;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, NULL));
    assert_int_equal(rk_device_write_begin(b.dev, &b.err), RK_ERR_WRITE_PROTECTED);
    assert_string_equal(b.err.id, "flash.protected");
    assert_non_null(strstr(b.err.detail, "0x007c"));
    bench_ok(&b, rk_device_write_end(b.dev, &b.err));
    bench_end(&b);
}

/* Bytes get lost above some rate: the ladder ends below it, and nothing is wrong afterwards. */
static void the_ladder_finds_a_good_rate(void **state)
{
    static const uint32_t limits[] = {100000, 200000, 300000, 700000};
    static const uint32_t rates[] = {115200, 115200, 230400, 460800};
    (void)state;
    for (size_t i = 1; i < sizeof limits / sizeof limits[0]; i++) {
        for (size_t m = 0; m < 2; m++) {
            struct rk_sim_options sim = bench_sim(m ? "bk7231n" : "bk7231t", NULL, 0x200000);
            struct bench b;
            if (!m)
                with_loader(&sim);
            sim.faults.max_baud = limits[i];
            sim.faults.seed = i;
            bench_begin(&b, &sim);
            bench_ok(&b, bench_connect(&b, NULL));
            assert_int_equal(rk_device_info(b.dev)->baud, rates[i]);
            bench_ok(&b, rk_device_read(b.dev, 0x20000, back, 0x4000, &b.err));
            bench_end(&b);
        }
    }
}

static void a_named_rate_is_checked_too(void **state)
{
    struct rk_sim_options sim = bench_sim("bk7231n", NULL, 0x200000);
    struct rk_connect_options opt = {.size = sizeof opt, .baud = 921600};
    struct bench b;
    (void)state;
    sim.faults.max_baud = 500000;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, &opt));
    assert_int_equal(rk_device_info(b.dev)->baud, 460800);
    assert_true(b.warnings > 0);
    bench_end(&b);
    opt.baud = 115200;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, &opt));
    assert_int_equal(rk_device_info(b.dev)->baud, 115200);
    bench_end(&b);
}

/* The divider of one loader is off: no rate above 230400 by itself, and a rate that cannot be is
 * noticed when it is asked for. */
static void the_odd_divider_is_respected(void **state)
{
    struct rk_sim_options sim = bench_sim("bk7231q", NULL, 0x200000);
    struct rk_connect_options opt = {.size = sizeof opt, .baud = 921600};
    struct bench b;
    (void)state;
    with_loader(&sim);
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, NULL));
    assert_string_equal(rk_device_info(b.dev)->chip, "BK7231Q");
    assert_int_equal(rk_device_info(b.dev)->baud, 230400);
    bench_end(&b);
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, &opt));
    bench_ok(&b, rk_device_read(b.dev, 0x20000, back, 0x2000, &b.err));
    assert_true(rk_bytes_all(back, 0x2000, 0xFF));
    bench_end(&b);
}

/* 2 MiB at 921600 with 1 ms of turnaround, with the CRC of every 64 KiB: 1.06 times the bare wire
 * time of 22.756 s. */
static void reading_runs_at_wire_speed(void **state)
{
    static const char *const models[] = {"bk7231t", "bk7231u", "bk7231n"};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct rk_sim_options sim = bench_sim(models[i], NULL, 0x200000);
        struct rk_connect_options opt = {.size = sizeof opt, .baud = 921600};
        struct bench b;
        sim.turnaround_us = 1000;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, &opt));
        uint64_t start = bench_now(&b);
        for (uint32_t at = 0; at < 0x200000; at += RK_BLOCK_SIZE) {
            bench_ok(&b, rk_device_read(b.dev, at, back + at, RK_BLOCK_SIZE, &b.err));
            assert_true(same_digest(&b, at, back + at, RK_BLOCK_SIZE));
        }
        double seconds = (double)(bench_now(&b) - start) / 1e6;
        print_message("%s: 2 MiB read and verified in %.3f s of virtual time (%.3f x)\n", models[i],
                      seconds, seconds / 22.756);
        assert_memory_equal(back, bench_content, 0x200000);
        assert_true(seconds <= 1.06 * 22.756);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crc_does_not_stop_writing),
        cmocka_unit_test(a_lock_from_before_is_opened),
        cmocka_unit_test(the_boot_area_is_read_through_its_alias),
        cmocka_unit_test(idle_modules_are_kept_or_found),
        cmocka_unit_test(writing_goes_on_after_a_restart),
        cmocka_unit_test(oddities_of_roms_are_tolerated),
        cmocka_unit_test(protection_is_removed_and_put_back),
        cmocka_unit_test(a_locked_flash_is_named),
        cmocka_unit_test(the_ladder_finds_a_good_rate),
        cmocka_unit_test(a_named_rate_is_checked_too),
        cmocka_unit_test(the_odd_divider_is_respected),
        cmocka_unit_test(reading_runs_at_wire_speed),
    };
    make_pattern();
    bench_make_content();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
