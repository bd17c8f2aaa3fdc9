/* Identification that keeps what it has read. */
#ifndef RK_IMAGE_IDENTIFY_H
#define RK_IMAGE_IDENTIFY_H

#include "image/beken/beken.h"

/* As rk_image_identify(); for a Beken image the reading is left in *kept (free it with
 * rk_beken_free(), also if its kind is UNKNOWN). kept may be NULL. */
void rk_identify(const uint8_t *data, size_t len, const char *name, struct rk_image_facts *out,
                 struct rk_beken *kept);

/* Makes the sentence again after facts were added. */
void rk_summarise(struct rk_image_facts *facts);

#endif
