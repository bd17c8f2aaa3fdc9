/* Inside of the checkup: how the measuring parts hand over facts. */
#ifndef RK_JOB_CHECKUP_H
#define RK_JOB_CHECKUP_H

#include <rekindle/checkup.h>

/* A text in a log that is a fact. */
struct rk_checkup_mark {
    const char *fact, *pattern, *meaning;
};
extern const struct rk_checkup_mark rk_checkup_marks[];
extern const size_t rk_checkup_mark_count;

/* A rule: holds if all facts of `all` are there and none of `none`; blank separated. */
struct rk_checkup_rule {
    const char *id;
    enum rk_finding_kind kind;
    const char *all, *none;
    unsigned confidence;
    const char *meaning, *next, *remedy, *repair, *sources;
};
extern const struct rk_checkup_rule rk_checkup_rules[];
extern const size_t rk_checkup_rule_count;

/* Adds a fact; the first of an id counts. */
void rk_checkup_note(struct rk_checkup *checkup, const char *id, const char *source, uint32_t line,
                     const char *fmt, ...) RK_PRINTF(5, 6);
bool rk_checkup_has(const struct rk_checkup *checkup, const char *id);

bool rk_checkup_found(const struct rk_checkup *checkup, const char *id);

/* rules.c: findings from facts. */
void rk_checkup_judge(struct rk_checkup *checkup);
/* Keeps the findings there are, of single sources, sorts them and makes the candidates: facts of
 * several modules together would prove anything. */
void rk_checkup_weigh(struct rk_checkup *checkup);
void rk_checkup_judge_by(struct rk_checkup *checkup, const struct rk_checkup_rule *rules,
                         size_t count);

/* checkup_log.c: facts from a log that is read piece by piece. `uart` 1 or 2; `name` of a saved log,
 * NULL = the wire. NULL = out of memory. */
struct rk_log;
struct rk_log *rk_log_begin(struct rk_checkup *checkup, unsigned uart, const char *name,
                            uint32_t baud);
void rk_log_feed(struct rk_log *log, uint64_t time_us, const uint8_t *bytes, size_t len);
/* Draws the conclusions and frees. Listening went from start_us to end_us. */
void rk_log_end(struct rk_log *log, uint64_t start_us, uint64_t end_us);

/* checkup_device.c: facts from a linked module: identity, quality, content, a write test. */
void rk_checkup_identity(struct rk_checkup *checkup, struct rk_device *dev);
void rk_checkup_quality(struct rk_checkup *checkup, struct rk_device *dev);
void rk_checkup_content(struct rk_checkup *checkup, struct rk_device *dev);
/* Facts from a saved dump; false (and no facts) if it is none. */
bool rk_checkup_dump(struct rk_checkup *c, const char *name, const uint8_t *bytes, size_t len);
void rk_checkup_write_test(struct rk_checkup *checkup, struct rk_device *dev);

#endif
