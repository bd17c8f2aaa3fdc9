/* rekindle flash for the BL602. */
#ifndef CLI_FLASH_BL602_H
#define CLI_FLASH_BL602_H

#include "cli.h"

/* True if the module is a BL602 and the file an application for it rather than a whole flash. */
bool flash_is_bl602(const struct session *s, const uint8_t *data, size_t len);

/* Flashes the application, with what the options of `flash` give for what the module lacks. */
RK_MUST_CHECK enum rk_status flash_bl602(struct session *s, const struct rk_image_file *app,
                                         const struct rk_write_policy *policy,
                                         struct rk_write_result *out);

#endif
