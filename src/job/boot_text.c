#include "job/boot_text.h"

#include "base/bytes.h"
#include "image/beken/blocks.h"
#include "image/beken/key.h"

#include <string.h>

enum {
    SHORTEST = 6,  /* characters of a text */
    POOL = 0x400,  /* how far behind code its constants are looked for */
    APP = 0x10000, /* where applications begin */
};

/* A word of the code as the processor sees it. */
static bool word_at(const struct rk_boot_code *c, uint32_t addr, uint8_t word[4])
{
    size_t at = (size_t)(addr / RK_BLOCK_DATA) * RK_BLOCK_SPAN + addr % RK_BLOCK_DATA;

    if (addr % 4 || at + 4 > c->len)
        return false;
    rk_scrambler_run(&c->scrambler, addr, c->flash + at, word, 4);
    return true;
}

static bool text_at(const struct rk_boot_code *c, uint32_t addr, char *out, size_t cap)
{
    uint8_t word[4];
    size_t n = 0;

    while (n < cap - 1 && word_at(c, addr & ~3u, word)) {
        uint8_t byte = word[addr++ & 3];
        if (byte < 0x20 || byte >= 0x7F) {
            out[n] = '\0';
            return n >= SHORTEST && (byte == 0 || byte == '\r' || byte == '\n');
        }
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return n >= SHORTEST && n == cap - 1;
}

static bool text_behind(const struct rk_boot_code *c, uint32_t addr, char *out, size_t cap)
{
    uint8_t word[4];

    addr &= ~3u;
    for (uint32_t end = addr + POOL; addr < end && word_at(c, addr, word); addr += 4) {
        uint32_t constant = rk_get_le32(word);
        if (constant >= 0x100 && text_at(c, constant, out, cap))
            return true;
    }
    return false;
}

void rk_boot_text_behind(const struct rk_boot_code *code, uint32_t addr, char *out, size_t cap)
{
    if (!text_behind(code, addr, out, cap))
        out[0] = '\0';
}

void rk_boot_code_open(struct rk_boot_code *code, const uint8_t *flash, size_t len)
{
    size_t app = (size_t)APP / RK_BLOCK_DATA * RK_BLOCK_SPAN;
    uint8_t vectors[RK_VECTORS_SIZE];
    struct rk_code_key key = {.words = {0}};

    for (unsigned i = 0; i < RK_VECTORS_SIZE / RK_BLOCK_DATA; i++)
        if (app + (i + 1) * RK_BLOCK_SPAN <= len)
            memcpy(vectors + i * RK_BLOCK_DATA, flash + app + i * RK_BLOCK_SPAN, RK_BLOCK_DATA);
        else
            memset(vectors + i * RK_BLOCK_DATA, 0xFF, RK_BLOCK_DATA);
    if (!rk_key_find(vectors, sizeof vectors, APP, false, &key))
        memset(key.words, 0, sizeof key.words);
    code->flash = flash;
    code->len = len;
    rk_scrambler_init(&code->scrambler, key.words);
}

void rk_boot_find_text(const struct rk_emulate_state *state, uint32_t crash_pc,
                       const uint8_t *flash, size_t len, char *out, size_t cap)
{
    struct rk_boot_code c;

    rk_boot_code_open(&c, flash, len);
    for (unsigned i = 0; i < 13; i++)
        if (state->registers[i].value >= 0x100 && text_at(&c, state->registers[i].value, out, cap))
            return;
    if (!text_behind(&c, crash_pc, out, cap) && !text_behind(&c, state->link, out, cap))
        out[0] = '\0';
}
