/* Tuya settings: the key-value storage that Tuya firmware keeps at the end of the flash.
 *
 * Pure: bytes in, facts out. The bytes may be a whole flash, a shifted or partial capture, or the
 * partition alone. Damage costs only what it hit; nothing that cannot be proven is called certain. */
#ifndef REKINDLE_TUYA_H
#define REKINDLE_TUYA_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_tuya_kind {
    RK_TUYA_NONE,
    RK_TUYA_CLASSIC,   /* blocks of 4 KiB behind a key block, page magic 0x98761234 */
    RK_TUYA_OS3,       /* TuyaOS 3: page magic 0x135726AB, blocks in any order */
    RK_TUYA_PROTECTED, /* only a protected copy is left, the storage itself is gone */
    RK_TUYA_PSM        /* the text storage of ESP8266 modules */
};

enum rk_value_kind {
    RK_VALUE_TEXT,
    RK_VALUE_NUMBER, /* decimal digits */
    RK_VALUE_JSON,
    RK_VALUE_PINS, /* the product's pin text (user_param_key) */
    RK_VALUE_BINARY
};

/* One key. All pointers live as long as the storage. */
struct rk_tuya_key {
    const char *name;     /* printable ASCII; one real device has an empty one */
    const uint8_t *value; /* raw value, a NUL follows behind `length` */
    uint32_t length;      /* bytes, with the NULs that belong to the value */
    uint32_t text_length; /* bytes without trailing NULs */
    enum rk_value_kind kind;
    bool secret;        /* the whole value is a secret */
    bool certain;       /* every checksum on the way to it holds */
    const char *doubt;  /* why it is not certain; empty if it is */
    uint32_t offset;    /* of its index page (or entry) in the given bytes */
    uint16_t block;     /* block id of the index page; 0 where there are no blocks */
    uint8_t page;       /* page number inside the block */
    uint32_t parts;     /* runs of pages the value is made of */
    bool has_check;     /* pin text only: it carries a check value... */
    bool check_right;   /* ...and that is right */
    bool from_old_copy; /* taken from an older copy of a block */
};

/* A sector of the storage. */
struct rk_tuya_sector {
    uint32_t offset; /* in the given bytes */
    uint16_t block;
    uint32_t generation; /* grows with every rewrite of the block */
    bool sum_right;      /* the checksum over the sector holds */
    bool live;           /* the newest copy of its block */
    bool repaired;       /* its header had one flipped bit, found and undone */
};

struct rk_tuya_facts {
    enum rk_tuya_kind kind;
    bool has_key_block;
    uint32_t offset;      /* of the key block; without one, of the first sector found */
    uint8_t inner[16];    /* inner key: secret */
    uint8_t data_key[16]; /* the key the sectors are enciphered with: secret */
    const char *variant;  /* how the data key is derived: "8710", "NULL", ... */
    bool key_guessed;     /* the inner key is a well-known one, not read from this flash */
    bool key_repaired;    /* the key block had one flipped bit, found and undone */
    uint32_t sectors;     /* data sectors found */
    uint32_t bad_sectors; /* of them with a wrong checksum */
    uint32_t protected_copies;
};

struct rk_tuya;

/* Reads every key. *out is set on success; free it with rk_tuya_free().
 * Errors: IMAGE_FORMAT "config.none" (no Tuya storage in these bytes, with what they look like),
 * NOMEM. Up to 16 MiB; sectors may start at any offset if all are shifted alike. */
RK_MUST_CHECK enum rk_status rk_tuya_read(const uint8_t *data, size_t len, struct rk_tuya **out,
                                          struct rk_error *err);

void rk_tuya_free(struct rk_tuya *tuya);

const struct rk_tuya_facts *rk_tuya_facts(const struct rk_tuya *tuya);

/* The keys, in the order of blocks and pages; returns their number. */
size_t rk_tuya_keys(const struct rk_tuya *tuya, const struct rk_tuya_key **out);

/* The sectors, ordered by offset; returns their number. */
size_t rk_tuya_sectors(const struct rk_tuya *tuya, const struct rk_tuya_sector **out);

/* The key of that name, or NULL. */
const struct rk_tuya_key *rk_tuya_find(const struct rk_tuya *tuya, const char *name);

/* Entries of the protected copies (identity and pairing, written rarely, so possibly older than
 * the storage); returns their number. */
size_t rk_tuya_protected(const struct rk_tuya *tuya, const struct rk_tuya_key **out);

/* "classic", "tuyaos3", ...; "text", "number", "json", "pins", "binary". */
const char *rk_tuya_kind_name(enum rk_tuya_kind kind);
const char *rk_value_kind_name(enum rk_value_kind kind);

#ifdef __cplusplus
}
#endif
#endif
