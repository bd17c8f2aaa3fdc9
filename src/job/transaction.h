/* The one way in which anything is written to a module. Flashing, restoring, writing and erasing
 * differ only in what they want; how it is judged, saved, planned, carried out, verified and, if
 * it was interrupted, continued is the table of steps in transaction.c. */
#ifndef RK_JOB_TRANSACTION_H
#define RK_JOB_TRANSACTION_H

#include "chip/chip.h"
#include "flash/planner.h"
#include "job/safety.h"
#include "job/segments.h"
#include "job/transfer.h"

enum rk_write_kind { RK_WRITE_FLASH, RK_WRITE_RESTORE, RK_WRITE_RAW, RK_WRITE_ERASE };

/* The backup that protects the write, and its record that a write is going on. */
struct rk_protector {
    char manifest_path[1024]; /* empty = none */
    struct rk_manifest manifest;
    uint8_t *data; /* its bytes: the flash before the write */
};

struct rk_transaction {
    /* what is asked for */
    struct rk_device *dev;
    struct rk_context *ctx;
    enum rk_write_kind kind;
    struct rk_image_file file; /* for an erase: no data, the range in addr and len */
    const struct rk_write_policy *policy;
    struct rk_write_result *out;

    /* what the steps find out */
    bool has_facts;
    struct rk_image_facts facts;
    struct rk_segments segments; /* what is to be written */
    struct rk_survey survey;
    struct rk_transfer *transfer;
    uint8_t *present; /* the flash as far as known[] says so, per sector */
    bool *known;
    uint8_t *want; /* the final content of every sector of the plan */
    struct rk_plan *plan;
    struct rk_protector protector;
    struct rk_safety_case safety;
    size_t base_count; /* leading segments that undo an interrupted write */
    bool finished;     /* nothing is left to be done on the flash */
    bool unprotected;  /* between write_begin and write_end */
    bool changed;      /* something was erased or programmed */
};

/* Runs all steps and cleans up. Fills *out as far as it comes. */
RK_MUST_CHECK enum rk_status rk_transaction_run(struct rk_device *dev, enum rk_write_kind kind,
                                                const struct rk_image_file *file,
                                                const struct rk_write_policy *policy,
                                                struct rk_write_result *out, struct rk_error *err);

/* True if the user has lifted the rule. */
bool rk_transaction_lifted(const struct rk_transaction *t, enum rk_rule rule);

/* ---- steps, by file ---- */

/* want.c: what the file is and where it goes */
RK_MUST_CHECK enum rk_status rk_step_judge_file(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_identify(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_place(struct rk_transaction *t, struct rk_error *err);

/* protect.c: what saves the present content */
RK_MUST_CHECK enum rk_status rk_step_resume(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_compare(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_backup(struct rk_transaction *t, struct rk_error *err);

/* settle.c: the plan, and whether it may be carried out */
RK_MUST_CHECK enum rk_status rk_step_plan(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_judge_plan(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_approve(struct rk_transaction *t, struct rk_error *err);

/* execute.c: the flash changes. Protection is back when write and verify have succeeded. */
RK_MUST_CHECK enum rk_status rk_step_unprotect(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_write(struct rk_transaction *t, struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_step_verify(struct rk_transaction *t, struct rk_error *err);

/* Puts the protection back if it is off; a failure is only warned of. */
void rk_transaction_close_flash(struct rk_transaction *t);

/* After a failure, if the module still answers: records sectors outside of the plan that a damaged
 * command has changed, so that the next run puts them back. */
void rk_transaction_note_damage(struct rk_transaction *t);

/* (Re)computes t->plan from what is known now. */
RK_MUST_CHECK enum rk_status rk_transaction_plan(struct rk_transaction *t, struct rk_error *err);

/* ---- journal.c ---- */

/* Records, on the disk, that the plan is about to be carried out. No-op without a backup. */
RK_MUST_CHECK enum rk_status rk_journal_begin(struct rk_transaction *t, struct rk_error *err);
/* Records that a sector outside of the plan is going to be mended. */
RK_MUST_CHECK enum rk_status rk_journal_add(struct rk_transaction *t, uint32_t addr,
                                            struct rk_error *err);
/* Records that it was finished and verified; a failure is only warned of. */
void rk_journal_done(struct rk_transaction *t);
/* Records that an interrupted write will not be continued from this backup. */
void rk_journal_abandon(struct rk_transaction *t, const char *path, struct rk_manifest *manifest);

#endif
