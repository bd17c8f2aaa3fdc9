/* A connected module: what it is, and the flash operations every chip family offers. */
#ifndef REKINDLE_DEVICE_H
#define REKINDLE_DEVICE_H

#include <rekindle/link.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RK_SECTOR_SIZE 4096u  /* smallest erasable unit of every flash part we know */
#define RK_BLOCK_SIZE  65536u /* the large erase unit */

/* How sure a statement is. */
enum rk_evidence {
    RK_EVIDENCE_NONE,     /* nothing known */
    RK_EVIDENCE_GUESS,    /* a default, or inferred */
    RK_EVIDENCE_ONE,      /* one source */
    RK_EVIDENCE_CONFIRMED /* two independent sources, e.g. JEDEC id and wrap-around test */
};

/* What a part of the flash is for; safety rules are about kinds, not addresses. */
enum rk_region_kind {
    RK_REGION_OTHER,
    RK_REGION_BOOT,        /* boot loader */
    RK_REGION_APP,         /* application */
    RK_REGION_OTA,         /* download slot */
    RK_REGION_CALIBRATION, /* RF calibration and MAC: cannot be downloaded again */
    RK_REGION_SETTINGS,    /* key-value storage, configuration */
    RK_REGION_PARTITIONS   /* partition tables */
};

/* The half-open range [addr, addr + len) of the flash. */
struct rk_region {
    char name[16]; /* what the user types: "boot", "app", "ota", "rf", "config", "storage" */
    enum rk_region_kind kind;
    uint32_t addr, len;
};

/* How the code in flash is enciphered, as far as the chip tells. */
enum rk_key_class {
    RK_KEY_UNKNOWN,   /* cannot be read (flash-loader chips), or not asked */
    RK_KEY_ZERO,      /* all zero: no encipherment (BK7231M, most BL2028N, BK7238, ...) */
    RK_KEY_TUYA,      /* the key of Tuya's modules */
    RK_KEY_VENDOR,    /* another key: needs images made for it */
    RK_KEY_UNREADABLE /* the efuse was asked and answers with no or with unstable values */
};

struct rk_device_info {
    size_t size;
    char family[16]; /* "bk72xx", "bl602", ...: which driver */
    char chip[16];   /* "BK7231N"; "unknown" if the family is sure but the chip is not */
    enum rk_evidence chip_evidence;
    bool untested;      /* the driver for this chip never met the real thing */
    char loader[32];    /* version text of the boot loader, e.g. "BK7231S_1.0.5"; may be empty */
    bool loader_in_rom; /* the download protocol is in mask ROM: bad flash cannot lock us out */
    uint32_t chip_id;   /* chip id register; 0 if it cannot be read */
    bool has_fingerprint;
    uint32_t fingerprint;      /* CRC-32 (zlib form) of the first 256 bytes of flash (257 on ROM
                                  chips, as the public tools have it) */
    char fingerprint_name[40]; /* the boot loader that has it; "none: ..." for a blank or silent
                                  flash; empty if it is not known */
    bool has_jedec;
    uint8_t jedec[3];    /* manufacturer, type, size, in wire order */
    char flash_name[32]; /* part name from the table; may be empty */
    uint32_t flash_size; /* bytes; 0 = unknown */
    enum rk_evidence flash_size_evidence;
    bool has_status;      /* status registers can be read */
    uint32_t status;      /* SR1 | SR2 << 8 | SR3 << 16 */
    bool write_protected; /* block protection bits were set when we connected */
    enum rk_key_class key_class;
    uint32_t key[4]; /* the key words if key_class is ZERO, TUYA or VENDOR; secret */
    bool has_mac;
    uint8_t mac[6];
    uint32_t baud;       /* current rate, bit/s */
    uint32_t id_regs[4]; /* further identification registers, family specific; 0 = none */
    char loader_can
        [96]; /* what rekindle's own loader in RAM says of itself, for people; else empty */
};

struct rk_connect_options {
    size_t size;
    const char *chip;  /* NULL or "auto": find out; a name: anything else is an error */
    const char *reset; /* NULL/"auto", "none", "manual", "dtr-rts", "rts", or "seq:..." */
    uint32_t baud;     /* rate after linking; 0 = automatic ladder; 115200 = never switch */
    bool max_baud;     /* with baud 0: try every rate of the ladder, not only the safe ones */
    uint32_t link_timeout_ms; /* 0 = 20000; UINT32_MAX = for ever */
    uint32_t retries;         /* per command and sector; 0 = 5 */
    bool bare; /* read nothing of the flash: a module whose reads fail can be connected like this.
                  Size, regions and MAC are then what is usual, or unknown */
    const uint8_t *loader; /* BL602: a loader to put into its RAM (boot header, segment header,
                              data), copied; NULL = rekindle's own */
    size_t loader_len;
    bool rom_only; /* BL602: put nothing into RAM, work through the mask ROM alone, slowly */
};

struct rk_device;

/* Resets or asks for a reset, links, and identifies the module: nothing is changed on it. *out is
 * set only on success; free it with rk_device_free(). The link must outlive it.
 * Errors: NO_LINK, LINK_LOST, PROTOCOL, CHIP_MISMATCH (says which chip it is), UNSUPPORTED,
 * CANCELLED, PORT_*. */
