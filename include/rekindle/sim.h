/* Virtual modules: the device side of the protocols, with real flash semantics, timing and faults.
 *
 * A module is a machine in explicit time: the caller feeds bytes with the time at which they are
 * on the wire, and collects bytes with the time at which they are. The same machine runs in
 * process on a virtual clock (rk_sim_link) and in real time on a pty or a TCP port
 * (rk_sim_serve). It never reads a clock and is deterministic for a given seed. */
#ifndef REKINDLE_SIM_H
#define REKINDLE_SIM_H

#include <rekindle/link.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Faults, all off by default. Probabilities are per million bytes or commands. Everything random
 * comes from `seed`. */
struct rk_sim_faults {
    uint64_t seed;
    uint32_t drop_ppm;     /* bytes lost, device to host and host to device */
    uint32_t add_ppm;      /* bytes added */
    uint32_t flip_ppm;     /* bytes with a flipped bit */
    uint32_t noise_ppm;    /* bursts of noise while the line is idle, per second */
    uint32_t silent_ppm;   /* commands not answered */
    uint32_t late_ppm;     /* commands answered late (200 to 1500 ms) */
    uint32_t status_ppm;   /* writes and erases answered with an error status (ROM chips) */
    uint32_t slow_us;      /* adapter latency added to each read slice */
    uint32_t vanish_at;    /* the adapter disappears at the n-th command; 0 = never */
    uint32_t power_cut_at; /* power fails at the n-th transaction: in the middle if it erases or
                               programs; 0 = never. The module stays dead until rk_sim_power_on() */
    uint32_t max_baud;     /* above this rate bytes get lost; 0 = no limit */
    bool locked;           /* status register cannot be written: the flash stays protected */
    bool dead_flash;       /* the flash answers nothing: id 000000, reads 00 */
    bool ignore_writes;    /* erases and writes are acknowledged and change nothing */
    bool crc_zero;         /* the chip's CRC is always 0 */
    bool refuse_reads;     /* reads are answered with status 6 and no data */
    uint32_t weak_sector;  /* this sector (address) does not program properly; 0 = none */
};

/* The wires between adapter and module. */
enum rk_sim_wiring {
    RK_SIM_WIRED,      /* TX to RX1 and RX to TX1, as it should be */
    RK_SIM_WIRE_RX,    /* the module's RX1 is open: it hears nothing */
    RK_SIM_WIRE_TX,    /* the module's TX1 is open: the adapter hears nothing */
    RK_SIM_WIRE_CROSS, /* RX on RX and TX on TX: nobody hears anything */
    RK_SIM_WIRE_SHORT, /* TX1 and RX1 touch: the adapter hears itself */
    RK_SIM_WIRE_LOW,   /* the adapter's RX is held low: a break without end */
    RK_SIM_WIRE_UART2, /* the adapter's RX is on TX2, the log */
    RK_SIM_WIRE_LOOP,  /* TX joined with RX at the adapter, no module */
    RK_SIM_WIRE_NONE   /* no module at all */
};

struct rk_sim_family;

