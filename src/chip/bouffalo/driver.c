/* The BL602 behind the driver interface. */
#include "chip/bouffalo/bouffalo.h"

#include <stdlib.h>

static const struct rk_chip_entry chips[] = {
    {"BL602", "bl602", "BL604", true, 2u << 20, RK_SUPPORT_SIMULATED, RK_SUPPORT_SIMULATED,
     RK_SUPPORT_SIMULATED,
     "a virtual module that repeats the executed mask ROM and vendor loaders byte for byte"},
    {"BL702", "bl602", "BL704 BL706", true, 1u << 20, RK_SUPPORT_UNTESTED, RK_SUPPORT_NONE,
     RK_SUPPORT_NONE, "told by its boot info, and left alone"},
    {"BL616", "bl602", "BL618", true, 4u << 20, RK_SUPPORT_UNTESTED, RK_SUPPORT_NONE,
     RK_SUPPORT_NONE, "told by its boot info, and left alone"},
};

static const struct rk_chip_entry *entry(size_t index)
{
    return index < sizeof chips / sizeof chips[0] ? &chips[index] : NULL;
}

static void free_state(struct rk_device *dev)
{
    struct rk_bfl_state *s = rk_bfl_state(dev);

    if (s) {
        free(s->image);
        free(s->held);
        free(s->sums);
        free(s->sum_known);
        rk_stub_stream_free(dev);
    }
    free(s);
    dev->state = NULL;
}

const struct rk_chip_driver rk_bouffalo_driver = {
    .family = "bl602",
    .digest_kind = RK_DIGEST_SHA256,
    .entry = entry,
    .try_link = rk_bfl_try_link,
    .explain = rk_bfl_explain,
    .probe = rk_bfl_probe,
    .locate = rk_bfl_locate,
    .identify = rk_bfl_identify,
    .set_baud = rk_bfl_set_baud,
    .read = rk_bfl_flash_read,
    .digest = rk_bfl_digest,
    .write_begin = rk_bfl_write_begin,
    .write_end = rk_bfl_write_end,
    .erase = rk_bfl_erase,
    .program = rk_bfl_program,
    .rewrite = rk_bfl_rewrite,
    .reset = rk_bfl_reset,
    .resync = rk_bfl_resync,
    .keepalive = rk_bfl_keepalive,
    .free_state = free_state,
};
