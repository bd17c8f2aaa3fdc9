/* Lines that are bad: nothing there, an echo, garbage, lost and added bytes, late answers, a module
 * that loses its power. Every call ends, in success or with a classified error. */
#include "unit/chip/bench.h"

#include "chip/chip.h"

static uint8_t buf[0x20000], pattern[0x4000];

/* ---- a far end of our own ---- */

/* Answers each request with the reply written next to it, and anything else with nothing. */
struct script {
    const struct {
        const char *request, *reply;
    } * lines;
    size_t count;
    bool echo;
    const char *chatter; /* sent after every request */
    uint64_t now_us;
    struct rk_clock clock;
    uint8_t out[65536];
    size_t out_len;
    unsigned writes;
};

static size_t from_hex(const char *text, uint8_t *out)
{
    size_t n = 0;
    unsigned value;
    int used;

    while (text && sscanf(text, " %2x%n", &value, &used) == 1) {
        out[n++] = (uint8_t)value;
        text += used;
    }
    return n;
}

static uint64_t script_now(void *self)
{
    return ((struct script *)self)->now_us;
}

static void script_sleep(void *self, uint64_t us)
{
    ((struct script *)self)->now_us += us;
}

static enum rk_status script_read(void *self, uint8_t *out, size_t cap, size_t *got,
                                  uint64_t timeout_us, struct rk_error *err)
{
    struct script *s = self;
    (void)err;
    *got = s->out_len < cap ? s->out_len : cap;
    memcpy(out, s->out, *got);
    s->out_len -= *got;
    memmove(s->out, s->out + *got, s->out_len);
    s->now_us += *got ? 500 : timeout_us;
    return RK_OK;
}

static void script_put(struct script *s, const uint8_t *bytes, size_t len)
{
    if (len <= sizeof s->out - s->out_len) {
        memcpy(s->out + s->out_len, bytes, len);
        s->out_len += len;
    }
}

static enum rk_status script_write(void *self, const uint8_t *bytes, size_t len,
                                   uint64_t timeout_us, struct rk_error *err)
{
    struct script *s = self;
    uint8_t wire[512];
    (void)timeout_us;
    (void)err;
    s->writes++;
    s->now_us += len * 87;
    if (s->echo)
        script_put(s, bytes, len);
    for (size_t i = 0; i < s->count; i++) {
        size_t n = from_hex(s->lines[i].request, wire);
        if (n == len && memcmp(wire, bytes, n) == 0) {
            n = from_hex(s->lines[i].reply, wire);
            script_put(s, wire, n);
        }
    }
    script_put(s, wire, from_hex(s->chatter, wire));
    return RK_OK;
}

static void script_close(void *self)
{
    (void)self;
}

static void script_begin(struct bench *b, struct script *s)
{
    static const struct rk_link_ops ops = {
        .size = sizeof ops, .read = script_read, .write = script_write, .close = script_close};
    const struct rk_callbacks callbacks = {
        .size = sizeof callbacks, .user = b, .event = bench_event, .cancelled = bench_cancelled};

    memset(b, 0, sizeof *b);
    s->clock = (struct rk_clock){script_now, script_sleep, s};
    assert_int_equal(rk_context_new(&b->ctx, &callbacks, NULL), RK_OK);
    assert_int_equal(rk_link_custom(b->ctx, &ops, s, &s->clock, NULL, &b->link, NULL), RK_OK);
}

static void silence_asks_for_help_and_ends(void **state)
{
    static struct script s;
    struct rk_connect_options opt = {.size = sizeof opt, .link_timeout_ms = 6000};
    struct bench b;
    (void)state;
    script_begin(&b, &s);
    assert_int_equal(bench_connect(&b, &opt), RK_ERR_NO_LINK);
    assert_string_equal(b.err.id, "link.no-answer");
    assert_true(b.requests >= 1 && strstr(b.last_request, "CEN"));
    assert_in_range(bench_now(&b), 6000000, 6500000);
    bench_end(&b);
}

static void an_echo_is_named(void **state)
{
    static struct script s;
    struct rk_connect_options opt = {.size = sizeof opt, .link_timeout_ms = 3000};
    struct bench b;
    (void)state;
    s.echo = true;
    script_begin(&b, &s);
    assert_int_equal(bench_connect(&b, &opt), RK_ERR_PROTOCOL);
    assert_string_equal(b.err.id, "link.echo");
    bench_end(&b);
}

