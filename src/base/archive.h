/* Saves and loads the state of something by one description: each part hands its fields, in the same
 * order, to an archive that either takes or gives them. Numbers are little-endian, whatever the
 * machine.
 *
 * Nothing has to be checked on the way: after the first failure everything loaded is left as it is,
 * and rk_archive_end() tells. A value that only some numbers make sense of is checked with
 * rk_archive_require(). */
#ifndef RK_BASE_ARCHIVE_H
#define RK_BASE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_archive {
    bool loading;
    bool damaged;   /* what is loaded is too short, or makes no sense */
    bool no_memory; /* while saving */
    uint8_t *out;   /* saving: what there is so far */
    size_t len, cap;
    const uint8_t *in; /* loading: borrowed */
    size_t in_len, at;
};

/* Begins to save; rk_archive_end() or rk_archive_drop() ends it. */
void rk_archive_save(struct rk_archive *a);
/* Begins to load from bytes that stay the caller's. */
void rk_archive_load(struct rk_archive *a, const uint8_t *bytes, size_t len);
/* True if all went well; loading, all bytes have to be used up. */
bool rk_archive_end(const struct rk_archive *a);
/* Frees what was saved. */
void rk_archive_drop(struct rk_archive *a);

/* Marks the beginning of a part: loading, it has to be there. */
void rk_archive_part(struct rk_archive *a, const char *four);
void rk_archive_u8(struct rk_archive *a, uint8_t *value);
void rk_archive_bool(struct rk_archive *a, bool *value);
void rk_archive_u32(struct rk_archive *a, uint32_t *value);
void rk_archive_u64(struct rk_archive *a, uint64_t *value);
void rk_archive_size(struct rk_archive *a, size_t *value);
void rk_archive_bytes(struct rk_archive *a, void *bytes, size_t len);
/* Saving only: bytes that are not to be changed. */
void rk_archive_put(struct rk_archive *a, const void *bytes, size_t len);
/* Memory, of which whole pages of 00 or FF take one byte. */
void rk_archive_memory(struct rk_archive *a, uint8_t *bytes, size_t len);
/* Words, of which whole pages of zeros take one byte. */
void rk_archive_words(struct rk_archive *a, uint32_t *words, size_t count);
/* Loading: damaged unless `sound`. */
void rk_archive_require(struct rk_archive *a, bool sound);

#endif
