/* The chip families, and the list of chips they make up. */
#include "base/text.h"
#include "chip/chip.h"

#include <string.h>

static const struct rk_chip_driver *const drivers[] = {&rk_beken_driver, &rk_bouffalo_driver};

const struct rk_chip_driver *const *rk_chip_drivers(size_t *count)
{
    *count = sizeof drivers / sizeof drivers[0];
    return drivers;
}

const struct rk_chip_entry *rk_chip(size_t index)
{
    for (size_t d = 0; d < sizeof drivers / sizeof drivers[0]; d++)
        for (size_t i = 0; drivers[d]->entry(i); i++)
            if (index-- == 0)
                return drivers[d]->entry(i);
    return NULL;
}

static bool has_alias(const struct rk_chip_entry *chip, const char *name)
{
    for (const char *p = chip->aka; *p;) {
        size_t n = strcspn(p, " ");
        char alias[24];
        rk_text_copy(alias, n + 1 < sizeof alias ? n + 1 : sizeof alias, p);
        if (rk_text_same(alias, name))
            return true;
        p += n + strspn(p + n, " ");
    }
    return false;
}

const struct rk_chip_entry *rk_chip_find(const char *name)
{
    const struct rk_chip_entry *chip;

    for (size_t i = 0; (chip = rk_chip(i)) != NULL; i++)
        if (rk_text_same(chip->name, name) || has_alias(chip, name))
            return chip;
    return NULL;
}
