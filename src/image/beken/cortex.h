/* Images of BK7236 and BK7258: the same code blocks, no scrambling, Cortex-M33 code. Recognised and
 * placed; how they boot is not judged. */
#ifndef RK_IMAGE_BEKEN_CORTEX_H
#define RK_IMAGE_BEKEN_CORTEX_H

#include <rekindle/image.h>

struct rk_cortex {
    bool has_boot, has_app;
    uint32_t boot_len, app_addr, app_len; /* in the file; code up to the first bad or blank block */
};

/* False if neither a boot loader nor an application for these chips begins at data. */
bool rk_cortex_read(const uint8_t *data, size_t len, struct rk_cortex *out);

#endif
