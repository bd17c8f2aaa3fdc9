/* Images: what a file is, for which chip and key, and where it belongs. Pure: bytes in, facts out. */
#ifndef REKINDLE_IMAGE_H
#define REKINDLE_IMAGE_H

#include <rekindle/device.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_image_kind {
    RK_IMAGE_UNKNOWN,      /* no mark of anything we know */
    RK_IMAGE_BLANK,        /* nothing but one repeated byte */
    RK_IMAGE_QIO,          /* boot loader and application from address 0, perhaps padded */
    RK_IMAGE_UA,           /* application for the application slot */
    RK_IMAGE_BOOT,         /* a boot loader alone */
    RK_IMAGE_DUMP,         /* a capture of a whole flash */
    RK_IMAGE_DUMP_SHIFTED, /* a capture that began behind the boot loader and wrapped around */
    RK_IMAGE_RBL,          /* RT-Thread OTA package */
    RK_IMAGE_UG,           /* Tuya OTA file */
    RK_IMAGE_UF2,          /* LibreTiny / ESPHome UF2 */
    RK_IMAGE_HEX,          /* Intel HEX */
    RK_IMAGE_BL602,        /* BL602: application with its boot header */
    RK_IMAGE_BL602_DUMP,   /* Bouffalo Lab flash capture */
    RK_IMAGE_ESP,          /* Espressif image: recognised, never accepted */
    RK_IMAGE_DUMP_DOUBLED, /* a capture that was read past the end of a smaller chip */
    RK_IMAGE_DUMP_SWAPPED, /* a capture that begins in the middle of the flash */
    RK_IMAGE_RAW_CODE,     /* code without its CRC bytes: has to be packed first */
    RK_IMAGE_RF,           /* an RF calibration sector alone */
    RK_IMAGE_TUYA_STORAGE, /* Tuya's key-value storage alone */
    RK_IMAGE_OBK_CONFIG,   /* an OpenBeken configuration alone */
    RK_IMAGE_DIFF2YA,      /* Tuya's differential OTA file */
    RK_IMAGE_BL602_OTA,    /* Bouffalo Lab OTA package */
    RK_IMAGE_FOREIGN,      /* a known format that is no firmware for our chips */
    RK_IMAGE_BL602_APP,    /* BL602: bare application, without its boot header */
    RK_IMAGE_BL602_BOOT,   /* BL602: second-stage loader, bare or with its header */
    RK_IMAGE_BL602_RAM,    /* BL602: image for the RAM, such as a flash loader */
    RK_IMAGE_BL602_TABLE,  /* BL602: partition table */
    RK_IMAGE_BL602_TREE,   /* flattened device tree */
    RK_IMAGE_BL602_XZ,     /* xz stream, perhaps an update of a BL602 */
    RK_IMAGE_BL602_EFUSE   /* BL602: efuses */
};

/* A run of bytes with its place in the flash. `data` points into memory owned by someone else. */
struct rk_segment {
    uint32_t addr, len;
    const uint8_t *data;
};

/* What the bytes say. Everything that is not found stays empty or 0. */
struct rk_image_facts {
    enum rk_image_kind kind;
    enum rk_evidence kind_evidence;
    char family[16]; /* "bk72xx", "bl602", "esp"; may be empty */
    char chip[16];   /* the chip it was made for: "BK7231N"; may be empty */
    enum rk_evidence chip_evidence;
    enum rk_key_class key_class; /* key the code is enciphered with */
    bool has_boot;               /* a complete, undamaged boot loader is in it */
    char boot_name[40];          /* "BK7231N_1.0.1"; may be empty */
    bool has_app;                /* application code is in it */
    char app_name[64];           /* may be empty */
    char app_version[32];        /* may be empty */
    bool has_rf;                 /* an RF calibration record is in it */
    uint32_t rf_offset;          /* offset of the RF sector in the file */
    bool has_mac;
    uint8_t mac[6];
    uint32_t code_end;                /* offset behind the last code block */
    uint32_t bad_blocks;              /* code blocks whose CRC is wrong, inside the code area */
    bool truncated;                   /* ends in the middle of something */
    char summary[160];                /* one sentence for people */
    bool boot_verified;               /* the boot loader is byte for byte a build we know */
    enum rk_key_class boot_key_class; /* key the boot loader is enciphered with */
    bool mixed_keys;                  /* boot loader and application have different keys */
};

/* Looks at the bytes. Never fails on any content (kind UNKNOWN is an answer); `name` is a file
 * name used only as the weakest hint, or NULL. */
void rk_image_identify(const uint8_t *data, size_t len, const char *name,
                       struct rk_image_facts *out);

/* True if code for `image_chip` runs on `chip` as far as instructions and registers go. The key is
 * another question: BK7231N and BK7231M run the same code. False if either is unknown. */
bool rk_image_code_fits(const char *image_chip, const char *chip);

/* Name of a kind for people and JSON: "qio", "ua", "dump", ... */
const char *rk_image_kind_name(enum rk_image_kind kind);

/* Where the image goes on a module of `chip` with `flash_size` bytes: writes at most cap segments
 * that point into `data` and their number. QIO and dumps go to 0, UA files to the application slot.
 * Errors: IMAGE_FORMAT (not something that can be placed, with what it is and what to do),
 * RANGE (does not fit). */
RK_MUST_CHECK enum rk_status rk_image_place(const struct rk_image_facts *facts, const uint8_t *data,
                                            size_t len, const char *chip, uint32_t flash_size,
                                            struct rk_segment *segments, size_t cap, size_t *count,
                                            struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
