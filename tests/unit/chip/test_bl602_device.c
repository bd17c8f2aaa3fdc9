/* The BL602 driver against the virtual module: through our own stub, a vendor's loader in RAM, and the ROM
 * alone. */
#include "unit/chip/bench.h"
#include "unit/sim/bl602_loader.h"

#include "base/rng.h"
#include "base/xz.h"
#include "chip/chip.h"
#include "sim/machine.h"

#include <stdlib.h>

#define SIZE 0x200000u

static uint8_t loader[LOADER_SIZE];

enum way { ROM, VENDOR, STUB };

static void connect_with(struct bench *b, const struct rk_sim_options *sim, enum way way,
                         const char *chip)
{
    struct rk_connect_options opt = {.size = sizeof opt, .chip = chip, .rom_only = way == ROM};

    loader_make(loader);
    if (way == VENDOR) {
        opt.loader = loader;
        opt.loader_len = sizeof loader;
    }
    bench_begin(b, sim);
    bench_ok(b, bench_connect(b, &opt));
}

static void module_is_identified(void **state)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    static const uint8_t mac[6] = {0x24, 0x94, 0x94, 0x12, 0x34, 0x56};
    struct bench b;

    (void)state;
    bench_make_content();
    for (int way = ROM; way <= STUB; way++)
        for (int named = 0; named < 2; named++) {
            connect_with(&b, &sim, (enum way)way, named ? "bl602" : NULL);
            const struct rk_device_info *info = rk_device_info(b.dev);
            assert_string_equal(info->chip, "BL602");
            assert_string_equal(info->flash_name, "W25Q16JV");
            assert_int_equal(info->flash_size, SIZE);
            assert_memory_equal(info->mac, mac, 6);
            assert_int_equal(info->baud, way != ROM ? 2000000 : 1000000);
            assert_int_equal(info->loader_can[0] != '\0', way == STUB);
            bench_end(&b);
        }
}

/* Reads, erases and programs; nothing but the sectors named changes. */
static void exercise(struct bench *b)
{
    static uint8_t got[0x3000], want[0x2000];
    struct rk_digest told, own;
    size_t len;

    bench_ok(b, rk_device_read(b->dev, 0x12345, got, sizeof got, &b->err));
    assert_memory_equal(got, bench_content + 0x12345, sizeof got);
    bench_ok(b, rk_device_digest(b->dev, 0x10000, 0x4000, &told, &b->err));
    rk_digest_of(RK_DIGEST_SHA256, bench_content + 0x10000, 0x4000, &own);
    assert_true(rk_digest_equal(&told, &own));
    for (size_t i = 0; i < sizeof want; i++)
        want[i] = (uint8_t)(i * 13 + i / 256);
    bench_ok(b, rk_device_write_begin(b->dev, &b->err));
    bench_ok(b, rk_device_erase(b->dev, 0x40000, RK_BLOCK_SIZE, &b->err));
    bench_ok(b, rk_device_erase(b->dev, 0x21000, RK_SECTOR_SIZE, &b->err));
    bench_ok(b, rk_device_program(b->dev, 0x40000, want, sizeof want, &b->err));
    bench_ok(b, rk_device_write_end(b->dev, &b->err));
    bench_ok(b, rk_device_digest(b->dev, 0x40000, sizeof want, &told, &b->err));
    const uint8_t *flash = rk_sim_flash(b->sim, &len);
    assert_memory_equal(flash + 0x40000, want, sizeof want);
    assert_true(rk_bytes_all(flash + 0x42000, 0xE000, 0xFF));
    assert_true(rk_bytes_all(flash + 0x21000, 0x1000, 0xFF));
    assert_memory_equal(flash, bench_content, 0x21000);
    assert_memory_equal(flash + 0x22000, bench_content + 0x22000, 0x1E000);
    assert_memory_equal(flash + 0x50000, bench_content + 0x50000, SIZE - 0x50000);
}

static void loader_reads_and_writes(void **state)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct bench b;

    (void)state;
    bench_make_content();
    connect_with(&b, &sim, VENDOR, NULL);
    exercise(&b);
    bench_end(&b);
}

