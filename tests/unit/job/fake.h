/* A module made of nothing but memory with the rules of NOR flash, behind the driver interface:
 * the jobs can be tested step by step without any protocol in between. */
#ifndef RK_TESTS_FAKE_H
#define RK_TESTS_FAKE_H

#include "unit/store/folder_support.h"

#include "base/context.h"
#include "base/crc.h"
#include "base/rng.h"
#include "chip/chip.h"

#include <rekindle/job.h>

#define FAKE_SIZE 0x200000u
#define FAKE_BOOT 0x11000u
#define FAKE_RF   0x1D0000u

struct fake {
    struct rk_context *ctx;
    struct rk_link *link;
    struct rk_device dev;
    uint8_t *flash, *erased, *programmed; /* one mark per sector in the latter two */
    struct rk_clock clock;
    uint64_t now_us;
    /* counters */
    uint32_t reads, digests, erases_4k, erases_64k, programs, resets, begins, ends, changes;
    uint64_t bytes_read;
    /* faults */
    struct rk_rng rng;
    uint32_t flip_read_ppm, flip_digest_ppm; /* per answer */
    uint32_t lose_ppm;                       /* answers that get lost */
    uint32_t cut_at;                         /* power fails at the n-th change */
    uint32_t unplug_at;                      /* the adapter goes at the n-th answer */
    uint32_t answers;
    uint32_t stray_at;    /* the address of the n-th change gets a bit flipped on the wire */
    uint32_t weak_sector; /* a bit of it cannot be programmed; 0 = none */
    bool locked;          /* erases and programs are answered and do nothing */
    bool dead;            /* power is off */
    uint32_t cancel_at;   /* cancelled from the n-th change on */
    /* what the listener heard */
    char last_log[32], warning[40];
};

static inline struct fake *fake_of(struct rk_device *dev)
{
    return dev->state;
}

static inline enum rk_status fake_answer(struct fake *f, struct rk_error *err)
{
    f->now_us += 1000;
    if (rk_cancelled(f->ctx)) /* as links do */
        return rk_fail(err, RK_ERR_CANCELLED, "cancelled", "cancelled");
    if (f->unplug_at && ++f->answers >= f->unplug_at)
        return rk_fail(err, RK_ERR_PORT_GONE, "port.gone", "the adapter is gone");
    if (f->dead || rk_rng_chance(&f->rng, f->lose_ppm))
        return rk_fail(err, RK_ERR_LINK_LOST, "link.lost", "no answer");
    return RK_OK;
}

static inline enum rk_status fake_ok(struct rk_device *dev, struct rk_error *err)
{
    return fake_answer(fake_of(dev), err);
}

static inline enum rk_status fake_identify(struct rk_device *dev, struct rk_error *err)
{
    struct fake *f = fake_of(dev);
    const uint8_t *rf = f->flash + FAKE_RF;
    dev->info.has_mac = memcmp(rf, "TLV", 4) == 0;
    if (dev->info.has_mac)
        memcpy(dev->info.mac, rf + 0x24, 6);
    return fake_answer(f, err);
}

static inline enum rk_status fake_read(struct rk_device *dev, uint32_t addr, uint8_t *buf,
                                       size_t len, struct rk_error *err)
{
    struct fake *f = fake_of(dev);
    f->reads += (uint32_t)(len / RK_SECTOR_SIZE);
    f->bytes_read += len;
    memcpy(buf, f->flash + addr, len);
    if (rk_rng_chance(&f->rng, f->flip_read_ppm))
        buf[rk_rng_below(&f->rng, (uint32_t)len)] ^= 4;
    return fake_answer(f, err);
}

static inline enum rk_status fake_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                                         struct rk_digest *out, struct rk_error *err)
{
    struct fake *f = fake_of(dev);
    assert_true(addr % RK_SECTOR_SIZE == 0 && len % RK_SECTOR_SIZE == 0);
    f->digests++;
    rk_digest_of(RK_DIGEST_CRC32, f->flash + addr, len, out);
    if (rk_rng_chance(&f->rng, f->flip_digest_ppm))
        out->bytes[rk_rng_below(&f->rng, 4)] ^= 1;
    return fake_answer(f, err);
}

static inline enum rk_status fake_begin(struct rk_device *dev, struct rk_error *err)
{
    fake_of(dev)->begins++;
    return fake_answer(fake_of(dev), err);
}

static inline enum rk_status fake_end(struct rk_device *dev, struct rk_error *err)
{
    enum rk_status status = fake_answer(fake_of(dev), err);
    fake_of(dev)->ends += status == RK_OK;
    return status;
}

