#include "link/bridge.h"

#include <string.h>

const struct rk_bridge *rk_bridge_find(uint16_t vid, uint16_t pid, const char *product)
{
    const struct rk_bridge *best = NULL;

    for (size_t i = 0; i < rk_bridge_count; i++) {
        const struct rk_bridge *row = &rk_bridges[i];
        if (row->vid == vid && row->pid == pid && strstr(product, row->product) &&
            (!best || strlen(row->product) > strlen(best->product)))
            best = row;
    }
    return best;
}
