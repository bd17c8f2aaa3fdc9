#include "job/boot_text.h"

#include "base/bytes.h"

#include <string.h>

enum {
    SHORTEST = 6, /* characters of a text */
    POOL = 0x400, /* how far behind code its constants are looked for */
    LOWEST = 0x100,
    NEAR = 16 /* bytes between the two halves of a constant */
};

static bool peek(const struct rk_boot_code *c, uint32_t addr, uint8_t *buf, size_t len)
{
    return c->peek(c->from, addr, buf, len);
}

static bool text_at(const struct rk_boot_code *c, uint32_t addr, char *out, size_t cap)
{
    size_t n = 0;
    uint8_t byte;

    while (n < cap - 1 && peek(c, addr++, &byte, 1)) {
        if (byte < 0x20 || byte >= 0x7F) {
            out[n] = '\0';
            return n >= SHORTEST && (byte == 0 || byte == '\r' || byte == '\n');
        }
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return n >= SHORTEST && n == cap - 1;
}

/* ARM: words behind the code. */
static bool text_of_words(const struct rk_boot_code *c, uint32_t addr, char *out, size_t cap)
{
    uint8_t word[4];

    addr &= ~3u;
    for (uint32_t end = addr + POOL; addr < end && peek(c, addr, word, 4); addr += 4) {
        uint32_t constant = rk_get_le32(word);
        if (constant >= LOWEST && text_at(c, constant, out, cap))
            return true;
    }
    return false;
}

/* The low half that an instruction adds to `rd`, whose high half was loaded before. */
static bool adds_to(uint32_t code, uint32_t rd, uint32_t *low)
{
    uint32_t small = code >> 2 & 31;

    if ((code & 0x707F) == 0x13 && (code >> 15 & 31) == rd) { /* addi */
        *low = (code >> 20 ^ 0x800) - 0x800;
        return true;
    }
    if ((code & 0xE003) != 1 || (code >> 7 & 31) != rd) /* c.addi */
        return false;
    *low = code & 0x1000 ? small - 32 : small;
    return true;
}

/* RISC-V: "lui" with the high half of an address, and soon an addition of the low one. */
static bool text_of_pairs(const struct rk_boot_code *c, uint32_t addr, char *out, size_t cap)
{
    uint8_t word[4], next[4];
    uint32_t low;

    addr &= ~1u;
    for (uint32_t end = addr + POOL; addr < end && peek(c, addr, word, 4); addr += 2) {
        uint32_t code = rk_get_le32(word);
        if ((code & 0x7F) != 0x37)
            continue;
        for (uint32_t at = addr + 4; at < addr + 4 + NEAR && peek(c, at, next, 4); at += 2)
            if (adds_to(rk_get_le32(next), code >> 7 & 31, &low) &&
                text_at(c, (code & ~0xFFFu) + low, out, cap))
                return true;
    }
    return false;
}

static bool text_behind(const struct rk_boot_code *c, uint32_t addr, char *out, size_t cap)
{
    return c->riscv ? text_of_pairs(c, addr, out, cap) : text_of_words(c, addr, out, cap);
}

void rk_boot_text_behind(const struct rk_boot_code *code, uint32_t addr, char *out, size_t cap)
{
    if (!text_behind(code, addr, out, cap))
        out[0] = '\0';
}

static bool peek_emulator(const void *from, uint32_t addr, uint8_t *buf, size_t len)
{
    return rk_emulator_peek(from, addr, buf, len);
}

struct rk_boot_code rk_boot_code_of(const struct rk_emulator *emulator)
{
    return (struct rk_boot_code){.peek = peek_emulator,
                                 .from = emulator,
                                 .riscv = strcmp(rk_emulator_chip_of(emulator), "BL602") == 0};
}

void rk_boot_find_text(const struct rk_emulate_state *state, uint32_t crash_pc,
                       const struct rk_boot_code *code, char *out, size_t cap)
{
    size_t first = code->riscv ? 5 : 0, end = code->riscv ? 32 : 13; /* those for general use */

    for (size_t i = first; i < end && i < state->register_count; i++)
        if (state->registers[i].value >= LOWEST &&
            text_at(code, state->registers[i].value, out, cap))
            return;
    if (!text_behind(code, crash_pc, out, cap) && !text_behind(code, state->link, out, cap))
        out[0] = '\0';
}
