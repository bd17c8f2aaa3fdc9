/* A connected module, whatever its family: argument checks here, everything else in the driver. */
#include "base/context.h"
#include "base/text.h"
#include "chip/chip.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_LINK_TIMEOUT_MS 20000u
#define DEFAULT_RETRIES         5u
#define SLICE_US                100000u
#define ASK_USER_US             2000000u /* this long without an answer: the user must help */
#define FAMILIES_MAX            8u

static enum rk_status no_answer(const struct rk_device *dev, uint32_t timeout_ms,
                                struct rk_error *err)
{
    const char *name = rk_link_info(dev->link)->name;

    rk_fail(err, RK_ERR_NO_LINK, "link.no-answer", "nothing answered on %s within %u.%u s", name,
            (unsigned)(timeout_ms / 1000), (unsigned)(timeout_ms % 1000 / 100));
    rk_error_detail(err, "%u bytes received, none of them a reply", (unsigned)dev->stray_bytes);
    rk_error_hint(err, dev->stray_bytes
                           ? "something talks on this wire: UART1 of the module (RX1, TX1)? "
                             "another chip on it? power-cycle the module while this waits"
                           : "power-cycle the module, or pull CEN to ground for 0.2 s, while this "
                             "waits; are RX and TX swapped? is there 3.3 V? a BL602 "
                             "needs GPIO8 at 3.3 V at that moment");
    return RK_ERR_NO_LINK;
}

static void ask_user(struct rk_device *dev)
{
    const struct rk_link_info *info = rk_link_info(dev->link);

    rk_need_user(dev->ctx, "link.reset",
                 "%s: power-cycle the module now, or connect CEN to GND for a moment, and leave "
                 "this running",
                 info->has_lines ? "no answer, DTR and RTS did not reset it"
                                 : "no answer, and this port has no lines to reset it");
}

/* What each family keeps between its turns. */
struct turns {
    const struct rk_chip_driver *const *drivers;
    size_t count;
    void *states[FAMILIES_MAX];
};

static void take_turn(struct rk_device *dev, const struct turns *turns, size_t index)
{
    dev->driver = turns->drivers[index];
    dev->state = turns->states[index];
}

/* One of them has linked (or none, index count): the others' states go. */
static void forget_others(struct rk_device *dev, const struct turns *turns, size_t index)
{
    for (size_t i = 0; i < turns->count; i++) {
        take_turn(dev, turns, i);
        if (i != index && dev->state)
            dev->driver->free_state(dev);
    }
    dev->driver = NULL;
    dev->state = NULL;
    if (index < turns->count)
        take_turn(dev, turns, index);
}

static enum rk_status explain(struct rk_device *dev, const struct turns *turns, uint32_t timeout_ms,
                              struct rk_error *err)
{
    for (size_t i = 0; i < turns->count; i++) {
        take_turn(dev, turns, i);
        if (!dev->state || !dev->driver->explain)
            continue;
        enum rk_status st = dev->driver->explain(dev, err);
        if (st != RK_OK)
            return st;
    }
    return no_answer(dev, timeout_ms, err);
}

/* Can it be a chip of this family? */
static bool wanted(const struct rk_connect_options *opt, const struct rk_chip_driver *driver)
{
    const struct rk_chip_entry *chip = opt->chip ? rk_chip_find(opt->chip) : NULL;

    return !chip || rk_text_same(chip->family, driver->family);
}

/* Knocks with every family in turn until one answers; *index is the one. */
static enum rk_status knock_all(struct rk_device *dev, const struct rk_connect_options *opt,
                                struct turns *turns, size_t *index, struct rk_error *err)
{
    const struct rk_clock *clock = rk_link_clock(dev->link);
    uint32_t timeout_ms = opt->link_timeout_ms ? opt->link_timeout_ms : DEFAULT_LINK_TIMEOUT_MS;
    uint64_t start = rk_clock_now(clock);
    bool asked = false;

