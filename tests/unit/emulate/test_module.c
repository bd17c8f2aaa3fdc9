/* Virtual modules that execute their flash: our client against real boot code, where captures are
 * at hand; and the hand-over from the imitated ROM. */
#include "unit/unit.h"

#include "base/bytes.h"
#include "image/beken/blocks.h"
#include "store/file.h"

#include <rekindle/device.h>
#include <rekindle/emulate.h>
#include <rekindle/sim.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct rk_context *ctx;
    struct rk_sim *sim;
    struct rk_link *link;
    struct rk_device *dev;
};

static void open_bench(struct bench *b, const char *model, const uint8_t *flash, size_t len)
{
    const struct rk_callbacks callbacks = {.size = sizeof callbacks};
    const struct rk_sim_options opt = {
        .size = sizeof opt, .model = model, .flash = flash, .flash_len = len, .emulate = true};
    struct rk_error err = {0};

    memset(b, 0, sizeof *b);
    assert_int_equal(rk_context_new(&b->ctx, &callbacks, NULL), RK_OK);
    if (rk_sim_new(&opt, &b->sim, &err) != RK_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rk_sim_link(b->ctx, b->sim, true, &b->link, NULL), RK_OK);
}

static void close_bench(struct bench *b)
{
    rk_device_free(b->dev);
    rk_link_close(b->link);
    rk_context_free(b->ctx);
}

/* Reads, erases, writes and verifies through the loader of a capture. */
static void drive(const char *path, const char *model)
{
    uint8_t *flash = NULL, *back = malloc(0x2000), sector[4096];
    size_t len = 0, now_len = 0;
    struct rk_error err = {0};
    struct rk_digest digest;
    struct bench b;

    assert_int_equal(rk_file_read(path, 16u << 20, &flash, &len, NULL), RK_OK);
    open_bench(&b, model, flash, len);
    if (rk_device_connect(b.ctx, b.link, NULL, &b.dev, &err) != RK_OK)
        fail_msg("%s: %s", path, err.message);
    assert_int_equal(rk_device_read(b.dev, 0x12345, back, 0x1800, &err), RK_OK);
    assert_memory_equal(back, flash + 0x12345, 0x1800);
    for (size_t i = 0; i < sizeof sector; i++)
        sector[i] = (uint8_t)(i * 7);
    assert_int_equal(rk_device_write_begin(b.dev, &err), RK_OK);
    assert_int_equal(rk_device_erase(b.dev, 0x170000, 4096, &err), RK_OK);
    assert_int_equal(rk_device_program(b.dev, 0x170000, sector, sizeof sector, &err), RK_OK);
    assert_int_equal(rk_device_write_end(b.dev, &err), RK_OK);
    if (rk_device_digest(b.dev, 0x170000, 4096, &digest, &err) != RK_OK)
        fail_msg("%s: %s", path, err.message);
    assert_int_equal(rk_device_read(b.dev, 0x170000, back, 4096, &err), RK_OK);
    assert_memory_equal(back, sector, 4096);
    const uint8_t *now = rk_sim_flash(b.sim, &now_len);
    assert_int_equal(now_len, len);
    assert_memory_equal(now + 0x170000, sector, 4096);
    assert_memory_equal(now, flash, 0x11000);
    close_bench(&b);
    free(back);
    free(flash);
}

static void real_loaders_serve_our_client(void **state)
{
    static const char *const captures[][2] = {
        {"Globe Electric 37783 RGBCT Bulb v2.0.0.bin", "bk7231t"},
        {"Tuya Generic DS-101JL 4 Gang Smart Switch.bin", "bk7231t"},
        {"Tuya Generic GR-W-105 Water Shutoff Valve v1.1.5.bin", "bk7231t"},
        {"BK7231Q_Tuya_MOES_Relay_WA2_1.1.3.bin", "bk7231q"},
    };
    unsigned seen = 0;
    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/dumps/%s", RK_SHARED_DIR, captures[i][0]);
        if (!rk_file_exists(path))
            continue;
        drive(path, captures[i][1]);
        seen++;
    }
    if (!seen)
        skip();
}

/* A program of our own in the flash of a chip with a mask ROM: it runs when the ROM's window is
 * over. */
static void the_rom_hands_over_to_the_flash(void **state)
{
    static const uint32_t code[] = {0xE59F0018, 0xE59F1018, 0xE5801000, 0xE3A01048, 0xE580100C,
                                    0xE3A01069, 0xE580100C, 0xEAFFFFFE, 0x00802200, 0x0000E11B};
    uint8_t plain[512] = {0}, flash[4096];
    char text[16] = "";
    struct bench b;
    (void)state;
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
        rk_put_le32(plain + 4 * i, code[i]);
    memset(flash, 0xFF, sizeof flash);
    rk_blocks_add(plain, sizeof plain, flash);
    open_bench(&b, "bk7231m", flash, sizeof flash);
    size_t n =
        rk_sim_transmit(b.sim, RK_SIM_UART2, 2000000, (uint8_t *)text, sizeof text - 1, 115200);
    assert_int_equal(n, 2);
    assert_string_equal(text, "Hi");
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_loaders_serve_our_client),
        cmocka_unit_test(the_rom_hands_over_to_the_flash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
