/* Virtual Beken modules: model table and state. Two programs answer on the wire: a loader in flash
 * (BK7231T and relatives) or one in mask ROM (BK7231N and later). Frames are the same. */
#ifndef RK_SIM_BEKEN_H
#define RK_SIM_BEKEN_H

#include "sim/machine.h"

#define BEKEN_SHORT_BUFFER 16u   /* of the flash loaders */
#define BEKEN_LONG_BUFFER  4104u /* of the flash loaders: 07, address, 4096 bytes and a bit */
#define BEKEN_REPLY_MAX    4200u
#define BEKEN_BOOT_AREA    0x11000u
#define BEKEN_PATIENCE     20   /* missed link checks until a user would cycle the power */
#define BEKEN_WIDE         0xE0 /* added to 06..0B by their forms with 4-byte flash addresses */

enum beken_family { BEKEN_LOADER, BEKEN_ROM };

/* What one boot loader build does differently. Flash loaders: observed by executing the builds
 * named here. */
struct beken_loader {
    const char *name;          /* what --loader takes: "1.0.5" */
    const char *version_text;  /* answer to ReadBootVersion; NULL = silent */
    const char *const *banner; /* lines printed at start; "ST" is followed by the start type */
    const char *line_end;
    enum rk_sim_uart banner_uart;
    uint32_t fingerprint;   /* zlib CRC-32 of its first 256 bytes, on chips with a ROM 257;
                               0 = unknown */
    uint32_t guard;         /* read, erase and write part: lowest address */
    uint32_t guard_write4k; /* write 4K */
    uint32_t quiet_us;      /* waits so long for a first byte */
    uint32_t linger_us;     /* and so long after start once any byte came */
    uint32_t idle_us;       /* reboots after so long without a byte once linked; 0 = never */
    bool relink_arms;       /* each link check, not only the first, arms "unprotect" */
    bool knows_size;        /* ignores erases and writes beyond the flash size */
    bool needs_gap;         /* does not link on gapless link checks */
    bool divider_up;        /* rounds the baud divider up and does not subtract one */
    bool dirty_tail;        /* a short write part leaves stale bytes behind it */
    bool clears_marker;     /* erases 0x1E1000 at start if it begins with A5 5A */
    uint8_t table;          /* which flash parts it knows: bit of struct beken_protect.loaders */
};

struct beken_model {
    const char *name;
    enum beken_family family;
    const struct beken_loader *loaders; /* the first is the usual one */
    size_t loader_count;
    uint32_t jedec;         /* usual flash */
    uint32_t id_addr, id;   /* chip id register and its value (ROM) */
    uint32_t id2_addr, id2; /* a second one; 0 = none */
    uint32_t efuse_control; /* registers of the efuse block; 0 = none */
    uint32_t efuse_data;
    uint8_t efuse_bytes; /* the index wraps after these; 0 = cannot be read */
    uint32_t key[4];     /* what is burnt into it usually */
    uint32_t rom_addr, rom_len;
    bool has_bl2; /* answers link check 02, announces itself */
};

extern const struct beken_model beken_models[];

/* The value CheckCRC writes into the status register on the parts a flash loader knows. */
struct beken_protect {
    uint32_t jedec;
    uint8_t bytes;   /* status registers written */
    uint8_t value;   /* SR1 */
    uint8_t loaders; /* bit set of beken_loader.table */
};
enum { BEKEN_S104 = 1, BEKEN_S105 = 2, BEKEN_S106 = 4, BEKEN_U = 8, BEKEN_Q = 16 };

/* Never NULL: an unknown part has value 0. */
const struct beken_protect *beken_protect_find(uint32_t jedec, uint8_t table);

enum beken_phase {
    BEKEN_WINDOW, /* waits for a link check */
    BEKEN_LINKED,
    BEKEN_APPLICATION,
    BEKEN_DEAD /* hangs: only a reset helps */
};

enum beken_frame_state {
    FRAME_01,
    FRAME_E0,
    FRAME_FC,
    FRAME_LENGTH,
    FRAME_SHORT,
    FRAME_F4,
    FRAME_LENGTH_LOW,
    FRAME_LENGTH_HIGH,
    FRAME_LONG,
    FRAME_STREAM /* write 4K of the flash loaders: programmed while it arrives */
};

/* Write 4K on its way into the flash. */
struct beken_stream {
    uint32_t addr, left;
    uint8_t piece[256];
    unsigned used;
    bool refused, lost;
};

struct beken {
    const struct beken_model *model;
    const struct beken_loader *loader;
    enum beken_phase phase;
    uint64_t start_ns, window_ns; /* start of the processor; end of waiting */
    uint64_t last_byte_ns;
    uint64_t restart_ns; /* a reset that is on its way */
    enum rk_sim_cause restart_cause;
    uint32_t start_type; /* retention word */

