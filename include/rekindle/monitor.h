/* The monitor: bytes of a log line by line, with times, boots and phases, and the baud rate found by
 * itself. Pure: bytes and times in, lines and the wanted rate out; the caller moves the bytes. */
#ifndef REKINDLE_MONITOR_H
#define REKINDLE_MONITOR_H

#include <rekindle/link.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One line, or the piece of one that nothing followed for a while. Valid during the callback. */
struct rk_monitor_line {
    uint64_t time_us; /* when its first byte was taken */
    unsigned boot;    /* which start of the module it belongs to: 1, 2, ...; 0 = before the first */
    bool boot_start;  /* the module starts here */
    bool complete;    /* ended with a line feed */
    const char *phase; /* id of the phase that is reached here ("bk.boot.jump"); NULL = none */
    const char *text;  /* printable UTF-8: colour sequences left out, other bytes as \xNN */
    size_t len;        /* of text */
    unsigned strange;  /* bytes that are no text */
};

struct rk_monitor_options {
    size_t size;
    uint32_t baud; /* 0 = find it, beginning with 115200; else this rate and no other */
    void *user;
    void (*line)(void *user, const struct rk_monitor_line *line);
    /* The rate has been found, or is looked for again (found false). */
    void (*rate)(void *user, uint32_t baud, bool found);
};

struct rk_monitor;

/* Errors: NOMEM. Free with rk_monitor_free(). */
RK_MUST_CHECK enum rk_status rk_monitor_new(const struct rk_monitor_options *opt,
                                            struct rk_monitor **out, struct rk_error *err);
void rk_monitor_free(struct rk_monitor *monitor); /* NULL is allowed */

/* Takes `len` bytes that were complete on the wire by time_us, which never goes back. */
void rk_monitor_take(struct rk_monitor *monitor, uint64_t time_us, const uint8_t *bytes,
                     size_t len);

/* Tells that nothing came up to time_us: gives out a line that stays unfinished for 0.2 s. */
void rk_monitor_idle(struct rk_monitor *monitor, uint64_t time_us);

/* Gives out what is left. */
void rk_monitor_end(struct rk_monitor *monitor);

/* The rate at which the line should be read from now on; ask after each take() and idle(). */
uint32_t rk_monitor_baud(const struct rk_monitor *monitor);

struct rk_monitor_stats {
    uint64_t bytes, lines, strange; /* bytes taken, lines given out, bytes that were no text */
    unsigned boots;
    bool baud_found;
    char last_phase[40]; /* the furthest of the last boot; may be empty */
};
void rk_monitor_stats(const struct rk_monitor *monitor, struct rk_monitor_stats *out);

/* How much like text bytes are, 0 to 100: printable ASCII, line ends, colour sequences and valid
 * UTF-8 count for it, everything else against it. 0 for no bytes. */
unsigned rk_monitor_text_score(const uint8_t *bytes, size_t len);

#ifdef __cplusplus
}
#endif
#endif
