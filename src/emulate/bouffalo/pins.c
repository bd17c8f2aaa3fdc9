/* Levels of the pins: from outside, from the chip itself, or from the pull. */
#include "emulate/bouffalo/soc.h"

enum {
    CONFIG = RK_BL_GLB + 0x100, /* two pins in a register */
    LEVEL_OUT = RK_BL_GLB + 0x188,
    DRIVES = RK_BL_GLB + 0x190,
    LISTENS = 1 << 0,
    PULLS_UP = 1 << 4,
    STRAP = 8,
    DOWNLOAD = 1 << 24, /* of word 4 of the efuses */
    WORD = 4
};

uint32_t rk_bl_pins_read(const struct rk_bl_soc *soc)
{
    uint32_t levels = 0;

    for (unsigned pin = 0; pin < RK_BL_PINS; pin++) {
        uint32_t bit = 1u << pin, config = *rk_bl_reg(soc, CONFIG + pin / 2 * 4) >> pin % 2 * 16;
        bool high = config & PULLS_UP;
        if (*rk_bl_reg(soc, DRIVES) & bit)
            high = *rk_bl_reg(soc, LEVEL_OUT) & bit;
        if ((soc->pins_high | soc->pins_low) & bit)
            high = soc->pins_high & bit;
        levels |= high && config & LISTENS ? bit : 0;
    }
    return levels;
}

bool rk_bl_wants_download(const struct rk_bl_soc *soc)
{
    return soc->pins_high >> STRAP & 1 || soc->efuse[4 * WORD + 3] & DOWNLOAD >> 24;
}
