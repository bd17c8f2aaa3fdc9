#include "link/bridge.h"

const struct rk_bridge *rk_bridge_find(uint16_t vid, uint16_t pid)
{
    for (size_t i = 0; i < rk_bridge_count; i++)
        if (rk_bridges[i].vid == vid && rk_bridges[i].pid == pid)
            return &rk_bridges[i];
    return NULL;
}
