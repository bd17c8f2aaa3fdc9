/* The driver against every virtual module: who is it, and do reading, checking and writing work. */
#include "unit/unit.h"

#include <rekindle/rekindle.h>

#include "base/bytes.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 0x400000u

struct bench {
    struct rk_context *ctx;
    struct rk_sim *sim;
    struct rk_link *link;
    struct rk_device *dev;
    struct rk_error err;
};

static uint8_t content[SIZE];

static void make_content(void)
{
    struct rk_rng rng = {7};

    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)rk_rng_next(&rng);
    memset(content + 0x150000, 0xFF, 0x10000);
    memset(content + 0x1D0000, 0xFF, 0x1000);
    memcpy(content + 0x1D0000, "TLV", 4);
    rk_put_le32(content + 0x1D0004, 98);
    rk_put_le32(content + 0x1D001C, 0x11111102);
    rk_put_le32(content + 0x1D0020, 6);
    memcpy(content + 0x1D0024, "\x38\x1f\x8d\x01\x02\x03", 6);
    memcpy(content + 0x1E0000, content + 0x1D0000, 0x1000);
}

static void print_event(void *user, const struct rk_event *event)
{
    (void)user;
    if (getenv("RK_VERBOSE") && event->text)
        printf("  [%s] %s\n", event->id, event->text);
}

static enum rk_status open_bench(struct bench *b, const struct rk_sim_options *sim,
                                 const struct rk_connect_options *opt)
{
    const struct rk_callbacks callbacks = {.size = sizeof callbacks, .event = print_event};

    memset(b, 0, sizeof *b);
    assert_int_equal(rk_context_new(&b->ctx, &callbacks, NULL), RK_OK);
    assert_int_equal(rk_sim_new(sim, &b->sim, NULL), RK_OK);
    assert_int_equal(rk_sim_link(b->ctx, b->sim, true, &b->link, NULL), RK_OK);
    enum rk_status st = rk_device_connect(b->ctx, b->link, opt, &b->dev, &b->err);
    if (st != RK_OK && getenv("RK_VERBOSE"))
        printf("  %s: %s (%s)\n", b->err.id, b->err.message, b->err.detail);
    return st;
}

static void close_bench(struct bench *b)
{
    rk_device_free(b->dev);
    rk_link_close(b->link);
    rk_context_free(b->ctx);
}

static struct rk_sim_options sim_of(const char *model, uint32_t size)
{
    return (struct rk_sim_options){.size = sizeof(struct rk_sim_options),
                                   .model = model,
                                   .flash = content,
                                   .flash_len = size,
                                   .flash_size = size};
}

static const struct {
    const char *model, *loader, *chip;
    uint32_t size;
    bool rom;
} modules[] = {
    {"bk7231t", "1.0.4", "BK7231T", 0x200000, false},
    {"bk7231t", "1.0.5", "BK7231T", 0x200000, false},
    {"bk7231t", "1.0.6", "BK7231T", 0x200000, false},
    {"bk7231u", NULL, "BK7231U", 0x200000, false},
    {"bk7231q", NULL, "BK7231Q", 0x200000, false},
    {"bk7252", NULL, "BK7252", 0x400000, false},
    {"bk7231n", NULL, "BK7231N", 0x200000, true},
    {"bk7231m", NULL, "BK7231M", 0x200000, true},
    {"bl2028n", NULL, "BK7231M", 0x200000, true},
    {"bk7238", NULL, "BK7238", 0x200000, true},
    {"bk7252n", NULL, "BK7252N", 0x400000, true},
    {"bk7236", NULL, "BK7236", 0x400000, true},
};

static void every_module_is_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        struct rk_sim_options sim = sim_of(modules[i].model, modules[i].size);
        struct bench b;
        sim.loader = modules[i].loader;
        if (getenv("RK_VERBOSE"))
            printf("%s %s\n", modules[i].model, modules[i].loader ? modules[i].loader : "");
        assert_int_equal(open_bench(&b, &sim, NULL), RK_OK);
        const struct rk_device_info *info = rk_device_info(b.dev);
        assert_string_equal(info->chip, modules[i].chip);
        assert_int_equal(info->flash_size, modules[i].size);
        assert_int_equal(info->loader_in_rom, modules[i].rom);
        assert_true(info->has_mac || modules[i].model[4] == '6');
        close_bench(&b);
    }
}