/* Loaders of 2020 and 2021 are smaller, and know no boot info. */
static void old_loader_reads_and_writes(void **state)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct rk_connect_options opt = {.size = sizeof opt, .chip = "bl602", .loader = loader};
    struct bench b;

    (void)state;
    bench_make_content();
    loader_make_of(loader, 22048);
    opt.loader_len = 176 + 16 + 22048;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, &opt));
    assert_string_equal(rk_device_info(b.dev)->loader, "in RAM");
    exercise(&b);
    rk_sim_power_on(b.sim, bench_now(&b));
    static uint8_t got[0x1000];
    bench_ok(&b, rk_device_read(b.dev, 0x30000, got, sizeof got, &b.err));
    bench_end(&b);
}

static void stub_reads_and_writes(void **state)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct bench b;

    (void)state;
    bench_make_content();
    connect_with(&b, &sim, STUB, NULL);
    assert_string_equal(rk_device_info(b.dev)->loader, "rekindle");
    exercise(&b);
    bench_end(&b);
}

/* The very program, on the emulated chip. */
static void executed_stub_reads_and_writes(void **state)
{
    struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct bench b;

    (void)state;
    if (!rk_emulated_modules("bl602"))
        skip();
    bench_make_content();
    sim.emulate = true;
    connect_with(&b, &sim, STUB, "bl602");
    assert_string_equal(rk_device_info(b.dev)->loader, "rekindle");
    exercise(&b);
    bench_end(&b);
}

/* Bytes are lost, changed and added in both directions: what arrives is right all the same. */
static void stub_survives_a_bad_line(void **state)
{
    static uint8_t got[0x20000];
    unsigned faults = 0;

    (void)state;
    bench_make_content();
    for (uint64_t seed = 1; seed <= 6; seed++) {
        const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
        struct rk_sim_stats stats;
        struct bench b;
        connect_with(&b, &sim, STUB, "bl602");
        const struct rk_sim_faults noise = {
            .seed = seed, .drop_ppm = 50, .flip_ppm = 50, .add_ppm = 50};
        rk_sim_set_faults(b.sim, &noise);
        bench_ok(&b, rk_device_read(b.dev, 0x30000, got, sizeof got, &b.err));
        assert_memory_equal(got, bench_content + 0x30000, sizeof got);
        bench_ok(&b, rk_device_write_begin(b.dev, &b.err));
        bench_ok(&b, rk_device_erase(b.dev, 0x40000, RK_BLOCK_SIZE, &b.err));
        bench_ok(&b, rk_device_program(b.dev, 0x40000, bench_content, RK_BLOCK_SIZE, &b.err));
        bench_ok(&b, rk_device_write_end(b.dev, &b.err));
        size_t len;
        assert_memory_equal(rk_sim_flash(b.sim, &len) + 0x40000, bench_content, RK_BLOCK_SIZE);
        rk_sim_stats(b.sim, &stats);
        faults += stats.faults;
        bench_end(&b);
    }
    assert_true(faults > 10);
}

/* Left running by --no-reset, it is found again. */
static void running_stub_is_met_again(void **state)
{
    struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct rk_connect_options opt = {.size = sizeof opt, .chip = "bl602"};
    struct bench b;

    (void)state;
    bench_make_content();
    sim.manual_reset = true;
    connect_with(&b, &sim, STUB, "bl602");
    rk_device_free(b.dev);
    b.dev = NULL;
    rk_clock_sleep(rk_link_clock(b.link), 4000000);
    bench_ok(&b, bench_connect(&b, &opt));
    assert_string_equal(rk_device_info(b.dev)->loader, "rekindle");
    bench_end(&b);
}

static void rom_reads_and_writes(void **state)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct bench b;

    (void)state;
    bench_make_content();
    connect_with(&b, &sim, ROM, "bl602");
    exercise(&b);
    bench_end(&b);
}

