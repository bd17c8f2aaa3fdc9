/* The manifest FILE.json beside a backup FILE: what was read from which module, how every sector
 * was obtained, and whether a write that began with this backup was finished. The same format,
 * marked incomplete, is the map of an unfinished backup (FILE.part.json beside FILE.part). */
#ifndef RK_STORE_MANIFEST_H
#define RK_STORE_MANIFEST_H

#include <rekindle/device.h>

#define RK_MANIFEST_SCHEMA      "rekindle-backup/1"
#define RK_MANIFEST_REGIONS_MAX 16
#define RK_MANIFEST_DATA_MAX    (64u << 20) /* no module has a larger flash */
#define RK_MANIFEST_FILE_MAX    (8u << 20)

/* How the bytes of a sector were obtained. */
enum rk_sector_source {
    RK_SOURCE_MISSING,  /* not obtained yet */
    RK_SOURCE_READ,     /* transferred, and the chip's digest agrees */
    RK_SOURCE_VOTED,    /* majority of several transfers, and the chip's digest agrees */
    RK_SOURCE_BLANK,    /* not transferred: the chip's digest is that of FF */
    RK_SOURCE_REUSED,   /* not transferred: the chip's digest is that of an earlier backup */
    RK_SOURCE_UNSTABLE, /* transferred, but no two answers agree: the bytes are a guess */
    RK_SOURCE_COUNT
};

struct rk_manifest_sector {
    uint32_t crc32; /* zlib CRC-32 of the sector's bytes in the file */
    enum rk_sector_source source;
    uint32_t reads;  /* transfers that were needed */
    bool journalled; /* a write that the journal records changes this sector */
};

struct rk_manifest_region {
    struct rk_region region;
    char sha256[65]; /* of its bytes; empty if the backup does not hold all of it */
};

/* The write that this backup protects. */
enum rk_journal_state {
    RK_JOURNAL_NONE,      /* nothing was written since */
    RK_JOURNAL_WRITING,   /* a write began and its end was never recorded */
    RK_JOURNAL_DONE,      /* it was finished and verified */
    RK_JOURNAL_ABANDONED, /* another backup took over */
    RK_JOURNAL_COUNT
};

struct rk_journal {
    enum rk_journal_state state;
    char image_sha256[65]; /* of the file that was written; empty for an erase */
    char started[24];      /* UTC */
};

struct rk_manifest {
    bool complete;
    char tool_version[24];
    char created[24]; /* UTC, ISO 8601 */
    char file[256];   /* name of the data file, without folder */
    uint32_t addr;    /* where in the flash the file begins; a multiple of RK_SECTOR_SIZE */
    uint32_t len;     /* bytes; a multiple of RK_SECTOR_SIZE, at most RK_MANIFEST_DATA_MAX */
    char sha256[65];  /* of the whole file; empty while incomplete */
    char port[256], bridge[32], adapter[64]; /* link: name, USB bridge, serial number */
    struct rk_device_info device;            /* what identifies the module; never the key itself */
    char reused_from[256];                   /* file name of the earlier backup; empty = none */
    struct rk_manifest_region regions[RK_MANIFEST_REGIONS_MAX];
    size_t region_count;
    struct rk_manifest_sector *sectors; /* len / RK_SECTOR_SIZE */
    size_t sector_count;
    struct rk_journal journal;
};

/* Prepares *manifest for [addr, addr+len), all sectors missing. Free with rk_manifest_free().
 * Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_manifest_init(struct rk_manifest *manifest, uint32_t addr,
                                              uint32_t len, struct rk_error *err);

/* Frees what is inside; a zeroed manifest is allowed. */
void rk_manifest_free(struct rk_manifest *manifest);

/* Reads a manifest from text. Members it does not know are ignored; those it knows must have the
 * right type and range. *out is filled only on success. Errors: FILE "manifest.format" with the
 * member at fault, NOMEM. */
RK_MUST_CHECK enum rk_status rk_manifest_parse(const char *text, size_t len,
                                               struct rk_manifest *out, struct rk_error *err);

/* The same from a file. */
RK_MUST_CHECK enum rk_status rk_manifest_read(const char *path, struct rk_manifest *out,
                                              struct rk_error *err);

/* Writes a file atomically; an existing one is replaced only if `replace`. */
RK_MUST_CHECK enum rk_status rk_manifest_write(const char *path, const struct rk_manifest *manifest,
                                               bool replace, struct rk_error *err);

/* Reads the data file a complete manifest speaks of and proves it with the SHA-256. *data is
 * manifest->len bytes, free() it. Errors: FILE "backup.altered", "file.*". */
RK_MUST_CHECK enum rk_status rk_manifest_load(const struct rk_manifest *manifest,
                                              const char *data_path, uint8_t **data,
                                              struct rk_error *err);

/* Is the module of the manifest this one? */
enum rk_same_module {
    RK_MODULE_OTHER,    /* no: something that cannot change is different */
    RK_MODULE_POSSIBLE, /* nothing speaks against it, no MAC says so */
    RK_MODULE_SAME      /* the MAC and everything else agree */
};
enum rk_same_module rk_manifest_same_module(const struct rk_manifest *manifest,
                                            const struct rk_device_info *device);

/* True if the MAC can tell modules apart. Beken's SDKs use addresses of their block C8:47:8C for
 * modules without an own one, the same for all. */
bool rk_mac_is_personal(const uint8_t mac[6]);

/* "read", "blank", ...; never NULL. */
const char *rk_sector_source_name(enum rk_sector_source source);

#endif