    for (size_t turn = 0;; turn = (turn + 1) % turns->count) {
        if (!wanted(opt, turns->drivers[turn]))
            continue;
        uint64_t waited = rk_clock_now(clock) - start;
        bool linked = false;
        if (timeout_ms != UINT32_MAX && waited >= (uint64_t)timeout_ms * 1000)
            return explain(dev, turns, timeout_ms, err);
        if (!asked && (waited >= ASK_USER_US || rk_text_same(dev->reset, "manual"))) {
            asked = true;
            ask_user(dev);
        }
        take_turn(dev, turns, turn);
        *index = turn;
        enum rk_status st = dev->driver->try_link(dev, opt, SLICE_US, &linked, err);
        turns->states[turn] = dev->state;
        if (st != RK_OK || linked)
            return st;
    }
}

static enum rk_status find_family(struct rk_device *dev, const struct rk_connect_options *opt,
                                  struct rk_error *err)
{
    struct turns turns = {.count = 0};
    size_t index = FAMILIES_MAX;

    turns.drivers = rk_chip_drivers(&turns.count);
    if (turns.count > FAMILIES_MAX)
        turns.count = FAMILIES_MAX;
    rk_stage_begin(dev->ctx, "link", "looking for a module on %s", rk_link_info(dev->link)->name);
    enum rk_status st = knock_all(dev, opt, &turns, &index, err);
    forget_others(dev, &turns, st == RK_OK ? index : FAMILIES_MAX);
    return st;
}

static enum rk_status check_options(const struct rk_connect_options *opt, struct rk_error *err)
{
    if (!opt->chip || rk_text_same(opt->chip, "auto") || rk_chip_find(opt->chip))
        return RK_OK;
    rk_fail(err, RK_ERR_ARG, "usage.chip", "\"%s\" is no chip we know", opt->chip);
    for (size_t i = 0; rk_chip(i); i++)
        if (rk_text_distance(opt->chip, rk_chip(i)->name, 2) <= 2) {
            rk_error_hint(err, "did you mean %s?", rk_chip(i)->name);
            return RK_ERR_ARG;
        }
    rk_error_hint(err, "`rekindle chips` lists them; without --chip it is found by itself");
    return RK_ERR_ARG;
}

enum rk_status rk_device_connect(struct rk_context *ctx, struct rk_link *link,
                                 const struct rk_connect_options *opt, struct rk_device **out,
                                 struct rk_error *err)
{
    struct rk_connect_options options = {.size = sizeof options};

    if (opt)
        memcpy(&options, opt, opt->size < sizeof options ? opt->size : sizeof options);
    enum rk_status st = check_options(&options, err);
    if (st != RK_OK)
        return st;
    struct rk_device *dev = calloc(1, sizeof *dev);
    if (!dev)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    dev->ctx = ctx;
    dev->link = link;
    dev->bare = options.bare;
    rk_text_copy(dev->reset, sizeof dev->reset, options.reset ? options.reset : "auto");
    dev->retries = options.retries ? options.retries : DEFAULT_RETRIES;
    dev->info.size = sizeof dev->info;
    st = find_family(dev, &options, err);
    if (st == RK_OK) {
        rk_text_copy(dev->info.family, sizeof dev->info.family, dev->driver->family);
        st = dev->driver->probe(dev, &options, err);
    }
    if (st == RK_OK)
        st = dev->driver->set_baud(dev, options.baud, options.max_baud, err);
    if (st == RK_OK && !options.bare)
        st = dev->driver->locate(dev, err);
    if (st != RK_OK) {
        rk_device_free(dev);
        return st;
    }
    rk_stage_end(ctx, "link", "%s%s%s, %u KiB flash, %u baud", dev->info.chip,
                 dev->info.loader[0] ? ", loader " : "", dev->info.loader,
                 (unsigned)(dev->info.flash_size / 1024), (unsigned)dev->info.baud);
    *out = dev;
    return RK_OK;
}

void rk_device_free(struct rk_device *dev)
{
    if (!dev)
        return;
    if (dev->driver)
        dev->driver->free_state(dev);
    free(dev);
}

const struct rk_device_info *rk_device_info(const struct rk_device *dev)
{
    return &dev->info;
}

const struct rk_region *rk_device_regions(const struct rk_device *dev, size_t *count)
{
    *count = dev->region_count;
    return dev->regions;
}

