/* The one JSON writer: streaming, with correct escapes, into a callback. */
#ifndef RK_BASE_JSON_H
#define RK_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_JSON_DEPTH 24

/* Takes `len` bytes of output; false = could not (disk full): the writer stops and stays failed. */
typedef bool rk_json_sink(void *user, const char *text, size_t len);

struct rk_json {
    rk_json_sink *sink;
    void *user;
    bool pretty;     /* two blanks per level, one member per line */
    unsigned indent; /* pretty: levels this document is nested in another */
    bool failed;     /* a sink call failed or nesting was too deep */
    unsigned depth;
    bool has_member[RK_JSON_DEPTH];
    bool after_key;
};

void rk_json_init(struct rk_json *json, rk_json_sink *sink, void *user, bool pretty);

/* Values. Inside an object each follows rk_json_key(). */
void rk_json_object_begin(struct rk_json *json);
void rk_json_object_end(struct rk_json *json);
void rk_json_array_begin(struct rk_json *json);
void rk_json_array_end(struct rk_json *json);
void rk_json_key(struct rk_json *json, const char *key);
void rk_json_string(struct rk_json *json, const char *text); /* NULL = null; bad UTF-8 -> U+FFFD */
void rk_json_string_n(struct rk_json *json, const char *text, size_t len);
void rk_json_u64(struct rk_json *json, uint64_t value);
void rk_json_i64(struct rk_json *json, int64_t value);
void rk_json_real(struct rk_json *json, double value, unsigned decimals); /* not finite = null */
void rk_json_bool(struct rk_json *json, bool value);
void rk_json_null(struct rk_json *json);
void rk_json_hex(struct rk_json *json, const uint8_t *data, size_t len); /* lower-case string */

/* A value that another writer has produced; an empty text stands for null. */
void rk_json_raw(struct rk_json *json, const char *text, size_t len);

/* Key and value in one call. */
void rk_json_put_string(struct rk_json *json, const char *key, const char *text);
void rk_json_put_u64(struct rk_json *json, const char *key, uint64_t value);
void rk_json_put_bool(struct rk_json *json, const char *key, bool value);
void rk_json_put_real(struct rk_json *json, const char *key, double value, unsigned decimals);
void rk_json_put_null(struct rk_json *json, const char *key);
void rk_json_put_hex(struct rk_json *json, const char *key, const uint8_t *data, size_t len);

/* Ends the document with a newline. True if everything was written and all levels are closed. */
bool rk_json_finish(struct rk_json *json);

#endif