static void garbage_is_no_module(void **state)
{
    static struct script s;
    struct rk_connect_options opt = {.size = sizeof opt, .link_timeout_ms = 3000};
    struct bench b;
    (void)state;
    s.chatter = "55 aa 00 00 00 00 ff 04 0e 05 01 e0";
    script_begin(&b, &s);
    assert_int_equal(bench_connect(&b, &opt), RK_ERR_NO_LINK);
    assert_non_null(strstr(b.err.detail, "bytes received"));
    bench_end(&b);
}

/* Links, and then every other command brings nonsense. */
static void a_liar_is_found_out(void **state)
{
    static const struct {
        const char *request, *reply;
    } lines[] = {
        {"01 e0 fc 01 00", "04 0e 05 01 e0 fc 01 00"},
        {"01 e0 fc 05 03 00 00 80 00", "04 0e 0c 01 e0 fc 03 00 00 80 00 99 99 09 00"},
        {"01 e0 fc 05 03 04 00 01 44", "04 0e 0c 01 e0 fc 03 04 00 01 44 00 00 00 00"},
        {"01 e0 fc 05 03 04 00 01 34", "04 0e 0c 01 e0 fc 03 04 00 01 34 ff ff ff ff"},
    };
    static struct script s;
    struct bench b;
    (void)state;
    s.lines = (const void *)lines;
    s.count = sizeof lines / sizeof lines[0];
    script_begin(&b, &s);
    assert_int_equal(bench_connect(&b, NULL), RK_ERR_UNSUPPORTED);
    assert_string_equal(b.err.id, "chip.unknown");
    assert_non_null(strstr(b.err.message, "0x00099999"));
    bench_end(&b);
}

static void a_link_that_answers_nothing_else_is_lost(void **state)
{
    static const struct {
        const char *request, *reply;
    } lines[] = {{"01 e0 fc 01 00", "04 0e 05 01 e0 fc 01 00 04 0e 05 01 e0 fc 01 00"}};
    static struct script s;
    struct bench b;
    (void)state;
    s.lines = (const void *)lines;
    s.count = 1;
    script_begin(&b, &s);
    assert_int_equal(bench_connect(&b, NULL), RK_ERR_LINK_LOST);
    assert_true(bench_now(&b) < 60000000);
    bench_end(&b);
}

/* ---- virtual modules with faults ---- */

static void cancelling_ends_at_once(void **state)
{
    struct rk_sim_options sim = bench_sim("bk7231n", NULL, 0x200000);
    struct bench b;
    (void)state;
    bench_begin(&b, &sim);
    bench_ok(&b, bench_connect(&b, NULL));
    b.cancel_at_us = bench_now(&b) + 200000;
    assert_int_equal(rk_device_read(b.dev, 0, buf, sizeof buf, &b.err), RK_ERR_CANCELLED);
    assert_true(bench_now(&b) < b.cancel_at_us + 100000);
    b.cancel_at_us = 0;
    bench_ok(&b, rk_device_resync(b.dev, &b.err));
    bench_ok(&b, rk_device_read(b.dev, 0, buf, sizeof buf, &b.err));
    assert_memory_equal(buf, bench_content, sizeof buf);
    bench_end(&b);
}

/* The power fails and stays away: a clear error within seconds, and the same device goes on when
 * the module is back. */
static void a_dead_module_is_lost_and_found(void **state)
{
    static const char *const models[] = {"bk7231t", "bk7231n"};
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct rk_sim_options sim = bench_sim(models[m], NULL, 0x200000);
        struct rk_sim_faults cut = {.power_cut_at = 1}, none = {.seed = 0};
        struct rk_sim_stats stats;
        struct bench b;
        sim.manual_reset = true;
        bench_begin(&b, &sim);
        bench_ok(&b, bench_connect(&b, NULL));
        rk_sim_stats(b.sim, &stats);
        cut.power_cut_at = stats.commands + 3;
        rk_sim_set_faults(b.sim, &cut);
        uint64_t start = bench_now(&b);
        assert_int_equal(rk_device_read(b.dev, 0x11000, buf, 0x8000, &b.err), RK_ERR_LINK_LOST);
        assert_string_equal(b.err.id, "link.lost");
        assert_true(bench_now(&b) - start < 20000000);
        rk_sim_set_faults(b.sim, &none);
        rk_sim_power_on(b.sim, bench_now(&b));
        bench_ok(&b, rk_device_read(b.dev, 0x11000, buf, 0x8000, &b.err));
        assert_memory_equal(buf, bench_content + 0x11000, 0x8000);
        bench_end(&b);
    }
}

struct bad_line {
    const char *name;
    struct rk_sim_faults faults;
};

