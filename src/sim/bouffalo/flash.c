/* Flash operations as ROM and loader do them. */
#include "sim/bouffalo/bouffalo.h"

uint32_t bfl_erase_unit(uint32_t addr, uint32_t last)
{
    uint32_t left = last - addr;

    if (addr % 0x10000 == 0 && left > 61440)
        return 0x10000;
    return addr % 0x8000 == 0 && left > 28672 ? 0x8000 : 0x1000;
}
