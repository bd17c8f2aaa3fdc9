/* The link with a virtual clock: what a driver sees of a module in this process. */
#include "unit/unit.h"

#include <rekindle/sim.h>

#include "base/bytes.h"
#include "link/virtual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint8_t link_check[] = {0x01, 0xE0, 0xFC, 0x01, 0x00};

struct fixture {
    struct rk_context *ctx;
    struct rk_sim *sim;
    struct rk_link *link;
    const struct rk_clock *clock;
};

static void begin(struct fixture *f, struct rk_sim_options opt)
{
    struct rk_error err;

    opt.size = sizeof opt;
    assert_int_equal(rk_context_new(&f->ctx, NULL, &err), RK_OK);
    assert_int_equal(rk_sim_new(&opt, &f->sim, &err), RK_OK);
    assert_int_equal(rk_sim_link(f->ctx, f->sim, true, &f->link, &err), RK_OK);
    f->clock = rk_link_clock(f->link);
}

static void end(struct fixture *f)
{
    rk_link_close(f->link);
    rk_context_free(f->ctx);
}

static void send(struct fixture *f, const uint8_t *bytes, size_t len)
{
    struct rk_error err;

    assert_int_equal(rk_link_write(f->link, bytes, len, &err), RK_OK);
}

/* Reads exactly len bytes; false if they do not come in time. */
static bool receive(struct fixture *f, uint8_t *buf, size_t len, uint64_t timeout_us)
{
    struct rk_error err;
    size_t used = 0, got;

    while (used < len) {
        assert_int_equal(rk_link_read(f->link, buf + used, len - used, &got, timeout_us, &err),
                         RK_OK);
        if (got == 0)
            return false;
        used += got;
    }
    return true;
}

static void link_up(struct fixture *f, uint32_t baud)
{
    uint8_t reply[12], frame[10] = {0x01, 0xE0, 0xFC, 0x06, 0x0F};
    struct rk_error err;

    send(f, link_check, sizeof link_check);
    assert_true(receive(f, reply, 8, 100000));
    if (baud == 115200)
        return;
    rk_put_le32(frame + 5, baud);
    frame[9] = 20;
    send(f, frame, sizeof frame);
    assert_int_equal(rk_link_drain(f->link, &err), RK_OK);
    rk_clock_sleep(f->clock, 10000);
    assert_int_equal(rk_link_set_baud(f->link, baud, NULL, &err), RK_OK);
    assert_true(receive(f, reply, 12, 100000));
    assert_memory_equal(reply + 7, frame + 5, 5);
}

static void request_4k(struct fixture *f, uint32_t addr)
{
    uint8_t frame[12] = {0x01, 0xE0, 0xFC, 0xFF, 0xF4, 0x05, 0x00, 0x09};

    rk_put_le32(frame + 8, addr);
    send(f, frame, sizeof frame);
}

static void two_mebibytes_take_the_time_of_the_wire(void **state)
{
    static uint8_t flash[2u << 20], back[2u << 20];
    uint8_t reply[4111];
    struct fixture f;
    (void)state;

    for (size_t i = 0; i < sizeof flash; i++)
        flash[i] = (uint8_t)(i * 11 + (i >> 9));
    begin(&f, (struct rk_sim_options){.model = "bk7231n",
                                      .flash = flash,
                                      .flash_len = sizeof flash,
                                      .turnaround_us = 1000});
    link_up(&f, 921600);
    uint64_t start = rk_clock_now(f.clock);
    clock_t cpu = clock();
    for (uint32_t addr = 0; addr < sizeof flash; addr += 4096) {
        request_4k(&f, addr);
        assert_true(receive(&f, reply, sizeof reply, 100000));
        memcpy(back + addr, reply + 15, 4096);
    }
    double seconds = (double)(rk_clock_now(f.clock) - start) / 1e6;
    print_message("2 MiB: %.2f s on the wire, %.0f ms of processor time\n", seconds,
                  (double)(clock() - cpu) * 1000 / CLOCKS_PER_SEC);
    assert_memory_equal(flash, back, sizeof flash);
    /* 2 MiB at 921,600 bit/s are 22.76 s; the chip runs at 928,571 */
    assert_true(seconds > 22.59 && seconds < 22.76 * 1.06);
    end(&f);
}

static void waiting_costs_virtual_time_only(void **state)
{
    struct fixture f;
    uint8_t byte;
    (void)state;

    begin(&f, (struct rk_sim_options){.model = "bk7231n"});
    uint64_t start = rk_clock_now(f.clock);
    assert_false(receive(&f, &byte, 1, 3600ull * 1000000));
    assert_int_equal(rk_clock_now(f.clock) - start, 3600ull * 1000000);
    end(&f);
}

static void writing_takes_the_wire_and_drain_waits_for_it(void **state)
{
    uint8_t junk[1152] = {0};
    struct rk_error err;
    struct fixture f;
    (void)state;

    begin(&f, (struct rk_sim_options){.model = "bk7231n"});
    uint64_t start = rk_clock_now(f.clock);
    send(&f, junk, sizeof junk);
    assert_int_equal(rk_clock_now(f.clock), start);
    assert_int_equal(rk_link_drain(f.link, &err), RK_OK);
    assert_in_range(rk_clock_now(f.clock) - start, 100000, 100001);
    end(&f);
}