static void bad_line_is_survived(void **state)
{
    struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    static uint8_t got[0x8000];
    struct bench b;
    unsigned retries = 0;

    (void)state;
    bench_make_content();
    for (uint64_t seed = 1; seed <= 4; seed++) {
        connect_with(&b, &sim, VENDOR, "bl602");
        const struct rk_sim_faults faults = {.seed = seed, .drop_ppm = 60};
        rk_sim_set_faults(b.sim, &faults);
        bench_ok(&b, rk_device_read(b.dev, 0x30000, got, sizeof got, &b.err));
        bench_ok(&b, rk_device_write_begin(b.dev, &b.err));
        bench_ok(&b, rk_device_erase(b.dev, 0x40000, RK_BLOCK_SIZE, &b.err));
        bench_ok(&b, rk_device_program(b.dev, 0x40000, bench_content, 0x8000, &b.err));
        bench_ok(&b, rk_device_write_end(b.dev, &b.err));
        struct rk_sim_stats stats;
        rk_sim_stats(b.sim, &stats);
        retries += stats.faults;
        bench_end(&b);
    }
    assert_true(retries > 0);
}

/* An image in which a byte was lost begins anew, from the first byte. */
static void loader_gets_through_a_bad_line(void **state)
{
    struct rk_connect_options opt = {
        .size = sizeof opt, .chip = "bl602", .loader = loader, .loader_len = sizeof loader};
    unsigned faults = 0;

    (void)state;
    loader_make(loader);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
        struct rk_sim_stats stats;
        struct bench b;
        sim.faults = (struct rk_sim_faults){.seed = seed, .drop_ppm = 6, .flip_ppm = 6};
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, &opt));
        rk_sim_stats(b.sim, &stats);
        faults += stats.faults;
        bench_end(&b);
    }
    assert_true(faults > 0);
}

/* A module that was reset on the way gets the loader again. */
static void reset_module_gets_the_loader_again(void **state)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    static uint8_t got[0x1000];
    struct bench b;

    (void)state;
    bench_make_content();
    for (int way = VENDOR; way <= STUB; way++) {
        connect_with(&b, &sim, (enum way)way, "bl602");
        rk_sim_power_on(b.sim, bench_now(&b));
        memset(got, 0, sizeof got);
        bench_ok(&b, rk_device_read(b.dev, 0x30000, got, sizeof got, &b.err));
        assert_memory_equal(got, bench_content + 0x30000, sizeof got);
        bench_end(&b);
    }
}

/* ---- erasing and programming in one go ---- */

static uint8_t wanted[0x18000];

static void connect_loader(struct bench *b, uint32_t program)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    const struct rk_connect_options opt = {
        .size = sizeof opt, .chip = "bl602", .loader = loader, .loader_len = 176 + 16 + program};

    bench_make_content();
    loader_make_of(loader, program);
    bench_begin(b, &sim);
    bench_ok(b, bench_connect(b, &opt));
    assert_true(b->dev->rewrites);
}

static void rewrite(struct bench *b, bool first_last)
{
    const struct rk_rewrite what = {
        .addr = 0x31000, .len = sizeof wanted, .data = wanted, .first_last = first_last};
    const uint8_t *flash;
    size_t len;

    bench_ok(b, rk_device_write_begin(b->dev, &b->err));
    bench_ok(b, b->dev->driver->rewrite(b->dev, &what, &b->err));
    bench_ok(b, rk_device_write_end(b->dev, &b->err));
    flash = rk_sim_flash(b->sim, &len);
    assert_memory_equal(flash, bench_content, 0x31000);
    assert_memory_equal(flash + 0x31000, wanted, sizeof wanted);
    assert_memory_equal(flash + 0x31000 + sizeof wanted, bench_content + 0x31000 + sizeof wanted,
                        SIZE - 0x31000 - sizeof wanted);
}

/* Bytes that pack to about half. */
static void want_packable(void)
{
    struct rk_rng rng = {3};

    for (size_t i = 0; i < sizeof wanted; i++)
        wanted[i] = (uint8_t)(rk_rng_next(&rng) & 15);
}

static bool digest_is_known(struct bench *b, uint32_t addr, uint32_t len)
{
    uint32_t before = b->dev->commands;
    struct rk_digest told, own;

    bench_ok(b, rk_device_digest(b->dev, addr, len, &told, &b->err));
    rk_digest_of(RK_DIGEST_SHA256, wanted + (addr - 0x31000), len, &own);
    assert_true(rk_digest_equal(&told, &own));
    return b->dev->commands == before;
}

