/* An emulated chip that executes the firmware of a dump: does it boot, and how far does it get?
 *
 * Time is emulated time: the same input gives the same bytes at the same times in every run, on
 * every machine. Nothing here reads a clock or waits. */
#ifndef REKINDLE_EMULATE_H
#define REKINDLE_EMULATE_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rk_emulate_reset {
    RK_EMULATE_POWER_ON, /* RAM and retention registers are empty */
    RK_EMULATE_PIN,      /* CEN, or a command: RAM keeps its content */
    RK_EMULATE_WATCHDOG
};

enum rk_emulate_stop {
    RK_EMULATE_TIME,    /* the time asked for is reached */
    RK_EMULATE_ASKED,   /* rk_emulator_stop() was called by an event */
    RK_EMULATE_CRASHED, /* the processor jumped to where nothing is, and cannot go on */
    RK_EMULATE_LIMIT    /* the limit of instructions is reached */
};

/* What an expert may watch: bits. */
enum rk_emulate_watch {
    RK_EMULATE_REGISTERS = 1, /* loads from and stores to registers of devices */
    RK_EMULATE_CALLS = 2,     /* branches that leave a return address */
    RK_EMULATE_FLASH = 4      /* commands to the flash */
};

struct rk_emulate_trace {
    enum rk_emulate_watch kind;
    uint64_t time_ns;
    uint32_t pc;      /* of the instruction */
    uint32_t addr;    /* of the register or function, or in the flash */
    uint32_t value;   /* of the register */
    uint32_t len;     /* bytes: of the access, or of the flash that the command is about */
    bool store;       /* the register was written */
    uint8_t opcode;   /* of the flash command, as on the SPI bus */
    const char *unit; /* device that the register belongs to ("uart2"), or NULL */
    const char *name; /* of the register or of the command ("data", "erase"), or NULL */
};

/* Told while it runs; each may be NULL. */
struct rk_emulate_events {
    void *user;
    /* A byte has been written to a UART (0 = UART1) at this time. */
    void (*uart)(void *user, unsigned unit, uint8_t byte, uint64_t time_ns);
    /* It starts (again). */
    void (*reset)(void *user, enum rk_emulate_reset cause, uint64_t time_ns);
    /* What rk_emulate_options.watch asks for. */
    void (*trace)(void *user, const struct rk_emulate_trace *what);
};

struct rk_emulate_options {
    size_t size;
    const char *chip;     /* "BK7231N"; see rk_emulator_chip() */
    const uint8_t *flash; /* as a dump of the flash, copied */
    size_t flash_len;     /* bytes; the rest up to the flash size is FF */
    uint32_t flash_size;  /* 0 = the next power of two, at least 2 MiB */
    uint32_t jedec;       /* size << 16 | type << 8 | manufacturer; 0 = the chip's usual part */
    bool have_key;        /* else the chip's usual key */
    uint32_t key[4];      /* efuse key words */
    const uint8_t *efuse; /* NULL = those of a usual module */
    size_t efuse_len;     /* bytes: 32 of a Beken chip, 128 of a BL602; the rest stays as usual */
    const uint8_t *rom;   /* mask ROM of a BL602; NULL = its functions are replaced */
    size_t rom_len;
    uint64_t pins_high, pins_low; /* levels that something outside drives, bit n = pin n: 0 to 39
                                     of a Beken chip, 0 to 22 of a BL602 */
    uint64_t instruction_limit;   /* 0 = none */
    unsigned watch;               /* of enum rk_emulate_watch; 0 costs nothing */
    struct rk_emulate_events events;
};

struct rk_emulator;

/* Errors: ARG "emulate.chip" (unknown chip, with a suggestion), "emulate.rom" (not of its size),
 * "emulate.condition" (what this chip has not: such a pin, key, mask ROM, efuses of that size),
 * UNSUPPORTED "emulate.flash" (too large), NOMEM. */