struct rk_sim_options {
    size_t size;
    const char *model;    /* "bk7231n", ...; see rk_sim_models() */
    const char *loader;   /* variant of the boot loader, e.g. "1.0.6"; NULL = the usual one */
    const uint8_t *flash; /* initial content, copied; NULL = blank, but for a stand-in of the boot
                             loader on chips whose loader is in flash */
    size_t flash_len;     /* bytes of it; the rest is FF */
    uint32_t flash_size;  /* 0 = from flash_len (rounded up to a power of two), else usual size */
    uint32_t jedec;       /* size<<16 | type<<8 | manufacturer; 0 = the model's usual part */
    uint32_t status;      /* initial status registers SR1 | SR2 << 8 */
    bool have_key;
    uint32_t key[4];               /* efuse key words */
    uint32_t turnaround_us;        /* between the last byte of a command and the first of its reply;
                               0 = 300 us */
    uint32_t crc_bytes_per_second; /* 0 = the model's figure */
    bool manual_reset;             /* a client's first link check does not restart the module */
    bool ideal;                    /* no pacing, no flash time: for tests that only want bytes */
    struct rk_sim_faults faults;
    /* oddities seen on some chips, not faults */
    uint32_t stale_links;  /* further replies to each link check, at most 16 */
    bool readreg_plus_one; /* ReadReg echoes the address plus one (a ROM version) */
    bool mid_short;        /* the flash id reply counts one byte too few (a ROM version) */
    bool crc_exclusive;    /* the CRC command ends before its end address, on a chip of a family
                              that includes it */
    const char *scenario;  /* id of rk_sim_scenarios(): the module fails as described there. Gives
                              the flash its content if `flash` is NULL */
    enum rk_sim_wiring wiring;
    uint32_t chatter; /* when the script of the scenario has ended the module prints numbered lines
                         without a pause, at this rate; 0 = it is silent then */
    bool log_off;     /* nobody listens to UART2: rk_link_log() finds nothing */
    bool
        emulate; /* the chip is executed instead of imitated: the real boot loader and application in
                     flash. Where there is a mask ROM (BK7231N and later; BL602 without `rom`) the
                     imitated ROM answers, and hands over to the flash, or to what was loaded */
    uint32_t erase_ms;  /* that the flash takes to erase 64 KiB; 0 = 250 */
    uint32_t page_us;   /* and to program a page of 256 bytes; 0 = 700 */
    const uint8_t *rom; /* mask ROM of an executed BL602, 131072 bytes, copied; NULL = none */
    size_t rom_len;
    bool boot_low; /* BL602: the boot pin GPIO8 is low at reset, it starts from flash. Without
                         it, and without a scenario, the pin is high: download mode */
};

struct rk_sim;

struct rk_sim_model {
    const char *name;        /* "bk7231n" */
    const char *chip;        /* "BK7231N" */
    const char *description; /* one sentence */
};
const struct rk_sim_model *rk_sim_models(size_t *count);

/* The scenarios: modules that fail in a known way, ordered by id. */
struct rk_sim_scenario {
    const char *id;     /* of the diagnosis that it shows: "pwr.rf-init" */
    const char *models; /* the models it can be shown on, blank separated, the usual one first */
    const char *shows;  /* one sentence */
};
/* False behind the last. */
bool rk_sim_scenario_at(size_t index, struct rk_sim_scenario *out);

/* Creates a module, switched on at time 0. Errors: ARG (unknown model or scenario, with a suggestion;
 * "emulate.flash", "emulate.rom"), UNSUPPORTED ("emulate.off", "emulate.chip"), NOMEM. */
RK_MUST_CHECK enum rk_status rk_sim_new(const struct rk_sim_options *opt, struct rk_sim **out,
                                        struct rk_error *err);
void rk_sim_free(struct rk_sim *sim);

/* The flash as it is now; `len` receives its size. Valid until the module is freed. */
const uint8_t *rk_sim_flash(const struct rk_sim *sim, size_t *len);

/* Bytes that arrive at the module's UART: the first is complete at time_us, further ones follow
 * at `baud`; 0 = a rate that always fits. */
void rk_sim_receive(struct rk_sim *sim, uint64_t time_us, const uint8_t *buf, size_t len,
                    uint32_t baud);

/* Which UART a byte came from. */
enum rk_sim_uart { RK_SIM_UART1, RK_SIM_UART2 };

/* Runs up to time_us and takes the bytes that are complete on the wire by then. Returns their
 * number, at most cap. Bytes received by a host at another rate come out garbled. */
size_t rk_sim_transmit(struct rk_sim *sim, enum rk_sim_uart uart, uint64_t time_us, uint8_t *buf,
                       size_t cap, uint32_t baud);

/* Time of the next byte or internal event; UINT64_MAX if the module will do nothing by itself. */
uint64_t rk_sim_next_us(const struct rk_sim *sim);