static void bytes_received_before_a_rate_change_stay_good(void **state)
{
    uint8_t reply[8];
    struct rk_error err;
    struct fixture f;
    (void)state;

    begin(&f, (struct rk_sim_options){.model = "bk7231n"});
    send(&f, link_check, sizeof link_check);
    rk_clock_sleep(f.clock, 50000);
    assert_int_equal(rk_link_set_baud(f.link, 921600, NULL, &err), RK_OK);
    assert_true(receive(&f, reply, 8, 1000));
    assert_memory_equal(reply, "\x04\x0E\x05\x01\xE0\xFC\x01\x00", 8);
    end(&f);
}

static void the_lines_reset_the_module(void **state)
{
    struct rk_sim_stats stats;
    struct rk_error err;
    struct fixture f;
    uint8_t reply[8];
    (void)state;

    begin(&f, (struct rk_sim_options){.model = "bk7231t", .manual_reset = true});
    rk_clock_sleep(f.clock, 200000); /* runs its application */
    send(&f, link_check, sizeof link_check);
    assert_false(receive(&f, reply, 8, 50000));
    assert_int_equal(rk_link_set_lines(f.link, 0, 1, &err), RK_OK);
    rk_clock_sleep(f.clock, 100000);
    assert_int_equal(rk_link_set_lines(f.link, -1, 0, &err), RK_OK);
    send(&f, link_check, sizeof link_check);
    assert_true(receive(&f, reply, 8, 50000));
    rk_sim_stats(f.sim, &stats);
    assert_int_equal(stats.resets, 1);
    end(&f);
}

static void a_vanished_adapter_is_an_error(void **state)
{
    struct rk_error err;
    struct fixture f;
    uint8_t reply[8];
    size_t got;
    (void)state;

    begin(&f, (struct rk_sim_options){.model = "bk7231n", .faults = {.vanish_at = 2}});
    send(&f, link_check, sizeof link_check);
    assert_true(receive(&f, reply, 8, 50000));
    send(&f, link_check, sizeof link_check);
    assert_int_equal(rk_link_read(f.link, reply, 8, &got, 50000, &err), RK_ERR_PORT_GONE);
    assert_string_equal(err.id, "port.gone");
    assert_int_equal(rk_link_write(f.link, reply, 1, &err), RK_ERR_PORT_GONE);
    end(&f);
}

static void a_slow_adapter_costs_time_per_slice(void **state)
{
    uint64_t took[2];
    (void)state;

    for (int slow = 0; slow < 2; slow++) {
        uint8_t reply[4111];
        struct fixture f;
        begin(&f,
              (struct rk_sim_options){.model = "bk7231n", .faults = {.slow_us = slow ? 16000 : 0}});
        link_up(&f, 115200);
        uint64_t start = rk_clock_now(f.clock);
        request_4k(&f, 0);
        assert_true(receive(&f, reply, sizeof reply, 100000));
        took[slow] = rk_clock_now(f.clock) - start;
        end(&f);
    }
    assert_in_range(took[1] - took[0], 1000, 40000);
}

static void links_open_by_specification(void **state)
{
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_error err;
    char path[] = "/tmp/rekindle-test-XXXXXX";
    int fd = mkstemp(path);
    uint8_t erase[] = {0x01, 0xE0, 0xFC, 0xFF, 0xF4, 0x05, 0x00, 0x0B, 0, 0, 0, 0}, reply[15];
    char spec[128];
    (void)state;

    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    for (int i = 0; i < 8192; i++)
        fputc(0, file);
    fclose(file);
    snprintf(spec, sizeof spec, "bk7231n,flash=%s,save,size=64K", path);
    assert_int_equal(rk_context_new(&ctx, NULL, &err), RK_OK);
    assert_int_equal(rk_sim_open_link(ctx, spec, &link, &err), RK_OK);
    assert_string_equal(rk_link_info(link)->kind, "sim");
    assert_true(rk_link_info(link)->is_virtual);
    struct fixture f = {.link = link, .clock = rk_link_clock(link)};
    send(&f, erase, sizeof erase);
    assert_true(receive(&f, reply, sizeof reply, 200000));
    rk_link_close(link);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fgetc(file), 0xFF); /* erased and saved */
    fseek(file, 0, SEEK_END);
    assert_int_equal(ftell(file), 65536);
    fclose(file);
    remove(path);
    assert_int_equal(rk_sim_open_link(ctx, "bk7231x", &link, &err), RK_ERR_ARG);
    assert_string_equal(err.id, "sim.model");
    rk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_mebibytes_take_the_time_of_the_wire),
        cmocka_unit_test(waiting_costs_virtual_time_only),
        cmocka_unit_test(writing_takes_the_wire_and_drain_waits_for_it),
        cmocka_unit_test(bytes_received_before_a_rate_change_stay_good),
        cmocka_unit_test(the_lines_reset_the_module),
        cmocka_unit_test(a_vanished_adapter_is_an_error),
        cmocka_unit_test(a_slow_adapter_costs_time_per_slice),
        cmocka_unit_test(links_open_by_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
