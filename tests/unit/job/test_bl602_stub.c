/* Whole jobs on a BL602 through rekindle's own RAM stub: imitated, and executed on the emulated chip.
 * With REKINDLE_BL602_ROM=FILE, the mask ROM of a chip, that one loads it. */
#include "unit/chip/bench.h"

#include "sim/machine.h"
#include "store/file.h"
#include "unit/store/folder_support.h"

#include <rekindle/job.h>

#define SIZE 0x40000u
#define AT   0x10000u
#define LEN  0x1C800u /* a block, sectors, and half of one */

enum chip { IMITATED, EXECUTED, WITH_ROM };

static struct folder folder;
static uint8_t rom[0x20000], image[LEN], expected[SIZE];

static int prepare(void **state)
{
    (void)state;
    folder_make(&folder);
    bench_make_content();
    memset(bench_content + 0x8000, 0xFF, 0x8000);
    for (uint32_t i = 0; i < LEN; i++)
        image[i] = (uint8_t)(i / 4096 == 3 ? 0xFF : bench_content[0x100000 + i]);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static void begin(struct bench *b, enum chip chip, const struct rk_sim_faults *faults)
{
    const struct rk_connect_options opt = {.size = sizeof opt, .chip = "bl602"};
    struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);

    sim.emulate = chip != IMITATED;
    sim.rom = chip == WITH_ROM ? rom : NULL;
    sim.rom_len = chip == WITH_ROM ? sizeof rom : 0;
    bench_begin(b, &sim);
    bench_ok(b, bench_connect(b, &opt));
    assert_string_equal(rk_device_info(b->dev)->loader, "rekindle");
    rk_sim_set_faults(b->sim, faults);
}

static bool holds(const struct bench *b, const uint8_t *want)
{
    size_t len;
    const uint8_t *flash = rk_sim_flash(b->sim, &len);

    return len == SIZE && memcmp(flash, want, SIZE) == 0;
}

/* Information, backup, write, verify, the same again, restore. */
static uint32_t run_jobs(enum chip chip, const struct rk_sim_faults *faults)
{
    const struct rk_write_policy policy = {
        .backup_dir = folder.path, .no_reset = true, .lifted = UINT32_MAX};
    const struct rk_image_file backup = {
        .data = bench_content, .len = SIZE, .have_addr = true, .addr = 0};
    struct rk_write_result result;
    struct rk_verify_result found;
    struct rk_sim_stats stats;
    struct bench b;

    begin(&b, chip, faults);
    bench_ok(&b, rk_device_identify(b.dev, &b.err));
    memcpy(expected, bench_content, SIZE);
    memcpy(expected + AT, image, LEN);
    bench_ok(&b, rk_job_write(b.dev, AT, image, LEN, &policy, &result, &b.err));
    assert_true(result.verified);
    assert_true(result.backup.path[0] != '\0');
    assert_true(holds(&b, expected));
    bench_ok(&b, rk_job_verify(b.dev, 0, expected, SIZE, &found, &b.err));
    rk_verify_result_free(&found);
    bench_ok(&b, rk_job_write(b.dev, AT, image, LEN, &policy, &result, &b.err));
    assert_int_equal(result.erased + result.programmed, 0);
    bench_ok(&b, rk_job_restore(b.dev, &backup, &policy, &result, &b.err));
    assert_true(holds(&b, bench_content));
    rk_sim_stats(b.sim, &stats);
    bench_end(&b);
    return stats.faults;
}

static void run_on(enum chip chip, unsigned seeds)
{
    const struct rk_sim_faults none = {0};
    uint32_t faults = 0;

    if (chip != EXECUTED)
        assert_int_equal(run_jobs(chip, &none), 0);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        const struct rk_sim_faults noise = {
            .seed = seed, .drop_ppm = 20, .flip_ppm = 20, .add_ppm = 20};
        faults += run_jobs(chip, &noise);
    }
    assert_true(faults > seeds);
}