    enum beken_frame_state state;
    uint32_t need, got;
    uint8_t short_frame[BEKEN_SHORT_BUFFER];
    uint8_t long_frame[BEKEN_LONG_BUFFER];
    bool wide; /* the long command in hand has a 4-byte flash address */
    struct beken_stream stream;
    uint64_t gap_ns; /* a link check counts when the line stays silent until then */

    bool armed, was_linked; /* "unprotect at the next erase" */
    uint8_t *boot_area;     /* as it was at power-on: what this loader is made of */

    uint32_t key[4];
    uint32_t efuse_control;
    unsigned efuse_polls;
    struct {
        uint32_t addr, value;
    } registers[16]; /* what a client wrote */
    unsigned register_count;

    char line[32]; /* the application's command line */
    size_t line_len;
    uint8_t recent[9]; /* the last bytes it saw */
    unsigned missed_links;
    unsigned script; /* next line of its text */
    uint64_t script_ns;

    uint32_t crc_rate; /* bytes per second */
    uint8_t reply[BEKEN_REPLY_MAX];
};

static inline struct beken *beken_of(const struct rk_sim *sim)
{
    return sim->module;
}

/* frame.c */
void beken_frame_reset(struct beken *beken);
void beken_frame_byte(struct rk_sim *sim, uint8_t byte);
uint64_t beken_frame_timeout_ns(const struct rk_sim *sim);
void beken_frame_timeout(struct rk_sim *sim);
void beken_reply_short(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len);
/* Writes the frame around `len` bytes of payload (NULL: they are in place at beken->reply + 11)
 * and sends it. */
void beken_reply_long(struct rk_sim *sim, uint8_t op, uint8_t status, const uint8_t *payload,
                      size_t len);

/* The same with a length field that counts fewer bytes than are sent. */
void beken_reply_counted(struct rk_sim *sim, uint8_t op, uint8_t status, const uint8_t *payload,
                         size_t len, size_t counted);

/* loader.c, rom.c: a complete frame; `len` as in its length field, counting the opcode. */
void beken_loader_short(struct rk_sim *sim, uint32_t len);
void beken_loader_long(struct rk_sim *sim, uint32_t len);
void beken_loader_stream_begin(struct rk_sim *sim, uint32_t len);
/* False when the stream is over. */
bool beken_loader_stream_byte(struct rk_sim *sim, uint8_t byte);
void beken_rom_short(struct rk_sim *sim, uint32_t len);
void beken_rom_long(struct rk_sim *sim, uint32_t len);

/* registers.c: what ReadReg and WriteReg of a mask ROM reach. */
uint32_t beken_register_read(struct rk_sim *sim, uint32_t addr);
void beken_register_write(struct rk_sim *sim, uint32_t addr, uint32_t value);

/* Bytes that Beken's flash controller writes at a time. */
#define BEKEN_PROGRAM 32u

/* flash.c: what the loaders do beyond erasing and programming. Takes the time at which it begins and
 * returns the one at which it has ended; after a power failure sim->power tells. */
uint64_t beken_flash_write_status(struct rk_sim *sim, uint64_t at_ns, uint16_t value,
                                  unsigned bytes);
/* CRC-32 with initial FFFFFFFF and no final inversion over [addr, addr + len), modulo the size. */
uint32_t beken_flash_crc(struct rk_sim *sim, uint32_t addr, uint64_t len, uint64_t at_ns);

/* link.c: link checks, baud rate and leaving, which both families share. */
void beken_link(struct rk_sim *sim);
uint32_t beken_true_rate(const struct beken_loader *loader, uint32_t baud);
void beken_set_baud(struct rk_sim *sim, const uint8_t *payload);
/* Reads the flash from from_ns on, when it is ready. */
void beken_crc(struct rk_sim *sim, uint32_t start, uint64_t len, uint64_t from_ns);
void beken_restart_later(struct rk_sim *sim, enum rk_sim_cause cause);

/* content.c */
/* Bytes that stand for a flash loader where no flash content was given: recognisable text, and four
 * bytes that give its first 256 bytes the fingerprint of the real one. */
void beken_stand_in(const struct beken_loader *loader, uint8_t area[256]);
/* Fills the flash as a scenario wants it: "boot app rf". False: out of memory. */
bool beken_content(const struct beken *beken, const char *recipe, uint8_t *flash, size_t size);

/* application.c: what runs when nobody linked. */
bool beken_boots(const struct rk_sim *sim);
void beken_application_start(struct rk_sim *sim);
void beken_application_byte(struct rk_sim *sim, uint8_t byte);
void beken_missed(struct rk_sim *sim, uint8_t byte);
void beken_application_line(struct rk_sim *sim);

#endif
