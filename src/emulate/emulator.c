#include "emulate/machine.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "RKSNAP\r\n"

enum { VERSION = 2, HEADER = 16, NAME = 16, NOTE_MAX = 4 << 20, FLASH_MAX = 64 << 20 };

struct rk_emulator {
    const struct rk_emulator_family *family;
    void *machine;
    char chip[NAME];
    struct rk_emulate_events events;
    bool loading; /* the machine is being made: nobody is told of its first start */
};

static const struct rk_emulator_family *const families[] = {&rk_emulated_beken,
                                                            &rk_emulated_bouffalo};

enum { FAMILIES = sizeof families / sizeof families[0] };

const char *rk_emulator_chip(size_t index)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        size_t n = 0;
        for (; families[i]->chip(n); n++)
            if (n == index)
                return families[i]->chip(n);
        index -= n;
    }
    return NULL;
}

static const struct rk_emulator_family *family_of(const char *chip)
{
    for (size_t i = 0; i < FAMILIES; i++)
        for (size_t n = 0; families[i]->chip(n); n++)
            if (rk_text_same(families[i]->chip(n), chip))
                return families[i];
    return NULL;
}

static enum rk_status unknown_chip(const char *chip, struct rk_error *err)
{
    const char *names[64];
    size_t count = 0;

    for (const char *name; count < 64 && (name = rk_emulator_chip(count)); count++)
        names[count] = name;
    rk_fail(err, RK_ERR_ARG, "emulate.chip", "there is no emulated \"%s\"", chip);
    const char *near = rk_text_nearest(chip, names, count, sizeof names[0]);
    if (near)
        rk_error_hint(err, "did you mean %s?", near);
    return RK_ERR_ARG;
}

static void on_uart(void *user, unsigned unit, uint8_t byte, uint64_t time_ns)
{
    const struct rk_emulator *e = user;

    if (e->events.uart)
        e->events.uart(e->events.user, unit, byte, time_ns);
}

static void on_trace(void *user, const struct rk_emulate_trace *what)
{
    const struct rk_emulator *e = user;

    e->events.trace(e->events.user, what);
}

static void on_reset(void *user, enum rk_emulate_reset cause, uint64_t time_ns)
{
    const struct rk_emulator *e = user;

    if (e->events.reset && !e->loading)
        e->events.reset(e->events.user, cause, time_ns);
}

static enum rk_status no_such(struct rk_error *err, const char *hint)
{
    rk_error_hint(err, "%s", hint);
    return RK_ERR_ARG;
}

/* What a chip of this family has not is not silently left out. */
static enum rk_status check_conditions(const struct rk_emulator_family *f,
                                       const struct rk_emulate_options *opt, struct rk_error *err)
{
    uint64_t pins = opt->pins_high | opt->pins_low, known = ((uint64_t)1 << f->pins) - 1;
    unsigned pin = 0;

    for (; pins & ~known && !(pins & ~known & (uint64_t)1 << pin); pin++)
        ;
    if (pins & ~known) {
        rk_fail(err, RK_ERR_ARG, "emulate.condition", "a %s has no pin %u: they are 0 to %u",
                f->name, pin, f->pins - 1);
        return no_such(err, "the number is that of the GPIO, not of the pad of the module");
    }
    if (opt->pins_high & opt->pins_low)
        return rk_fail(err, RK_ERR_ARG, "emulate.condition", "a pin is said to be high and low");
    if (opt->have_key && !f->has_key) {
        rk_fail(err, RK_ERR_ARG, "emulate.condition",
                "a %s has no scrambler in front of its flash, and no key words for one", f->name);
        return no_such(err, "what it deciphers and checks is told by its efuses: --efuse");
    }
    if (opt->rom && !f->takes_rom) {
        rk_fail(err, RK_ERR_ARG, "emulate.condition", "a %s is emulated without its mask ROM",
                f->name);
        return no_such(err, "only that of a BL602 can be given");
    }
    if (opt->efuse && opt->efuse_len != f->efuse_len)
        return rk_fail(err, RK_ERR_ARG, "emulate.condition",
                       "the efuses of a %s are %zu bytes, these %zu", f->name, f->efuse_len,
                       opt->efuse_len);
    return RK_OK;
}

