/* A tolerant reader of JSON and of the text Tuya keeps that only resembles it: names and words
 * without quotes, commas before the closing brace, missing brackets at the end. */
#ifndef RK_CONFIG_LOOSE_H
#define RK_CONFIG_LOOSE_H

#include "base/arena.h"
#include "base/json.h"

#define RK_LOOSE_DEPTH 16u

enum rk_loose_kind {
    RK_LOOSE_NULL,
    RK_LOOSE_BOOL,
    RK_LOOSE_NUMBER, /* a whole number: `number` */
    RK_LOOSE_REAL,   /* a JSON number with a fraction: `text` */
    RK_LOOSE_TEXT,
    RK_LOOSE_LIST,
    RK_LOOSE_OBJECT
};

/* A value; members of lists and objects hang on `first`, in order. Owned by the arena. */
struct rk_loose {
    enum rk_loose_kind kind;
    const char *key;  /* name inside an object, "" elsewhere */
    const char *text; /* the characters of every kind but lists and objects, unescaped, with a NUL
                         behind them; NULs inside are left out */
    size_t length;
    int64_t number; /* NUMBER, and BOOL as 0 or 1 */
    struct rk_loose *first, *last, *next;
};

/* Parses; NULL if there is no memory, or no list and no object at the beginning of the text.
 * Whatever is wrong behind that is read as well as possible, and *repaired is set. */
struct rk_loose *rk_loose_parse(struct rk_arena *arena, const char *text, size_t len,
                                bool *repaired);

/* The member of an object (the first of that name), or NULL; object may be NULL. */
const struct rk_loose *rk_loose_get(const struct rk_loose *object, const char *key);

/* The number of a member: a NUMBER, a BOOL, or a TEXT of digits. False if there is none. */
bool rk_loose_number(const struct rk_loose *object, const char *key, int64_t *out);

/* The text of a member, or NULL. */
const char *rk_loose_text(const struct rk_loose *object, const char *key);

/* Adds a member to a list or an object. NULL if there is no memory. */
struct rk_loose *rk_loose_add(struct rk_arena *arena, struct rk_loose *parent, const char *key);

/* Writes the value as JSON. `hide` says which members are replaced by a remark; NULL hides none. */
void rk_loose_write(struct rk_json *json, const struct rk_loose *value,
                    bool (*hide)(void *user, const char *member), void *user);

#endif
