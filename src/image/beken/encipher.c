/* Enciphering code for a key: names of keys, whole images, linker output. */
#include "image/convert.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "base/text.h"
#include "image/beken/scrambler.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MARK_OFFSET 0x100u
#define MARK_SIZE   8u

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum rk_status rk_key_parse(const char *text, uint32_t words[4], struct rk_error *err)
{
    size_t digits = 0;

    for (size_t i = 0; i < rk_known_key_count; i++) {
        if (rk_text_same(text, rk_known_keys[i].name)) {
            memcpy(words, rk_known_keys[i].words, sizeof rk_known_keys[i].words);
            return RK_OK;
        }
    }
    memset(words, 0, 4 * sizeof words[0]);
    for (const char *p = text; *p; p++) {
        int value = hex_digit(*p);

        if (*p == ',' || *p == ' ' || *p == '-')
            continue;
        if (value < 0 || digits == 32)
            break;
        words[digits / 8] = words[digits / 8] << 4 | (uint32_t)value;
        digits++;
    }
    if (digits == 32)
        return RK_OK;
    rk_fail(err, RK_ERR_ARG, "key.syntax", "this is no key name and not four hexadecimal words");
    rk_error_hint(err, "tuya, zero, uascent, or the four words as in 510fb093,a3cbeadc,...");
    return RK_ERR_ARG;
}

/* Enciphers boot loader code: the partition table at its end and the series mark stay plain. */
static void encipher_boot(const uint8_t *plain, size_t len, size_t table_at, bool marked,
                          const uint32_t key[4], uint8_t *out)
{
    struct rk_scrambler s;

    rk_scrambler_init(&s, key);
    rk_scrambler_run(&s, 0, plain, out, table_at);
    memcpy(out + table_at, plain + table_at, len - table_at);
    if (marked)
        memcpy(out + MARK_OFFSET, plain + MARK_OFFSET, MARK_SIZE);
}

static bool is_marked(const uint8_t *stored, size_t len)
{
    return len >= MARK_OFFSET + MARK_SIZE && memcmp(stored + MARK_OFFSET, "BK72", 4) == 0 &&
           stored[MARK_OFFSET + 6] == 0;
}

/* Where the plain end of the boot loader begins: at its table, or at its end. */
static size_t plain_tail(const struct rk_fal *fal, size_t len)
{
    return fal->count && fal->at < len ? fal->at : len;
}

/* Undoes encipher_boot(): the deciphered code with table and mark as they are stored. */
static void restore_plain_spots(const struct rk_beken *b, uint8_t *plain)
{
    size_t len = rk_code_size(&b->boot), tail = plain_tail(&b->fal, len);

    memcpy(plain + tail, b->boot.stored + tail, len - tail);
    if (is_marked(b->boot.stored, len))
        memcpy(plain + MARK_OFFSET, b->boot.stored + MARK_OFFSET, MARK_SIZE);
}

static void put_key_copy(const struct rk_beken *b, const uint32_t key[4], uint8_t *plain)
{
    if (!b->boot_info.has_key_copy)
        return;
    for (size_t i = 0; i < 4; i++)
        rk_put_le32(plain + b->boot_info.key_copy_at + 4 * i, key[i]);
}

/* Writes the stamp again for code that was enciphered anew; an OTA stamp describes plain code and
 * stays right. */
static void restamp(const struct rk_rbl_place *place, const uint8_t *stored, size_t len,
                    uint8_t *flash)
{
    uint8_t header[RK_RBL_HEADER];
    uint8_t filler[16];
    uint32_t raw = place->rbl.raw_size, pad = place->rbl.package_size - raw;
    uint32_t crc;

    if (raw > len || pad > sizeof filler)
        return;
    rk_blocks_strip(flash + place->addr, 3, header);
    memset(filler, (int)pad, sizeof filler);
    crc = rk_crc32(rk_crc32(0, stored, raw), filler, pad);
    rk_put_le32(header + 76, crc);
    rk_put_le32(header + 80, rk_fnv1a(stored, raw));
    rk_put_le32(header + 92, rk_crc32(0, header, RK_RBL_HEADER - 4));
    rk_blocks_add(header, sizeof header, flash + place->addr);
}

static enum rk_status rekey_boot(const struct rk_beken *b, const uint32_t key[4], uint8_t *flash,
                                 struct rk_error *err)
{
    size_t len = rk_code_size(&b->boot);
    uint8_t *plain, *stored;

    if (!b->boot.present)
        return RK_OK;
    plain = malloc(len);
    stored = malloc(len);
    if (plain && stored) {
        memcpy(plain, b->boot.plain, len);
        restore_plain_spots(b, plain);
        put_key_copy(b, key, plain);
        encipher_boot(plain, len, plain_tail(&b->fal, len), is_marked(b->boot.stored, len), key,
                      stored);
        rk_blocks_add(stored, len, flash + b->boot.addr);
        if (b->boot_rbl && b->boot_rbl_state == RK_RBL_GOOD)
            restamp(b->boot_rbl, stored, len, flash);
    }
    free(plain);
    if (!plain || !stored) {
        free(stored);
        return rk_convert_no_memory(err);
    }
    free(stored);
    return RK_OK;
}

