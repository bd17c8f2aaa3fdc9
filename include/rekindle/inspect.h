/* The full report about an image or a flash capture: what is in it, where, whether it is sound, on
 * which chip it would start, and what would make it start. Pure: bytes in, report out. */
#ifndef REKINDLE_INSPECT_H
#define REKINDLE_INSPECT_H

#include <rekindle/image.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_verdict {
    RK_VERDICT_GOOD,    /* tested and right */
    RK_VERDICT_INFO,    /* worth knowing, nothing is wrong */
    RK_VERDICT_WARN,    /* works, but something is missing or odd */
    RK_VERDICT_BAD,     /* would not work */
    RK_VERDICT_UNTESTED /* the bytes do not tell */
};

struct rk_bl602_report;

/* "good", "info", "warn", "bad", "untested". Never NULL. */
const char *rk_verdict_name(enum rk_verdict verdict);

#define RK_INSPECT_PARTS  64
#define RK_INSPECT_TESTS  20
#define RK_INSPECT_CHIPS  12
#define RK_INSPECT_RANGES 8

/* One thing in the image. Parts are ordered by address and may lie inside each other (the stamp of
 * an application lies in its partition). */
struct rk_inspect_part {
    char kind[16];      /* "boot", "app", "app2", "table", "rbl", "rf", "net", "obk-config",
                           "tuya-storage", "tuya-backup", "littlefs", "ota", "diff2ya", "code",
                           "header", "data" */
    char name[40];      /* for people: version, partition name, ... */
    uint32_t addr, len; /* flash addresses; for files that have none, offsets in the file */
    enum rk_verdict verdict;
    char note[128]; /* what was seen; may be empty */
};

/* One test of "will it boot". */
struct rk_inspect_test {
    char id[4];    /* "B1" ... "S2": see docs/images.md */
    char name[32]; /* "boot loader CRC" */
    enum rk_verdict verdict;
    char text[160]; /* what was found, one sentence part */
};

enum rk_boots {
    RK_BOOTS_NO,
    RK_BOOTS_YES,
    RK_BOOTS_WITH_BOOT, /* an application that is right for the chip; its boot loader is not here */
    RK_BOOTS_UNKNOWN    /* nothing speaks against it, but something that matters is not known */
};

/* "no", "yes", "with-boot-loader", "unknown". Never NULL. */
const char *rk_boots_name(enum rk_boots boots);

/* The tests, judged for one chip. */
struct rk_inspect_boot {
    char chip[16];
    enum rk_boots boots;
    size_t test_count;
    struct rk_inspect_test tests[RK_INSPECT_TESTS];
    char reason[192]; /* why not, or what to keep in mind; empty if there is nothing to say */
    char remedy[192]; /* what would make it boot; may be empty */
    char uart[192];   /* what the serial line shows, where that is known; may be empty */
};

/* What a sector of the flash is used for; the values index rk_sector_use_*(). */
enum rk_sector_use {
    RK_SECTOR_BLANK,
    RK_SECTOR_FILLED, /* one repeated byte that is not FF */
    RK_SECTOR_BOOT,
    RK_SECTOR_APP,
    RK_SECTOR_TABLE,
    RK_SECTOR_OTA,
    RK_SECTOR_RF,
    RK_SECTOR_CONFIG,
    RK_SECTOR_STORAGE,
    RK_SECTOR_FILES,
    RK_SECTOR_DATA,    /* not blank, not known */
    RK_SECTOR_DAMAGED, /* code blocks with wrong CRC */
    RK_SECTOR_USES
};

/* Short name for JSON and legend ("app"), one character for the terminal map ('A'), and a colour
 * for pictures ("#4477aa"). Never NULL for a valid use. */
const char *rk_sector_use_name(enum rk_sector_use use);
char rk_sector_use_symbol(enum rk_sector_use use);
const char *rk_sector_use_colour(enum rk_sector_use use);

struct rk_inspect_sector {
    uint8_t use;     /* enum rk_sector_use */
    uint8_t entropy; /* bits per byte, in units of 1/31: 0 .. 248 */
};

struct rk_inspect_partition {
    char name[25];
    uint32_t addr, len; /* in flash */
};

struct rk_inspect {
    size_t size; /* of this structure */
    struct rk_image_facts facts;
    size_t file_size;
    uint32_t start;    /* flash address of the first byte of the image */
    size_t flash_size; /* bytes of the image in flash order (less than the file if it repeats) */
    char sha256[65];   /* of the file */
    char boot_variant[8];
    char key_name[24]; /* "Tuya", "zero", "computed", ...; empty if there is no code */
    bool key_computed; /* the key was found from the code itself: an equivalent, not the efuse */
    char sdk[96], build[96];
    bool has_tuya_storage, has_obk_config;
    bool calibrated; /* the RF record holds calibration, not only a MAC */
    uint32_t blank_bytes, damaged_sectors;
    size_t partition_count;
    struct rk_inspect_partition partitions[16];
    size_t part_count;
    struct rk_inspect_part parts[RK_INSPECT_PARTS];
    size_t boot_count;
    struct rk_inspect_boot boots[RK_INSPECT_CHIPS];
    const struct rk_bl602_report
        *bl602;                    /* of a BL602's flash: piece by piece, see bl602.h; else NULL */
    size_t tree_offset, tree_size; /* of a device tree in the file; 0, 0 = none */
    size_t sector_count;
    struct rk_inspect_sector *sectors; /* one per 4 KiB of the image, in flash order */
};

struct rk_inspect_options {
    size_t size;
    const char *name; /* file name, the weakest hint; may be NULL */
    const char *chip; /* judge for this chip only; NULL = for all */
    bool have_key;    /* key class of the module it is meant for ... */
    enum rk_key_class key_class;
    uint32_t flash_size; /* of that module; 0 = not known */
    bool have_jedec;     /* its flash part ... */
    uint8_t jedec[3];    /* ... in wire order */
    bool without_digest; /* leave out the SHA-256, which is half of the work */
};

/* Makes the report. Any content is answered; the only error is NOMEM. opt may be NULL. *out is
 * allocated: rk_inspect_free(). */
RK_MUST_CHECK enum rk_status rk_inspect(const uint8_t *data, size_t len,
                                        const struct rk_inspect_options *opt,
                                        struct rk_inspect **out, struct rk_error *err);
void rk_inspect_free(struct rk_inspect *report); /* NULL is allowed */

/* The judgement for a chip, or NULL if the image has nothing for it. */
const struct rk_inspect_boot *rk_inspect_boot_for(const struct rk_inspect *report,
                                                  const char *chip);

#ifdef __cplusplus
}
#endif
#endif
