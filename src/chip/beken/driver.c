/* The Beken family behind the driver interface. */
#include "base/text.h"
#include "chip/beken/beken.h"

#include <stdlib.h>

static const struct rk_chip_entry *entry(size_t index)
{
    return index < rk_beken_chip_count ? &rk_beken_chips[index].entry : NULL;
}

static void free_state(struct rk_device *dev)
{
    free(dev->state);
    dev->state = NULL;
}

const struct rk_chip_driver rk_beken_driver = {
    .family = "bk72xx",
    .digest_kind = RK_DIGEST_CRC32,
    .entry = entry,
    .try_link = rk_beken_try_link,
    .explain = rk_beken_explain,
    .probe = rk_beken_probe,
    .locate = rk_beken_locate,
    .identify = rk_beken_identify,
    .set_baud = rk_beken_set_baud,
    .read = rk_beken_flash_read,
    .digest = rk_beken_digest,
    .write_begin = rk_beken_write_begin,
    .write_end = rk_beken_write_end,
    .erase = rk_beken_erase,
    .program = rk_beken_program,
    .reset = rk_beken_reset,
    .resync = rk_beken_resync,
    .keepalive = rk_beken_keepalive,
    .free_state = free_state,
};
