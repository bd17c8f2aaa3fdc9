/* What a file is, as far as Bouffalo Lab's formats go. */
#ifndef RK_IMAGE_BOUFFALO_IDENTIFY_H
#define RK_IMAGE_BOUFFALO_IDENTIFY_H

#include <rekindle/bl602.h>

/* Fills kind, evidence, family and what is known of the content. False if it is none of them. */
bool rk_bouffalo_identify(const uint8_t *data, size_t len, struct rk_image_facts *out);

#endif
