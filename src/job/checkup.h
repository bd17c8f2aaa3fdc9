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
    const char *meaning, *next, *remedy, *repair;
};
extern const struct rk_checkup_rule rk_checkup_rules[];
extern const size_t rk_checkup_rule_count;

/* Adds a fact; the first of an id counts. */
void rk_checkup_note(struct rk_checkup *checkup, const char *id, const char *source, uint32_t line,
                     const char *fmt, ...) RK_PRINTF(5, 6);
bool rk_checkup_has(const struct rk_checkup *checkup, const char *id);

/* rules.c: findings from facts. */
void rk_checkup_judge(struct rk_checkup *checkup);

/* When the bytes from `offset` on were there. */
struct rk_heard_mark {
    size_t offset;
    uint64_t time_us;
};

/* What was heard on one wire. */
struct rk_heard {
    uint8_t *bytes;
    size_t len, cap;
    struct rk_heard_mark *marks;
    size_t mark_count, mark_cap;
    uint64_t first_us, last_us, end_us; /* of the clock: first and last byte, end of listening */
    uint64_t start_us;
    uint32_t baud;
    const char *name; /* of the source, for its facts; NULL = the wire */
};

/* checkup_log.c: facts from a log. `uart` 1 or 2. */
void rk_checkup_read_log(struct rk_checkup *checkup, const struct rk_heard *heard, unsigned uart);

/* checkup_device.c: facts from a linked module: identity, quality, content, a write test. */
void rk_checkup_identity(struct rk_checkup *checkup, struct rk_device *dev);
void rk_checkup_quality(struct rk_checkup *checkup, struct rk_device *dev);
void rk_checkup_content(struct rk_checkup *checkup, struct rk_device *dev);
void rk_checkup_write_test(struct rk_checkup *checkup, struct rk_device *dev);

#endif
