/* What the chips expect of an image (data/beken-image-targets.csv). */
#ifndef RK_IMAGE_BEKEN_TARGET_H
#define RK_IMAGE_BEKEN_TARGET_H

#include "image/beken/app.h"

#define RK_KEY_BIT(key) (1u << (unsigned)(key))

struct rk_target {
    const char *chip;
    enum rk_series series;
    unsigned keys; /* RK_KEY_BIT()s of the key classes that modules with this chip have */
    uint32_t rf_addrs[3];
    size_t rf_addr_count;
    uint32_t usual_size;
};
extern const struct rk_target rk_targets[];
extern const size_t rk_target_count;

#endif