/* Modem lines as the host sets them (1 asserted); the usual wiring is RTS or DTR to CEN. */
void rk_sim_lines(struct rk_sim *sim, uint64_t time_us, int dtr, int rts);

/* Presses CEN / cycles the power, also after a power cut. Flash keeps its content. */
void rk_sim_power_on(struct rk_sim *sim, uint64_t time_us);

/* Counters since creation, for tests and benchmarks. */
struct rk_sim_stats {
    uint32_t commands;       /* complete frames */
    uint32_t reads_4k, crcs; /* by kind */
    uint32_t erases_4k, erases_64k, programs_4k;
    uint32_t erased_sectors; /* each 64K erase counts 16 */
    uint64_t bytes_in, bytes_out;
    uint32_t resets;
    uint32_t faults; /* faults injected */
    bool powered;    /* false after a power cut */
};
void rk_sim_stats(const struct rk_sim *sim, struct rk_sim_stats *out);

/* Lowest and one-past-highest flash address ever erased or programmed inside [addr, addr+len):
 * true if any was. For tests that prove what was left alone. */
bool rk_sim_touched(const struct rk_sim *sim, uint32_t addr, uint32_t len);

/* Replaces the faults from now on (for "run again without faults" tests). */
void rk_sim_set_faults(struct rk_sim *sim, const struct rk_sim_faults *faults);

/* ---- faces ---- */

/* A link to the module with its own virtual clock. If `own` the module is freed with the link. */
RK_MUST_CHECK enum rk_status rk_sim_link(struct rk_context *ctx, struct rk_sim *sim, bool own,
                                         struct rk_link **out, struct rk_error *err);

/* The keys of a module's specification, which are also the options of `rekindle sim`. */
struct rk_sim_key {
    const char *name;     /* "flash" */
    const char *argument; /* "FILE"; NULL = a switch, written alone */
    const char *help;     /* one sentence */
};
const struct rk_sim_key *rk_sim_keys(size_t *count);

/* Parses "MODEL[,key=value...]" into options; `rk_sim_keys()` lists the keys. A comma inside a
 * value is written "\,". `out` receives everything, and what the options point to: do not copy it,
 * free it with rk_sim_spec_free(). A flash file that does not exist is an error unless `save` is
 * given, which then creates it. Errors: ARG with the bad item and a suggestion, FILE. */
struct rk_sim_spec {
    struct rk_sim_options options;
    char model[32], loader[32], scenario[48];
    char flash_path[1024]; /* empty = none */
    bool save;             /* write the flash back to flash_path at the end */
    uint8_t *flash;        /* content of flash_path */
    uint8_t *rom;
};
RK_MUST_CHECK enum rk_status rk_sim_spec_parse(const char *text, struct rk_sim_spec *out,
                                               struct rk_error *err);
void rk_sim_spec_free(struct rk_sim_spec *spec);

struct rk_sim_serve_options {
    size_t size;
    const char *pty;       /* path of a symbolic link to create for UART1; NULL = none */
    const char *pty_uart2; /* the same for UART2; NULL = none */
    const char *tcp;       /* "PORT" or "HOST:PORT" to listen on; NULL = none */
    const char *rfc2217;   /* the same, RFC 2217 */
    const char *save_path; /* file that receives the flash whenever the module is idle after a
                               change, and at the end; NULL = never */
    /* Called once when clients can connect, with the names they use. */
    void (*ready)(void *user, const char *names);
    void *user;
};

/* Serves the module in real time until the context is cancelled. Errors: PORT_IO, FILE, ARG,
 * UNSUPPORTED (pty on Windows). Cancelling is success. */
RK_MUST_CHECK enum rk_status rk_sim_serve(struct rk_context *ctx, struct rk_sim *sim,
                                          const struct rk_sim_serve_options *opt,
                                          struct rk_error *err);

#ifdef __cplusplus
}
#endif
#endif
