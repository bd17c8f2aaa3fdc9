#include "image/beken/cortex.h"

#include "base/bytes.h"
#include "image/beken/code.h"

#include <string.h>

#define HEAD_BLOCKS 9u /* up to the mark at +0x100 */
#define STACK_TOP   0x28u
#define CODE_BASE   0x0200u /* upper half of a reset vector in the boot loader's 64 KiB */

/* Upper half of the reset vector if a vector table and the series' mark are there, else 0. */
static uint32_t reset_half(const uint8_t *data, size_t len)
{
    uint8_t head[HEAD_BLOCKS * RK_BLOCK_DATA];
    uint32_t reset;

    if (len < HEAD_BLOCKS * RK_BLOCK_SPAN ||
        rk_blocks_run(data, HEAD_BLOCKS * RK_BLOCK_SPAN) < HEAD_BLOCKS)
        return 0;
    rk_blocks_strip(data, HEAD_BLOCKS, head);
    reset = rk_get_le32(head + 4);
    if (rk_get_le32(head) >> 24 != STACK_TOP || (reset & 1) == 0 || reset >> 24 != CODE_BASE >> 8 ||
        memcmp(head + 0x100, "BK7236", 6) != 0)
        return 0;
    return reset >> 16;
}

bool rk_cortex_read(const uint8_t *data, size_t len, struct rk_cortex *out)
{
    uint32_t half = reset_half(data, len);

    *out = (struct rk_cortex){0};
    if (half == 0)
        return false;
    if (half == CODE_BASE) {
        size_t area = len < RK_BOOT_SPAN ? len : RK_BOOT_SPAN;

        out->has_boot = true;
        out->boot_len = (uint32_t)rk_blocks_run(data, area) * RK_BLOCK_SPAN;
        out->app_addr = RK_APP_ADDR;
        if (len <= RK_APP_ADDR || reset_half(data + RK_APP_ADDR, len - RK_APP_ADDR) <= CODE_BASE)
            return true;
    }
    out->has_app = true;
    out->app_len =
        (uint32_t)rk_blocks_run(data + out->app_addr, len - out->app_addr) * RK_BLOCK_SPAN;
    return true;
}