RK_MUST_CHECK enum rk_status rk_device_connect(struct rk_context *ctx, struct rk_link *link,
                                               const struct rk_connect_options *opt,
                                               struct rk_device **out, struct rk_error *err);

/* Leaves the module as it is and frees; NULL is allowed. */
void rk_device_free(struct rk_device *dev);

/* What is known. The pointer stays valid until the device is freed. */
const struct rk_device_info *rk_device_info(const struct rk_device *dev);

/* The regions of this module's flash, ordered by address, not overlapping; gaps are ordinary
 * flash. The RF region is where it was found, else where this chip usually has it. */
const struct rk_region *rk_device_regions(const struct rk_device *dev, size_t *count);

/* Asks every identification question again, with the encryption key read at least three times and
 * decided by majority. Slow parts that connecting leaves out are done here: key, wrap-around size
 * test, MAC. */
RK_MUST_CHECK enum rk_status rk_device_identify(struct rk_device *dev, struct rk_error *err);

/* Reads [addr, addr+len) into buf: any address, any length within the flash. Repeats and
 * resynchronises by itself; is not verified against the chip's digest (jobs do that).
 * Errors: RANGE, LINK_LOST, DEVICE_REFUSED, UNSTABLE_READ, CANCELLED, PORT_*. */
RK_MUST_CHECK enum rk_status rk_device_read(struct rk_device *dev, uint32_t addr, uint8_t *buf,
                                            size_t len, struct rk_error *err);

/* The digest the chip itself can compute over its flash. */
enum rk_digest_kind { RK_DIGEST_CRC32, RK_DIGEST_SHA256 };
struct rk_digest {
    enum rk_digest_kind kind;
    uint8_t bytes[32]; /* CRC32: 4 bytes little endian in zlib form; SHA-256: 32 bytes */
};

/* Which digest this chip computes. */
enum rk_digest_kind rk_device_digest_kind(const struct rk_device *dev);
/* The same digest of bytes on the host. */
void rk_digest_of(enum rk_digest_kind kind, const uint8_t *data, size_t len, struct rk_digest *out);
bool rk_digest_equal(const struct rk_digest *a, const struct rk_digest *b);

/* Asks the chip for the digest of [addr, addr+len); both multiples of RK_SECTOR_SIZE. Hides every
 * quirk of the family (inclusive ends, write locks after a CRC). Errors as rk_device_read(). */
RK_MUST_CHECK enum rk_status rk_device_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                                              struct rk_digest *out, struct rk_error *err);

/* Writing happens between begin and end: begin removes the flash protection (and remembers it),
 * end puts it back. end must be called also after a failure; calling it twice is harmless.
 * Errors: WRITE_PROTECTED, LINK_LOST, UNSUPPORTED, ... */
RK_MUST_CHECK enum rk_status rk_device_write_begin(struct rk_device *dev, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_device_write_end(struct rk_device *dev, struct rk_error *err);

/* Erases one unit: len is RK_SECTOR_SIZE or RK_BLOCK_SIZE, addr a multiple of it. Makes no
 * judgement about what is there: jobs do. Errors: RANGE, ARG (outside begin/end), ... */
RK_MUST_CHECK enum rk_status rk_device_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                                             struct rk_error *err);

/* Programs whole sectors (addr and len multiples of RK_SECTOR_SIZE) that are erased, or to which
 * only cleared bits are added. Does not verify. */
RK_MUST_CHECK enum rk_status rk_device_program(struct rk_device *dev, uint32_t addr,
                                               const uint8_t *data, uint32_t len,
                                               struct rk_error *err);

/* Restarts the module into its application. The device can only be freed afterwards. */
RK_MUST_CHECK enum rk_status rk_device_reset(struct rk_device *dev, struct rk_error *err);

/* Gets a lost link back: drains, resynchronises, tries known rates, links again. */
RK_MUST_CHECK enum rk_status rk_device_resync(struct rk_device *dev, struct rk_error *err);

/* Keeps a linked module from rebooting while the host is busy: call at least every 50 ms of idle
 * time (questions to the user, long file work). */
RK_MUST_CHECK enum rk_status rk_device_keepalive(struct rk_device *dev, struct rk_error *err);

struct rk_link *rk_device_link(const struct rk_device *dev);
struct rk_context *rk_device_context(const struct rk_device *dev);

/* ---- supported chips ---- */

enum rk_support { RK_SUPPORT_NONE, RK_SUPPORT_UNTESTED, RK_SUPPORT_SIMULATED, RK_SUPPORT_EXECUTED };

struct rk_chip_entry {
    const char *name;   /* "BK7231N" */
    const char *family; /* "bk72xx" */
    const char *aka;    /* other names, blank separated, or "" */
    bool loader_in_rom;
    uint32_t usual_flash_size;
    enum rk_support identify, read, write; /* how far each ability has been proven */
    const char *evidence;                  /* one sentence: what it was proven with */
};

/* The supported chips by index, family by family; NULL behind the last. Constant. */
const struct rk_chip_entry *rk_chip(size_t index);
/* Finds a chip by its name or another name of it, case ignored; NULL if there is none. */
const struct rk_chip_entry *rk_chip_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
