#include "emulate/machine.h"

#include "base/text.h"

#include <stdlib.h>

struct rk_emulator {
    const struct rk_emulator_family *family;
    void *machine;
};

static const struct rk_emulator_family *const families[] = {&rk_emulated_beken};

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

enum rk_status rk_emulator_new(const struct rk_emulate_options *opt, struct rk_emulator **out,
                               struct rk_error *err)
{
    const struct rk_emulator_family *family = family_of(opt->chip);

    if (!family)
        return unknown_chip(opt->chip, err);
    struct rk_emulator *e = calloc(1, sizeof *e);
    if (!e)
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    e->family = family;
    enum rk_status st = family->create(opt, &e->machine, err);
    if (st == RK_OK)
        *out = e;
    else
        free(e);
    return st;
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

void rk_emulator_state(const struct rk_emulator *e, struct rk_emulate_state *out)
{
    e->family->state(e->machine, out);
}