RK_MUST_CHECK enum rk_status rk_emulator_new(const struct rk_emulate_options *opt,
                                             struct rk_emulator **out, struct rk_error *err);
void rk_emulator_free(struct rk_emulator *emulator);

/* Name of a chip that can be emulated, by number; NULL behind the last. */
const char *rk_emulator_chip(size_t index);

/* Runs until that time (ns since power-on). */
enum rk_emulate_stop rk_emulator_run(struct rk_emulator *emulator, uint64_t until_ns);
/* From an event: the run ends after the current instruction. */
void rk_emulator_stop(struct rk_emulator *emulator);
/* Resets it at the current time. */
void rk_emulator_reset(struct rk_emulator *emulator, enum rk_emulate_reset cause);
/* A byte arrives at a UART now. */
void rk_emulator_receive(struct rk_emulator *emulator, unsigned unit, uint8_t byte);
/* Current rate of a UART, bit/s. */
uint32_t rk_emulator_baud(const struct rk_emulator *emulator, unsigned unit);

/* Memory as the processor sees it; false if a byte of it is none. Registers are not touched. */
bool rk_emulator_peek(const struct rk_emulator *emulator, uint32_t addr, uint8_t *buf, size_t len);
/* The flash as it is now; valid until freed. */
const uint8_t *rk_emulator_flash(const struct rk_emulator *emulator, size_t *len);

/* Its whole state, to go on from later: `*bytes` is allocated, free() it. `note` is the caller's and
 * comes back with it; may be NULL. Errors: NOMEM, UNSUPPORTED "emulate.snapshot" (a family that has
 * no snapshots). */
RK_MUST_CHECK enum rk_status rk_emulator_save(const struct rk_emulator *emulator,
                                              const uint8_t *note, size_t note_len, uint8_t **bytes,
                                              size_t *len, struct rk_error *err);
/* The machine of a snapshot, exactly as it was: it goes on as if it had never been interrupted. Of
 * `opt` only instruction_limit (of further instructions), watch and events count. `*note` points into `bytes`.
 * Errors: IMAGE_FORMAT "snapshot.format" (none, another version, or damaged), NOMEM. */
RK_MUST_CHECK enum rk_status rk_emulator_resume(const uint8_t *bytes, size_t len,
                                                const struct rk_emulate_options *opt,
                                                struct rk_emulator **out, const uint8_t **note,
                                                size_t *note_len, struct rk_error *err);
/* The chip it is; never NULL. */
const char *rk_emulator_chip_of(const struct rk_emulator *emulator);

#define RK_EMULATE_STATE_REGISTERS 36

struct rk_emulate_state {
    uint64_t time_ns;
    uint64_t instructions;
    /* Of them: repetitions of loops that only wait, which have been counted without being executed
     * since the emulator was made or resumed. */
    uint64_t skipped;
    uint32_t resets;
    uint32_t pc;
    uint32_t fault_pc, fault_addr; /* of the crash */
    uint32_t wild;                 /* pages accessed where nothing is */
    uint64_t start_ns;             /* of the last start */
    bool ticks;    /* BL602: the clock of an operating system runs, and its interrupts are taken */
    bool radio;    /* BL602: the calibration of the radio has begun since the last start */
    bool download; /* BL602: its mask ROM was told to wait for a download, by GPIO8 or the efuses */
    bool faulty;   /* it is where exceptions lead to, and does not come back */
    bool stuck;    /* BL602: and nothing is there to get it out, no interrupt and no watchdog */
    uint32_t link; /* the return address that the called function was given */
    size_t register_count;
    struct rk_emulate_register {
        const char *name; /* "r0", "cpsr"; "pc", "a0" */
        uint32_t value;
    } registers[RK_EMULATE_STATE_REGISTERS];
};
void rk_emulator_state(const struct rk_emulator *emulator, struct rk_emulate_state *out);

#ifdef __cplusplus
}
#endif
#endif
