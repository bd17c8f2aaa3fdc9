/* Inside of a virtual module: what every chip family shares (lines, receive ring, time, faults),
 * and the table through which a family brings its behaviour. */
#ifndef RK_SIM_MACHINE_H
#define RK_SIM_MACHINE_H

#include <rekindle/sim.h>

#include "base/rng.h"
#include "flash/nor.h"
#include "sim/scenario.h"
#include "sim/wire.h"

#define RK_SIM_RING  512u /* receive ring of the flash loaders, observed by overrunning it */
#define RK_SIM_FIFO  128u /* bytes the UART itself keeps while the processor stands still */
#define RK_SIM_NEVER UINT64_MAX
#define RK_SIM_MS    1000000u /* nanoseconds */

enum rk_sim_cause {
    RK_SIM_POWER,    /* the power came on */
    RK_SIM_CEN,      /* the chip enable pin was released */
    RK_SIM_COMMAND,  /* a reboot command */
    RK_SIM_WATCHDOG, /* the loader waited in vain */
    RK_SIM_USER      /* power-cycled by a user who runs a client: see rk_sim_options.manual_reset */
};

enum rk_sim_power { RK_SIM_RUNS, RK_SIM_HELD, RK_SIM_OFF };

/* What a chip family is made of. `module` of struct rk_sim is its own. */
struct rk_sim_family {
    const struct rk_sim_model *models; /* rows of rk_sim_models() that belong to it */
    size_t model_count;
    /* Sets up sim->module and sim->nor. */
    enum rk_status (*create)(struct rk_sim *sim, size_t model, const struct rk_sim_options *opt,
                             struct rk_error *err);
    void (*destroy)(struct rk_sim *sim);
    /* The processor starts at address 0. */
    void (*start)(struct rk_sim *sim, enum rk_sim_cause cause);
    /* A byte is about to be received at that rate: who measures rates sets sim->baud. NULL = no. */
    void (*measure)(struct rk_sim *sim, uint8_t byte, uint32_t baud);
    /* The processor takes one byte from the receive ring. */
    void (*byte)(struct rk_sim *sim, uint8_t byte);
    /* A byte went by that the module cannot take: at another rate, or while it hangs. */
    void (*missed)(struct rk_sim *sim, uint8_t byte);
    /* Time of the next thing it does by itself, RK_SIM_NEVER if none; and doing it. */
    uint64_t (*timer_ns)(const struct rk_sim *sim);
    void (*timer)(struct rk_sim *sim);
};

struct rk_sim {
    struct rk_sim_options options; /* without pointers */
    const struct rk_sim_family *family;
    void *module;
    struct rk_nor *nor;
    struct rk_sim_faults faults;
    struct rk_rng rng;
    struct rk_sim_stats stats;

    uint64_t now_ns;
    enum rk_sim_power power;
    bool vanished;
    bool broken;             /* the break of a line that is held low has been told */
    struct rk_script script; /* what a scenario's firmware does */

    struct rk_wire rx, tx[2];
    uint32_t baud;        /* UART1's true rate */
    uint64_t cpu_free_ns; /* the processor is busy until then */
    uint64_t stall_ns;    /* and does not even take interrupts until then */
    unsigned stalled;     /* bytes waiting in the UART during that */
    uint8_t ring[RK_SIM_RING];
    uint64_t ring_at[RK_SIM_RING]; /* when each arrived */
    unsigned ring_read, ring_write;
    uint64_t byte_at_ns; /* when the byte in hand arrived */
    uint64_t noise_ns;   /* next moment at which a burst of noise is possible */

    /* the command in hand */
    bool mute, cut;
    unsigned cut_after; /* flash operations it survives */
    uint64_t late_ns;
};

/* All families, for rk_sim_models() and rk_sim_new(). */
extern const struct rk_sim_family rk_sim_beken, rk_sim_bouffalo;

/* The family of modules of that name whose chip is executed; NULL = this library cannot. Of the
 * emulator, which stands on this part. */
const struct rk_sim_family *rk_emulated_modules(const char *model);

/* ---- for families ---- */

/* A complete command frame was received: counts it and draws its faults. False: it is lost. */
bool rk_sim_command_begin(struct rk_sim *sim);
/* It has been carried out and, if at all, answered. */
void rk_sim_command_end(struct rk_sim *sim);

/* Sends bytes on UART1: not before the turnaround time after the command, nor before the processor
 * is free, which then is busy until they are out. */
void rk_sim_reply(struct rk_sim *sim, const uint8_t *bytes, size_t len);

/* Sends text on a UART at 115200 without waiting for it. */
void rk_sim_print(struct rk_sim *sim, enum rk_sim_uart uart, uint64_t at_ns, const char *text);

/* A flash operation that began at begin_ns ends at end_ns. False: the power failed meanwhile. */
bool rk_sim_flash_done(struct rk_sim *sim, uint64_t begin_ns, uint64_t end_ns);

/* flash.c: from at_ns on; all return when it is done. Programs at most `unit` bytes at a time, none
 * across a multiple of it. */
uint64_t rk_sim_flash_erase(struct rk_sim *sim, uint64_t at_ns, uint32_t addr, uint32_t len);
uint64_t rk_sim_flash_erase_chip(struct rk_sim *sim, uint64_t at_ns);
uint64_t rk_sim_flash_program(struct rk_sim *sim, uint64_t at_ns, uint32_t addr,
                              const uint8_t *data, size_t len, uint32_t unit);

/* Busy until then; `stall`: without taking interrupts. */
void rk_sim_busy(struct rk_sim *sim, uint64_t until_ns, bool stall);

void rk_sim_restart(struct rk_sim *sim, enum rk_sim_cause cause);

/* ---- for faces ---- */

/* When to look at the module next: at its next event or, if that is a byte on UART1, at the end of
 * the slice in which an adapter hands bytes over (1 ms), of what the module sends, or of the
 * caller's buffer of `cap` bytes. `uart2`: the log counts too. RK_SIM_NEVER if nothing will come. */
uint64_t rk_sim_next_look_ns(const struct rk_sim *sim, size_t cap, bool uart2);

#endif
