/* rekindle image pack for the BL602. */
#ifndef CLI_IMAGE_BL602_H
#define CLI_IMAGE_BL602_H

#include "cli.h"

/* Writes the one new file of a verb, and the result about it. */
RK_MUST_CHECK enum rk_status image_save(struct cli *cli, const struct rk_bytes *bytes,
                                        const struct rk_convert_story *story);

/* True if the chip that was named, or the file, is a BL602. */
bool pack_is_bl602(const struct cli *cli, const uint8_t *data, size_t len);

/* Makes what --as says; without it the complete set in a new folder. */
RK_MUST_CHECK enum rk_status pack_bl602(struct cli *cli, const uint8_t *data, size_t len);

#endif
