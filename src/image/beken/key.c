#include "image/beken/key.h"

#include "base/bytes.h"
#include "image/beken/scrambler.h"

#include <string.h>

const struct rk_known_key rk_known_keys[] = {
    {"Tuya", RK_KEY_TUYA, {0x510FB093, 0xA3CBEADC, 0x5993A17E, 0xC7ADEB03}},
    {"zero", RK_KEY_ZERO, {0, 0, 0, 0}},
    {"Uascent", RK_KEY_VENDOR, {0x4862379A, 0x8612784B, 0x85C5E258, 0x75754528}},
    {"Beken SDK example", RK_KEY_VENDOR, {0x12345678, 0x2FAA55AA, 0x3AEE63DD, 0x4FEEAA00}},
};
const size_t rk_known_key_count = sizeof rk_known_keys / sizeof rk_known_keys[0];

#define LOAD_VECTOR    0xE59FF014u /* ldr pc, [pc, #20] */
#define BRANCH_OPCODE  0xEAu
#define SAMPLE_WINDOW  32768u
#define SAMPLE_LIMIT   524288u
#define EQUIVALENT_KEY 0x55000000u /* any top byte but 00 and FF; bit 3 = 0 keeps the constant on */

enum rk_key_class rk_key_classify(const uint32_t words[4])
{
    for (size_t i = 0; i < rk_known_key_count; i++) {
        if (memcmp(rk_known_keys[i].words, words, sizeof rk_known_keys[i].words) == 0)
            return rk_known_keys[i].cls;
    }
    /* A chip whose efuse was never written reads all ones on some revisions: no encipherment. */
    if (words[3] >> 24 == 0x00 || words[3] >> 24 == 0xFF)
        return RK_KEY_ZERO;
    return RK_KEY_VENDOR;
}

bool rk_vectors_plausible(const uint8_t plain[RK_VECTORS_SIZE])
{
    uint32_t handler = rk_get_le32(plain + 32);

    if (plain[3] != BRANCH_OPCODE || handler % 4 != 0 || handler >= 0x800000)
        return false;
    for (size_t i = 1; i < 8; i++) {
        if (rk_get_le32(plain + 4 * i) != LOAD_VECTOR)
            return false;
    }
    return true;
}

static bool fits(const uint8_t *code, uint32_t base, const uint32_t key[4])
{
    uint8_t plain[RK_VECTORS_SIZE];

    for (uint32_t at = 0; at < RK_VECTORS_SIZE; at += 4)
        rk_put_le32(plain + at, rk_get_le32(code + at) ^ rk_keystream(key, base + at));
    return rk_vectors_plausible(plain);
}

/* How far from random the deciphered code is: sums of squared byte frequencies. Candidates that
 * agree on the vectors differ in the upper address bits, so only far away code tells them apart. */
static uint64_t contrast(const uint8_t *code, size_t len, uint32_t base, const uint32_t key[4])
{
    struct rk_scrambler s;
    uint8_t plain[1024];
    uint64_t sum = 0;

    rk_scrambler_init(&s, key);
    for (size_t window = 0; window < len && window < SAMPLE_LIMIT; window += SAMPLE_WINDOW) {
        uint32_t seen[256] = {0};
        size_t end = len - window < SAMPLE_WINDOW ? len : window + SAMPLE_WINDOW;

        for (size_t at = window; at < end; at += sizeof plain) {
            size_t part = end - at < sizeof plain ? end - at : sizeof plain;

            rk_scrambler_run(&s, base + (uint32_t)at, code + at, plain, part);
            for (size_t i = 0; i < part; i++)
                seen[plain[i]]++;
        }
        for (size_t i = 0; i < 256; i++)
            sum += (uint64_t)seen[i] * seen[i];
    }
    return sum;
}

/* Settings number 0..124 as bits of key word 3: each of three stages off or one of four ways. */
static uint32_t settings_of(unsigned number)
{
    static const struct {
        unsigned off, shift;
    } stages[3] = {{0, 5}, {1, 8}, {2, 11}};
    uint32_t bits = 0;

    for (size_t i = 0; i < 3; i++, number /= 5)
        bits |= number % 5 == 4 ? 1u << stages[i].off : (number % 5) << stages[i].shift;
    return bits;
}

/* keystream(A) = G(A) ^ F, where G depends only on the settings and F is one word: seven known
 * words at the start of every image leave one to three of the 125 settings. */
static bool find_blind(const uint8_t *code, size_t len, uint32_t base, struct rk_code_key *out)
{
    uint64_t best = 0;

    for (unsigned number = 0; number < 125; number++) {
        uint32_t key[4] = {0, 0, 0, EQUIVALENT_KEY | settings_of(number)};
        uint64_t score;

        key[2] = rk_get_le32(code + 4) ^ rk_keystream(key, base + 4) ^ LOAD_VECTOR;
        if (!fits(code, base, key))
            continue;
        score = contrast(code, len, base, key);
        if (score > best) {
            best = score;
            memcpy(out->words, key, sizeof key);
        }
    }
    if (best == 0)
        return false;
    out->cls = RK_KEY_VENDOR;
    out->name = "computed";
    out->computed = true;
    return true;
}

bool rk_key_find(const uint8_t *code, size_t len, uint32_t base, bool blind,
                 struct rk_code_key *out)
{
    *out = (struct rk_code_key){.cls = RK_KEY_UNKNOWN};
    if (len < RK_VECTORS_SIZE)
        return false;
    for (size_t i = 0; i < rk_known_key_count; i++) {
        if (!fits(code, base, rk_known_keys[i].words))
            continue;
        out->cls = rk_known_keys[i].cls;
        out->name = rk_known_keys[i].name;
        memcpy(out->words, rk_known_keys[i].words, sizeof out->words);
        return true;
    }
    return blind && find_blind(code, len, base, out);
}
