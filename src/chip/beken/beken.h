/* Inside the Beken driver: chips as rows, the driver's state, and one function per command. */
#ifndef RK_CHIP_BEKEN_BEKEN_H
#define RK_CHIP_BEKEN_BEKEN_H

#include "chip/beken/frame.h"
#include "chip/chip.h"
#include "flash/protection.h"

/* Where code begins; below is the boot loader, on every chip of the family. */
#define RK_BEKEN_APP_ADDR 0x11000u

enum rk_beken_op {
    RK_BEKEN_LINK_CHECK = 0x00,
    RK_BEKEN_LINK_REPLY = 0x01, /* a link check is answered with this opcode */
    RK_BEKEN_WRITE_REG = 0x01,
    RK_BEKEN_BL2_LINK_CHECK = 0x02,
    RK_BEKEN_READ_REG = 0x03,
    RK_BEKEN_BL2_LINK_REPLY = 0x03,
    RK_BEKEN_WRITE_4K = 0x07,
    RK_BEKEN_READ_4K = 0x09,
    RK_BEKEN_READ_SR = 0x0C,
    RK_BEKEN_WRITE_SR = 0x0D,
    RK_BEKEN_SPI = 0x0E,      /* long form: raw SPI transfer, used for the JEDEC id */
    RK_BEKEN_REBOOT = 0x0E,   /* short form */
    RK_BEKEN_SET_BAUD = 0x0F, /* short form */
    RK_BEKEN_ERASE = 0x0F,    /* long form */
    RK_BEKEN_CRC = 0x10,
    RK_BEKEN_BOOT_VERSION = 0x11
};

/* A chip. Everything that differs between chips of the family is in its row. */
struct rk_beken_chip {
    struct rk_chip_entry entry;
    uint32_t chip_id;      /* register 0x800000 of ROM chips; 0 = flash loader, cannot be read */
    uint32_t id_mask;      /* bits of chip_id that count */
    enum rk_key_class key; /* of its usual images; tells apart chips that share an id */
    bool reads_key;        /* the key is in the efuse and can be read there */
    uint32_t max_baud;     /* highest rate its divider is right for; 0 = no limit */
    uint32_t app_len, ota_addr, ota_len; /* usual layout behind the boot loader */
    uint32_t rf_addr;                    /* where the RF record usually is */
    uint32_t config_addr;                /* OpenBeken's configuration sector */
    uint32_t storage_addr, storage_len;  /* vendor key-value storage */
};

extern const struct rk_beken_chip rk_beken_chips[];
extern const size_t rk_beken_chip_count;

const struct rk_beken_chip *rk_beken_chip_named(const char *name);
/* The row of a ROM chip by its id register and key class; NULL if there is none. */
const struct rk_beken_chip *rk_beken_chip_by_id(uint32_t id, enum rk_key_class key);

/* A known boot loader by the CRC-32 (zlib form) of its first bytes. */
struct rk_beken_fingerprint {
    uint32_t crc;
    const char *name; /* "BK7231N 1.0.1" */
    const char *chip; /* the chip it belongs to */
    bool link_rearms; /* flash loaders: a link check after a CRC allows writing again */
};
const struct rk_beken_fingerprint *rk_beken_fingerprint_find(uint32_t crc);

struct rk_beken_state {
    const struct rk_beken_chip *chip;
    bool linked;
    bool rom;         /* mask ROM loader; false = loader in flash */
    bool link_rearms; /* see struct rk_beken_fingerprint */
    bool crc_locked;  /* a CRC has locked the flash until the next reset, or may have: it was not
                         us who reset the module */
    bool syncing;     /* inside rk_beken_resync(): failures must not call it again */
    bool reset_seen;  /* the modem lines were pulsed, or the module was told to restart */
    bool bl2;         /* second-stage loader of BK7236/BK7258 answered */
    uint32_t guard;   /* flash loaders refuse reads below; the alias behind the end passes */
    struct rk_flash_part part;
    uint32_t saved_status;       /* status registers to put back */
    bool unprotected;            /* write_begin has changed the status registers */
    uint32_t old_rate;           /* rate before the last switch */
    uint32_t link_tries, echoes; /* link checks sent, and how many of them came back */
    unsigned pulses;             /* of the modem lines; selects the convention */
    uint8_t last_op;             /* opcode of the last command */
    bool last_long;
    uint64_t last_pulse_us; /* modem lines pulsed, 0 = never */
    uint64_t last_sent_us;
    uint32_t window_requests, window_failures; /* line quality since the last rate change */
    uint8_t tx[RK_BEKEN_FRAME_MAX];
    uint8_t rx[2 * RK_BEKEN_FRAME_MAX];
    size_t rx_len, rx_used; /* bytes received, and taken by earlier replies */
};

static inline struct rk_beken_state *rk_beken_state(const struct rk_device *dev)
{
    return dev->state;
}

/* ---- exchange.c: one command and its reply ---- */

struct rk_beken_command {
    const char *name; /* for messages */
    uint8_t op;       /* opcode sent */
    uint8_t reply_op; /* opcode expected */
    bool is_long;
    const uint8_t *payload;
    size_t len;
    const uint8_t *echo; /* the reply's payload must begin with these bytes; NULL = no check */
    size_t echo_len;
    size_t reply_len;   /* expected reply, bytes on the wire, for the time-out */
    uint64_t device_us; /* time the chip may need before it answers */
};

/* Sends without waiting. */
enum rk_status rk_beken_send(struct rk_device *dev, const struct rk_beken_command *command,
                             struct rk_error *err);
/* Waits for the reply of a command that was sent. *reply points into the driver's buffer and is
 * valid until the next exchange. */
enum rk_status rk_beken_wait(struct rk_device *dev, const struct rk_beken_command *command,
                             struct rk_beken_reply *reply, struct rk_error *err);
