/* The checkup: measures a module on its wires and says what is wrong with it. Adapter, both wires,
 * log, link, quality of reads, flash, content; what is measured becomes facts, the rules of
 * data/checkup-rules.csv make findings of facts, and every finding names the facts behind it. */
#ifndef REKINDLE_CHECKUP_H
#define REKINDLE_CHECKUP_H

#include <rekindle/device.h>
#include <rekindle/inspect.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RK_CHECKUP_FACTS    96
#define RK_CHECKUP_FINDINGS 24

/* Something that was measured or read. */
struct rk_checkup_fact {
    char id[24];     /* "boots.loop", "key.zero" */
    char source[64]; /* "uart1", "uart2", "link", "flash", "adapter", or the name of a log */
    uint32_t line;   /* of a log, from 1; 0 = not from a log */
    char text[160];  /* what was seen, in words */
};

enum rk_finding_kind {
    RK_FINDING_FAILURE, /* something is wrong */
    RK_FINDING_STATE,   /* worth knowing */
    RK_FINDING_OK
};

struct rk_finding {
    const char *id; /* "pwr.rf-init"; constant texts all */
    enum rk_finding_kind kind;
    unsigned confidence; /* percent */
    const char *meaning; /* one sentence */
    const char *next;    /* what to measure next; may be "" */
    const char *remedy;  /* steps, separated by '|'; may be "" */
    const char *repair;  /* what rk_repair_prepare() would do, blank separated; may be "" */
    const char *sources; /* where the rule is from, separated by '|'; "" for a rule of the user's */
    unsigned fact_count;
    uint8_t facts[8]; /* indexes of the facts behind it */
};

/* What the user is asked. `answer` false = no, or not done. */
struct rk_checkup_options {
    size_t size;
    struct rk_connect_options connect;
    uint32_t listen_ms; /* longest time for the log; 0 = 45000. Ends earlier when enough came */
    /* Questions by id: "reset" (reset the module now, then yes), "loopback" (TX joined with RX?),
     * "log-wire" (the RX wire is on TX2 now?), "write-test" (may a blank sector be erased and
     * written?). NULL = every answer is no. The text says what to do. */
    bool (*ask)(void *user, const char *id, const char *text);
    void *user;
    struct rk_link *log; /* second adapter on TX2; NULL = ask the link, or none */
};

struct rk_checkup {
    size_t size;
    size_t fact_count;
    struct rk_checkup_fact facts[RK_CHECKUP_FACTS];
    size_t finding_count; /* failures first, the surest first */
    struct rk_finding findings[RK_CHECKUP_FINDINGS];
    size_t candidate_count; /* weighed and not held: one fact is missing */
    struct rk_finding candidates[8];
    unsigned boots;      /* starts seen in the log */
    char last_phase[40]; /* furthest phase of the boots that ended, or of the only one */
    uint32_t log_baud;   /* 0 = nothing was readable */
    bool logs_only;      /* of rk_checkup_logs(): nothing was measured */
    bool linked;         /* device is valid */
    struct rk_device_info device;
    struct rk_inspect *flash; /* what is in the flash; NULL = not read. rk_checkup_free() */
    uint8_t *content;         /* the flash itself, content_len bytes; NULL = not read */
    size_t content_len;
    uint8_t *log; /* the log as it came, log_len bytes; may be NULL */
    size_t log_len;
    char missing[4][120]; /* evidence that would help */
    size_t missing_count;
};

/* Runs the whole checkup on an open link. Changes nothing on the module unless "write-test" is
 * answered yes; the module is restarted when it is done. A module that does not answer, a port that
 * vanishes are results, not errors. Errors: NOMEM, CANCELLED. *out is set only on success. */
RK_MUST_CHECK enum rk_status rk_checkup_run(struct rk_context *ctx, struct rk_link *link,
                                            const struct rk_checkup_options *opt,
                                            struct rk_checkup **out, struct rk_error *err);
void rk_checkup_free(struct rk_checkup *checkup); /* NULL is allowed */

/* A saved log, as it came: in memory, or read piece by piece. */
struct rk_checkup_source {
    const char *name; /* for the evidence */
    const uint8_t *bytes;
    size_t len;
    /* NULL = `bytes` is all. Else fills buf with up to cap bytes (cap is even) and returns how many,
     * fewer only at the end, 0 behind it. */
    size_t (*read)(void *user, uint8_t *buf, size_t cap);
    void *user;
};

/* The same for saved logs of devices and of flashers alone: what all of them say together. */
RK_MUST_CHECK enum rk_status rk_checkup_logs(const struct rk_checkup_source *sources, size_t count,
                                             struct rk_checkup **out, struct rk_error *err);

/* The rules, for lists and explanations; false behind the last. */
bool rk_checkup_rule_at(size_t index, struct rk_finding *out);

/* Rules of your own instead, as CSV text of `len` bytes with the columns of data/checkup-rules.csv.
 * *out is allocated, set only on success: rk_checkup_ruleset_free(). Errors: ARG (rules.bad, with
 * the line), NOMEM. */
struct rk_checkup_ruleset;
RK_MUST_CHECK enum rk_status rk_checkup_ruleset_read(const uint8_t *csv, size_t len,
                                                     struct rk_checkup_ruleset **out,
                                                     struct rk_error *err);
void rk_checkup_ruleset_free(struct rk_checkup_ruleset *set); /* NULL is allowed */

/* Makes findings and candidates again, from the facts there are. Their texts are those of the rules:
 * keep these as long. */
void rk_checkup_rejudge(struct rk_checkup *checkup, const struct rk_checkup_ruleset *set);

#ifdef __cplusplus
}
#endif
#endif
