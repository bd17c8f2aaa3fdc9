/* One byte of one command is lost on the way to the module. The loaders have no checksum: what they
 * make of the rest of the frame, and of the bytes that come next, must do no harm. */
#include "unit/chip/bench.h"

/* A link that loses byte number `position` of the next long command `op`. */
struct lossy {
    struct rk_link *inner;
    uint8_t op;
    size_t position;
    bool armed;
};

static enum rk_status lossy_read(void *self, uint8_t *out, size_t cap, size_t *got,
                                 uint64_t timeout_us, struct rk_error *err)
{
    return rk_link_read(((struct lossy *)self)->inner, out, cap, got, timeout_us, err);
}

static enum rk_status lossy_write(void *self, const uint8_t *bytes, size_t len, uint64_t timeout_us,
                                  struct rk_error *err)
{
    struct lossy *lossy = self;
    (void)timeout_us;
    if (!lossy->armed || len < 9 || bytes[3] != 0xFF || bytes[7] != lossy->op)
        return rk_link_write(lossy->inner, bytes, len, err);
    lossy->armed = false;
    enum rk_status st = rk_link_write(lossy->inner, bytes, lossy->position, err);
    return st != RK_OK ? st
                       : rk_link_write(lossy->inner, bytes + lossy->position + 1,
                                       len - lossy->position - 1, err);
}

static enum rk_status lossy_drain(void *self, struct rk_error *err)
{
    return rk_link_drain(((struct lossy *)self)->inner, err);
}

static enum rk_status lossy_baud(void *self, uint32_t baud, uint32_t *actual, struct rk_error *err)
{
    return rk_link_set_baud(((struct lossy *)self)->inner, baud, actual, err);
}

static enum rk_status lossy_lines(void *self, int dtr, int rts, struct rk_error *err)
{
    return rk_link_set_lines(((struct lossy *)self)->inner, dtr, rts, err);
}

static enum rk_status lossy_discard(void *self, struct rk_error *err)
{
    return rk_link_discard(((struct lossy *)self)->inner, err);
}

static void lossy_close(void *self)
{
    rk_link_close(((struct lossy *)self)->inner);
}

static void begin(struct bench *b, struct lossy *lossy, const char *model)
{
    static const struct rk_link_ops ops = {.size = sizeof ops,
                                           .read = lossy_read,
                                           .write = lossy_write,
                                           .drain = lossy_drain,
                                           .set_baud = lossy_baud,
                                           .set_lines = lossy_lines,
                                           .discard = lossy_discard,
                                           .close = lossy_close};
    struct rk_sim_options sim = bench_sim(model, NULL, 0x200000);

    bench_begin(b, &sim);
    memset(lossy, 0, sizeof *lossy);
    lossy->inner = b->link;
    bench_ok(b, rk_link_custom(b->ctx, &ops, lossy, rk_link_clock(b->link), rk_link_info(b->link),
                               &b->link, &b->err));
    bench_ok(b, bench_connect(b, NULL));
    bench_ok(b, rk_device_write_begin(b->dev, &b->err));
}

static uint8_t expected[0x200000];

static void lose(struct lossy *lossy, uint8_t op, size_t position)
{
    lossy->op = op;
    lossy->position = position;
    lossy->armed = true;
}

static const char *const models[] = {"bk7231t", "bk7231u", "bk7231q", "bk7231n"};
#define MODELS (sizeof models / sizeof models[0])

/* An erase command has 13 bytes; addresses that turn into the boot loader's when shifted. */
static void a_lost_byte_of_an_erase_hits_nothing_else(void **state)
{
    (void)state;
    for (size_t m = 0; m < MODELS; m++) {
        struct lossy lossy;
        struct bench b;
        size_t len;
        begin(&b, &lossy, models[m]);
        memcpy(expected, bench_content, sizeof expected);
        for (size_t position = 0; position < 13; position++) {
            uint32_t addr = 0x101000 + (uint32_t)position * 0x11000;
            lose(&lossy, 0x0F, position);
            bench_ok(&b, rk_device_erase(b.dev, addr, 0x1000, &b.err));
            assert_false(lossy.armed);
            memset(expected + addr, 0xFF, 0x1000);
            assert_memory_equal(rk_sim_flash(b.sim, &len), expected, sizeof expected);
        }
        bench_end(&b);
    }
}

/* Of a write, any byte but one of the four of its address, which nobody can protect: on a flash
 * loader the first data byte then becomes part of the address. */
static void a_lost_byte_of_a_write_is_made_good(void **state)
{
    static const size_t positions[] = {0, 3, 5, 6, 7, 12, 13, 267, 268, 2000, 4106, 4107};
    static uint8_t data[0x1000];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 5 + 1);
    for (size_t m = 0; m < MODELS; m++) {
        struct lossy lossy;
        struct bench b;
        size_t len;
        begin(&b, &lossy, models[m]);
        memcpy(expected, bench_content, sizeof expected);
        for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
            uint32_t addr = 0x101000 + (uint32_t)i * 0x2000;
            bench_ok(&b, rk_device_erase(b.dev, addr, 0x1000, &b.err));
            lose(&lossy, 0x07, positions[i]);
            bench_ok(&b, rk_device_program(b.dev, addr, data, sizeof data, &b.err));
            assert_false(lossy.armed);
            memcpy(expected + addr, data, sizeof data);
            assert_memory_equal(rk_sim_flash(b.sim, &len), expected, sizeof expected);
        }
        bench_end(&b);
    }
}

static void a_lost_byte_of_a_read_costs_a_repeat(void **state)
{
    static uint8_t buf[0x4000];
    (void)state;
    for (size_t m = 0; m < MODELS; m++) {
        struct lossy lossy;
        struct bench b;
        begin(&b, &lossy, models[m]);
        for (size_t position = 0; position < 12; position++) {
            lose(&lossy, 0x09, position);
            bench_ok(&b, rk_device_read(b.dev, 0x20000, buf, sizeof buf, &b.err));
            assert_memory_equal(buf, bench_content + 0x20000, sizeof buf);
        }
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_byte_of_an_erase_hits_nothing_else),
        cmocka_unit_test(a_lost_byte_of_a_write_is_made_good),
        cmocka_unit_test(a_lost_byte_of_a_read_costs_a_repeat),
    };
    bench_make_content();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