/* Both, once. */
enum rk_status rk_beken_exchange(struct rk_device *dev, const struct rk_beken_command *command,
                                 struct rk_beken_reply *reply, struct rk_error *err);
/* Both, repeated with resynchronisation as often as the device allows. */
enum rk_status rk_beken_repeat(struct rk_device *dev, const struct rk_beken_command *command,
                               struct rk_beken_reply *reply, struct rk_error *err);
/* Notes a failed attempt: resynchronises, and lowers the rate if failures pile up. */
enum rk_status rk_beken_recover(struct rk_device *dev, struct rk_error *err);
/* Sends a byte that begins no frame: it resets the idle counter of a flash loader. */
enum rk_status rk_beken_nudge(struct rk_device *dev, struct rk_error *err);
/* True for errors that another try may cure. */
bool rk_beken_may_retry(enum rk_status status);
/* After the last attempt: what was a time-out or garbage is a lost link to the caller. */
enum rk_status rk_beken_give_up(enum rk_status status, struct rk_error *err);
/* Forgets everything received and not yet taken. */
enum rk_status rk_beken_discard(struct rk_device *dev, struct rk_error *err);

/* ---- command.c ---- */

enum rk_status rk_beken_link_check(struct rk_device *dev, uint64_t wait_us, struct rk_error *err);
enum rk_status rk_beken_read_reg(struct rk_device *dev, uint32_t reg, uint32_t *value,
                                 struct rk_error *err);
enum rk_status rk_beken_write_reg(struct rk_device *dev, uint32_t reg, uint32_t value,
                                  struct rk_error *err);
enum rk_status rk_beken_boot_version(struct rk_device *dev, char *text, size_t cap,
                                     struct rk_error *err);
enum rk_status rk_beken_jedec(struct rk_device *dev, uint8_t id[3], struct rk_error *err);
enum rk_status rk_beken_read_sr(struct rk_device *dev, uint8_t op, uint8_t *value,
                                struct rk_error *err);
enum rk_status rk_beken_write_sr(struct rk_device *dev, uint8_t op, const uint8_t *values,
                                 size_t count, struct rk_error *err);
/* Raw CRC command over [first, last], zlib form. Takes care of nothing. */
enum rk_status rk_beken_crc(struct rk_device *dev, uint32_t first, uint32_t last, uint32_t *crc,
                            struct rk_error *err);
/* One erase command with the given size code. */
enum rk_status rk_beken_erase_code(struct rk_device *dev, uint8_t code, uint32_t addr,
                                   struct rk_error *err);
/* One 4 KiB read command at a wire address. */
enum rk_status rk_beken_read_4k(struct rk_device *dev, uint32_t wire_addr, uint8_t *buf,
                                struct rk_error *err);

/* ---- link.c ---- */

enum rk_status rk_beken_try_link(struct rk_device *dev, const struct rk_connect_options *opt,
                                 uint64_t slice_us, bool *linked, struct rk_error *err);
enum rk_status rk_beken_resync(struct rk_device *dev, struct rk_error *err);
/* Restarts a flash-loader module with the reboot command and catches it in its boot window. */
enum rk_status rk_beken_restart(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_beken_keepalive(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_beken_reset(struct rk_device *dev, struct rk_error *err);

/* Looks for a module that has restarted, or does not hear us: at the first rate, with all means,
 * for a few seconds. */
enum rk_status rk_beken_catch(struct rk_device *dev, bool *linked, struct rk_error *err);
/* Why nobody answered, if that can be told. */
enum rk_status rk_beken_explain(struct rk_device *dev, struct rk_error *err);

/* ---- rate.c ---- */

enum rk_status rk_beken_set_baud(struct rk_device *dev, uint32_t baud, bool try_all,
                                 struct rk_error *err);
/* Switches the module and then the port to `baud`; on failure both are at a rate that works. */
enum rk_status rk_beken_switch(struct rk_device *dev, uint32_t baud, struct rk_error *err);
enum rk_status rk_beken_step_down(struct rk_device *dev, struct rk_error *err);

/* ---- identify.c, efuse.c ---- */

enum rk_status rk_beken_probe(struct rk_device *dev, const struct rk_connect_options *opt,
                              struct rk_error *err);
enum rk_status rk_beken_locate(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_beken_identify(struct rk_device *dev, struct rk_error *err);
/* Reads the key `times` times and decides each byte by majority. */
enum rk_status rk_beken_read_key(struct rk_device *dev, unsigned times, struct rk_error *err);

/* ---- flash.c, protect.c ---- */

enum rk_status rk_beken_flash_read(struct rk_device *dev, uint32_t addr, uint8_t *buf, size_t len,
                                   struct rk_error *err);
enum rk_status rk_beken_digest(struct rk_device *dev, uint32_t addr, uint32_t len,
                               struct rk_digest *out, struct rk_error *err);
enum rk_status rk_beken_write_begin(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_beken_write_end(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_beken_erase(struct rk_device *dev, uint32_t addr, uint32_t len,
                              struct rk_error *err);
enum rk_status rk_beken_program(struct rk_device *dev, uint32_t addr, const uint8_t *data,
                                uint32_t len, struct rk_error *err);
/* Flash loaders: makes the next program command work, after a CRC or a restart. */
enum rk_status rk_beken_rearm(struct rk_device *dev, struct rk_error *err);
/* Status registers of the part, combined. */
enum rk_status rk_beken_read_status(struct rk_device *dev, uint32_t *status, struct rk_error *err);
enum rk_status rk_beken_unprotect(struct rk_device *dev, struct rk_error *err);
enum rk_status rk_beken_reprotect(struct rk_device *dev, struct rk_error *err);

#endif
