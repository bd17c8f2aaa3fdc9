/* The secrets of a set of settings, each once. */
#ifndef RK_CONFIG_SECRET_LIST_H
#define RK_CONFIG_SECRET_LIST_H

#include <rekindle/openbeken.h>
#include <rekindle/tuya.h>

#include "base/arena.h"

#define RK_SECRETS_MAX 256u
/* Shorter ones are masked where they belong, but not searched for: they would be found by chance. */
#define RK_SECRET_SEARCHED 5u

struct rk_secret_list {
    struct rk_arena arena;
    struct {
        const uint8_t *bytes;
        size_t len;
    } items[RK_SECRETS_MAX];
    size_t count;
    bool failed; /* no memory, or too many */
};

void rk_secrets_add(struct rk_secret_list *list, const void *bytes, size_t len);

/* Adds what is secret in a key: the whole value or members of it, and what stands behind Base64. */
void rk_secrets_of_key(struct rk_secret_list *list, const struct rk_tuya_key *key);

void rk_secrets_of_obk(struct rk_secret_list *list, const struct rk_obk *obk);

/* Fills every occurrence of every secret that is long enough with "x"; returns how many. */
size_t rk_secrets_mask(const struct rk_secret_list *list, uint8_t *data, size_t len);

/* True if one of them stands in the bytes. */
bool rk_secrets_in(const struct rk_secret_list *list, const uint8_t *data, size_t len);

/* Fills the secret members of a JSON-like value with "x", in place, lengths unchanged. */
void rk_secrets_mask_members(const char *key, uint8_t *text, size_t len);

void rk_secrets_free(struct rk_secret_list *list);

#endif
