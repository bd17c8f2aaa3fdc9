/* The functions of the mask ROM that firmware calls, where there is no ROM of a chip. */
#include "emulate/bouffalo/soc.h"

void rk_bl_rom_make(struct rk_bl_soc *soc)
{
    (void)soc;
}

bool rk_bl_rom_call(struct rk_bl_soc *soc, uint32_t pc)
{
    (void)soc;
    (void)pc;
    return false;
}