/* Cancelled in the middle, the module answers at once, and the same job ends well afterwards. */
static void cancel_a_write(enum chip chip)
{
    const struct rk_sim_faults none = {0};
    const struct rk_write_policy policy = {
        .backup_dir = folder.path, .no_reset = true, .lifted = UINT32_MAX};
    struct rk_write_result result;
    struct bench b;

    begin(&b, chip, &none);
    memcpy(expected, bench_content, SIZE);
    memcpy(expected + AT, image, LEN);
    b.watched = "write";
    b.cancel_done = 0x11000;
    assert_int_equal(rk_job_write(b.dev, AT, image, LEN, &policy, &result, &b.err),
                     RK_ERR_CANCELLED);
    assert_true(b.watched_gap <= 0x10000);
    assert_true(b.watched_done >= 0x11000 && b.watched_done < 0x14000);
    assert_false(holds(&b, expected));
    b.cancel_at_us = b.cancel_done = b.watched_done = 0;
    bench_ok(&b, rk_device_identify(b.dev, &b.err));
    bench_ok(&b, rk_job_write(b.dev, AT, image, LEN, &policy, &result, &b.err));
    assert_true(result.verified && result.resumed);
    assert_true(b.watched_gap <= 0x10000);
    assert_true(holds(&b, expected));
    bench_end(&b);
}

static void cancel_a_backup(enum chip chip)
{
    const struct rk_sim_faults none = {0};
    struct rk_backup_options opt = {.size = sizeof opt, .dir = folder.path, .resume = true};
    struct rk_backup_result result;
    struct bench b;

    begin(&b, chip, &none);
    b.watched = "backup";
    b.cancel_done = 0x20000;
    assert_int_equal(rk_job_backup(b.dev, &opt, &result, &b.err), RK_ERR_CANCELLED);
    assert_true(b.watched_gap <= 0x10000);
    b.cancel_at_us = b.cancel_done = 0;
    bench_ok(&b, rk_device_identify(b.dev, &b.err));
    bench_ok(&b, rk_job_backup(b.dev, &opt, &result, &b.err));
    assert_int_equal(result.bytes, SIZE);
    bench_end(&b);
}

static void cancelling_leaves_a_module_that_answers(void **state)
{
    (void)state;
    cancel_a_write(IMITATED);
    cancel_a_backup(IMITATED);
    if (!rk_emulated_modules("bl602"))
        return;
    cancel_a_write(EXECUTED);
}

/* Blank, dense, and as flash that holds code: one stream of packed pieces and others. */
static void make_mixed(void)
{
    struct rk_rng rng = {602};

    memset(expected, 0xFF, SIZE);
    for (uint32_t i = 0x1000; i < SIZE / 4; i++)
        expected[i] = (uint8_t)rk_rng_next(&rng);
    for (uint32_t i = SIZE / 4; i < SIZE / 2; i++)
        expected[i] = rk_rng_below(&rng, 100) < 70 ? expected[i - 1 - i % 61]
                                                   : (uint8_t)rk_rng_below(&rng, 64);
    for (uint32_t i = SIZE - 0x5800; i < SIZE; i++)
        expected[i] = (uint8_t)rk_rng_next(&rng);
}

static void back_up_mixed(enum chip chip, const struct rk_sim_faults *faults, bool blocks)
{
    const struct rk_connect_options opt = {.size = sizeof opt, .chip = "bl602"};
    struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct rk_backup_options options = {.size = sizeof options, .dir = folder.path};
    struct rk_backup_result result;
    struct bench b;
    uint8_t *saved;
    size_t len;

    sim.emulate = chip != IMITATED;
    sim.flash = expected;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, &opt));
    rk_sim_set_faults(b.sim, faults);
    options.have_range = !blocks;
    options.addr = 0x3000;
    options.len = SIZE - 0x3000;
    bench_ok(&b, rk_job_backup(b.dev, &options, &result, &b.err));
    assert_int_equal(rk_file_read(result.path, SIZE, &saved, &len, NULL), RK_OK);
    assert_int_equal(len, blocks ? SIZE : SIZE - 0x3000);
    assert_memory_equal(saved, expected + (blocks ? 0 : 0x3000), len);
    free(saved);
    if (blocks) { /* and read, from the middle of a sector to the middle of another */
        static uint8_t got[SIZE];
        bench_ok(&b, rk_job_read(b.dev, 0x3123, got, SIZE - 0x8000, &b.err));
        assert_memory_equal(got, expected + 0x3123, SIZE - 0x8000);
    }
    folder_walk(&folder, true);
    bench_end(&b);
}

static void flash_of_every_kind_is_backed_up_right(void **state)
{
    const struct rk_sim_faults none = {0};
    (void)state;

    make_mixed();
    for (enum chip chip = IMITATED; chip <= EXECUTED; chip++) {
        if (chip == EXECUTED && !rk_emulated_modules("bl602"))
            break;
        if (chip == IMITATED) {
            back_up_mixed(chip, &none, true);
            back_up_mixed(chip, &none, false);
        }
        for (uint64_t seed = 1; seed <= (chip == IMITATED ? 3 : 1); seed++) {
            const struct rk_sim_faults noise = {
                .seed = seed, .drop_ppm = 40, .flip_ppm = 40, .add_ppm = 40};
            back_up_mixed(chip, &noise, true);
        }
    }
}

