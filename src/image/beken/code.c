#include "image/beken/code.h"

#include "base/bytes.h"
#include "image/beken/scrambler.h"

#include <stdlib.h>
#include <string.h>

/* The first two blocks without their CRC bytes. */
static void first_bytes(const uint8_t *data, uint8_t out[RK_VECTORS_SIZE])
{
    rk_blocks_strip(data, 2, out);
}

enum rk_code_kind rk_code_peek(const uint8_t *data, size_t len)
{
    uint8_t first[RK_VECTORS_SIZE];
    struct rk_code_key key;

    if (len < 2 * (size_t)RK_BLOCK_SPAN || rk_block_state(data) == RK_BLOCK_BLANK)
        return RK_CODE_NONE;
    first_bytes(data, first);
    if (rk_key_find(first, sizeof first, RK_APP_LOGICAL, false, &key)) {
        /* Without a key both addresses fit; applications have their handlers above the boot
         * loader. */
        if (key.cls == RK_KEY_ZERO)
            return rk_get_le32(first + 32) >= RK_APP_LOGICAL ? RK_CODE_APP : RK_CODE_BOOT;
        return RK_CODE_APP;
    }
    return rk_key_find(first, sizeof first, 0, false, &key) ? RK_CODE_BOOT : RK_CODE_NONE;
}

/* Finds out how far the code goes and what state its blocks are in. */
static void measure(const uint8_t *data, size_t len, struct rk_code *out)
{
    bool inside = true;

    for (size_t at = 0; len - at >= RK_BLOCK_SPAN; at += RK_BLOCK_SPAN) {
        enum rk_block_state state = rk_block_state(data + at);

        out->area.valid += state == RK_BLOCK_VALID;
        out->area.blank += state == RK_BLOCK_BLANK;
        out->area.bad += state == RK_BLOCK_BAD;
        inside = inside && state != RK_BLOCK_BLANK;
        if (!inside)
            continue;
        out->blocks++;
        if (state == RK_BLOCK_BAD && out->bad++ == 0)
            out->first_bad = (uint32_t)at;
    }
}

bool rk_code_read(const uint8_t *data, size_t len, uint32_t base, struct rk_code *out)
{
    *out = (struct rk_code){.base = base};
    measure(data, len, out);
    if (out->blocks < 2)
        return true;
    out->stored = malloc(rk_code_size(out));
    if (!out->stored)
        return false;
    rk_blocks_strip(data, out->blocks, out->stored);
    if (!rk_key_find(out->stored, rk_code_size(out), base, true, &out->key))
        return true;
    out->plain = malloc(rk_code_size(out));
    if (!out->plain) {
        rk_code_free(out);
        return false;
    }
    struct rk_scrambler s;

    rk_scrambler_init(&s, out->key.words);
    rk_scrambler_run(&s, base, out->stored, out->plain, rk_code_size(out));
    out->present = true;
    out->entry = rk_get_le32(out->plain);
    out->handler = rk_get_le32(out->plain + 32);
    return true;
}

void rk_code_free(struct rk_code *code)
{
    free(code->stored);
    free(code->plain);
    *code = (struct rk_code){0};
}
