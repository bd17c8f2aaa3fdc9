#include "base/archive.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, PAGE_WORDS = PAGE / 4, FIRST = 65536 };
enum { ZEROS, ONES, CONTENT };

void rk_archive_save(struct rk_archive *a)
{
    *a = (struct rk_archive){.loading = false};
}

void rk_archive_load(struct rk_archive *a, const uint8_t *bytes, size_t len)
{
    *a = (struct rk_archive){.loading = true, .in = bytes, .in_len = len};
}

bool rk_archive_end(const struct rk_archive *a)
{
    return !a->damaged && !a->no_memory && (!a->loading || a->at == a->in_len);
}

void rk_archive_drop(struct rk_archive *a)
{
    free(a->out);
    a->out = NULL;
    a->len = a->cap = 0;
}

static bool grow(struct rk_archive *a, size_t more)
{
    size_t cap = a->cap ? a->cap : FIRST;

    if (a->no_memory)
        return false;
    if (a->cap - a->len >= more)
        return true;
    while (cap - a->len < more)
        cap *= 2;
    uint8_t *out = realloc(a->out, cap);
    a->no_memory = !out;
    if (!out)
        return false;
    a->out = out;
    a->cap = cap;
    return true;
}

void rk_archive_put(struct rk_archive *a, const void *bytes, size_t len)
{
    if (len && grow(a, len)) {
        memcpy(a->out + a->len, bytes, len);
        a->len += len;
    }
}

void rk_archive_bytes(struct rk_archive *a, void *bytes, size_t len)
{
    if (!a->loading) {
        rk_archive_put(a, bytes, len);
        return;
    }
    a->damaged |= a->in_len - a->at < len;
    if (a->damaged || len == 0)
        return;
    memcpy(bytes, a->in + a->at, len);
    a->at += len;
}

void rk_archive_require(struct rk_archive *a, bool sound)
{
    a->damaged |= a->loading && !sound;
}

void rk_archive_part(struct rk_archive *a, const char *four)
{
    char there[4];

    memcpy(there, four, sizeof there);
    rk_archive_bytes(a, there, sizeof there);
    rk_archive_require(a, memcmp(there, four, sizeof there) == 0);
}

void rk_archive_u8(struct rk_archive *a, uint8_t *value)
{
    rk_archive_bytes(a, value, 1);
}

void rk_archive_bool(struct rk_archive *a, bool *value)
{
    uint8_t byte = *value;

    rk_archive_u8(a, &byte);
    rk_archive_require(a, byte <= 1);
    *value = byte & 1;
}

void rk_archive_u32(struct rk_archive *a, uint32_t *value)
{
    uint8_t bytes[4];

    rk_put_le32(bytes, *value);
    rk_archive_bytes(a, bytes, sizeof bytes);
    *value = rk_get_le32(bytes);
}

void rk_archive_u64(struct rk_archive *a, uint64_t *value)
{
    uint32_t low = (uint32_t)*value, high = (uint32_t)(*value >> 32);

    rk_archive_u32(a, &low);
    rk_archive_u32(a, &high);
    *value = (uint64_t)high << 32 | low;
}

void rk_archive_size(struct rk_archive *a, size_t *value)
{
    uint64_t wide = *value;

    rk_archive_u64(a, &wide);
    rk_archive_require(a, wide <= SIZE_MAX);
    if (wide <= SIZE_MAX)
        *value = (size_t)wide;
}

void rk_archive_memory(struct rk_archive *a, uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += PAGE) {
        size_t n = len - at < PAGE ? len - at : PAGE;
        uint8_t kind = CONTENT;
        if (!a->loading)
            kind = rk_bytes_all(bytes + at, n, 0)      ? ZEROS
                   : rk_bytes_all(bytes + at, n, 0xFF) ? ONES
                                                       : CONTENT;
        rk_archive_u8(a, &kind);
        rk_archive_require(a, kind <= CONTENT);
        if (kind == CONTENT)
            rk_archive_bytes(a, bytes + at, n);
        else if (a->loading && !a->damaged)
            memset(bytes + at, kind == ONES ? 0xFF : 0, n);
    }
}

static bool all_zero(const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (words[i])
            return false;
    return true;
}

void rk_archive_words(struct rk_archive *a, uint32_t *words, size_t count)
{
    for (size_t at = 0; at < count; at += PAGE_WORDS) {
        size_t n = count - at < PAGE_WORDS ? count - at : PAGE_WORDS;
        uint8_t kind = !a->loading && all_zero(words + at, n) ? ZEROS : CONTENT;
        rk_archive_u8(a, &kind);
        rk_archive_require(a, kind == ZEROS || kind == CONTENT);
        for (size_t i = 0; i < n; i++)
            if (kind == CONTENT)
                rk_archive_u32(a, &words[at + i]);
            else if (a->loading)
                words[at + i] = 0;
    }
}
