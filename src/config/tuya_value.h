/* A key's value for display. */
#ifndef RK_CONFIG_TUYA_VALUE_H
#define RK_CONFIG_TUYA_VALUE_H

#include <rekindle/tuya.h>

#include "base/json.h"

/* Writes the value as JSON: objects and lists as such, numbers, text, bytes in hex. Secrets are
 * replaced by a remark unless they are to be shown. */
void rk_tuya_put_value(struct rk_json *json, const struct rk_tuya_key *key, bool show_secrets);

/* True if the value, or a member of it, is a secret. */
bool rk_tuya_has_secret(const struct rk_tuya_key *key);

#endif
