/* What has been learned from the log of an emulated start so far. */
#ifndef RK_JOB_BOOT_STATE_H
#define RK_JOB_BOOT_STATE_H

#include <rekindle/boot.h>

#include "base/archive.h"
#include "job/boot_log.h"

#define RK_BOOT_LINE_MAX 512u

struct rk_boot_state {
    struct {
        char text[RK_BOOT_LINE_MAX];
        size_t len;
    } lines[2]; /* of each UART, as far as it has come */
    struct rk_boot_log log;
    uint64_t log_bytes;
    char last_phase[32];        /* furthest of all starts */
    unsigned rank;              /* of it */
    unsigned start_rank;        /* furthest phase of this start */
    unsigned furthest_unit;     /* UART that reached it */
    uint32_t lines_after_radio; /* of this start, behind the end of the radio's */
    uint32_t starts;
    bool up;
    bool collapsed;                 /* the supply has, at least once */
    bool log_lost;                  /* no memory for it */
    uint64_t stuck_ns, stuck_bytes; /* time and log when it was last seen to get on */
    uint64_t brown_out_ns;          /* when the supply will be gone; UINT64_MAX = not yet */
};

/* Saves or loads it: the note of a snapshot. */
void rk_boot_state_archive(struct rk_boot_state *s, struct rk_archive *a);

#endif
