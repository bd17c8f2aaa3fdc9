/* Does this backup boot? Runs the firmware of a dump or image on an emulated chip, follows its log,
 * and says how far it gets and, where the bytes tell, why not further. */
#ifndef REKINDLE_BOOT_H
#define REKINDLE_BOOT_H

#include <rekindle/emulate.h>
#include <rekindle/inspect.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a run ended. */
enum rk_boot_outcome {
    RK_BOOT_RUNS,     /* the application is up: it passed the start of its radio and runs on */
    RK_BOOT_REACHED,  /* the text or phase asked for came */
    RK_BOOT_STOPS,    /* it stays at last_phase */
    RK_BOOT_CRASHES,  /* the processor ran into something it cannot execute, at crash_pc */
    RK_BOOT_RESTARTS, /* it starts again and again, from last_phase on */
    RK_BOOT_SILENT    /* not one character on the log */
};
/* "runs", "reached", "stops", "crashes", "restarts", "silent". Never NULL. */
const char *rk_boot_outcome_name(enum rk_boot_outcome outcome);

/* What is wrong, as far as that matters for starting: with the bytes, or as the log tells. */
struct rk_boot_finding {
    char id[24]; /* of the test, docs/images.md; "layout" for what is missing altogether; or of what
                    the checkup finds in the log ("pwr.rf-init", docs/diagnosis.md); or "pin.cen",
                    "pin.strap", "efuse.signed", "supply.unmet" of the conditions, docs/emulator.md */
    enum rk_verdict verdict;
    char text[192];
};
#define RK_BOOT_FINDINGS 20

struct rk_boot_request {
    size_t size;
    const uint8_t *image; /* a dump, an image, an application */
    size_t image_len;
    const char *name; /* file name, the weakest hint; may be NULL */
    const char *chip; /* NULL = judged by the bytes */
    bool have_key;
    uint32_t key[4];      /* efuse key words; else the chip's usual ones */
    const uint8_t *efuse; /* see rk_emulate_options */
    size_t efuse_len;
    const uint8_t *rom; /* mask ROM of a BL602, or NULL */
    size_t rom_len;
    uint64_t pins_high, pins_low; /* levels that something outside drives */
    const char *until;            /* end when this text is in a line, or "phase:ID" */
    uint64_t time_ns;             /* end of emulated time; 0 = 5 s, of a BL602 10 s */
    uint64_t instruction_limit;   /* 0 = 2,000,000,000 */
    uint32_t restarts;            /* end after so many restarts; 0 = 3 */
    const char *supply_phase;     /* the supply collapses whenever this is reached: "boot", "app",
                                     "radio" or "wifi"; NULL = never */
    bool held; /* CEN, of a BL602 EN, is low all the time: the chip stays in reset */
    bool stay; /* go on when the application is up, up to time_ns */
    /* Go on from the snapshot of an earlier run: image, chip, key, efuse and pins are those of it, and
     * not looked at. time_ns, instruction_limit and restarts count from there. NULL = start anew. */
    const uint8_t *snapshot;
    size_t snapshot_len;
    bool take_snapshot; /* make one at the end: rk_boot_result.snapshot */
    unsigned watch;     /* of enum rk_emulate_watch: what `trace` is told */
    void *user;
    /* Told while it runs; each may be NULL. */
    void (*byte)(void *user, unsigned unit, uint8_t byte, uint64_t time_ns);
    void (*phase)(void *user, const char *id, uint64_t time_ns);
    void (*reset)(void *user, enum rk_emulate_reset cause, uint64_t time_ns);
    bool (*cancelled)(void *user);
    /* `near` is the text that a called function is nearest to, "" if there is none. */
    void (*trace)(void *user, const struct rk_emulate_trace *what, const char *near);
};

struct rk_boot_result {
    enum rk_boot_outcome outcome;
    char chip[16];
    char last_phase[32]; /* furthest of all starts; empty = none */
    uint32_t starts;     /* 1 = no restart */
    uint64_t log_bytes;  /* of both UARTs */
    struct rk_emulate_state state;
    uint32_t crash_pc;   /* of the instruction; CRASHES only */
    char crash_near[64]; /* text of the firmware next to it; may be empty */
    size_t finding_count;
    struct rk_boot_finding findings[RK_BOOT_FINDINGS];
    char summary[256]; /* one sentence for people */
    uint8_t *flash;    /* as it is at the end, allocated */
    size_t flash_len;
    uint8_t *snapshot; /* if it was asked for, allocated */
    size_t snapshot_len;
};

/* Errors: ARG "emulate.chip" (not to be judged, or no emulated chip), IMAGE_FORMAT "boot.image"
 * (nothing that is executed) or "snapshot.format", ARG "emulate.condition", UNSUPPORTED "emulate.snapshot", CANCELLED, NOMEM.
 * That it does not boot is no error. */
RK_MUST_CHECK enum rk_status rk_boot_run(const struct rk_boot_request *request,
                                         struct rk_boot_result *out, struct rk_error *err);
/* Frees what is allocated in it. */
void rk_boot_result_free(struct rk_boot_result *result);

#ifdef __cplusplus
}
#endif
#endif
