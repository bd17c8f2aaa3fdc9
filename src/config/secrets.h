/* Which names stand for secrets: passwords, keys, tokens and the networks they belong to. */
#ifndef RK_CONFIG_SECRETS_H
#define RK_CONFIG_SECRETS_H

#include <stdbool.h>

/* True if the whole value of this storage key is a secret. */
bool rk_secret_key(const char *key);

/* True if this member of a JSON value is a secret. `key` is the storage key around it. */
bool rk_secret_member(const char *key, const char *member);

#endif