static void a_wrong_name_is_an_error(void **state)
{
    struct rk_sim_options sim = sim_of("bk7231n", 0x200000);
    struct rk_connect_options opt = {.size = sizeof opt, .chip = "bk7231t"};
    struct bench b;
    (void)state;
    assert_int_equal(open_bench(&b, &sim, &opt), RK_ERR_CHIP_MISMATCH);
    assert_non_null(strstr(b.err.message, "BK7231N"));
    close_bench(&b);
    opt.chip = "bk7231x";
    assert_int_equal(open_bench(&b, &sim, &opt), RK_ERR_ARG);
    close_bench(&b);
    opt.chip = "auto";
    assert_int_equal(open_bench(&b, &sim, &opt), RK_OK);
    close_bench(&b);
}

static void reading_checking_and_writing_work(void **state)
{
    static uint8_t buf[0x12000], pattern[0x11000];
    (void)state;
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + (i >> 8));
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        struct rk_sim_options sim = sim_of(modules[i].model, modules[i].size);
        struct rk_digest have, want;
        struct bench b;
        size_t len;
        sim.loader = modules[i].loader;
        sim.status = 0x427C;
        assert_int_equal(open_bench(&b, &sim, NULL), RK_OK);
        assert_int_equal(rk_device_read(b.dev, 0x10123, buf, sizeof buf, &b.err), RK_OK);
        assert_memory_equal(buf, rk_sim_flash(b.sim, &len) + 0x10123, sizeof buf);
        assert_int_equal(rk_device_digest(b.dev, 0x20000, 0x10000, &have, &b.err), RK_OK);
        rk_digest_of(RK_DIGEST_CRC32, content + 0x20000, 0x10000, &want);
        assert_true(rk_digest_equal(&have, &want));

        assert_int_equal(rk_device_erase(b.dev, 0x30000, 0x10000, &b.err), RK_ERR_ARG);
        assert_int_equal(rk_device_write_begin(b.dev, &b.err), RK_OK);
        assert_int_equal(rk_device_erase(b.dev, 0x30000, 0x10000, &b.err), RK_OK);
        assert_int_equal(rk_device_digest(b.dev, 0x30000, 0x10000, &have, &b.err), RK_OK);
        assert_int_equal(rk_device_erase(b.dev, 0x40000, 0x1000, &b.err), RK_OK);
        assert_int_equal(rk_device_program(b.dev, 0x30000, pattern, sizeof pattern, &b.err), RK_OK);
        assert_int_equal(rk_device_digest(b.dev, 0x30000, 0x11000, &have, &b.err), RK_OK);
        rk_digest_of(RK_DIGEST_CRC32, pattern, sizeof pattern, &want);
        assert_true(rk_digest_equal(&have, &want));
        assert_int_equal(rk_device_write_end(b.dev, &b.err), RK_OK);
        assert_memory_equal(rk_sim_flash(b.sim, &len) + 0x30000, pattern, sizeof pattern);
        assert_memory_equal(rk_sim_flash(b.sim, &len) + 0x41000, content + 0x41000, 0x10000);
        close_bench(&b);
    }
}

static void the_last_way_in_is_left_alone(void **state)
{
    static uint8_t sector[4096];
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct rk_sim_options sim = sim_of(modules[i].model, modules[i].size);
        struct bench b;
        sim.loader = modules[i].loader;
        assert_int_equal(open_bench(&b, &sim, NULL), RK_OK);
        assert_int_equal(rk_device_write_begin(b.dev, &b.err), RK_OK);
        assert_int_equal(rk_device_erase(b.dev, 0x10000, 0x1000, &b.err), RK_ERR_RANGE);
        assert_int_equal(rk_device_program(b.dev, 0x3000, sector, sizeof sector, &b.err),
                         RK_ERR_RANGE);
        assert_false(rk_sim_touched(b.sim, 0, 0x11000));
        close_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_module_is_recognised),
        cmocka_unit_test(a_wrong_name_is_an_error),
        cmocka_unit_test(reading_checking_and_writing_work),
        cmocka_unit_test(the_last_way_in_is_left_alone),
    };
    make_content();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