/* Below 1,900,000 baud what is written is packed, if that makes it smaller. */
static void write_slowly(enum chip chip, const struct rk_sim_faults *faults)
{
    const struct rk_connect_options opt = {.size = sizeof opt, .chip = "bl602", .baud = 921600};
    struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    const struct rk_write_policy policy = {
        .backup_dir = folder.path, .no_reset = true, .lifted = UINT32_MAX};
    const uint8_t *packs = expected + SIZE / 4;
    struct rk_sim_stats before, after;
    struct rk_write_result result;
    struct bench b;
    size_t len;

    sim.emulate = chip != IMITATED;
    sim.flash = expected;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, &opt));
    rk_sim_set_faults(b.sim, faults);
    rk_sim_stats(b.sim, &before);
    bench_ok(&b, rk_job_write(b.dev, 0x20800, packs, 0xF000, &policy, &result, &b.err));
    rk_sim_stats(b.sim, &after);
    const uint8_t *flash = rk_sim_flash(b.sim, &len);
    assert_memory_equal(flash, expected, 0x20800);
    assert_memory_equal(flash + 0x20800, packs, 0xF000);
    assert_memory_equal(flash + 0x2F800, expected + 0x2F800, SIZE - 0x2F800);
    if (!faults->seed)
        assert_true(after.bytes_in - before.bytes_in < 0xF000 * 9 / 10);
    folder_walk(&folder, true);
    bench_end(&b);
}

static void what_is_written_on_a_slow_line_is_packed(void **state)
{
    const struct rk_sim_faults none = {0};
    (void)state;

    make_mixed();
    write_slowly(IMITATED, &none);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const struct rk_sim_faults noise = {
            .seed = seed, .drop_ppm = 40, .flip_ppm = 40, .add_ppm = 40};
        write_slowly(IMITATED, &noise);
        if (seed == 1 && rk_emulated_modules("bl602"))
            write_slowly(EXECUTED, &noise);
    }
}

/* Looked for among all families it is trained at 115,200 baud, and loaded at 1,000,000. */
static void a_module_of_unknown_family_is_loaded_fast(void **state)
{
    const struct rk_connect_options opt = {.size = sizeof opt};
    (void)state;

    for (uint64_t seed = 0; seed <= 12; seed++) {
        struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
        struct bench b;
        if (seed > 0)
            sim.faults =
                (struct rk_sim_faults){.seed = seed, .drop_ppm = 15, .flip_ppm = 15, .add_ppm = 15};
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, &opt));
        assert_string_equal(rk_device_info(b.dev)->loader, "rekindle");
        if (seed == 0)
            assert_true(rk_clock_now(rk_link_clock(b.link)) < 1500000);
        bench_end(&b);
    }
}

static void jobs_are_right_where_the_stub_is_imitated(void **state)
{
    (void)state;
    run_on(IMITATED, 3);
}

static void jobs_are_right_where_it_is_executed(void **state)
{
    (void)state;
    if (!rk_emulated_modules("bl602"))
        skip();
    run_on(EXECUTED, 1);
}

static void jobs_are_right_where_a_mask_rom_loads_it(void **state)
{
    const char *path = getenv("REKINDLE_BL602_ROM");
    FILE *file = path ? fopen(path, "rb") : NULL;
    (void)state;
    if (!file || !rk_emulated_modules("bl602")) {
        if (file)
            fclose(file);
        skip();
    }
    size_t got = fread(rom, 1, sizeof rom, file);
    fclose(file);
    assert_int_equal(got, sizeof rom);
    run_on(WITH_ROM, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_right_where_the_stub_is_imitated),
        cmocka_unit_test(jobs_are_right_where_it_is_executed),
        cmocka_unit_test(jobs_are_right_where_a_mask_rom_loads_it),
        cmocka_unit_test(cancelling_leaves_a_module_that_answers),
        cmocka_unit_test(flash_of_every_kind_is_backed_up_right),
        cmocka_unit_test(what_is_written_on_a_slow_line_is_packed),
        cmocka_unit_test(a_module_of_unknown_family_is_loaded_fast),
    };

    return cmocka_run_group_tests(tests, prepare, clean);
}
