/* The keys of a settings store (EasyFlash), as inspect and config show them. */
#ifndef CLI_STORE_KEYS_H
#define CLI_STORE_KEYS_H

#include "cli.h"

/* Writes the keys in the bytes as text and as the JSON member "store_keys" of an object that has been
 * begun; returns their number, 0 if there is no store. Values that may be secret are masked unless
 * `secrets`. */
size_t store_keys_show(const uint8_t *data, size_t len, bool secrets, struct text *text,
                       struct rk_json *json);

#endif
