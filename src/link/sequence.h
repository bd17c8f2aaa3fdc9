/* The language of reset sequences, see rk_link_run_sequence(). */
#ifndef RK_LINK_SEQUENCE_H
#define RK_LINK_SEQUENCE_H

#include <rekindle/error.h>

struct rk_sequence_step {
    int dtr, rts;     /* 0, 1, or -1 = leave */
    uint64_t wait_us; /* a wait if neither line is named */
};

/* Takes the item at *text, which is left behind it and its '|'. False: it is none. */
bool rk_sequence_next(const char **text, struct rk_sequence_step *step);

/* Checks a whole sequence. Errors: ARG "usage.sequence" with the bad item. */
RK_MUST_CHECK enum rk_status rk_sequence_check(const char *sequence, struct rk_error *err);

#endif