struct rk_link *rk_device_link(const struct rk_device *dev)
{
    return dev->link;
}

struct rk_context *rk_device_context(const struct rk_device *dev)
{
    return dev->ctx;
}

enum rk_digest_kind rk_device_digest_kind(const struct rk_device *dev)
{
    return dev->driver->digest_kind;
}

enum rk_status rk_device_identify(struct rk_device *dev, struct rk_error *err)
{
    return dev->driver->identify(dev, err);
}

/* [addr, addr + len) lies in the flash and is a multiple of `unit`. */
static enum rk_status check_range(const struct rk_device *dev, uint64_t addr, uint64_t len,
                                  uint32_t unit, struct rk_error *err)
{
    if (addr % unit || len % unit) {
        rk_fail(err, RK_ERR_ARG, "flash.alignment",
                "0x%06llx+0x%llx is not made of whole units of 0x%x bytes",
                (unsigned long long)addr, (unsigned long long)len, (unsigned)unit);
        return RK_ERR_ARG;
    }
    if (addr + len > dev->info.flash_size) {
        rk_fail(err, RK_ERR_RANGE, "flash.range",
                "0x%06llx+0x%llx lies outside of the flash, which ends at 0x%06x",
                (unsigned long long)addr, (unsigned long long)len, (unsigned)dev->info.flash_size);
        rk_error_at(err, (uint32_t)addr);
        return RK_ERR_RANGE;
    }
    return RK_OK;
}

enum rk_status rk_device_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                              struct rk_error *err)
{
    enum rk_status st = check_range(dev, addr, len, 1, err);

    return st == RK_OK && len ? dev->driver->read(dev, addr, buf, len, err) : st;
}

enum rk_status rk_device_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                                struct rk_digest *out, struct rk_error *err)
{
    if (len == 0)
        return rk_fail(err, RK_ERR_ARG, "flash.alignment", "the digest of nothing was asked");
    enum rk_status st = check_range(dev, addr, len, RK_SECTOR_SIZE, err);

    return st == RK_OK ? dev->driver->digest(dev, addr, len, out, err) : st;
}

enum rk_status rk_device_write_begin(struct rk_device *dev, struct rk_error *err)
{
    if (dev->writing)
        return RK_OK;
    /* first, so that write_end puts back what a failure leaves half done */
    dev->writing = true;
    return dev->driver->write_begin(dev, err);
}

enum rk_status rk_device_write_end(struct rk_device *dev, struct rk_error *err)
{
    if (!dev->writing)
        return RK_OK;
    dev->writing = false;
    return dev->driver->write_end(dev, err);
}

static enum rk_status check_writing(const struct rk_device *dev, struct rk_error *err)
{
    return dev->writing ? RK_OK
                        : rk_fail(err, RK_ERR_ARG, "flash.not-begun",
                                  "erasing and programming need rk_device_write_begin()");
}

enum rk_status rk_device_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                               struct rk_error *err)
{
    enum rk_status st = check_writing(dev, err);

    if (st == RK_OK && len != RK_SECTOR_SIZE && len != RK_BLOCK_SIZE)
        st = rk_fail(err, RK_ERR_ARG, "flash.alignment", "0x%x bytes are no erase unit",
                     (unsigned)len);
    if (st == RK_OK)
        st = check_range(dev, addr, len, len, err);
    return st == RK_OK ? dev->driver->erase(dev, addr, len, err) : st;
}

enum rk_status rk_device_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                 uint32_t len, struct rk_error *err)
{
    enum rk_status st = check_writing(dev, err);

    if (st == RK_OK)
        st = check_range(dev, addr, len, RK_SECTOR_SIZE, err);
    return st == RK_OK && len ? dev->driver->program(dev, addr, data, len, err) : st;
}

enum rk_status rk_device_reset(struct rk_device *dev, struct rk_error *err)
{
    return dev->driver->reset(dev, err);
}

enum rk_status rk_device_resync(struct rk_device *dev, struct rk_error *err)
{
    return dev->driver->resync(dev, err);
}

enum rk_status rk_device_keepalive(struct rk_device *dev, struct rk_error *err)
{
    return dev->driver->keepalive(dev, err);
}
