/* xz streams by liblzma, where the build has it. */
#include "base/xz.h"

#include <stdlib.h>
#include <string.h>

#ifdef RK_HAVE_LZMA
#include <lzma.h>
#endif

#define STREAM_HEADER 12u
#define DICTIONARY    32768u
#define FIRST_ROOM    4096u

static const uint8_t magic[6] = {0xFD, '7', 'z', 'X', 'Z', 0};

bool rk_xz_recognise(const uint8_t *data, size_t len)
{
    return len >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

/* Stream header: magic, flags (00, check), CRC. Block header: size, flags (number of filters - 1),
 * filter id 21, length 1, dictionary code. Facts of the xz file format 1.0.4. */
bool rk_xz_read(const uint8_t *data, size_t len, struct rk_xz_facts *out)
{
    const uint8_t *block = data + STREAM_HEADER;
    unsigned code, at;

    *out = (struct rk_xz_facts){0};
    if (len < STREAM_HEADER + 16 || !rk_xz_recognise(data, len) || (block[1] & 3) != 0)
        return false;
    out->crc32 = data[7] == 1;
    out->light_check = data[7] <= 1;
    for (at = 2; at < 12 && block[1] & 0xC0 && block[at] != 0x21; at++)
        continue; /* packed and unpacked sizes come first, if they are there */
    if (block[at] != 0x21 || block[at + 1] != 1)
        return false;
    code = block[at + 2];
    out->dictionary = code > 39 ? UINT32_MAX : (2u | (code & 1)) << (code / 2 + 11);
    return true;
}

#ifdef RK_HAVE_LZMA

static enum rk_status damaged(struct rk_error *err, const char *what)
{
    rk_fail(err, RK_ERR_IMAGE_FORMAT, "xz.damaged", "the packed image cannot be unpacked: %s",
            what);
    rk_error_hint(err, "download or copy the file again");
    return RK_ERR_IMAGE_FORMAT;
}

static const char *reason(lzma_ret ret)
{
    switch (ret) {
    case LZMA_OK:
    case LZMA_BUF_ERROR:
        return "it is cut short";
    case LZMA_OPTIONS_ERROR:
        return "it uses what no loader knows";
    case LZMA_MEMLIMIT_ERROR:
        return "it becomes larger than any flash";
    default:
        return "its data are damaged";
    }
}

enum rk_status rk_xz_unpack(const uint8_t *data, size_t len, size_t max, uint8_t **out,
                            size_t *out_len, struct rk_error *err)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    size_t cap = len < max / 8 && max > 2 * FIRST_ROOM ? len * 4 + FIRST_ROOM : max;
    uint8_t *buffer = max ? malloc(cap) : NULL;
    lzma_ret ret = lzma_stream_decoder(&stream, 64u << 20, 0);

    stream.next_in = data;
    stream.avail_in = len;
    while (buffer && ret == LZMA_OK) {
        size_t used = stream.total_out;

        if (used == cap) {
            size_t wider = cap < max / 2 ? cap * 2 : max;
            uint8_t *grown = cap == max ? NULL : realloc(buffer, wider);

            if (!grown) {
                ret = cap == max ? LZMA_MEMLIMIT_ERROR : LZMA_MEM_ERROR;
                break;
            }
            buffer = grown;
            cap = wider;
        }
        stream.next_out = buffer + used;
        stream.avail_out = cap - used;
        ret = lzma_code(&stream, LZMA_FINISH);
    }
    *out_len = (size_t)stream.total_out;
    lzma_end(&stream);
    if (!buffer || ret == LZMA_MEM_ERROR) {
        free(buffer);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    if (ret != LZMA_STREAM_END) {
        free(buffer);
        return damaged(err, reason(ret));
    }
    *out = buffer;
    return RK_OK;
}

/* The streaming encoder: the one-call form would write sizes into the block header, which the
 * vendor's files do not have. */
enum rk_status rk_xz_pack(const uint8_t *data, size_t len, uint8_t **out, size_t *out_len,
                          struct rk_error *err)
{
    lzma_options_lzma options;
    lzma_filter filters[2] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    lzma_stream stream = LZMA_STREAM_INIT;
    size_t cap = lzma_stream_buffer_bound(len);
    uint8_t *buffer = malloc(cap);
    lzma_ret ret = LZMA_MEM_ERROR;

    lzma_lzma_preset(&options, 6);
    options.dict_size = DICTIONARY;
    if (buffer)
        ret = lzma_stream_encoder(&stream, filters, LZMA_CHECK_CRC32);
    stream.next_in = data;
    stream.avail_in = len;
    stream.next_out = buffer;
    stream.avail_out = cap;
    if (ret == LZMA_OK)
        ret = lzma_code(&stream, LZMA_FINISH);
    *out_len = (size_t)stream.total_out;
    lzma_end(&stream);
    if (ret != LZMA_STREAM_END) {
        free(buffer);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    *out = buffer;
    return RK_OK;
}

struct rk_xz_stream {
    lzma_stream lzma;
    bool ended;
};

struct rk_xz_stream *rk_xz_stream_new(void)
{
    struct rk_xz_stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return NULL;
    stream->lzma = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream->lzma, 64u << 20, 0) == LZMA_OK)
        return stream;
    free(stream);
    return NULL;
}

void rk_xz_stream_free(struct rk_xz_stream *stream)
{
    if (stream)
        lzma_end(&stream->lzma);
    free(stream);
}

bool rk_xz_stream_feed(struct rk_xz_stream *stream, const uint8_t **data, size_t *len, uint8_t *out,
                       size_t cap, size_t *out_len)
{
    lzma_ret ret = LZMA_OK;

    stream->lzma.next_in = *data;
    stream->lzma.avail_in = stream->ended ? 0 : *len;
    stream->lzma.next_out = out;
    stream->lzma.avail_out = cap;
    if (!stream->ended && *len > 0)
        ret = lzma_code(&stream->lzma, LZMA_RUN);
    stream->ended |= ret == LZMA_STREAM_END;
    *out_len = cap - stream->lzma.avail_out;
    *data += stream->ended ? *len : *len - stream->lzma.avail_in;
    *len = stream->ended ? 0 : stream->lzma.avail_in;
    return ret == LZMA_OK || ret == LZMA_STREAM_END || ret == LZMA_BUF_ERROR;
}

#else

struct rk_xz_stream *rk_xz_stream_new(void)
{
    return NULL;
}

void rk_xz_stream_free(struct rk_xz_stream *stream)
{
    (void)stream;
}

bool rk_xz_stream_feed(struct rk_xz_stream *stream, const uint8_t **data, size_t *len, uint8_t *out,
                       size_t cap, size_t *out_len)
{
    (void)stream;
    (void)data;
    (void)len;
    (void)out;
    (void)cap;
    *out_len = 0;
    return false;
}

static enum rk_status without(struct rk_error *err)
{
    rk_fail(err, RK_ERR_UNSUPPORTED, "xz.missing", "this build of rekindle knows no xz");
    rk_error_hint(err, "build it with liblzma, or use xz of your system");
    return RK_ERR_UNSUPPORTED;
}

enum rk_status rk_xz_unpack(const uint8_t *data, size_t len, size_t max, uint8_t **out,
                            size_t *out_len, struct rk_error *err)
{
    (void)data;
    (void)len;
    (void)max;
    (void)out;
    (void)out_len;
    return without(err);
}

enum rk_status rk_xz_pack(const uint8_t *data, size_t len, uint8_t **out, size_t *out_len,
                          struct rk_error *err)
{
    (void)data;
    (void)len;
    (void)out;
    (void)out_len;
    return without(err);
}

#endif
