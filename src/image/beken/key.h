/* Which key a piece of code is enciphered with: known keys are tried, unknown ones are computed from
 * what every image begins with. */
#ifndef RK_IMAGE_BEKEN_KEY_H
#define RK_IMAGE_BEKEN_KEY_H

#include <rekindle/device.h>

#define RK_VECTORS_SIZE 64u /* bytes at the start of an image that the test looks at */

struct rk_code_key {
    enum rk_key_class cls; /* UNKNOWN = none found */
    const char *name;      /* "Tuya", "zero", ...; "computed" for one that was found blind */
    bool computed;         /* words are an equivalent of the key, not the efuse content */
    uint32_t words[4];
};

/* A key we know by name. */
struct rk_known_key {
    const char *name;
    enum rk_key_class cls;
    uint32_t words[4];
};
extern const struct rk_known_key rk_known_keys[];
extern const size_t rk_known_key_count;

/* The class of four key words as read from an efuse. All equal words are how the chips with a
 * 4-byte key (BK7238, BK7252N) look. */
enum rk_key_class rk_key_classify(const uint32_t words[4]);

/* True if the plain bytes look like the vector table of an ARM9 image: a branch, seven loads
 * through the table behind them, and a first handler inside 8 MiB. */
bool rk_vectors_plausible(const uint8_t plain[RK_VECTORS_SIZE]);

/* Finds the key of code whose first len (at least 64) bytes, without CRC bytes, are at `code` and
 * which belongs at logical address base. Returns false if none makes it plausible. `blind` also
 * computes unknown keys. */
bool rk_key_find(const uint8_t *code, size_t len, uint32_t base, bool blind,
                 struct rk_code_key *out);

#endif