static enum rk_status make(const struct rk_emulate_options *opt, bool loading,
                           struct rk_emulator **out, struct rk_error *err)
{
    const struct rk_emulator_family *family = family_of(opt->chip);
    struct rk_emulate_options own = *opt;

    if (!family)
        return unknown_chip(opt->chip, err);
    enum rk_status st = check_conditions(family, opt, err);
    if (st != RK_OK)
        return st;
    struct rk_emulator *e = calloc(1, sizeof *e);
    if (!e)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    e->family = family;
    e->events = opt->events;
    e->loading = loading;
    rk_text_copy(e->chip, sizeof e->chip, opt->chip);
    own.events.user = e;
    own.events.uart = on_uart;
    own.events.reset = on_reset;
    own.events.trace = opt->events.trace ? on_trace : NULL;
    st = family->create(&own, &e->machine, err);
    e->loading = false;
    if (st == RK_OK)
        *out = e;
    else
        free(e);
    return st;
}

enum rk_status rk_emulator_new(const struct rk_emulate_options *opt, struct rk_emulator **out,
                               struct rk_error *err)
{
    return make(opt, false, out, err);
}

void rk_emulator_free(struct rk_emulator *e)
{
    if (!e)
        return;
    e->family->destroy(e->machine);
    free(e);
}

enum rk_emulate_stop rk_emulator_run(struct rk_emulator *e, uint64_t until_ns)
{
    return e->family->run(e->machine, until_ns);
}

void rk_emulator_stop(struct rk_emulator *e)
{
    e->family->stop(e->machine);
}

void rk_emulator_reset(struct rk_emulator *e, enum rk_emulate_reset cause)
{
    e->family->reset(e->machine, cause);
}

void rk_emulator_receive(struct rk_emulator *e, unsigned unit, uint8_t byte)
{
    e->family->receive(e->machine, unit, byte);
}

uint32_t rk_emulator_baud(const struct rk_emulator *e, unsigned unit)
{
    return e->family->baud(e->machine, unit);
}

const uint8_t *rk_emulator_flash(const struct rk_emulator *e, size_t *len)
{
    return e->family->flash(e->machine, len);
}

bool rk_emulator_peek(const struct rk_emulator *e, uint32_t addr, uint8_t *buf, size_t len)
{
    return e->family->peek(e->machine, addr, buf, len);
}

void rk_emulator_state(const struct rk_emulator *e, struct rk_emulate_state *out)
{
    e->family->state(e->machine, out);
}

const char *rk_emulator_chip_of(const struct rk_emulator *e)
{
    return e->chip;
}

/* ---- snapshots: MAGIC, version, CRC-32 of all that follows, then the archive ---- */

struct prologue {
    char chip[NAME];
    uint32_t flash_size;
    size_t note_len;
};

static void archive_prologue(struct rk_archive *a, struct prologue *p)
{
    rk_archive_part(a, "chip");
    rk_archive_bytes(a, p->chip, sizeof p->chip);
    rk_archive_u32(a, &p->flash_size);
    rk_archive_size(a, &p->note_len);
    rk_archive_require(a, memchr(p->chip, '\0', sizeof p->chip) != NULL);
    rk_archive_require(a, p->flash_size <= FLASH_MAX && p->note_len <= NOTE_MAX);
}

static void put_header(uint8_t *bytes, size_t len)
{
    memcpy(bytes, MAGIC, 8);
    rk_put_le32(bytes + 8, VERSION);
    rk_put_le32(bytes + 12, rk_crc32(0, bytes + HEADER, len - HEADER));
}

