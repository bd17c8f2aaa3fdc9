/* BL602: what a flash needs to boot, what of it is there, what the serial line shows, and what has
 * to be written beside an application so that the module starts. Pure: bytes in, judgement out.
 *
 * The rules are those of the mask ROM, of the second-stage loaders of 2020 to 2024 (v6.x, v8.1.3)
 * and of OpenBL602 1.18.57, as these behaved when they were executed with one fault at a time; the
 * formats are those of Bouffalo Lab's open SDK and flashing tools. */
#ifndef REKINDLE_BL602_H
#define REKINDLE_BL602_H

#include <rekindle/convert.h>
#include <rekindle/inspect.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is there ---- */

/* The pieces a module needs, in the order in which the chip comes to them. */
enum rk_bl602_piece {
    RK_BL602_BOOT_HEADER, /* 176 bytes at 0: read by the mask ROM */
    RK_BL602_BOOT2,       /* second-stage loader: hashed and started by the mask ROM */
    RK_BL602_TABLE,       /* partition table: one valid copy at 0xE000 or 0xF000 */
    RK_BL602_APP_HEADER,  /* boot header of the active firmware slot */
    RK_BL602_APP,         /* application: hashed and started by the second-stage loader */
    RK_BL602_TREE,        /* device tree in "factory": radio and board settings */
    RK_BL602_SETTINGS,    /* "PSM": key-value store */
    RK_BL602_PIECES
};
/* "boot header", "second-stage loader", ... for people. Never NULL. */
const char *rk_bl602_piece_name(enum rk_bl602_piece piece);

enum rk_bl602_state {
    RK_BL602_UNREAD,   /* its bytes were not given: see `wants` */
    RK_BL602_VALID,    /* there and right (settings: formatted, or blank, which is as good) */
    RK_BL602_MISSING,  /* its place is blank */
    RK_BL602_DAMAGED,  /* something is there, and it is not right */
    RK_BL602_NO_PLACE, /* nothing says where it would be: no table, or no entry in it */
    RK_BL602_PACKED    /* application: an xz update, unpacked by the second-stage loader */
};
/* "unread", "valid", "missing", "damaged", "no-place", "packed". Never NULL. */
const char *rk_bl602_state_name(enum rk_bl602_state state);

/* What a listener at 2,000,000 baud on GPIO16 gets. */
enum rk_bl602_uart {
    RK_BL602_UART_UNKNOWN,   /* what decides was not read */
    RK_BL602_UART_SILENT,    /* nothing, for ever */
    RK_BL602_UART_LOOP,      /* the second-stage loader starts again and again */
    RK_BL602_UART_APP_STOPS, /* the application starts and stops with a message */
    RK_BL602_UART_APP_LACKS, /* the application runs and complains about something */
    RK_BL602_UART_APP        /* the application runs */
};
/* "unknown", "silent", "loop", "app-stops", "app-lacks", "app". Never NULL. */
const char *rk_bl602_uart_name(enum rk_bl602_uart uart);

/* A digest the chip has computed over its own flash; stands for the bytes. */
struct rk_bl602_digest {
    uint32_t addr, len;
    uint8_t sha256[32];
};

/* Content of a flash, from address 0, as far as it is known. */
struct rk_bl602_flash {
    size_t size; /* of this structure */
    const uint8_t *data;
    size_t len;
    const uint8_t *known; /* one byte for each 4 KiB begun: 0 = not read. NULL = all are known */
    const struct rk_bl602_digest *digests; /* may be NULL */
    size_t digest_count;
    uint32_t flash_size;  /* of the chip, in bytes; 0 = len */
    bool has_jedec;       /* its flash part ... */
    uint8_t jedec[3];     /* ... in wire order */
    const uint8_t *efuse; /* 128 bytes, or NULL */
};

/* Bytes that have to be known before a judgement is complete. */
struct rk_bl602_want {
    enum rk_bl602_piece piece; /* what it is for */
    uint32_t addr, len;        /* to be rounded to sectors by who reads */
    bool digest_will_do;       /* a digest over exactly this range is enough */
};