/* A change of the flash; the power may fail in the middle of it. */
static inline enum rk_status fake_change(struct fake *f, uint32_t addr, const uint8_t *data,
                                         uint32_t len, struct rk_error *err)
{
    bool cut = ++f->changes == f->cut_at;
    uint32_t n = f->locked ? 0 : cut ? len / 2 + 100 : len;
    assert_true(f->dev.writing);
    if (f->changes == f->stray_at)
        addr ^= 0x80000;
    if (f->dead)
        return fake_answer(f, err);
    for (uint32_t i = 0; i < n; i++)
        f->flash[addr + i] = data ? f->flash[addr + i] & data[i] : cut ? 0xA5 | (uint8_t)i : 0xFF;
    if (data && f->weak_sector == addr && f->weak_sector)
        f->flash[addr + 77] |= 1;
    f->dead = f->dead || cut;
    return fake_answer(f, err);
}

static inline enum rk_status fake_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                                        struct rk_error *err)
{
    struct fake *f = fake_of(dev);
    assert_true(len == RK_SECTOR_SIZE || len == RK_BLOCK_SIZE);
    assert_int_equal(addr % len, 0);
    if (len == RK_BLOCK_SIZE)
        f->erases_64k++;
    else
        f->erases_4k++;
    memset(f->erased + addr / RK_SECTOR_SIZE, 1, len / RK_SECTOR_SIZE);
    return fake_change(f, addr, NULL, len, err);
}

static inline enum rk_status fake_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                          uint32_t len, struct rk_error *err)
{
    struct fake *f = fake_of(dev);
    assert_int_equal(addr % RK_SECTOR_SIZE, 0);
    f->programs++;
    memset(f->programmed + addr / RK_SECTOR_SIZE, 1, len / RK_SECTOR_SIZE);
    return fake_change(f, addr, data, len, err);
}

static inline enum rk_status fake_reset(struct rk_device *dev, struct rk_error *err)
{
    fake_of(dev)->resets++;
    return fake_answer(fake_of(dev), err);
}

static const struct rk_chip_driver fake_driver = {.family = "bk72xx",
                                                  .digest_kind = RK_DIGEST_CRC32,
                                                  .identify = fake_identify,
                                                  .read = fake_read,
                                                  .digest = fake_digest,
                                                  .write_begin = fake_begin,
                                                  .write_end = fake_end,
                                                  .erase = fake_erase,
                                                  .program = fake_program,
                                                  .reset = fake_reset,
                                                  .resync = fake_ok,
                                                  .keepalive = fake_ok};

/* ---- link and context around it ---- */

static inline uint64_t fake_now(void *self)
{
    return ((struct fake *)self)->now_us;
}

static inline void fake_sleep(void *self, uint64_t us)
{
    ((struct fake *)self)->now_us += us;
}

static inline enum rk_status fake_link_read(void *self, uint8_t *buf, size_t cap, size_t *got,
                                            uint64_t timeout_us, struct rk_error *err)
{
    (void)buf, (void)cap, (void)err;
    fake_sleep(self, timeout_us);
    *got = 0;
    return RK_OK;
}

static inline enum rk_status fake_link_write(void *self, const uint8_t *buf, size_t len,
                                             uint64_t timeout_us, struct rk_error *err)
{
    (void)self, (void)buf, (void)len, (void)timeout_us, (void)err;
    return RK_OK;
}

static inline void fake_link_close(void *self)
{
    (void)self;
}

static inline void fake_event(void *user, const struct rk_event *event)
{
    struct fake *f = user;
    if (event->kind == RK_EVENT_WARNING)
        rk_text_copy(f->warning, sizeof f->warning, event->id);
    if (event->kind == RK_EVENT_LOG)
        rk_text_copy(f->last_log, sizeof f->last_log, event->id);
}

static inline bool fake_cancelled(void *user)
{
    const struct fake *f = user;
    return f->cancel_at && f->changes >= f->cancel_at;
}

static inline int64_t fake_utc(void *user)
{
    return 1767268800 + (int64_t)(((struct fake *)user)->now_us / 1000000u);
}

/* An RF record with a MAC, as Beken's SDK keeps it: "TLV", length, group, items. */
static inline void fake_rf(uint8_t *sector, uint8_t last)
{
    static const uint8_t record[] = {
        'T',  'L',  'V',  0,    0x22, 0,    0,    0, 0x00, 0x11, 0x11, 0x11, 0x1A, 0,
        0,    0,    0x01, 0x11, 0x11, 0x11, 0x04, 0, 0,    0,    1,    2,    3,    4,
        0x02, 0x11, 0x11, 0x11, 0x06, 0,    0,    0, 0x38, 0x1F, 0x8D, 1,    2,    3};
    memset(sector, 0xFF, RK_SECTOR_SIZE);
    memcpy(sector, record, sizeof record);
    sector[0x29] = last;
}