enum rk_status rk_emulator_save(const struct rk_emulator *e, const uint8_t *note, size_t note_len,
                                uint8_t **bytes, size_t *len, struct rk_error *err)
{
    struct prologue p = {.note_len = note ? note_len : 0};
    uint8_t header[HEADER] = {0};
    struct rk_archive a;
    size_t size;

    if (!e->family->archive)
        return rk_fail(err, RK_ERR_UNSUPPORTED, "emulate.snapshot", "%s has no snapshots", e->chip);
    (void)e->family->flash(e->machine, &size);
    p.flash_size = (uint32_t)size;
    memcpy(p.chip, e->chip, sizeof p.chip);
    rk_archive_save(&a);
    rk_archive_bytes(&a, header, sizeof header);
    archive_prologue(&a, &p);
    rk_archive_put(&a, note, p.note_len);
    e->family->archive(e->machine, &a);
    if (!rk_archive_end(&a)) {
        rk_archive_drop(&a);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    put_header(a.out, a.len);
    *bytes = a.out;
    *len = a.len;
    return RK_OK;
}

static enum rk_status no_snapshot(struct rk_error *err, const char *why)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "snapshot.format", "this is no snapshot to go on from: %s",
            why);
    rk_error_hint(err, "rekindle boot --snapshot FILE writes one");
    return RK_ERR_IMAGE_FORMAT;
}

static enum rk_status check_header(const uint8_t *bytes, size_t len, struct rk_error *err)
{
    if (len < HEADER || memcmp(bytes, MAGIC, 8) != 0)
        return no_snapshot(err, "it begins differently");
    if (rk_get_le32(bytes + 8) != VERSION)
        return no_snapshot(err, "another version of rekindle wrote it");
    if (rk_get_le32(bytes + 12) != rk_crc32(0, bytes + HEADER, len - HEADER))
        return no_snapshot(err, "it is damaged, its CRC does not match");
    return RK_OK;
}

enum rk_status rk_emulator_resume(const uint8_t *bytes, size_t len,
                                  const struct rk_emulate_options *opt, struct rk_emulator **out,
                                  const uint8_t **note, size_t *note_len, struct rk_error *err)
{
    struct rk_emulate_options own = {.size = sizeof own,
                                     .instruction_limit = opt->instruction_limit,
                                     .watch = opt->watch,
                                     .events = opt->events};
    struct rk_emulator *e = NULL;
    struct prologue p = {.note_len = 0};
    struct rk_archive a;
    enum rk_status st = check_header(bytes, len, err);

    if (st != RK_OK)
        return st;
    rk_archive_load(&a, bytes + HEADER, len - HEADER);
    archive_prologue(&a, &p);
    const uint8_t *there = a.in + a.at;
    rk_archive_require(&a, !a.damaged && p.note_len <= a.in_len - a.at);
    if (a.damaged)
        return no_snapshot(err, "its content makes no sense");
    a.at += p.note_len;
    own.chip = p.chip;
    own.flash_size = p.flash_size;
    if (!family_of(p.chip) || !family_of(p.chip)->archive)
        return no_snapshot(err, "this rekindle does not emulate its chip");
    st = make(&own, true, &e, err);
    if (st != RK_OK)
        return st;
    e->family->archive(e->machine, &a);
    if (!rk_archive_end(&a)) {
        rk_emulator_free(e);
        return no_snapshot(err, "its content makes no sense");
    }
    *out = e;
    *note = there;
    *note_len = p.note_len;
    return RK_OK;
}

void rk_cpu_show(const struct rk_cpu *cpu, size_t count, struct rk_emulate_state *out)
{
    struct rk_cpu_register r;

    for (unsigned i = 0; i < count && i < RK_EMULATE_STATE_REGISTERS && cpu->core->get(cpu, i, &r);
         i++) {
        out->registers[i].name = r.name;
        out->registers[i].value = r.value;
        out->register_count = i + 1;
    }
}
