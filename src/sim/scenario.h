/* Scenarios: modules that fail in a known way. A scenario is a row of data/sim-scenarios.csv: what
 * is in the flash, which settings differ, and the script of what the firmware prints and when
 * (data/sim-scripts.txt). The texts are what public logs and executed firmware show. */
#ifndef RK_SIM_SCENARIO_H
#define RK_SIM_SCENARIO_H

#include <rekindle/sim.h>

#include "base/rng.h"

enum rk_step_kind {
    RK_STEP_TEXT,  /* print `text` */
    RK_STEP_RESET, /* the core restarts; `value` is its retention word, 0 = power was lost */
    RK_STEP_OFF,   /* the power is cut for `value` milliseconds */
    RK_STEP_UART,  /* further text goes out on UART `value` */
    RK_STEP_BAUD,  /* at `value` bit/s */
    RK_STEP_ERASE, /* the application erases the sector at flash address `value` */
    RK_STEP_END    /* nothing more happens */
};

struct rk_step {
    uint8_t kind;
    uint16_t wait_ms; /* after the end of the step before */
    uint32_t value;
    uint16_t len; /* of text, which may hold any byte */
    const char *text;
};

struct rk_scenario {
    const char *id;     /* of the diagnosis it shows */
    const char *models; /* on which virtual modules, blank separated; the first is the usual one */
    const char *flash;  /* what is in the flash, for the family to build */
    const char *settings; /* further settings of the module, blank separated key=value */
    const char *shows;    /* one sentence */
    const struct rk_step *steps;
    size_t step_count;
};

/* Ordered by id. */
extern const struct rk_scenario rk_scenarios[];
extern const size_t rk_scenario_count;

/* NULL if there is none. */
const struct rk_scenario *rk_scenario_find(const char *id);

/* Can it be shown on this model? */
bool rk_scenario_fits(const struct rk_scenario *scenario, const char *model);

/* Where a module is in its script. */
struct rk_script {
    const struct rk_scenario *scenario; /* NULL = none */
    bool running;
    size_t step;
    uint64_t next_ns; /* time of the step; RK_SIM_NEVER when it has ended */
    enum rk_sim_uart uart;
    uint32_t baud;
    uint32_t word;          /* retention word of the start at hand */
    uint32_t starts;        /* so far */
    uint32_t chatted;       /* lines of rk_sim_options.chatter */
    uint32_t link_words[2]; /* what the unset link registers woke up with */
    struct rk_rng rng;      /* of its own: what is on the line does not change the text */
};

struct rk_sim;

/* A start of the core, before the boot loader: word as above. */
void rk_script_restarted(struct rk_sim *sim, uint32_t word);

/* The family says: now the boot loader would hand over. Does nothing without a script. */
void rk_script_begin(struct rk_sim *sim);

/* Does the step that is due. */
void rk_script_step(struct rk_sim *sim);

#endif
