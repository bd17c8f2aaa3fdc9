#include "image/bouffalo/extract.h"

#include "image/bouffalo/fdt.h"
#include "image/bouffalo/header.h"
#include "image/bouffalo/partitions.h"

#include <string.h>

#define BODY 0x1000u

/* A header at `at` and the image it describes. */
static bool headed(const uint8_t *data, size_t len, uint32_t at, uint32_t body, bool bare,
                   uint32_t *addr, uint32_t *part)
{
    struct rk_bfl_header h;

    if (at >= len || !rk_bfl_header_read(data + at, len - at, &h))
        return false;
    body = body ? body : h.start;
    if (!rk_bfl_hash_check(&h, data + at, len - at, body))
        return false;
    *addr = bare ? at + body : at;
    *part = bare ? h.length : body + h.length;
    return true;
}

static bool locate_partition(const uint8_t *data, size_t len, const struct rk_bfl_part *entry,
                             bool tree, uint32_t *addr, uint32_t *part)
{
    if (!entry || entry->addr[0] >= len)
        return false;
    *addr = entry->addr[0];
    *part = tree ? rk_fdt_total(data + *addr, len - *addr) : entry->max_len[0];
    if (*part > len - *addr)
        *part = tree ? 0 : (uint32_t)(len - *addr);
    return *part > 0;
}

/* What lies in the slot that is not active: an image with its header, or as much as is not blank. */
static bool locate_other(const uint8_t *data, size_t len, const struct rk_bfl_part *fw,
                         uint32_t *addr, uint32_t *part)
{
    unsigned other = !(fw->active & 1);
    uint32_t at = fw->addr[other], span = fw->max_len[other];

    if (at == 0 || at >= len)
        return false;
    if (headed(data, len, at, BODY, false, addr, part))
        return true;
    span = span < len - at ? span : (uint32_t)(len - at);
    while (span && data[at + span - 1] == 0xFF)
        span--;
    *addr = at;
    *part = span;
    return span > 0;
}

bool rk_bouffalo_locate(const uint8_t *data, size_t len, enum rk_extract what, uint32_t *addr,
                        uint32_t *part)
{
    struct rk_bfl_table table;
    int copy = rk_bfl_table_choose(data, len, &table);
    const struct rk_bfl_part *fw = copy < 0 ? NULL : rk_bfl_part_of_type(&table, 0);
    uint32_t app = fw ? fw->addr[fw->active & 1] : 0;

    switch (what) {
    case RK_EXTRACT_BOOT:
    case RK_EXTRACT_LOADER:
        return headed(data, len, 0, 0, what == RK_EXTRACT_LOADER, addr, part);
    case RK_EXTRACT_UA:
    case RK_EXTRACT_APP:
        return headed(data, len, app, BODY, what == RK_EXTRACT_APP, addr, part);
    case RK_EXTRACT_OTA:
        return fw && locate_other(data, len, fw, addr, part);
    case RK_EXTRACT_TABLE:
        *addr = copy == 1 ? RK_BFL_TABLE_1 : RK_BFL_TABLE_0;
        *part = (uint32_t)(20 + 36 * table.count);
        return copy >= 0;
    case RK_EXTRACT_TREE:
        return copy >= 0 &&
               locate_partition(data, len, rk_bfl_part_named(&table, "factory"), true, addr, part);
    case RK_EXTRACT_STORAGE:
        return copy >= 0 &&
               locate_partition(data, len, rk_bfl_part_named(&table, "PSM"), false, addr, part);
    case RK_EXTRACT_RF:
    case RK_EXTRACT_CONFIG:
    case RK_EXTRACT_COUNT:
        break;
    }
    return false;
}
