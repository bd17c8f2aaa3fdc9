/* What the chip's digests tell about the flash: asked once per sector, kept for all later
 * questions, so that nothing is transferred to learn that it is the same. */
#ifndef RK_JOB_SURVEY_H
#define RK_JOB_SURVEY_H

#include <rekindle/device.h>

struct rk_survey {
    struct rk_device *dev;
    uint32_t sector_count;
    struct rk_digest *digests; /* per sector, valid where known[] */
    bool *known;
    struct rk_digest blank, zero; /* of a sector of FF and of 00 */
};

/* Prepares for the whole flash; asks nothing yet. Free with rk_survey_free(). Errors: UNSUPPORTED
 * "flash.size-unknown", NOMEM. */
RK_MUST_CHECK enum rk_status rk_survey_init(struct rk_survey *survey, struct rk_device *dev,
                                            struct rk_error *err);
void rk_survey_free(struct rk_survey *survey);

/* Learns the digests of all sectors of [addr, addr+len) (whole sectors). `expected` is what the
 * range probably holds (len bytes) or NULL: where 64 KiB of it are confirmed by one digest, its
 * sixteen sectors need none. Reports stage "survey". Errors: CANCELLED, and those of
 * rk_device_digest(). */
RK_MUST_CHECK enum rk_status rk_survey_range(struct rk_survey *survey, uint32_t addr, uint32_t len,
                                             const uint8_t *expected, struct rk_error *err);

/* Asks for one sector again and replaces what was known: answers may be damaged on the way. */
RK_MUST_CHECK enum rk_status rk_survey_refresh(struct rk_survey *survey, uint32_t addr,
                                               struct rk_error *err);

/* Notes what a sector holds without asking: its bytes were proven in another way. */
void rk_survey_learn(struct rk_survey *survey, uint32_t addr, const uint8_t *bytes);

/* Does the sector hold these bytes? False also while nothing is known of it. */
bool rk_survey_matches(const struct rk_survey *survey, uint32_t addr, const uint8_t *bytes);

/* The same, but a "no" is asked again before it is believed. */
RK_MUST_CHECK enum rk_status rk_survey_confirm(struct rk_survey *survey, uint32_t addr,
                                               const uint8_t *bytes, bool *matches,
                                               struct rk_error *err);

/* True if every sector of the range is known and blank. */
bool rk_survey_blank(const struct rk_survey *survey, uint32_t addr, uint32_t len);

/* True if every sector of the range is known and all 00. */
bool rk_survey_zero(const struct rk_survey *survey, uint32_t addr, uint32_t len);

/* True if the whole flash is known, is not blank, and its upper half equals its lower half: a
 * flash that is really half as large reads like that. */
bool rk_survey_mirrored(const struct rk_survey *survey);

/* Checks that [addr, addr+len) is inside of the flash. Errors: RANGE "range.outside". */
RK_MUST_CHECK enum rk_status rk_survey_check_range(const struct rk_device *dev, uint32_t addr,
                                                   size_t len, struct rk_error *err);

#endif
