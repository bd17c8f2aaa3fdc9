/* What a BL602's flash holds beside the settings of OpenBeken. */
#ifndef RK_CONFIG_SCRUB_BL602_H
#define RK_CONFIG_SCRUB_BL602_H

#include "config/secret_list.h"

/* Masks in place, if the bytes are a capture of a BL602: passwords of the device tree, every value of
 * the settings store that is not known to be harmless, and the maker's partitions KEY and DATA, which
 * hold the identity of the device. What is masked is added to the list unless the application has it
 * too (then it is a default). Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_scrub_bl602(uint8_t *out, size_t len,
                                            struct rk_secret_list *secrets);

#endif