static bool packs(void)
{
    uint8_t *out;
    size_t len;

    if (rk_xz_pack(wanted, 16, &out, &len, NULL) != RK_OK)
        return false;
    free(out);
    return true;
}

static void loader_rewrites_a_range(void **state)
{
    struct bench b;
    struct rk_sim_stats stats;
    uint64_t in[2];

    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        connect_loader(&b, LOADER_DATA);
        memcpy(wanted, bench_content + 0x100000, sizeof wanted);
        if (packed)
            want_packable();
        rk_sim_stats(b.sim, &stats);
        in[packed] = stats.bytes_in;
        rewrite(&b, packed);
        rk_sim_stats(b.sim, &stats);
        in[packed] = stats.bytes_in - in[packed];
        if (packed && packs()) { /* confirmed as a whole, and each part thereby */
            assert_true(in[1] < sizeof wanted * 3 / 4);
            assert_true(digest_is_known(&b, 0x31000, RK_SECTOR_SIZE));
            assert_true(digest_is_known(&b, 0x40000, 0x9000));
            bench_ok(&b, rk_device_write_begin(b.dev, &b.err));
            bench_ok(&b, rk_device_erase(b.dev, 0x35000, RK_SECTOR_SIZE, &b.err));
            bench_ok(&b, rk_device_write_end(b.dev, &b.err));
            assert_false(digest_is_known(&b, 0x31000, RK_SECTOR_SIZE));
        }
        bench_end(&b);
    }
}

static void old_loader_rewrites_a_range(void **state)
{
    struct bench b;

    (void)state;
    connect_loader(&b, 22048);
    want_packable();
    rewrite(&b, true);
    bench_end(&b);
}

/* A stream that lost a byte is not sent again: plain frames are, one by one. */
static void loader_rewrites_on_a_bad_line(void **state)
{
    unsigned retries = 0;
    struct bench b;

    (void)state;
    want_packable();
    for (uint64_t seed = 1; seed <= 5; seed++) {
        const struct rk_sim_faults noise = {.seed = seed, .drop_ppm = 15, .flip_ppm = 15};
        connect_loader(&b, LOADER_DATA);
        rk_sim_set_faults(b.sim, &noise);
        rewrite(&b, seed & 1);
        retries += b.dev->retries_used;
        bench_end(&b);
    }
    assert_true(retries > 2);
}

static void wrong_loader_is_refused(void **state)
{
    const struct rk_sim_options sim = bench_sim("bl602", NULL, SIZE);
    struct rk_connect_options opt = {.size = sizeof opt, .chip = "bl602", .loader = loader};
    struct bench b;

    (void)state;
    bench_begin(&b, &sim);
    loader_make(loader);
    opt.loader_len = sizeof loader - 1;
    assert_int_equal(bench_connect(&b, &opt), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(b.err.id, "bl602.loader");
    bench_end(&b);
    bench_begin(&b, &sim);
    loader[1000] ^= 1; /* the ROM would refuse it in the end */
    opt.loader_len = sizeof loader;
    assert_int_equal(bench_connect(&b, &opt), RK_ERR_IMAGE_FORMAT);
    assert_string_equal(b.err.id, "bl602.loader");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(module_is_identified),
        cmocka_unit_test(loader_reads_and_writes),
        cmocka_unit_test(rom_reads_and_writes),
        cmocka_unit_test(old_loader_reads_and_writes),
        cmocka_unit_test(stub_reads_and_writes),
        cmocka_unit_test(executed_stub_reads_and_writes),
        cmocka_unit_test(stub_survives_a_bad_line),
        cmocka_unit_test(running_stub_is_met_again),
        cmocka_unit_test(bad_line_is_survived),
        cmocka_unit_test(loader_gets_through_a_bad_line),
        cmocka_unit_test(reset_module_gets_the_loader_again),
        cmocka_unit_test(loader_rewrites_a_range),
        cmocka_unit_test(old_loader_rewrites_a_range),
        cmocka_unit_test(loader_rewrites_on_a_bad_line),
        cmocka_unit_test(wrong_loader_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