/* One thing that was noticed. */
struct rk_bl602_finding {
    char id[32]; /* stable: "header-missing", "table-crc", ...: see docs/bl602.md */
    enum rk_bl602_piece piece;
    enum rk_verdict verdict;  /* BAD: it does not work; WARN, INFO */
    enum rk_bl602_uart shows; /* what it makes of the serial line; UNKNOWN = no change */
    uint32_t addr;            /* of what it is about */
    char text[160];           /* what is wrong, one sentence part */
    char uart[160];   /* what the serial line shows because of it; empty if nothing changes */
    char remedy[200]; /* what to do, and where the missing piece can be had; may be empty */
};

struct rk_bl602_slot {
    bool present; /* the table names it */
    uint32_t addr, max_len;
    enum rk_bl602_state header, image;
    uint32_t image_len; /* as the header has it */
};

#define RK_BL602_FINDINGS 32
#define RK_BL602_WANTS    12

struct rk_bl602_report {
    size_t size;             /* of this structure */
    enum rk_boots boots;     /* YES: an application starts and runs; UNKNOWN: see `wants` */
    bool complete;           /* it boots, and every piece that it needs is there and valid */
    enum rk_bl602_uart uart; /* what the serial line shows */
    char uart_text[192];     /* the same as a sentence */
    enum rk_bl602_state pieces[RK_BL602_PIECES];
    uint32_t piece_addr[RK_BL602_PIECES]; /* where it is or would be; 0 for NO_PLACE */
    uint32_t piece_len[RK_BL602_PIECES];  /* bytes it has, or the room for it */
    char boot2[32];                       /* its version, as far as it is known; may be empty */
    bool table_valid[2];
    uint32_t table_age[2];
    int table;            /* the copy that counts; -1 = none */
    unsigned active_slot; /* 0 or 1 */
    struct rk_bl602_slot slots[2];
    size_t finding_count;
    struct rk_bl602_finding
        findings[RK_BL602_FINDINGS]; /* what stops the start earliest is first */
    size_t want_count;
    struct rk_bl602_want wants[RK_BL602_WANTS]; /* what to read to know more */
};

/* Judges. Never fails, whatever the bytes are. With sectors unread it says in `wants` what it
 * needs next: read that and ask again, until nothing is wanted. */
void rk_bl602_judge(const struct rk_bl602_flash *flash, struct rk_bl602_report *out);

/* The finding that stops the start (verdict BAD, earliest in the boot order); NULL if none does. */
const struct rk_bl602_finding *rk_bl602_fatal(const struct rk_bl602_report *report);

/* ---- what has to be written ---- */

/* Where pieces come from that the flash lacks. All members but `size` may be 0. */
struct rk_bl602_sources {
    size_t size;
    const uint8_t *boot2; /* second-stage loader: bare, with its header, or a capture with one */
    size_t boot2_len;
    const uint8_t *tree; /* device tree: .dtb, .dts, or a capture with one */
    size_t tree_len;
    bool default_tree;    /* else: a plain tree, radio trim and MAC from the efuses */
    const char *layout;   /* new layout by name ("2m"), or ... */
    const uint8_t *table; /* ... .toml or the binary form. Neither: keep the module's table, or
                              take the usual one for the size of the flash if it has none */
    size_t table_len;
    const uint8_t *mac;        /* 6 bytes for the device tree; NULL = leave what it has */
    const uint8_t *capcode;    /* 1 byte, 0 .. 63: crystal trim for the device tree, or NULL */
    bool accept_unknown_flash; /* a JEDEC id that is not in the table: slow but safe parameters */
    bool accept_unknown_code;  /* bare code that nothing marks as an application for the BL602 */
};

/* One range to write. `data` is owned by the plan; NULL = to be erased. What lies behind it in its
 * last sector is FF. */
struct rk_bl602_write {
    enum rk_bl602_piece piece;
    uint32_t addr, len; /* addr begins a sector */
    const uint8_t *data;
    char why[96];
};

#define RK_BL602_WRITES 16

/* What to write, in an order in which a power cut leaves what was bootable bootable: application
 * body, its header, device tree, second-stage loader, its header, the table copy that does not
 * count, the one that does. */
struct rk_bl602_plan {
    size_t size; /* of this structure */
    size_t write_count;
    struct rk_bl602_write writes[RK_BL602_WRITES];
    struct rk_bl602_report before, after; /* the flash now, and with everything written */
    bool layout_changes;                  /* the new table differs from the one that counts */
    char layout[16];                      /* its name, if it is one of the known ones */
    char app[64];                         /* the form the application came in */
    void *memory;                         /* what `data` points into */
};

