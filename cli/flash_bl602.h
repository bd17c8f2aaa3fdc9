/* rekindle flash for the BL602. */
#ifndef CLI_FLASH_BL602_H
#define CLI_FLASH_BL602_H

#include "cli.h"

/* True if the module is a BL602 and the file an application for it rather than a whole flash. */
bool flash_is_bl602(const struct session *s, const uint8_t *data, size_t len);

/* The pieces beside the application, as the options name them, and the files they are from. */
struct flash_bl602 {
    struct rk_bl602_sources sources;
    uint8_t *boot, *tree, *table;
};
/* To be freed with flash_bl602_free(), even after an error. */
enum rk_status flash_bl602_load(struct session *s, struct flash_bl602 *out);
void flash_bl602_free(struct flash_bl602 *pieces);

#endif