static inline void fake_content(struct fake *f, uint64_t seed)
{
    struct rk_rng rng = {seed};
    memset(f->flash, 0xFF, FAKE_SIZE);
    for (uint32_t i = 0; i < 0x60000; i++)
        f->flash[i] = (uint8_t)rk_rng_next(&rng);
    for (uint32_t i = 0x1ED000; i < 0x1F0000; i++)
        f->flash[i] = (uint8_t)rk_rng_next(&rng);
    fake_rf(f->flash + FAKE_RF, (uint8_t)seed);
}

static inline struct fake *fake_new(uint64_t seed)
{
    static const struct rk_link_ops ops = {.size = sizeof ops,
                                           .read = fake_link_read,
                                           .write = fake_link_write,
                                           .close = fake_link_close};
    struct fake *f = calloc(1, sizeof *f);
    assert_non_null(f);
    struct rk_callbacks callbacks = {.size = sizeof callbacks,
                                     .user = f,
                                     .event = fake_event,
                                     .cancelled = fake_cancelled,
                                     .utc = fake_utc};
    struct rk_link_info info = {.name = "fake", .kind = "custom", .bridge = "none"};
    static const struct rk_region regions[] = {
        {"boot", RK_REGION_BOOT, 0, FAKE_BOOT},
        {"app", RK_REGION_APP, FAKE_BOOT, 0x121000},
        {"rf", RK_REGION_CALIBRATION, FAKE_RF, RK_SECTOR_SIZE},
        {"storage", RK_REGION_SETTINGS, 0x1ED000, 0x13000}};
    f->clock = (struct rk_clock){fake_now, fake_sleep, f};
    assert_int_equal(rk_context_new(&f->ctx, &callbacks, NULL), RK_OK);
    assert_int_equal(rk_link_custom(f->ctx, &ops, f, &f->clock, &info, &f->link, NULL), RK_OK);
    f->flash = malloc(FAKE_SIZE);
    f->erased = calloc(1, FAKE_SIZE / RK_SECTOR_SIZE);
    f->programmed = calloc(1, FAKE_SIZE / RK_SECTOR_SIZE);
    f->rng.state = seed;
    fake_content(f, seed);
    f->dev = (struct rk_device){.ctx = f->ctx,
                                .link = f->link,
                                .driver = &fake_driver,
                                .state = f,
                                .info = module_info(),
                                .region_count = 4,
                                .retries = 5};
    memcpy(f->dev.regions, regions, sizeof regions);
    f->dev.info.flash_size = FAKE_SIZE;
    f->dev.info.baud = 921600;
    f->dev.info.has_mac = true;
    memcpy(f->dev.info.mac, f->flash + FAKE_RF + 0x24, 6);
    return f;
}

/* Forgets faults and counters; the flash stays. The module is switched on again. */
static inline void fake_heal(struct fake *f)
{
    f->reads = f->digests = f->erases_4k = f->erases_64k = f->programs = f->resets = 0;
    f->begins = f->ends = f->changes = f->answers = 0;
    f->bytes_read = 0;
    f->flip_read_ppm = f->flip_digest_ppm = f->lose_ppm = f->cut_at = f->unplug_at = 0;
    f->weak_sector = f->cancel_at = f->stray_at = 0;
    f->locked = f->dead = f->dev.writing = false;
    f->warning[0] = f->last_log[0] = '\0';
    memset(f->erased, 0, FAKE_SIZE / RK_SECTOR_SIZE);
    memset(f->programmed, 0, FAKE_SIZE / RK_SECTOR_SIZE);
    f->now_us += 1000000;
}

/* True if any sector of the range was ever erased or programmed. */
static inline bool fake_touched(const struct fake *f, uint32_t addr, uint32_t len)
{
    for (uint32_t i = addr / RK_SECTOR_SIZE; i < (addr + len) / RK_SECTOR_SIZE; i++)
        if (f->erased[i] || f->programmed[i])
            return true;
    return false;
}

static inline void fake_free(struct fake *f)
{
    rk_link_close(f->link);
    rk_context_free(f->ctx);
    free(f->flash);
    free(f->erased);
    free(f->programmed);
    free(f);
}

#endif