/* Makes the plan for an application: bare linker output, one with its boot header, an OTA file or
 * an xz stream. What the flash has and is right stays; what it lacks comes from the sources. All
 * that rk_bl602_judge() wants must be known, but for the application headers and applications. An
 * application always goes to slot 0, and both copies of the table say so.
 * Nothing is planned by halves: a plan that would not boot is an error that names the missing
 * piece and where it can be had.
 * Errors: IMAGE_FORMAT "bl602.application" (for another chip, no application, damaged),
 * "bl602.missing" (a piece is missing and no source has it), "bl602.source" (a source is not what
 * it is meant to be), "bl602.toml", "bl602.layout" (the table does not suit the flash);
 * UNSUPPORTED "bl602.flash-part" (unknown JEDEC id), "bl602.efuse" (the chip wants signed or
 * enciphered code), "xz.missing"; RANGE "bl602.too-large" (does not fit its partition);
 * ARG "bl602.unread" (something that matters is not known: its address is in the error; where the
 * layout changes, all of the flash should be); NOMEM. */
RK_MUST_CHECK enum rk_status rk_bl602_plan(const struct rk_bl602_flash *flash, const uint8_t *app,
                                           size_t app_len, const struct rk_bl602_sources *sources,
                                           struct rk_bl602_plan **out, struct rk_error *err);
void rk_bl602_plan_free(struct rk_bl602_plan *plan); /* NULL is allowed */

/* ---- efuses ---- */

#define RK_BL602_EFUSE_SIZE 128u

/* The efuses, read only. Places as Bouffalo Lab's efuse tool and SDK name them. */
struct rk_bl602_efuse {
    uint32_t modes; /* word 0: encipherment, signature, debug */
    uint32_t usage; /* software usage word (bytes 16 .. 19) */
    uint32_t locks; /* write and read locks (bytes 124 .. 127) */
    bool secure;    /* signed or enciphered code is wanted */
    bool no_flash_start, no_uart_start, rom_log_off;
    bool strap_gpio6; /* the boot pin is GPIO6, not GPIO8 */
    uint8_t crystal;  /* 0 = the boot header says it; 4 = 40 MHz */
    bool has_mac;
    uint8_t mac[6]; /* of the newest slot that is right */
    unsigned mac_slot;
    bool mac_damaged; /* a slot is used, and its count of zero bits is wrong */
    bool has_capcode;
    uint8_t capcode; /* crystal trim, 0 .. 63 */
};

/* Reads the 128 bytes. False if there are not as many. */
bool rk_bl602_efuse_read(const uint8_t *data, size_t len, struct rk_bl602_efuse *out);

/* ---- files ---- */

/* An application as Dev Cube packs it (FW_OTA.bin): header, FF up to 0x1000, code padded with 00 to
 * 16 bytes. app as for rk_bl602_plan(); jedec may be NULL: W25Q16JV, as all public tools have it.
 * Errors: as rk_bl602_plan(). */
RK_MUST_CHECK enum rk_status rk_bl602_pack_app(const uint8_t *app, size_t app_len,
                                               const uint8_t *jedec, bool any_code,
                                               struct rk_bytes *out, struct rk_error *err);

/* Such a file as OTA file; `packed` makes an xz stream of it first. Versions may be NULL.
 * Errors: UNSUPPORTED "xz.missing", NOMEM. */
RK_MUST_CHECK enum rk_status rk_bl602_pack_ota(const uint8_t *firmware, size_t len, bool packed,
                                               const char *hardware, const char *software,
                                               struct rk_bytes *out, struct rk_error *err);

/* All ranges of a plan in one file from address 0, with FF between; it ends with the last range, as
 * the vendor's whole_flash_data.bin does. Errors: NOMEM. */
RK_MUST_CHECK enum rk_status rk_bl602_plan_image(const struct rk_bl602_plan *plan,
                                                 struct rk_bytes *out, struct rk_error *err);

/* Turns a file into its other form: a partition table into its TOML and back, a device tree into
 * its source and back, an OTA file or an xz stream into what is in it.
 * Errors: IMAGE_FORMAT "convert.nothing" (none of these), "bl602.toml", "bl602.tree", "xz.damaged",
 * "bl602.application" (an OTA file with a wrong hash); UNSUPPORTED "xz.missing"; NOMEM. */
RK_MUST_CHECK enum rk_status rk_bl602_convert(const uint8_t *data, size_t len, struct rk_bytes *out,
                                              struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
