/* Text in and out: bounded formatting, strict numbers, "did you mean". */
#ifndef RK_BASE_TEXT_H
#define RK_BASE_TEXT_H

#include <rekindle/error.h>

/* Copies `src` into dst[cap], cut if necessary, always terminated. cap > 0. */
void rk_text_copy(char *dst, size_t cap, const char *src);

/* snprintf that never fails and always terminates. */
void rk_text_format(char *dst, size_t cap, const char *fmt, ...) RK_PRINTF(3, 4);

/* Appends to the text in dst[cap], cut if necessary. */
void rk_text_append(char *dst, size_t cap, const char *fmt, ...) RK_PRINTF(3, 4);

/* Number syntax of the whole program: decimal, 0x hex, suffix K or M (KiB, MiB). Nothing is hex
 * without 0x; no sign, no blanks. Errors: ARG "usage.number" with what was wrong and an example. */
RK_MUST_CHECK enum rk_status rk_parse_u64(const char *text, uint64_t max, uint64_t *out,
                                          struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_parse_u32(const char *text, uint32_t *out, struct rk_error *err);

/* Range syntax: ADDR+LEN or START-END (end exclusive). Errors: ARG "usage.range". */
RK_MUST_CHECK enum rk_status rk_parse_range(const char *text, uint32_t *addr, uint32_t *len,
                                            struct rk_error *err);

/* Edit distance (Levenshtein, ASCII case ignored), at most `limit` + 1. */
unsigned rk_text_distance(const char *a, const char *b, unsigned limit);

/* The one of `count` names nearest to `text`, or NULL if none is near. names[i] is read at
 * (const char *const *)((const char *)names + i * stride), so tables of structures can be
 * searched by their first member. */
const char *rk_text_nearest(const char *text, const char *const *names, size_t count,
                            size_t stride);

/* Writes `len` bytes as printable text: control characters and bytes that are not UTF-8 come out
 * as \xNN. Always terminated. */
void rk_text_escape(char *dst, size_t cap, const uint8_t *src, size_t len);

/* "12 34 ab", at most max_bytes bytes, then " ..". Always terminated. */
void rk_text_hex(char *dst, size_t cap, const uint8_t *src, size_t len, size_t max_bytes);

/* Seconds since 1970 as "2026-01-02T03:04:05Z"; `compact` leaves out dashes and colons, for file
 * names. Dates outside of the years 1970 to 9999 come out as the nearest of these. */
void rk_text_utc(char *dst, size_t cap, int64_t seconds, bool compact);

/* Equal, ASCII case ignored. */
bool rk_text_same(const char *a, const char *b);

#endif