static const struct bad_line bad_lines[] = {
    {"drop", {.drop_ppm = 20}},
    {"add", {.add_ppm = 20}},
    {"noise", {.noise_ppm = 200000}},
    {"silent", {.silent_ppm = 20000}},
    {"late", {.late_ppm = 20000}},
    {"status", {.status_ppm = 100000}},
    {"slow", {.slow_us = 3000}},
    {"all",
     {.drop_ppm = 5, .add_ppm = 5, .noise_ppm = 50000, .silent_ppm = 5000, .late_ppm = 5000}},
};

static bool verified(struct bench *b, uint32_t addr, const uint8_t *data, uint32_t len)
{
    struct rk_digest have, want;

    rk_digest_of(RK_DIGEST_CRC32, data, len, &want);
    return rk_device_digest(b->dev, addr, len, &have, &b->err) == RK_OK &&
           rk_digest_equal(&have, &want);
}

/* As a job does it: a block is right when the chip's digest says so, and is repeated until then. */
static bool read_block(struct bench *b, uint32_t addr)
{
    for (int i = 0; i < 6; i++)
        if (rk_device_read(b->dev, addr, buf, RK_BLOCK_SIZE, &b->err) == RK_OK &&
            verified(b, addr, buf, RK_BLOCK_SIZE))
            return true;
    return false;
}

static bool write_block(struct bench *b, uint32_t addr)
{
    bool good = false;

    for (int i = 0; i < 6 && !good; i++)
        good = rk_device_write_begin(b->dev, &b->err) == RK_OK &&
               rk_device_erase(b->dev, addr, RK_BLOCK_SIZE, &b->err) == RK_OK &&
               rk_device_program(b->dev, addr, pattern, sizeof pattern, &b->err) == RK_OK &&
               verified(b, addr, pattern, sizeof pattern);
    return rk_device_write_end(b->dev, &b->err) == RK_OK && good;
}

static void run_on_bad_line(const char *model, const char *loader, const struct bad_line *line,
                            uint64_t seed, unsigned *failed, unsigned *faults)
{
    struct rk_sim_stats stats;
    struct rk_sim_options sim = bench_sim(model, loader, 0x200000);
    struct bench b;
    size_t len;

    sim.faults = line->faults;
    sim.faults.seed = seed;
    bench_begin(&b, &sim);
    if (bench_connect(&b, NULL) != RK_OK) {
        (*failed)++;
        bench_end(&b);
        return;
    }
    if (!read_block(&b, 0x20000))
        (*failed)++;
    else
        assert_memory_equal(buf, bench_content + 0x20000, RK_BLOCK_SIZE);
    if (!write_block(&b, 0x40000))
        (*failed)++;
    else
        assert_memory_equal(rk_sim_flash(b.sim, &len) + 0x40000, pattern, sizeof pattern);
    assert_false(rk_sim_touched(b.sim, 0, 0x11000));
    assert_true(bench_now(&b) < 600000000);
    rk_sim_stats(b.sim, &stats);
    *faults += stats.faults;
    bench_end(&b);
}

static void bad_lines_are_survived(void **state)
{
    static const char *const models[][2] = {
        {"bk7231n", NULL}, {"bk7231t", "1.0.5"}, {"bk7231u", NULL}, {"bk7231t", "1.0.4"}};
    (void)state;
    for (size_t l = 0; l < sizeof bad_lines / sizeof bad_lines[0]; l++) {
        unsigned failed = 0, runs = 0, faults = 0;
        for (size_t m = 0; m < sizeof models / sizeof models[0]; m++)
            for (uint64_t seed = 1; seed <= 4; seed++, runs++)
                run_on_bad_line(models[m][0], models[m][1], &bad_lines[l], seed, &failed, &faults);
        print_message("%s: %u faults, %u of %u runs ended with a classified error\n",
                      bad_lines[l].name, faults, failed, runs);
        assert_true(faults > 0 || bad_lines[l].faults.slow_us);
        assert_true(failed * 4 <= runs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_asks_for_help_and_ends),
        cmocka_unit_test(an_echo_is_named),
        cmocka_unit_test(garbage_is_no_module),
        cmocka_unit_test(a_liar_is_found_out),
        cmocka_unit_test(a_link_that_answers_nothing_else_is_lost),
        cmocka_unit_test(cancelling_ends_at_once),
        cmocka_unit_test(a_dead_module_is_lost_and_found),
        cmocka_unit_test(bad_lines_are_survived),
    };
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 13 + (i >> 8));
    bench_make_content();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
