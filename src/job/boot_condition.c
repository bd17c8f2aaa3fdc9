#include "job/boot_condition.h"

#include <string.h>

/* Of a BL602's efuses, as its mask ROM was seen to judge: only signed images start. */
enum { BL602_EFUSE = 128, SIGNED_ONLY = 1 << 2 };

/* Where a supply collapses, and the phases that tell: the beginnings of their ids. A BL602 whose
 * second boot loader is silent is caught with the first line of its application. */
enum { PREFIXES = 3 };
static const struct {
    const char *stage, *phases[PREFIXES];
} stages[] = {
    {"boot", {"bk.boot", "bl.boot2", "bl.start"}},
    {"app", {"bk.app", "bl.start", "bl.board"}},
    {"radio", {"bk.rf", "bl.wifi_fw", NULL}},
    {"wifi", {"net.", "bl.wifi_mgmr", NULL}},
};
enum { STAGES = sizeof stages / sizeof stages[0] };

static size_t stage_of(const char *name)
{
    size_t i = 0;

    while (i < STAGES && strcmp(stages[i].stage, name) != 0)
        i++;
    return i;
}

bool rk_boot_supply_at_phase(const char *stage, const char *phase)
{
    size_t row = stage ? stage_of(stage) : STAGES;

    for (size_t i = 0; row < STAGES && i < PREFIXES && stages[row].phases[i]; i++)
        if (strncmp(phase, stages[row].phases[i], strlen(stages[row].phases[i])) == 0)
            return true;
    return false;
}

bool rk_boot_supply_at_state(const char *stage, const struct rk_emulate_state *state)
{
    return stage && state->radio && strcmp(stage, "radio") == 0;
}

enum rk_status rk_boot_supply_check(const char *stage, struct rk_error *err)
{
    if (!stage || stage_of(stage) < STAGES)
        return RK_OK;
    rk_fail(err, RK_ERR_ARG, "emulate.condition", "a supply does not collapse at \"%s\"", stage);
    rk_error_hint(err, "boot, app, radio or wifi");
    return RK_ERR_ARG;
}

const char *rk_boot_silence(const struct rk_boot_request *request,
                            const struct rk_emulate_state *state, const char **id)
{
    if (request->held) {
        *id = "pin.cen";
        return "CEN is held low: the chip stays in its reset";
    }
    if (state->download) {
        *id = "pin.strap";
        return "GPIO8 is high at the reset, or the efuses say so: the mask ROM waits for a "
               "download";
    }
    if (request->efuse_len == BL602_EFUSE && request->efuse[0] & SIGNED_ONLY) {
        *id = "efuse.signed";
        return "the efuses let only signed images start";
    }
    return NULL;
}