static enum rk_status rekey_app(const struct rk_beken *b, const uint32_t key[4], uint8_t *flash,
                                struct rk_error *err)
{
    size_t len = rk_code_size(&b->app);
    struct rk_scrambler s;
    uint8_t *stored;

    if (!b->app.present)
        return RK_OK;
    stored = malloc(len);
    if (!stored)
        return rk_convert_no_memory(err);
    rk_scrambler_init(&s, key);
    rk_scrambler_run(&s, b->app.base, b->app.plain, stored, len);
    rk_blocks_add(stored, len, flash + b->app.addr);
    if (b->app_rbl && b->app_rbl_state == RK_RBL_GOOD)
        restamp(b->app_rbl, stored, len, flash);
    free(stored);
    return RK_OK;
}

/* Code without CRC bytes gets them for the conversion and loses them again. */
static enum rk_status rekey_raw(const uint8_t *data, size_t len, const uint32_t key[4],
                                struct rk_bytes *out, struct rk_error *err)
{
    size_t blocks = len / RK_BLOCK_DATA + (len % RK_BLOCK_DATA != 0);
    struct rk_bytes packed = {.data = malloc(rk_blocks_span(len)), .len = rk_blocks_span(len)};
    struct rk_bytes done = {0};
    enum rk_status status;

    *out = (struct rk_bytes){.data = malloc(blocks * RK_BLOCK_DATA), .len = len};
    if (!packed.data || !out->data) {
        status = rk_convert_no_memory(err);
    } else {
        rk_blocks_add(data, len, packed.data);
        status = rk_convert_rekey(packed.data, packed.len, key, &done, err);
    }
    if (status == RK_OK)
        rk_blocks_strip(done.data, blocks, out->data);
    else
        rk_bytes_free(out);
    rk_bytes_free(&done);
    rk_bytes_free(&packed);
    return status;
}

static bool is_raw_code(const uint8_t *data, size_t len)
{
    struct rk_code_key key;

    return len >= RK_VECTORS_SIZE && rk_code_peek(data, len) == RK_CODE_NONE &&
           (rk_key_find(data, len, RK_APP_LOGICAL, true, &key) ||
            rk_key_find(data, len, 0, true, &key));
}

enum rk_status rk_convert_rekey(const uint8_t *data, size_t len, const uint32_t key[4],
                                struct rk_bytes *out, struct rk_error *err)
{
    struct rk_beken b;
    enum rk_status status;

    *out = (struct rk_bytes){0};
    if (is_raw_code(data, len))
        return rekey_raw(data, len, key, out, err);
    if (!rk_beken_read(data, len, &b))
        return rk_convert_no_memory(err);
    if (!b.boot.present && !b.app.present) {
        status = rk_convert_refuse(err, "image.no-code", "there is no code in this file",
                                   "rekindle inspect FILE tells what it is");
    } else if (b.boot.bad || b.app.bad) {
        status = rk_convert_refuse(err, "image.damaged", "code blocks of this image are damaged",
                                   "rekindle inspect FILE tells where");
    } else {
        status = rk_convert_copy(b.flash, b.len, out, err);
        if (status == RK_OK)
            status = rekey_boot(&b, key, out->data, err);
        if (status == RK_OK)
            status = rekey_app(&b, key, out->data, err);
        out->addr = b.start;
    }
    rk_beken_free(&b);
    if (status != RK_OK)
        rk_bytes_free(out);
    return status;
}

/* ---- linker output to flash bytes ---- */

enum rk_status rk_convert_pack(const uint8_t *data, size_t len, const uint32_t key[4],
                               struct rk_bytes *out, struct rk_error *err)
{
    struct rk_code_key found;
    uint32_t base = RK_APP_LOGICAL;
    struct rk_fal fal;
    uint8_t *stored;
    bool plain;

    *out = (struct rk_bytes){0};
    if (len >= RK_VECTORS_SIZE && !rk_key_find(data, len, base, true, &found)) {
        base = 0;
        if (!rk_key_find(data, len, base, true, &found))
            len = 0;
    } else if (len >= RK_VECTORS_SIZE && found.cls == RK_KEY_ZERO &&
               rk_get_le32(data + 32) < RK_APP_LOGICAL) {
        base = 0;
    }
    if (len < RK_VECTORS_SIZE)
        return rk_convert_refuse(err, "image.no-code", "this is no code: it has no vector table",
                                 "packing wants the output of the linker, or an enciphered build");
    plain = found.cls == RK_KEY_ZERO;
    stored = malloc(len);
    *out = (struct rk_bytes){.data = malloc(rk_blocks_span(len)),
                             .len = rk_blocks_span(len),
                             .addr = base ? RK_APP_ADDR : 0};
    if (!stored || !out->data) {
        free(stored);
        rk_bytes_free(out);
        return rk_convert_no_memory(err);
    }
    memcpy(stored, data, len);
    if (plain && base == 0) {
        rk_fal_find(data, len, &fal);
        encipher_boot(data, len, plain_tail(&fal, len), is_marked(data, len), key, stored);
    } else if (plain) {
        struct rk_scrambler s;

        rk_scrambler_init(&s, key);
        rk_scrambler_run(&s, base, data, stored, len);
    }
    rk_blocks_add(stored, len, out->data);
    free(stored);
    return RK_OK;
}
