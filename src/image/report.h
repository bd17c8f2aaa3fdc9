/* Building a report: what the families' inspectors share. */
#ifndef RK_IMAGE_REPORT_H
#define RK_IMAGE_REPORT_H

#include <rekindle/inspect.h>

/* Adds a part; NULL if the report is full (the caller goes on without it). */
struct rk_inspect_part *rk_report_part(struct rk_inspect *report, const char *kind, uint32_t addr,
                                       uint32_t len, enum rk_verdict verdict);

/* Orders the parts by address, larger ones first. */
void rk_report_sort(struct rk_inspect *report);

/* Fills the sector map: blank, filled or data, and the entropy. NOMEM is the only error. */
RK_MUST_CHECK enum rk_status rk_report_sectors(struct rk_inspect *report, const uint8_t *flash,
                                               size_t len, struct rk_error *err);

/* Marks the sectors of a part that are not blank. addr counts from the start of the image. */
void rk_report_mark(struct rk_inspect *report, uint32_t addr, uint32_t len, enum rk_sector_use use);

/* The inspectors of the families. */
struct rk_beken;
RK_MUST_CHECK enum rk_status rk_beken_inspect(struct rk_inspect *report, const struct rk_beken *b,
                                              const struct rk_inspect_options *opt,
                                              struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_bouffalo_inspect(struct rk_inspect *report, const uint8_t *data,
                                                 size_t len, const struct rk_inspect_options *opt,
                                                 struct rk_error *err);
RK_MUST_CHECK enum rk_status rk_package_inspect(struct rk_inspect *report, const uint8_t *data,
                                                size_t len, const struct rk_inspect_options *opt,
                                                struct rk_error *err);

#endif
