/* Repair on file level: from the bytes of an image to the bytes of a better one. Nothing here
 * touches a device or a file; every function makes new memory and leaves its input alone. */
#ifndef REKINDLE_CONVERT_H
#define REKINDLE_CONVERT_H

#include <rekindle/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What rk_convert() is to do. All members but `size` may be 0/NULL. */
struct rk_convert_options {
    size_t size;
    const uint8_t *boot; /* file to take a boot loader from */
    size_t boot_len;
    const uint8_t *rf; /* file to take an RF sector from */
    size_t rf_len;
    const uint32_t *key; /* four words: encipher for this key */
    bool fix_crc;        /* write right CRC bytes behind damaged blocks */
    size_t pad_to;       /* fill up to this many bytes ... */
    size_t align;        /* ... or to a multiple of this */
};

#define RK_CONVERT_STEPS 10

/* What rk_convert() did, in order, one sentence part each. */
struct rk_convert_story {
    size_t count;
    char steps[RK_CONVERT_STEPS][96];
};

/* Bytes owned by the caller: rk_bytes_free(). */
struct rk_bytes {
    uint8_t *data;
    size_t len;
    uint32_t addr; /* flash address the bytes belong to, where that is known; else 0 */
};
void rk_bytes_free(struct rk_bytes *bytes);

/* Everything in one go: unpacks a container, puts a capture in order, adds missing CRC bytes, then
 * what the options ask for, in the order key, boot, rf, fix_crc, padding. story may be NULL.
 * Errors: those of the single steps; IMAGE_FORMAT "convert.nothing" if there is nothing to do. */
RK_MUST_CHECK enum rk_status rk_convert(const uint8_t *data, size_t len,
                                        const struct rk_convert_options *opt, struct rk_bytes *out,
                                        struct rk_convert_story *story, struct rk_error *err);

/* Puts a capture in flash order: un-shifted, halves swapped back, repetitions cut off. A file that
 * is in order already is copied. Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_order(const uint8_t *data, size_t len, struct rk_bytes *out,
                                              struct rk_error *err);

/* Unpacks a container: UF2 and HEX to the bytes they describe, RBL and UG to the plain application
 * (addr is then 0: it is linker output and needs rk_convert_pack()), and what rk_bl602_convert()
 * takes.
 * Errors: IMAGE_FORMAT (no container, or damaged), UNSUPPORTED, NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_unpack(const uint8_t *data, size_t len,
                                               struct rk_bytes *out, struct rk_error *err);

/* What can be cut out of an image. */
enum rk_extract {
    RK_EXTRACT_BOOT,    /* boot loader area as in flash, up to its last block that is not blank */
    RK_EXTRACT_UA,      /* application as in flash: what is written to 0x11000 */
    RK_EXTRACT_APP,     /* application without CRC bytes, deciphered: linker output */
    RK_EXTRACT_LOADER,  /* boot loader without CRC bytes, deciphered */
    RK_EXTRACT_RF,      /* RF sector */
    RK_EXTRACT_STORAGE, /* Tuya's key-value storage */
    RK_EXTRACT_CONFIG,  /* OpenBeken configuration sector */
    RK_EXTRACT_OTA,     /* package in the download partition, image in the second slot */
    RK_EXTRACT_TABLE,   /* BL602: partition table, the copy that counts */
    RK_EXTRACT_TREE,    /* BL602: device tree */
    RK_EXTRACT_COUNT
};
/* "boot", "ua", "app", "loader", "rf", "storage", "config", "ota", "table", "tree"; NULL for no such
 * thing. Of a BL602 "boot" and "ua" come with their boot headers. */
const char *rk_extract_name(enum rk_extract what);

/* Cuts a part out. Errors: IMAGE_FORMAT (the image has none), NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_extract(const uint8_t *data, size_t len,
                                                enum rk_extract what, struct rk_bytes *out,
                                                struct rk_error *err);

/* Four key words by name ("tuya", "zero", "uascent", ...) or as 32 hex digits or four words with
 * commas, in efuse order. Errors: ARG. */
RK_MUST_CHECK enum rk_status rk_key_parse(const char *text, uint32_t words[4],
                                          struct rk_error *err);

/* Enciphers an image for another key (all zero = none): boot loader, application, their stamps and
 * the key copy in the boot loader. Every other byte stays. Code without CRC bytes stays without.
 * Errors: IMAGE_FORMAT (no code, damaged blocks), NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_rekey(const uint8_t *data, size_t len,
                                              const uint32_t key[4], struct rk_bytes *out,
                                              struct rk_error *err);

/* Makes flash bytes (UA form, with CRC bytes) of linker output: enciphers it for the key as code at
 * logical address base (0x10000 for applications, 0 for boot loaders). Code that is enciphered
 * already is recognised and only gets its CRC bytes. Errors: IMAGE_FORMAT (no code), NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_pack(const uint8_t *data, size_t len, const uint32_t key[4],
                                             struct rk_bytes *out, struct rk_error *err);

struct rk_package_options {
    size_t size;
    const char *version;   /* NULL = "1.00" */
    const char *partition; /* NULL = "app" */
    uint32_t time;         /* Unix time for the header */
    bool plain;            /* neither gzip nor AES: most boot loaders refuse that */
    bool ug;               /* with Tuya's UG header */
};

/* Makes an OTA package of an application: linker output, UA, QIO or dump.
 * Errors: IMAGE_FORMAT (no application, damaged), NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_package(const uint8_t *data, size_t len,
                                                const struct rk_package_options *opt,
                                                struct rk_bytes *out, struct rk_error *err);

/* Joins a boot loader (alone, or in a QIO or dump, with or without CRC bytes) and an application
 * (UA, QIO or dump) into a QIO image with a fresh stamp. Both must be made for the same key and
 * the same series of chips. Errors: IMAGE_FORMAT (what does not fit), RANGE (the application is
 * larger than its partition), NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_merge(const uint8_t *boot, size_t boot_len,
                                              const uint8_t *app, size_t app_len,
                                              struct rk_bytes *out, struct rk_error *err);

/* Puts the RF sector of `donor` (a dump or a sector alone) into a whole capture, at the place where
 * that has its own or where its chip looks for it. Errors: IMAGE_FORMAT, NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_transplant_rf(const uint8_t *data, size_t len,
                                                      const uint8_t *donor, size_t donor_len,
                                                      struct rk_bytes *out, struct rk_error *err);

/* Writes the right CRC behind every damaged code block; *fixed is their number. Only sensible where
 * the CRC bytes are what is wrong: the code itself stays as it is. Errors: IMAGE_FORMAT, NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_fix_crc(const uint8_t *data, size_t len,
                                                struct rk_bytes *out, size_t *fixed,
                                                struct rk_error *err);

/* Fills up with FF to a length of `to` bytes, or to a multiple of `align` if to is 0.
 * Errors: RANGE (longer already), NOMEM. */
RK_MUST_CHECK enum rk_status rk_convert_pad(const uint8_t *data, size_t len, size_t to,
                                            size_t align, struct rk_bytes *out,
                                            struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
